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


def test_the_latest_vintage_of_the_year_is_used(with_population: Callable[..., Exchange]) -> None:
    """A census rebases the years before it, and every rate with them."""
    exchange = with_population((2008, 172_000, "mid-2008"), (2008, 178_000, "rebased 2011"))
    exchange.deliver(CRIME, "FY2008-Q1", HUNDRED)
    assert exchange.headline("NI16", "FY2008-Q1").denominator == 178_000
