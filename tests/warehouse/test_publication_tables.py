"""A publication's tables: what stands in them, worked out by hand, and what may not."""

import itertools
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from schemas.periods import Period, parse_period
from tests.warehouse.small_partnership import (
    ALL,
    BOROUGH,
    FRAMEWORK,
    NOW,
    Place,
    add_delivery,
    add_figures,
    add_indicator,
    category,
    small_partnership,
    ward,
)
from warehouse.publication import (
    CONTENT,
    RESTRICTED,
    TABLES,
    Publication,
    build_publication,
    publication_frames,
)
from warehouse.published_database import write_database
from warehouse.tables import definition

INDICATOR_COLUMNS = [
    "framework", "period", "period_start", "period_end", "priority", "indicator", "name", "layer",
    "lead_partner", "unit", "polarity", "area_code", "area_name", "breakdown", "category", "numerator",
    "denominator", "value", "lower", "upper", "baseline", "target", "ytd", "ytd_target", "rag",
    "direction_short", "direction_long", "forecast", "data_quality", "provisional", "suppressed", "status",
    "commentary", "publication_id",
    # the design's above, in its order; then what else is told of a figure
    "forecast_method", "comparable_from", "basis", "stated_by", "measured_on", "carried_forward", "carried_from",
]  # fmt: skip
QUARTERS = ("FY2008-Q1", "FY2008-Q2", "FY2008-Q3", "FY2008-Q4", "FY2009-Q1", "FY2009-Q2")


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    return small_partnership()


def build(connection: duckdb.DuckDBPyConnection, period: str = "FY2009-Q2", **how: Any) -> Publication:
    return build_publication(connection, FRAMEWORK, parse_period(period), how.pop("published_at", NOW), **how)


def rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    cursor = connection.execute(query)
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def headline(connection: duckdb.DuckDBPyConnection, period: str, indicator: str = "I1") -> dict[str, Any]:
    (row,) = rows(
        connection,
        f"SELECT * FROM performance.indicator WHERE indicator = '{indicator}' AND period = '{period}' "
        f"AND area_code = '{BOROUGH}' AND breakdown = 'all'",
    )
    return row


def yearly(*counts: float | None) -> dict[tuple[str, Place], tuple[float, float | None] | None]:
    return {
        (quarter, ALL): None if count is None else (count, None)
        for quarter, count in zip(QUARTERS, counts, strict=False)
    }


def test_the_columns_are_those_of_the_design_in_their_order(connection: duckdb.DuckDBPyConnection) -> None:
    add_indicator(connection)
    add_figures(connection, yearly(20))
    build(connection)
    described = connection.execute("DESCRIBE performance.indicator").fetchall()
    assert [row[0] for row in described] == INDICATOR_COLUMNS


def test_every_table_and_column_has_a_comment(connection: duckdb.DuckDBPyConnection) -> None:
    build(connection)
    tables = connection.execute(
        "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'performance' AND comment IS NOT NULL"
    ).fetchall()
    assert {row[0] for row in tables} == set(TABLES)
    bare = "SELECT table_name, column_name FROM duckdb_columns() WHERE schema_name = 'performance' AND comment IS NULL"
    assert connection.execute(bare).fetchall() == []


def test_a_cumulative_count_is_judged_by_its_part_of_the_target(connection: duckdb.DuckDBPyConnection) -> None:
    """DOMAIN 1.9, NI 16: 2,610 offences among 172,000 by the second quarter, target 30.0 a year: Green."""
    add_indicator(connection, kind="rate", over="population", multiplier=1000, decimals=2, targets={"FY2008": 30})
    figures: dict[tuple[str, Place], tuple[float, float | None] | None] = {
        ("FY2008-Q1", ALL): (1330, 172000),
        ("FY2008-Q2", ALL): (1280, 172000),
    }
    add_figures(connection, figures, multiplier=1000, shared=True)
    build(connection, "FY2008-Q2")
    row = headline(connection, "FY2008-Q2")
    assert round(row["ytd"], 2) == 15.17
    assert (row["ytd_target"], row["target"], row["baseline"]) == (15.0, 30.0, 100.0)
    assert row["rag"] == "Green"
    assert (round(row["forecast"], 2), row["forecast_method"]) == (30.35, "straight line")
    assert row["direction_short"] == "no clear change", "1,330 and 1,280 may differ by chance alone"


