"""The officer's loop in files: a filled Reply sheet put into any of the partner's folders is applied and receipted."""

import io
import os
from collections.abc import Callable, Sequence
from datetime import date
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from flows.cli.status import status
from flows.drain import drain
from flows.land import deliver
from flows.officers.alerts import list_alerts
from flows.officers.decisions import confirm
from flows.officers.escalate import escalate
from flows.settings import Settings
from reports.reply import ACKNOWLEDGE, NIL, RULE_IS_WRONG, TRUE_AS_SENT, WILL_CORRECT, WITHDRAW
from tests.flows.waste import HEADER, KEY, waste
from warehouse import ledger
from warehouse.connection import open_warehouse

At = Callable[[str], Settings]
MONDAY = "2009-07-20T10:00"
GOOD = "2009-04,kerbside_residual,household,residual,efw,4000.000,"
HEAVY = "2009-05,kerbside_residual,household,residual,efw,21000.000,"  # above the 20,000 tonnes of CHW-015
WHOLE = 2  # the row of the Reply sheet for the whole file; the rules follow
CANARY = "ZXCANARY"


def sent(settings: Settings, folder: Path, *rows: str, header: str = HEADER) -> tuple[str, bytes]:
    """Deliver a file; returns its delivery id and the error report that came back."""
    deliver(settings, waste(folder, *rows, header=header), KEY)
    drain(settings)
    delivery_id = str(status(settings)["deliveries"][-1]["delivery_id"])
    return delivery_id, (settings.home / "collect/council/reports" / f"{delivery_id}-errors.xlsx").read_bytes()


def put_back(settings: Settings, report: bytes, answers: dict[Any, Sequence[Any]], where: str = KEY) -> None:
    """Fill the yellow cells of a report's Reply sheet (answer, reason, day, checks) and put it into the inbox."""
    book = openpyxl.load_workbook(io.BytesIO(report))
    sheet = book["Reply"]
    for about, cells in answers.items():
        row = (
            about
            if isinstance(about, int)
            else next(one for one in sheet.iter_rows() if one[1].value == about)[0].row
        )
        for column, value in enumerate(cells, start=4):
            sheet.cell(row, column).value = value
    folder = settings.inbox / where
    folder.mkdir(parents=True, exist_ok=True)
    book.save(folder / "answers.xlsx")
    os.utime(folder / "answers.xlsx", (1, 1))  # it has lain still for long
    drain(settings)


def mail(settings: Settings, kind: str) -> Any:
    """The one mail of that kind."""
    (path,) = (settings.home / "outbox").glob(f"*.{kind}.eml")
    return message_from_bytes(path.read_bytes(), policy=policy.default)


def text_of(message: Any) -> str:
    return " ".join(message.get_body(("plain",)).get_content().split())


def row_of(settings: Settings, delivery_id: str) -> dict[str, Any]:
    return next(row for row in status(settings)["deliveries"] if row["delivery_id"] == delivery_id)


def ledger_rows(settings: Settings, table: str) -> list[dict[str, Any]]:
    with open_warehouse(settings.home) as connection:
        return ledger.rows(connection, f"SELECT * FROM warehouse.ledger.{table}")


def test_true_as_sent_is_judged_anew_and_remembered_until_its_day(at: At, tmp_path: Path) -> None:
    settings = at(MONDAY)
    delivery_id, report = sent(settings, tmp_path, GOOD, HEAVY)
    assert row_of(settings, delivery_id)["decision"] == "accepted_with_exceptions"
    put_back(settings, report, {"CHW-015": (TRUE_AS_SENT, f"{CANARY} weighed twice", date(2009, 12, 31))})
    row = row_of(settings, delivery_id)
    assert (row["state"], row["decision"], row["rows_accepted"]) == ("merged", "accepted", 2)
    (said,) = ledger_rows(settings, "confirmation")
    assert (said["rule_id"], str(said["until"]), said["confirmed_by"]) == (
        "CHW-015",
        "2009-12-31",
        "Alex Rowntree",
    )
    told = mail(settings, "reply")
    assert told["Subject"] == "Your reply is applied: Council household waste, Apr-Jun 2009"
    assert f"{delivery_id}.1.alert@" in told["In-Reply-To"]
    assert "Rule CHW-015: true as sent. Taken as true until 31 December 2009" in text_of(told)
    assert CANARY not in text_of(told)
    assert list_alerts(settings) == []
    assert len(status(settings)["deliveries"]) == 1, "a reply is no delivery"
    assert not list((settings.inbox / KEY).iterdir()), "and is not kept"


