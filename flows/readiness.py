"""Readiness: when a period of a framework is to be published, kept in the ledger.

A period is ready when everything its figures are owed is in. One that is published already is to be published again
when a late or corrected extract moves its figures. Either stands in the audit until a publication follows it.
"""

from collections.abc import Iterable

from flows.owed import Owed, owed
from flows.settings import Settings, today
from schemas.framework import Framework
from schemas.periods import Period, period_of
from warehouse import ledger
from warehouse.connection import Connection, open_warehouse
from warehouse.values import Moved

READY, RESTATED, PUBLISHED = "period.ready", "period.restated", "period.published"  # audit events


def note_ready(settings: Settings, connection: Connection) -> list[str]:
    """Write down, once for each, which periods have become ready; returns them as `<framework>.<period>`.

    Call it in the transaction of what made them so: the audit row is what `exchange.period.ready` is told from.
    """
    told = {
        row["subject"]
        for row in ledger.rows(
            connection, f"SELECT subject FROM warehouse.ledger.audit WHERE event = '{READY}' ORDER BY sequence"
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
                _note(settings, connection, READY, framework.id, period.id)
                ready.append(subject)
    return ready


def note_restated(settings: Settings, connection: Connection, moved: Iterable[Moved]) -> None:
    """Write down which published periods have figures that moved; a publication of each is owed again.

    Call it in the transaction of what moved them: the audit row is what `exchange.period.restated` is told from.
    """
    published = {
        (row["framework"], row["period"])
        for row in ledger.rows(connection, "SELECT DISTINCT framework, period FROM warehouse.ledger.publication")
    }
    for framework, period in sorted(published & {(one.framework, one.period) for one in moved}):
        _note(settings, connection, RESTATED, framework, period)


def note_published(settings: Settings, connection: Connection, framework: str, period: str) -> None:
    """Write down that a publication followed, if one was owed; call it in the publication's transaction."""
    if (framework, period) in _owed_publications(connection):
        _note(settings, connection, PUBLISHED, framework, period)


def owed_publications(settings: Settings) -> list[tuple[str, str]]:
    """The framework and period of each publication that is owed: ready, or restated, with none since."""
    with open_warehouse(settings.home) as connection:
        return _owed_publications(connection) if ledger.is_prepared(connection) else []


def _owed_publications(connection: Connection) -> list[tuple[str, str]]:
    rows = ledger.rows(
        connection,
        "SELECT json_extract_string(details, '$.framework') AS framework, "
        "json_extract_string(details, '$.period') AS period FROM warehouse.ledger.audit "
        f"WHERE event IN ('{READY}', '{RESTATED}', '{PUBLISHED}') "
        f"GROUP BY ALL HAVING arg_max(event, sequence) <> '{PUBLISHED}' ORDER BY ALL",
    )
    return [(row["framework"], row["period"]) for row in rows]


def _note(settings: Settings, connection: Connection, event: str, framework: str, period: str) -> None:
    details = {"framework": framework, "period": period}
    ledger.audit(connection, event, f"{framework}.{period}", details, actor=settings.actor, at=settings.now())


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