def test_a_snapshot_is_judged_by_the_target_itself(connection: duckdb.DuckDBPyConnection) -> None:
    """DOMAIN 1.9, NI 156: the year to date at the fourth quarter is 1,400, not 5,840."""
    add_indicator(connection, kind="snapshot", cumulative=False, targets={"FY2008": 1450})
    add_figures(connection, yearly(1510, 1480, 1450, 1400), latest=True)
    build(connection, "FY2008-Q4")
    row = headline(connection, "FY2008-Q4")
    assert (row["ytd"], row["ytd_target"], row["rag"], row["forecast"]) == (1400, 1450, "Green", 1400)
    assert row["forecast_method"] == "outturn"


@pytest.mark.parametrize(("last_year", "rag"), [(78, "Amber"), (82, "Red")])
def test_off_target_is_amber_only_when_better_than_last_year(
    connection: duckdb.DuckDBPyConnection, last_year: int, rag: str
) -> None:
    """DOMAIN 1.9, Havering: target 90, high is good, actual 80."""
    add_indicator(connection, kind="snapshot", cumulative=False, polarity="high", targets={"FY2009": 90})
    add_figures(connection, yearly(last_year, 85, 85, 85, 80), latest=True)
    build(connection, "FY2009-Q1")
    assert headline(connection, "FY2009-Q1")["rag"] == rag


@pytest.mark.parametrize("targets", [{}, {"FY2008": None}])
def test_without_an_agreed_target_it_is_never_green(
    connection: duckdb.DuckDBPyConnection, targets: dict[str, float | None]
) -> None:
    add_indicator(connection, targets=targets)
    add_figures(connection, yearly(20))
    build(connection, "FY2008-Q1")
    row = headline(connection, "FY2008-Q1")
    assert (row["target"], row["ytd_target"], row["rag"]) == (None, None, "No target")


def test_wards_and_categories_have_no_target_of_their_own(connection: duckdb.DuckDBPyConnection) -> None:
    add_indicator(connection, targets={"FY2008": 100})
    add_figures(
        connection,
        yearly(70) | {("FY2008-Q1", ward("W1")): (70, None), ("FY2008-Q1", category("sex", "F")): (70, None)},
    )
    build(connection, "FY2008-Q1")
    found = connection.execute(
        "SELECT DISTINCT target, rag FROM performance.indicator WHERE area_code = 'W1' OR category = 'F'"
    )
    assert found.fetchall() == [(None, "No target")]


def test_what_is_not_in_is_missing_and_never_zero(connection: duckdb.DuckDBPyConnection) -> None:
    add_indicator(connection, targets={"FY2008": 100})
    add_figures(connection, yearly(20, None))
    build(connection, "FY2008-Q2")
    row = headline(connection, "FY2008-Q2")
    assert (row["value"], row["ytd"], row["status"]) == (None, None, "missing")
    assert (row["rag"], row["data_quality"], row["direction_short"]) == ("No data", "not received", None)


def test_nothing_is_derived_from_a_withheld_figure(connection: duckdb.DuckDBPyConnection) -> None:
    """Neither its own RAG, arrows and forecast, nor the arrows and the RAG of figures that look back at it."""
    add_indicator(connection, kind="snapshot", cumulative=False, targets={"FY2008": 10, "FY2009": 10})
    add_figures(connection, yearly(3, 20, 30, 40, 50), latest=True)
    build(connection, "FY2009-Q1")
    small, after, a_year_later = (headline(connection, q) for q in ("FY2008-Q1", "FY2008-Q2", "FY2009-Q1"))
    assert small["suppressed"]
    gone = ("numerator", "value", "lower", "upper", "ytd", "rag", "direction_short", "direction_long", "forecast")
    assert [small[column] for column in gone] == [None] * len(gone)
    assert after["direction_short"] is None
    assert a_year_later["direction_long"] is None
    assert a_year_later["rag"] == "Red"  # nothing shows that it improved


