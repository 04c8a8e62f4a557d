"""Runs a standard over a table in DuckDB with Great Expectations. Counts come back, and queries; never a value.

The library's expectations say which metrics they need and judge them; its metrics calculator computes all of them
as one graph, most in a single query. No data context, checkpoint or stored suite takes part, so nothing piles up
however many deliveries one process judges.
"""

from __future__ import annotations

from expectations.engine import DuckDBExecutionEngine, literal_sql  # isort: skip  # before the library itself

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import sqlalchemy as sa
from great_expectations.execution_engine.sqlalchemy_batch_data import SqlAlchemyBatchData
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
from great_expectations.validator.metric_configuration import MetricConfiguration
from great_expectations.validator.metrics_calculator import MetricsCalculator

from expectations import identifiers, reaching  # noqa: F401  # declare their expectations to the library
from schemas.standard import Rule, Standard

Outcome = Literal["passed", "failed", "could_not_run"]

_BATCH = "delivery"
# Asks for counts alone: with it no metric that fetches values of rows becomes part of the graph.
_COUNTS_ONLY = {"result_format": {"result_format": "BOOLEAN_ONLY"}}


@dataclass(frozen=True, slots=True)
class RuleResult:
    """What came of one rule.

    `checked` are the rows it looked at (not those with a missing value, unless the rule is about missing values),
    `failed` those that break it. A rule about the table as a whole fails no row: `failed` is 0, `row_query` None.
    `row_query` runs as it stands on the judged connection and gives `_row` of the failing rows of a failed rule.
    `error` is the kind of error of a rule that could not run, as `BinderException`, never its text.
    """

    rule: Rule
    outcome: Outcome
    checked: int
    failed: int
    row_query: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class _Check:
    """A rule as the library's expectation, and the metrics that needs by name; or the error that stopped it."""

    expectation: Any = None
    needs: Mapping[str, Any] = field(default_factory=dict)
    edges: Sequence[Any] = ()  # of the graph of metrics
    error: str | None = None


def run_standard(engine: sa.Engine, table: str, standard: Standard) -> list[RuleResult]:
    """Runs every rule of a resolved standard over `table` (name, schema.name or catalog.schema.name).

    Results come in the order of the rules. The engine's DuckDB connection must have no transaction open; it is
    handed back, and the engine not disposed of. A rule that raises is `could_not_run`; the others still run.
    """
    library = DuckDBExecutionEngine(engine=engine)
    try:
        schema, _, name = table.rpartition(".")
        batch = SqlAlchemyBatchData(library, table_name=name, schema_name=schema or None)
        library.load_batch_data(_BATCH, batch)
        calculator = MetricsCalculator(library)
        row_count = MetricConfiguration("table.row_count", {"batch_id": _BATCH})
        graph = calculator.build_metric_dependency_graph([row_count])
        checks = [_check(rule, calculator, library) for rule in standard.rules]
        for edge in (edge for check in checks for edge in check.edges):
            graph.add(edge)
        answers, refused = calculator.resolve_validation_graph(graph)
        rows = answers.get(row_count.id, 0)
        return [
            _result(rule, check, rows, answers, refused, library)
            for rule, check in zip(standard.rules, checks, strict=True)
        ]
    finally:
        library.close()


_made: dict[tuple[str, str], _Check] = {}  # by rule type and settings
_MADE_AT_MOST = 2_000


def _check(rule: Rule, calculator: MetricsCalculator, library: DuckDBExecutionEngine) -> _Check:
    """A rule and the graph of its metrics, made once: neither says anything of the table, only the answers do.

    A small file's judging was mostly this: the library writes out every setting, the lists of codes among them, for
    the id of each of a rule's dozen metrics.
    """
    key = (rule.type, repr(sorted(rule.kwargs.items())))
    check = _made.get(key)
    if check is None:
        try:
            expectation, needs = _expectation(rule, library)
            graph = calculator.build_metric_dependency_graph(list(needs.values()))
        except Exception as error:
            return _Check(error=type(error).__name__)
        check = _Check(expectation, needs, tuple(graph.edges))
        if len(_made) >= _MADE_AT_MOST:  # each period brings rules of its own
            _made.clear()
        _made[key] = check
    return check


