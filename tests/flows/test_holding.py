"""What may not be received is held: for the owner only, told to whom it concerns, and gone when its days are over."""

from collections.abc import Callable
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from flows.drain import drain
from flows.land import deliver
from flows.settings import Settings
from flows.sweep import retain
from tests.definitions import copy_definitions
from tests.flows.waste import HEADER, KEY, waste
from warehouse import ledger
from warehouse.connection import open_warehouse

At = Callable[..., Settings]
QUARTER = "2009-07,kerbside_residual,household,residual,efw,4000.000,"
AGREEMENT = "schemas/agreements/council-waste.yaml"


def changed(folder: Path, *changes: tuple[str, str]) -> Path:
    """A partnership whose agreement on waste says otherwise."""
    root = copy_definitions(folder / "own")
    text = (root / AGREEMENT).read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    (root / AGREEMENT).write_text(text, encoding="utf-8")
    return root


def sent(settings: Settings, folder: Path, *rows: str, header: str = HEADER) -> dict[str, object]:
    deliver(settings, waste(folder, *(rows or (QUARTER,)), header=header, name="waste_FY2009-Q2.csv"), KEY)
    (row,) = drain(settings)
    return row


def mailed(settings: Settings, kind: str) -> list[str]:
    """The addresses that the one mail of a kind is for."""
    (path,) = (settings.home / "outbox").glob(f"*.{kind}.eml")
    mail = message_from_bytes(path.read_bytes(), policy=policy.default)
    return [address.addr_spec for header in ("To", "Cc") if mail[header] for address in mail[header].addresses]


def test_an_agreement_that_ended_lets_nothing_in(at: At, tmp_path: Path) -> None:
    root = changed(tmp_path, ("end: 2011-03-31", "end: 2009-12-22"))
    settings = at("2009-12-23T10:00", root)
    row = sent(settings, tmp_path)
    assert row["state"] == "held"
    assert "in force" in str(row["reason"])
    folder = settings.held / str(row["delivery_id"])
    assert folder.stat().st_mode & 0o077 == 0
    assert (folder / "bytes").stat().st_mode & 0o077 == 0
    assert not settings.archived(str(row["sha256"])).exists()
    partnership = settings.partnership
    council = partnership.partners["council"]
    heard = mailed(settings, "alert")
    for one in (council.officer.email, council.governance_contact, partnership.incident_contact):
        assert one in heard


def test_it_is_gone_after_five_working_days_and_not_before(at: At, tmp_path: Path) -> None:
    """From Wednesday 23 December 2009: the 24th, 29th, 30th and 31st, then Monday 4 January."""
    root = changed(tmp_path, ("end: 2011-03-31", "end: 2009-12-22"))
    row = sent(at("2009-12-23T10:00", root), tmp_path)
    folder = at("2009-12-23").held / str(row["delivery_id"])
    assert str(row["hold_until"]) == "2010-01-04"
    assert retain(at("2010-01-04T18:00", root)) == []
    assert folder.exists()
    assert retain(at("2010-01-05T01:00", root)) == [row["delivery_id"]]
    assert not folder.exists()
    with open_warehouse(at("2010-01-05").home) as connection:
        (kept,) = ledger.deliveries(connection)
    assert (kept["state"], kept["sha256"], kept["size_bytes"]) == ("expired", row["sha256"], row["size_bytes"])
    assert not [
        path for path in at("2010-01-05").home.rglob("*") if path.is_file() and b"4000.000" in path.read_bytes()
    ]


def test_an_agreement_that_lapses_within_the_period_does_not_cover_it(at: At, tmp_path: Path) -> None:
    root = changed(tmp_path, ("covers_to: 2011-03-31", "covers_to: 2009-08-31"))
    row = sent(at("2009-10-20", root), tmp_path)
    assert (row["state"], "and not all of Quarter 2 2009/10" in str(row["reason"])) == ("held", True), row[
        "reason"
    ]


def test_of_two_agreements_in_force_the_later_one_decides(at: At, tmp_path: Path) -> None:
    root = changed(tmp_path)
    second = (root / AGREEMENT).read_text(encoding="utf-8")
    second = second.replace("id: council-waste", "id: council-waste-2").replace("start: 2008-04", "start: 2008-05")
    assert "reject_tonnes" in second
    second = second.replace(", reject_tonnes", "")
    (root / AGREEMENT).with_name("council-waste-2.yaml").write_text(second, encoding="utf-8")
    row = sent(at("2009-10-20", root), tmp_path)
    assert (row["state"], row["agreement_id"]) == ("held", "council-waste-2")
    assert "'reject_tonnes'" in str(row["reason"]), "the first would have allowed it"


@pytest.mark.parametrize(
    "cell", ["9434765919", "W12 7AB", "a.person@home.example", "07700 900123", "3 April 1998", "Robin Placeholder"]
)
def test_an_innocent_name_over_personal_values_helps_nobody(at: At, tmp_path: Path, cell: str) -> None:
    settings = at("2009-10-20")
    row = sent(settings, tmp_path, f"{QUARTER},{cell}", header=f"{HEADER},batch")
    assert (row["state"], "'batch'" in str(row["reason"])) == ("held", True)
    assert cell not in str(row["reason"])
    everywhere = {
        path.relative_to(settings.home).parts[0]
        for path in settings.home.rglob("*")
        if path.is_file() and cell.encode() in path.read_bytes()
    }
    assert everywhere == {"held"}
