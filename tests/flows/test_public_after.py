"""The public sees nothing made of an extract before the day its agreement names; the partnership does."""

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from flows.drain import drain
from flows.land import deliver
from flows.publish import publish_due
from flows.settings import Settings
from schemas.loading import DefinitionError
from schemas.partnership import load_partnership
from tests.definitions import copy_definitions
from tests.flows.waste import KEY, waste

At = Callable[..., Settings]
AGREEMENT = "schemas/agreements/council-waste.yaml"


def shown(settings: Settings, audience: str) -> bool:
    release = (settings.published / "current").resolve()
    file = (release if audience == "restricted" else release / audience) / "exchange.duckdb"
    with duckdb.connect(str(file), read_only=True) as connection:
        found = connection.execute(
            "SELECT count(*) FROM performance.indicator WHERE indicator = 'NI192'"
        ).fetchall()
    return bool(found[0][0])


def test_the_public_sees_it_from_that_day_on(at: At, tmp_path: Path) -> None:
    root = copy_definitions(tmp_path / "own")
    path = root / AGREEMENT
    path.write_text(path.read_text(encoding="utf-8") + "public_after: 2009-08-01\n", encoding="utf-8")
    before, after = at("2009-07-31T09:00", root), at("2009-08-01T09:00", root)
    deliver(before, waste(tmp_path), KEY)
    drain(before)
    publish_due(before, "laa-2008-11", "FY2009-Q1")
    assert (shown(before, "restricted"), shown(before, "public")) == (True, False)
    publish_due(after, "laa-2008-11", "FY2009-Q1")
    assert (shown(after, "restricted"), shown(after, "public")) == (True, True)


def test_a_day_that_is_none_is_told_with_file_and_key(tmp_path: Path) -> None:
    root = copy_definitions(tmp_path / "own")
    path = root / AGREEMENT
    path.write_text(path.read_text(encoding="utf-8") + "public_after: soon\n", encoding="utf-8")
    with pytest.raises(DefinitionError, match="public_after"):
        load_partnership(root)
