"""The page in a real browser: open to everyone, at every width, by keyboard alone, and nothing in it runs or calls."""

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium_axe_python import Axe

from reports.dictionary import render_dictionary
from reports.publication import Publication
from reports.releases import Release, releases_page
from tests.unit.builders.publication import hostile, ninety, shipped, whole
from warehouse.dictionary import described_tables

ROLES = ("strategic", "executive", "operational")
WIDTHS = (320, 768, 1440)
# Every rule of WCAG 2.2 A and AA and axe's own advice; the size of a target is off unless asked for.
RULES = json.dumps(
    {
        "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
        "rules": {"target-size": {"enabled": True}},
        "resultTypes": ["violations"],
    }
)
Opened = Callable[..., Any]


ON_PAPER = RULES.replace('"enabled": true', '"enabled": false')  # nobody points at paper


def violations(browser: Any, rules: str = RULES) -> list[str]:
    """What axe-core finds, one line for each rule broken."""
    axe = Axe(browser)
    axe.inject()
    found = axe.run(options=rules)["violations"]
    return [f"{each['id']}: {each['nodes'][0]['html'][:200]} ({len(each['nodes'])} times)" for each in found]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("role", ROLES)
def test_axe_finds_no_violation(opened: Opened, role: str, width: int) -> None:
    assert violations(opened(whole(role), width)) == []


@pytest.mark.parametrize("width", WIDTHS)
def test_axe_finds_no_violation_with_maps(opened: Opened, width: int) -> None:
    browser = opened(whole("operational"), width)
    assert len(browser.find_elements(By.CSS_SELECTOR, ".map text")) == 3 * 16
    assert browser.execute_script("return document.documentElement.scrollWidth") == width
    assert violations(browser) == []


@pytest.mark.parametrize("width", WIDTHS)
def test_axe_finds_no_violation_in_the_list_of_releases(chromium: Any, tmp_path: Path, width: int) -> None:
    released = Release(
        folder="releases/laa-FY2009-Q2-1",
        framework="laa",
        framework_title="Local Area Agreement 2008-11",
        period="July to September 2009",
        status="final",
        published_at=datetime(2009, 10, 30, 9, tzinfo=UTC),
        stands=True,
        layers=(("board", "Borough Partnership"), ("cdrp", "Crime and Disorder Reduction Partnership")),
    )
    before = replace(released, folder="releases/laa-FY2009-Q2-2", status="provisional", stands=False)
    file = tmp_path / "index.html"
    file.write_text(releases_page("Ashby Borough Partnership", [released, before]), encoding="utf-8")
    screen = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    chromium.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    chromium.get(file.as_uri())
    links = [link.get_attribute("href") or "" for link in chromium.find_elements(By.TAG_NAME, "a")]
    assert sum(link.endswith("/dictionary.html") for link in links) == 2
    assert chromium.execute_script("return document.documentElement.scrollWidth") == width
    assert violations(chromium) == []


@pytest.mark.parametrize("role", ROLES)
def test_axe_finds_no_violation_on_paper(opened: Opened, role: str) -> None:
    browser = opened(whole(role))
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert violations(browser, ON_PAPER) == []


@pytest.mark.parametrize("role", ROLES)
def test_nothing_runs_over_the_edge_of_a_small_screen(opened: Opened, role: str) -> None:
    browser = opened(whole(role), 320)
    assert browser.execute_script("return document.documentElement.scrollWidth") == 320
    # WCAG 1.4.12: a reader may set wider lines, words and letters, and loses nothing.
    browser.execute_script(
        "const own = document.createElement('style'); document.head.append(own);"
        "own.sheet.insertRule('* { line-height: 1.5 !important; letter-spacing: .12em !important;"
        " word-spacing: .16em !important }')"
    )
    assert browser.execute_script("return document.documentElement.scrollWidth") == 320


@pytest.mark.parametrize("width", [1040, 1280])
def test_the_common_table_stays_within_the_margins(opened: Opened, width: int) -> None:
    told = whole("operational")
    rows = told.indicators.assign(direction_short="no clear change", direction_long="no clear change")
    browser = opened(replace(told, indicators=rows), width)
    over = "return document.querySelector('.template').getBoundingClientRect().right"
    margin = (
        "const main = document.querySelector('main');"
        "return main.getBoundingClientRect().right - parseFloat(getComputedStyle(main).paddingRight)"
    )
    assert browser.execute_script(over) <= browser.execute_script(margin) + 1


@pytest.mark.parametrize("role", ROLES)
def test_a_keyboard_reaches_everything_in_reading_order(opened: Opened, role: str) -> None:
    """One press of Tab after another: each thing once, in view, with a ring around it, and out at the end."""
    browser = opened(role)
    wanted = browser.execute_script(
        "return [...document.querySelectorAll('a, button, input, [tabindex=\"0\"]')]"
        ".filter(e => e.checkVisibility()).map((e, at) => { e.dataset.at = at; return at })"
    )
    reached: list[int] = []
    for _ in wanted:
        ActionChains(browser).send_keys(Keys.TAB).perform()
        at, ringed, hidden = browser.execute_script(
            "const e = document.activeElement, box = e.getBoundingClientRect(), style = getComputedStyle(e);"
            "const x = Math.max(0, box.left) + Math.min(box.width, 4) / 2, y = box.top + Math.min(box.height, 4) / 2;"
            "const over = document.elementFromPoint(x, y);"
            "return [Number(e.dataset.at ?? -1), style.outlineStyle !== 'none',"
            " !!over && !e.contains(over) && !over.contains(e) && getComputedStyle(over).position === 'sticky']"
        )
        assert ringed, f"Nothing shows where the keyboard is (stop {len(reached)})."
        assert not hidden, f"What has the focus is under the menu (stop {len(reached)})."
        reached.append(at)
    assert reached == wanted


