"""Fifty canary people in every kind of file and of failure: not one of their values leaves where it may be."""

import base64
import io
import json
import logging
import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import pytest

from flows.cli import main
from flows.cli.status import status
from flows.cli.terminal import alerts_text, deliveries_text, status_text, verdict_text
from flows.drain import drain
from flows.governance.erasure import erase
from flows.land import MANIFEST
from flows.officers.alerts import list_alerts
from flows.publish import publish
from flows.receiving.check import as_json, check, report_of
from flows.settings import Settings
from flows.sweep import sweep
from reports.reply import HEADERS, RULE_IS_WRONG
from tests.flows.waste import HEADER as WASTE_HEADER
from tests.security.people import PEOPLE, VALUES, Canary
from tests.security.searching import hits, places, unpacked
from tests.warehouse.workbooks import compound, ods, xls, xlsx, zipped
from warehouse.connection import open_warehouse

At = Callable[[str], Settings]
WASTE, CRIME = "council/household_waste", "police/recorded_crime"
QUITS, EXCLUSIONS = "health/smoking_quits", "schools/exclusions"
CRIME_HEADER = (
    "crime_ref,offence_code,recorded_on,occurred_from,occurred_to,ward_code,lsoa_code,domestic_flag,outcome"
)
QUITS_HEADER = "referral_ref,quit_date_set_on,outcome,verified,age_band,sex,outward_postcode"
EXCLUSIONS_HEADER = "exclusion_ref,laestab,phase,year_group,sex,age,kind,started_on,sessions,reason"
Put = tuple[str, str, bytes]


def crime(person: Canary, offence: str = "28", day: str = "2009-05-14") -> str:
    return f"{person.reference},{offence},{day},{day},{day},00ANGA,,N,undetected"


def text(header: str, *rows: str, encoding: str = "utf-8") -> bytes:
    return ("\n".join([header, *rows]) + "\n").encode(encoding)


