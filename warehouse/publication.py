"""A publication: a framework's figures at the end of a period, safe to show, as tables of schema `performance`.

Every figure comes from `disclosure.figure`, so none is here that may not leave. Each table is a model,
`models/performance/<table>.sql`, with its columns and COMMENTs in the YAML beside it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import duckdb

from schemas.periods import Period, parse_period
from warehouse.connection import literal
from warehouse.disclosure import control
from warehouse.statements import Stated, create_statements
from warehouse.tables import create_tables, definition

if TYPE_CHECKING:
    import pandas as pd

PROGRAM = Path(__file__).parent.parent
MODELS = Path(__file__).parent / "models"
PERFORMANCE = MODELS / "performance"
# In this order, since later ones read earlier ones.
CONTENT = (
    "provenance",
    "indicator",
    "comparator",
    "data_quality",
    "rule_result",
    "suppression",
    "priority",
    "layer",
    "permission",
    "action",
    "commentary",
    "escalation",
    "spend",
    "priority_spend",
    "reward",
)
TABLES = (*CONTENT, "publication", "revision", "statement", "change")
# What a publication says besides its figures: a changed definition or target is another publication.
DEFINITIONS = (
    "framework",
    "priority",
    "layer",
    "indicator",
    "breakdown",
    "term",
    "target",
    "break",
    "escalation",
    "ring_fence",
    "reward",
)
RESTRICTED, PUBLIC = AUDIENCES = ("restricted", "public")
LONDON = ZoneInfo("Europe/London")


@dataclass(frozen=True)
class Publication:
    """One publication, whose tables stand in schema `performance` of the connection it was built on."""

    publication_id: str
    framework: str
    period: Period
    published_at: datetime
    status: str  # provisional, ready when everything owed is in, final when a second person released it
    layers: tuple[Mapping[str, Any], ...]  # layer, name, role, reports_to, chair, meets, note; strategic first


def build_publication(
    connection: duckdb.DuckDBPyConnection,
    framework: str,
    period: Period,
    published_at: datetime,
    *,
    previous: Path | None = None,
    stated_on: date | None = None,
    approved_by: str | None = None,
    due_on: Callable[[str, Period], date | None] = lambda key, period: None,
    contribution_model: Callable[[str], Path] = lambda key: MODELS / "contributions" / f"{key}.sql",
    stated: Iterable[Stated] = (),
) -> Publication:
    """Make schema `performance` for a framework: every figure from its start to the end of `period`.

    `due_on` gives the day a dataset (key 'police/recorded_crime') is owed for a period, `contribution_model` the
    SQL that adds up a dataset; a partnership knows both. `previous` is the exchange.duckdb now published: what has
    been told can be set beside what is told now. `approved_by` makes it final, with the figures of the day `stated_on`
    (default: that of `published_at`) and an id of its own. `stated` are the deliveries whose words and money are
    published as they stand. Needs `reference`, the ledger and the values. The same content gives the same id, whenever
    it is made.
    Opens no transaction and writes nothing to the warehouse.

    Raises:
        LookupError: no such framework.
        ValueError: the framework is not published for periods of that kind, or not for that one.
    """
    found = connection.execute(
        "SELECT calendar, starts, ends FROM reference.framework WHERE framework = ?", [framework]
    ).fetchall()
    if not found:
        known = connection.execute("SELECT framework FROM reference.framework ORDER BY ALL").fetchall()
        raise LookupError(f"There is no framework '{framework}'. There are: {', '.join(row[0] for row in known)}.")
    calendar, starts, ends = found[0]
    if period.kind != calendar:
        raise ValueError(f"{framework} is published by {calendar.replace('_', ' ')}, and {period.id} is none.")
    if period.end < starts or (ends is not None and period.start > ends):
        raise ValueError(f"{period.id} is outside {framework}, which runs from {starts} to {ends or 'now'}.")
    moment = published_at.astimezone(UTC).replace(tzinfo=None)
    given = {
        "framework": framework,
        "period": period.id,
        "first": period.start,
        "last": period.end,
        "published_at": moment,
        "published_on": stated_on or published_at.astimezone(LONDON).date(),
        "approved_by": approved_by,
        "models_sha256": _models_fingerprint(),
    }
    control(connection, framework, period.end, previous)
    create_statements(connection, stated)
    _lend_tables(connection, framework, period.end, due_on, contribution_model)
    for table in CONTENT:
        _make(connection, table, given)
    publication_id = f"{framework}-{period.id}-{_fingerprint(connection, framework)[:8]}"
    if approved_by is not None:
        publication_id = final_id(publication_id)
        connection.execute("UPDATE performance.indicator SET provisional = false")
    for table in CONTENT:
        if "publication_id" in _columns(table):
            connection.execute(f"UPDATE performance.{table} SET publication_id = ?", [publication_id])
    _make(connection, "publication", given)
    connection.execute("UPDATE performance.publication SET publication_id = ?", [publication_id])
    _make(connection, "revision", given)
    _make(connection, "statement", given)
    create_tables(connection, PERFORMANCE / "change.yaml", replace=True)
    _lend_release_before(connection, previous)
    if approved_by is None:
        _make(connection, "change", given)
    else:  # final: the same figures, so what moved is what its provisional release said had moved
        connection.execute(
            "INSERT INTO performance.change BY NAME SELECT * REPLACE (? AS publication_id) FROM before_change "
            "WHERE framework = ? AND publication_period = ?",
            [publication_id, framework, period.id],
        )
    status = str(connection.execute("SELECT status FROM performance.publication").fetchall()[0][0])
    return Publication(publication_id, framework, period, published_at, status, _layers(connection))


def final_id(publication_id: str) -> str:
    """The id of a publication when it is final: the same figures, and a second person's word for them."""
    return f"{publication_id}-final"


