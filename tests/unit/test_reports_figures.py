"""From rows to figures, and from figures to the sentences and charts of the page."""

from dataclasses import replace
from datetime import date
from itertools import pairwise
from typing import Any

import pandas as pd
import pytest

from reports import summary
from reports.figures import Figure
from reports.gathering import figures
from reports.page import render_page
from reports.sheets import workbook
from reports.spark import spark
from reports.trend import apart, span, tick_values, trend_chart
from tests.unit.builders.publication import QUARTERS, hidden, indicator_row, missing, shipped, small


def one(*rows: dict[str, Any]) -> Figure:
    return figures(small(*rows))[0]


def quarters(values: list[float], target: float, profiled: bool) -> list[dict[str, Any]]:
    rows = []
    for index, (period, value) in enumerate(zip(QUARTERS, values, strict=False)):
        quarter = index % 4 + 1
        ytd = sum(values[index - quarter + 1 : index + 1]) if profiled else value
        wanted = target * quarter / 4 if profiled else target
        rows.append(indicator_row(period=period, value=value, ytd=ytd, target=target, ytd_target=wanted))
    return rows


def test_the_newest_period_is_the_figure_and_the_older_ones_its_trend() -> None:
    found = one(*reversed(quarters([1, 2, 3, 4, 5, 6], 20, profiled=True)))
    assert [p.value for p in found.history] == [1, 2, 3, 4, 5, 6]
    assert found.latest.words == "July to September 2009"
    assert (found.latest.judged, found.latest.judged_target) == (11, 10)


def test_a_profiled_target_is_worth_its_growth_in_one_period() -> None:
    found = one(*quarters([1, 2, 3, 4, 5, 6], 20, profiled=True))
    assert [p.period_target for p in found.history] == [5, 5, 5, 5, 5, 5]


def test_a_level_target_is_worth_itself() -> None:
    found = one(*quarters([27, 26], 28, profiled=False))
    assert [p.period_target for p in found.history] == [28, 28]


def test_a_profiled_target_is_not_guessed_where_the_period_before_is_not_held() -> None:
    found = one(*quarters([1, 2], 20, profiled=True)[1:])
    assert found.latest.period_target is None


@pytest.mark.parametrize(("polarity", "miss"), [("low", 0.1), ("high", -0.1), ("", None)])
def test_a_miss_is_in_the_bad_direction(polarity: str, miss: float | None) -> None:
    found = one(indicator_row(value=11, ytd=11, target=10, ytd_target=10, polarity=polarity))
    assert found.miss == (pytest.approx(miss) if miss is not None else None)


def test_indicators_stand_in_priority_order_and_as_they_are_numbered() -> None:
    order = [figure.indicator for figure in figures(shipped("strategic"))]
    assert order[:6] == ["NI15", "NI16", "NI20", "NI154", "NI155", "NI156"]
    assert order.index("NI123") < order.index("L3")


def test_a_suppressed_point_keeps_nothing_but_its_target() -> None:
    point = one({**indicator_row(), "suppressed": True}).latest
    assert point.state == "suppressed"
    kept = (point.value, point.ytd, point.lower, point.numerator, point.forecast, point.better, point.rag)
    assert kept == (None, None, None, None, None, None, "none")


def test_wards_and_breakdowns_are_of_the_newest_period_largest_first() -> None:
    publication = shipped("operational")
    found = next(figure for figure in figures(publication) if figure.indicator == "NI15")
    shown = [part.value for part in found.wards if part.value is not None]
    assert len(found.wards) == 16
    assert shown == sorted(shown, reverse=True)
    assert [part.state for part in found.wards[-2:]] == ["suppressed", "suppressed"]
    assert [name for name, _ in found.breakdowns] == ["Offence group"]


def test_a_ward_may_also_come_as_a_breakdown() -> None:
    rows = [indicator_row(), indicator_row(breakdown="ward", category="Abbey Green", value=2.0)]
    publication = replace(shipped("operational"), indicators=pd.DataFrame(rows))
    assert [part.label for part in figures(publication)[0].wards] == ["Abbey Green"]


def test_red_comes_first_and_the_best_is_the_one_that_beats_its_target() -> None:
    found = figures(shipped("strategic"))
    assert [figure.indicator for figure in summary.exceptions(found)] == ["NI154", "NI20", "NI152", "NI123"]
    assert [figure.indicator for figure in summary.worst(found)] == ["NI154", "NI20", "NI152"]
    best = summary.best(found)
    assert best is not None
    assert best.indicator == "NI155"


