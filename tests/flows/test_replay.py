"""Rebuilt, restored: the same content again, and nothing back that was erased."""

import os
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest

from flows.drain import drain
from flows.governance.backup import BackupError, back_up, restore
from flows.governance.erasure import erase, expire_due
from flows.governance.replay import ReplayError, replay
from flows.governance.verify import verify
from flows.land import deliver
from flows.officers.decisions import confirm
from flows.officers.nil import nil_return
from flows.publish import publish_due
from flows.settings import Settings
from tests.definitions import copy_definitions
from tests.flows.waste import HEADER, KEY, waste
from warehouse import ledger
from warehouse.connection import open_warehouse

At = Callable[..., Settings]
CANARY = "ZXCANARY"
GOOD = "2009-04,kerbside_residual,household,residual,efw,4000.000,"
BAD = f"2009-05,bring_sites,household,paper_card,{CANARY},1,"


@pytest.fixture(autouse=True)
def private_files() -> Iterator[None]:
    before = os.umask(0o077)
    yield
    os.umask(before)


def send(settings: Settings, file: Path) -> str:
    deliver(settings, file, KEY)
    (row,) = drain(settings)
    return str(row["delivery_id"])


def a_quarter(settings: Settings, folder: Path) -> list[str]:
    """A file with exceptions, a held one, a rejected one, and the correction, published."""
    sent = [
        send(settings, waste(folder, GOOD, BAD)),
        send(settings, waste(folder, f"{GOOD},{CANARY}", header=f"{HEADER},Surname")),
        send(settings, waste(folder, "2009-04", header="month")),
        send(settings, waste(folder, GOOD.replace("4000", "4100"), BAD)),
    ]
    publish_due(settings, "laa-2008-11", "FY2009-Q1")
    return sent


def figures(settings: Settings) -> list[tuple[object, ...]]:
    with open_warehouse(settings.home) as connection:
        return connection.execute(
            "SELECT framework, indicator, period, area_code, value, deliveries FROM warehouse.merged.value "
            "WHERE value IS NOT NULL ORDER BY ALL"
        ).fetchall()


def moved(settings: Settings, new: Path) -> Settings:
    return Settings(home=new, now=settings.now, partnership_root=settings.partnership_root)


def test_a_replay_proves_the_home_equal_and_leaves_nothing_behind(at: At, tmp_path: Path) -> None:
    settings = at("2009-07-20")
    a_quarter(settings, tmp_path)
    before = sorted(settings.home.rglob("*"))
    done = replay(settings, None)
    assert (done.problems, done.differences, done.deliveries) == ((), {}, 4)
    assert [path for path in sorted(settings.home.rglob("*")) if path not in before] == []


def test_a_new_home_goes_on_from_where_the_old_one_was(at: At, tmp_path: Path) -> None:
    settings = at("2009-07-20")
    sent = a_quarter(settings, tmp_path)
    done = replay(settings, tmp_path / "new")
    assert done.sound
    new = moved(settings, tmp_path / "new")
    assert figures(new) == figures(settings)
    assert verify(new)["problems"] == []
    assert (new.held / sent[1] / "bytes").is_file()
    again = send(new, waste(tmp_path, GOOD))
    with open_warehouse(new.home) as connection:
        rows = ledger.deliveries(connection)
        events = [row["event"] for row in ledger.audit_rows(connection)]
    assert [row["state"] for row in rows] == ["superseded", "held", "rejected", "superseded", "merged"]
    assert rows[-1]["delivery_id"] == again
    assert "home.replayed" in events


def test_without_the_old_warehouse_archive_and_receipts_are_enough(at: At, tmp_path: Path) -> None:
    settings = at("2009-07-20")
    a_quarter(settings, tmp_path)
    before = figures(settings)
    (settings.home / "warehouse.duckdb").unlink()
    done = replay(settings, tmp_path / "new")
    assert (done.problems, done.differences) == ((), None)
    new = moved(settings, tmp_path / "new")
    assert figures(new) == before
    assert verify(new)["problems"] == []
    with open_warehouse(new.home) as connection:
        first, held, *_ = ledger.deliveries(connection)
        assert connection.execute("SELECT count(*) FROM warehouse.ledger.publication").fetchall() == [(1,)]
    assert (first["file_name"], first["decision"]) == ("waste_FY2009-Q1.csv", "accepted_with_exceptions")
    assert held["state"] == "held"
    assert "'Surname'" in held["reason"], "why it is held lies beside its bytes"


def test_keys_and_the_marks_of_channels_go_along_for_their_owner_only(at: At, tmp_path: Path) -> None:
    settings = at("2009-07-20")
    send(settings, waste(tmp_path))
    for name in ("pseudonym.key", "keys/council-neet.key", "keys/retired/2008.key", "channels/council.json"):
        path = settings.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("ab" * 32)
        path.chmod(0o600)
    assert replay(settings, tmp_path / "new").sound
    for name in ("pseudonym.key", "keys/council-neet.key", "keys/retired/2008.key", "channels/council.json"):
        path = tmp_path / "new" / name
        assert path.read_text() == "ab" * 32
        assert path.stat().st_mode & 0o777 == 0o600


