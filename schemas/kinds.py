"""The kinds of rule that a standard has: what a rule looks at, told from its settings.

Audit Commission, "Improving information to support decision making" (2007), and the Government Data Quality Framework
(2020) name the characteristics; these are the places where each can go wrong.
"""

from __future__ import annotations

import re

from schemas.last import lasts_in
from schemas.standard import Rule, Standard

KINDS = {
    "file": "the file as a whole",
    "record": "each row by itself",
    "across_records": "rows beside each other: keys, copies, sums",
    "reference": "codes and identifiers against their lists and check digits",
    "last_period": "against the delivery before",
    "timeliness": "days of the period, late rows, drawn too early",
    "relevance": "nothing that is not asked, and nobody who can be known",
}
_WHOLE = re.compile("table_row_count|unique_value_count|column_sum|column_mean|column_to_reach")
_LISTED = re.compile("_to_be_in_set|_be_valid_")
_BESIDE = re.compile(r"\bOVER\b|\(SELECT\b|\bGROUP BY\b")  # a query that looks at other rows too


def kinds_of(rule: Rule) -> frozenset[str]:
    """Every kind a rule is of: one by what it looks at, and timeliness or relevance where it guards that."""
    guards = {rule.characteristic} & {"timeliness", "relevance"}
    return frozenset({_looks_at(rule), *guards})


def _looks_at(rule: Rule) -> str:
    if list(lasts_in(rule.kwargs)):
        return "last_period"
    if _WHOLE.search(rule.type):
        return "file"
    if "compound_columns" in rule.type or rule.columns == ("_copy",):
        return "across_records"
    if _BESIDE.search(str(rule.kwargs.get("unexpected_rows_query", ""))):
        return "across_records"
    return "reference" if _LISTED.search(rule.type) else "record"


def coverage(standard: Standard) -> dict[str, int]:
    """How many rules of each kind a standard has."""
    found = [kinds_of(rule) for rule in standard.rules]
    return {kind: sum(kind in kinds for kinds in found) for kind in KINDS}
