"""A manifest's number of rows is the control total of its file: what was read is held to it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flows.drain import drain
from flows.land import control_total, place
from flows.settings import Settings
from flows.status import status
from tests.flows.waste import KEY, waste
from warehouse import ledger
from warehouse.connection import open_warehouse

At = Callable[[str], Settings]


def sent(settings: Settings, folder: Path, rows: Any) -> dict[str, Any]:
    file = waste(folder)
    place(settings, settings.inbox / KEY, file.name, file, {"rows": rows})
    drain(settings)
    return dict(status(settings)["deliveries"][-1])


def test_a_file_that_lacks_rows_its_manifest_promises_is_not_accepted(at: At, tmp_path: Path) -> None:
    settings = at("2009-07-20")
    row = sent(settings, tmp_path, 1204)
    assert (row["state"], row["rows_accepted"]) == ("rejected", 0)
    with open_warehouse(settings.home) as connection:
        (told,) = ledger.rows(
            connection,
            "SELECT * FROM warehouse.ledger.rule_result WHERE rule_id = 'READ-ROWS' AND outcome = 'failed'",
        )
        (message,) = ledger.rows(connection, "SELECT payload FROM warehouse.ledger.outbox WHERE kind = 'alert'")
    assert (told["severity"], told["characteristic"]) == ("critical", "completeness")
    assert told["sentence"] == "The manifest says that the file has 1,204 rows, and it has 3."
    assert json.loads(message["payload"])["reason"] == told["sentence"]
    again = sent(settings, tmp_path, 3)  # the same bytes, with a manifest that is right
    assert (again["state"], again["rows_accepted"]) == ("merged", 3)


@pytest.mark.parametrize(("said", "total"), [(0, 0), (7, 7), (-1, None), (True, None), ("7", None), (None, None)])
def test_only_a_whole_number_is_a_control_total(said: Any, total: int | None) -> None:
    assert control_total({"rows": said}) == total
