"""Inboxes that are URLs, against a real S3 server, a real SFTP server and a mounted folder."""

import hashlib
import json
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import asyncssh
import pytest

from flows import ingest
from flows.cli.status import status
from flows.drain import drain
from flows.land import MANIFEST
from flows.officers.alerts import list_alerts
from flows.receiving.channels import fetch_all, manifest_said, open_channel, waiting_at
from flows.settings import Settings, SettingsError
from schemas.loading import DefinitionError
from schemas.partner import Inbox, Partner
from schemas.partnership import REPOSITORY, load_partnership
from tests.definitions import copy_definitions
from tests.flows.conftest import SECRET, USER
from tests.flows.waste import HEADER, waste

At = Callable[..., Settings]


@dataclass(frozen=True)
class Place:
    """A partner's place on a running server: what its file says of it, and what the test puts and sees there."""

    inbox: dict[str, str]

    @property
    def partner(self) -> Partner:
        return replace(load_partnership(REPOSITORY).partners["council"], inbox=Inbox(**self.inbox))

    def put(self, name: str, content: bytes) -> None:
        """Write a file as the partner would."""
        with open_channel(self.partner) as channel:
            target = f"{channel.root}/{name}"
            channel.system.makedirs(os.path.dirname(target), exist_ok=True)
            channel.system.pipe_file(target, content)

    def names(self) -> list[str]:
        """Every file below the place."""
        with open_channel(self.partner) as channel:
            found = [path.removeprefix(channel.root + "/") for path in channel.system.find(channel.root)]
        return sorted(found)

    def waiting(self) -> list[str]:
        """What the partner put there and we have not taken off."""
        return [name for name in self.names() if not name.startswith("collect/")]


