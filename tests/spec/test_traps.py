"""What a reader of national indicators falls into, held by the agreement's own files (traps of the field).

The others have their specifications elsewhere: snapshots, tranches, pooling and named months in
test_kinds_of_formula.py and test_environment.py, populations in test_populations.py, targets in test_targets.py.
"""

import re

import pytest

from schemas.partnership import REPOSITORY, Partnership
from tests.spec.exchange import Exchange

AGREEMENT = "laa-2008-11"


@pytest.mark.parametrize(
    ("indicator", "good"),
    [
        ("NI47", "high"),
        ("NI112", "low"),
        ("NI112c", "low"),
        ("NI187i", "low"),
        ("NI187ii", "high"),
        ("NI65", "low"),
    ],
)
def test_which_way_is_good(partnership: Partnership, indicator: str, good: str) -> None:
    """A fall in casualties is shown positive, one in conceptions negative; fuel poverty has two halves."""
    assert partnership.indicators[indicator].polarity == good


@pytest.mark.parametrize("indicator", ["NI74", "NI83", "NI95", "NI96", "NI97", "NI98"])
def test_the_tests_at_14_ended_with_2008(exchange: Exchange, indicator: str) -> None:
    """Key stage 3 tests were abolished in October 2008: nothing is missing after, because nothing is owed."""
    found = exchange.connection.execute(
        f"SELECT list(period ORDER BY period) FROM reference.period WHERE indicator = '{indicator}' "
        "AND period_end >= DATE '2008-04-01'"
    )
    assert found.fetchall() == [(["AY2007"],)]


def test_self_directed_support_was_redefined(partnership: Partnership) -> None:
    """NI 130 counts for each 100,000 adults to March 2009, and is a share of clients and carers from April on."""
    earlier, later = partnership.indicators["NI130"], partnership.indicators["NI130r"]
    assert (str(earlier.valid_to), str(later.valid_from)) == ("2009-03-31", "2009-04-01")
    assert (earlier.formula.kind, later.formula.kind) == ("rate", "percent")


@pytest.mark.parametrize(
    ("indicator", "day"), [("NI15", "2008-04-01"), ("NI20", "2008-04-01"), ("NI130r", "2009-04-01")]
)
def test_a_break_is_data_of_the_framework(partnership: Partnership, indicator: str, day: str) -> None:
    """The counting rules on grievous bodily harm changed in April 2008: violence before does not compare."""
    breaks = partnership.frameworks[AGREEMENT].breaks
    assert [str(each.starts) for each in breaks if indicator in each.indicators] == [day]


def test_a_survey_is_never_computed(partnership: Partnership) -> None:
    """The Place Survey's figures are stated by it: no numerator is divided here."""
    surveys = [each for each in partnership.indicators.values() if each.formula.kind == "survey"]
    assert {"NI5", "NI17", "NI21", "NI41"} <= {each.id for each in surveys}
    for each in surveys:
        assert each.formula.denominator == ()
        assert [term.measure for term in each.formula.numerator] == [f"{each.id.lower()}_value"]


def test_every_indicator_says_how_sure_its_definition_is(partnership: Partnership) -> None:
    for each in partnership.frameworks[AGREEMENT].indicators:
        assert each.definition_mark in {"found", "recalled", "doubtful", "own"}, each.id
        assert each.source
        assert each.baseline is not None, each.id
        assert each.targets, each.id


def test_the_agreement_has_a_parent_a_successor_and_a_way_from_one_to_the_other(partnership: Partnership) -> None:
    agreement = partnership.frameworks[AGREEMENT]
    assert agreement.parent == "community-strategy-2015"
    strategy = partnership.frameworks["community-strategy-2015"]
    assert [each.id for each in strategy.priorities] == [each.id for each in agreement.priorities]
    today = partnership.frameworks[str(agreement.successor)]
    assert {each.priority for each in today.crosswalk} == {each.id for each in agreement.priorities}
    assert len(today.priorities) == 16


def test_every_trap_names_the_specification_that_holds_it() -> None:
    text = (REPOSITORY / "docs" / "traps.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \|", text, re.MULTILINE)
    assert rows == [str(number) for number in range(1, 26)]
    for file, name in re.findall(r"`(tests/[a-z_/0-9]+\.py)::(test_\w+)`", text):
        assert f"def {name}(" in (REPOSITORY / file).read_text(encoding="utf-8"), f"{file}::{name}"


def test_an_outcome_has_an_indicator_or_says_why_it_has_none(partnership: Partnership) -> None:
    """Twelve of the sixteen outcomes of 2026 rest on a published file; four wait for one."""
    today = partnership.frameworks["local-outcomes-2026"]
    measured = {indicator.priority for indicator in today.indicators}
    silent = [each for each in today.priorities if each.id not in measured]
    assert [each.id for each in silent] == [
        "housing-quality",
        "care-quality",
        "care-independence",
        "care-integration",
    ]
    assert all(each.no_indicator for each in silent)