def _lend_release_before(connection: duckdb.DuckDBPyConnection, previous: Path | None) -> None:
    """What the release before said, as temporary tables; empty for the first."""
    for table in ("indicator", "provenance", "change"):
        connection.execute(f"CREATE OR REPLACE TEMP TABLE before_{table} AS FROM performance.{table} LIMIT 0")
    if previous is None:
        return
    connection.execute(f"ATTACH '{literal(str(previous))}' AS earlier (READ_ONLY)")
    try:
        held = connection.execute(
            "SELECT table_name FROM duckdb_tables() WHERE database_name = 'earlier' "
            "AND table_name IN ('indicator', 'provenance', 'change') ORDER BY ALL"
        ).fetchall()
        for (table,) in held:
            connection.execute(f"CREATE OR REPLACE TEMP TABLE before_{table} AS FROM earlier.performance.{table}")
    finally:
        connection.execute("DETACH earlier")


def _make(connection: duckdb.DuckDBPyConnection, table: str, given: Mapping[str, object]) -> None:
    create_tables(connection, PERFORMANCE / f"{table}.yaml", replace=True)
    model = PERFORMANCE / f"{table}.sql"
    if not model.is_file():
        return  # declared, and empty until something delivers it
    query = f"INSERT INTO performance.{table} BY NAME {model.read_text(encoding='utf-8')}"
    (statement,) = duckdb.extract_statements(query)
    connection.execute(statement, {name: given[name] for name in statement.named_parameters})


def _columns(table: str) -> list[str]:
    return list(definition(PERFORMANCE / f"{table}.yaml")["tables"][table]["columns"])


def _lend_tables(
    connection: duckdb.DuckDBPyConnection,
    framework: str,
    last: date,
    due_on: Callable[[str, Period], date | None],
    contribution_model: Callable[[str], Path],
) -> None:
    """What only Python knows, as temporary tables: days in London, days owed, the contribution models' SHA-256."""
    deliveries = connection.execute(
        "SELECT delivery_id, received_at, period FROM warehouse.ledger.delivery "
        "WHERE period IS NOT NULL AND received_at IS NOT NULL ORDER BY delivery_id"
    ).fetchall()
    owed = connection.execute(
        "SELECT DISTINCT owed.partner, owed.dataset, owed.period FROM reference.dataset_period AS owed "
        "LEFT JOIN reference.term AS term USING (partner, dataset) "
        "LEFT JOIN reference.dataset AS about USING (partner, dataset) "
        "WHERE (term.framework = ? OR about.states IS NOT NULL) AND owed.period_end <= ? ORDER BY ALL",
        [framework, last],
    ).fetchall()
    datasets = connection.execute(
        "SELECT DISTINCT partner, dataset FROM reference.term WHERE dataset IS NOT NULL ORDER BY ALL"
    ).fetchall()
    _lend(
        connection,
        "publication_delivery",
        {"delivery_id": "VARCHAR", "received_on": "DATE", "period_start": "DATE", "period_end": "DATE"},
        [
            (id, moment.replace(tzinfo=UTC).astimezone(LONDON).date(), period.start, period.end)
            for id, moment, period in ((id, moment, parse_period(text)) for id, moment, text in deliveries)
        ],
    )
    _lend(
        connection,
        "publication_due",
        {"partner": "VARCHAR", "dataset": "VARCHAR", "period": "VARCHAR", "due_on": "DATE"},
        [(*row, due_on(f"{row[0]}/{row[1]}", parse_period(row[2]))) for row in owed],
    )
    models = [(row, contribution_model(f"{row[0]}/{row[1]}")) for row in datasets]
    _lend(
        connection,
        "publication_model",
        {"partner": "VARCHAR", "dataset": "VARCHAR", "model": "VARCHAR", "model_sha256": "VARCHAR"},
        [
            (*row, f"warehouse/models/contributions/{row[0]}/{row[1]}.sql", _sha256(path))
            for row, path in models
            if path.is_file()
        ],
    )