def arrivals() -> Iterator[Put]:
    """Inbox, file name and bytes of every arrival; each person in at least one of them."""
    people = iter(PEOPLE)

    def who() -> Canary:
        return next(people)

    # Accepted, and accepted with exceptions: good rows, odd codes, cells that cannot be read, lines that do not fit.
    p = [who() for _ in range(6)]
    rows = [
        crime(p[0]),
        crime(p[1], p[1].surname),
        crime(p[2], day=p[2].surname),
        crime(p[3]) + f",{p[3].address}",
    ]
    rows += [crime(p[4]), crime(p[4]), crime(p[5]).replace("N,undetected", f"{p[5].surname},{p[5].nhs_number}")]
    yield CRIME, "crime_FY2009-Q1.csv", text(CRIME_HEADER, *rows)
    yield CRIME, "called_FY2009-Q1.csv", text(CRIME_HEADER, crime(p[2], day=p[2].telephone))  # held
    a, b = who(), who()
    quits = [f"{a.reference},2009-05-01,{a.surname},yes,35-44,female,W6", f"{b.nhs_number},{b.address},quit,,,,"]
    yield QUITS, "quits_FY2009-Q1.csv", text(QUITS_HEADER, *quits)
    a = who()
    yield (
        EXCLUSIONS,
        "exclusions_AY2008.csv",
        text(EXCLUSIONS_HEADER, f"{a.reference},{a.surname},{a.address},,,,,,,"),
    )
    # The same table in every way of writing it.
    header = CRIME_HEADER.split(",")
    for name, make in (("xlsx", xlsx), ("ods", ods)):
        a = who()
        cells = crime(a, a.surname).split(",")
        yield (
            CRIME,
            f"book_FY2009-Q2.{name}",
            make({"Data": [header, cells], a.surname: [[a.address, a.telephone]]}),
        )
    a = who()
    yield CRIME, "old_FY2009-Q2.xls", xls([header, crime(a, a.surname, "2009-08-01").split(",")], "Crimes")
    for separator in ("\t", ";", "|"):
        a = who()
        line = crime(a, a.surname, "2009-08-01")
        yield CRIME, "text_FY2009-Q2.csv", text(CRIME_HEADER, line).replace(b",", separator.encode())
    for encoding in ("utf-16", "cp1252"):
        a = who()
        yield CRIME, "text_FY2009-Q2.csv", text(CRIME_HEADER, crime(a, f"é{a.surname}"), encoding=encoding)
    a = who()
    yield (
        CRIME,
        "crime_FY2009-Q2.json",
        json.dumps([dict(zip(header, crime(a, a.surname).split(","), strict=True))]).encode(),
    )
    a = who()
    yield CRIME, "crime_FY2009-Q2.zip", zipped({f"{a.surname}.csv": text(CRIME_HEADER, crime(a, a.address))})
    # Turned away: what cannot be read, is not agreed, names no period, or is no table at all.
    a = who()
    yield CRIME, "quote_FY2009-Q1.csv", text(CRIME_HEADER, f'"{crime(a)}', crime(a))
    a = who()
    yield CRIME, "bare_FY2009-Q1.csv", text(f"{a.surname},{a.nhs_number},{a.address},{a.telephone}")
    a = who()
    yield CRIME, "rename_FY2009-Q1.csv", text(CRIME_HEADER.replace("outcome", "outcomes"), crime(a))
    a = who()
    yield CRIME, "twice_FY2009-Q1.csv", text(CRIME_HEADER + ",outcome", crime(a) + f",{a.surname}")
    a = who()
    yield (
        CRIME,
        "more_FY2009-Q1.csv",
        text(CRIME_HEADER + ",Surname,NHS number", f"{crime(a)},{a.surname},{a.nhs_number}"),
    )
    a = who()
    yield CRIME, "unnamed_FY2009-Q1.csv", text(CRIME_HEADER + ",", f"{crime(a)},{a.surname}")
    a = who()
    yield WASTE, f"{a.surname}.csv", text(WASTE_HEADER, f"2009-04,{a.surname},household,residual,efw,1,")
    a = who()
    yield WASTE, f"{a.surname}_FY2009-Q1.csv", text(WASTE_HEADER, f"{a.address},,,,,{a.telephone},")
    a = who()
    yield CRIME, "old_FY2001-Q1.csv", text(CRIME_HEADER, crime(a))
    a = who()
    yield CRIME, "other_FY2009-Q4.csv", text(CRIME_HEADER, crime(a))
    a = who()
    yield "police/no_such", f"{a.surname}.csv", text(a.surname, a.nhs_number)
    for start in (
        b"%PDF-1.7 ",
        b"\x89PNG",
        b"{\\rtf ",
        b"<html>",
        b"\x1f\x8b",
        b"PK\x03\x04",
        b"<?xml ?>",
        b"{",
        b"\x00",
    ):
        a = who()
        yield CRIME, "thing_FY2009-Q1.csv", start + a.surname.encode() + a.nhs_number.encode()
    a = who()
    yield CRIME, "macro_FY2009-Q1.xlsm", zipped({"xl/vbaProject.bin": b"", "xl/workbook.xml": a.surname})
    # Somebody where the totals should be, and behind a password.
    a, b = who(), who()
    good = "2009-04,kerbside_residual,household,residual,efw,4000,"
    yield (
        WASTE,
        "total_FY2009-Q1.csv",
        text(WASTE_HEADER, good, f"Total,{a.nhs_number},{a.surname},,,{a.telephone},"),
    )
    yield WASTE, "total_too_FY2009-Q1.csv", text(WASTE_HEADER, good, f"Total,{b.nhs_number.replace(' ', '')}")
    a = who()
    yield CRIME, "locked_FY2009-Q1.xlsx", compound({"EncryptedPackage": a.surname.encode()})
    # Only checked, before sending.
    a, b = who(), who()
    yield (
        f"{CRIME}/check",
        "check_FY2009-Q1.csv",
        text(CRIME_HEADER, crime(a, a.surname), crime(b) + f",{b.address}"),
    )
    a = who()
    yield f"{WASTE}/check", f"{a.surname}.csv", text(f"{a.surname},{a.telephone}", a.address)
    # Replies that nobody can apply.
    a = who()
    answers = [list(HEADERS), [a.surname, a.nhs_number, a.address, a.telephone, a.surname, a.reference, a.address]]
    yield CRIME, "answers.xlsx", xlsx({"Reply": answers})
    a = who()
    yield (
        CRIME,
        "answers_too.ods",
        ods({"Reply": [list(HEADERS), [a.surname, "The whole file", "", RULE_IS_WRONG, a.address]]}),
    )
    for a in people:
        yield (
            CRIME,
            "rest_FY2009-Q3.csv",
            text(CRIME_HEADER, crime(a, a.surname, "2009-11-02"), f"{a.address},{a.telephone}"),
        )


