"""A file in ``inbox/<partner>/<dataset>/check/`` gets a verdict by mail and in ``collect/``; nothing is kept."""

import os
from collections.abc import Callable
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest

from flows.cli.status import status
from flows.drain import drain
from flows.governance.verify import verify
from flows.land import waiting
from flows.service.watch import present
from flows.settings import Settings
from flows.sweep import retain
from tests.flows.waste import HEADER, KEY, waste
from warehouse import ledger
from warehouse.connection import open_warehouse

At = Callable[[str], Settings]
MONDAY = "2009-07-20T10:00"
CANARY = "ZXCANARY"
BAD = f"2009-05,bring_sites,household,paper_card,{CANARY},1,"
GOOD = "2009-04,kerbside_residual,household,residual,efw,4000.000,"


def put(settings: Settings, file: Path, key: str = KEY) -> Path:
    folder = settings.inbox / key / "check"
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / file.name
    target.write_bytes(file.read_bytes())
    os.utime(target, (1, 1))  # it has lain still for long
    return target


def mails(settings: Settings) -> list[Any]:
    folder = settings.home / "outbox"
    return [message_from_bytes(path.read_bytes(), policy=policy.default) for path in sorted(folder.glob("*.eml"))]


def test_the_verdict_comes_by_mail_and_lies_in_collect_and_the_file_is_gone(at: At, tmp_path: Path) -> None:
    settings = at(MONDAY)
    put(settings, waste(tmp_path, GOOD, BAD))
    assert drain(settings) == []
    (told,) = mails(settings)
    assert told["Subject"] == "Checked: Council household waste, Apr-Jun 2009: would be accepted with exceptions"
    text = told.get_body(("plain",)).get_content()
    assert "Nothing of your file: it is deleted" in text
    assert [part.get_filename() for part in told.iter_attachments()] == ["household_waste.xlsx"]
    collected = settings.home / "collect" / "council" / "checks"
    assert sorted(path.name for path in collected.iterdir()) == ["household_waste.txt", "household_waste.xlsx"]
    assert not list((settings.inbox / KEY / "check").iterdir())
    assert not list((settings.home / "staging").rglob("*"))[1:], "no claim is left"


def test_what_was_said_of_a_checked_file_goes_when_a_held_file_would(at: At, tmp_path: Path) -> None:
    settings = at(MONDAY)
    put(settings, waste(tmp_path, GOOD, BAD))
    drain(settings)
    assert retain(at("2009-07-27T10:00")) == [], "the fifth working day is its last"
    assert len(mails(settings)) == 1
    (told,) = retain(at("2009-07-28T10:00"))
    assert told.endswith(".checked")
    assert mails(settings) == []
    assert list((settings.home / "collect" / "council" / "checks").iterdir()) == []
    with open_warehouse(settings.home) as connection:
        assert [row["event"] for row in ledger.audit_rows(connection, "file.%")] == ["file.checked"]
    assert retain(at("2009-07-28T10:00")) == []
    assert verify(settings)["problems"] == []


def test_nothing_merges_and_the_ledger_keeps_only_that_it_happened(at: At, tmp_path: Path) -> None:
    settings = at(MONDAY)
    put(settings, waste(tmp_path, GOOD, BAD))
    drain(settings)
    assert status(settings)["deliveries"] == []
    with open_warehouse(settings.home) as connection:
        audited = ledger.rows(connection, "SELECT event, subject, details FROM warehouse.ledger.audit ORDER BY 1")
        (payload,) = ledger.rows(connection, "SELECT payload FROM warehouse.ledger.outbox")
    assert [row["event"] for row in audited] == ["checked.sent", "file.checked"]
    assert audited[1]["subject"] == KEY
    assert audited[1]["details"] == "{}"
    assert payload["payload"] == '{"kind": "checked"}'
    for path in settings.home.rglob("*"):
        assert not path.is_file() or CANARY.encode() not in path.read_bytes(), path


def test_the_same_file_can_be_checked_again_and_delivered_after(at: At, tmp_path: Path) -> None:
    settings = at(MONDAY)
    for _ in range(2):
        put(settings, waste(tmp_path))
        drain(settings)
    assert len(mails(settings)) == 2
    (settings.inbox / KEY / "waste_FY2009-Q1.csv").write_bytes(waste(tmp_path).read_bytes())
    os.utime(settings.inbox / KEY / "waste_FY2009-Q1.csv", (1, 1))
    (row,) = drain(settings)
    assert row["state"] == "merged"


@pytest.mark.parametrize(
    ("header", "says"),
    [
        (HEADER + ",Surname", "would be held, not used"),
        (HEADER.replace("destination", "destinations"), "would not be accepted"),
    ],
)
def test_what_would_be_held_or_rejected_is_said_before_it_is(
    at: At, tmp_path: Path, header: str, says: str
) -> None:
    settings = at(MONDAY)
    put(settings, waste(tmp_path, GOOD, header=header))
    drain(settings)
    (told,) = mails(settings)
    assert str(told["Subject"]).endswith(says)
    assert not list((settings.home).glob("held/*"))


def test_the_folder_itself_is_no_file_and_wakes_nobody(at: At) -> None:
    settings = at(MONDAY)
    (settings.inbox / KEY / "check").mkdir(parents=True)
    assert waiting(settings) == []
    assert present(settings.inbox) == {}


def test_a_check_folder_of_no_agreed_dataset_is_answered(at: At, tmp_path: Path) -> None:
    settings = at(MONDAY)
    put(settings, waste(tmp_path), key="council/no_such")
    drain(settings)
    (told,) = mails(settings)
    assert "check folder of no agreed dataset" in " ".join(told.get_body(("plain",)).get_content().split())
    assert status(settings)["deliveries"] == []
