"""The Met, British Transport Police and City of London files as published on data.police.uk."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flows.drain import drain
from flows.land import deliver
from flows.settings import Settings

pytestmark = pytest.mark.realdata
At = Callable[[str], Settings]


def take_in(settings: Settings, *files: Path) -> list[dict[str, Any]]:
    for file in files:
        deliver(settings, file, "police/street_crime")
    return drain(settings)


def counted(row: dict[str, Any]) -> tuple[int, int, int, int]:
    return (row["rows_received"], row["rows_accepted"], row["rows_quarantined"], row["rows_out_of_scope"])


def test_three_met_months(at: At, realdata: Path) -> None:
    months = [realdata / "police" / f"2018-0{month}-metropolitan-street.csv" for month in (1, 2, 3)]
    found = take_in(at("2026-11-01"), *months)
    assert [row["period"] for row in found] == ["2018-01", "2018-02", "2018-03"]
    # In January one row with a Crime ID stands twice, alike in every field: its second copy is quarantined.
    assert [counted(row) for row in found] == [
        (7643, 162, 1, 7480),
        (6614, 126, 0, 6488),
        (6375, 149, 0, 6226),
    ]
    assert [row["decision"] for row in found] == ["accepted_with_exceptions", "accepted", "accepted"]
    assert {row["state"] for row in found} == {"merged"}


def test_a_transport_police_month_stands_beside_a_met_month(at: At, realdata: Path) -> None:
    """53 of its rows lie in the borough, ten under LSOA codes of 2021 that only their names place."""
    settings = at("2026-11-01")
    take_in(settings, realdata / "police" / "2018-01-metropolitan-street.csv")
    (found,) = take_in(settings, realdata / "police" / "2025-01-btp-street.csv")
    assert counted(found) == (3304, 53, 0, 3251)
    assert found["slot"] == "British Transport Police"


def test_the_city_of_london_has_nothing_here_and_hears_so_kindly(at: At, realdata: Path) -> None:
    (found,) = take_in(at("2026-11-01"), realdata / "police" / "2024-01-city-of-london-street.csv")
    assert counted(found) == (734, 0, 0, 734)
    assert found["decision"] == "accepted"
    assert "None of its 734 rows" in found["reason"]
    assert "no error" in found["reason"]


def test_the_same_bytes_twice_run_nothing_twice(at: At, realdata: Path) -> None:
    settings = at("2026-11-01")
    file = realdata / "police" / "2018-02-metropolitan-street.csv"
    take_in(settings, file)
    (again,) = take_in(settings, file)
    assert again["state"] == "duplicate"
    assert again["rows_received"] is None