def _lend(
    connection: duckdb.DuckDBPyConnection, table: str, columns: Mapping[str, str], rows: list[tuple[Any, ...]]
) -> None:
    typed = ", ".join(f"{name} {type}" for name, type in columns.items())
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {table} ({typed})")
    if rows:
        lists = ", ".join(f"unnest(CAST(? AS {type}[]))" for type in columns.values())
        connection.execute(f"INSERT INTO {table} SELECT {lists}", [list(each) for each in zip(*rows, strict=True)])


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _models_fingerprint() -> str:
    """SHA-256 over the program's own SQL that stands between contributions and publication."""
    files = [
        path
        for folder in (
            MODELS / "values",
            MODELS / "disclosure",
            MODELS / "statements",
            PERFORMANCE,
            MODELS.parent / "macros",
        )
        for path in sorted(folder.glob("*.sql"))
    ]
    listed = "".join(f"{_sha256(path)}  {path.relative_to(PROGRAM).as_posix()}\n" for path in files)
    return hashlib.sha256(listed.encode()).hexdigest()


def _fingerprint(connection: duckdb.DuckDBPyConnection, framework: str) -> str:
    """SHA-256 over everything the publication says, without its id and without the moment it was made."""
    listed = [(table, content_sha256(connection, f"performance.{table}")) for table in CONTENT]
    for table in DEFINITIONS:
        rows = f"(SELECT * FROM reference.{table} WHERE framework = ?)"
        listed.append((table, content_sha256(connection, rows, [framework])))
    return hashlib.sha256("".join(f"{digest}  {table}\n" for table, digest in listed).encode()).hexdigest()


def content_sha256(connection: duckdb.DuckDBPyConnection, source: str, values: list[object] | None = None) -> str:
    """SHA-256 over the rows of a table, or of a query in brackets, whatever order they are stored in."""
    found = connection.execute(
        "SELECT sha256(coalesce(string_agg(digest, '' ORDER BY digest), '')) "
        f"FROM (SELECT sha256(CAST(row_of AS VARCHAR)) AS digest FROM {source} AS row_of)",
        values or [],
    ).fetchall()
    return str(found[0][0])


def _layers(connection: duckdb.DuckDBPyConnection) -> tuple[dict[str, Any], ...]:
    columns = [name for name in _columns("layer") if name not in ("framework", "publication_id")]
    rows = connection.execute(
        f"SELECT {', '.join(columns)} FROM performance.layer ORDER BY "
        "array_position(['strategic', 'executive', 'operational'], role), layer"
    ).fetchall()
    return tuple(dict(zip(columns, row, strict=True)) for row in rows)


def seen_by(connection: duckdb.DuckDBPyConnection, layer_id: str, audience: str) -> str:
    """The condition on `performance.indicator` for what a layer sees, of what the agreements let the audience see.

    An operational layer sees its own indicators with wards and breakdowns; the executive layer every headline,
    also by ward; the strategic layer every headline of the whole partnership.

    Raises:
        LookupError: the publication has no such layer.
    """
    found = connection.execute("SELECT role FROM performance.layer WHERE layer = ?", [layer_id]).fetchall()
    if not found:
        raise LookupError(f"The publication has no layer '{layer_id}'.")
    conditions = {
        "operational": f"layer = '{literal(layer_id)}'",
        "executive": "breakdown = 'all' AND category = 'all'",
        "strategic": "breakdown = 'all' AND category = 'all' "
        "AND area_code = (SELECT area_code FROM reference.partnership)",
    }
    return f"{conditions[found[0][0]]} AND {permitted(layer_id, audience, allowed=True)}"