def test_row_counts_that_could_be_the_withheld_figure_are_left_out(connection: duckdb.DuckDBPyConnection) -> None:
    add_indicator(connection)
    add_figures(connection, yearly(3, 20))
    add_delivery(connection, "FY2008-Q1", rows=(9, 7, 2), sequence=1)
    add_delivery(connection, "FY2008-Q2", rows=(30, 28, 2), sequence=2)
    build(connection, "FY2008-Q2")
    for table in ("provenance", "data_quality"):
        counts = connection.execute(
            f"SELECT DISTINCT delivery_id, rows_received, rows_accepted FROM performance.{table} ORDER BY 1"
        ).fetchall()
        assert [row[1:] for row in counts] == [(None, None), (30, 28)], table


def test_a_delivery_with_few_rows_does_not_tell_how_few(connection: duckdb.DuckDBPyConnection) -> None:
    add_indicator(connection)
    add_figures(connection, yearly(0))
    add_delivery(connection, "FY2008-Q1", rows=(3, 3, 0))
    build(connection, "FY2008-Q1")
    assert rows(connection, "SELECT * FROM performance.provenance")[0]["rows_accepted"] is None


def test_provenance_names_the_deliveries_of_the_period_and_of_the_year_to_date(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    model = tmp_path / "model.sql"
    model.write_text("SELECT 1", encoding="utf-8")
    add_indicator(connection)
    add_figures(connection, yearly(20, 30))
    first, second = (add_delivery(connection, quarter, sequence=i) for i, quarter in enumerate(QUARTERS[:2], 1))
    add_delivery(connection, "FY2008-Q2", sequence=3, state="superseded")
    build(connection, "FY2008-Q2", contribution_model=lambda key: model)
    found = rows(
        connection, "SELECT * FROM performance.provenance WHERE period = 'FY2008-Q2' ORDER BY delivery_id"
    )
    assert [(row["delivery_id"], row["feeds"]) for row in found] == [(first, "year to date"), (second, "value")]
    told = found[1]
    assert (told["rows_received"], told["rows_accepted"], told["rows_quarantined"], told["rules_failed"]) == (
        30,
        28,
        2,
        1,
    )
    assert told["agreement_id"] == "i1-agreement"
    assert told["model"] == "warehouse/models/contributions/police/data_i1.sql"
    assert told["model_sha256"] == "e004ebd5b5532a4b85984a62f8ad48a81aa3460c1ca07701f386135d72cdecf5"


def test_rows_set_aside_show_in_the_figure(connection: duckdb.DuckDBPyConnection) -> None:
    add_indicator(connection)
    add_figures(connection, yearly(20))
    add_delivery(connection, "FY2008-Q1", decision="accepted_with_exceptions")
    build(connection, "FY2008-Q1")
    assert headline(connection, "FY2008-Q1")["data_quality"] == "with exceptions"


def test_data_quality_says_what_became_of_each_extract(connection: duckdb.DuckDBPyConnection) -> None:
    add_indicator(connection)
    add_figures(connection, yearly(20))
    add_delivery(connection, "FY2008-Q1", sequence=1)
    add_delivery(connection, "FY2008-Q1", sequence=2, state="rejected", decision="rejected")
    add_delivery(connection, "FY2008-Q2", sequence=3, state="rejected", decision="rejected", rows=(9, 0, 9))

    def due_on(key: str, period: Period) -> date:
        assert key == "police/data_i1"
        return period.end + timedelta(days=21)

    build(connection, due_on=due_on)
    found = {row["period"]: row for row in rows(connection, "SELECT * FROM performance.data_quality")}
    assert list(found) == [*QUARTERS]
    assert found["FY2008-Q1"]["state"] == "merged"
    assert found["FY2008-Q1"]["sentence"] == (
        "Received on 15 July 2009 and accepted. 2 rows have an offence code that is not in the list. "
        "A newer file was not accepted; this one stays in use."
    )
    assert found["FY2008-Q2"]["state"] == "rejected"
    assert found["FY2008-Q2"]["sentence"].startswith("The file of 15 July 2009 was not accepted.")
    assert found["FY2009-Q1"]["sentence"] == "Not received; it was due on 21 July 2009."
    assert found["FY2009-Q2"]["state"] == "due"
    owed = publication_frames(connection, "board")["due"]
    assert list(owed["state"]) == ["overdue"] * 4 + ["due"]


def test_comparators_stand_in_a_table_of_their_own(connection: duckdb.DuckDBPyConnection) -> None:
    add_indicator(connection)
    add_figures(connection, yearly(20) | {("FY2008-Q1", ("C1", "all", "all")): (9000, None)})
    build(connection, "FY2008-Q1")
    assert [row["area_name"] for row in rows(connection, "SELECT * FROM performance.indicator")] == [
        "Littleborough"
    ]
    assert [(r["area_name"], r["value"]) for r in rows(connection, "SELECT * FROM performance.comparator")] == [
        ("Country", 9000)
    ]


def test_priorities_count_their_figures_by_status(connection: duckdb.DuckDBPyConnection) -> None:
    add_indicator(connection, "I1", targets={"FY2008": 100})
    add_indicator(connection, "I2", targets={"FY2008": 10})
    add_indicator(connection, "I3", targets={"FY2008": 10})
    for indicator, count in (("I1", 20), ("I2", 30), ("I3", 3)):
        add_figures(connection, yearly(count), indicator)
    build(connection, "FY2008-Q1")
    row = rows(connection, "SELECT * FROM performance.priority WHERE priority = 'safe'")[0]
    assert [row[c] for c in ("indicators", "green", "red", "amber", "confidential")] == [3, 1, 1, 0, 1]


def test_later_periods_wait_for_their_own_publication(connection: duckdb.DuckDBPyConnection) -> None:
    add_indicator(connection)
    add_figures(connection, yearly(20, 30, 40))
    build(connection, "FY2008-Q2")
    found = connection.execute("SELECT DISTINCT period FROM performance.indicator ORDER BY 1").fetchall()
    assert found == [("FY2008-Q1",), ("FY2008-Q2",)]


def test_each_layer_sees_what_it_answers_for(connection: duckdb.DuckDBPyConnection) -> None:
    add_indicator(connection, "I1")
    add_indicator(connection, "I2", layer="health", priority="well")
    figures = yearly(70) | {
        ("FY2008-Q1", ward("W1")): (70, None),
        ("FY2008-Q1", category("sex", "F")): (70, None),
    }
    for indicator in ("I1", "I2"):
        add_figures(connection, figures, indicator)
    build(connection, "FY2008-Q1")

    def seen(layer: str) -> set[tuple[str, str, str]]:
        frame = publication_frames(connection, layer)["indicators"]
        return set(zip(frame["indicator"], frame["area_code"], frame["breakdown"], strict=True))

    assert seen("board") == {("I1", "B1", "all"), ("I2", "B1", "all")}
    assert seen("executive") == {(i, a, "all") for i, a in itertools.product(("I1", "I2"), ("B1", "W1"))}
    assert seen("safety") == {("I1", "B1", "all"), ("I1", "W1", "all"), ("I1", "B1", "sex")}
    with pytest.raises(LookupError, match="no layer 'nobody'"):
        publication_frames(connection, "nobody")


def test_the_frames_have_what_a_page_needs(connection: duckdb.DuckDBPyConnection) -> None:
    add_indicator(connection)
    add_figures(connection, yearly(20, 3))
    add_delivery(connection, "FY2008-Q1", rows=(40, 38, 2))
    build(connection, "FY2008-Q2")
    frames = publication_frames(connection, "safety")
    assert set(frames) == {
        "indicators", "comparators", "priorities", "data_quality", "due", "actions", "escalations", "provenance",
        "spend", "priority_spend", "reward", "left_out", "changes", "breaks",
    }  # fmt: skip
    assert [*frames["indicators"].columns] == [
        *INDICATOR_COLUMNS,
        "decimals",
        "suppressed_reason",
        "ytd_suppressed",
    ]
    assert list(frames["priorities"]["order"]) == [1, 2]
    assert list(frames["provenance"]["indicator"]) == ["I1"]


def test_the_same_content_has_the_same_id_whenever_it_is_made(connection: duckdb.DuckDBPyConnection) -> None:
    add_indicator(connection)
    add_figures(connection, yearly(20, 30))
    first = build(connection)
    assert first.publication_id.startswith(f"{FRAMEWORK}-FY2009-Q2-")
    assert len(first.publication_id.removeprefix(f"{FRAMEWORK}-FY2009-Q2-")) == 8
    later = build(connection, published_at=NOW + timedelta(hours=3))
    assert later.publication_id == first.publication_id
    found = connection.execute("SELECT DISTINCT publication_id FROM performance.indicator").fetchall()
    assert found == [(first.publication_id,)]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE warehouse.merged.value SET value = value + 1 WHERE period = 'FY2008-Q1'",
        "UPDATE reference.indicator SET definition = 'Something else.'",
        "UPDATE warehouse.ledger.delivery SET sha256 = 'another'",
    ],
)
def test_other_content_has_another_id(connection: duckdb.DuckDBPyConnection, change: str) -> None:
    add_indicator(connection)
    add_figures(connection, yearly(20, 30))
    add_delivery(connection, "FY2008-Q1")
    first = build(connection)
    connection.execute(change)
    assert build(connection).publication_id != first.publication_id


