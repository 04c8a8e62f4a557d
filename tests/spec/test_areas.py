"""Areas: wards of two sets of boundaries, neighbourhoods of three censuses, the deprived fifth, similar boroughs."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from schemas.geography import Population
from schemas.neighbourhoods import BestFit, Deprivation
from schemas.partnership import Partnership
from tests.spec.exchange import Exchange, open_reference

STREET = "police/street_crime"
HOMELESSNESS = "council/homelessness"
NEIGHBOURS = ("E09000007", "E09000019", "E09000020", "E09000032", "E09000033")


def month(*rows: str) -> str:
    """Burglaries of March 2026 by neighbourhood, and one other crime, so that the month counts as whole."""
    lines = ["month | falls_within | lsoa_code | crime_type | times"]
    lines += [f"2026-03-01 | Metropolitan Police Service | {row.replace(' ', ' | Burglary | ')}" for row in rows]
    return "\n".join([*lines, "2026-03-01 | Metropolitan Police Service | | Drugs | 1"])


@pytest.fixture
def two_halves(partnership: Partnership, tmp_path: Path) -> Iterator[Exchange]:
    """A borough of 100,000 of whom 25,000 live in the one neighbourhood of the most deprived fifth."""
    geography = replace(
        partnership.geography,
        population=(
            Population(partnership.area_code, 2025, "all_ages", Decimal(100_000), "test", "mid-2025"),
            *(row for row in partnership.geography.population if row.population_group != "all_ages"),
        ),
        deprivation=(
            Deprivation("E01001851", 2019, 1, Decimal(1_500), "test"),
            Deprivation("E01001852", 2019, 2, Decimal(4_500), "test"),
        ),
        best_fits=(BestFit("E01035484", "E01001851", "exact: split", "test"),),
    )
    changed = replace(partnership, geography=geography)
    connection = open_reference(changed)
    exchange = Exchange(connection, changed, tmp_path)
    exchange.today = exchange.today.replace(year=2026)
    yield exchange
    connection.close()


def test_a_framework_shows_the_wards_of_its_time(exchange: Exchange) -> None:
    """E01001851 lay in Addison; since 2022 most of it lies in Brook Green."""
    exchange.today = exchange.today.replace(year=2026)
    exchange.deliver(STREET, "2026-03", month("E01001851 12"))
    exchange.recompute()
    wards = exchange.connection.execute(
        "SELECT area_code, numerator FROM warehouse.merged.value WHERE indicator = 'crime-burglary' "
        "AND period = '2026-03' AND starts_with(area_code, 'E05') AND numerator > 0"
    ).fetchall()
    assert wards == [("E05013735", 12)]
    shown = exchange.connection.execute("SELECT framework, ward_vintage FROM reference.framework").fetchall()
    assert {"laa-2008-11": 2002, "local-outcomes-2026": 2022}.items() <= dict(shown).items()


def test_a_ward_of_the_time_is_shown_by_a_file_that_names_it(exchange: Exchange) -> None:
    exchange.deliver("police/recorded_crime", "FY2008-Q1", "offence_code|ward_code|times\n28|00ANGA|7")
    addison = exchange.figure("NI16", "FY2008-Q1", area="E05000250")
    assert addison is not None
    assert addison.numerator == 7
    assert exchange.figure("NI16", "FY2008-Q1", area="E05013733") is None, "that Addison began in 2022"


def test_the_most_deprived_fifth_stands_against_the_rest(two_halves: Exchange) -> None:
    """The people of the borough are shared out as the indices count them; what is not placed is in neither."""
    two_halves.deliver(STREET, "2026-03", month("E01001851 60", "E01001852 30", "E01999999 5"))
    worst, rest = (
        two_halves.figure("crime-burglary", "2026-03", breakdown="deprivation", category=category)
        for category in ("Most deprived fifth", "Other neighbourhoods")
    )
    assert worst is not None
    assert rest is not None
    assert (worst.numerator, worst.denominator, worst.value) == (60, 25_000, 2.4)
    assert (rest.numerator, rest.denominator, rest.value) == (30, 75_000, 0.4)
    assert two_halves.headline("crime-burglary", "2026-03").numerator == 95


def test_a_neighbourhood_that_was_split_keeps_the_place_of_the_whole(two_halves: Exchange) -> None:
    two_halves.deliver(STREET, "2026-03", month("E01035484 8", "E01001851 1"))
    worst = two_halves.figure("crime-burglary", "2026-03", breakdown="deprivation", category="Most deprived fifth")
    assert worst is not None
    assert worst.numerator == 9


def test_ni153_keeps_its_old_neighbourhoods_after_they_were_split(exchange: Exchange) -> None:
    """E01001936 is in the base of 2006/07; its three successors of 2011 are counted where it was."""
    for period, day in (("Q1", "2010-05-13"), ("Q2", "2010-08-12"), ("Q3", "2010-11-11"), ("Q4", "2011-02-10")):
        rows = f"lsoa_code|benefit|claimants|as_at\nE01032788|jsa|100|{day}\nE01032790|jsa|50|{day}"
        exchange.deliver("council/out_of_work_benefits", f"FY2010-{period}", rows)
    assert exchange.headline("NI153", "FY2010-Q4").numerator == 150


def homelessness(*boroughs: str) -> str:
    lines = ["area_code | owed_a_duty | threatened | homeless | households_thousands | _scope"]
    lines += [f"{code} | 100 | 60 | 40 | {number}0 | comparator" for number, code in enumerate(boroughs, start=1)]
    return "\n".join([*lines, "E09000013 | 90 | 60 | 30 | 90 | area"])


def test_similar_boroughs_are_pooled(exchange: Exchange) -> None:
    """Of 500 households owed a duty, 300 were only threatened: numerators and denominators are added up."""
    exchange.today = exchange.today.replace(year=2026)
    exchange.deliver(HOMELESSNESS, "FY2019-Q4", homelessness(*NEIGHBOURS))
    group = exchange.figure("homelessness-duty-rate", "FY2019-Q4", area="neighbours")
    assert group is not None
    assert (group.numerator, group.denominator) == (500, 150_000)
    own = exchange.headline("homelessness-duty-rate", "FY2019-Q4")
    assert (own.numerator, own.denominator) == (90, 90_000), "their cases are not the borough's"


def test_a_group_without_one_of_its_members_has_no_figure(exchange: Exchange) -> None:
    exchange.today = exchange.today.replace(year=2026)
    exchange.deliver(HOMELESSNESS, "FY2019-Q4", homelessness(*NEIGHBOURS[:4]))
    assert exchange.figure("homelessness-duty-rate", "FY2019-Q4", area="neighbours") is None


def test_a_stated_figure_is_never_added_up_over_areas(exchange: Exchange) -> None:
    """The satisfaction of five boroughs is not the sum of theirs; a figure stated of the group itself is shown."""
    returned = "indicator|period|area_code|value|basis|source\n"
    rows = [f"NI5|FY2008|{code}|70|final|place_survey" for code in NEIGHBOURS]
    exchange.deliver("council/indicator_return", "FY2008-Q4", returned + "\n".join(rows))
    assert exchange.figure("NI5", "FY2008", area="neighbours") is None
    exchange.deliver(
        "council/indicator_return", "FY2009-Q1", returned + "NI5|FY2008|neighbours|71.5|final|place_survey"
    )
    stated = exchange.figure("NI5", "FY2008", area="neighbours")
    assert stated is not None
    assert stated.value == 71.5
