"""The files partners publish, from landing to merged: every row accounted for, and their oddities told or tolerated."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flows.drain import drain
from flows.land import deliver
from flows.settings import Settings
from schemas.contract import ScopeTest
from schemas.partnership import load_partnership
from schemas.periods import parse_period
from tests.definitions import copy_definitions
from warehouse.connection import open_warehouse
from warehouse.reference import create_places
from warehouse.staging import _scope_test

pytestmark = pytest.mark.realdata
At = Callable[..., Settings]


def take_in(settings: Settings, key: str, *files: Path, period: str | None = None) -> list[dict[str, Any]]:
    for file in files:
        deliver(settings, file, key, period)
    return drain(settings)


def counted(row: dict[str, Any]) -> tuple[int, int, int, int]:
    return (row["rows_received"], row["rows_accepted"], row["rows_quarantined"], row["rows_out_of_scope"])


def failed_rules(settings: Settings, delivery_id: str) -> dict[str, int]:
    with open_warehouse(settings.home) as connection:
        rows = connection.execute(
            "SELECT rule_id, failed FROM warehouse.ledger.rule_result WHERE delivery_id = ? AND outcome = 'failed'",
            [delivery_id],
        ).fetchall()
    return dict(rows)


def amounts(settings: Settings, measure: str, category: str = "all") -> dict[tuple[str, str], float]:
    """The contributed amounts of a measure, by area and first day."""
    with open_warehouse(settings.home) as connection:
        rows = connection.execute(
            "SELECT area_code, CAST(period_start AS VARCHAR), sum(amount) FROM warehouse.merged.contribution "
            "WHERE measure = ? AND category = ? GROUP BY ALL",
            [measure, category],
        ).fetchall()
    return {(area, start): float(amount) for area, start, amount in rows}


def test_stops_and_searches_are_placed_by_their_point_alone(at: At, realdata: Path) -> None:
    """Three columns are empty on every row, 860 rows have no point and 357 repeat another: none of that is a fault."""
    settings = at("2026-11-01")
    (found,) = take_in(
        settings, "police/stop_and_search", realdata / "police" / "2018-01-metropolitan-stop-and-search.csv"
    )
    assert (found["period"], found["slot"], found["state"]) == ("2018-01", "metropolitan", "merged")
    assert counted(found) == (12137, 288, 0, 11849)
    # Told only: one search without what was looked for, one of a vehicle alone with the age of a person, eleven alike.
    assert failed_rules(settings, found["delivery_id"]) == {"PSS-011": 1, "PSS-014": 1, "PSS-018": 11}
    assert amounts(settings, "stops_and_searches") == {("E09000013", "2018-01-01"): 288}
    assert amounts(settings, "searches_that_led_to_arrest") == {("E09000013", "2018-01-01"): 50}


def test_the_outline_places_a_point_as_its_neighbourhood_does(realdata: Path) -> None:
    """Every point of three Met months with the neighbourhood the publisher gives it: 4 of 20,532 disagree."""
    partnership = load_partnership()
    with duckdb.connect() as connection:
        create_places(connection, partnership)
        connection.execute(
            'CREATE VIEW numbered AS SELECT Longitude AS east, Latitude AS north, "LSOA name" AS name FROM '
            f"read_csv('{realdata}/police/2018-0*-metropolitan-street.csv', all_varchar = true) "
            "WHERE Longitude IS NOT NULL"
        )
        test = _scope_test(ScopeTest("east", "in_outline", latitude="north"))
        rows = connection.execute(
            f"SELECT count(*), count(*) FILTER ({test} <> starts_with(name, ? || ' ')) FROM numbered",
            [partnership.area_name],
        ).fetchall()
    assert rows == [(20532, 4)]


def test_three_months_of_outcomes(at: At, realdata: Path) -> None:
    """One Crime ID can have several outcomes; in January two rows of ours repeat another in every field."""
    settings = at("2026-11-01")
    files = sorted((realdata / "police").glob("*-outcomes.csv"))
    found = take_in(settings, "police/outcomes", *files)
    assert [row["period"] for row in found] == ["2018-01", "2018-02", "2018-03"]
    assert [counted(row) for row in found] == [(926, 20, 2, 904), (730, 12, 0, 718), (566, 4, 0, 562)]
    assert [row["decision"] for row in found] == ["accepted_with_exceptions", "accepted", "accepted"]
    # March has four outcomes after twelve in February: less than half, which is told of the file as a whole.
    assert [failed_rules(settings, row["delivery_id"]) for row in found] == [{"POU-010": 2}, {}, {"POU-013": 0}]
    charged = amounts(settings, "suspects_charged")
    assert sum(charged.values()) == 3


def test_the_answers_of_the_api_for_sixteen_wards(at: At, realdata: Path) -> None:
    """2,164 records with 2,085 numbers: a point on a boundary is in the answers of both wards."""
    settings = at("2026-11-01")
    files = sorted((realdata / "police" / "data.police.uk-api-json" / "2018-01").glob("*.json"))
    found = take_in(settings, "police/street_crime_by_ward", *files)
    assert {(row["period"], row["decision"], row["state"]) for row in found} == {("2018-01", "accepted", "merged")}
    assert len({row["slot"] for row in found}) == 16
    assert sum(row["rows_received"] for row in found) == 2164
    assert all(counted(row) == (row["rows_received"], row["rows_received"], 0, 0) for row in found)
    numbers = [record["id"] for file in files for record in json.loads(file.read_text())]
    assert (len(numbers), len(set(numbers))) == (2164, 2085)
    measures = ("ward_crime", "ward_anti_social_behaviour", "ward_transport_police_crime")
    assert [sum(amounts(settings, measure).values()) for measure in measures] == [1697, 390, 77]


def test_lists_of_practices(at: At, realdata: Path) -> None:
    """EXTRACT_DATE is written 01JAN2021, and the borough is 30 practices, one of them in Birmingham."""
    settings = at("2026-11-01")
    (found,) = take_in(settings, "health/gp_list_size", realdata / "health" / "gp-reg-pat-prac-all.csv")
    assert (found["period"], found["decision"], counted(found)) == ("2021-01", "accepted", (6658, 30, 0, 6628))
    assert amounts(settings, "registered_patients") == {("E09000013", "2021-01-01"): 319959}


def test_disease_registers_whose_lists_are_never_added_up(at: At, realdata: Path) -> None:
    """The file says neither year nor area; six kinds of list stand in it."""
    settings = at("2026-11-01")
    file = realdata / "health" / "PREVALENCE_2021_v2.csv"
    (asked,) = take_in(settings, "health/prevalence", file)
    assert (asked["state"], asked["reason"]) == (
        "refused",
        "Which financial year does this file cover? Neither its content nor its name says so.",
    )
    (found,) = take_in(settings, "health/prevalence", file, period="FY2020")
    assert (found["decision"], counted(found)) == ("accepted", (137991, 609, 0, 137382))
    assert failed_rules(settings, found["delivery_id"]) == {}
    people = amounts(settings, "people_on_register", "Diabetes")
    patients = amounts(settings, "patients_of_register_ages", "Diabetes")
    assert (list(people.values()), list(patients.values())) == ([9918], [289240])


@pytest.mark.parametrize(
    ("file", "period", "counts", "owed"),
    [
        ("DetailedLA_202003.xlsx", "FY2019-Q4", (329, 9, 0, 320), 275),
        ("DetailedLA_202006.ods", "FY2020-Q1", (326, 9, 0, 317), 258),
    ],
)
def test_homelessness_workbooks(
    at: At, realdata: Path, file: str, period: str, counts: tuple[int, int, int, int], owed: int
) -> None:
    """Title, headers merged over three rows, notes, 22 other sheets and a hundred hidden ones; London stands twice."""
    settings = at("2026-11-01")
    (found,) = take_in(settings, "council/homelessness", realdata / "council" / file)
    assert (found["period"], found["decision"], counted(found)) == (period, "accepted", counts)
    assert amounts(settings, "households_owed_a_duty")["E09000013", str(parse_period(period).start)] == owed


def test_revenue_outturn(at: At, realdata: Path) -> None:
    """A front page, notes, hidden rows, [x] for 44 late returns, and London's code on the row of another authority."""
    settings = at("2026-11-01")
    (found,) = take_in(settings, "council/spend", realdata / "council" / "RSX_2023-24_data_by_LA.ods")
    assert (found["period"], found["decision"], counted(found)) == ("FY2023", "accepted", (412, 2, 0, 410))
    assert failed_rules(settings, found["delivery_id"]) == {"CSP-014": 1}  # not certified yet
    assert amounts(settings, "net_current_expenditure") == {
        ("E09000013", "2023-04-01"): 371164,
        ("E92000001", "2023-04-01"): 123436811.635,
    }


