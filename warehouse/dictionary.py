"""What a published file holds, in the words of its own comments: the source of the data dictionary."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb


@dataclass(frozen=True)
class Column:
    """A column of a published table."""

    name: str
    type: str
    comment: str


@dataclass(frozen=True)
class DescribedTable:
    """A published table with its comment and its columns in their order."""

    schema: str
    name: str
    comment: str
    columns: tuple[Column, ...]


def described_tables(connection: duckdb.DuckDBPyConnection) -> list[DescribedTable]:
    """The tables of schemas `performance` and `reference` of a connection, figures first, as their comments say."""
    tables = connection.execute(
        "SELECT schema_name, table_name, coalesce(comment, '') FROM duckdb_tables() "
        "WHERE database_name = current_database() AND NOT temporary AND schema_name IN ('performance', 'reference') "
        "ORDER BY schema_name, table_name <> 'indicator', table_name"
    ).fetchall()
    columns: dict[tuple[str, str], list[Column]] = {}
    for schema, table, *column in connection.execute(
        "SELECT schema_name, table_name, column_name, data_type, coalesce(comment, '') FROM duckdb_columns() "
        "WHERE database_name = current_database() AND schema_name IN ('performance', 'reference') "
        "ORDER BY schema_name, table_name, column_index"
    ).fetchall():
        columns.setdefault((schema, table), []).append(Column(*column))
    return [
        DescribedTable(schema, name, comment, tuple(columns[schema, name])) for schema, name, comment in tables
    ]
