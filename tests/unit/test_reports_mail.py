"""The mails: the right subject, the most important thing first, counts and sentences, and never a value."""

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from reports.letters import filled, rules_part, where
from reports.mail import Mail, alert, digest, operator_alert, receipt, resolved, whole_codes
from tests.unit.builders.publication import failed_rule, payload

NAME = "Police recorded crime, July to September 2009"
NONE_TAKEN = {"received": 4210, "accepted": 0, "quarantined": 4210, "out_of_scope": 0}


def rejected(**changes: Any) -> dict[str, Any]:
    return payload(
        kind="alert", state="rejected", decision="rejected", counts=NONE_TAKEN, rules=[failed_rule()], **changes
    )


@pytest.mark.parametrize(
    ("decision", "subject"),
    [
        ("accepted", f"{NAME}: accepted"),
        ("accepted_with_exceptions", f"{NAME}: accepted with exceptions"),
        ("rejected", f"[Action needed] {NAME}: not accepted"),
        ("held", f"[Action needed] {NAME}: held, not used"),
        ("refused", f"[Action needed] {NAME}: turned away"),
        ("duplicate", f"{NAME}: already received"),
    ],
)
@pytest.mark.parametrize("write", [receipt, alert])
def test_the_subject_says_dataset_period_and_verdict(
    write: Callable[[Any], Mail], decision: str, subject: str
) -> None:
    assert write(payload(decision=decision, state=decision)).subject == subject


def test_an_alert_says_first_what_is_wrong_then_what_stands_what_it_holds_up_and_what_to_do() -> None:
    text = " ".join(alert(rejected(stands="Your file of 3 November 2009 stays in use")).text.split())
    order = [
        "Dear Sam Example,",
        "Your file was not accepted",
        "It has 4,210 rows; none was taken in.",
        "3 rows have no crime reference.",
        "Rows 4, 9 and 17.",
        "PRC-004",
        "Your file of 3 November 2009 stays in use.",
        "Serious acquisitive crime rate (NI16)",
        "Send the file again with a reference on every row.",
        "send the whole file again",
        "data-quality@council.example",
        "30 October 2009 at 16:50",
        "ab" * 32,
    ]
    places = [text.index(said) for said in order]
    assert places == sorted(places)


def test_the_gravest_rule_comes_first() -> None:
    minor = failed_rule(id="PRC-009", severity="warning", sentence="Rows that repeat: {count}.", failed=900)
    text = alert(rejected() | {"rules": [minor, failed_rule()]}).text
    assert text.index("PRC-004") < text.index("PRC-009")


def test_a_file_with_exceptions_accounts_for_every_row() -> None:
    counts = {"received": 14, "accepted": 11, "quarantined": 2, "out_of_scope": 1}
    warned = failed_rule(severity="warning", failed=2, rows=[4, 9])
    mail = alert(payload(state="merged", decision="accepted_with_exceptions", counts=counts, rules=[warned]))
    assert "Of 14 rows, 11 were accepted, 2 were set aside and 1 was of other areas." in mail.text
    assert "WHAT IT TOUCHES" in mail.text


def test_nothing_in_this_borough_is_said_kindly_and_loudly() -> None:
    counts = {"received": 900, "accepted": 0, "quarantined": 0, "out_of_scope": 900}
    mail = receipt(payload(counts=counts))
    assert mail.subject == f"{NAME}: accepted, but nothing in this borough"
    assert "NOTHING IN THIS FILE IS ABOUT THIS BOROUGH: all of its 900 rows are" in mail.text
    assert "thank you" in mail.text


def test_a_hold_says_until_when_and_gives_the_remedy() -> None:
    held = payload(
        kind="alert", state="held", decision="held", counts=None, period=None, period_words=None,
        reason="A column that is in no agreement looks personal", remedy="Take the column out",
        hold_until="2009-11-06", next_due=None,
    )  # fmt: skip
    mail = alert(held)
    assert mail.subject == "[Action needed] Police recorded crime: held, not used"
    assert "A column that is in no agreement looks personal." in mail.text
    assert "Take the column out." in mail.text
    assert "erased after 6 November 2009." in " ".join(mail.text.split())
    assert "will show as not" in mail.text


def test_counts_that_are_not_known_are_not_made_up() -> None:
    unread = dict.fromkeys(("received", "accepted", "quarantined", "out_of_scope"))
    for counts in (None, unread):
        mail = receipt(payload(decision="refused", state="refused", counts=counts, reason="No such dataset"))
        assert "rows" not in mail.text
        assert "No such dataset." in mail.text


def test_an_overdue_file_is_asked_for() -> None:
    mail = alert(payload(kind="overdue", decision=None, state=None, delivery_id=None, sha256=None, counts=None))
    assert mail.subject == f"[Action needed] {NAME}: not received"
    assert "We have not received your file" in mail.text


def test_the_operator_hears_of_a_fault_and_the_partner_is_not_blamed() -> None:
    mail = operator_alert(
        {"kind": "operator", "delivery_id": "d-1", "partner": "police", "dataset": "police/recorded_crime",
         "period": "FY2009-Q2", "problem": "A rule could not run", "at": "2009-10-30T16:50:00+00:00",
         "exchange_name": "Anyborough Partnership"}
    )  # fmt: skip
    assert mail.subject == "[Operator] police/recorded_crime: A rule could not run"
    assert "the partner is not blamed" in " ".join(mail.text.split())
    assert "d-1" in mail.text