def permitted(layer_id: str, audience: str, *, allowed: bool) -> str:
    """The condition on a column `indicator`: what the agreements let a layer and an audience see, or what not."""
    return (
        "indicator IN (SELECT indicator FROM performance.permission "
        f"WHERE layer = '{literal(layer_id)}' AND audience = '{literal(audience)}' AND allowed = {allowed})"
    )


def may_read(audience: str, layer_id: str | None = None) -> str:
    """The condition on columns `partner` and `dataset` of what somebody states: each agreement of it lets them read.

    Without a layer, what any layer may read.
    """
    allowed = f"list_contains(agreement.audiences, '{literal(audience)}')"
    if layer_id is not None:
        layer = literal(layer_id)
        role = f"(SELECT any_value(role) FROM performance.layer WHERE layer = '{layer}')"
        allowed += f" AND (list_contains(agreement.layers, '{layer}') OR list_contains(agreement.layers, {role}))"
    return (
        "(partner IS NULL OR (partner, dataset) NOT IN (SELECT (agreement.partner, agreement.dataset) "
        f"FROM reference.agreement AS agreement WHERE NOT ({allowed})))"
    )


def seen(connection: duckdb.DuckDBPyConnection, layer_id: str, audience: str) -> str:
    """The rows of `performance.indicator` that a layer sees, as a query; commentary where its agreement lets it.

    Raises:
        LookupError: the publication has no such layer.
    """
    return (
        "SELECT * REPLACE (CASE WHEN (indicator, period) IN (SELECT (indicator, period) FROM performance.commentary "
        f"WHERE {may_read(audience, layer_id)}) THEN commentary END AS commentary) "
        f"FROM performance.indicator WHERE {seen_by(connection, layer_id, audience)}"
    )


def publication_frames(
    connection: duckdb.DuckDBPyConnection, layer_id: str, audience: str = RESTRICTED
) -> dict[str, pd.DataFrame]:
    """What a page of one layer is drawn from, as pandas frames, right after `build_publication`.

    `indicators` has the columns of `performance.indicator`, then decimals, suppressed_reason and ytd_suppressed;
    `left_out` are the indicators that an agreement keeps from this layer or audience.
    `provenance` is that of each indicator's newest period, with definition and source beside it; `data_quality`
    holds the newest period of each dataset, `due` everything that is owed and not in. Absent numbers come as NaN.

    Raises:
        LookupError: the publication has no such layer.
    """
    connection.execute(f"CREATE OR REPLACE TEMP TABLE shown AS {seen(connection, layer_id, audience)}")
    own = "indicator IN (SELECT indicator FROM shown)"
    kept_back = (
        f"permission.layer = '{literal(layer_id)}' AND permission.audience = '{literal(audience)}' "
        "AND NOT permission.allowed "
        f"AND (about.layer = '{literal(layer_id)}' OR (SELECT role FROM performance.layer "
        f"WHERE layer = '{literal(layer_id)}') <> 'operational')"
    )
    may_know = (
        "(partner, dataset) IN (SELECT (term.partner, term.dataset) FROM reference.term AS term "
        "JOIN performance.publication USING (framework) "
        f"WHERE {permitted(layer_id, audience, allowed=True)})"
    )
    stated = may_read(audience, layer_id)
    given = {
        "own": own,
        "kept_back": kept_back,
        "may_know": may_know,
        "stated": stated,
        "because": "confirmed_because" if audience == RESTRICTED else "NULL",  # a person's own words
    }
    queries = {name: query.format_map(given) for name, query in FRAMES.items()}
    return {name: connection.execute(query).df() for name, query in queries.items()}


