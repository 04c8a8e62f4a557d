"""The published exchange.duckdb: the newest figures of every framework, and what each release said.

Written from nothing each time, from the publication just built and the file published before it, so that no trace of
a row that is gone is in it. Readers open it read-only; it names nothing outside itself.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import duckdb

from warehouse.connection import identifier, literal, transaction
from warehouse.publication import PUBLIC, TABLES, Publication, content_sha256, may_read

# Which rows of the release before are carried over: those this publication says nothing about. A figure is stated
# once, by the publication that covered its period last.
OTHER_DAYS = "framework <> $framework OR period_end > $last"
OTHER_PUBLICATION = "framework <> $framework OR period <> $period"
OTHER_FRAMEWORK = "framework <> $framework"
CARRIED = {
    "indicator": OTHER_DAYS,
    "comparator": OTHER_DAYS,
    "provenance": OTHER_DAYS,
    "data_quality": OTHER_DAYS,
    "priority": OTHER_PUBLICATION,
    "action": OTHER_PUBLICATION,
    "commentary": OTHER_DAYS,
    "escalation": OTHER_PUBLICATION,
    "spend": OTHER_PUBLICATION,
    "priority_spend": OTHER_PUBLICATION,
    "reward": OTHER_PUBLICATION,
    "publication": OTHER_PUBLICATION,
    "change": "framework <> $framework OR publication_period <> $period",
    "layer": OTHER_FRAMEWORK,
    "permission": OTHER_FRAMEWORK,
    "suppression": OTHER_FRAMEWORK,
    "rule_result": "delivery_id NOT IN (SELECT delivery_id FROM performance.rule_result) AND delivery_id IN ("
    "SELECT delivery_id FROM release.performance.provenance UNION "
    "SELECT delivery_id FROM release.performance.data_quality)",
    "revision": "true",
    "statement": "true",
}
# Deliveries' rules last: which of them are still told of depends on what else was carried.
ORDER = sorted(TABLES, key=lambda table: table == "rule_result")


def write_database(
    connection: duckdb.DuckDBPyConnection,
    publication: Publication,
    path: Path,
    previous: Path | None,
    audience: str,
) -> tuple[str, list[dict[str, str]]]:
    """Write the file of an audience at `path`; `previous` is the one published now, or None.

    Returns the SHA-256 of its content, and the publications it holds (framework, period, publication_id).
    """
    own = connection.execute("SELECT current_database()").fetchall()[0][0]
    connection.execute(f"ATTACH '{literal(str(path))}' AS release")
    if previous is not None:
        connection.execute(f"ATTACH '{literal(str(previous))}' AS previous (READ_ONLY)")
    try:
        with transaction(connection):  # hundreds of small statements: one by one each would wait for the disk
            for schema, table in _tables(connection, own):
                name = f"{schema}.{identifier(table)}"
                connection.execute(f"CREATE SCHEMA IF NOT EXISTS release.{schema}")
                connection.execute(f"CREATE TABLE release.{name} AS SELECT * FROM {identifier(own)}.{name}")
            for table in ORDER if previous is not None else ():
                _carry_over(connection, publication, table)
            _keep_back(connection, audience)
            _copy_comments(connection, own)
        connection.execute("CHECKPOINT release")
        holds = connection.execute(
            "SELECT framework, period, publication_id FROM release.performance.publication ORDER BY ALL"
        ).fetchall()
        names = ("framework", "period", "publication_id")
        return _database_sha256(connection, "release"), [dict(zip(names, row, strict=True)) for row in holds]
    finally:
        connection.execute("DETACH release")
        if previous is not None:
            connection.execute("DETACH previous")


def _tables(connection: duckdb.DuckDBPyConnection, database: str) -> list[tuple[str, str]]:
    # A literal: the first bound value makes DuckDB import pandas, and `exchange verify` only looks.
    return connection.execute(
        f"SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = '{literal(database)}' "
        "AND NOT temporary AND schema_name IN ('performance', 'reference') ORDER BY ALL"
    ).fetchall()


def _carry_over(connection: duckdb.DuckDBPyConnection, publication: Publication, table: str) -> None:
    """Bring over what this publication does not restate; columns that an older release lacks stay empty."""
    columns = connection.execute(
        "SELECT column_name FROM duckdb_columns() WHERE schema_name = 'performance' AND table_name = ? "
        "AND database_name IN ('previous', 'release') GROUP BY ALL HAVING count(*) = 2 ORDER BY min(column_index)",
        [table],
    ).fetchall()
    if not columns:
        return
    listed = ", ".join(identifier(name) for (name,) in columns)
    (statement,) = duckdb.extract_statements(
        f"INSERT INTO release.performance.{table} BY NAME "
        f"SELECT {listed} FROM previous.performance.{table} WHERE {CARRIED[table]}"
    )
    given: dict[str, object] = {
        "framework": publication.framework,
        "period": publication.period.id,
        "last": publication.period.end,
    }
    connection.execute(statement, {name: given[name] for name in statement.named_parameters})


def _keep_back(connection: duckdb.DuckDBPyConnection, audience: str) -> None:
    """Take out what some agreement keeps from the audience: the figures, whatever is said of them, their extracts.

    A file has no layers: what any layer may see of it stays.
    """
    allowed = (
        "SELECT framework, indicator FROM release.performance.permission "
        f"WHERE audience = '{literal(audience)}' AND allowed"
    )
    of_indicators = connection.execute(
        "SELECT table_name FROM duckdb_columns() WHERE database_name = 'release' AND schema_name = 'performance' "
        "AND column_name IN ('framework', 'indicator') AND table_name <> 'permission' "
        "GROUP BY ALL HAVING count(*) = 2 ORDER BY ALL"
    ).fetchall()
    for (table,) in of_indicators:
        connection.execute(
            f"DELETE FROM release.performance.{identifier(table)} "
            f"WHERE indicator IS NOT NULL AND (framework, indicator) NOT IN ({allowed})"
        )
    _keep_back_statements(connection, audience)
    if audience == PUBLIC:  # a person's own words, for the partnership's bodies alone
        connection.execute("UPDATE release.performance.rule_result SET confirmed_because = NULL")
    connection.execute(
        "DELETE FROM release.performance.data_quality WHERE (framework, partner, dataset) NOT IN ("
        "SELECT (term.framework, term.partner, term.dataset) FROM release.reference.term AS term "
        f"JOIN ({allowed}) USING (framework, indicator) WHERE term.dataset IS NOT NULL)"
    )
    connection.execute(
        "DELETE FROM release.performance.rule_result WHERE delivery_id NOT IN ("
        "SELECT delivery_id FROM release.performance.provenance UNION "
        "SELECT delivery_id FROM release.performance.data_quality WHERE delivery_id IS NOT NULL)"
    )


def _keep_back_statements(connection: duckdb.DuckDBPyConnection, audience: str) -> None:
    """Take out words and money whose agreement keeps them from the audience, and what is worked out from them."""
    readable = may_read(audience).replace("reference.", "release.reference.")
    connection.execute(
        "UPDATE release.performance.indicator SET commentary = NULL WHERE (framework, indicator, period) IN (SELECT "
        f"(framework, indicator, period) FROM release.performance.commentary WHERE NOT {readable})"
    )
    connection.execute(
        "DELETE FROM release.performance.priority_spend WHERE (framework, period) IN ("
        f"SELECT (framework, period) FROM release.performance.spend WHERE NOT {readable})"
    )
    for table in ("commentary", "action", "escalation", "spend"):
        connection.execute(f"DELETE FROM release.performance.{table} WHERE NOT {readable}")


def _copy_comments(connection: duckdb.DuckDBPyConnection, own: str) -> None:
    for kind, names, source in (
        ("SCHEMA", "schema_name", "duckdb_schemas()"),
        ("TABLE", "schema_name, table_name", "duckdb_tables()"),
        ("COLUMN", "schema_name, table_name, column_name", "duckdb_columns()"),
    ):
        rows = connection.execute(
            f"SELECT comment, {names} FROM {source} WHERE database_name = ? "
            "AND schema_name IN ('performance', 'reference') AND comment IS NOT NULL",
            [own],
        ).fetchall()
        for comment, *name in rows:
            target = ".".join(identifier(part) for part in ("release", *name))
            connection.execute(f"COMMENT ON {kind} {target} IS '{literal(comment)}'")


def _database_sha256(connection: duckdb.DuckDBPyConnection, database: str) -> str:
    """SHA-256 over the rows of every table, whatever the order they are stored in."""
    digests = [
        f"{content_sha256(connection, f'{database}.{schema}.{identifier(table)}')}  {schema}.{table}\n"
        for schema, table in _tables(connection, database)
    ]
    return hashlib.sha256("".join(digests).encode()).hexdigest()


def database_sha256(path: Path) -> str:
    """SHA-256 over the content of a published file; its bytes differ from one writing to the next.

    Raises:
        duckdb.Error: it is no such file, or not readable.
    """
    with duckdb.connect() as reader:
        reader.execute(f"ATTACH '{literal(str(path))}' AS release (READ_ONLY)")
        return _database_sha256(reader, "release")
