"""A correction restates the figures that depend on it, no others, and says which moved and by how much."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flows.cli import main
from flows.drain import drain
from flows.land import deliver
from flows.merge import restated_by
from flows.officers.decisions import withdraw
from flows.settings import Settings
from tests.flows.waste import KEY, waste
from warehouse.connection import open_warehouse
from warehouse.values import Moved

At = Callable[[str], Settings]
RECYCLED = "{month},kerbside_recycling,household,paper_card,recycle,{tonnes},"
BURNT = "{month},kerbside_residual,household,residual,efw,{tonnes},"


def quarter(folder: Path, period: str, months: tuple[str, str, str], recycled: int) -> Path:
    """A quarter of 3,000 tonnes burnt and so many recycled, all in its first month."""
    rows = [BURNT.format(month=month, tonnes=1000) for month in months]
    return waste(folder, *rows, RECYCLED.format(month=months[0], tonnes=recycled), name=f"waste_{period}.csv")


def send(settings: Settings, file: Path) -> str:
    deliver(settings, file, KEY)
    (row,) = drain(settings)
    assert row["state"] == "merged"
    return str(row["delivery_id"])


def moved(settings: Settings, delivery_id: str) -> dict[tuple[str, str], Moved]:
    return {(one.indicator, one.period): one for one in restated_by(settings, [delivery_id])}


@pytest.fixture
def half_a_year(at: At, tmp_path: Path) -> tuple[Settings, str, str]:
    """Two quarters of 1,000 tonnes recycled of 4,000: 25 per cent."""
    settings = at("2009-10-20")
    first = send(settings, quarter(tmp_path, "FY2009-Q1", ("2009-04", "2009-05", "2009-06"), 1000))
    second = send(settings, quarter(tmp_path, "FY2009-Q2", ("2009-07", "2009-08", "2009-09"), 1000))
    return settings, first, second


def test_a_new_period_restates_nothing(half_a_year: tuple[Settings, str, str]) -> None:
    settings, first, second = half_a_year
    assert restated_by(settings, [first, second]) == []


def test_a_correction_tells_each_figure_it_moved_and_by_how_much(
    half_a_year: tuple[Settings, str, str], tmp_path: Path
) -> None:
    settings, _, _ = half_a_year
    found = moved(
        settings, send(settings, quarter(tmp_path, "FY2009-Q1", ("2009-04", "2009-05", "2009-06"), 2000))
    )
    assert set(found) == {("NI192", "FY2009-Q1"), ("NI192", "FY2009-Q2")}
    own, later = found["NI192", "FY2009-Q1"], found["NI192", "FY2009-Q2"]
    assert (own.before, own.after, own.ytd_before, own.ytd_after) == (25, 40, 25, 40)
    # the second quarter's own figure stands; its year to date, 3,000 of 9,000, does not
    assert (later.before, later.after, later.ytd_before) == (25, 25, 25)
    assert later.ytd_after == pytest.approx(100 / 3)


def test_a_correction_of_a_later_period_leaves_the_earlier_alone(
    half_a_year: tuple[Settings, str, str], tmp_path: Path
) -> None:
    settings, _, _ = half_a_year
    found = moved(
        settings, send(settings, quarter(tmp_path, "FY2009-Q2", ("2009-07", "2009-08", "2009-09"), 2000))
    )
    assert set(found) == {("NI192", "FY2009-Q2")}


def test_a_withdrawal_tells_what_it_takes_away(half_a_year: tuple[Settings, str, str]) -> None:
    settings, first, _ = half_a_year
    withdraw(settings, first, reason="wrong year", by="A. Officer")
    found = moved(settings, first)["NI192", "FY2009-Q1"]
    assert (found.before, found.after) == (25, None)


def test_the_command_says_it(
    half_a_year: tuple[Settings, str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    settings, _, _ = half_a_year
    deliver(settings, quarter(tmp_path, "FY2009-Q1", ("2009-04", "2009-05", "2009-06"), 2000), KEY)
    monkeypatch.setenv("EXCHANGE_HOME", str(settings.home))
    monkeypatch.setenv("EXCHANGE_NOW", "2009-10-20")
    assert main(["ingest"]) == 0
    said = capsys.readouterr().out
    assert "2 figures were restated:" in said
    assert "laa-2008-11 NI192 FY2009-Q1: 25 -> 40 (+15)" in said
    assert "laa-2008-11 NI192 FY2009-Q2: year to date 25 -> 33.3333 (+8.33333)" in said


def test_the_figures_are_in_the_audit_and_in_its_chain(
    half_a_year: tuple[Settings, str, str], tmp_path: Path
) -> None:
    settings, _, _ = half_a_year
    send(settings, quarter(tmp_path, "FY2009-Q1", ("2009-04", "2009-05", "2009-06"), 2000))
    with open_warehouse(settings.home) as connection:
        rows: list[Any] = connection.execute(
            "SELECT subject FROM warehouse.ledger.audit WHERE event = 'figures.restated'"
        ).fetchall()
    assert len(rows) == 1
