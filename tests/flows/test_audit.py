"""The audit: nothing in it can be changed, taken out, put in or moved without `exchange verify` telling."""

import json
import random
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from flows.cli.status import status
from flows.drain import drain
from flows.governance.definitions import changes_between, definition_files, kept_path, note_definitions
from flows.governance.erasure import expire_due
from flows.governance.verify import verify
from flows.land import deliver
from flows.officers.decisions import withdraw
from flows.publish import publish_due
from flows.settings import Settings
from flows.sweep import sweep
from tests.definitions import copy_definitions
from tests.flows.waste import KEY, waste
from warehouse import ledger
from warehouse.connection import open_warehouse
from warehouse.receipts import read_receipts, receipts_path

At = Callable[[str], Settings]
GOOD = "2009-04,kerbside_residual,household,residual,efw,4000.000,"
TAMPERINGS = 1000


def busy(settings: Settings, folder: Path) -> None:
    for tonnes in ("4000.000", "4100.000", "4200.000"):
        deliver(settings, waste(folder, GOOD.replace("4000.000", tonnes)), KEY)
        drain(settings)


def tampered(rows: list[list[Any]], dice: random.Random) -> list[list[Any]]:
    """The chain after one edit, deletion, insertion or reordering, of any row and field, the last row too."""
    changed = [list(row) for row in rows]
    place = dice.randrange(len(changed))
    kind = dice.choice(["edit", "delete", "insert", "reorder"])
    if kind == "edit":
        field = dice.randrange(9)
        was = changed[place][field]
        changed[place][field] = (
            was + 1 if isinstance(was, int) else was.replace(year=1999) if field == 1 else f"{was} "
        )
    elif kind == "delete":
        del changed[place]
    elif kind == "insert":
        forged = list(dice.choice(rows))
        forged[0] = place + 1
        forged[7] = rows[place - 1][8] if place else ""
        forged[8] = ledger.chain_hash(forged[:8])
        if forged == rows[place]:
            forged[2] += "2"
            forged[8] = ledger.chain_hash(forged[:8])
        changed.insert(place, forged)
    else:
        other = dice.choice([one for one in range(len(changed)) if one != place])
        first, second = changed[place], changed[other]
        first[1:], second[1:] = second[1:], first[1:]
    return sorted(changed, key=lambda row: (row[0], row[-1]))


def test_each_of_a_thousand_tamperings_is_caught(at: At, tmp_path: Path) -> None:
    settings = at("2009-07-20")
    busy(settings, tmp_path)
    with open_warehouse(settings.home) as connection:
        rows = ledger.chain(connection)
    receipts = list(read_receipts(settings.home))
    assert ledger.broken_links(rows) == ledger.unanchored(rows, receipts) == []
    dice = random.Random(2007_1831)
    missed = []
    for number in range(TAMPERINGS):
        changed = tampered(rows, dice)
        if not (ledger.broken_links(changed) or ledger.unanchored(changed, receipts)):
            missed.append(number)
    assert missed == []


