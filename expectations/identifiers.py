"""UK identifiers as expectations, `expect_column_values_to_be_valid_<identifier>`; their SQL is in identifiers.sql.

Set-based: DuckDB judges a column in one scan. Well formed is all they say; that the number was ever issued, or the
area exists, is for a code list.
"""

from __future__ import annotations

from expectations.engine import DuckDBExecutionEngine  # isort: skip  # before the library itself

from typing import Any

import sqlalchemy as sa
from great_expectations.expectations.expectation import ColumnMapExpectation
from great_expectations.expectations.metrics.map_metric_provider import (
    ColumnMapMetricProvider,
    column_condition_partial,
)

# What stands after expect_column_values_to_be_valid_, and the macro that says whether a text is one.
IDENTIFIERS = {
    "nhs_number": "is_nhs_number",
    "upn": "is_upn",
    "urn": "is_urn",
    "laestab": "is_laestab",
    "uprn": "is_uprn",
    "postcode": "is_postcode",
    "outward_code": "is_outward_code",
    "gss_code": "is_gss_code",
    "legacy_area_code": "is_legacy_area_code",
    "area_code": "is_area_code",
    "home_office_offence_code": "is_offence_code",
}


def _declare(identifier: str, macro: str) -> type[ColumnMapExpectation]:
    """Register the metric and the expectation of one identifier with the library, as it does when one is defined."""

    def condition(cls: Any, column: sa.ColumnElement[Any], **_: Any) -> sa.ColumnElement[bool]:
        judged: sa.ColumnElement[bool] = getattr(sa.func, macro)(sa.cast(column, sa.String), type_=sa.Boolean)
        return judged

    metric = f"column_values.valid_{identifier}"
    judging = column_condition_partial(engine=DuckDBExecutionEngine)(condition)
    type(f"_Valid_{identifier}", (ColumnMapMetricProvider,), {"condition_metric_name": metric, "_duckdb": judging})
    name = "".join(word.capitalize() for word in identifier.split("_"))
    says = f"Expects every value that is there to be a well-formed {identifier.replace('_', ' ')}."
    return type(  # the library registers it by its name
        f"ExpectColumnValuesToBeValid{name}",
        (ColumnMapExpectation,),
        {"__module__": __name__, "__doc__": says, "map_metric": metric},
    )


EXPECTATIONS = [_declare(identifier, macro) for identifier, macro in IDENTIFIERS.items()]
