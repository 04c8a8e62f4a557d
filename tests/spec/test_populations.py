"""Which population stands under a figure, and how a figure says that it is not the right year's."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from schemas.geography import Population
from schemas.partnership import Partnership
from tests.spec.exchange import Exchange, open_reference

CRIME = "police/recorded_crime"
HUNDRED = "offence_code|times\n28|100"


@pytest.fixture
def with_population(partnership: Partnership, tmp_path: Path) -> Iterator[Callable[..., Exchange]]:
    """An exchange whose borough has these estimates of all ages only: (year, persons, vintage)."""
    opened = []

    def build(*estimates: tuple[int, int, str]) -> Exchange:
        rows = tuple(
            Population(partnership.area_code, year, "all_ages", Decimal(persons), "test", vintage)
            for year, persons, vintage in estimates
        )
        changed = replace(partnership, geography=replace(partnership.geography, population=rows))
        connection = open_reference(changed)
        opened.append(connection)
        return Exchange(connection, changed, tmp_path)

    yield build
    for connection in opened:
        connection.close()


def test_an_earlier_years_population_makes_the_figure_partial(with_population: Callable[..., Exchange]) -> None:
    exchange = with_population((2006, 170_000, "mid-2008"), (2007, 171_000, "mid-2008"))
    exchange.deliver(CRIME, "FY2008-Q1", HUNDRED)
    figure = exchange.headline("NI16", "FY2008-Q1")
    assert (figure.status, figure.population_year, figure.denominator) == ("partial", 2007, 171_000)
    assert figure.value == pytest.approx(100 / 171_000 * 1000)


def test_a_later_years_population_is_never_used(with_population: Callable[..., Exchange]) -> None:
    exchange = with_population((2011, 182_445, "mid-2023"))
    exchange.deliver(CRIME, "FY2008-Q1", HUNDRED)
    figure = exchange.headline("NI16", "FY2008-Q1")
    assert (figure.status, figure.value, figure.denominator) == ("missing", None, None)


def test_working_age_is_women_to_59_and_men_to_64(exchange: Exchange) -> None:
    """Not everybody of 16 to 64: the group is made of two parts, which are added up."""
    parts = exchange.connection.execute(
        "SELECT sex, age_from, age_to, sum(persons) FROM reference.population WHERE population_group = 'working_age' "
        "AND year = 2023 AND area_code = (SELECT area_code FROM reference.partnership) GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    assert parts == [("female", 16, 59, 69_341), ("male", 16, 64, 64_047)]  # ONS mid-2023, table MYE2
    quarters = (("FY2009-Q1", "2009-05-14"), ("FY2009-Q2", "2009-08-13"), ("FY2009-Q3", "2009-11-12"))
    for period, day in (("FY2008-Q4", "2009-02-12"), *quarters):
        rows = f"lsoa_code|benefit|claimants|as_at\nE01001851|jsa|100|{day}"
        exchange.deliver("council/out_of_work_benefits", period, rows)
    assert exchange.headline("NI152", "FY2009-Q3").denominator == 124_700


def test_under_18_conceptions_are_among_women_of_15_to_17(exchange: Exchange) -> None:
    returned = "indicator|period|numerator|basis|source\nNI112|CY2008|94|final|ons_conceptions"
    exchange.deliver("council/indicator_return", "FY2009-Q4", returned)
    figure = exchange.headline("NI112", "CY2008")
    assert (figure.denominator, figure.value) == (2_350, 40.0)


def test_the_latest_vintage_of_the_year_is_used(with_population: Callable[..., Exchange]) -> None:
    """A census rebases the years before it, and every rate with them."""
    exchange = with_population((2008, 172_000, "mid-2008"), (2008, 178_000, "rebased 2011"))
    exchange.deliver(CRIME, "FY2008-Q1", HUNDRED)
    assert exchange.headline("NI16", "FY2008-Q1").denominator == 178_000