def test_each_tampering_with_the_receipts_is_caught(at: At, tmp_path: Path) -> None:
    settings = at("2009-07-20")
    busy(settings, tmp_path)
    with open_warehouse(settings.home) as connection:
        chained = ledger.chain(connection)
    path = receipts_path(settings.home)
    lines = path.read_bytes().splitlines(keepends=True)
    dice = random.Random(1844)
    missed = []
    for number in range(TAMPERINGS // 4):
        content = b"".join(changed_lines(lines, dice))
        path.write_bytes(content)
        try:
            receipts = list(read_receipts(settings.home))
            told: list[Any] = [*ledger.unanchored(chained, receipts)]
            told += ledger.broken_links([list(one.values()) for one in receipts])
        except ValueError as error:
            told = [error]
        if not told and content != b"".join(lines):
            missed.append(number)
    assert missed == []


def changed_lines(lines: list[bytes], dice: random.Random) -> list[bytes]:
    """The lines of a file after one edit of a byte, deletion, insertion or reordering."""
    changed = list(lines)
    place, other = dice.randrange(len(lines)), dice.randrange(len(lines))
    kind = dice.choice(["edit", "delete", "insert", "reorder"])
    if kind == "edit":
        line = bytearray(changed[place])
        line[dice.randrange(len(line))] ^= 1 << dice.randrange(7)
        changed[place] = bytes(line)
    elif kind == "delete":
        del changed[place]
    elif kind == "insert":
        changed.insert(place, changed[other])
    else:
        changed[place], changed[other] = changed[other], changed[place]
    return changed


def test_each_tampering_with_what_is_archived_is_caught(at: At, tmp_path: Path) -> None:
    """What arrived, what was agreed, what was said of it, figures of record."""
    settings = at("2009-07-20")
    busy(settings, tmp_path)
    deliver(settings, waste(tmp_path, GOOD.replace("2009-04", "2009-01"), name="waste_FY2008-Q4.csv"), KEY)
    (old,) = drain(settings)
    (standing,) = [row for row in status(settings)["deliveries"] if row["period"] == "FY2009-Q1"][-1:]
    withdraw(settings, standing["delivery_id"], reason="wrong year", by="A. Officer")
    late = at("2015-04-15")
    assert expire_due(late) == [old["delivery_id"]]
    archive = late.home / "archive"
    kinds = {
        "arrived": [late.home / "archive" / standing["sha256"][:2] / standing["sha256"]],
        "agreed": [path for path in sorted((archive / "definitions").rglob("*")) if path.is_file()],
        "said": sorted((archive / "said").rglob("*.json")),
        "of record": [late.of_record(old["delivery_id"])],
    }
    dice = random.Random(36)
    missed = [
        (kind, content and len(content))
        for kind, files in kinds.items()
        for path in dice.sample(files, min(2, len(files)))
        for content in tampered_bytes(path.read_bytes(), dice)
        if not told_after(late, path, content)
    ]
    assert missed == []
    assert verify(late)["problems"] == []


@pytest.mark.parametrize(
    "name", ["manifest.json", "public/borough-partnership/performance.csv", "dictionary.html"]
)
def test_each_tampering_with_a_release_is_caught(released: Settings, name: str) -> None:
    (release,) = (path for path in (released.published / "releases").iterdir() if not path.name.startswith("."))
    dice = random.Random(name)
    for content in tampered_bytes((release / name).read_bytes(), dice):
        assert told_after(released, release / name, content), content and len(content)


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    home = tmp_path_factory.mktemp("released")
    settings = Settings(home=home / "home", now=lambda: datetime(2009, 7, 20, tzinfo=UTC))
    publish_due(settings, "laa-2008-11", "FY2009-Q1")
    assert verify(settings)["problems"] == []
    return settings


def tampered_bytes(was: bytes, dice: random.Random) -> list[bytes | None]:
    """A file with one bit turned, cut short, made longer, and (None) taken away."""
    turned = bytearray(was)
    turned[dice.randrange(len(was))] ^= 1 << dice.randrange(7)
    return [bytes(turned), was[:-1], was + b"\n", None]


def told_after(settings: Settings, path: Path, content: bytes | None) -> bool:
    """Whether verify tells of a file that was changed so; afterwards it is as it was."""
    was, mode = path.read_bytes(), path.stat().st_mode
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    told = bool(verify(settings)["problems"])
    path.unlink(missing_ok=True)
    path.write_bytes(was)
    path.chmod(mode)
    return told


def test_who_forges_the_whole_chain_is_caught_by_the_receipts(at: At, tmp_path: Path) -> None:
    settings = at("2009-07-20")
    busy(settings, tmp_path)
    with open_warehouse(settings.home) as connection:
        rows = ledger.chain(connection)
    rows[3][2], previous = "nobody", rows[2][8]
    for row in rows[3:]:
        row[7] = previous
        row[8] = previous = ledger.chain_hash(row[:8])
    assert ledger.broken_links(rows) == []
    assert ledger.unanchored(rows, read_receipts(settings.home)) == [row[0] for row in rows[3:]]


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM warehouse.ledger.audit WHERE sequence = (SELECT max(sequence) FROM warehouse.ledger.audit)",
        "DELETE FROM warehouse.ledger.audit",
        "UPDATE warehouse.ledger.audit SET actor = 'nobody' WHERE sequence = 2",
        "UPDATE warehouse.ledger.delivery SET state = 'withdrawn' WHERE sequence = 3",
    ],
)
def test_verify_says_so(at: At, tmp_path: Path, statement: str) -> None:
    settings = at("2009-07-20")
    busy(settings, tmp_path)
    assert verify(settings)["problems"] == []
    with open_warehouse(settings.home, writable=True) as connection:
        connection.execute(statement)
    assert verify(settings)["problems"] != []


def test_the_receipts_follow_the_audit_and_half_a_line_of_a_crash_is_mended(at: At, tmp_path: Path) -> None:
    settings = at("2009-07-20")
    busy(settings, tmp_path)
    path = receipts_path(settings.home)
    assert path.stat().st_mode & 0o077 == 0
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-2]) + lines[-2][:20])
    assert verify(settings)["problems"] != []
    with open_warehouse(settings.home, writable=True):
        pass
    assert path.read_bytes() == b"".join(lines)
    assert verify(settings)["problems"] == []


