"""A publication becomes final on a second person's word; a meeting's papers stay as they were at the cut-off."""

import json
from collections.abc import Callable
from dataclasses import replace
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import openpyxl
import pypdf
import pytest

from flows.governance.verify import verify
from flows.notify import send_outbox
from flows.publish import Made, PublishError, publish
from flows.releases.meetings import due_meetings, publish_for_meeting
from flows.releases.release import ReleaseError, release
from flows.settings import Settings
from tests.definitions import copy_definitions
from warehouse import ledger
from warehouse.connection import open_warehouse
from warehouse.ledger import Actor

At = Callable[..., Settings]
# Nobody owes this framework an extract: its figures are published data. So it is ready at once.
FRAMEWORK, PERIOD = "local-outcomes-2026", "FY2025-Q4"


def second(settings: Settings) -> Settings:
    return replace(settings, actor=Actor("second-person", "run-2"))


def published(at: At) -> tuple[Settings, Made]:
    settings = at("2026-04-10")
    return settings, publish(settings, FRAMEWORK, PERIOD)


def pdf_text(path: Path) -> str:
    return " ".join(" ".join(page.extract_text() for page in pypdf.PdfReader(path).pages).split())


def status_of(made: Made) -> str:
    return str(json.loads((made.folder / "manifest.json").read_text())["status"])


def test_a_second_person_makes_it_final_and_so_it_stays(at: At) -> None:
    settings, made = published(at)
    assert status_of(made) == "ready"
    with pytest.raises(ReleaseError, match="Somebody else must release it"):
        release(settings, made.publication_id, "Somebody Else")
    with pytest.raises(ReleaseError, match=f"Ready are: {made.publication_id}"):
        release(second(settings), "another", "C. Executive")
    final = release(second(at("2026-04-14")), made.publication_id, "C. Executive")
    assert status_of(final) == "final"
    assert final.publication_id == f"{made.publication_id}-final"
    assert (settings.published / FRAMEWORK / PERIOD).resolve() == final.folder
    assert "Final" in final.pages[0].read_text()
    assert verify(settings)["problems"] == []
    with open_warehouse(settings.home) as connection:
        (told,) = ledger.rows(
            connection,
            "SELECT actor, details FROM warehouse.ledger.audit WHERE event = 'publication.released' "
            "AND subject = ?",
            [final.publication_id],
        )
    assert told["actor"] == "second-person"
    said = json.loads(told["details"])
    assert (said["made_by"], said["approved_by"]) == (settings.actor.name, "C. Executive")

    again = publish(settings, FRAMEWORK, PERIOD)  # the same figures
    assert (again.new, again.folder) == (False, final.folder)
    with pytest.raises(ReleaseError, match="is final already"):
        release(second(settings), made.publication_id, "C. Executive")

    page = (settings.published / "index.html").read_text()
    assert page.count(f"releases/{made.folder.name}/manifest.json") == 1
    assert page.count(f"releases/{made.folder.name}/dictionary.html") == 1
    assert page.index(final.folder.name) < page.index(f"releases/{made.folder.name}/manifest")  # newest first
    assert page.count("replaced since") == 1


def test_what_is_owed_and_not_in_keeps_it_provisional_and_each_layers_recipients_are_told(at: At) -> None:
    settings = at("2009-10-20")
    made = publish(settings, "laa-2008-11", "FY2009-Q2")
    assert status_of(made) == "provisional"
    with pytest.raises(ReleaseError, match="not everything that is owed for FY2009-Q2 is in"):
        release(second(settings), made.publication_id, "C. Executive")
    send_outbox(settings)
    mails = [
        message_from_bytes(path.read_bytes(), policy=default) for path in sorted(settings.home.glob("outbox/*"))
    ]
    assert [mail["To"] for mail in mails] == ["borough-partnership@council.example", "lpsb@council.example"]
    text = mails[0].get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert mails[0]["Subject"].startswith("Provisional: Local Area Agreement 2008-11, Quarter 2 2009/10")
    assert "0 of 4 partners have sent everything owed" in text
    assert made.publication_id in text
    publish(settings, "laa-2008-11", "FY2009-Q2")
    assert send_outbox(settings) == (0, 0)


def test_a_meetings_papers_are_frozen_at_the_cut_off(at: At, tmp_path: Path) -> None:
    meeting = "borough-partnership/2010-01-26"
    with pytest.raises(PublishError, match=r"The data cut-off of .* is 15 January 2010"):
        publish_for_meeting(at("2010-01-14"), meeting)
    assert due_meetings(at("2010-01-15")) == [meeting]
    frozen = publish_for_meeting(at("2010-01-15"), meeting)
    assert due_meetings(at("2010-01-15")) == []
    # The definitions are changed afterwards, so that the period is published anew.
    other = copy_definitions(tmp_path / "other")
    framework = other / "schemas/frameworks/laa-2008-11/framework.yaml"
    framework.write_text(framework.read_text().replace("title: Local Area", "title: The Local Area"))
    moved = publish(at("2010-01-20", other), "laa-2008-11", "FY2009-Q2")
    assert moved.folder != frozen.folder
    board = moved.folder / "borough-partnership" / "index.html"
    told = board.read_text(encoding="utf-8").partition('id="definitions"')[2].partition("</section>")[0]
    for said in (
        "framework.yaml",
        ">title<",
        ">Local Area Agreement 2008-11<",
        ">The Local Area",
        "20 January 2010",
    ):
        assert said in told
    sheet = openpyxl.load_workbook(board.with_name("performance.xlsx"))["Changed definitions"]
    (listed,) = [row for row in sheet.values if "framework.yaml" in str(row[0])]
    assert listed[1:] == (
        "title",
        "Local Area Agreement 2008-11",
        "The Local Area Agreement 2008-11",
        "20 January 2010",
    )
    paper = board.with_name("report.pdf")
    before = frozen.folder / "borough-partnership" / "report.pdf"
    assert len(pypdf.PdfReader(paper).pages) == len(pypdf.PdfReader(before).pages)
    assert "What is agreed changed in one place" in pdf_text(paper)
    operational = next(
        path for path in moved.folder.glob("*/report.pdf") if "Changed definitions" in pdf_text(path)
    )
    assert "was Local Area Agreement 2008-11, is now The Local Area" in pdf_text(operational)
    public = moved.folder / "public" / "borough-partnership" / "index.html"
    assert "Changed definitions" not in public.read_text(encoding="utf-8"), "a definition may name an officer"
    assert publish_for_meeting(at("2010-01-20", other), meeting).folder == frozen.folder
    link = frozen.folder.parent.parent / "laa-2008-11/meetings/borough-partnership-2010-01-26"
    assert link.resolve() == frozen.folder


def test_a_meeting_that_no_file_names(at: At) -> None:
    with pytest.raises(PublishError, match="There is no meeting board/2030-01-01"):
        publish_for_meeting(at("2010-01-14"), "board/2030-01-01")
