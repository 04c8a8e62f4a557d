"""Readiness: when a period of a framework is to be published, kept in the ledger.

A period is ready when everything its figures are owed is in. One that is published already is to be published again
when anything it shows would differ: a figure of any area and breakdown, who is in and who is not, or what is said of
an extract. Either stands in the audit until a publication follows it.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from flows.releases.owed import Owed, owed
from flows.settings import Settings, today
from schemas.framework import Framework
from schemas.periods import Period, parse_period, period_of
from warehouse import ledger
from warehouse.connection import Connection, open_warehouse

READY, RESTATED, PUBLISHED = "period.ready", "period.restated", "period.published"  # audit events
# What changes how a publication speaks of an extract; that the rows of one went in time changes no figure.
SAID_OTHERWISE = (
    *("delivery.merged", "delivery.rejected", "delivery.held", "delivery.refused", "delivery.withdrawn"),
    *("delivery.erased", "delivery.off_record", "reply.applied"),
)


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


def note_restated(settings: Settings, connection: Connection, moved: Mapping[str, date]) -> None:
    """Write down which published periods show a figure that moved; a publication of each is owed again.

    `moved` gives each framework the last day of the earliest period that moved: a publication shows every period up to
    its own. Call it in the transaction of what moved them: the audit row is what `exchange.period.restated` is told
    from.
    """
    published = ledger.rows(
        connection, "SELECT DISTINCT framework, period FROM warehouse.ledger.publication ORDER BY ALL"
    )
    for row in published:
        framework, period = row["framework"], row["period"]
        if framework in moved and moved[framework] <= parse_period(period).end:
            _note(settings, connection, RESTATED, framework, period)


def note_published(settings: Settings, connection: Connection, framework: str, period: str) -> None:
    """Write down that a publication followed, if one was owed; call it in the publication's transaction."""
    if (framework, period) in _owed_publications(settings, connection):
        _note(settings, connection, PUBLISHED, framework, period)


def owed_publications(settings: Settings) -> list[tuple[str, str]]:
    """The framework and period of each publication that is owed, the earliest period first."""
    with open_warehouse(settings.home) as connection:
        return _owed_publications(settings, connection) if ledger.is_prepared(connection) else []


def _owed_publications(settings: Settings, connection: Connection) -> list[tuple[str, str]]:
    found = {*_noted(connection), *_said_otherwise(settings, connection)}
    return sorted(found, key=lambda one: (one[0], parse_period(one[1]).end))


def _noted(connection: Connection) -> list[tuple[str, str]]:
    """Ready, or restated, with no publication since."""
    rows = ledger.rows(
        connection,
        "SELECT json_extract_string(details, '$.framework') AS framework, "
        "json_extract_string(details, '$.period') AS period FROM warehouse.ledger.audit "
        f"WHERE event IN ('{READY}', '{RESTATED}', '{PUBLISHED}') "
        f"GROUP BY ALL HAVING arg_max(event, sequence) <> '{PUBLISHED}'",
    )
    return [(row["framework"], row["period"]) for row in rows]


def _said_otherwise(settings: Settings, connection: Connection) -> Iterator[tuple[str, str]]:
    """Published, with an extract that they speak of received, decided or taken away since."""
    published = ledger.rows(
        connection,
        "SELECT json_extract_string(details, '$.framework') AS framework, "
        "json_extract_string(details, '$.period') AS period, max(sequence) AS sequence FROM warehouse.ledger.audit "
        f"WHERE event IN ('publication.released', '{PUBLISHED}') GROUP BY ALL",
    )
    if not published:
        return
    events = ", ".join(f"'{event}'" for event in SAID_OTHERWISE)
    moved = ledger.rows(
        connection,
        "SELECT concat(partner, '/', dataset) AS key, period, max(audit.sequence) AS sequence "
        "FROM warehouse.ledger.audit AS audit JOIN warehouse.ledger.delivery AS delivery "
        "ON delivery.delivery_id = audit.subject "
        f"WHERE audit.event IN ({events}) AND audit.sequence > ? AND delivery.period IS NOT NULL GROUP BY ALL",
        [min(row["sequence"] for row in published)],
    )
    since = [(row["key"], parse_period(row["period"]), row["sequence"]) for row in moved]
    for row in published:
        framework = settings.partnership.frameworks.get(row["framework"])
        if framework is None:
            continue
        last, spoken_of = parse_period(row["period"]).end, _spoken_of(settings, framework)
        if any(
            sequence > row["sequence"] and key in spoken_of and _is_shown(period, last)
            for key, period, sequence in since
        ):
            yield framework.id, row["period"]


def _spoken_of(settings: Settings, framework: Framework) -> set[str]:
    """The datasets that a framework's figures need, and those that state something beside them."""
    return _needed(framework) | {
        key for key, contract in settings.partnership.contracts.items() if contract.states is not None
    }


def _is_shown(period: Period, last: date) -> bool:
    """As performance.data_quality has it: a school year is spoken of while it runs."""
    return period.end <= last or (period.id.startswith("AY") and period.start <= last)


def _note(settings: Settings, connection: Connection, event: str, framework: str, period: str) -> None:
    details = {"framework": framework, "period": period}
    ledger.audit(connection, event, f"{framework}.{period}", details, actor=settings.actor, at=settings.now())


def _by_period(framework: Framework, asked: Iterable[Owed]) -> dict[Period, list[Owed]]:
    """What a framework's figures are owed, by the publication it is for."""
    datasets = _needed(framework)
    found: dict[Period, list[Owed]] = {}
    for one in asked:
        period = period_of(framework.calendar, one.period.end)
        runs = period.start >= framework.starts and (framework.ends is None or period.end <= framework.ends)
        if one.key in datasets and runs:
            found.setdefault(period, []).append(one)
    return found


def _needed(framework: Framework) -> set[str]:
    """The datasets that a framework's figures are worked out from."""
    terms = (
        term
        for indicator in framework.indicators
        for term in (*indicator.formula.numerator, *indicator.formula.denominator)
    )
    return {term.dataset for term in terms if term.dataset is not None}
