"""What identifies a person is found in the cells, not only in the header, and is held before a byte is archived."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flows.drain import drain
from flows.receiving.check import check
from flows.settings import Settings
from warehouse import ledger
from warehouse.connection import open_warehouse

At = Callable[[str], Settings]
ADMISSIONS = "health/injury_admissions"
HEADER = "episode_ref,admitted_on,discharged_on,admission_method,cause_code,age,sex,outward_postcode"
CELLS = ("E1", "2009-07-02", "2009-07-03", "21", "W19", "7", "F", "W12")


def row(**cells: str) -> str:
    return ",".join(cells.get(name, usual) for name, usual in zip(HEADER.split(","), CELLS, strict=True))


def arrive(
    settings: Settings, text: str, key: str = ADMISSIONS, name: str = "admissions_FY2009-Q2.csv"
) -> dict[str, Any]:
    folder = settings.inbox / key
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    (arrived,) = drain(settings)
    return arrived


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"outward_postcode": "W12 7AB"}, "full postcodes in the column 'outward_postcode'"),
        ({"outward_postcode": "W12\u00a07AB"}, "full postcodes"),
        ({"outward_postcode": "W12-7AB"}, "full postcodes"),
        ({"outward_postcode": "w127ab"}, "full postcodes"),
        ({"outward_postcode": "W1A 1AA and more"}, "full postcodes"),
        ({"cause_code": "fell at Flat 2 SW6 5AB"}, "full postcodes in the column 'cause_code'"),
        ({"episode_ref": "943 476 5919"}, "NHS numbers in the column 'episode_ref'"),
        ({"episode_ref": "4505577104"}, "NHS numbers"),
        ({"episode_ref": "QQ123456C".replace("QQ", "AB")}, "National Insurance numbers"),
        ({"episode_ref": "a.parent@home.example"}, "e-mail addresses"),
        ({"episode_ref": "07700 900123"}, "telephone numbers in the column 'episode_ref'"),
        ({"age": "03/04/2002"}, "dates of birth in the column 'age'"),
        ({"episode_ref": "3 Apr 2002"}, "dates of birth"),
        ({"episode_ref": "Robin Placeholder"}, "names of people"),
        ({"episode_ref": '"PLACEHOLDER, Robin"'}, "names of people"),
        ({"sex": "F", "episode_ref": "Miss R Placeholder"}, "names of people"),
    ],
)
def test_a_direct_identifier_in_a_health_extract_is_held_and_never_archived(
    at: At, cells: dict[str, str], said: str
) -> None:
    settings = at("2009-10-20")
    arrived = arrive(settings, f"{HEADER}\n{row()}\n{row(**cells)}\n")
    assert arrived["state"] == "held"
    assert said in arrived["reason"]
    assert not any(cell.strip('"') in arrived["reason"] for cell in cells.values() if len(cell) > 3)
    assert not settings.archived(arrived["sha256"]).exists()
    assert not list(settings.staging.rglob("*.csv")), "the copy that was read is gone"
    with open_warehouse(settings.home) as connection:
        (told,) = connection.execute(
            "SELECT details->>'rows' FROM warehouse.ledger.audit WHERE event = 'delivery.held'"
        ).fetchall()
    assert told == ("2",), "the ledger keeps how many rows there were"


ATTENDANCES = "health/assault_attendances"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("hit by a neighbour of W12 7AB, outside", "full postcodes"),
        ("the wife of 943 476 5919.", "NHS numbers"),
        ("a.witness@home.example saw it", "e-mail addresses"),
        ("ring his brother, 07700 900123", "telephone numbers"),
        ("ring +44 20 7946 0123 first", "telephone numbers"),
        ("says it was Mr Placeholder", "names of people"),
        ("nino AB 12 34 56 C", "National Insurance numbers"),
    ],
)
def test_what_is_typed_into_a_free_text_column_is_read_too(at: At, words: str, said: str) -> None:
    settings = at("2009-10-20")
    contract = settings.partnership.contracts[ATTENDANCES]
    headers = [column.header for column in contract.columns]
    cells = [words if column.name == "location_description" else "" for column in contract.columns]
    cells = [f'"{cell}"' for cell in cells]
    arrived = arrive(settings, f"{','.join(headers)}\n{','.join(cells)}\n", ATTENDANCES, "attendances_2009-07.csv")
    assert arrived["state"] == "held"
    assert f"{said} in the column 'ASSAULT LOCATION DESCRIPTION'" in arrived["reason"]
    assert words not in arrived["reason"]


def test_what_the_agreement_allows_passes(at: At) -> None:
    arrived = arrive(at("2009-10-20"), f"{HEADER}\n{row()}\n{row(episode_ref='EP-2009-000123')}\n")
    assert arrived["decision"] == "accepted"


def test_references_of_ten_digits_are_no_nhs_numbers_though_one_in_eleven_could_be(at: At) -> None:
    rows = "\n".join(row(episode_ref=str(4505577100 + place)) for place in range(12))
    assert arrive(at("2009-10-20"), f"{HEADER}\n{rows}\n")["state"] != "held"


@pytest.mark.parametrize(
    "text",
    [f"{HEADER}\n{row()}\nE2,flat 1 SW6 5AB\n", f'{HEADER}\n{row()}\n"E2 SW6 5AB\n', "Admissions\n\nSW6 5AB;1\n"],
    ids=["ragged line", "open quotation mark", "no header"],
)
def test_a_postcode_is_found_where_no_table_can_be_read(at: At, text: str) -> None:
    settings = at("2009-10-20")
    arrived = arrive(settings, text)
    assert arrived["state"] == "held"
    assert "full postcodes" in arrived["reason"] or "personal data" in arrived["reason"]
    assert "SW6 5AB" not in arrived["reason"]
    assert not settings.archived(arrived["sha256"]).exists()


def test_a_surplus_column_with_a_harmless_header_is_looked_into_in_any_dataset(at: At) -> None:
    settings = at("2009-07-20")
    header = "month,stream,source,material,destination,tonnes,reject_tonnes,column 8"
    text = f"{header}\n2009-04,kerbside_residual,household,residual,efw,1.000,,9434765919\n"
    arrived = arrive(settings, text, "council/household_waste", "waste_FY2009-Q1.csv")
    assert arrived["state"] == "held"
    assert "'column 8'" in arrived["reason"]


def test_a_check_before_sending_says_the_same(at: At, tmp_path: Path) -> None:
    settings = at("2009-10-20")
    file = tmp_path / "admissions_FY2009-Q2.csv"
    file.write_text(f"{HEADER}\n{row(outward_postcode='W12 7AB')}\n", encoding="utf-8")
    verdict = check(settings, file, ADMISSIONS)
    assert verdict.decision == "held"
    assert "first half" in str(verdict.remedy)


def test_held_bytes_go_when_the_corrected_file_is_in_use(at: At) -> None:
    from flows.sweep import retain

    settings = at("2009-10-20")
    held = arrive(settings, f"{HEADER}\n{row(outward_postcode='W12 7AB')}\n")
    assert (settings.held / held["delivery_id"] / "bytes").exists()
    arrive(settings, f"{HEADER}\n{row()}\n")
    assert retain(settings) == [held["delivery_id"]]
    assert not (settings.held / held["delivery_id"]).exists()
    with open_warehouse(settings.home) as connection:
        (gone,) = ledger.deliveries(connection, "delivery_id = ?", held["delivery_id"])
    assert (gone["state"], gone["sha256"], gone["reason"]) == ("expired", held["sha256"], held["reason"])