def test_the_id_does_not_depend_on_threads(connection: duckdb.DuckDBPyConnection) -> None:
    add_indicator(connection)
    add_figures(connection, yearly(20, 30))
    ids = set()
    for threads in (1, 2, 4):
        connection.execute(f"SET threads = {threads}")
        ids.add(build(connection).publication_id)
    assert len(ids) == 1


def test_a_revision_says_what_this_publication_said(connection: duckdb.DuckDBPyConnection) -> None:
    add_indicator(connection, targets={"FY2008": 100})
    add_figures(connection, yearly(20, 30) | {("FY2008-Q1", ward("W1")): (20, None)})
    made = build(connection, "FY2008-Q2")
    found = rows(connection, "SELECT * FROM performance.revision ORDER BY period")
    assert [(row["period"], row["value"], row["rag"]) for row in found] == [
        ("FY2008-Q1", 20, "Green"),
        ("FY2008-Q2", 30, "Green"),
    ]
    assert {row["publication_id"] for row in found} == {made.publication_id}
    assert {row["published_at"] for row in found} == {NOW.replace(tzinfo=None)}


def test_actions_and_spend_wait_for_their_deliveries(connection: duckdb.DuckDBPyConnection) -> None:
    build(connection)
    for table in ("action", "spend"):
        assert connection.execute(f"SELECT count(*) FROM performance.{table}").fetchall() == [(0,)]


