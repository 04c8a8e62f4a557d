"""What is signed is what the exchange obeys: the papers say what agreements, contracts and partners say."""

import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from flows.governance.papers import listing, papers, write_papers
from flows.settings import Settings

At = Callable[[str], Settings]


@pytest.fixture
def pages(at: At) -> dict[str, str]:
    return {name: content.decode() for name, content in papers(at("2009-10-20")).items()}


def test_there_is_a_page_for_each_agreement_a_register_and_an_assessment(at: At, pages: dict[str, str]) -> None:
    agreements = {f"{one.id}.html" for one in at("2009-10-20").partnership.agreements}
    assert set(pages) == {"index.html", "register.html", "impact-assessment.html", *agreements}
    assert all(f'href="{name}"' in pages["index.html"] for name in pages if name != "index.html")


def test_an_agreement_has_what_the_commissioners_code_asks_for(at: At, pages: dict[str, str]) -> None:
    page = pages["schools-attendance.html"]
    for heading in (
        *("Purpose", "Parties and controllers", "Lawful basis", "The data", "Who may see what"),
        *("Rights of the people the data are about", "Governance", "Signatures"),
    ):
        assert re.search(rf"<h2[^>]*>(\d+\. )?{heading}</h2>", page), heading
    for said in (
        *("joint controllers", "Children Act 2004, section 10", "DPIA-2008-06", "data-protection@schools.example"),
        *(
            "upn",
            "replaced by a pseudonym",
            *("Pupils of state schools", "When it ends", "Freedom of information", "6 years (2,190 days)"),
            "5 working days",
            "31 March 2011",
            "chair",
            "Counts from 1 to 4",
        ),
    ):
        assert said.lower() in page.lower(), said


def test_health_names_its_caldicott_guardian_and_who_applies_the_opt_out(pages: dict[str, str]) -> None:
    page = pages["health-injury-admissions.html"]
    assert "Caldicott guardian: caldicott@health.example" in page
    assert "the trust takes opted-out patients out" in page
    assert "It does not arise" in pages["police-recorded-crime.html"]


def test_the_register_has_every_agreement_and_the_assessment_every_personal_dataset(
    at: At, pages: dict[str, str]
) -> None:
    partnership = at("2009-10-20").partnership
    assert all(one.id in pages["register.html"] for one in partnership.agreements)
    personal = [one for one in partnership.contracts.values() if one.personal_columns]
    assert personal
    for one in personal:
        assert one.title in pages["impact-assessment.html"]
        assert one.people, f"{one.key} must say whom its rows are about"
        assert one.people in pages["register.html"]
        assert one.people in pages["impact-assessment.html"]


def test_a_page_stands_alone_and_is_sound_html(pages: dict[str, str]) -> None:
    for name, page in pages.items():
        assert "http://" not in page, name
        assert "https://" not in page, name
        assert "<script" not in page, name
        assert '<html lang="en-GB">' in page, name
        assert page.count("<h1>") == 1, name
        assert unclosed(page) == [], name


def test_the_same_definitions_give_the_same_bytes_in_files_of_their_owner(at: At, tmp_path: Path) -> None:
    settings = at("2009-10-20")
    written = write_papers(settings, tmp_path / "papers")
    assert {path.name: path.read_bytes() for path in written} == papers(settings)
    assert all(path.stat().st_mode & 0o077 == 0 for path in written)


def test_the_list_says_how_each_agreement_stands(at: At) -> None:
    standing = {one["agreement"]: one["standing"] for one in listing(at("2009-10-20"))}
    assert standing["council-waste"] == "in force, its review was due by 31 March 2009"
    standing = {one["agreement"]: one["standing"] for one in listing(at("2012-01-01"))}
    assert standing["council-waste"] == "ended on 31 March 2011"


def unclosed(page: str) -> list[str]:
    """Elements that are opened and not closed, or closed and not opened."""
    empty = {"meta", "br", "hr", "img", "link"}
    open_ones: list[str] = []
    wrong: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: object) -> None:
            if tag not in empty:
                open_ones.append(tag)

        def handle_endtag(self, tag: str) -> None:
            if not open_ones or open_ones.pop() != tag:
                wrong.append(tag)

    Reader().feed(page)
    return wrong + open_ones
