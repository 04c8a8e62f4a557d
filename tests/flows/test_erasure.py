"""Erased or expired: not a byte of the rows is left in any file, and what they fed is restated or stays on record."""

import io
import os
import shutil
import zipfile
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest

from flows.drain import drain
from flows.governance import erasure
from flows.governance.erasure import ErasureError, erase, expire_due, finish_erasures
from flows.governance.evidence import evidence
from flows.governance.verify import verify
from flows.land import deliver
from flows.officers.collect import collect
from flows.officers.decisions import confirm, withdraw
from flows.publish import publish_due
from flows.settings import Settings
from tests.flows.waste import HEADER, KEY, waste
from tests.security.searching import unpacked
from warehouse import ledger
from warehouse.connection import open_warehouse
from warehouse.explain import explain

At = Callable[[str], Settings]
CANARY = "ZXCANARY"
GOOD = "2009-04,kerbside_residual,household,residual,efw,4000.000,"
BAD = f"2009-05,bring_sites,household,paper_card,{CANARY},1,"
EXPIRED = "2015-07-01"  # six years after the end of the quarter, as the agreement says


def send(settings: Settings, file: Path) -> str:
    deliver(settings, file, KEY)
    (row,) = drain(settings)
    return str(row["delivery_id"])


def files_with(home: Path, text: str) -> list[str]:
    return [
        path.relative_to(home).as_posix()
        for path in sorted(home.rglob("*"))
        if path.is_file() and (text.encode() in path.read_bytes() or text in path.name)
    ]


def packed_with(home: Path, text: str) -> list[str]:
    """As files_with, and within workbooks and mails too."""
    return [
        path.relative_to(home).as_posix()
        for path in sorted(home.rglob("*"))
        if path.is_file()
        if text in path.name or any(text.encode() in part for part in unpacked(path.name, path.read_bytes()))
    ]


def delivery(settings: Settings, delivery_id: str) -> dict[str, object]:
    with open_warehouse(settings.home) as connection:
        (row,) = ledger.deliveries(connection, "delivery_id = ?", delivery_id)
    return row


def figures(settings: Settings) -> list[tuple[object, ...]]:
    with open_warehouse(settings.home) as connection:
        return connection.execute(
            "SELECT framework, indicator, period, area_code, value, deliveries FROM warehouse.merged.value ORDER BY ALL"
        ).fetchall()


def test_after_an_erasure_no_byte_of_the_file_is_left_anywhere(at: At, tmp_path: Path) -> None:
    settings = at("2009-07-20")
    name = f"waste_FY2009-Q1 {CANARY}.csv"
    delivery_id = send(settings, waste(tmp_path, GOOD, BAD, name=name))
    shutil.copy(tmp_path / name, settings.inbox / KEY / ".part-of-a-second-try.csv.part")
    assert files_with(settings.home, CANARY) != []
    told = erase(settings, delivery_id, "sent in error", "A. Officer").to_text()
    assert files_with(settings.home, CANARY) == []
    assert "archive: 2 files" in told, "its bytes, and what its sender called it"
    assert "NI192 FY2009-Q1: 0 -> nothing" in told
    assert "sent in error" in told
    row = delivery(settings, delivery_id)
    assert (row["state"], row["file_name"], row["rows_received"], len(str(row["sha256"]))) == (
        "erased",
        None,
        2,
        64,
    )
    assert verify(settings)["problems"] == []


def test_nothing_that_was_said_of_it_on_the_way_is_left_either(at: At, tmp_path: Path) -> None:
    """A header may be a name: what quoted it in a check, an error report, a mail, a page of collect/ goes too."""
    settings = at("2009-07-20")
    quoting = waste(tmp_path, GOOD + ",x", header=f"{HEADER},{CANARY}", name=f"{CANARY}_FY2009-Q1.csv")
    # So many that they are told of in one mail.
    others = [
        waste(tmp_path, GOOD.replace("2009-04", month), name=f"waste_{quarter}.csv")
        for month, quarter in (("2008-04", "FY2008-Q1"), ("2008-07", "FY2008-Q2"), ("2008-10", "FY2008-Q3"))
    ]
    for folder, file in ((f"{KEY}/check", quoting), (KEY, quoting), *((KEY, other) for other in others)):
        (settings.inbox / folder).mkdir(parents=True, exist_ok=True)
        shutil.copy(file, settings.inbox / folder)
        os.utime(settings.inbox / folder / file.name, (1, 1))
    drain(settings)
    collect(settings)
    assert {path.split("/")[0] for path in packed_with(settings.home, CANARY)} >= {"archive", "collect", "outbox"}
    with open_warehouse(settings.home) as connection:
        (asked,) = ledger.deliveries(connection, "state = 'rejected' AND period = 'FY2009-Q1'")
    assert any(path.endswith(".digest.eml") for path in packed_with(settings.home, CANARY))
    erase(settings, str(asked["delivery_id"]), "a name in the header", "A. Officer")
    collect(settings)
    assert packed_with(settings.home, CANARY) == []


