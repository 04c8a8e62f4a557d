"""Columns that changed: agreed in an edition they are read; not agreed they are named, old and new."""

import pytest

from flows.receiving.headers import header_problem
from schemas.partnership import Partnership
from schemas.periods import parse_period

ATTAINMENT = "schools/attainment"


def header_of(partnership: Partnership, key: str, edition: str | None = None) -> list[str]:
    """The header of a file as the contract writes it, or as one of its editions does."""
    contract = partnership.contracts[key]
    found = next((each for each in contract.editions if each.name == edition), None)
    renamed, absent = (found.headers, found.absent) if found else ({}, frozenset())
    return [
        renamed.get(column.name, column.header)
        for column in contract.columns
        if not column.from_file_name and column.name not in absent
    ]


def problem(partnership: Partnership, key: str, header: list[str], period: str) -> str | None:
    found = header_problem(partnership, partnership.contracts[key], header, parse_period(period))
    return found[0] if found else None


@pytest.mark.parametrize(("edition", "period"), [(None, "AY2023"), (None, "AY2024"), ("2024/25 names", "AY2024")])
def test_a_yearly_difference_that_was_agreed_is_read(
    partnership: Partnership, edition: str | None, period: str
) -> None:
    header = header_of(partnership, ATTAINMENT, edition)
    assert problem(partnership, ATTAINMENT, header, period) is None
    match = partnership.contracts[ATTAINMENT].match_headers(header)
    names = [column.name for column in match.columns if column]
    assert {"t_pupils", "avg_att8", "pt_l2basics_94"} <= set(names)
    assert len(names) == len(header)


def test_names_of_a_later_year_are_not_agreed_for_an_earlier_one(partnership: Partnership) -> None:
    found = problem(partnership, ATTAINMENT, header_of(partnership, ATTAINMENT, "2024/25 names"), "AY2023")
    assert found is not None
    assert found.startswith("The columns are those of the 2024/25 names ('pupil_count', 'attainment8_sum'")
    assert found.endswith("which are not agreed for School year 2023/24.")


def test_a_mix_of_two_years_fits_neither(partnership: Partnership) -> None:
    header = header_of(partnership, ATTAINMENT)
    header[header.index("t_pupils")] = "pupil_count"
    assert problem(partnership, ATTAINMENT, header, "AY2024") == (
        "The columns are not those agreed. Column 'pupil_count' appeared where 't_pupils' was expected."
    )


def test_a_new_name_without_likeness_is_named_with_the_old(partnership: Partnership) -> None:
    header = header_of(partnership, "schools/published_attendance")
    header[header.index("school_type")] = "education_phase"
    assert problem(partnership, "schools/published_attendance", header, "AY2024") == (
        "The columns are not those agreed. Column 'education_phase' appeared where 'school_type' was expected."
    )


def test_several_new_names_are_told_apart_by_their_neighbours(partnership: Partnership) -> None:
    header = header_of(partnership, ATTAINMENT)
    header[header.index("t_pupils")] = "cohort"
    header[header.index("avg_p8score")] = "progress"
    header.append("extra")
    assert problem(partnership, ATTAINMENT, header, "AY2023") == (
        "The columns are not those agreed. Column 'cohort' appeared where 't_pupils' was expected. "
        "Column 'progress' appeared where 'avg_p8score' was expected. Not agreed: 'extra'."
    )


def test_a_column_that_came_in_mid_year_may_be_there_or_not(partnership: Partnership) -> None:
    key = "schools/published_attendance"
    header = header_of(partnership, key)
    assert problem(partnership, key, header, "AY2023") is None
    header.remove("pa_perc")
    assert problem(partnership, key, header, "AY2023") is None


def test_a_file_in_the_wrong_folder_is_told_where_it_belongs(partnership: Partnership) -> None:
    header = header_of(partnership, "police/outcomes")
    assert problem(partnership, "police/street_crime", header, "2018-01") == (
        "The columns are those of police/outcomes (Outcomes of crimes (data.police.uk)), not of police/street_crime."
    )