def test_attainment_with_four_marks_in_place_of_numbers(at: At, realdata: Path) -> None:
    settings = at("2026-11-01")
    (found,) = take_in(settings, "schools/attainment", realdata / "school" / "ks4_la.csv")
    assert (found["period"], found["decision"], counted(found)) == ("AY2024", "accepted", (3444, 168, 0, 3276))
    assert failed_rules(settings, found["delivery_id"]) == {}
    assert reasons(settings, found) == {"confidential": 327, "not_available": 864, "not_applicable": 18}


def test_absence_of_children_looked_after(at: At, realdata: Path) -> None:
    settings = at("2026-11-01")
    (found,) = take_in(settings, "schools/looked_after_outcomes", realdata / "school" / "absence_la.csv")
    assert (found["period"], found["decision"], counted(found)) == ("AY2024", "accepted", (17220, 840, 0, 16380))
    assert failed_rules(settings, found["delivery_id"]) == {}
    assert reasons(settings, found) == {"confidential": 2169, "not_applicable": 176, "not_available": 1440}


def reasons(settings: Settings, delivery: dict[str, Any]) -> dict[str, int]:
    """How many accepted cells are empty for each marked reason."""
    path = settings.accepted(delivery["partner"], delivery["dataset"], delivery["delivery_id"])
    rows = duckdb.sql(
        "SELECT split_part(reason, '=', 2), count(*) FROM (SELECT unnest(string_split(_absent, ', ')) AS reason "
        f"FROM read_parquet('{path}')) GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    return dict(rows)


def test_the_neet_scorecard(at: At, realdata: Path) -> None:
    """Fifty columns, z where a fifth of all authorities makes no sense, no authority on regional rows."""
    settings = at("2026-11-01")
    file = realdata / "school" / "UD_NEETNK_LA_dashboard_2022_final.csv"
    (found,) = take_in(settings, "council/neet_scorecard", file)
    assert (found["period"], found["decision"], counted(found)) == ("CY2022", "accepted", (160, 3, 0, 157))
    # Told only: nobody knows of 8.5 per cent, beside which 0.7 per cent in none says little.
    assert failed_rules(settings, found["delivery_id"]) == {"CNS-020": 1}
    neet = amounts(settings, "young_people_16_17_neet")
    assert neet["E09000013", "2022-01-01"] == pytest.approx(18.59, abs=0.01)
    assert set(neet) == {(area, "2022-01-01") for area in ("E09000013", "E12000007", "E92000001")}
    assert reasons(settings, found)["not_applicable"] == 10


def test_payments_to_suppliers_in_a_zip(at: At, realdata: Path, tmp_path: Path) -> None:
    """Of another council: its 4,069 payments back, 6,000 redacted names, NA codes and 7,727 repeats are no faults."""
    file = realdata / "council" / "trafford-supplier-spend-2026-27.zip"
    (refused,) = take_in(at("2026-07-01"), "council/supplier_spend", file)
    assert (refused["state"], refused["reason"]) == (
        "rejected",
        "The file is of another body's spending: 38,055 rows.",
    )
    definitions = copy_definitions(tmp_path / "trafford")
    bodies = definitions / "schemas" / "codelists" / "spending_bodies.csv"
    bodies.write_text("code,label\nTrafford Council,The council\n", encoding="utf-8")
    settings = at("2026-07-02", definitions)
    (found,) = take_in(settings, "council/supplier_spend", file)
    assert (found["period"], counted(found)) == ("FY2026", (38055, 38052, 3, 0))
    assert failed_rules(settings, found["delivery_id"]) == {"CSS-015": 3}  # a title before the name: not redacted
    path = settings.accepted("council", "supplier_spend", found["delivery_id"])
    columns = {row[0] for row in duckdb.sql(f"DESCRIBE SELECT * FROM read_parquet('{path}')").fetchall()}
    assert not columns & {"beneficiary", "purpose", "invoice", "vat_number"}
    ((back, paid),) = duckdb.sql(
        f"SELECT count(*) FILTER (amount < 0), sum(amount) FROM read_parquet('{path}')"
    ).fetchall()
    assert back == 4069
    by_month = amounts(settings, "supplier_payments")
    assert sum(by_month.values()) == pytest.approx(float(paid))
    assert len(by_month) == 2
