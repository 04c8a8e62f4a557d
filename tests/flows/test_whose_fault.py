"""Whose fault it is and who hears of it; and what is only a trial or a rehearsal."""

import json
from collections.abc import Callable
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

import flows.receiving.examine
from flows.cli.status import status
from flows.drain import drain
from flows.land import deliver
from flows.notify import send_outbox
from flows.officers.delays import tell_of_delays
from flows.officers.escalate import escalate
from flows.settings import Settings
from tests.definitions import copy_definitions
from tests.flows.waste import HEADER, KEY, waste
from warehouse.connection import open_warehouse

At = Callable[..., Settings]
OFFICER = "alex.rowntree@council.example"


def mails(settings: Settings) -> list[EmailMessage]:
    """What was sent, where no server is set: the files of the outbox, by name."""
    paths = sorted((settings.home / "outbox").glob("*.eml"))
    return [message_from_bytes(path.read_bytes(), policy=policy.default) for path in paths]


def text_of(mail: EmailMessage) -> str:
    """The plain text on one line."""
    part = mail.get_body(("plain",))
    assert part is not None
    return " ".join(str(part.get_content()).split())


def counted(settings: Settings) -> int:
    """How many contributions the figures rest on."""
    with open_warehouse(settings.home) as connection:
        tables: list[Any] = connection.execute(
            "SELECT 1 FROM duckdb_tables() WHERE database_name = 'warehouse' AND table_name = 'contribution'"
        ).fetchall()
        if not tables:
            return 0
        found: list[Any] = connection.execute("SELECT count(*) FROM warehouse.merged.contribution").fetchall()
    return int(found[0][0])


@pytest.fixture(scope="module")
def in_trial(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped partnership, in which the agreement on waste is still at stage `test`."""
    root = copy_definitions(tmp_path_factory.mktemp("partnership"))
    path = root / "schemas" / "agreements" / "council-waste.yaml"
    path.write_text(path.read_text().replace("stage: live", "stage: test"))
    return root


def test_an_agreement_in_trial_gets_the_full_verdict_and_never_merges(
    at: At, tmp_path: Path, in_trial: Path
) -> None:
    settings = at("2009-07-20T09:00", in_trial)
    bad = (
        "2009-04,kerbside_residual,household,residual,efw,4000.000,",
        "2009-05,no such stream,household,,efw,1,",
    )
    deliver(settings, waste(tmp_path, *bad), KEY)
    (row,) = drain(settings)
    assert (row["state"], row["decision"]) == ("withdrawn", "accepted_with_exceptions")
    assert (row["rows_received"], row["rows_accepted"], row["rows_quarantined"]) == (2, 1, 1)
    assert counted(settings) == 0
    (mail,) = mails(settings)
    assert "counts in no figure" in text_of(mail)
    assert "CHW-" in text_of(mail), "each rule that it failed is named"
    assert [part.get_filename() for part in mail.iter_attachments()], "with its error report"

    live = at("2009-07-21T09:00")  # signed: what came in trial stays out
    assert drain(live) == []
    assert counted(live) == 0
    deliver(live, waste(tmp_path, *bad), KEY)
    assert [row["state"] for row in drain(live)] == ["merged"], "and is no duplicate of what counts nowhere"


def test_of_a_trial_nobody_but_the_officer_hears(at: At, tmp_path: Path, in_trial: Path) -> None:
    settings = at("2009-07-20T09:00", in_trial)
    deliver(settings, waste(tmp_path, header=HEADER.replace("tonnes", "tons")), KEY)
    (row,) = drain(settings)
    assert row["state"] == "rejected"
    assert escalate(at("2009-08-20T10:00", in_trial)) == []
    assert [one for one in status(settings)["due"] if f"{one['partner']}/{one['dataset']}" == KEY] == []


def test_a_failure_of_ours_is_told_to_the_operator_and_after_four_working_hours_to_the_officer(
    at: At, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("ours")

    friday = at("2009-07-17T14:00")  # 15:00 in London: two hours of that Friday are left
    deliver(friday, waste(tmp_path), KEY)
    with monkeypatch.context() as patch:
        patch.setattr(flows.receiving.examine, "_run_rules", broken)
        (row,) = drain(friday)
        assert row["state"] == "received"
        (mail,) = mails(friday)
        assert "alex.rowntree" not in str(mail["To"]), "the operator's"
        assert "the partner is not blamed" in text_of(mail)
        assert tell_of_delays(at("2009-07-20T09:59")) == []
        monday = at("2009-07-20T10:01")  # 11:01 in London: two hours of Monday are over
        assert len(tell_of_delays(monday)) == 1
        assert tell_of_delays(monday) == [], "once"
        send_outbox(monday)
    (told,) = (mail for mail in mails(monday) if OFFICER in str(mail["To"]))
    assert "We have your file" in text_of(told)
    assert "nothing" in text_of(told)

    later = at("2009-07-20T12:00")
    drain(later)
    assert len(tell_of_delays(later)) == 1, "that it is over"
    assert tell_of_delays(later) == []


def test_in_a_rehearsal_no_officer_hears_anything(at: At, tmp_path: Path) -> None:
    settings = replace(at("2009-07-20T09:00"), redirect_all_mail="rehearsal@council.example")
    deliver(settings, waste(tmp_path, header=HEADER.replace("tonnes", "tons")), KEY)
    stray = settings.inbox / "nobody" / "nothing"
    stray.mkdir(parents=True)
    (stray / "x.csv").write_text("a\n1\n")
    drain(settings)
    sent = mails(settings)
    assert len(sent) == 2
    for mail in sent:
        assert (mail["To"], mail["Cc"], mail["Bcc"]) == ("rehearsal@council.example", None, None)
        assert "This is a rehearsal." in text_of(mail)
    assert any(OFFICER in text_of(mail) for mail in sent), "whom it was meant for"
    assert "rehearsal" not in json.dumps(status(settings)), "the ledger says what would be so"