def test_will_correct_stops_the_escalation_until_the_day_and_no_longer(at: At, tmp_path: Path) -> None:
    delivery_id, report = sent(at(MONDAY), tmp_path, header=HEADER.replace("destination", "destinations"))
    put_back(at("2009-07-21T10:00"), report, {WHOLE: (WILL_CORRECT, "", date(2009, 7, 31))})
    assert "we expect the whole file by 31 July 2009" in text_of(mail(at(MONDAY), "reply")).lower().replace(
        "july", "July"
    )
    assert list_alerts(at("2009-07-21T10:00")) == []
    assert escalate(at("2009-07-30T16:00")) == []
    assert escalate(at("2009-08-04T16:00")) == [f"{delivery_id}.after-2-of-2009-07-31.escalation"]


def test_a_rule_said_to_be_wrong_goes_to_who_owns_it_and_the_reason_stays_in_the_ledger(
    at: At, tmp_path: Path
) -> None:
    settings = at(MONDAY)
    _, report = sent(settings, tmp_path, GOOD, HEAVY)
    put_back(settings, report, {"CHW-015": (RULE_IS_WRONG, f"{CANARY} is a normal load", None)})
    told = mail(settings, "rule_questioned")
    assert told["To"] == settings.partnership.data_quality_lead.email
    assert "Alex Rowntree (London Borough of Hammersmith and Fulham) says that rule CHW-015 is wrong" in text_of(
        told
    )
    assert CANARY not in told.as_string()
    (question,) = (alert for alert in list_alerts(settings) if alert["for"] == "rule's owner")
    assert f"{CANARY} is a normal load" in question["reason"]
    assert row_of(settings, str(question["delivery_id"]))["rows_quarantined"] == 1, "the rule stands"


def test_several_answers_in_one_sheet_do_not_get_in_each_others_way(at: At, tmp_path: Path) -> None:
    """The rule's owner hears how many rows it found, though another answer has the file judged anew; and the alert
    that comes of that asks for the file by the day that was promised."""
    _, report = sent(at(MONDAY), tmp_path, HEAVY.replace("efw", "moon"))
    tuesday = at("2009-07-21T10:00")
    answers: dict[Any, Sequence[Any]] = {
        WHOLE: (WILL_CORRECT, "", date(2009, 7, 31)),
        "CHW-013": (RULE_IS_WRONG, "A new plant", None),
        "CHW-015": (TRUE_AS_SENT, "Weighed twice", date(2009, 12, 31)),
    }
    put_back(tuesday, report, answers)
    assert "agreed list: 1." in text_of(mail(tuesday, "rule_questioned"))
    *_, anew = sorted((tuesday.home / "outbox").glob("*.alert.eml"))
    told = message_from_bytes(anew.read_bytes(), policy=policy.default)
    assert str(told["Subject"]).startswith("[Act by Fri 17:00]")
    assert "By Friday 31 July at 17:00, as you said:" in text_of(told)
    assert escalate(at("2009-07-30T16:00")) == []


def test_a_nil_return_by_sheet_is_a_delivery_of_its_own(at: At, tmp_path: Path) -> None:
    settings = at(MONDAY)
    _, report = sent(settings, tmp_path, header=HEADER.replace("destination", "destinations"))
    put_back(settings, report, {WHOLE: (NIL, "No collection at all.", None)})
    _, nil = status(settings)["deliveries"]
    assert (nil["state"], nil["decision"], nil["period"]) == ("merged", "nil", "FY2009-Q1")
    assert "nil return" in str(mail(settings, "resolved")["Subject"])
    assert list_alerts(settings) == []


def test_a_file_withdrawn_by_sheet_counts_no_more(at: At, tmp_path: Path) -> None:
    settings = at(MONDAY)
    delivery_id, report = sent(settings, tmp_path, GOOD, HEAVY)
    put_back(settings, report, {WHOLE: (WITHDRAW, "Wrong quarter.", None)})
    assert row_of(settings, delivery_id)["state"] == "withdrawn"
    assert ledger_rows(settings, "reply")[0]["answer"] == "withdraw"
    with open_warehouse(settings.home) as connection:
        left = connection.execute("SELECT count(*) FROM warehouse.merged.contribution").fetchall()
    assert left == [(0,)]


def test_acknowledged_and_the_checks_that_were_made_are_written_down(at: At, tmp_path: Path) -> None:
    settings = at(MONDAY)
    delivery_id, report = sent(settings, tmp_path, header=HEADER.replace("destination", "destinations"))
    put_back(settings, report, {WHOLE: (ACKNOWLEDGE, "", None, "d Periodic quality checks")}, where="council")
    assert list_alerts(settings) == []
    (said,) = ledger_rows(settings, "reply")
    assert (said["delivery_id"], said["answer"], said["checks"]) == (delivery_id, "acknowledged", "d")
    assert "Checks made on the data: periodic quality checks." in text_of(mail(settings, "reply"))


