"""What partners owe: each ended period of each agreement in force, with the day it is due."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from flows.settings import Settings, today
from schemas.agreement import Agreement
from schemas.contract import Contract
from schemas.periods import Period, periods_between


@dataclass(frozen=True)
class Owed:
    """An extract that a partner owes for a period, whether it is in or not."""

    partner: str
    dataset: str
    period: Period
    due_on: date
    agreement: Agreement

    @property
    def key(self) -> str:
        return f"{self.partner}/{self.dataset}"

    @property
    def slot(self) -> tuple[str, str, str]:
        """Partner, dataset and period id, as the ledger has them."""
        return (self.partner, self.dataset, self.period.id)

    @property
    def thread(self) -> str:
        """The name of all that is written about it; a delivery's own messages go by the delivery."""
        return f"{self.partner}-{self.dataset}-{self.period.id}"


def owed(settings: Settings) -> list[Owed]:
    """Everything owed so far, the earliest due first.

    Nothing is owed of published data, under an agreement that is not in force today, or while one is a test.
    """
    found = [
        one
        for _, contract in sorted(settings.partnership.contracts.items())
        for one in _owed_of(settings, contract, today(settings))
    ]
    return sorted(found, key=lambda one: (one.due_on, one.partner, one.dataset))


def _owed_of(settings: Settings, contract: Contract, day: date) -> Iterator[Owed]:
    key = contract.key
    agreement = next(
        (
            one
            for one in settings.partnership.agreements
            if key in one.datasets and one.in_force(day) and one.stage == "live"
        ),
        None,
    )
    if contract.cadence is None or agreement is None:
        return
    last = min(day, agreement.covers_to or day)
    for period in periods_between(contract.cadence, agreement.covers_from, last):
        if period.end < day and agreement.covers(period):
            yield Owed(contract.partner, contract.dataset, period, agreement.due_on(period), agreement)
