"""Identifiers of people, schools, property and places: published vectors, and what looks like one and is not."""

import pytest
import sqlalchemy as sa

from tests.expectations.judging import failing_rows, fill, judge, rule

NHS = ["9434765919", "9434765870", "4505577104", "4010232137", "9990000018", "9990000026", "9990000107"]
UPN = ["Z205400008001", "V205432109123", "C20543210912A", "H213400012345", "P207000016049"]

VALID = {
    "nhs_number": NHS,
    "upn": UPN,
    "urn": ["100319", "999999"],
    "laestab": ["2054000", "9381000"],
    "uprn": ["100023336956", "000000199356", "199356"],
    "postcode": ["W6 9JU", "W69JU", "SW1A 2AA", "EC1A 1BB", "M1 1AE", "CR2 6XH", "DN55 1PT", "GIR 0AA"],
    "outward_code": ["W6", "W12", "SW6", "NW10", "EC1A", "W1T", "SE1P", "GIR"],
    "gss_code": ["E09000013", "E05000250", "E01001851", "W06000015", "K02000001"],
    "legacy_area_code": ["00AN", "00ANGA", "11UB", "00ANGR"],
    "area_code": ["00AN", "00ANGA", "E09000013"],
    "home_office_offence_code": ["1", "28", "34B", "4.1", "37.2", "105A", "5/01", "8G/02"],
}
NOT_VALID = {
    # A wrong check digit, a stem that can have none (999000000), one digit lost, spaces, a float, other digits.
    "nhs_number": ["9434765918", "9990000000", "943476591", "943 476 5919", "4505577104.0", "٩٤٣٤٧٦٥٩١٩", ""],
    # A wrong check letter, letters that are never used, a digit lost, small letters, no check letter at all.
    "upn": ["A205400008001", "S205400008001", "Z20540000800", "z205400008001", "2054000080010", "C20543210912O"],
    "urn": ["012345", "10031", "1003190", "10031A"],
    "laestab": ["205400", "205/4000", "2050400", "0014000"],
    "uprn": ["0", "000000000000", "1000233369561", "10002333695A", "-19935"],
    "postcode": ["W6", "W6 9JC", "Q1 1AA", "W6  JU", "w6 9ju", "SW1I 2AA", "W6 9J"],
    "outward_code": ["W6 9JU", "6W", "W", "QW1", "AI1", "W123", "w6"],
    "gss_code": ["00AN", "E0900001", "E090000133", "X09000013", "e09000013"],
    "legacy_area_code": ["E09000013", "00ANG", "0AN", "00ANGI", "00ANGO", "01AN"],
    "area_code": ["Addison", "E0900001", "00ANG"],
    "home_office_offence_code": ["0", "028", "burglary", "34b", "5(A)", "1234", "4."],
}


@pytest.mark.parametrize("identifier", VALID)
def test_a_well_formed_identifier_passes_and_anything_else_is_set_aside(
    engine: sa.Engine, identifier: str
) -> None:
    sound, broken = VALID[identifier], NOT_VALID[identifier]
    fill(engine, "number VARCHAR", *[f"'{text}'" for text in (*sound, *broken)], "NULL")
    (result,) = judge(engine, rule(f"expect_column_values_to_be_valid_{identifier}", column="number"))
    assert failing_rows(engine, result) == list(range(len(sound), len(sound) + len(broken)))
    assert (result.outcome, result.checked, result.failed) == ("failed", len(sound) + len(broken), len(broken))


@pytest.mark.parametrize("identifier", VALID)
def test_a_column_of_well_formed_identifiers_passes(engine: sa.Engine, identifier: str) -> None:
    fill(engine, "number VARCHAR", *[f"'{text}'" for text in VALID[identifier]], "NULL")
    (result,) = judge(engine, rule(f"expect_column_values_to_be_valid_{identifier}", column="number"))
    assert (result.outcome, result.error) == ("passed", None)


def test_the_pupil_number_that_two_help_pages_give_with_the_wrong_letter(engine: sa.Engine) -> None:
    """They add up 267 for 07000016049, which would be Q; the sum is 4+28+9+60+48+117 = 266, which is P."""
    fill(engine, "upn VARCHAR", "'Q207000016049'", "'P207000016049'")
    (result,) = judge(engine, rule("expect_column_values_to_be_valid_upn", column="upn"))
    assert failing_rows(engine, result) == [0]


def test_every_digit_of_an_nhs_number_is_checked(engine: sa.Engine) -> None:
    """Changing any one digit is found out: that is what a check digit modulo 11 is for."""
    number = NHS[0]
    changed = [
        f"'{number[:place]}{(int(number[place]) + 1) % 10}{number[place + 1 :]}'" for place in range(len(number))
    ]
    fill(engine, "number VARCHAR", *changed)
    (result,) = judge(engine, rule("expect_column_values_to_be_valid_nhs_number", column="number"))
    assert result.failed == len(number)


def test_a_number_column_may_hold_the_identifier(engine: sa.Engine) -> None:
    fill(engine, "number BIGINT", "9434765919", "9434765918")
    (result,) = judge(engine, rule("expect_column_values_to_be_valid_nhs_number", column="number", mostly=0.4))
    assert (result.outcome, result.failed) == ("passed", 1)
