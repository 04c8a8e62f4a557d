"""What a partner is told to send comes from what the exchange goes by; the workbook to fill in is a delivery itself."""

import io
import json
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from flows.drain import drain
from flows.land import deliver
from flows.officers.specification import export_standards, specification
from flows.receiving.door import Caller, at_the_door
from flows.receiving.headers import header_problem
from flows.settings import Settings
from reports.fill_in import fill_in
from reports.specification import specification_page
from schemas.partnership import load_partnership
from schemas.periods import parse_period
from tests.flows.waste import KEY
from warehouse.reader import inspect, open_table

At = Callable[[str], Settings]
DATASETS = sorted(load_partnership().contracts)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("standards")
    now = Settings(home=folder / "home").now()
    export_standards(Settings(home=folder / "home", now=lambda: now), folder)
    return folder


@pytest.mark.parametrize("key", DATASETS)
def test_an_empty_workbook_has_the_agreed_shape_and_would_be_let_in(at: At, tmp_path: Path, key: str) -> None:
    """Neither its guide nor its lists stand in the way, and nothing in it reads as a surplus personal field."""
    settings = at("2010-10-20")
    said = specification(settings, key)
    path = tmp_path / said["workbook"]
    path.write_bytes(fill_in(said))
    contract, facts = settings.partnership.contracts[key], inspect(path)
    table = open_table(path, facts, contract)
    assert table.origin.sheet == "Data"
    covered = parse_period(said["period_example"])
    assert header_problem(settings.partnership, contract, table.header, covered) is None
    assert table.first_record() is None, "no example is left among the data"
    period = None if contract.cadence else said["period_example"]
    caller = Caller(key, path, facts, path.name, period, date(2010, 10, 20), tmp_path)
    found = at_the_door(settings.partnership, caller)
    assert found.state == "received", found.reason


def test_a_filled_workbook_is_delivered_as_it_is(at: At, tmp_path: Path) -> None:
    settings = at("2009-07-20")
    said = specification(settings, KEY)
    assert said["workbook"] == "household_waste_FY2009-Q1.xlsx", "named for the period that ended last"
    book = openpyxl.load_workbook(io.BytesIO(fill_in(said)))
    for month in (4, 5, 6):
        book["Data"].append(
            [date(2009, month, 1), "kerbside_residual", "household", "residual", "efw", 4000.5, None]
        )
    book.save(tmp_path / said["workbook"])
    deliver(settings, tmp_path / said["workbook"], KEY)
    (row,) = drain(settings)
    assert (row["state"], row["decision"], row["period"]) == ("merged", "accepted", "FY2009-Q1")
    assert row["rows_accepted"] == 3


def test_cells_offer_the_agreed_codes(at: At) -> None:
    book = openpyxl.load_workbook(io.BytesIO(fill_in(specification(at("2009-07-20"), KEY))))
    offered = {
        str(rule.sqref): rule.formula1 for rule in book["Data"].data_validations.dataValidation if rule.formula1
    }
    assert offered["B2:B2001"].startswith("Lists!$A$2:$A$")
    assert book["Lists"].sheet_state == "hidden"
    assert "kerbside_residual" in [row[0].value for row in book["Lists"].iter_rows()]


def test_the_guide_has_an_example_and_the_due_dates(at: At) -> None:
    book = openpyxl.load_workbook(io.BytesIO(fill_in(specification(at("2009-07-20"), KEY))))
    cells = [[cell.value for cell in row] for row in book["Guide"].iter_rows()]
    assert ["month", "2009-07"] in [[row[0], row[4]] for row in cells]
    assert ["FY2009-Q1", "30 September 2009"] in [[row[0], row[2]] for row in cells]


def test_the_same_day_gives_the_same_bytes(at: At) -> None:
    said = specification(at("2009-07-20"), KEY)
    assert fill_in(said) == fill_in(said)
    assert specification_page(said) == specification_page(said)


def test_every_page_stands_alone(exported: Path) -> None:
    pages = sorted(exported.rglob("*.html"))
    assert len(pages) == len(DATASETS) + 1
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert not re.search(r'(src|href)="(https?:)?//', text), page
        assert "<script" not in text
        for link in re.findall(r'href="([^"#:]+\.html)"', text):
            assert (page.parent / link).is_file(), link


def test_the_catalogue_says_of_every_rule_who_owns_it_why_it_exists_and_what_it_passes(exported: Path) -> None:
    rules: list[dict[str, Any]] = json.loads((exported / "standards.json").read_text())["rules"]
    assert len({rule["rule_id"] for rule in rules}) == len(rules)
    for rule in rules:
        assert all(rule[name] for name in ("sentence", "reason", "severity", "owner", "remedy"))
        assert rule["passes"] != rule["fails"] or not rule["fails"], rule["rule_id"]
    without = [rule["rule_id"] for rule in rules if not rule["passes"] and not rule["fails"]]
    assert len(without) < len(rules) / 10
