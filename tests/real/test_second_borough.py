"""Another London borough on the same program: Camden's partnership is a folder of files, and the real files flow."""

import csv
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from flows.drain import drain
from flows.land import deliver
from flows.publish import publish
from flows.settings import Settings
from tests.definitions import copy_definitions

pytestmark = pytest.mark.realdata

CAMDEN, ENGLAND, LONDON = "E09000007", "E92000001", "E12000007"
RESIDENTS = 250_000  # illustrative: the test needs a divisor, not a fact
MONTHS = ("2018-01", "2018-02", "2018-03")
ATTENDANCE = "school/EES_ytd_data/2024-01-25__73b7543f0/EES_ytd_data.csv"
ADMISSIONS = "health/la_hospital_admissions_2324.csv"
LATEST = "FY2024-Q2"  # ends after the school year 2023/24, so that it shows every figure of the files
FIRST_BOROUGH = ("Hammersmith", "Fulham", "E09000013", "00AN", "E0500025", "E0500026", "E010018", "E010019")

Rows = list[dict[str, str]]
Run = tuple[Settings, list[dict[str, Any]]]


def read(path: Path) -> Rows:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def write(path: Path, header: str, rows: Iterable[tuple[object, ...]] = ()) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header.split(","), *rows])


def met(realdata: Path, month: str) -> Path:
    return realdata / "police" / f"{month}-metropolitan-street.csv"


def in_camden(rows: Rows) -> list[tuple[str, ...]]:
    """By the name of the place, which the partnership's list of LSOAs does not hold."""
    return [tuple(row.values()) for row in rows if row["LSOA name"].startswith("Camden ")]


def second_partnership(root: Path, realdata: Path) -> Path:
    """The shipped definitions with Camden's geography in place of the first borough's."""
    geography = copy_definitions(root) / "schemas" / "geography"
    about = yaml.safe_load((geography / "partnership.yaml").read_text(encoding="utf-8"))
    about |= {"id": "camden", "name": "Camden Borough Partnership", "note": "A second home, for a test."}
    about["comparators"] = [each for each in about["comparators"] if "members" not in each]
    about["area"] = {"code": CAMDEN, "name": "Camden", "legacy_code": "00AG", "dfe_code": "202"}
    (geography / "partnership.yaml").write_text(yaml.safe_dump(about), encoding="utf-8")

    lookup = read(realdata / "geography" / "LSOA11_WD21_LAD21_EW_LU.csv")
    ours = [row for row in lookup if row["LAD21CD"] == CAMDEN]
    wards = sorted({(row["WD21CD"], row["WD21NM"]) for row in ours})
    write(
        geography / "areas.csv",
        "area_code,area_name,area_type,legacy_code,parent_code",
        [
            (ENGLAND, "England", "country", "", ""),
            (LONDON, "London", "region", "", ENGLAND),
            (CAMDEN, "Camden", "borough", "00AG", LONDON),
            *((code, name, "ward", "", CAMDEN) for code, name in wards),
        ],
    )
    write(
        geography / "lsoas.csv",
        "lsoa_code,vintage,ward_code,area_code",
        ((row["LSOA11CD"], 2011, row["WD21CD"], CAMDEN) for row in ours),
    )
    groups = sorted({row["population_group"] for row in read(geography / "population.csv")})
    write(
        geography / "population.csv",
        "area_code,year,population_group,persons,source,vintage",
        ((CAMDEN, 2017, group, RESIDENTS, "illustrative", "illustrative") for group in groups),
    )
    write(geography / "worst_neighbourhoods.csv", "lsoa_code,base_rate,working_age")
    for first_boroughs_own in ("best_fit.csv", "deprivation.csv"):
        (geography / first_boroughs_own).unlink()
    # Roughly the borough as one ward: no test here places a row by its point.
    around = [[[-0.21, 51.51], [-0.21, 51.58], [-0.10, 51.58], [-0.10, 51.51], [-0.21, 51.51]]]
    outline = {
        "type": "Feature",
        "properties": {"area_code": wards[0][0]},
        "geometry": {"type": "Polygon", "coordinates": around},
    }
    drawn = {"type": "FeatureCollection", "attribution": "Drawn for a test.", "features": [outline]}
    (geography / "outlines.geojson").write_text(json.dumps(drawn), encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory, realdata: Path) -> Run:
    """Camden's exchange with the three Met months, the Fingertips file and one attendance extract taken in."""
    folder = tmp_path_factory.mktemp("camden")
    now = datetime(2026, 11, 1, tzinfo=UTC)
    settings = Settings(folder / "home", second_partnership(folder / "partnership", realdata), now=lambda: now)
    for month in MONTHS:
        deliver(settings, met(realdata, month), "police/street_crime")
    deliver(settings, realdata / ADMISSIONS, "health/published_indicators")
    deliver(settings, realdata / ATTENDANCE, "schools/published_attendance")
    deliveries = drain(settings)
    publish(settings, "local-outcomes-2026", LATEST)
    return settings, deliveries