@pytest.mark.parametrize("change", [lambda path: path.unlink(), lambda path: path.write_bytes(b"{}")])
def test_what_a_person_said_cannot_be_changed_afterwards(
    at: At, tmp_path: Path, change: Callable[[Path], Any]
) -> None:
    settings = at("2009-07-20")
    deliver(settings, waste(tmp_path, GOOD), KEY)
    (row,) = drain(settings)
    withdraw(settings, row["delivery_id"], reason="wrong year", by="A. Officer")
    assert verify(settings)["problems"] == []
    (said,) = (settings.home / "archive" / "said").rglob("*.json")
    change(said)
    assert "is not as it was said" in str(verify(settings)["problems"])


def test_receipts_that_were_tampered_with_are_told_of(at: At, tmp_path: Path) -> None:
    settings = at("2009-07-20")
    busy(settings, tmp_path)
    path = receipts_path(settings.home)
    path.write_bytes(path.read_bytes() + b"no receipt\n")
    assert "is no receipt" in str(verify(settings)["problems"])


def test_each_row_says_who_acted_in_which_run_under_which_agreement(at: At, tmp_path: Path) -> None:
    settings = at("2009-07-20")
    busy(settings, tmp_path)
    (made,) = publish_due(settings, "laa-2008-11", "FY2009-Q1")
    partnership = settings.partnership
    with open_warehouse(settings.home) as connection:
        rows = ledger.audit_rows(connection)
        delivery = ledger.deliveries(connection)[0]
    assert {(row["actor"], row["run_id"]) for row in rows} == {(settings.actor.name, settings.actor.run_id)}
    agreement = partnership.agreement("council-waste")
    assert agreement is not None
    assert delivery["agreement_fingerprint"] == agreement.fingerprint
    assert delivery["contract_fingerprint"] == partnership.contracts[KEY].fingerprint
    assert delivery["standard_fingerprint"] == partnership.standards[KEY].fingerprint
    received = next(row for row in rows if row["event"] == "delivery.received")
    assert received["details"]["agreement_fingerprint"] == agreement.fingerprint
    (released,) = [row for row in rows if row["event"] == "publication.released"]
    assert released["subject"] == made.publication_id
    assert released["details"]["framework_fingerprint"] == partnership.framework_fingerprint("laa-2008-11")


def test_a_changed_target_rule_officer_or_agreement_is_an_audit_row_with_its_place(
    at: Callable[..., Settings], tmp_path: Path
) -> None:
    root = copy_definitions(tmp_path / "own")
    before = at("2009-07-20", root)
    busy(before, tmp_path)
    changed = {
        "schemas/partners/council.yaml": ("email: ", "email: new."),
        "schemas/agreements/council-waste.yaml": ("hold_days: 5", "hold_days: 6"),
        "schemas/frameworks/laa-2008-11/indicators/environment.yaml": ("description: ", "description: Now "),
        "expectations/council/household_waste.yaml": ("severity: warning", "severity: info"),
        "schemas/codelists/sexes.csv": ("M,", "Male,"),
    }
    for file, (old, new) in changed.items():
        text = (root / file).read_text(encoding="utf-8")
        if old in text:
            (root / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    after = at("2009-08-20", root)
    assert [part.problem for part in sweep(after, ["definitions"])] == [None]
    assert sweep(after, ["definitions"])[0].problem is None, "a second look finds nothing new"
    start, end = datetime(2009, 7, 20, 12, tzinfo=UTC), datetime(2009, 9, 1, tzinfo=UTC)
    with open_warehouse(after.home) as connection:
        told = changes_between(connection, start, end)
        assert changes_between(connection, end, end) == []
    places = {row["file"]: (row["key"], row["before"], row["after"]) for row in told}
    assert places["schemas/agreements/council-waste.yaml"] == ("hold_days", "5", "6")
    assert places["schemas/partners/council.yaml"][0] == "officers.designated.email"
    assert "severity" in places["expectations/council/household_waste.yaml"][0]
    assert "line of" in places["schemas/codelists/sexes.csv"][0]
    assert verify(after)["problems"] == []


def test_the_definitions_of_the_day_are_kept_by_their_fingerprint(at: At, tmp_path: Path) -> None:
    settings = at("2009-07-20")
    busy(settings, tmp_path)
    with open_warehouse(settings.home, writable=True) as connection:
        manifest = note_definitions(settings, connection)
        seen = ledger.audit_rows(connection, "definitions.seen")
    assert [row["subject"] for row in seen] == [manifest], "what did not change is written down once"
    listed = json.loads(kept_path(settings, manifest).read_text())
    assert listed.keys() == definition_files(settings.partnership).keys()
    assert "warehouse/models/contributions/council/household_waste.sql" in listed
    for file, sha256 in listed.items():
        assert (
            kept_path(settings, sha256).read_bytes() == definition_files(settings.partnership)[file].read_bytes()
        )
