"""Timeliness of a file as a whole: does what it holds reach to the end of its period, or was it drawn too early?

The library's `expect_column_max_to_be_between` asks the same and puts the greatest value into its result. This one
counts, so that it can be asked of a day about a person too.
"""

from __future__ import annotations

from expectations.engine import DuckDBExecutionEngine  # isort: skip  # before the library itself

from typing import Any

import sqlalchemy as sa
from great_expectations.expectations.expectation import ColumnAggregateExpectation
from great_expectations.expectations.metrics.column_aggregate_metric_provider import (
    ColumnAggregateMetricProvider,
    column_aggregate_partial,
)


class _Reaching(ColumnAggregateMetricProvider):  # type: ignore[misc]
    """How many values are `least` or more."""

    metric_name = "column.reaching"
    value_keys = ("least",)

    @column_aggregate_partial(engine=DuckDBExecutionEngine)  # type: ignore[untyped-decorator]
    def _duckdb(cls, column: sa.ColumnElement[Any], least: Any, **_: Any) -> Any:
        return sa.func.coalesce(sa.func.sum(sa.case((column >= least, 1), else_=0)), 0)


class ExpectColumnToReach(ColumnAggregateExpectation):  # type: ignore[misc]
    """Expects one value of the column at least to be `least` or more."""

    least: Any
    metric_dependencies = ("column.reaching",)
    success_keys = ("least",)

    def _validate(self, metrics: dict[str, Any], **_: Any) -> dict[str, Any]:
        reaching = int(metrics["column.reaching"])
        return {"success": reaching > 0, "result": {"observed_value": reaching}}
