"""A new partnership begins with files to make its own, and the program reads them from the first moment."""

from pathlib import Path

import pytest

from flows.cli.beginning import InitError, begin
from schemas.partnership import load_partnership


def test_the_new_folder_can_be_used_at_once_and_holds_no_program(tmp_path: Path) -> None:
    folder = tmp_path / "ours"
    copied = begin(folder)
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert len(files) == copied + 1
    assert {path.suffix for path in files} == {".yaml", ".csv", ".geojson", ".sql", ".md"}
    ours, shipped = load_partnership(folder), load_partnership()
    assert ours.contracts.keys() == shipped.contracts.keys()
    assert ours.contribution_model("police/street_crime").is_relative_to(folder.resolve())


def test_nothing_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(InitError, match="holds something"):
        begin(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