def test_each_delivery_is_judged_by_the_definitions_of_its_day(at: At, tmp_path: Path) -> None:
    root = copy_definitions(tmp_path / "own")
    settings = at("2009-07-20", root)
    a_quarter(settings, tmp_path)
    standard = root / "expectations" / "council" / "household_waste.yaml"
    standard.write_text(standard.read_text().replace("severity: warning", "severity: critical"), encoding="utf-8")
    later = at("2009-07-21", root)
    rejected = send(later, waste(tmp_path, GOOD.replace("4000", "4200"), BAD))
    with open_warehouse(later.home) as connection:
        assert ledger.deliveries(connection, "delivery_id = ?", rejected)[0]["decision"] == "rejected"
    done = replay(later, None)
    assert (done.problems, done.differences) == ((), {})


def test_an_upgrade_is_a_replay(at: At, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = at("2009-07-20")
    a_quarter(settings, tmp_path)
    with open_warehouse(settings.home, writable=True) as connection:
        connection.execute("UPDATE warehouse.ledger.home SET schema_version = schema_version - 1")
        connection.execute("ALTER TABLE warehouse.ledger.delivery DROP COLUMN agreement_fingerprint")
        connection.execute("ALTER TABLE warehouse.ledger.outbox DROP COLUMN told_in")
    with pytest.raises(ledger.OlderHomeError, match="exchange replay"):
        send(settings, waste(tmp_path, GOOD.replace("4000", "4300")))
    done = replay(settings, tmp_path / "new")
    assert (done.problems, done.differences) == ((), {})
    new = moved(settings, tmp_path / "new")
    with open_warehouse(new.home) as connection:
        first = ledger.deliveries(connection)[0]
        messages = connection.execute("SELECT count(*) FROM warehouse.ledger.outbox").fetchall()[0][0]
    assert first["agreement_fingerprint"], "the receipts tell what the older warehouse lacked"
    assert messages >= 4
    assert verify(new)["problems"] == []


def test_after_expiry_a_replay_starts_from_the_figures_of_record(at: At, tmp_path: Path) -> None:
    settings = at("2009-07-20")
    a_quarter(settings, tmp_path)
    late = at("2015-07-01")
    assert len(expire_due(late)) == 3
    before = figures(late)
    done = replay(late, tmp_path / "new")
    assert (done.problems, done.differences, done.of_record) == ((), {}, 1)
    assert figures(moved(late, tmp_path / "new")) == before != []


def test_what_was_erased_does_not_come_back(at: At, tmp_path: Path) -> None:
    settings = at("2009-07-20")
    sent = a_quarter(settings, tmp_path)
    erase(settings, sent[3], "sent in error", "A. Officer")
    erase(settings, sent[0], "sent in error", "A. Officer")
    erase(settings, sent[1], "sent in error", "A. Officer")
    done = replay(settings, tmp_path / "new")
    assert (done.problems, done.differences) == ((), {})
    assert not [p for p in (tmp_path / "new").rglob("*") if p.is_file() and CANARY.encode() in p.read_bytes()]


def quarter(folder: Path, period: str, *months: str) -> Path:
    rows = [f"{month},kerbside_residual,household,residual,efw,100.000," for month in months]
    return waste(folder, *rows, name=f"waste_{period}.csv")


def two_quarters(at: At, folder: Path) -> tuple[str, str]:
    """The second has fewer months than the first had when it came; the first was corrected to as few since."""
    first = send(at("2008-07-20"), quarter(folder, "FY2008-Q1", "2008-04", "2008-05", "2008-06"))
    second = send(at("2008-10-20"), quarter(folder, "FY2008-Q2", "2008-07", "2008-08"))
    send(at("2008-10-21"), quarter(folder, "FY2008-Q1", "2008-04", "2008-05"))
    return first, second


def test_a_delivery_is_compared_with_what_stood_when_it_came(at: At, tmp_path: Path) -> None:
    two_quarters(at, tmp_path)
    done = replay(at("2008-11-01"), None)
    assert (done.problems, done.differences) == ((), {})


def test_a_correction_is_compared_with_the_file_it_took_the_place_of(at: At, tmp_path: Path) -> None:
    root = copy_definitions(tmp_path / "own")
    contract = root / "schemas" / "contracts" / "council" / "household_waste.yaml"
    contract.write_text(contract.read_text().replace("kind: quarter", "kind: quarter, latest: true"), "utf-8")
    settings = at("2008-07-20", root)
    assert settings.partnership.contracts[KEY].period.latest
    send(settings, quarter(tmp_path, "FY2008-Q1", "2008-04", "2008-05", "2008-06"))
    send(settings, quarter(tmp_path, "FY2008-Q1", "2008-04", "2008-05"))
    done = replay(settings, None)
    assert (done.problems, done.differences) == ((), {})


def test_what_was_compared_with_rows_that_expired_since_is_compared_with_their_figures_of_record(
    at: At, tmp_path: Path
) -> None:
    first, second = two_quarters(at, tmp_path)
    late = at("2014-07-15")
    assert first in expire_due(late)
    assert second not in expire_due(late)
    done = replay(late, None)
    assert (done.problems, done.differences) == ((), {})


def test_a_persons_word_is_replayed(at: At, tmp_path: Path) -> None:
    settings = at("2009-07-20")
    (sent, *_) = [send(settings, waste(tmp_path, GOOD, BAD))]
    with open_warehouse(settings.home) as connection:
        rules = ledger.failed_severities(connection, sent)
    rule = next(rule for rule, severity in rules.items() if severity == "warning")
    confirm(settings, sent, rule, reason="weighed twice", until=date(2009, 12, 31), by="D. Lead")
    done = replay(settings, None)
    assert (done.problems, done.differences) == ((), {})
    (settings.home / "warehouse.duckdb").unlink()
    assert replay(settings, tmp_path / "new").problems == (), "the word lies beside the archive too"
    with open_warehouse(tmp_path / "new") as connection:
        (kept,) = connection.execute("SELECT reason, confirmed_by FROM warehouse.ledger.confirmation").fetchall()
    assert kept == ("weighed twice", "D. Lead")


def test_a_nil_return_is_replayed(at: At, tmp_path: Path) -> None:
    settings = at("2009-07-20")
    nil_return(settings, KEY, "FY2009-Q1", reason="no waste was weighed", by="A. Officer")
    done = replay(settings, None)
    assert (done.problems, done.differences, done.deliveries) == ((), {}, 1)


def test_receipts_that_do_not_hold_are_not_replayed(at: At, tmp_path: Path) -> None:
    settings = at("2009-07-20")
    send(settings, waste(tmp_path))
    path = settings.home / "archive" / "receipts.jsonl"
    path.write_bytes(path.read_bytes().replace(b"delivery.merged", b"delivery.MERGED"))
    with pytest.raises(ReplayError, match="do not hold"):
        replay(settings, tmp_path / "new")
    with pytest.raises(ReplayError, match="nothing has arrived"):
        replay(moved(settings, tmp_path / "nothing"), None)


def test_a_backup_comes_back_whole_and_readable_by_its_owner_only(at: At, tmp_path: Path) -> None:
    settings = at("2009-07-20")
    a_quarter(settings, tmp_path)
    file = tmp_path / "safe" / "backup.tar"
    back_up(settings, file)
    assert file.stat().st_mode & 0o077 == 0
    with pytest.raises(BackupError, match="there already"):
        back_up(settings, file)
    done = restore(settings, file, tmp_path / "new")
    assert (done.problems, done.erased_again) == ((), ())
    new = moved(settings, tmp_path / "new")
    assert figures(new) == figures(settings)
    assert (new.published / "current" / "exchange.duckdb").is_file()
    assert new.home.stat().st_mode & 0o077 == 0


def test_a_restore_erases_again_what_was_erased_since_and_the_certificate_names_the_backup(
    at: At, tmp_path: Path
) -> None:
    settings = at("2009-07-20")
    sent = a_quarter(settings, tmp_path)
    file = tmp_path / "backup.tar"
    backup_id = back_up(settings, file)
    for delivery_id in (sent[3], sent[0], sent[1]):
        told = erase(settings, delivery_id, "sent in error", "A. Officer")
        assert told.backups == (f"{backup_id} ({file})",)
    done = restore(settings, file, tmp_path / "new")
    assert set(done.erased_again) == {sent[0], sent[1], sent[3]}
    assert done.problems == ()
    assert not [p for p in (tmp_path / "new").rglob("*") if p.is_file() and CANARY.encode() in p.read_bytes()]


def test_a_damaged_backup_is_told_of(at: At, tmp_path: Path) -> None:
    settings = at("2009-07-20")
    send(settings, waste(tmp_path))
    file = tmp_path / "backup.tar"
    back_up(settings, file)
    whole = file.read_bytes()
    file.write_bytes(whole.replace(b"delivery.merged", b"delivery.MERGED"))
    with pytest.raises(BackupError, match="not as they were"):
        restore(settings, file, tmp_path / "one")
    file.write_bytes(whole[:100])
    with pytest.raises(BackupError, match="no whole backup"):
        restore(settings, file, tmp_path / "two")
    with pytest.raises(BackupError, match="holds something"):
        restore(settings, file, settings.home)
