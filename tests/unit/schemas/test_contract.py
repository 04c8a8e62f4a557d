"""The shipped contracts, and how a file's header is held to one."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.contract import (
    Column,
    Contract,
    PeriodRule,
    ScopeRule,
    ScopeTest,
)
from schemas.headers import normalised_header, surplus_personal
from schemas.partnership import Partnership


def column(name: str, header: str, *aliases: str, may_be_absent: bool = False) -> Column:
    """A public text column."""
    return Column(
        name=name,
        header=header,
        aliases=aliases,
        logical_type="string",
        physical_type="VARCHAR",
        date_format=None,
        required=False,
        may_be_absent=may_be_absent,
        classification="public",
        treatment="keep",
        description="A column.",
    )


@pytest.fixture
def contract() -> Contract:
    return Contract(
        partner="police",
        dataset="thefts",
        title="Thefts",
        version="1.0.0",
        description="",
        owner="",
        columns=(
            column("crime_id", "Crime ID", "Crime reference"),
            column("month", "Month"),
            column("context", "Context", may_be_absent=True),
        ),
        period=PeriodRule("month", column="month"),
        scope=ScopeRule(),
        supersede_by=(),
        copies_unless_blank=None,
        markers={},
        cadence="month",
        source_path=Path("thefts.yaml"),
        fingerprint="",
    )


def names(columns: list[Column | None]) -> list[str | None]:
    return [found.name if found else None for found in columns]


def test_headers_in_any_order_are_found(contract: Contract) -> None:
    match = contract.match_headers(["Context", "Month", "Crime ID"])
    assert names(match.columns) == ["context", "month", "crime_id"]
    assert (match.missing, match.unexpected, match.duplicated) == ([], [], [])


def test_a_declared_alias_is_as_good_as_the_header(contract: Contract) -> None:
    match = contract.match_headers(["Crime reference", "Month"])
    assert names(match.columns) == ["crime_id", "month"]
    assert match.missing == []


def test_a_column_that_may_be_absent_is_not_missed(contract: Contract) -> None:
    assert contract.match_headers(["Crime ID", "Month"]).missing == []
    assert contract.match_headers(["Context"]).missing == ["Crime ID", "Month"]


@pytest.mark.parametrize("header", ["month", "Month ", " Month", "MONTH", "Months", "", "mônth"])
def test_nothing_is_guessed(contract: Contract, header: str) -> None:
    match = contract.match_headers(["Crime ID", header])
    assert names(match.columns) == ["crime_id", None]
    assert match.missing == ["Month"]
    assert match.unexpected == [header]


def test_the_same_header_twice_is_a_repetition_whatever_its_case(contract: Contract) -> None:
    match = contract.match_headers(["Crime ID", "Month", "month", "Month", "Note", "NOTE"])
    assert match.duplicated == ["month", "Month", "NOTE"]
    assert match.unexpected == ["month", "Note", "NOTE"]


def test_header_and_alias_of_one_column_are_a_repetition(contract: Contract) -> None:
    assert contract.match_headers(["Crime ID", "Crime reference", "Month"]).duplicated == ["Crime reference"]


def test_a_column_is_found_by_name(contract: Contract) -> None:
    assert contract.header_of("crime_id") == "Crime ID"
    assert contract.column("month").header == "Month"
    with pytest.raises(KeyError):
        contract.column("Month")


@pytest.mark.parametrize(
    ("header", "normalised"),
    [
        ("DateOfBirth", "date of birth"),
        ("date_of_birth", "date of birth"),
        (" Date of  birth ", "date of birth"),
        ("NHSNumber", "nhs number"),
        ("POSTCODE", "postcode"),
        ("Victim's name", "victim s name"),
        ("", ""),
    ],
)
def test_spellings_of_a_header_are_brought_together(header: str, normalised: str) -> None:
    assert normalised_header(header) == normalised


@pytest.mark.parametrize(
    "header",
    [
        *("Surname", "first name", "VictimSurname", "DOB", "DateOfBirth", "NHS Number", "nhs_no", "NINO", "UPN"),
        *("Postcode", "E-mail", "email_address", "Telephone", "Address line 1", "home address"),
    ],
)
def test_a_personal_field_nobody_agreed_to_is_noticed(partnership: Partnership, header: str) -> None:
    assert surplus_personal([header, "Beat"], partnership.personal_patterns) == [header]


@pytest.mark.parametrize("header", ["outward_postcode", "Beat", "ward_code", "lsoa_name", "month", "tonnes"])
def test_other_surplus_fields_are_not_personal(partnership: Partnership, header: str) -> None:
    assert surplus_personal([header], partnership.personal_patterns) == []


def test_no_published_column_would_be_taken_for_a_personal_one_by_its_own_contract(
    partnership: Partnership,
) -> None:
    for each in partnership.contracts.values():
        headers = [entry.header for entry in each.columns if not entry.from_file_name]
        assert each.match_headers(headers).unexpected == []


def test_street_crime_is_read_as_the_police_publish_it(partnership: Partnership) -> None:
    crime = partnership.contracts["police/street_crime"]
    assert len(crime.columns) == 12
    assert crime.header_of("last_outcome_category") == "Last outcome category"
    assert crime.period == PeriodRule("month", column="month", format="yyyy-MM", file_name=True)
    assert crime.scope.any == (ScopeTest("lsoa_code", "in_lsoa"), ScopeTest("lsoa_name", "lsoa_name"))
    assert crime.supersede_by == ("falls_within",)
    assert crime.copies_unless_blank == "crime_id"
    assert crime.cadence is None
    assert len(crime.fingerprint) == 64


def test_a_pupil_number_is_replaced_on_arrival(partnership: Partnership) -> None:
    upn = partnership.contracts["schools/attendance_sessions"].column("upn")
    assert (upn.treatment, upn.personal) == ("pseudonymise", True)


def test_comparators_rows_are_told_by_level_and_code(partnership: Partnership) -> None:
    keep = partnership.contracts["schools/published_attendance"].scope.keep
    assert ScopeTest("region_code", "in_comparators", (("geographic_level", "Regional"),)) in keep
