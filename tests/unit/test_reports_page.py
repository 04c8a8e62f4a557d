"""The page of a publication: stands alone, hides what is hidden, shows what is missing, escapes its text."""

import re
import time
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from itertools import pairwise

import pandas as pd
import pytest

from reports.page import Publication, render_page
from reports.reward import reward_words
from reports.sheets import workbook
from reports.summary import escalated_words, handed_on
from tests.unit.builders.publication import AREA, hidden, indicator_row, missing, shipped, small, whole

ROLES = ("strategic", "executive", "operational")
MARKUP = '<script>alert("x")</script><img src=x onerror=alert(1)> =1+1 '


class Page(HTMLParser):
    """What a reader's browser makes of the page: its tags with their attributes, its text, its anchors."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module", params=ROLES)
def role(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def html(role: str) -> str:
    return render_page(shipped(role))


def test_it_stands_alone(html: str) -> None:
    page = Page(html)
    assert not re.search(r"https?:|//[a-z]|url\((?!#)|@import", re.sub("sha256-[A-Za-z0-9+/=]+", "", html))
    assert not page.all("link")
    assert not page.all("img")
    assert all(not script.get("src") for script in page.all("script"))
    assert all(link["href"].startswith("#") for link in page.all("a"))


def test_it_is_small_and_quick(role: str, html: str) -> None:
    assert len(html.encode()) < 1_000_000
    began = time.process_time()
    render_page(shipped(role))
    assert time.process_time() - began < 3


def test_the_same_publication_gives_the_same_bytes(role: str, html: str) -> None:
    again = shipped(role)
    shuffled = replace(again, indicators=again.indicators.sample(frac=1, random_state=3))
    assert render_page(again) == html
    assert render_page(shuffled) == html


def test_a_colour_is_never_alone(html: str) -> None:
    for word, shape in (("Green", "s-green"), ("Red", "s-red"), ("Amber", "s-amber")):
        assert word in Page(html).text
        assert f"#{shape}" in html
    for found in re.finditer(r'<span class="standing (?:green|amber|red)">(.*?)</span>', html, re.DOTALL):
        assert "<svg" in found.group(1)
        assert re.search(r"(Green|Amber|Red|Accepted|Not accepted|Overdue)", found.group(1))


def test_every_drawing_says_what_it_shows_or_is_decoration(html: str) -> None:
    drawings = Page(html).all("svg")
    assert drawings
    for drawing in drawings:
        assert drawing.get("aria-hidden") == "true" or (drawing["role"] == "img" and drawing["aria-label"])


def test_every_figure_leads_to_its_explanation(html: str) -> None:
    page = Page(html)
    anchors = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(anchors) == len(set(anchors))
    links = [link["href"].removeprefix("#") for link in page.all("a")]
    assert set(links) <= set(anchors)
    assert any(link.startswith("explain-NI") for link in links)


def test_it_is_laid_out_for_everyone(html: str) -> None:
    page = Page(html)
    assert page.all("html") == [{"lang": "en-GB"}]
    for landmark in ("header", "nav", "main", "footer"):
        assert len(page.all(landmark)) == 1
    assert len(page.all("h1")) == 1
    assert len(page.all("caption")) == len(page.all("table"))
    assert all(heading.get("scope") in ("col", "row", "rowgroup") for heading in page.all("th"))
    assert page.all("a")[0] == {"class": "skip", "href": "#main"}
    assert "@media print" in html


def test_headings_go_down_one_level_at_a_time(html: str) -> None:
    levels = [int(tag[1]) for tag, _ in Page(html).tags if re.fullmatch(r"h[1-6]", tag)]
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_the_page_allows_its_own_script_and_no_other(html: str) -> None:
    policy = next(meta["content"] for meta in Page(html).all("meta") if meta.get("http-equiv"))
    assert "default-src 'none'" in policy
    assert len(re.findall(r"script-src 'sha256-[A-Za-z0-9+/=]{44}'", policy)) == 1


def test_markup_in_any_text_is_text() -> None:
    row = indicator_row(name="Name " + MARKUP, commentary=(MARKUP * 5)[:300], unit=MARKUP, data_quality=MARKUP)
    ward = {**row, "area_code": "W1", "area_name": "Ward " + MARKUP}
    publication = shipped("operational")
    rows = pd.DataFrame([row, ward])
    noted = publication.data_quality.assign(sentence=MARKUP)
    origin = pd.DataFrame([{"indicator": "NI16", "definition": MARKUP, "dataset": MARKUP}])
    html = render_page(replace(publication, title=MARKUP, indicators=rows, data_quality=noted, provenance=origin))
    assert "<script>alert" not in html
    assert "<img" not in html
    assert len(Page(html).all("script")) == 1
    assert "&lt;script&gt;" in html


def test_a_suppressed_number_is_nowhere_on_the_page(role: str) -> None:
    told = {"numerator": 3.0, "value": 777.77, "lower": 777.11, "upper": 777.99, "ytd": 778.88, "forecast": 779.66}
    # The frame still holds the numbers: the page must not rely on their having been taken out before.
    row = {**indicator_row(**told), "suppressed": True, "suppressed_reason": "Withheld to protect people."}
    older = indicator_row(period="FY2009-Q1", value=5.55, ytd=5.55)
    origin = pd.DataFrame([{"indicator": "NI16", "delivery_id": "d-1", "rows": 777, "numerator": 777}])
    html = render_page(replace(shipped(role), indicators=pd.DataFrame([row, older]), provenance=origin))
    assert "[c]" in html
    assert "Withheld to protect people." in html
    assert not re.search(r"77[789]\b", html)
    assert "5.55" in html


def test_a_year_to_date_can_be_confidential_alone() -> None:
    row = indicator_row(value=7.44, ytd=None, rag=None)
    row["ytd_suppressed"] = True
    html = render_page(small(row))
    assert re.search(r'data-label="Year to date"[^>]*><abbr[^>]*>\[c\]', html)
    assert "7.44" in html


def test_what_is_missing_is_not_received_and_never_nought() -> None:
    older = indicator_row(period="FY2009-Q1", value=7.11, ytd=7.11)
    html = render_page(small(older, missing(indicator_row())))
    text = " ".join(Page(html).text.split())
    assert "not received" in text
    assert "it is not nought" in text
    assert not re.search(r">0(\.0+)?<", html.split('id="indicators"')[1].split('id="key"')[0])


def test_a_provisional_or_estimated_figure_is_marked_among_others() -> None:
    settled = indicator_row(indicator="NI15")
    html = render_page(small(settled, indicator_row(provisional=True, status="partial")))
    assert "[p]</abbr>" in html
    assert "[e]</abbr>" in html


def test_a_page_of_nothing_but_provisional_figures_says_so_once() -> None:
    row = indicator_row(provisional=True)
    html = render_page(small(row))
    assert "[p]" not in html
    assert "all figures on this page may still change" in html
    assert "[p]</abbr>" in render_page(small(row, status="final"))


def test_a_figure_whose_year_so_far_is_not_known_is_not_judged() -> None:
    html = render_page(small(indicator_row(ytd=None, rag="No data")))
    assert "Not judged" in html.split('id="indicators"')[1].split('id="key"')[0]


@pytest.mark.parametrize(
    ("status", "said"),
    [("provisional", "have not been approved"), ("ready", "second person"), ("final", "Approved for release")],
)
def test_the_status_of_the_publication_is_said(status: str, said: str) -> None:
    assert said in render_page(shipped("strategic", status))


def test_a_target_that_is_text_is_shown_and_judges_nothing() -> None:
    html = render_page(small(indicator_row(target="placeholder", ytd_target=None, rag=None)))
    assert "placeholder" in html
    assert "No target" in html


def test_numbers_have_separators_decimals_and_units() -> None:
    row = indicator_row(value=1234567.5, ytd=None, ytd_target=None, decimals=0, unit="£")
    share = indicator_row(indicator="NI192", value=27.04, ytd=None, ytd_target=None, unit="%", decimals=1)
    html = render_page(small(row, share))
    assert "£1,234,568" in html
    assert "27.0%" in html
    assert "3 November 2009" in html


def test_layers_see_what_is_theirs() -> None:
    strategic, executive, operational = (Page(render_page(shipped(role))).text for role in ROLES)
    assert "NI16" not in strategic  # no codes for the board
    assert "NI154" in executive
    assert "NI154" not in operational
    assert "Avenue Road" in operational
    assert "Avenue Road" not in strategic + executive
    assert executive.index("Exceptions") < executive.index("All indicators")


def test_the_strategic_page_keeps_its_order() -> None:
    html = render_page(shipped("strategic"))
    places = [
        html.index(f'<section id="{id}"')
        for id in ("changed", "asked", "priorities", "worst-and-best", "not-sent")
    ]
    assert places == sorted(places)
    assert html.count('class="priority"') == 7


def test_an_action_stands_beside_its_figure_and_its_absence_is_said() -> None:
    html = render_page(shipped("executive"))
    assert "Bring the Northgate site to committee" in html
    assert "No corrective action has been recorded." in html


def test_the_headline_is_the_partnership_among_wards_and_comparators() -> None:
    publication = shipped("operational")
    ward = publication.indicators[publication.indicators["area_name"] == "Avenue Road"].iloc[0]
    london = {**ward.to_dict(), "area_code": "E12000007", "area_name": "London", "denominator": 9e9}
    rows = pd.concat([publication.indicators, pd.DataFrame([london])])
    guessed = replace(publication, indicators=rows, area_code=None)
    assert guessed.headline_area() == AREA
    assert 'scope="row">London' not in render_page(guessed)


@pytest.mark.parametrize("role", ROLES)
def test_nothing_yet_is_a_page_too(role: str) -> None:
    nothing = pd.DataFrame()
    publication = replace(
        shipped(role), indicators=nothing, comparators=nothing, data_quality=nothing, due=nothing,
        actions=nothing, provenance=nothing,
    )  # fmt: skip
    text = Page(render_page(publication)).text
    assert "No indicator of this layer has a figure" in text


def test_an_indicator_of_an_unknown_priority_is_not_lost() -> None:
    assert "Serious acquisitive crime rate" in render_page(small(indicator_row(priority="arson")))


def test_one_period_all_hidden_and_a_zero_target_can_be_drawn() -> None:
    html = render_page(
        small(
            hidden(indicator_row(indicator="NI1")),
            indicator_row(indicator="NI2", value=0.0, ytd=0.0, target=0.0, ytd_target=0.0),
            indicator_row(indicator="NI3", value=3.0, ytd=3.0, target=0.0, ytd_target=0.0, rag="red"),
        )
    )
    assert html.count('class="trend"') == 1


def test_a_frame_that_lacks_a_column_is_refused_by_name() -> None:
    publication = shipped()
    with pytest.raises(ValueError, match="indicators: has no column rag"):
        replace(publication, indicators=publication.indicators.drop(columns="rag"))
    with pytest.raises(ValueError, match="status"):
        replace(publication, status="done")
    with pytest.raises(ValueError, match=r"layer\.role"):
        Publication(**{**publication.__dict__, "layer": {"id": "x", "name": "X", "role": "other", "chair": None}})


def test_the_date_of_an_action_overdue_is_asked_of_its_owner() -> None:
    text = " ".join(Page(render_page(shipped("strategic"))).text.split())
    assert "Overdue since 16 October 2009" in text
    assert "Health: send smoking quits for July to September 2009." in text
    assert shipped().published_on == date(2009, 11, 3)


def test_the_executive_page_has_exceptions_then_action_then_risks_then_data() -> None:
    html = render_page(whole("executive"))
    order = [html.index(f'<section id="{id}"') for id in ("exceptions", "actions", "risks", "data-exceptions")]
    assert order == sorted(order)
    risks = html[html.index('<section id="risks"') : html.index('<section id="data-exceptions"')]
    assert "Household waste reused" in risks
    assert "the target is 28.0%" in risks
    assert "Net additional homes" not in risks  # it is red: an exception, no longer a risk


def test_what_is_escalated_is_for_the_layer_it_goes_up_to_to_decide() -> None:
    said = "net additional homes provided: red in 3 periods in a row, since October to December 2008"
    assert f"For decision</strong>: {said}" in render_page(whole("strategic"))
    executive = render_page(whole("executive"))
    assert "For decision" not in executive
    actions = Page(
        executive[executive.index('<section id="actions"') : executive.index('<section id="risks"')]
    ).text
    assert f"{said[:1].upper()}{said[1:]} (with the Borough Partnership)" in re.sub(r"\s+", " ", actions)


def test_an_overdue_action_goes_up_without_its_number() -> None:
    row = {"name": "Homes", "action_id": "CA-2009-01", "times": 1, "since": "FY2009-Q1", "to_layer": "lpsb"}
    assert handed_on([row], "lpsb") == [("Homes: an action is past its day", "for this layer to decide")]
    told = escalated_words({"name": "Homes", "times": 1, "since": "FY2009-T1"})
    assert told == "Homes: red since April to July 2009"


def test_a_reward_is_told_in_one_sentence_and_as_modelled() -> None:
    said = (
        "Reward grant, by the newest whole year of 3 indicators: 1 would bring their whole share, 1 a part of it and "
        "1 nothing. Modelled, never paid."
    )
    assert reward_words(whole("executive")) == said
    assert said in Page(render_page(whole("executive"))).text
    assert "Reward" not in render_page(whole("strategic"))
    assert reward_words(shipped("executive")) == ""


def test_every_figure_of_a_ward_or_category_leads_to_its_explanation() -> None:
    html = render_page(whole("operational"))
    detail = html[html.index('<section id="detail"') : html.index('<section id="data"')]
    cells = re.findall(r'<td class="num"[^>]*>(.*?)</td>', detail)
    assert cells
    assert all(re.match(r'<a class="number part" href="#explain-', cell) for cell in cells)


def test_money_is_by_priority_with_a_total_and_its_variance_in_words() -> None:
    text = re.sub(r"\s+", " ", Page(render_page(whole("strategic"))).text)
    assert (
        "Reducing crime and anti-social behaviour 2 of 3 on target £1,200,000 £1,250,000 £600,100 £50,000 over"
        in text
    )
    assert "A cleaner, greener borough 2 of 3 on target £820,000 £820,000 £400,000 on budget" in text
    assert "Total £5,420,000 £5,370,000 £2,500,100 £50,000 under" in text
    assert "No budget or spending has been stated" in render_page(shipped("strategic"))


def test_an_operational_layer_sees_money_line_by_line() -> None:
    lines = pd.DataFrame(
        [
            {
                "priority": "crime",
                "funding_line": "Safer streets",
                "budget": 10_000,
                "forecast": None,
                "actual": 4_000,
            },
            {"priority": "crime", "funding_line": "Wardens", "budget": 5_000, "forecast": 5_500, "actual": 2_000},
        ]
    )
    text = re.sub(r"\s+", " ", Page(render_page(replace(shipped("operational"), spend=lines))).text)
    assert "Safer streets Reducing crime and anti-social behaviour £10,000 n/a £4,000 n/a" in text
    # A total of what not every line states would be no total.
    assert "Total £15,000 n/a £6,000 n/a" in text


def test_an_action_carried_over_says_so_and_the_overdue_come_first() -> None:
    actions = pd.DataFrame(
        [
            {"action": "Later", "owner": "A", "due_on": date(2010, 1, 1), "state": "open", "indicator": "NI16"},
            {
                "action": "Sooner", "owner": "B", "due_on": date(2009, 10, 1), "state": "overdue", "indicator": None,
                "priority": "crime", "times_carried": 2,
            },
            {"action": "Settled", "owner": "C", "due_on": date(2009, 1, 1), "state": "done", "indicator": "NI16"},
        ]
    )  # fmt: skip
    html = render_page(replace(shipped("executive"), actions=actions))
    table = html[html.index('<section id="actions"') : html.index('<section id="risks"')]
    places = [table.index(said) for said in ("Sooner (carried over twice)", "Later", "Settled")]
    assert places == sorted(places)
    assert table.count("Overdue") == 1


def test_the_marking_stands_above_and_below_and_is_nowhere_when_there_is_none(role: str) -> None:
    marked = render_page(replace(shipped(role), marking="OFFICIAL"))
    assert marked.count('<p class="marking">OFFICIAL</p>') == 2
    assert "OFFICIAL" not in render_page(shipped(role))
    assert workbook(replace(shipped(role), marking="OFFICIAL")).introduction[0] == "OFFICIAL"


def test_what_a_person_confirmed_and_what_was_checked_before_stand_beside_the_figure() -> None:
    publication = shipped("operational")
    rows = publication.provenance.assign(checks_made="c", confirmed="Odd: 2. One school closed. Until May.")
    quality = publication.data_quality.assign(checks="e")
    html = render_page(replace(publication, provenance=rows, data_quality=quality))
    assert "<strong>Odd, and confirmed as true.</strong> Odd: 2. One school closed. Until May." in html
    assert "<td>random quality checks</td>" in html
    assert "Checked before it was sent: no checks." in html
