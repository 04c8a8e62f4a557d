"""A year's evidence in one file: what happened in it, and that nothing of it was altered."""

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from flows.drain import drain
from flows.governance.erasure import erase
from flows.governance.evidence import EvidenceError, evidence, write_evidence
from flows.land import deliver
from flows.publish import publish_due
from flows.settings import Settings
from tests.flows.waste import HEADER, KEY, waste
from warehouse import ledger

At = Callable[..., Settings]
CANARY = "ZXCANARY"
GOOD = "2009-04,kerbside_residual,household,residual,efw,4000.000,"
FIRST, LAST = date(2009, 4, 1), date(2010, 3, 31)


def unpacked(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def table(files: dict[str, bytes], name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(files[f"{name}.csv"].decode())))


@pytest.fixture
def year(at: At, tmp_path: Path) -> Settings:
    """A rejected file, its correction two days later, a held one, a release and an erasure; and one of next year."""
    for moment, row, header in (
        ("2009-07-20T09:00", f"{GOOD},{CANARY}", f"{HEADER},Surname"),
        ("2009-07-20T10:00", "2009-04", "month"),
        ("2009-07-22T10:00", GOOD, HEADER),
    ):
        settings = at(moment)
        deliver(settings, waste(tmp_path, row, header=header, name=f"{CANARY}_FY2009-Q1.csv"), KEY)
        drain(settings)
    publish_due(at("2009-07-23"), "laa-2008-11", "FY2009-Q1")
    erase(at("2009-08-03"), table_of_deliveries(at("2009-08-03"))[-1], "=sent in error", "A. Officer")
    deliver(at("2010-04-20"), waste(tmp_path, GOOD.replace("2009-04", "2010-01"), name="x_FY2009-Q4.csv"), KEY)
    drain(at("2010-04-20"))
    return at("2010-04-21")


def table_of_deliveries(settings: Settings) -> list[str]:
    from warehouse.connection import open_warehouse

    with open_warehouse(settings.home) as connection:
        return [str(row["delivery_id"]) for row in ledger.deliveries(connection)]


def test_the_year_is_there_whole_and_the_next_one_is_not(year: Settings) -> None:
    files = unpacked(evidence(year, FIRST, LAST))
    assert [row["state"] for row in table(files, "deliveries")] == ["held", "rejected", "erased"]
    assert all(row["agreement_id"] == "council-waste" for row in table(files, "deliveries"))
    assert {row["event"] for row in table(files, "decisions")} >= {"delivery.held", "delivery.rejected"}
    (released,) = table(files, "releases")
    assert (released["framework"], released["period"]) == ("laa-2008-11", "FY2009-Q1")
    erased = table(files, "erasures")[0]
    assert (erased["event"], erased["by"], erased["reason"]) == (
        "delivery.erased",
        "A. Officer",
        "'=sent in error",
    )
    answered = [row for row in table(files, "response_times") if row["settled_at"]]
    assert [(row["hours_to_settle"], row["in_time"]) for row in answered] == [("1.0", "yes"), ("48.0", "yes")]


def test_the_page_reads_and_no_value_or_file_name_is_in_any_of_it(year: Settings) -> None:
    files = unpacked(evidence(year, FIRST, LAST))
    page = files["evidence.html"].decode()
    assert "from 1 April 2009 to 31 March 2010" in page
    assert "Every row and every byte is as it was written." in page
    assert all(CANARY.encode() not in content for content in files.values())


def test_who_has_the_file_can_check_it_without_this_program(year: Settings) -> None:
    files = unpacked(evidence(year, FIRST, LAST))
    manifest = json.loads(files["manifest.json"])
    assert manifest["sha256"] == {
        name: hashlib.sha256(content).hexdigest() for name, content in files.items() if name != "manifest.json"
    }
    previous = ""
    for line in files["audit.jsonl"].decode().splitlines():
        row = json.loads(line)
        digest = row.pop("hash")
        assert row["previous_hash"] == previous
        previous = hashlib.sha256(json.dumps(list(row.values())).encode()).hexdigest()
        assert previous == digest


def test_the_same_home_gives_the_same_bytes_to_its_owner_only(year: Settings, tmp_path: Path) -> None:
    file = tmp_path / "evidence.zip"
    write_evidence(year, FIRST, LAST, file)
    assert file.read_bytes() == evidence(year, FIRST, LAST)
    assert file.stat().st_mode & 0o077 == 0
    with pytest.raises(EvidenceError, match="is before"):
        evidence(year, LAST, FIRST)
