"""Which figures are withheld, by hand-counted examples (thresholds of DOMAIN.md sections 4.4 and 1.9)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest

from schemas.periods import parse_period
from tests.warehouse.small_partnership import (
    ALL,
    FRAMEWORK,
    NOW,
    WARDS,
    Place,
    add_figures,
    add_indicator,
    category,
    forget_indicators,
    small_partnership,
    ward,
)
from warehouse import disclosure
from warehouse.disclosure import control
from warehouse.disclosure_audit import exposed_cells
from warehouse.publication import RESTRICTED, build_publication
from warehouse.published_database import write_database
from warehouse.reference import MODELS
from warehouse.tables import fill

Q1, Q2, Q3, Q4 = ("FY2008-Q1", "FY2008-Q2", "FY2008-Q3", "FY2008-Q4")
Amounts = tuple[float, float | None]
Figures = Mapping[tuple[str, Place], Amounts]


@pytest.fixture(scope="module")
def kept() -> duckdb.DuckDBPyConnection:
    return small_partnership()


@pytest.fixture
def connection(kept: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    forget_indicators(kept)
    return kept


def by_ward(*counts: float, period: str = Q1) -> dict[tuple[str, Place], Amounts]:
    """A count by ward, with its sum as the headline."""
    figures: dict[tuple[str, Place], Amounts] = {
        (period, ward(code)): (count, None) for code, count in zip(WARDS, counts, strict=False)
    }
    return {**figures, (period, ALL): (sum(counts), None)}


def controlled(
    connection: duckdb.DuckDBPyConnection,
    figures: Figures,
    last: str = "FY2010-Q4",
    **how: Any,
) -> dict[tuple[str, str, str], dict[str, Any]]:
    """The figures past disclosure control, by (period, area, category)."""
    add_figures(connection, figures, **how)
    control(connection, FRAMEWORK, parse_period(last).end)
    cursor = connection.execute("SELECT * FROM disclosure.figure")
    names = [column[0] for column in cursor.description or []]
    rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return {(row["period"], row["area_code"], row["category"]): row for row in rows if row["indicator"] == "I1"}


def withheld(shown: dict[tuple[str, str, str], dict[str, Any]], period: str = Q1) -> list[str]:
    return sorted(
        key[1] if key[2] == "all" else key[2]
        for key, row in shown.items()
        if row["suppressed"] and key[0] == period
    )


def test_a_ward_with_four_offences_shows_neither_count_nor_rate(connection: duckdb.DuckDBPyConnection) -> None:
    add_indicator(connection, kind="rate", over="population", multiplier=1000)
    figures = {(Q1, ward("W1")): (4.0, 10400.0), (Q1, ward("W2")): (40.0, 9000.0), (Q1, ALL): (44.0, 19400.0)}
    row = controlled(connection, figures, multiplier=1000, shared=True)[Q1, "W1", "all"]
    assert [row[c] for c in ("numerator", "value", "lower", "upper", "ytd")] == [None] * 5
    assert row["denominator"] == 10400  # how many live there is public
    assert row["status"] == "confidential"


def test_five_and_zero_are_shown(connection: duckdb.DuckDBPyConnection) -> None:
    add_indicator(connection)
    assert withheld(controlled(connection, by_ward(0, 5, 50))) == []


def test_one_small_ward_takes_the_next_smallest_with_it(connection: duckdb.DuckDBPyConnection) -> None:
    add_indicator(connection)
    assert withheld(controlled(connection, by_ward(3, 12, 20))) == ["W1", "W2"]


def test_two_small_wards_that_are_small_together_take_a_third(connection: duckdb.DuckDBPyConnection) -> None:
    add_indicator(connection)
    assert withheld(controlled(connection, by_ward(1, 2, 20, 30))) == ["W1", "W2", "W3"]


def test_two_small_wards_that_reach_the_threshold_protect_each_other(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    add_indicator(connection)
    assert withheld(controlled(connection, by_ward(1, 4, 20, 30))) == ["W1", "W2"]


def test_five_wards_of_one_each_are_not_told_by_their_sum(connection: duckdb.DuckDBPyConnection) -> None:
    """Five wards and a sum of five: each must be one, unless a zero is withheld with them."""
    add_indicator(connection)
    assert withheld(controlled(connection, by_ward(1, 1, 1, 1, 1, 0))) == list(WARDS)


def test_where_even_that_is_no_help_the_total_goes(connection: duckdb.DuckDBPyConnection) -> None:
    add_indicator(connection)
    assert withheld(controlled(connection, by_ward(1, 1, 1, 1, 1, 1))) == ["B1", *WARDS]


def test_a_small_total_of_four_ones_takes_a_zero_with_it(connection: duckdb.DuckDBPyConnection) -> None:
    """A total below five, made of four wards, can only be four."""
    add_indicator(connection)
    assert withheld(controlled(connection, by_ward(1, 1, 1, 1, 0, 0))) == ["B1", "W1", "W2", "W3", "W4", "W5"]


def test_categories_are_protected_from_their_headline(connection: duckdb.DuckDBPyConnection) -> None:
    add_indicator(connection)
    figures = {
        (Q1, category("sex", "F")): (2.0, None),
        (Q1, category("sex", "M")): (70.0, None),
        (Q1, ALL): (72.0, None),
    }
    assert withheld(controlled(connection, figures)) == ["F", "M"]


def test_a_withheld_headline_is_not_given_away_by_another_breakdown(connection: duckdb.DuckDBPyConnection) -> None:
    """All six wards are ones, so the headline goes; the categories that add up to it may not all stay."""
    add_indicator(connection)
    figures = by_ward(1, 1, 1, 1, 1, 1) | {
        (Q1, category("sex", "F")): (6.0, None),
        (Q1, category("sex", "M")): (0.0, None),
    }
    assert withheld(controlled(connection, figures)) == ["B1", "F", *WARDS]


def test_all_but_three_is_as_telling_as_three(connection: duckdb.DuckDBPyConnection) -> None:
    add_indicator(connection, kind="percent", over="measure", multiplier=100, cumulative=False)
    figures = {(Q1, ward("W1")): (97.0, 100.0), (Q1, ward("W2")): (50.0, 100.0), (Q1, ward("W3")): (10.0, 90.0)}
    shown = controlled(connection, figures | {(Q1, ALL): (157.0, 290.0)}, multiplier=100)
    assert withheld(shown) == ["W1", "W3"]
    assert shown[Q1, "W1", "all"]["denominator"] is None  # it counts people too


def test_a_hundred_per_cent_is_not_told_by_a_sum_of_none(connection: duckdb.DuckDBPyConnection) -> None:
    """Two small wards in which all are counted: what is left over adds up to nothing, so a third goes too."""
    add_indicator(connection, kind="percent", over="measure", multiplier=100, cumulative=False)
    figures = {(Q1, ward("W1")): (3.0, 3.0), (Q1, ward("W2")): (4.0, 4.0), (Q1, ward("W3")): (30.0, 60.0)}
    assert withheld(controlled(connection, figures | {(Q1, ALL): (37.0, 67.0)})) == ["W1", "W2", "W3"]


def test_the_attack_takes_a_hundred_per_cent_for_recovered(connection: duckdb.DuckDBPyConnection) -> None:
    """The same wards with the third shown: how many they are stays open, that it is all of them does not."""
    add_indicator(connection, kind="percent", over="measure", multiplier=100, cumulative=False)
    figures = {(Q1, ward("W1")): (3.0, 3.0), (Q1, ward("W2")): (4.0, 4.0), (Q1, ward("W3")): (30.0, 60.0)}
    controlled(connection, figures | {(Q1, ALL): (37.0, 67.0)})
    assert exposed_cells(connection) == []
    connection.execute("UPDATE disclosure.cell SET hidden = false WHERE area_code = 'W3'")
    wards = "SELECT cell FROM disclosure.cell WHERE area_code IN ('W1', 'W2') ORDER BY ALL"
    small = [cell for (cell,) in connection.execute(wards).fetchall()]
    assert exposed_cells(connection) == small


def test_a_mean_over_four_people_is_withheld(connection: duckdb.DuckDBPyConnection) -> None:
    add_indicator(connection, kind="mean", over="measure", cumulative=False)
    figures = {(Q1, ward("W1")): (80.0, 4.0), (Q1, ward("W2")): (900.0, 60.0), (Q1, ALL): (980.0, 64.0)}
    assert withheld(controlled(connection, figures)) == ["W1", "W2"]


def test_what_a_later_step_made_needless_is_shown_again(connection: duckdb.DuckDBPyConnection) -> None:
    """Two small categories take the third with them, then their headline as well: the third is not needed any more."""
    add_indicator(connection, kind="percent", over="measure", multiplier=100, cumulative=False)
    by_sex = {
        (Q1, category("sex", name)): (float(all_of), float(all_of))
        for name, all_of in zip("FMX", (7, 1, 1), strict=True)
    }
    figures = {(Q1, ALL): (9.0, 9.0), (Q1, ward("W1")): (0.0, 0.0), (Q1, ward("W2")): (9.0, 9.0)}
    assert withheld(controlled(connection, figures | by_sex, multiplier=100)) == ["B1", "M", "W2", "X"]


def test_a_year_to_date_is_withheld_from_the_small_quarter_to_the_end_of_its_year(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    add_indicator(connection)
    counts = {Q1: 20, Q2: 3, Q3: 30, Q4: 40, "FY2009-Q1": 10}
    shown = controlled(connection, {(period, ALL): (count, None) for period, count in counts.items()})
    assert [shown[period, "B1", "all"]["value"] for period in counts] == [20, None, 30, 40, 10]
    assert [shown[period, "B1", "all"]["ytd"] for period in counts] == [20, None, None, None, 10]
    assert shown[Q3, "B1", "all"]["status"] == "year to date confidential"
    assert shown[Q3, "B1", "all"]["ytd_suppressed"]
    assert not shown[Q3, "B1", "all"]["suppressed"]


def test_what_is_withheld_of_a_period_does_not_depend_on_later_ones(connection: duckdb.DuckDBPyConnection) -> None:
    add_indicator(connection)
    figures = by_ward(3, 12, 20) | by_ward(30, 2, 9, period=Q2)
    early = controlled(connection, figures, last=Q1)
    connection.execute("DELETE FROM warehouse.merged.value")
    late = controlled(connection, figures, last=Q2)
    assert early == {key: row for key, row in late.items() if key[0] == Q1}


def test_a_snapshot_is_withheld_for_its_own_day_only(connection: duckdb.DuckDBPyConnection) -> None:
    add_indicator(connection, kind="snapshot", cumulative=False)
    shown = controlled(connection, {(Q1, ALL): (3.0, None), (Q2, ALL): (30.0, None)}, latest=True)
    assert shown[Q1, "B1", "all"]["ytd"] is None
    assert shown[Q2, "B1", "all"]["ytd"] == 30


def test_the_strictest_agreement_wins(connection: duckdb.DuckDBPyConnection) -> None:
    add_indicator(connection, threshold=5)
    row = (FRAMEWORK, "I1", "numerator", "health", "other", "cases", None, 1)
    fill(connection, MODELS / "tables.yaml", "term", [row])
    fill(
        connection,
        MODELS / "tables.yaml",
        "agreement",
        [("other-agreement", "health", "other", 10, 0, ["public"], ["strategic"])],
    )
    assert withheld(controlled(connection, by_ward(8, 30, 40))) == ["W1", "W2"]


def test_a_dataset_without_an_agreement_counts_as_strict(connection: duckdb.DuckDBPyConnection) -> None:
    add_indicator(connection, threshold=None)
    assert withheld(controlled(connection, by_ward(4, 30, 40))) == ["W1", "W2"]


def test_an_agreement_of_zero_withholds_nothing(connection: duckdb.DuckDBPyConnection) -> None:
    add_indicator(connection, threshold=0)
    assert withheld(controlled(connection, by_ward(1, 30, 40))) == []


def test_the_reason_does_not_tell_small_numbers_from_those_that_protect_them(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    add_indicator(connection)
    shown = controlled(connection, by_ward(3, 12, 20))
    reasons = {row["suppressed_reason"] for row in shown.values() if row["suppressed"]}
    assert reasons == {"Withheld to protect people: a number below 5 stands in it or could be worked out from it."}


def test_a_count_that_stands_elsewhere_is_not_what_protects_another(connection: duckdb.DuckDBPyConnection) -> None:
    """Robberies are a type of all crime and an indicator of their own: burglaries are withheld with the weapons."""
    robberies(connection)
    figures = {
        (Q1, category("type", name)): (count, None) for name, count in {"R": 26.0, "B": 40.0, "W": 3.0}.items()
    }
    assert withheld(controlled(connection, figures | {(Q1, ALL): (69.0, None)})) == ["B", "W"]


def test_where_it_must_be_it_is_withheld_there_too(connection: duckdb.DuckDBPyConnection) -> None:
    robberies(connection)
    figures = {(Q1, category("type", "R")): (26.0, None), (Q1, category("type", "W")): (3.0, None)}
    shown = controlled(connection, figures | {(Q1, ALL): (29.0, None)})
    assert withheld(shown) == ["R", "W"]
    found = connection.execute("SELECT suppressed FROM disclosure.figure WHERE indicator = 'I2'").fetchall()
    assert found == [(True,)]


def robberies(connection: duckdb.DuckDBPyConnection) -> None:
    add_indicator(connection, "I1", dataset="crime")
    add_indicator(connection, "I2", dataset="crime")
    add_figures(connection, {(Q1, ALL): (26.0, None)}, "I2")


def test_a_missing_figure_is_missing_not_confidential(connection: duckdb.DuckDBPyConnection) -> None:
    add_indicator(connection)
    add_figures(connection, {(Q1, ALL): None})
    control(connection, FRAMEWORK, parse_period(Q1).end)
    assert connection.execute("SELECT status, suppressed FROM disclosure.figure").fetchall() == [
        ("missing", False)
    ]


def released(
    connection: duckdb.DuckDBPyConnection, figures: Figures, previous: Path | None, folder: Path
) -> tuple[dict[tuple[str, str], dict[str, Any]], Path]:
    """The figures of the next release of the same year, by (period, area), and the file it is published in."""
    connection.execute("DELETE FROM warehouse.merged.value")
    add_figures(connection, figures)
    made = build_publication(connection, FRAMEWORK, parse_period(Q2), NOW, previous=previous)
    file = folder / f"{len(list(folder.iterdir()))}.duckdb"
    write_database(connection, made, file, previous, RESTRICTED)
    cursor = connection.execute("SELECT * FROM performance.indicator")
    names = [column[0] for column in cursor.description or []]
    rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return {(row["period"], row["area_code"]): row for row in rows}, file


def kept_back(shown: dict[tuple[str, str], dict[str, Any]]) -> list[str]:
    return sorted(area for (_, area), row in shown.items() if row["suppressed"])


def test_what_was_withheld_stays_withheld_when_a_correction_makes_it_large(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """W2 has not moved: shown now, it would tell what W1 was."""
    add_indicator(connection)
    first, file = released(connection, by_ward(3, 12, 20), None, tmp_path)
    second, _ = released(connection, by_ward(30, 12, 20), file, tmp_path)
    assert kept_back(first) == kept_back(second) == ["W1", "W2"]


def test_what_was_published_before_protects_nothing(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """W1 is corrected from 30 to 3. The other wards stand in the first release: only the total can hide it."""
    add_indicator(connection)
    first, file = released(connection, by_ward(30, 12, 20), None, tmp_path)
    second, _ = released(connection, by_ward(3, 12, 20), file, tmp_path)
    assert kept_back(first) == []
    assert kept_back(second) == ["B1", "W1"]


def test_the_same_release_again_withholds_the_same(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    add_indicator(connection)
    first, file = released(connection, by_ward(1, 2, 20, 30, 0, 9), None, tmp_path)
    second, _ = released(connection, by_ward(1, 2, 20, 30, 0, 9), file, tmp_path)
    assert first == second


def test_counts_are_rounded_where_the_agreement_says_so(connection: duckdb.DuckDBPyConnection) -> None:
    """To the nearest 5, and the percentage is that of the rounded counts (DOMAIN.md section 4.4)."""
    add_indicator(connection, kind="percent", over="measure", multiplier=100, cumulative=False, round_to=5)
    row = controlled(connection, {(Q1, ALL): (42.0, 104.0)}, multiplier=100)[Q1, "B1", "all"]
    assert (row["numerator"], row["denominator"]) == (40, 105)
    assert round(row["value"], 3) == round(row["ytd"], 3) == 38.095
    assert row["lower"] < 38.095 < row["upper"]


def test_a_database_made_before_releases_kept_their_memory_says_nothing(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    previous = tmp_path / "exchange.duckdb"
    with duckdb.connect(str(previous)) as made:
        made.execute("CREATE TABLE other AS SELECT 1 AS one")
    add_indicator(connection)
    add_figures(connection, by_ward(3, 12, 20))
    control(connection, FRAMEWORK, parse_period(Q1).end, previous)
    hidden = connection.execute("SELECT area_code FROM disclosure.figure WHERE suppressed ORDER BY ALL").fetchall()
    assert hidden == [("W1",), ("W2",)]
    assert ("earlier",) not in connection.execute("SELECT database_name FROM duckdb_databases()").fetchall()


def test_what_the_solver_works_out_takes_one_more_with_it_and_is_attacked_again(
    connection: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rounds leave so little to the solver that here it is told to find the first withheld number once."""
    asked: list[list[int]] = []

    def finds_one_at_first(within: duckdb.DuckDBPyConnection) -> list[int]:
        first = within.execute("SELECT min(cell) FROM disclosure.cell WHERE hidden").fetchall()[0]
        asked.append(list(first) if not asked else exposed_cells(within))
        return asked[-1]

    monkeypatch.setattr(disclosure, "exposed_cells", finds_one_at_first)
    monkeypatch.setattr(disclosure, "show_spare_cells", lambda *_: None)
    add_indicator(connection)
    assert withheld(controlled(connection, by_ward(3, 12, 20, 30))) == ["W1", "W2", "W3"]
    assert asked[1:] == [[]]