@pytest.fixture
def published(exchange: Run) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(exchange[0].published / "current" / "exchange.duckdb"), read_only=True) as connection:
        yield connection


def counts(of: dict[str, Any]) -> tuple[int, int, int, int]:
    return of["rows_received"], of["rows_accepted"], of["rows_quarantined"], of["rows_out_of_scope"]


def test_what_is_in_scope_is_what_names_the_borough(exchange: Run, realdata: Path) -> None:
    found = {(row["dataset"], row["period"]): row for row in exchange[1]}
    assert {row["state"] for row in found.values()} == {"merged"}
    for month in MONTHS:
        rows = read(met(realdata, month))
        ours = in_camden(rows)
        distinct = len(set(ours))  # a row with a Crime ID that stands twice is one crime
        expected = (len(rows), distinct, len(ours) - distinct, len(rows) - len(ours))
        assert counts(found["street_crime", month]) == expected

    rows = read(realdata / ADMISSIONS)
    kept = sum(row["Area Code"] in (CAMDEN, ENGLAND, LONDON) for row in rows)
    assert counts(found["published_indicators", "FY2023"]) == (len(rows), kept, 0, len(rows) - kept)

    rows = read(realdata / ATTENDANCE)
    code_of = {"National": "country_code", "Regional": "region_code", "Local authority": "new_la_code"}
    kept = sum(row[code_of[row["geographic_level"]]] in (CAMDEN, ENGLAND, LONDON) for row in rows)
    assert counts(found["published_attendance", "AY2023"]) == (len(rows), kept, 0, len(rows) - kept)


def test_the_published_figures_are_the_second_boroughs(
    published: duckdb.DuckDBPyConnection, realdata: Path
) -> None:
    figures = dict(
        published.execute(
            "SELECT indicator || ' ' || period, [numerator, denominator] FROM performance.indicator "
            "WHERE area_code = ? AND breakdown = 'all' AND value IS NOT NULL",
            [CAMDEN],
        ).fetchall()
    )
    for month in MONTHS:
        assert figures[f"crime-burglary {month}"] == [len(set(in_camden(read(met(realdata, month))))), RESIDENTS]
    (admitted,) = (
        (int(row["Count"]), int(row["Denominator"]))
        for row in read(realdata / ADMISSIONS)
        if (row["Area Code"], row["Time period"], row["Sex"]) == (CAMDEN, "2023/24", "Persons")
    )
    assert figures["injuries-0-14 FY2023"] == [*admitted]
    schools = [row for row in read(realdata / ATTENDANCE) if row["new_la_code"] == CAMDEN]
    assert figures["attendance-rate AY2023"] == [
        sum(int(row[name]) for row in schools) for name in ("overall_attendance", "possible_sessions")
    ]


def test_nothing_of_the_first_borough_is_published(exchange: Run, published: duckdb.DuckDBPyConnection) -> None:
    settings, _ = exchange
    areas = settings.partnership.geography.areas
    shown = published.execute("SELECT DISTINCT area_code FROM performance.indicator").fetchall()
    assert {area for (area,) in shown} == {
        area.area_code for area in areas if area.area_type in ("borough", "ward")
    }
    tables = published.execute(
        "SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE schema_name = 'performance' "
        "OR table_name IN ('partnership', 'area', 'area_code', 'lsoa', 'population')"
    ).fetchall()
    assert len(tables) > 10
    texts = {table: str(published.execute(f"FROM {table}").fetchall()) for (table,) in tables}
    for name in ("performance.csv", "index.html"):
        for file in (settings.published / "current").glob(f"*/{name}"):
            texts[f"{file.parent.name}/{name}"] = file.read_text(encoding="utf-8")
    assert len(texts) == len(tables) + 2 * 4
    assert [(place, word) for place, text in texts.items() for word in FIRST_BOROUGH if word in text] == []