@pytest.fixture(params=["s3", "sftp", "file"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setenv("EXCHANGE_INBOX_COUNCIL_USER", USER)
    monkeypatch.setenv("EXCHANGE_INBOX_COUNCIL_SECRET", SECRET)
    folder = tmp_path.name
    if request.param == "s3":
        return Place({"url": f"s3://partners/{folder}", "endpoint": request.getfixturevalue("s3")})
    if request.param == "sftp":
        address, public, root = request.getfixturevalue("sftp")
        (root / folder).mkdir()
        return Place({"url": f"sftp://{address}/{folder}", "host_key": public})
    (tmp_path / "mounted").mkdir()
    return Place({"url": f"file://{tmp_path}/mounted"})


def with_inbox(at: At, root: Path, inbox: dict[str, str]) -> Settings:
    """Settings under which the council's inbox is this place."""
    definitions = copy_definitions(root / "partnership")
    path = definitions / "schemas" / "partners" / "council.yaml"
    lines = "".join(f"  {key}: {json.dumps(value)}\n" for key, value in inbox.items())
    path.write_text(path.read_text() + f"inbox:\n{lines}")
    return at("2009-07-20", definitions)


@pytest.fixture
def settings(at: At, tmp_path: Path, place: Place) -> Settings:
    return with_inbox(at, tmp_path, place.inbox)


def test_a_file_goes_through_and_its_answer_comes_back_on_the_same_channel(
    settings: Settings, place: Place, tmp_path: Path
) -> None:
    receipt = settings.home / "collect" / "council" / "reports" / "receipt.txt"
    receipt.parent.mkdir(parents=True)
    receipt.write_text("received")
    place.put("household_waste/waste_FY2009-Q1.csv", waste(tmp_path).read_bytes())
    assert list(waiting_at(place.partner)) == ["council/household_waste/waste_FY2009-Q1.csv"]
    (row,) = drain(settings)
    assert (row["state"], row["file_name"], row["rows_accepted"]) == ("merged", "waste_FY2009-Q1.csv", 3)
    assert "collect/reports/receipt.txt" in place.names()
    assert place.waiting() == []
    assert drain(settings) == []
    receipt.unlink()
    drain(settings)
    assert "collect/reports/receipt.txt" not in place.names(), "what is erased here is erased there"


def test_a_file_may_be_put_there_to_be_checked_only(settings: Settings, place: Place, tmp_path: Path) -> None:
    place.put("household_waste/check/waste_FY2009-Q1.csv", waste(tmp_path).read_bytes())
    assert drain(settings) == []
    assert place.waiting() == []
    assert "collect/checks/household_waste.txt" in place.names()


def test_what_is_still_written_waits(settings: Settings, place: Place, tmp_path: Path) -> None:
    names = ["a.csv.part", "b.tmp", "c.csv.filepart", ".hidden.csv"]
    for name in names:
        place.put(f"household_waste/{name}", waste(tmp_path).read_bytes())
    assert drain(settings) == []
    assert place.waiting() == sorted(f"household_waste/{name}" for name in names)


def test_a_file_that_grows_between_two_looks_waits(
    settings: Settings, place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = waste(tmp_path).read_bytes()
    place.put("household_waste/waste_FY2009-Q1.csv", whole[:60])
    with monkeypatch.context() as patch:
        patch.setattr(
            "flows.receiving.channels.time.sleep",
            lambda _: place.put("household_waste/waste_FY2009-Q1.csv", whole),
        )
        fetch_all(settings)
    assert not settings.inbox.exists()
    (row,) = drain(settings)
    assert row["rows_received"] == 3


def test_a_manifest_speaks_for_its_file(settings: Settings, place: Place, tmp_path: Path) -> None:
    content = waste(tmp_path, name="of no period.csv").read_bytes()
    said = {"sha256": hashlib.sha256(content).hexdigest(), "rows": 3, "period": "FY2009-Q1"}
    place.put(f"household_waste/of no period.csv{MANIFEST}", json.dumps(said).encode())
    place.put("household_waste/of no period.csv", content)
    (row,) = drain(settings)
    assert (row["state"], row["period"]) == ("merged", "FY2009-Q1")
    assert place.waiting() == []


def test_what_a_manifest_says_of_its_file_goes_with_it_to_the_claim(
    settings: Settings, place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = {"rows": 3, "period": "FY2009-Q1"}
    place.put(f"household_waste/waste.csv{MANIFEST}", json.dumps({**said, "note": "ours"}).encode())
    place.put("household_waste/waste.csv", waste(tmp_path).read_bytes())
    asked: list[ingest.Claim] = []

    def stopped_here(_: Settings, claim: ingest.Claim) -> str:
        asked.append(claim)
        return "stopped here"

    monkeypatch.setattr(ingest, "_identified_or_fault", stopped_here)
    drain(settings)
    (claim,) = asked
    assert {key: claim.manifest.get(key) for key in ("rows", "period", "note")} == {**said, "note": None}


@pytest.mark.parametrize("rows", [True, "3", 3.0])
def test_rows_that_are_no_number_of_rows_are_not_said(place: Place, rows: object) -> None:
    place.put(f"household_waste/waste.csv{MANIFEST}", json.dumps({"rows": rows}).encode())
    place.put("household_waste/waste.csv", HEADER.encode())
    with open_channel(place.partner) as channel:
        (beside,) = (entry for entry in channel.entries() if entry.name.endswith(MANIFEST))
        assert manifest_said(channel, beside) == {}


def test_a_file_cut_short_on_the_way_is_refused(settings: Settings, place: Place, tmp_path: Path) -> None:
    content = waste(tmp_path).read_bytes()
    said = {"sha256": hashlib.sha256(content).hexdigest()}
    place.put(f"household_waste/waste_FY2009-Q1.csv{MANIFEST}", json.dumps(said).encode())
    place.put("household_waste/waste_FY2009-Q1.csv", content[:-10])
    (row,) = drain(settings)
    assert row["state"] == "refused"
    assert "its manifest describes" in row["reason"]


def test_what_lies_elsewhere_is_refused_and_its_neighbour_goes_through(
    settings: Settings, place: Place, tmp_path: Path
) -> None:
    place.put("stray.csv", HEADER.encode())
    odd = "; $(x) .csv" if place.inbox["url"].startswith("s3") else "new\nline.csv"
    place.put(f"no_such_dataset/{odd}", HEADER.encode())
    place.put("household_waste/waste_FY2009-Q1.csv", waste(tmp_path).read_bytes())
    drain(settings)
    found = [(row["state"], row["partner"]) for row in status(settings)["deliveries"]]
    assert sorted(found) == [("merged", "council"), ("refused", "council"), ("refused", "council")]
    assert len(list_alerts(settings)) == 2
    assert place.waiting() == []


def test_a_link_and_a_folder_where_a_file_should_be_are_refused(
    at: At, tmp_path: Path, sftp: tuple[str, str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXCHANGE_INBOX_COUNCIL_USER", USER)
    monkeypatch.setenv("EXCHANGE_INBOX_COUNCIL_SECRET", SECRET)
    address, public, root = sftp
    folder = root / "odd" / "household_waste"
    (folder / "folder").mkdir(parents=True)
    (folder / "link.csv").symlink_to("/etc/passwd")
    settings = with_inbox(at, tmp_path, {"url": f"sftp://{address}/odd", "host_key": public})
    drain(settings)
    drain(settings)
    found = {row["reason"] for row in status(settings)["deliveries"] if row["state"] == "refused"}
    assert found == {
        "It cannot be taken in: it is a link, not a file.",
        "It cannot be taken in: it is a folder, not a file.",
    }


def test_a_file_that_may_not_be_removed_is_taken_once(
    settings: Settings, place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.receiving.channels._remove", lambda *_: None)
    place.put("household_waste/waste_FY2009-Q1.csv", waste(tmp_path).read_bytes())
    assert len(drain(settings)) == 1
    assert drain(settings) == []


def test_a_channel_that_is_away_is_ours_and_keeps_nobody_waiting(at: At, tmp_path: Path) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"sftp://127.0.0.1:{nobody.getsockname()[1]}/in"
    settings = with_inbox(at, tmp_path, {"url": url, "host_key": "ssh-ed25519 AAAA"})
    waiting = settings.inbox / "council" / "household_waste"
    waiting.mkdir(parents=True)
    waste(waiting)
    assert [row["state"] for row in drain(settings)] == ["merged"]
    drain(settings)
    (alert,) = list_alerts(settings)
    assert (alert["for"], "SettingsError" in alert["reason"]) == ("operator", True)


def test_a_server_that_cannot_prove_itself_gets_no_password(
    sftp: tuple[str, str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXCHANGE_INBOX_COUNCIL_USER", USER)
    monkeypatch.setenv("EXCHANGE_INBOX_COUNCIL_SECRET", SECRET)
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode().strip()
    place = Place({"url": f"sftp://{sftp[0]}/", "host_key": other})
    with pytest.raises(asyncssh.HostKeyNotVerifiable):
        place.names()


def test_a_missing_credential_is_said_with_what_to_set() -> None:
    with pytest.raises(SettingsError, match="EXCHANGE_INBOX_COUNCIL_USER and EXCHANGE_INBOX_COUNCIL_SECRET"):
        open_channel(Place({"url": "s3://partners/in"}).partner)


def test_an_sftp_inbox_without_a_host_key_is_a_mistake(at: At, tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match=r"inbox\.host_key"):
        _ = with_inbox(at, tmp_path, {"url": "sftp://drop.council.example/in"}).partnership