BAD: dict[str, tuple[dict[Any, Sequence[Any]], str]] = {
    "no answer": ({}, "No answer is filled in."),
    "none of the list": ({WHOLE: (CANARY, "", None)}, "Row 2: the answer is none of the list."),
    "a day gone by": ({WHOLE: (WILL_CORRECT, "", date(2009, 7, 1))}, "Row 2: the day is over."),
    "no reason": ({"CHW-015": (TRUE_AS_SENT, "", date(2009, 12, 31))}, "please give a reason"),
    "withdraw to a rule": ({"CHW-015": (WITHDRAW, "x", None)}, "this answer does not belong to this row"),
    "nil where a file stands": ({WHOLE: (NIL, "x", None)}, "withdraw it first"),
    "two ways": (
        {WHOLE: (WITHDRAW, "x", None), "CHW-015": (TRUE_AS_SENT, "y", date(2009, 12, 31))},
        "please give no other beside it",
    ),
}


@pytest.mark.parametrize("what", BAD)
def test_a_sheet_that_cannot_be_applied_changes_nothing_and_says_why(at: At, tmp_path: Path, what: str) -> None:
    settings = at(MONDAY)
    answers, says = BAD[what]
    delivery_id, report = sent(settings, tmp_path, GOOD, HEAVY)
    put_back(settings, report, answers)
    told = mail(settings, "reply_refused")
    assert says in text_of(told)
    assert CANARY not in told.as_string()
    assert row_of(settings, delivery_id)["decision"] == "accepted_with_exceptions"
    assert ledger_rows(settings, "reply") == []
    assert ledger_rows(settings, "confirmation") == []


def test_a_critical_rule_cannot_be_confirmed_away(at: At, tmp_path: Path) -> None:
    """The drop-down does not offer it; who types it is told."""
    settings = at(MONDAY)
    empty = waste(tmp_path, GOOD)
    empty.write_text(HEADER + "\n")
    deliver(settings, empty, KEY)
    drain(settings)
    (row,) = status(settings)["deliveries"]
    report = settings.home / "collect/council/reports" / f"{row['delivery_id']}-errors.xlsx"
    put_back(settings, report.read_bytes(), {"CHW-001": (TRUE_AS_SENT, "It is.", date(2009, 12, 31))})
    assert "Rule CHW-001 is critical" in text_of(mail(settings, "reply_refused"))
    assert row_of(settings, row["delivery_id"])["state"] == "rejected"


def test_a_stale_sheet_is_told_so(at: At, tmp_path: Path) -> None:
    settings = at(MONDAY)
    _, report = sent(settings, tmp_path, GOOD, HEAVY)
    deliver(settings, waste(tmp_path, name="again_FY2009-Q1.csv"), KEY)
    drain(settings)
    put_back(settings, report, {"CHW-015": (TRUE_AS_SENT, "It is.", date(2009, 12, 31))})
    assert "this file is superseded meanwhile, so there is nothing to answer" in text_of(
        mail(settings, "reply_refused")
    )


def test_nobody_answers_for_another_partner(at: At, tmp_path: Path) -> None:
    settings = at(MONDAY)
    delivery_id, report = sent(settings, tmp_path, GOOD, HEAVY)
    put_back(settings, report, {WHOLE: (WITHDRAW, "x", None)}, where="police/recorded_crime")
    told = mail(settings, "reply_refused")
    assert "none of yours that we know" in text_of(told)
    assert told["To"] == settings.partnership.partners["police"].officer.email
    assert delivery_id not in told.as_string()
    assert row_of(settings, delivery_id)["state"] == "merged"


def test_a_sheet_is_applied_once_however_often_the_run_is_repeated(
    at: At, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a crash between the commit and the removal of the claim."""
    settings = at(MONDAY)
    _, report = sent(settings, tmp_path, header=HEADER.replace("destination", "destinations"))
    with monkeypatch.context() as crashing:
        crashing.setattr("flows.ingest.shutil.rmtree", lambda folder: (_ for _ in ()).throw(OSError))
        put_back(settings, report, {WHOLE: (ACKNOWLEDGE, "", None)})
    drain(settings)
    assert len(ledger_rows(settings, "reply")) == 1
    assert len(list((settings.home / "outbox").glob("*.reply.eml"))) == 1


def test_confirmed_by_hand_the_alert_is_settled_too(at: At, tmp_path: Path) -> None:
    settings = at(MONDAY)
    delivery_id, _ = sent(settings, tmp_path, GOOD, HEAVY)
    assert len(list_alerts(settings)) == 1
    confirm(settings, delivery_id, "CHW-015", reason="It is.", until=date(2009, 12, 31), by="D. Lead")
    assert list_alerts(settings) == []
