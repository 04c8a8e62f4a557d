"""A fifth partner by files alone: the fire brigade is added to a copy of the definitions, and arson is published."""

import hashlib
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flows.drain import drain
from flows.land import deliver
from flows.publish import publish
from flows.settings import Settings
from schemas.partnership import REPOSITORY
from tests.definitions import copy_definitions
from warehouse.explain import explain

At = Callable[[str, Path], Settings]

ADDED = Path(__file__).parent / "fire_brigade"
FRAMEWORK, PERIOD, BOROUGH = "laa-2008-11", "FY2009-Q1", "E09000013"
MODEL = "warehouse/models/contributions/fire/incidents.sql"

INCIDENTS = (  # how many, of what, in which ward
    (14, "deliberate_primary", "00ANGA"),
    (6, "deliberate_primary", "E05000265"),
    (9, "deliberate_primary_vehicle", "E05000265"),
    (58, "deliberate_secondary", ""),
    (3, "no_smoke_alarm", "00ANGB"),
    (2, "chimney_fire", "00ANGB"),  # not in the agreed list
)
# By hand, with the 174,000 residents of 2009 in population.csv:
#   L33i   (14 + 6 + 9) x 10,000 / 174,000 = 290,000 / 174,000 = 1.6667
#   L33ii            58 x 10,000 / 174,000 = 580,000 / 174,000 = 3.3333
RESIDENTS = 174_000


def added_files() -> list[str]:
    return sorted(path.relative_to(ADDED).as_posix() for path in ADDED.rglob("*") if path.is_file())


@pytest.fixture
def settings(at: At, tmp_path: Path) -> Settings:
    """An exchange whose partnership is the shipped one and the fire brigade."""
    root = copy_definitions(tmp_path / "partnership")
    assert not [file for file in added_files() if (root / file).exists()], "a shipped file would be changed"
    shutil.copytree(ADDED, root, dirs_exist_ok=True)
    return at("2009-07-20", root)


def incidents(folder: Path) -> Path:
    lines = ["incident_ref,category,occurred_on,ward_code"]
    for count, category, ward in INCIDENTS:
        for _ in range(count):
            lines.append(f"FI-2009-{len(lines):04},{category},2009-05-{len(lines) % 28 + 1:02},{ward}")
    path = folder / "fire_incidents_FY2009-Q1.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_arson_is_published_and_explained(settings: Settings, tmp_path: Path) -> None:
    deliver(settings, incidents(tmp_path), "fire/incidents")
    (delivery,) = drain(settings)
    assert (delivery["state"], delivery["decision"]) == ("merged", "accepted_with_exceptions")
    assert (delivery["rows_received"], delivery["rows_accepted"], delivery["rows_quarantined"]) == (92, 90, 2)

    publish(settings, FRAMEWORK, PERIOD)
    published = settings.published / "current" / "exchange.duckdb"
    rows = arson(published)
    assert rows["L33i", BOROUGH] == (29, RESIDENTS, pytest.approx(290_000 / 174_000), "fire", "ok")
    assert rows["L33ii", BOROUGH] == (58, RESIDENTS, pytest.approx(580_000 / 174_000), "fire", "ok")
    assert {area: row[0] for (indicator, area), row in rows.items() if indicator == "L33i" and row[0]} == {
        BOROUGH: 29,
        "E05000250": 14,  # 00ANGA, in the codes of today
        "E05000265": 15,
    }

    for indicator, shown in (("L33i", "1.67"), ("L33ii", "3.33")):
        told = explain(published, indicator, PERIOD, framework=FRAMEWORK)
        assert told.shown_value == shown
        (behind,) = told.deliveries
        assert (behind.delivery_id, behind.agreement_id) == (delivery["delivery_id"], "fire-incidents")
        assert [rule.rule_id for rule in behind.rules_failed] == ["FIR-007"]
        assert behind.model == MODEL
        assert behind.model_sha256 == hashlib.sha256((ADDED / MODEL).read_bytes()).hexdigest()


def arson(published: Path) -> dict[tuple[str, str], tuple[Any, ...]]:
    with duckdb.connect(str(published), read_only=True) as connection:
        found = connection.execute(
            "SELECT indicator, area_code, numerator, denominator, value, lead_partner, status "
            "FROM performance.indicator WHERE framework = ? AND period = ? AND starts_with(indicator, 'L33')",
            [FRAMEWORK, PERIOD],
        ).fetchall()
    return {(indicator, area): tuple(row) for indicator, area, *row in found}


def test_no_python_was_added_or_changed(settings: Settings) -> None:
    assert {Path(file).suffix for file in added_files()} == {".yaml", ".csv", ".sql"}
    assert list(settings.partnership_root.rglob("*.py")) == []
    assert "fire/incidents" in settings.partnership.contracts


def test_the_readme_names_each_file_and_no_other() -> None:
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    section = readme.partition("## Add a dataset by files alone")[2].partition("\n## ")[0]
    steps = re.findall(r"^\d\. (.*?)(?=^\d\. |\n\n)", section, re.MULTILINE | re.DOTALL)
    named = [path for step in steps for path in re.findall(r"`([a-z].+?)`", step)]
    places = [path.replace("<framework>", FRAMEWORK).removesuffix(".sql") for path in named]
    assert [file for file in added_files() if not file.startswith(tuple(places))] == []
    assert [place for place in places if not any(file.startswith(place) for file in added_files())] == []
