"""The delivery that came before, for the rules that compare with it."""

from pathlib import Path

from flows.settings import Settings
from schemas.contract import Contract
from schemas.last import lasts_in
from schemas.periods import Period, parse_period
from warehouse import ledger
from warehouse.connection import Connection, open_memory
from warehouse.last import keep_figures

Before = dict[str | None, Path]  # by slot, the accepted rows, or what is on record of them


def accepted_before(
    settings: Settings, connection: Connection, contract: Contract, period: Period, decided: int | None = None
) -> Before:
    """The accepted rows of the newest live delivery before a period, for each slot of the dataset.

    Where a file restates the year to date it is compared with the file it takes the place of. What has expired has
    no rows any more, and nothing new is compared with it. ``decided`` is the audit row that told of a decision taken
    earlier: it is compared with what stood then, or with the figures that are on record of rows that went since.
    """
    found = ledger.deliveries(connection, "partner = ? AND dataset = ?", contract.partner, contract.dataset)
    told = ledger.last_told(connection, before=decided) if found else {}
    newest: dict[str | None, tuple[Period, Path]] = {}
    for delivery in found:  # in order of arrival
        delivery_id = delivery["delivery_id"]
        if told.get(delivery_id) not in ledger.live_states():
            continue
        covered = parse_period(delivery["period"])
        earlier = covered.end < period.end or (contract.period.latest and covered == period)
        rows = settings.accepted(contract.partner, contract.dataset, delivery_id)
        path = next((path for path in (rows, settings.compared_of_record(delivery_id)) if path.is_file()), None)
        kept = newest.get(delivery["slot"])
        if earlier and path is not None and (kept is None or covered.end >= kept[0].end):
            newest[delivery["slot"]] = (covered, path)
    return {slot: path for slot, (_, path) in newest.items()}


def keep_for_comparison(settings: Settings, partner: str, dataset: str, delivery_id: str) -> None:
    """Keep of a delivery, whose rows go, the counts, sums and means that the rules of its dataset compare with."""
    standard = settings.partnership.standards.get(f"{partner}/{dataset}")
    rows = settings.accepted(partner, dataset, delivery_id)
    wanted = list(lasts_in([rule.kwargs for rule in standard.rules])) if standard else []
    if wanted and rows.is_file():
        with open_memory() as working:
            keep_figures(working, rows, wanted, settings.compared_of_record(delivery_id))
