"""DuckDB for Great Expectations, by its own extension points: execution engine, data source, metric providers.

Out of the box a rule on DuckDB raises: the library closes the connection before it fetches, asks PostgreSQL's
catalogue for the columns, and knows no regular expressions for this dialect. Importing this module mends that for
the process. Whoever knows the library may also say
`context.data_sources.add_duckdb(name, connection_string="duckdb:///x.duckdb")`.
"""

from __future__ import annotations

from expectations import quiet  # noqa: F401  # isort: skip  # before anything of the library

import datetime
import decimal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import sqlalchemy as sa
from great_expectations.core.metric_domain_types import MetricDomainTypes
from great_expectations.datasource.fluent import SQLDatasource
from great_expectations.exceptions import MetricResolutionError
from great_expectations.execution_engine import SqlAlchemyExecutionEngine
from great_expectations.expectations.metrics.map_metric_provider import (
    ColumnMapMetricProvider,
    ColumnPairMapMetricProvider,
    column_condition_partial,
    column_pair_condition_partial,
)
from great_expectations.expectations.metrics.metric_provider import metric_value
from great_expectations.expectations.metrics.query_metric_provider import QueryMetricProvider
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql import visitors

_BETWEEN_HALVES = "\x1f"  # of a pair written as one text; more than one of it is no pair's
_MACROS = Path(__file__).with_name("identifiers.sql").read_text(encoding="utf-8")


class DuckDBExecutionEngine(SqlAlchemyExecutionEngine):  # type: ignore[misc]
    """Computes metrics over one DuckDB connection, which stays the caller's. Close it in a `finally`."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**{"create_temp_table": False, **settings})  # true would copy every table it judges
        self._connection: sa.Connection | None = None
        self.dialect_module = postgresql  # DuckDB shares its LIKE and its types, but not its `~`: see _matches

    @contextmanager
    def get_connection(self) -> Iterator[sa.Connection]:
        """One connection for all queries: the library leaves this block before it fetches the result."""
        if self._connection is None:
            self._connection = self.engine.connect()
            self._connection.exec_driver_sql(_MACROS)
            self._connection.commit()  # a rule that fails rolls back
        yield self._connection

    def execute_query(self, query: Any) -> Any:
        """A failed query must not leave the transaction broken for the rules after it."""
        try:
            return super().execute_query(query)
        except sa.exc.SQLAlchemyError:
            if self._connection is not None:
                self._connection.rollback()
            raise

    def resolve_metrics(self, metrics_to_resolve: Any, *arguments: Any, **settings: Any) -> Any:
        """Says which metric failed and the kind of the error, nothing more: its text may quote a value."""
        try:
            return super().resolve_metrics(metrics_to_resolve, *arguments, **settings)
        except Exception as error:
            failed, kind = getattr(error, "failed_metrics", metrics_to_resolve), _innermost(error)
        raise MetricResolutionError(message=kind, failed_metrics=failed)

    def close(self) -> None:
        """Gives the connection back. The parent would dispose of the engine and so close the caller's database."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class DuckDBDatasource(SQLDatasource):  # type: ignore[misc]
    """`context.data_sources.add_duckdb(...)`."""

    type: Literal["duckdb"] = "duckdb"

    @property
    def execution_engine_type(self) -> Any:
        """The engine above."""
        return DuckDBExecutionEngine


def literal_sql(query: sa.Select[Any], engine: sa.Engine) -> str:
    """A query as text that runs as it stands.

    The library's rendering leaves whole numbers as an unbound `$1`; SQLAlchemy's own doubles the backslashes of a
    regular expression and turns 2.5 beside a 1 into 2.
    """

    def written(element: Any, **_: Any) -> Any:
        if not isinstance(element, sa.BindParameter):
            return None
        value = element.effective_value
        if not element.expanding:
            return sa.literal_column(_sql_literal(value))
        listed = ", ".join(_sql_literal(item) for item in value or ()) or "SELECT NULL WHERE false"
        return sa.literal_column(f"({listed})")

    filled: Any = visitors.replacement_traverse(query, {}, written)
    return str(filled.compile(engine))


def _sql_literal(value: Any) -> str:
    """A value as DuckDB writes it, of the type a bound parameter would have."""
    if value is None:
        return "NULL"
    if isinstance(value, datetime.datetime):
        return f"TIMESTAMP '{value.isoformat(sep=' ')}'"
    if isinstance(value, datetime.date):
        return f"DATE '{value.isoformat()}'"
    if isinstance(value, float):
        return f"CAST('{value!r}' AS DOUBLE)"
    if isinstance(value, bool | int | decimal.Decimal):
        return str(value)
    return "'" + str(value).replace("'", "''") + "'"


def _innermost(error: BaseException) -> str:
    """The type of the error that started it, as `BinderException`."""
    while error.__cause__ is not None:
        error = error.__cause__
    return type(error).__name__


class _ColumnTypes(TableMetricProvider):  # type: ignore[misc]
    """Column names and types by asking for no rows."""

    metric_name = "table.column_types"
    value_keys = ("include_nested",)
    default_kwarg_values = {"include_nested": True}  # noqa: RUF012

    @metric_value(engine=DuckDBExecutionEngine)  # type: ignore[untyped-decorator]
    def _duckdb(
        cls, execution_engine: Any, metric_domain_kwargs: dict[str, Any], **_: Any
    ) -> list[dict[str, Any]]:
        table = execution_engine.get_domain_records({"batch_id": metric_domain_kwargs.get("batch_id")})
        nothing = sa.select(sa.text("*")).select_from(table).limit(0)
        columns = execution_engine.execute_query(nothing).cursor.description
        return [{"name": column[0], "type": _sql_type(str(column[1]))} for column in columns]