def test_the_skip_link_leads_past_the_menu(opened: Opened) -> None:
    browser = opened("executive")
    ActionChains(browser).send_keys(Keys.TAB, Keys.ENTER).perform()
    assert browser.execute_script("return document.activeElement.id") == "main"
    ActionChains(browser).send_keys(Keys.TAB).perform()
    assert browser.execute_script("return document.querySelector('main').contains(document.activeElement)")


def test_every_figure_leads_to_its_explanation_by_keyboard(opened: Opened) -> None:
    browser = opened("strategic")
    link = browser.find_element(By.CSS_SELECTOR, "a.number")
    link.send_keys(Keys.ENTER)
    target = link.get_attribute("href").rpartition("#")[2]
    assert browser.execute_script("return document.querySelector(':target').id") == target


def test_a_table_sorts_by_keyboard_and_says_so(opened: Opened) -> None:
    browser = opened("executive")
    button = browser.find_element(By.XPATH, "//table[contains(@class,'template')]//button[.='Status']")
    for direction in ("ascending", "descending"):
        button.send_keys(Keys.ENTER)
        assert button.find_element(By.XPATH, "..").get_attribute("aria-sort") == direction
        places = browser.execute_script(
            "return [...document.querySelectorAll('table.template tbody')].map(body =>"
            " [...body.querySelectorAll('td[data-label=Status]')].map(cell => Number(cell.dataset.value)))"
        )
        assert any(len(set(group)) > 1 for group in places)
        assert all(group == sorted(group, reverse=direction == "descending") for group in places)


@pytest.mark.parametrize("role", ROLES)
def test_the_search_finds_an_indicator_and_tells_how_many_are_left(opened: Opened, role: str) -> None:
    browser = opened(role)
    box = browser.find_element(By.CSS_SELECTOR, "input[type=search]")
    box.send_keys("violent CRIME")
    assert "1 of " in browser.find_element(By.ID, "found").text
    left = [e.text for e in browser.find_elements(By.CSS_SELECTOR, "[data-find]") if e.is_displayed()]
    assert left
    assert all("Serious violent crime rate" in text for text in left)
    assert violations(browser) == []
    box.send_keys(Keys.CONTROL, "a", Keys.BACKSPACE)
    assert browser.find_element(By.ID, "found").text == ""


@pytest.mark.parametrize("role", ROLES)
def test_it_calls_nothing_and_complains_of_nothing(opened: Opened, role: str) -> None:
    browser = opened(role)
    browser.execute_script("window.scrollTo(0, document.body.scrollHeight)")
    sent = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    urls = [each["params"]["request"]["url"] for each in sent if each["method"] == "Network.requestWillBeSent"]
    assert all(url.startswith("file:") and url.endswith("/index.html") for url in urls)
    assert [entry["message"] for entry in browser.get_log("browser")] == []


@pytest.mark.parametrize("role", ROLES)
def test_what_a_partner_wrote_is_shown_and_never_runs(opened: Opened, role: str) -> None:
    """A 300-letter commentary of markup and formulas, in every text of the page."""
    browser = opened(hostile(role))
    assert browser.execute_script("return window.ran === undefined && document.scripts.length === 1")
    # What would have run, had it been let: no image, no frame, no handler, no link but to the page itself.
    assert (
        browser.execute_script(
            "return [...document.querySelectorAll('img, iframe, object, embed, form, [onerror], [onload], [onclick]')]"
            ".length"
        )
        == 0
    )
    links = browser.execute_script("return [...document.links].map(a => a.getAttribute('href'))")
    assert all(link.startswith("#") for link in links)
    assert "<script>window.ran=1</script>" in browser.find_element(By.TAG_NAME, "main").text
    assert browser.execute_script("return document.documentElement.scrollWidth <= innerWidth")
    assert [entry["message"] for entry in browser.get_log("browser")] == []
    assert violations(browser) == []


@pytest.mark.parametrize("role", ROLES)
def test_a_page_with_nothing_on_it_is_a_page_too(opened: Opened, role: str) -> None:
    publication = shipped(role)
    nothing = replace(publication, indicators=publication.indicators.head(0))
    browser = opened(nothing)
    assert "No indicator of this layer has a figure" in browser.find_element(By.TAG_NAME, "main").text
    assert violations(browser) == []


@pytest.mark.parametrize("width", WIDTHS)
def test_the_data_dictionary_is_open_to_everyone_too(chromium: Any, tmp_path: Path, width: int) -> None:
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE SCHEMA performance; CREATE TABLE performance.figure_of_a_rather_long_name (value DOUBLE);"
            "COMMENT ON TABLE performance.figure_of_a_rather_long_name IS '<b>Figures</b>';"
            "COMMENT ON COLUMN performance.figure_of_a_rather_long_name.value IS 'The figure & more.'"
        )
        page = render_dictionary(described_tables(connection), "Anyborough Partnership", "public")
    file = tmp_path / "dictionary.html"
    file.write_text(page, encoding="utf-8")
    screen = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    chromium.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    chromium.get(file.as_uri())
    assert "<b>Figures</b>" in chromium.find_element(By.TAG_NAME, "main").text
    assert chromium.execute_script("return document.documentElement.scrollWidth") == width
    assert violations(chromium) == []


@pytest.mark.parametrize("publication", [whole("strategic"), ninety(whole("strategic"))], ids=["19", "95"])
def test_the_strategic_page_is_one_side_of_paper(opened: Opened, publication: Publication) -> None:
    browser = opened(publication)
    told = browser.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True, "printBackground": True})
    assert base64.b64decode(told["data"]).count(b"/Type /Page\n") == 1