def _expectation(rule: Rule, library: DuckDBExecutionEngine) -> tuple[Any, Mapping[str, Any]]:
    """The library's expectation for a rule and the metrics it asks for."""
    settings = {**rule.kwargs, "batch_id": _BATCH}
    expectation = ExpectationConfiguration(type=rule.type, kwargs=settings).to_domain_obj()
    needs = expectation.get_validation_dependencies(
        execution_engine=library, runtime_configuration=_COUNTS_ONLY
    ).metric_configurations
    return expectation, needs


def _result(
    rule: Rule,
    check: _Check,
    rows: int,
    answers: Mapping[Any, Any],
    refused: Mapping[Any, Any],
    library: DuckDBExecutionEngine,
) -> RuleResult:
    """The outcome of a rule, from the metrics that were computed and those that raised."""
    error = check.error
    unanswered = [metric for metric in check.needs.values() if metric.id not in answers]
    if error is None and unanswered:
        # The library would call a rule without its counts "vacuously true".
        stopped = [refused[metric.id] for metric in _with_dependencies(unanswered) if metric.id in refused]
        error = stopped[0]["exception_info"]["exception_message"] if stopped else "MetricError"
    if error is None:
        try:
            return _judged(rule, check, rows, answers, library)
        except Exception as raised:
            error = type(raised).__name__
    return RuleResult(rule, "could_not_run", 0, 0, error=error)


def _judged(
    rule: Rule, check: _Check, rows: int, answers: Mapping[Any, Any], library: DuckDBExecutionEngine
) -> RuleResult:
    metrics = {name: answers[metric.id] for name, metric in check.needs.items()}
    verdict = check.expectation._validate(
        metrics=metrics, runtime_configuration=_COUNTS_ONLY, execution_engine=library
    )
    outcome: Outcome = "passed" if verdict["success"] else "failed"
    kind = getattr(check.expectation, "map_metric", None) or "unexpected_rows_query"
    failed = metrics.get(f"{kind}.unexpected_count", metrics.get(f"{kind}.row_count"))
    if failed is None:
        return RuleResult(rule, outcome, rows, 0)
    checked = metrics.get("table.row_count", rows)
    if kind != "column_values.nonnull":
        checked -= metrics.get("column_values.nonnull.unexpected_count") or 0  # no sum over no rows
    checked = metrics.get(f"{kind}.filtered_row_count", checked)
    query = _failing_rows(check, kind, answers, library) if outcome == "failed" else None
    return RuleResult(rule, outcome, int(checked), int(failed), query)


def _failing_rows(check: _Check, kind: str, answers: Mapping[Any, Any], library: DuckDBExecutionEngine) -> str:
    """A query for `_row` of the rows that break a rule, from the condition the library counted by."""
    if kind == "unexpected_rows_query":
        query = f"SELECT _row FROM ({answers[check.needs[f'{kind}.table'].id]}) AS failing"
        library.execute_query(sa.text(f"{query} LIMIT 0"))  # raises when the rule's own query gives no _row
        return query
    counted = [check.needs[f"{kind}.unexpected_count"]]
    condition, compute, accessor = next(
        answers[metric.id] for metric in _with_dependencies(counted) if metric.metric_name == f"{kind}.condition"
    )
    records = library.get_domain_records({**compute, **accessor})
    rows = records.subquery() if isinstance(records, sa.Select) else records
    if kind == "column_values.unique":  # counted on the column alone, without _row
        column: sa.ColumnClause[Any] = sa.column(accessor["column"])
        repeated = sa.select(column).select_from(rows).group_by(column).having(sa.func.count() > 1)
        condition = column.in_(repeated.correlate(None))
    select: sa.Select[Any] = sa.select(sa.column("_row")).where(condition)
    if not select.get_final_froms():  # a rule on several columns brings the rows it counted along
        select = select.select_from(rows)
    return literal_sql(select, library.engine)


def _with_dependencies(metrics: Iterable[Any]) -> Iterator[Any]:
    """Metrics and all they are made from."""
    for metric in metrics:
        yield metric
        yield from _with_dependencies(metric.metric_dependencies.values())
