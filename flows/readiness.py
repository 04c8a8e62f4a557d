"""Readiness: a period of a framework is ready when everything its figures are owed is in. Kept in the ledger."""

from collections.abc import Iterable

from flows.owed import Owed, owed
from flows.settings import Settings, today
from schemas.framework import Framework
from schemas.periods import Period, period_of
from warehouse import ledger
from warehouse.connection import Connection


def note_ready(settings: Settings, connection: Connection) -> list[str]:
    """Write down, once for each, which periods have become ready; returns them as `<framework>.<period>`.

    Call it in the transaction of what made them so: the audit row is what `exchange.period.ready` is told from.
    """
    told = {
        row["subject"]
        for row in ledger.rows(
            connection, "SELECT subject FROM warehouse.ledger.audit WHERE event = 'period.ready' ORDER BY sequence"
        )
    }
    there = {
        (row["partner"], row["dataset"], row["period"])
        for row in ledger.deliveries(connection, "state = 'merged' OR of_record")
    }
    asked = owed(settings)
    ready = []
    for framework in settings.partnership.frameworks.values():
        for period, wanted in _by_period(framework, asked).items():
            subject = f"{framework.id}.{period.id}"
            if period.end < today(settings) and subject not in told and all(one.slot in there for one in wanted):
                details = {"framework": framework.id, "period": period.id}
                ledger.audit(connection, "period.ready", subject, details, actor=settings.actor, at=settings.now())
                ready.append(subject)
    return ready


def _by_period(framework: Framework, asked: Iterable[Owed]) -> dict[Period, list[Owed]]:
    """What a framework's figures are owed, by the publication it is for."""
    datasets = {
        term.dataset
        for indicator in framework.indicators
        for term in (*indicator.formula.numerator, *indicator.formula.denominator)
    }
    found: dict[Period, list[Owed]] = {}
    for one in asked:
        period = period_of(framework.calendar, one.period.end)
        runs = period.start >= framework.starts and (framework.ends is None or period.end <= framework.ends)
        if one.key in datasets and runs:
            found.setdefault(period, []).append(one)
    return found
