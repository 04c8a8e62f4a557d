"""Every release is copied, whole, to each place the partnership names; a place that was away is given it later."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from flows.drain import drain
from flows.governance.erasure import erase
from flows.land import deliver
from flows.publish import publish
from flows.receiving.channels import open_place
from flows.releases.copies import LIST, copy_releases, holding
from flows.service.doctor import examine
from flows.settings import Settings
from flows.sweep import sweep
from schemas.loading import DefinitionError
from schemas.partnership import load_partnership
from tests.definitions import copy_definitions
from tests.flows.conftest import SECRET, USER
from tests.flows.waste import KEY, waste
from warehouse import ledger
from warehouse.connection import open_warehouse

At = Callable[..., Settings]
FRAMEWORK, PERIOD = "laa-2008-11", "FY2009-Q1"


def naming(tmp_path: Path, *places: dict[str, str]) -> Path:
    """A partnership that has its releases copied to these places."""
    root = copy_definitions(tmp_path / "ours")
    with (root / "schemas/geography/partnership.yaml").open("a", encoding="utf-8") as file:
        file.write(f"copies: {json.dumps(places)}\n")
    return root


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def faults(settings: Settings) -> list[str]:
    with open_warehouse(settings.home) as connection:
        rows = ledger.rows(connection, "SELECT payload FROM warehouse.ledger.outbox WHERE kind = 'operator'")
    return [str(row["payload"]) for row in rows if "could not be copied" in str(row["payload"])]


def test_each_place_is_given_its_audiences_files_once_and_one_that_was_away_gets_them_by_the_sweep(
    at: At, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.publish._documents", lambda *_: {})  # no page is drawn, which takes seconds
    website, share = tmp_path / "website", tmp_path / "share"
    website.mkdir()
    share.write_text("a file where a folder should be: the share is not mounted")
    root = naming(
        tmp_path,
        {"id": "website", "audience": "public", "url": f"file://{website}"},
        {"id": "share", "audience": "restricted", "url": f"file://{share}"},
    )
    settings = at("2009-07-20", root)
    deliver(settings, waste(tmp_path), KEY)
    (row,) = drain(settings)
    made = publish(settings, FRAMEWORK, PERIOD)
    assert files(website / made.folder.name) == files(made.folder / "public")
    assert {path.name for path in website.iterdir()} == {made.folder.name, LIST}
    assert len(faults(settings)) == 1
    assert "share" in faults(settings)[0]
    certificate = erase(settings, row["delivery_id"], "sent in error", "A. Officer")
    assert certificate.copies == (f"website (file://{website})",), "and not the place that was away"
    assert "remove it there" in certificate.to_text()

    share.unlink()
    share.mkdir()
    later = at("2009-07-21", root)
    (swept,) = sweep(later, ["copies"])
    assert swept.done == (f"{made.folder.name} to share",)
    assert files(share / made.folder.name) == files(made.folder)
    (again,) = sweep(later, ["copies"])
    assert again.done == ()
    assert len(faults(later)) == 1


@pytest.fixture(params=["s3", "sftp"])
def server(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A place on a running server, as partnership.yaml names it; nothing lies there yet."""
    monkeypatch.setenv("EXCHANGE_COPY_ARCHIVE_USER", USER)
    monkeypatch.setenv("EXCHANGE_COPY_ARCHIVE_SECRET", SECRET)
    place = {"id": "archive", "audience": "public"}
    if request.param == "s3":
        return {**place, "url": f"s3://partners/{tmp_path.name}", "endpoint": request.getfixturevalue("s3")}
    address, public, root = request.getfixturevalue("sftp")
    (root / tmp_path.name).mkdir()
    return {**place, "url": f"sftp://{address}/{tmp_path.name}", "host_key": public}


