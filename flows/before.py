"""The delivery that came before, for the rules that compare with it."""

from pathlib import Path

from flows.settings import Settings
from schemas.contract import Contract
from schemas.periods import Period, parse_period
from warehouse import ledger
from warehouse.connection import Connection

Before = dict[str | None, Path]  # by slot, the accepted rows


def accepted_before(settings: Settings, connection: Connection, contract: Contract, period: Period) -> Before:
    """The accepted rows of the newest live delivery before a period, for each slot of the dataset.

    Where a file restates the year to date it is compared with the file it takes the place of. What has expired has
    no rows any more, and nothing is compared with it.
    """
    live = ", ".join(f"'{state}'" for state in ledger.live_states())
    found = ledger.deliveries(
        connection, f"partner = ? AND dataset = ? AND state IN ({live})", contract.partner, contract.dataset
    )
    newest: dict[str | None, tuple[Period, Path]] = {}
    for delivery in found:  # in order of arrival
        covered = parse_period(delivery["period"])
        earlier = covered.end < period.end or (contract.period.latest and covered == period)
        path = settings.accepted(contract.partner, contract.dataset, delivery["delivery_id"])
        kept = newest.get(delivery["slot"])
        if earlier and path.is_file() and (kept is None or covered.end >= kept[0].end):
            newest[delivery["slot"]] = (covered, path)
    return {slot: path for slot, (_, path) in newest.items()}