def put(settings: Settings, number: int, key: str, name: str, content: bytes) -> None:
    folder = settings.inbox / key
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{number:06d}-{name}"
    path.write_bytes(content)
    manifest = {"original_name": name, "actor": PEOPLE[0].surname, "note": PEOPLE[0].address}
    path.with_name(path.name + MANIFEST).write_text(json.dumps(manifest))


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Settings, str]]:
    """A home through which all of them went, with a failure of ours among them; and all that was printed or logged."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EXCHANGE_PSEUDONYM_KEY", "00112233445566778899aabbccddeeff" * 2)
        home = tmp_path_factory.mktemp("canaries") / "home"
        yield at_work(patch, home)


def at_work(patch: pytest.MonkeyPatch, home: Path) -> tuple[Settings, str]:
    def settings(moment: str) -> Settings:
        now = datetime.fromisoformat(moment).replace(tzinfo=UTC)
        return Settings(home=home, now=lambda: now)

    heard = io.StringIO()
    handler = logging.StreamHandler(heard)
    logging.getLogger().addHandler(handler)
    try:
        first = settings("2010-02-01T10:00")
        for number, arrival in enumerate(arrivals(), start=1):
            put(first, number, *arrival)
        heard.write(deliveries_text(drain(first)))
        # A failure of ours: whatever broke, what it says may quote a row.
        put(first, 900, CRIME, "crash_FY2009-Q3.csv", text(CRIME_HEADER, crime(PEOPLE[0], day="2009-11-02")))

        def breaks(*_: object) -> object:
            raise ValueError(f"could not convert {PEOPLE[0].surname} {PEOPLE[0].nhs_number}")

        with patch.context() as broken:
            broken.setattr("flows.validate.examine", breaks)
            heard.write(deliveries_text(drain(first)))
        # A reply in good form whose reason names somebody.
        odd = next(row for row in status(first)["deliveries"] if row["decision"] == "accepted_with_exceptions")
        book = openpyxl.load_workbook(home / f"collect/{odd['partner']}/reports/{odd['delivery_id']}-errors.xlsx")
        for row in book["Reply"].iter_rows(min_row=3, max_row=3):
            row[3].value, row[4].value = RULE_IS_WRONG, f"{PEOPLE[1].surname} lives at {PEOPLE[1].address}"
        answered = first.inbox / odd["partner"] / odd["dataset"] / "answered.xlsx"
        book.save(answered)
        os.utime(answered, (1, 1))
        drain(first)
        later = settings("2010-02-09T17:30")
        sweep(later)
        publish(later, "laa-2008-11", "FY2009-Q3")
        sweep(later, ["collect"])
        rejected = next(row for row in status(later)["deliveries"] if row["state"] == "rejected")
        erase(later, rejected["delivery_id"], "Sent in error.", "A. Officer")
        heard.write(status_text(status(later)))
        open_ones = [alert for alert in list_alerts(later, all_of_them=True) if alert["for"] != "rule's owner"]
        heard.write(alerts_text(open_ones))
    finally:
        logging.getLogger().removeHandler(handler)
    return later, heard.getvalue()


def test_all_fifty_went_through_and_met_every_fate(told: tuple[Settings, str]) -> None:
    settings, _ = told
    sent = b"\n".join(part for put in arrivals() for part in unpacked(put[1], _sound(put[2])))
    missing = [person.surname for person in PEOPLE if not any(value.encode() in sent for value in person.values)]
    assert len(missing) <= 4, "those sent only as UTF-16 or in an old workbook are packed otherwise"
    rows = status(settings)["deliveries"]
    assert {row["decision"] for row in rows} >= {"accepted_with_exceptions", "rejected", "refused", "held"}
    assert {row["state"] for row in rows} >= {"merged", "rejected", "erased", "expired"}
    # From the ledger: an erasure takes the mails away that told of the file among others.
    with open_warehouse(settings.home) as connection:
        kinds = {
            kind for (kind,) in connection.execute("SELECT DISTINCT kind FROM warehouse.ledger.outbox").fetchall()
        }
        (gathered,) = connection.execute(
            "SELECT count(*) FROM warehouse.ledger.outbox WHERE told_in LIKE '%.digest'"
        ).fetchall()
        # What was said of a file that was only checked goes after five working days; that it was checked stays.
        (looked_at,) = connection.execute(
            "SELECT count(*) FROM warehouse.ledger.audit WHERE event = 'file.checked'"
        ).fetchall()
    assert looked_at[0]
    kinds |= {"digest"} if gathered[0] else set()
    assert kinds >= {"digest", "operator", "reply", "reply_refused", "rule_questioned", "escalation"}


def _sound(content: bytes) -> bytes:
    """What is no whole zip is looked at as it is."""
    return content if not content.startswith(b"PK\x03\x04Zx") else content[4:]


def test_not_one_of_their_values_is_in_any_byte_where_none_may_be(told: tuple[Settings, str]) -> None:
    settings, _ = told
    searched = list(places(settings.home))
    assert len(searched) > 100
    assert {path.relative_to(settings.home).parts[0] for path in searched} >= {
        "collect",
        "docs",
        "outbox",
        "published",
    }
    assert hits(settings.home, VALUES) == []


def test_nor_in_what_was_printed_or_logged(told: tuple[Settings, str]) -> None:
    _, heard = told
    assert [value for value in VALUES if value.lower() in heard.lower()] == []


# Every command that prints or writes of a home that stands, its wrong uses among them; {odd} is a delivery. Not the
# list of alerts: what an officer says against a rule is shown there, to the rule's owner.
COMMANDS = """
status
status --json
status --check
explain NI16 FY2009-Q3
explain NI16 FY2009-Q3 --json
rejudge
verify
standards --json
doctor
agreements
audit --from 2009-04-01 --to 2010-03-31
confirm {odd} PRC-007 --reason Ja --until 2020-01-01 --by x
withdraw {odd} --reason Ja --by x
withdraw nobody --reason Ja --by x
alerts ack {odd} --by x
"""


def test_nor_in_anything_that_a_command_prints_or_writes(
    told: tuple[Settings, str],
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings, _ = told
    kept = tmp_path / "home"
    shutil.copytree(settings.home, kept)  # some of them change it
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EXCHANGE_HOME", str(kept))
    monkeypatch.setenv("EXCHANGE_NOW", "2010-02-10T10:00")
    monkeypatch.setenv("EXCHANGE_PSEUDONYM_KEY", "00112233445566778899aabbccddeeff" * 2)
    odd = next(row for row in status(settings)["deliveries"] if row["decision"] == "accepted_with_exceptions")
    for command in COMMANDS.strip().splitlines():
        main(command.format(odd=odd["delivery_id"]).split())
    said = capsys.readouterr()
    assert [value for value in VALUES if value.lower() in (said.out + said.err).lower()] == []
    for path in [*places(kept)]:
        before = settings.home / path.relative_to(kept)
        if before.exists() and before.stat().st_mtime_ns == path.stat().st_mtime_ns:
            path.unlink()  # looked at already
    assert hits(kept, VALUES) == []


def test_the_search_finds_what_is_there(told: tuple[Settings, str], tmp_path: Path) -> None:
    """A search that finds nothing must be one that could."""
    settings, _ = told
    kept = tmp_path / "home"
    (kept / "published").mkdir(parents=True)
    (kept / "outbox").mkdir()
    (kept / "published" / "book.xlsx").write_bytes(xlsx({"Sheet": [[PEOPLE[7].surname]]}))
    (kept / "outbox" / "mail.eml").write_bytes(
        b"Content-Transfer-Encoding: base64\n\n" + base64.b64encode(PEOPLE[8].address.encode())
    )
    assert len(hits(kept, VALUES)) == 2
    stored = b"".join(path.read_bytes() for path in (settings.home / "archive").rglob("*") if path.is_file())
    assert PEOPLE[0].reference.encode() in stored, "where values may be, they are"


def test_a_check_on_the_command_line_prints_none(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, at: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = at("2010-02-01")
    monkeypatch.setenv("EXCHANGE_HOME", str(settings.home))
    monkeypatch.setenv("EXCHANGE_NOW", "2010-02-01T10:00")
    for number, (key, name, content) in enumerate(arrivals()):
        if number % 7 or "no_such" in key or name.startswith("Zx"):
            continue
        path = tmp_path / name
        path.write_bytes(content)
        main(["check", str(path), "--as", key.removesuffix("/check"), "--json"])
        verdict = check(settings, path, key.removesuffix("/check"))
        shown = verdict_text(verdict) + json.dumps(as_json(verdict))
        report = b"".join(unpacked("report.xlsx", report_of(settings, verdict, key.removesuffix("/check"))))
        assert not [value for value in VALUES if value in shown or value.encode() in report]
    printed = capsys.readouterr()
    assert not [value for value in VALUES if value in printed.out + printed.err]