def release(settings: Settings, name: str) -> Path:
    """A release of the period that stands now, as small as one can be."""
    folder = settings.published / "releases" / name
    (folder / "public" / "board").mkdir(parents=True)
    about = {
        "framework": FRAMEWORK,
        "period": PERIOD,
        "status": "ready",
        "published_at": "2009-07-20T09:00:00+00:00",
    }
    (folder / "manifest.json").write_text(json.dumps({"publication_id": name, **about}))
    (folder / "public" / "board" / "index.html").write_text(name)
    link = settings.published / FRAMEWORK / PERIOD
    link.parent.mkdir(exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(folder)
    return folder


def test_a_place_on_a_server_is_given_every_release_and_told_which_one_stands(
    at: At, tmp_path: Path, server: dict[str, str]
) -> None:
    settings = at("2009-07-20", naming(tmp_path, server))
    (copy,) = settings.partnership.copies

    def there() -> dict[str, bytes]:
        with open_place(copy.place, "copy", copy.id) as channel:
            names = channel.system.find(channel.root)
            return {name.removeprefix(f"{channel.root}/"): channel.system.cat_file(name) for name in names}

    def standing() -> dict[str, bool]:
        return {name: about["stands"] for name, about in json.loads(there()[LIST])["releases"].items()}

    release(settings, "first")
    assert copy_releases(settings) == ["first to archive"]
    assert {name: content for name, content in there().items() if name != LIST} == {
        "first/board/index.html": b"first"
    }, "the public's files and no others"
    assert standing() == {"first": True}
    assert copy_releases(settings) == []

    release(settings, "second")
    assert copy_releases(settings) == ["second to archive"]
    assert standing() == {"first": False, "second": True}
    assert set(there()) == {"first/board/index.html", "second/board/index.html", LIST}
    assert holding(settings, ["first"]) == [f"archive ({server['url']})"]
    assert holding(settings, ["third"]) == []


def test_a_copy_that_was_cut_off_is_made_whole_by_the_next_run(
    at: At, tmp_path: Path, server: dict[str, str]
) -> None:
    settings = at("2009-07-20", naming(tmp_path, server))
    (copy,) = settings.partnership.copies
    folder = release(settings, "first")
    (folder / "public" / "zoning.csv").write_text("a,b")
    with open_place(copy.place, "copy", copy.id) as channel:  # as a killed run left it
        part = f"{channel.root}/{'.first.part' if channel.renames else 'first'}"
        channel.system.makedirs(f"{part}/board", exist_ok=True)
        channel.system.pipe_file(f"{part}/board/index.html", b"fi")
    assert copy_releases(settings) == ["first to archive"]
    with open_place(copy.place, "copy", copy.id) as channel:
        found = {name: channel.system.cat_file(name) for name in channel.system.find(f"{channel.root}/first")}
        assert {name.rpartition("/first/")[2]: content for name, content in found.items()} == {
            "board/index.html": b"first",
            "zoning.csv": b"a,b",
        }


def test_doctor_looks_at_every_place(at: At, tmp_path: Path, server: dict[str, str]) -> None:
    def says(**others: str) -> tuple[str, str]:
        settings = at("2009-07-20", naming(tmp_path / str(len(others)), {**server, **others}))
        (found,) = [one for one in examine(settings) if one.about == "copies"]
        return found.state, found.says

    assert says() == ("ok", f"archive: {server['url']}"), "an empty place is one"
    missing = server["url"].replace("partners", "nobodys").replace(tmp_path.name, "no-such-folder")
    state, told = says(url=missing)
    assert (state, f"{missing} does not exist there" in told) == ("wrong", True)


def test_doctor_tells_of_a_place_without_a_credential(at: At, tmp_path: Path) -> None:
    place = {"id": "archive", "audience": "restricted", "url": "s3://council-archive/performance"}
    (found,) = [one for one in examine(at("2009-07-20", naming(tmp_path, place))) if one.about == "copies"]
    assert found.state == "wrong"
    assert "EXCHANGE_COPY_ARCHIVE_USER" in found.says


@pytest.mark.parametrize(
    ("places", "says"),
    [
        ([{"id": "a", "audience": "public", "url": "sftp://web.example/x"}], "host_key"),
        ([{"id": "a", "audience": "public", "url": "file:///a"}, {"id": "a", "audience": "public", "url": "file:///b"}],
         "twice"),
        ([{"id": "a", "url": "file:///a"}], "audience"),
    ],
)  # fmt: skip
def test_a_place_that_could_not_be_used_is_refused_with_the_key(
    tmp_path: Path, places: list[dict[str, str]], says: str
) -> None:
    with pytest.raises(DefinitionError, match=says):
        load_partnership(naming(tmp_path, *places))