def test_what_people_typed_about_it_goes_with_it_and_the_audit_still_holds(at: At, tmp_path: Path) -> None:
    settings = at("2009-07-20")
    delivery_id = send(settings, waste(tmp_path, GOOD, BAD))
    with open_warehouse(settings.home) as connection:
        rules = ledger.failed_severities(connection, delivery_id)
    rule = next(rule for rule, severity in rules.items() if severity == "warning")
    words = "weighed twice by zxtyped"
    confirm(settings, delivery_id, rule, reason=words, until=date(2009, 12, 31), by="D. Lead")
    withdraw(settings, delivery_id, reason="zxtyped was mistaken", by="A. Officer")
    assert files_with(settings.home, "zxtyped") != []
    asked = evidence(settings, date(2009, 7, 1), date(2009, 7, 31))
    assert "zxtyped was mistaken" in zipfile.ZipFile(io.BytesIO(asked)).read("decisions.csv").decode()
    erase(settings, delivery_id, "sent in error", "A. Officer")
    assert files_with(settings.home, "zxtyped") == []
    assert verify(settings)["problems"] == []
    after = evidence(settings, date(2009, 7, 1), date(2009, 7, 31))
    assert not any(b"zxtyped" in part for part in unpacked("evidence.zip", after))


def test_what_an_erased_delivery_fed_is_as_if_it_had_never_come(at: At, tmp_path: Path) -> None:
    settings = at("2009-07-20")
    send(settings, waste(tmp_path, GOOD.replace("2009-04", "2009-01"), name="waste_FY2008-Q4.csv"))
    before = figures(settings)
    delivery_id = send(settings, waste(tmp_path))
    assert figures(settings) != before
    erase(settings, delivery_id, "sent in error", "A. Officer")
    assert [row for row in figures(settings) if row[4] is not None] == [
        row for row in before if row[4] is not None
    ]
    again = send(settings, waste(tmp_path))
    assert again == f"{delivery_id}-2", "the same bytes may come again, under an id of their own"
    assert delivery(settings, again)["state"] == "merged"


def test_a_rejected_header_that_quotes_a_name_is_forgotten(at: At, tmp_path: Path) -> None:
    settings = at("2009-07-20")
    delivery_id = send(settings, waste(tmp_path, GOOD + ",x", header=f"{HEADER},{CANARY}"))
    assert CANARY in str(delivery(settings, delivery_id)["reason"])
    erase(settings, delivery_id, "a name in the header", "A. Officer")
    assert files_with(settings.home, CANARY) == []


def test_every_arrival_of_the_same_bytes_goes_with_it(at: At, tmp_path: Path) -> None:
    settings = at("2009-07-20")
    first = send(settings, waste(tmp_path))
    second = send(settings, waste(tmp_path))
    assert delivery(settings, second)["state"] == "duplicate"
    told = erase(settings, first, "sent in error", "A. Officer")
    assert told.also == (second,)
    assert delivery(settings, second)["state"] == "erased"


def test_held_bytes_are_erased_too(at: At, tmp_path: Path) -> None:
    settings = at("2009-07-20")
    delivery_id = send(settings, waste(tmp_path, f"{GOOD},{CANARY}", header=f"{HEADER},Full name"))
    assert files_with(settings.home, CANARY) != []
    assert erase(settings, delivery_id, "no agreement", "A. Officer").removed["held"][0] == 2, "bytes, and why"
    assert files_with(settings.home, CANARY) == []


def test_the_certificate_names_the_publications_that_stated_its_figures(at: At, tmp_path: Path) -> None:
    settings = at("2009-07-20")
    delivery_id = send(settings, waste(tmp_path))
    (made,) = publish_due(settings, "laa-2008-11", "FY2009-Q1")
    told = erase(settings, delivery_id, "sent in error", "A. Officer")
    assert told.publications == (made.publication_id,)
    assert (settings.home / "certificates" / f"{delivery_id}.txt").read_text() == told.to_text()