def test_lines_are_78_columns_and_the_addresses_whole() -> None:
    rules = [failed_rule(failed=1204, rows=list(range(2, 22)), remedy="Please " + "check the file again " * 12)]
    for mail in (alert(rejected() | {"rules": rules}), receipt(payload())):
        assert all(len(line) <= 78 for line in mail.text.splitlines())
        assert mail.text.isprintable() or "\n" in mail.text


def test_the_html_says_the_same_and_is_escaped() -> None:
    mail = alert(rejected(dataset_title="Crime <b>&", stands="Your file of 3 November 2009 stays in use."))
    assert mail.html is not None
    assert "<b>" not in mail.html
    assert "Crime &lt;b&gt;&amp;" in mail.html
    for said in ("4,210 rows", "3 rows have no crime reference.", "3 November 2009", "NI16"):
        assert said in mail.html
    assert "http" not in mail.html


def test_no_line_break_gets_into_a_subject() -> None:
    mail = receipt(payload(dataset_title="Crime\r\nBcc: someone@else.example"))
    assert mail.subject.startswith("Crime Bcc: someone")
    assert "\n" not in mail.subject


@pytest.mark.parametrize(
    ("sentence", "failed", "said"),
    [
        ("{count} rows have no date.", 1, "1 row has no date."),
        ("{count} rows have no date.", 1204, "1,204 rows have no date."),
        ("The file holds full postcodes: {count} rows.", 1, "The file holds full postcodes: 1 row."),
        ("Rows without a ward: {count}.", 1, "Rows without a ward: 1."),
        (
            "More than one in twenty has no ward: {count} in all.",
            30,
            "More than one in twenty has no ward: 30 in all.",
        ),
        ("The file has no rows.", 0, "The file has no rows."),
        ("{count} rows are outside the quarter.", 1, "1 row is outside the quarter."),
    ],
)
def test_a_sentence_with_its_number_is_grammatical(sentence: str, failed: int, said: str) -> None:
    assert filled(sentence, failed) == said


def test_five_rows_are_named_and_the_others_counted() -> None:
    assert where([7], 1) == "Row 7."
    assert where([], 5) == ""
    assert where(list(range(2, 40)), 1204) == "Rows 2, 3, 4, 5, 6 and 1,199 more."


def test_three_faults_are_named_and_the_others_counted() -> None:
    rules = [failed_rule(id=f"PRC-{n}", severity="warning", failed=n) for n in range(1, 6)]
    text = alert(rejected() | {"rules": rules}).text
    assert [f"PRC-{n}" in text for n in range(1, 6)] == [False, False, True, True, True]
    assert "And 2 more kinds of fault" in text


def test_a_subject_says_by_when_to_act_and_how_the_mail_is_marked() -> None:
    mail = alert(rejected(act_by="2009-12-08T17:00:00+00:00", period_short="Jul-Sep 2009", marking="OFFICIAL"))
    assert mail.subject == "[Act by Tue 17:00] Police recorded crime, Jul-Sep 2009: not accepted [OFFICIAL]"
    assert mail.text.startswith("OFFICIAL\n")
    assert mail.text.endswith("OFFICIAL\n")


def test_a_correction_ends_the_conversation() -> None:
    mail = resolved(
        payload(settles=[{"id": "a", "raised_at": "2009-10-30T16:50:00+00:00", "decision": "rejected"}])
    )
    assert mail.subject == f"Resolved: {NAME}: accepted"
    assert "This settles our alert of 30 October 2009." in mail.text


def test_many_files_are_told_in_one_mail_with_those_that_need_somebody_first() -> None:
    bad, good = rejected(act_by="2009-12-08T17:00:00+00:00"), payload(dataset_title="Anti-social behaviour")
    mail = digest(good, [good, bad, good, good])
    assert mail.subject == "[Act by Tue 17:00] 4 files taken in, 1 needs you"
    assert mail.text.index("Police recorded crime") < mail.text.index("Anti-social behaviour")
    assert mail.text.count("Dear Sam Example") == 1


def test_writing_a_mail_needs_no_chart_library() -> None:
    code = "import sys, reports.mail; sys.exit(bool({'pandas', 'altair', 'vl_convert'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_no_line_breaks_within_a_rules_id_and_markup_around_it_stays_text() -> None:
    html = str(whole_codes("<b>Odd</b> [PRC-007]"))
    assert html == ('&lt;b&gt;Odd&lt;/b&gt; <span style="white-space:nowrap;color:#565d6b">[PRC-007]</span>')


def test_what_says_the_same_of_the_same_rows_does_not_take_a_place_of_the_three() -> None:
    """A date that cannot be read is also a date that is not there: the reader wants the other faults."""
    rules = [
        {"id": f"PRC-{n:03}", "severity": "warning", "sentence": said, "failed": failed, "rows": rows}
        for n, said, failed, rows in (
            (2, "Rows with a date that cannot be read: {count}.", 9, [2, 4]),
            (8, "Crimes without a recorded date that can be read: {count}.", 9, [2, 4]),
            (13, "Crimes in a ward of elsewhere: {count}.", 3, [7]),
            (14, "Crimes in a place of elsewhere: {count}.", 2, [8]),
        )
    ]
    named = [str(point[0])[-9:] for point in rules_part({"rules": rules, "report": "errors.xlsx"}).points]
    assert named[:3] == ["[PRC-002]", "[PRC-013]", "[PRC-014]"]
