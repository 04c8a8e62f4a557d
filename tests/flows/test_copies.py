"""Every release is copied, whole, to each place the partnership names; a place that was away is given it later."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from flows.publish import publish
from flows.settings import Settings
from flows.sweep import sweep
from schemas.loading import DefinitionError
from schemas.partnership import load_partnership
from tests.definitions import copy_definitions
from warehouse import ledger
from warehouse.connection import open_warehouse

At = Callable[..., Settings]
FRAMEWORK, PERIOD = "local-outcomes-2026", "FY2025-Q4"


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
    at: At, tmp_path: Path
) -> None:
    website, share = tmp_path / "website", tmp_path / "share"
    website.mkdir()
    share.write_text("a file where a folder should be: the share is not mounted")
    root = naming(
        tmp_path,
        {"id": "website", "audience": "public", "url": f"file://{website}"},
        {"id": "share", "audience": "restricted", "url": f"file://{share}"},
    )
    settings = at("2026-04-10", root)
    made = publish(settings, FRAMEWORK, PERIOD)
    assert files(website / made.folder.name) == files(made.folder / "public")
    assert [path.name for path in website.iterdir()] == [made.folder.name]
    assert len(faults(settings)) == 1
    assert "share" in faults(settings)[0]

    share.unlink()
    share.mkdir()
    later = at("2026-04-11", root)
    (swept,) = sweep(later, ["copies"])
    assert swept.done == (f"{made.folder.name} to share",)
    assert files(share / made.folder.name) == files(made.folder)
    (again,) = sweep(later, ["copies"])
    assert again.done == ()
    assert len(faults(later)) == 1


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