@pytest.mark.parametrize(
    ("delivery_id", "reason", "by", "said"),
    [
        ("no-such-delivery", "why", "who", "no delivery no-such-delivery"),
        ("no-such-delivery", " ", "who", "Say why"),
        ("no-such-delivery", "Mrs Placeholder asked", "who", "name no person"),
        ("no-such-delivery", "why", " ", "on whose word"),
    ],
)
def test_what_cannot_be_erased_is_said(
    at: At, tmp_path: Path, delivery_id: str, reason: str, by: str, said: str
) -> None:
    settings = at("2009-07-20")
    send(settings, waste(tmp_path))
    with pytest.raises(ErasureError, match=said):
        erase(settings, delivery_id, reason, by)


def test_twice_is_once(at: At, tmp_path: Path) -> None:
    settings = at("2009-07-20")
    delivery_id = send(settings, waste(tmp_path))
    erase(settings, delivery_id, "sent in error", "A. Officer")
    with pytest.raises(ErasureError, match="erased already"):
        erase(settings, delivery_id, "sent in error", "A. Officer")


def test_a_crash_between_the_ledger_and_the_files_is_mended(
    at: At, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = at("2009-07-20")
    delivery_id = send(settings, waste(tmp_path, GOOD, BAD))
    with monkeypatch.context() as crashing:
        crashing.setattr(erasure, "_remove", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            erase(settings, delivery_id, "sent in error", "A. Officer")
    assert files_with(settings.home, CANARY) != []
    assert finish_erasures(settings) == [delivery_id]
    assert files_with(settings.home, CANARY) == []
    assert finish_erasures(settings) == []


def test_when_retention_is_over_the_rows_go_and_the_figures_stay_on_record(at: At, tmp_path: Path) -> None:
    settings = at("2009-07-20")
    older = send(settings, waste(tmp_path, GOOD, BAD))
    standing = send(settings, waste(tmp_path, GOOD.replace("4000", "4100"), BAD))
    assert delivery(settings, older)["superseded_by"] == standing
    before = figures(settings)
    late = at(EXPIRED)
    assert expire_due(at("2015-06-28")) == []
    assert sorted(expire_due(late)) == sorted([older, standing])
    assert files_with(settings.home, CANARY) == []
    assert figures(settings) == before
    with open_warehouse(settings.home) as connection:
        kept = connection.execute("SELECT DISTINCT delivery_id FROM warehouse.merged.contribution").fetchall()
    assert kept == [(standing,)], "of what no longer stood nothing is kept"
    assert expire_due(late) == []
    assert verify(late)["problems"] == []


def test_explain_says_that_the_rows_went_and_under_which_agreement(at: At, tmp_path: Path) -> None:
    send(at("2009-07-20"), waste(tmp_path))
    late = at(EXPIRED)
    expire_due(late)
    publish_due(late, "laa-2008-11", "FY2009-Q1")
    told = explain(late.published / "current" / "exchange.duckdb", "NI192", "FY2009-Q1").to_text()
    assert "rows erased on 1 July 2015 under agreement council-waste; the figure of record stays" in told


def test_a_correction_takes_the_place_of_a_figure_of_record(
    at: At, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = at("2009-07-20")
    first = send(settings, waste(tmp_path, GOOD))
    monkeypatch.setattr(erasure, "kept_until", lambda *_: date(2009, 7, 1))
    expire_due(settings)
    before = figures(settings)
    corrected = send(settings, waste(tmp_path))
    assert delivery(settings, corrected)["state"] == "merged"
    assert figures(settings) != before
    assert (delivery(settings, first)["state"], delivery(settings, first)["superseded_by"]) == (
        "expired",
        corrected,
    )


def test_an_arrival_whose_time_was_over_does_not_stand_in_the_way(
    at: At, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = at("2009-07-20")
    first = send(settings, waste(tmp_path))
    with monkeypatch.context() as soon:
        soon.setattr(erasure, "kept_until", lambda *_: date(2009, 7, 1))
        assert expire_due(settings) == [first]
    again = send(settings, waste(tmp_path))
    assert erase(settings, again, "sent in error", "A. Officer").also == ()
    with pytest.raises(ErasureError, match="when its time was over"):
        erase(settings, first, "sent in error", "A. Officer")


@pytest.fixture(autouse=True)
def private_files() -> Iterator[None]:
    before = os.umask(0o077)
    yield
    os.umask(before)
