"""A person in a notebook checks a data frame by the very rules a delivery meets."""

import re
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from expectations.frame import validate_frame
from schemas.loading import DefinitionError
from tests.expectations.judging import rule, standard

STANDARD = standard(
    rule("expect_table_row_count_to_be_between", "critical", "TST-001", min_value=1),
    rule("expect_column_values_to_be_in_set", id_="TST-002", column="_copy", value_set=[1]),
    rule("expect_column_values_to_be_between", id_="TST-003", column="day", min_value="{period_start}"),
    rule("expect_column_values_to_be_null", id_="TST-004", column="_uncast"),
    rule("expect_column_values_to_be_in_set", id_="TST-005", column="flag", value_set="{codelist:yes_no}"),
)
VALUES = {"period_start": date(2009, 7, 1), "codelists": {"yes_no": ["Y", "N"]}}


def test_failures_come_as_a_small_frame() -> None:
    days = pd.to_datetime(["2009-07-01", "2009-07-01", "2009-06-30", "NaT"])
    frame = pd.DataFrame({"flag": ["Y", "Y", "maybe", None], "day": days})
    found = validate_frame(frame, STANDARD, **VALUES)
    assert list(found.columns) == ["rule_id", "severity", "outcome", "sentence", "failed", "checked"]
    assert found[["rule_id", "failed", "checked"]].values.tolist() == [
        ["TST-002", 1, 4],
        ["TST-003", 1, 3],
        ["TST-005", 1, 3],
    ]
    assert found["sentence"][0] == "Rows that break the rule: 1."


def test_a_sound_frame_gives_no_rows_and_is_left_as_it_was() -> None:
    frame = pd.DataFrame({"flag": ["Y"], "day": pd.to_datetime(["2009-07-01"])})
    assert validate_frame(frame, STANDARD, **VALUES).empty
    assert list(frame.columns) == ["flag", "day"]


def test_an_empty_frame_breaks_the_row_count() -> None:
    frame = pd.DataFrame({"flag": pd.Series([], dtype="str"), "day": pd.to_datetime([])})
    assert list(validate_frame(frame, STANDARD, **VALUES)["rule_id"]) == ["TST-001"]


def test_a_missing_column_is_told_apart_from_bad_rows() -> None:
    found = validate_frame(pd.DataFrame({"flag": ["Y"]}), STANDARD, **VALUES)
    assert found[["rule_id", "outcome"]].values.tolist() == [["TST-003", "could_not_run"]]


def test_a_placeholder_without_a_value_is_asked_for() -> None:
    with pytest.raises(DefinitionError, match="codelist:yes_no"):
        validate_frame(pd.DataFrame({"flag": ["Y"]}), STANDARD, period_start=date(2009, 7, 1))


def test_the_example_of_the_documentation_runs_and_says_what_it_should() -> None:
    """The Python block of docs/standards.md, as a reader would type it."""
    text = (Path(__file__).parents[2] / "docs" / "standards.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    said: dict[str, Any] = {}
    exec(compile(example, "docs/standards.md", "exec"), said)
    broken = said["broken"]
    assert dict(zip(broken["sentence"], broken["failed"], strict=True)) == {
        "Incidents whose reference stands on another row too: 2.": 2,
        "Incidents with a day of recording outside the quarter: 1.": 1,
        "Incidents with a kind that is not in the agreed list: 1.": 1,
        "Incidents in a ward that is not the borough's: 1.": 1,
        "Incidents with a ward code of the wrong form: 1.": 1,
    }
