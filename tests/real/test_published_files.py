"""The published attendance extracts (Explore Education Statistics) and the Fingertips file, as published."""

from collections.abc import Callable
from pathlib import Path

import pytest

from flows.cli.status import status
from flows.drain import drain
from flows.land import deliver
from flows.settings import Settings

pytestmark = pytest.mark.realdata
At = Callable[[str], Settings]


def test_nine_attendance_extracts_each_supersede_the_one_before(at: At, realdata: Path) -> None:
    settings = at("2026-11-01")
    files = sorted((realdata / "school" / "EES_ytd_data").glob("*/EES_ytd_data.csv"))
    assert len(files) == 9
    for file in files:
        deliver(settings, file, "schools/published_attendance")
        (found,) = drain(settings)
        assert found["decision"] == "accepted"
        assert found["period"] == "AY2023"
        assert found["rows_received"] == 493
        assert found["rows_quarantined"] == 0
        assert found["rows_accepted"] + found["rows_out_of_scope"] == 493
    states = [row["state"] for row in status(settings)["deliveries"]]
    assert states == ["superseded"] * 8 + ["merged"]


def test_the_fingertips_file(at: At, realdata: Path) -> None:
    settings = at("2026-11-01")
    deliver(settings, realdata / "health" / "la_hospital_admissions_2324.csv", "health/published_indicators")
    (found,) = drain(settings)
    assert found["period"] == "FY2023"
    assert found["decision"] == "accepted"
    assert found["rows_received"] == 7208
    assert found["rows_quarantined"] == 0
    assert found["slot"] == "90284"
    assert found["rows_accepted"] >= 38 + 1