FRAMES = {
    "indicators": """
        SELECT seen.*, about.decimals, suppression.reason AS suppressed_reason,
            seen.status = 'year to date confidential' AS ytd_suppressed
        FROM shown AS seen
        JOIN reference.indicator AS about USING (framework, indicator)
        LEFT JOIN performance.suppression AS suppression USING (framework, indicator)
        ORDER BY indicator, period_end, area_code, breakdown, category""",
    "breaks": """
        SELECT indicator, starts, reason FROM reference."break"
        JOIN performance.publication USING (framework)
        WHERE {own}
        ORDER BY indicator, starts""",
    "comparators": """
        SELECT * FROM performance.comparator WHERE breakdown = 'all' AND {own}
        ORDER BY indicator, period_end, area_code""",
    "priorities": """
        SELECT * EXCLUDE (priority_order), priority_order AS "order"
        FROM performance.priority
        ORDER BY priority_order""",
    "data_quality": """
        SELECT * FROM performance.data_quality
        WHERE delivery_id IS NOT NULL AND {may_know}
        QUALIFY period_end = max(period_end) OVER (PARTITION BY partner, dataset)
        ORDER BY partner, dataset, delivery_id""",
    # What has come and was turned away is still owed.
    "due": """
        SELECT quality.partner, quality.dataset, quality.dataset_title, quality.period, quality.due_on,
            CASE
                WHEN quality.due_on < CAST(publication.published_at AS DATE) THEN 'overdue'
                WHEN quality.due_on IS NOT NULL THEN 'due'
                ELSE 'not received'
            END AS state
        FROM performance.data_quality AS quality
        CROSS JOIN performance.publication AS publication
        WHERE {may_know} AND (quality.delivery_id IS NULL
            OR (quality.due_on IS NOT NULL AND quality.state IN ('rejected', 'held', 'refused')))
        ORDER BY quality.due_on, quality.partner, quality.dataset, quality.period_end""",
    "actions": """
        SELECT * FROM performance.action WHERE {stated} AND (indicator IS NULL OR {own})
        ORDER BY due_on, partner, action_id""",
    "escalations": """
        SELECT escalation.*, below.name AS from_layer_name, above.name AS to_layer_name
        FROM (SELECT * FROM performance.escalation WHERE {stated} AND (indicator IS NULL OR {own})) AS escalation
        LEFT JOIN performance.layer AS below ON below.layer = escalation.from_layer
        LEFT JOIN performance.layer AS above ON above.layer = escalation.to_layer
        ORDER BY escalation.to_layer, escalation.indicator, escalation.action_id""",
    "spend": "SELECT * FROM performance.spend WHERE {stated} ORDER BY priority, partner, line",
    # Worked out from every line, so shown only where every line may be read.
    "priority_spend": """
        SELECT * FROM performance.priority_spend
        WHERE NOT EXISTS (SELECT 1 FROM performance.spend WHERE NOT {stated})
        ORDER BY priority_order""",
    "reward": "SELECT * FROM performance.reward WHERE {own} ORDER BY indicator",
    "changes": "SELECT change.* FROM performance.change AS change SEMI JOIN shown "
    "USING (indicator, period, area_code, breakdown, category) "
    "ORDER BY indicator, period_end, area_code, breakdown, category",
    "left_out": """
        SELECT permission.indicator, about.name, permission.withheld_by
        FROM performance.permission AS permission
        JOIN reference.indicator AS about USING (framework, indicator)
        WHERE {kept_back}
        ORDER BY permission.indicator""",
    "provenance": """
        SELECT provenance.indicator, about.definition, about.source, about.definition_mark,
            provenance.partner, provenance.dataset,
            provenance.delivery_period AS period, provenance.delivery_id, provenance.sha256,
            provenance.received_at, provenance.rows_received, provenance.rows_accepted,
            provenance.rows_quarantined, provenance.rules_failed, provenance.agreement_id AS agreement,
            provenance.model, quality.checks AS checks_made, confirmed.said AS confirmed
        FROM performance.provenance AS provenance
        LEFT JOIN (SELECT DISTINCT delivery_id, checks FROM performance.data_quality) AS quality USING (delivery_id)
        LEFT JOIN (
            SELECT delivery_id, string_agg(concat_ws(' ', sentence, {because},
                'Taken as true until ' || strftime(confirmed_until, '%-d %B %Y') || '.'), ' ' ORDER BY rule_id) AS said
            FROM performance.rule_result
            WHERE outcome = 'confirmed'
            GROUP BY ALL
        ) AS confirmed USING (delivery_id)
        JOIN reference.indicator AS about USING (framework, indicator)
        JOIN (SELECT indicator, max(period_end) AS period_end FROM performance.indicator GROUP BY ALL) AS newest
            USING (indicator, period_end)
        WHERE {own}
        ORDER BY provenance.indicator, provenance.received_at, provenance.delivery_id""",
}