def _sql_type(name: str) -> Any:
    """SQLAlchemy's type for DuckDB's name of it, as DECIMAL(18,4); its null type where it has none."""
    known = getattr(sa.types, name.partition("(")[0].upper(), sa.types.NullType)
    return known()


class _UnexpectedRows(QueryMetricProvider):  # type: ignore[misc]
    """The query of an `unexpected_rows_expectation`, ready to run: its rows stay in DuckDB."""

    metric_name = "unexpected_rows_query.table"
    value_keys = ("unexpected_rows_query",)
    query_param_name = "unexpected_rows_query"

    @metric_value(engine=DuckDBExecutionEngine)  # type: ignore[untyped-decorator]
    def _duckdb(
        cls,
        execution_engine: Any,
        metric_domain_kwargs: dict[str, Any],
        metric_value_kwargs: dict[str, Any],
        **_: Any,
    ) -> str:
        table, _compute, _accessor = execution_engine.get_compute_domain(
            metric_domain_kwargs, domain_type=MetricDomainTypes.TABLE
        )
        return str(
            cls._get_substituted_batch_subquery_from_query_and_batch_selectable(
                query=metric_value_kwargs["unexpected_rows_query"],
                batch_selectable=table,
                execution_engine=execution_engine,
            )
        )


def _matches(column: sa.ColumnElement[Any], regex: str) -> sa.ColumnElement[bool]:
    """Whether the regular expression (RE2) is found anywhere in the text; DuckDB's `~` means all of the text."""
    return sa.func.regexp_matches(sa.cast(column, sa.String), regex)


def _matches_list(
    column: sa.ColumnElement[Any], regex_list: list[str], match_on: str | None
) -> sa.ColumnElement[bool]:
    if not regex_list or match_on not in (None, "any", "all"):
        raise ValueError("a list of regular expressions needs one at least, and match_on any or all")
    found = [_matches(column, regex) for regex in regex_list]
    return sa.and_(*found) if match_on == "all" else sa.or_(*found)


class _MatchRegex(ColumnMapMetricProvider):  # type: ignore[misc]
    condition_metric_name = "column_values.match_regex"
    condition_value_keys = ("regex",)

    @column_condition_partial(engine=DuckDBExecutionEngine)  # type: ignore[untyped-decorator]
    def _duckdb(cls, column: sa.ColumnElement[Any], regex: str, **_: Any) -> sa.ColumnElement[bool]:
        return _matches(column, regex)


class _NotMatchRegex(ColumnMapMetricProvider):  # type: ignore[misc]
    condition_metric_name = "column_values.not_match_regex"
    condition_value_keys = ("regex",)

    @column_condition_partial(engine=DuckDBExecutionEngine)  # type: ignore[untyped-decorator]
    def _duckdb(cls, column: sa.ColumnElement[Any], regex: str, **_: Any) -> sa.ColumnElement[bool]:
        return sa.not_(_matches(column, regex))


class _MatchRegexList(ColumnMapMetricProvider):  # type: ignore[misc]
    condition_metric_name = "column_values.match_regex_list"
    condition_value_keys = ("regex_list", "match_on")
    default_kwarg_values = {"match_on": "any"}  # noqa: RUF012

    @column_condition_partial(engine=DuckDBExecutionEngine)  # type: ignore[untyped-decorator]
    def _duckdb(
        cls, column: sa.ColumnElement[Any], regex_list: list[str], match_on: str | None = None, **_: Any
    ) -> sa.ColumnElement[bool]:
        return _matches_list(column, regex_list, match_on)


class _NotMatchRegexList(ColumnMapMetricProvider):  # type: ignore[misc]
    condition_metric_name = "column_values.not_match_regex_list"
    condition_value_keys = ("regex_list",)

    @column_condition_partial(engine=DuckDBExecutionEngine)  # type: ignore[untyped-decorator]
    def _duckdb(cls, column: sa.ColumnElement[Any], regex_list: list[str], **_: Any) -> sa.ColumnElement[bool]:
        return sa.not_(_matches_list(column, regex_list, "any"))


class _PairsInSet(ColumnPairMapMetricProvider):  # type: ignore[misc]
    """Pairs of texts are looked up as one text: the library's OR of thousands of pairs takes a second to plan.

    A row with one half missing is no pair of the set, unless the rule ignores it.
    """

    condition_metric_name = "column_pair_values.in_set"
    condition_value_keys = ("value_pairs_set",)
    condition_domain_keys = ("batch_id", "table", "column_A", "column_B", "ignore_row_if")

    @column_pair_condition_partial(engine=DuckDBExecutionEngine)  # type: ignore[untyped-decorator]
    def _duckdb(
        cls,
        column_A: sa.ColumnElement[Any],  # the library's names
        column_B: sa.ColumnElement[Any],
        value_pairs_set: list[list[Any]],
        **_: Any,
    ) -> sa.ColumnElement[bool]:
        halves = [half for pair in value_pairs_set for half in pair]
        if not all(isinstance(half, str) and _BETWEEN_HALVES not in half for half in halves):
            return sa.or_(
                sa.false(), *(sa.and_(column_A == first, column_B == second) for first, second in value_pairs_set)
            )
        pair = sa.cast(column_A, sa.String).concat(_BETWEEN_HALVES).concat(sa.cast(column_B, sa.String))
        return sa.func.coalesce(pair.in_([_BETWEEN_HALVES.join(pair) for pair in value_pairs_set]), sa.false())
