"""Examples from the agreed definitions: what a column's cell may hold, and a value that a rule passes and one it fails.

Made from the contract's own examples, its code lists and the rule's settings; synthetic, and the same every time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from schemas.codelist import Codelist
from schemas.contract import Column, Contract
from schemas.standard import Rule

BLANK = "(blank)"
BY_TYPE = {
    "integer": "12",
    "number": "12.5",
    "boolean": "true",
    "timestamp": "2009-07-14T09:30:00",
    "string": "text",
}
BY_DATE_FORMAT = {
    "yyyy-MM-dd": "2009-07-14",
    "dd/MM/yyyy": "14/07/2009",
    "yyyy-MM": "2009-07",
    "ddMMMyyyy": "14JUL2009",
    "yyyy-MM-dd'T'HH:mm:ssXXX": "2009-07-14T09:30:00+01:00",
}


def example_of(column: Column, codelists: Mapping[str, Codelist]) -> str:
    """A synthetic value for a column: its contract's own example, else a code of its list, else one of its type."""
    if column.examples:
        return column.examples[0]
    if column.codelist and codelists[column.codelist]:
        return codelists[column.codelist][0][0]
    if column.logical_type == "date":
        return BY_DATE_FORMAT[str(column.date_format)]
    return BY_TYPE[column.logical_type]


def rule_examples(rule: Rule, contract: Contract, codelists: Mapping[str, Codelist]) -> tuple[str, str]:
    """What passes a rule and what fails it, each as a person would write it; two empty texts where none is plain."""
    columns = [column for column in contract.columns if column.name in rule.columns]
    usual = example_of(columns[0], codelists) if columns else ""
    match rule.type:
        case "expect_table_row_count_to_be_between":
            return "a file with a row", "a file with no row"
        case "expect_column_values_to_not_be_null":
            return usual, BLANK
        case "expect_column_values_to_be_null":
            return (
                ("every cell can be read", "a cell that is no date or number") if not columns else (BLANK, usual)
            )
        case "expect_column_values_to_be_in_set":
            return _in_set(rule.kwargs["value_set"], columns, codelists)
        case "expect_column_values_to_be_between":
            return _between(rule.kwargs, usual)
        case "expect_compound_columns_to_be_unique":
            named = " and ".join(f"'{column.header}'" for column in columns)
            return f"each {named} once", "the same twice, with different values beside it"
        case "expect_column_pair_values_a_to_be_greater_than_b":
            first, second = (contract.header_of(rule.kwargs[key]) for key in ("column_A", "column_B"))
            return f"'{first}' after or above '{second}'", f"'{first}' before or below '{second}'"
        case "expect_column_value_lengths_to_be_between" if rule.kwargs.get("max_value") is not None:
            longest = rule.kwargs["max_value"]
            return f"a text of {longest} characters", f"a text of {longest + 1} characters"
        case "expect_column_unique_value_count_to_be_between":
            return _as_many(rule.kwargs, f"'{columns[0].header}'" if columns else "values")
        case "expect_column_values_to_not_match_regex":
            return usual, "what the rule looks for"
        case "expect_column_to_reach":
            return "a file that reaches to the end of its period", "a file that stops before it"
        case "expect_column_values_to_match_regex":
            return usual, f"a '{columns[0].header}' of another form"
    if columns and "_valid_" in rule.type:
        return usual, usual[:-1]
    return "", ""


def _in_set(
    allowed: Sequence[Any] | str, columns: Sequence[Column], codelists: Mapping[str, Codelist]
) -> tuple[str, str]:
    if not columns:  # a row's place among its copies
        return "a row that stands once", "the same row again"
    if isinstance(allowed, str):
        name = allowed.strip("{}").removeprefix("codelist:")
        codes = [code for code, _ in codelists.get(name, ())]
        return (codes[0] if codes else example_of(columns[0], codelists)), "a code that is not in the list"
    return str(allowed[0]), "anything else"


def _as_many(kwargs: Mapping[str, Any], named: str) -> tuple[str, str]:
    """How many different values a file has: where the number comes from the file's days or lists, in words."""
    least, most = kwargs.get("min_value"), kwargs.get("max_value")
    if least is not None and least == most:
        return f"as many different {named} as agreed", f"more or fewer different {named}"
    if least is not None:
        return f"a file with every {named} that is expected", f"a file that lacks some {named}"
    return f"a file with no more {named} than agreed", f"a file with more {named} than agreed"


def _between(kwargs: Mapping[str, Any], usual: str) -> tuple[str, str]:
    low, high = kwargs.get("min_value"), kwargs.get("max_value")
    if isinstance(low, str) or isinstance(high, str):
        return "a day in the period", "a day outside the period"
    if low is not None:
        return str(low), str(low - 1)
    return (str(high), str(high + 1)) if high is not None else (usual, "")
