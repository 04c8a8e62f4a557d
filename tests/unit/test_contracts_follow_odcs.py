"""Every contract is a valid Open Data Contract Standard document, and says all that the exchange needs of it."""

import csv
import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from schemas.codelist import load_codelist, personal_patterns
from schemas.contract import Contract, load_contract
from schemas.headers import normalised_header

ROOT = Path(__file__).resolve().parents[2]
CONTRACTS = sorted((ROOT / "schemas" / "contracts").glob("*/*.yaml"))
CODELISTS = sorted((ROOT / "schemas" / "codelists").glob("*.csv"))
REALDATA = ROOT.parent / "shared" / "realdata"
PUBLISHED = {
    *("police/street_crime", "police/street_crime_by_ward", "police/outcomes", "police/stop_and_search"),
    *("health/published_indicators", "health/gp_list_size", "health/prevalence"),
    *("council/homelessness", "council/spend", "council/neet_scorecard", "council/supplier_spend"),
    *("schools/published_attendance", "schools/attainment", "schools/looked_after_outcomes"),
}


def _key(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def _load(path: Path) -> Contract:
    return load_contract(path, ROOT)[0]


every_contract = pytest.mark.parametrize("path", CONTRACTS, ids=_key)


def test_the_contracts_are_of_four_partners() -> None:
    assert {path.parent.name for path in CONTRACTS} == {"police", "health", "council", "schools"}


@every_contract
def test_a_contract_follows_the_open_data_contract_standard(path: Path) -> None:
    standard = json.loads(files("open_data_contract_standard").joinpath("schema.json").read_text("utf-8"))
    document: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    jsonschema.Draft201909Validator(standard).validate(document)
    assert document["apiVersion"] == "v3.1.0"


@every_contract
def test_a_contract_says_why_how_and_how_far_the_data_may_be_used(path: Path) -> None:
    document = yaml.safe_load(path.read_text("utf-8"))
    assert all(document["description"][part].strip() for part in ("purpose", "usage", "limitations"))
    (owner,) = [member for member in document["team"]["members"] if member["role"] == "owner"]
    assert owner["username"].endswith(".example")
    promises = {promise["property"] for promise in document["slaProperties"]}
    assert "frequency" in promises
    assert _key(path) in PUBLISHED or "latency" in promises


@every_contract
def test_every_column_is_described_and_classified(path: Path) -> None:
    document = yaml.safe_load(path.read_text("utf-8"))
    for entry in document["schema"][0]["properties"]:
        assert {"required", "classification", "physicalName", "physicalType"} <= set(entry), entry["name"]
    for column in _load(path).columns:
        assert column.description.endswith("."), column.name
        assert len(column.description) > 15, column.name


@every_contract
def test_only_published_data_are_public_throughout_and_owed_by_nobody(path: Path) -> None:
    contract = _load(path)
    published = contract.cadence is None
    # A return is sent when a figure has become known, which may be years after: nothing of it is owed for a quarter.
    assert published == (contract.key in PUBLISHED or contract.dataset == "indicator_return")
    if contract.key in PUBLISHED:
        assert {column.classification for column in contract.columns} == {"public"}


@every_contract
def test_a_codelist_a_contract_names_exists(path: Path) -> None:
    named = {column.codelist for column in _load(path).columns if column.codelist}
    assert named <= {codelist.stem for codelist in CODELISTS}


@every_contract
def test_examples_keep_to_the_column_s_codelist(path: Path) -> None:
    document = yaml.safe_load(path.read_text("utf-8"))
    contract = _load(path)
    for entry in document["schema"][0]["properties"]:
        codelist = contract.column(entry["name"]).codelist
        if codelist:
            codes = {code for code, _ in _codes(codelist)}
            assert {str(example) for example in entry.get("examples", [])} <= codes, entry["name"]


def test_direct_identifiers_of_children_become_pseudonyms_and_who_was_paid_is_dropped() -> None:
    treated = {
        (contract.key, column.name, column.treatment)
        for contract in map(_load, CONTRACTS)
        for column in contract.columns
        if column.treatment != "keep"
    }
    paid = ("beneficiary", "beneficiary_id", "transaction", "purpose", "invoice", "vat_number")
    assert treated == {
        ("schools/attendance_sessions", "upn", "pseudonymise"),
        ("council/neet", "young_person_ref", "pseudonymise"),
        *(("council/supplier_spend", name, "drop") for name in paid),  # checked, and then not needed
    }


def _codes(name: str) -> tuple[tuple[str, str], ...]:
    return load_codelist(ROOT / "schemas" / "codelists" / f"{name}.csv", ROOT)[0]


@pytest.mark.parametrize("path", CODELISTS, ids=lambda path: str(path.stem))
def test_a_codelist_reads_and_has_no_stray_spaces(path: Path) -> None:
    codelist, _ = load_codelist(path, ROOT)
    assert codelist
    for code, label in codelist:
        assert (code, label) == (code.strip(), label.strip())


@pytest.mark.parametrize(
    ("part", "whole"),
    [
        ("ni15_offences", "offence_codes"),
        ("ni16_offences", "offence_codes"),
        ("ni20_offences", "offence_codes"),
        ("emergency_admission_methods", "admission_methods"),
        ("affordable_tenures", "tenures"),
        ("recycling_destinations", "waste_destinations"),
    ],
)
def test_a_list_that_picks_out_codes_lies_inside_the_whole_list(part: str, whole: str) -> None:
    picked, codes = set(_codes(part)), set(_codes(whole))
    assert picked < codes


def test_no_offence_counts_in_two_indicators() -> None:
    families = [{code for code, _ in _codes(f"ni{number}_offences")} for number in (15, 16, 20)]
    assert sum(map(len, families)) == len(set.union(*families))


@pytest.mark.parametrize(
    "header",
    [
        "Surname",
        "FirstName",
        "victim_name",
        "Name",
        "DateOfBirth",
        "dob",
        "NHS Number",
        "nhs_no",
        "NINO",
        "Address1",
        "Post code",
        "EmailAddress",
        "Mobile No",
        "former_upn",
        "uprn",
        "ethnicity",
    ],
)
def test_a_personal_field_is_known_by_its_header(header: str) -> None:
    assert _is_personal(header)


def test_no_header_a_publisher_uses_is_taken_for_a_personal_field() -> None:
    """Area names and outward postcodes are no personal fields, in a contract or as a surplus column."""
    held_back = {
        column.header
        for contract in map(_load, CONTRACTS)
        for column in contract.columns
        if _is_personal(column.header)
    }
    # Each is agreed by its own contract: a postcode of a practice, the ethnicity of nobody who can be known.
    agreed = {"upn", "uprn", "Parent Name", "POSTCODE", "Self-defined ethnicity", "Officer-defined ethnicity"}
    assert held_back == agreed
    for header in ("la_name", "School name", "Ward name", "Area Name", "outward_postcode", "postcode sector"):
        assert not _is_personal(header)


def _is_personal(header: str) -> bool:
    patterns = personal_patterns(*load_codelist(ROOT / "schemas" / "codelists" / "personal_fields.csv", ROOT))
    return any(pattern.search(normalised_header(header)) for pattern in patterns)


REAL = {
    "police/street_crime": sorted(REALDATA.glob("police/*-street.csv")),
    "health/published_indicators": [REALDATA / "health" / "la_hospital_admissions_2324.csv"],
    "schools/published_attendance": sorted(REALDATA.glob("school/EES_ytd_data/*/EES_ytd_data.csv")),
}


@pytest.mark.realdata
@pytest.mark.skipif(not REALDATA.is_dir(), reason="the published files are not here")
@pytest.mark.parametrize("key", sorted(REAL))
def test_the_headers_of_published_files_are_the_contract_s(key: str) -> None:
    contract = _load(ROOT / "schemas" / "contracts" / f"{key}.yaml")
    assert REAL[key]
    for path in REAL[key]:
        with path.open(encoding="utf-8-sig", newline="") as file:
            match = contract.match_headers(next(csv.reader(file)))
        assert (match.missing, match.unexpected, match.duplicated) == ([], [], []), path.name


@pytest.mark.realdata
@pytest.mark.skipif(not REALDATA.is_dir(), reason="the published files are not here")
@pytest.mark.parametrize("key", sorted(REAL))
def test_the_types_hold_every_number_the_publisher_wrote(key: str) -> None:
    """Whole-number columns hold no fraction in any of the files; what is no number is a declared marker."""
    contract = _load(ROOT / "schemas" / "contracts" / f"{key}.yaml")
    shapes = {
        "BIGINT": re.compile(r"-?[0-9]+"),
        "DOUBLE": re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?"),
        "DATE": re.compile(r"[0-9]{4}-[0-9]{2}"),
    }
    for path in REAL[key]:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file)
            columns = contract.match_headers(next(rows)).columns
            typed = [
                (place, column.name, shapes[column.physical_type])
                for place, column in enumerate(columns)
                if column is not None and column.logical_type != "string"
            ]
            for row in rows:
                for place, name, shape in typed:
                    text = row[place]
                    assert not text or text in contract.markers or shape.fullmatch(text), (path.name, name)


def test_column_23_of_the_indicator_file_goes_by_several_names() -> None:
    contract = _load(ROOT / "schemas" / "contracts" / "health" / "published_indicators.yaml")
    standard = [column.header for column in contract.columns]
    for name in (
        "Compared to percentiles",
        "Column not used",
        "Compared to Regions (statistical) value or percentiles",
    ):
        headers = [*standard[:22], name, *standard[23:]]
        match = contract.match_headers(headers)
        assert not match.unexpected
        assert not match.missing
        assert match.columns[22] is contract.column("compared_to_parent")