@pytest.mark.parametrize("table", TABLES)
def test_each_model_declares_its_owner_grain_and_what_it_reads(table: str) -> None:
    told = definition(Path("warehouse/models/performance", f"{table}.yaml").resolve())
    assert {"owner", "grain", "reads"} <= set(told)
    assert list(told["tables"]) == [table]
    if table in CONTENT and table != "rule_result":
        assert "publication_id" in told["tables"][table]["columns"]


def test_wrong_use_is_said_plainly(connection: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(LookupError, match=r"There is no framework 'other'\. There are: little-agreement\."):
        build_publication(connection, "other", parse_period("FY2008-Q1"), NOW)
    with pytest.raises(ValueError, match=r"little-agreement is published by quarter, and 2008-05 is none\."):
        build(connection, "2008-05")
    with pytest.raises(ValueError, match="FY2007-Q1 is outside little-agreement"):
        build(connection, "FY2007-Q1")


def owed_by(connection: duckdb.DuckDBPyConnection, *partners: str) -> None:
    for partner in partners:
        add_indicator(connection, f"I-{partner}", partner=partner, dataset="owed")


def test_a_publication_is_ready_when_everything_owed_for_its_period_is_in(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    owed_by(connection, "police", "health")
    add_delivery(connection, "FY2008-Q1", dataset="owed", partner="police", sequence=1)
    assert build(connection, "FY2008-Q1").status == "provisional"
    (row,) = rows(connection, "SELECT * FROM performance.publication")
    assert (row["partners_in"], row["partners_owing"], row["partners_missing"]) == (1, 2, "health")
    add_delivery(connection, "FY2008-Q1", dataset="owed", partner="health", sequence=2, state="rejected")
    assert build(connection, "FY2008-Q1").status == "provisional"
    add_delivery(connection, "FY2008-Q1", dataset="owed", partner="health", sequence=3)
    assert build(connection, "FY2008-Q1").status == "ready"


def test_what_changed_since_the_last_release_and_by_which_delivery(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    add_indicator(connection)
    add_figures(connection, yearly(20, 30))
    first = add_delivery(connection, "FY2008-Q1", sequence=1)
    made = build(connection, "FY2008-Q2")
    write_database(connection, made, tmp_path / "first.duckdb", None, RESTRICTED)
    connection.execute("DELETE FROM warehouse.merged.value")
    connection.execute("UPDATE warehouse.ledger.delivery SET state = 'superseded'")
    add_figures(connection, yearly(26, 30))
    second = add_delivery(connection, "FY2008-Q1", sequence=2)
    build(connection, "FY2008-Q2", previous=tmp_path / "first.duckdb")
    (told,) = rows(connection, "SELECT * FROM performance.change WHERE period = 'FY2008-Q1'")
    assert (told["value_before"], told["value"], told["publication_before"]) == (20, 26, made.publication_id)
    assert (told["gone_deliveries"], told["new_deliveries"]) == (first, second)
    assert list(publication_frames(connection, "board")["changes"]["period"]) == ["FY2008-Q1"]


def test_a_figure_that_is_withheld_is_no_change(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    add_indicator(connection)
    add_figures(connection, yearly(20))
    write_database(connection, build(connection, "FY2008-Q1"), tmp_path / "first.duckdb", None, RESTRICTED)
    connection.execute("DELETE FROM warehouse.merged.value")
    add_figures(connection, yearly(3))
    build(connection, "FY2008-Q1", previous=tmp_path / "first.duckdb")
    assert rows(connection, "SELECT suppressed FROM performance.indicator") == [{"suppressed": True}]
    assert rows(connection, "SELECT * FROM performance.change") == []


def test_no_direction_and_no_rating_crosses_a_break(connection: duckdb.DuckDBPyConnection) -> None:
    """Figures before April 2009 were counted by other rules: they show no change and no improvement."""
    add_indicator(connection, kind="snapshot", cumulative=False, targets={"FY2009": 10})
    add_figures(connection, yearly(100, 100, 100, 100, 50), latest=True)
    build(connection, "FY2009-Q1")
    assert headline(connection, "FY2009-Q1")["rag"] == "Amber"
    connection.execute(
        f"INSERT INTO reference.break VALUES ('{FRAMEWORK}', 'I1', DATE '2009-04-01', 'Counted anew.')"
    )
    build(connection, "FY2009-Q1")
    row = headline(connection, "FY2009-Q1")
    assert (row["direction_short"], row["direction_long"], row["rag"]) == (None, None, "Red")
    assert str(row["comparable_from"]) == "2009-04-01"
    assert headline(connection, "FY2008-Q4")["comparable_from"] is None


def test_beside_a_figure_that_is_not_in_stands_the_last_one_shown(connection: duckdb.DuckDBPyConnection) -> None:
    """A late extract is carried forward with a flag: never as the figure, and never as nought."""
    add_indicator(connection, targets={"FY2008": 100})
    add_figures(connection, yearly(20, 30, None))
    build(connection, "FY2008-Q3")
    row = headline(connection, "FY2008-Q3")
    assert (row["value"], row["status"], row["data_quality"]) == (None, "missing", "not received")
    assert (row["carried_forward"], row["carried_from"]) == (30.0, "FY2008-Q2")
    assert headline(connection, "FY2008-Q2")["carried_forward"] is None