def test_what_changed_is_three_sentences() -> None:
    before = indicator_row(period="FY2009-Q1", rag="green")
    turned = indicator_row(rag="red")
    gone = [indicator_row(indicator="NI20", name="Assault", period="FY2009-Q1", rag="red"),
            missing(indicator_row(indicator="NI20", name="Assault"))]  # fmt: skip
    changed = summary.what_changed(figures(small(before, turned, *gone)), [])
    assert changed == [
        "The one indicator that can be judged is not on target; a period earlier it was 1 of 1.",
        "Serious acquisitive crime rate has turned red.",
        "1 indicator has no figure because an extract was not received (lead: Police).",
    ]


@pytest.mark.parametrize(
    ("green", "judged", "said"),
    [
        (1, 1, "The one indicator that can be judged is"),
        (0, 3, "None of the 3 indicators that can be judged is"),
        (1, 3, "1 of the 3 indicators that can be judged is"),
        (2, 3, "2 of the 3 indicators that can be judged are"),
        (3, 3, "All 3 indicators that can be judged are"),
    ],
)
def test_how_many_are_on_target_is_a_sentence(green: int, judged: int, said: str) -> None:
    assert summary.share_words(green, judged) == said


def test_extracts_owed_are_told_once_for_each_partner() -> None:
    rows = [
        {
            "partner": "council",
            "dataset": "household_waste",
            "period": period,
            "due_on": f"2009-0{n}-30",
            "state": "overdue",
        }
        for n, period in ((7, "FY2009-Q1"), (4, "FY2008-Q4"))
    ]
    assert summary.owing(rows) == [("Council", "household waste for 2 periods, the first April to June 2009")]


def test_a_line_never_bridges_a_period_that_is_not_shown() -> None:
    rows = quarters([1, 2, 3, 4, 5, 6], 20, profiled=True)
    rows[2] = hidden(rows[2])
    drawn = spark(one(*rows))
    assert len(drawn.lines) == 2
    assert [mark.symbol for mark in drawn.marks][2] == "suppressed"
    assert "October to December 2008: [c]" in drawn.label


def test_a_line_never_bridges_a_break_in_the_series_and_the_reason_is_said() -> None:
    breaks = pd.DataFrame(
        [
            {"indicator": "NI16", "starts": date(2009, 4, 1), "reason": "The counting rules changed."},
            {"indicator": "NI16", "starts": date(2001, 4, 1), "reason": "Long before anything shown."},
        ]
    )
    publication = small(*quarters([1, 2, 3, 4, 5, 6], 20, profiled=True), breaks=breaks)
    (figure,) = figures(publication)
    said = "Figures from 1 April 2009 do not compare with earlier ones: The counting rules changed."
    assert [found.words for found in figure.breaks_shown] == [said]
    assert len(spark(figure).lines) == 2
    chart = str(trend_chart(figure))
    assert chart.count(">break<") == 1
    assert said in chart
    assert said in render_page(publication)
    (table,) = [each for each in workbook(publication).tables if each.name == "Trend"]
    assert [row[-1] for row in table.rows] == ["[z]", "[z]", "[z]", "[z]", said, "[z]"]


def test_a_chart_says_in_words_what_it_shows_and_holds_no_ids_or_fonts() -> None:
    chart = str(trend_chart(one(*quarters([1, 2, 3], 20, profiled=True))))
    assert 'aria-label="Trend of Serious acquisitive crime rate, per 1,000 people.' in chart
    for unwanted in (" id=", "font-family", "xmlns", "clip", "NaN"):
        assert unwanted not in chart


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (7.1, 8.9), (0.0, 1688.0), (-3.0, 2.0), (0.11, 0.15)])
def test_ticks_are_few_round_and_inside(low: float, high: float) -> None:
    ticks = tick_values(low, high)
    assert 2 <= len(ticks) <= 6
    assert low <= ticks[0]
    assert ticks[-1] <= high


def test_an_axis_of_equal_values_still_has_a_span() -> None:
    for values in ([5.0, 5.0], [0.0], [], [None]):
        low, high = span(list(values))
        assert low < high


def test_labels_at_the_edge_never_overlap() -> None:
    placed = apart([130.0, 129.0, 128.0])
    assert sorted(placed) == placed[::-1]
    assert min(a - b for a, b in pairwise(placed)) >= 15
    assert apart([]) == []
