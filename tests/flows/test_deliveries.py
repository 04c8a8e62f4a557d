"""What becomes of a delivery: every row accounted for, nothing lost, the old file live until a better one is in."""

import json
import os
import stat
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flows.cli.status import status
from flows.drain import drain
from flows.governance.verify import verify
from flows.land import MANIFEST, deliver
from flows.officers.alerts import acknowledge, list_alerts
from flows.settings import Settings
from tests.flows.waste import HEADER, KEY, waste
from warehouse.connection import open_memory, open_warehouse

At = Callable[[str], Settings]
GOOD = "2009-04,kerbside_residual,household,residual,efw,4000.000,"


def send(settings: Settings, file: Path, key: str = KEY, period: str | None = None) -> dict[str, Any]:
    deliver(settings, file, key, period)
    (row,) = drain(settings)
    return row


def balance(row: dict[str, Any]) -> bool:
    return bool(row["rows_received"] == row["rows_accepted"] + row["rows_quarantined"] + row["rows_out_of_scope"])


def states(settings: Settings) -> list[str]:
    return [row["state"] for row in status(settings)["deliveries"]]


def test_a_sound_extract_is_merged_archived_and_receipted(at: At, tmp_path: Path) -> None:
    settings = at("2009-07-20")
    file = waste(tmp_path)
    row = send(settings, file)
    assert (row["state"], row["decision"], row["period"]) == ("merged", "accepted", "FY2009-Q1")
    assert (row["rows_received"], row["rows_accepted"]) == (3, 3)
    assert settings.archived(row["sha256"]).read_bytes() == file.read_bytes()
    (mail,) = (settings.home / "outbox").glob("*.receipt.eml")
    assert row["sha256"][:12] in mail.read_text() or row["delivery_id"] in mail.read_text()
    assert list_alerts(settings) == []
    assert not any((settings.staging).rglob("*.*"))
    assert verify(settings)["problems"] == []


def test_bad_rows_are_quarantined_and_the_officer_is_told_their_numbers_not_their_values(
    at: At, tmp_path: Path
) -> None:
    settings = at("2009-07-20")
    row = send(settings, waste(tmp_path, GOOD, "2009-05,bring_sites,household,paper_card,ZXCANARY,1,", "x,,,,,,"))
    assert row["decision"] == "accepted_with_exceptions"
    assert (row["rows_received"], row["rows_accepted"], row["rows_quarantined"]) == (3, 1, 2)
    (alert,) = list_alerts(settings)
    assert alert["rules"]
    for told in (settings.home / "outbox").iterdir():
        assert "ZXCANARY" not in told.read_text()
    acknowledge(settings, alert["id"], "Dana")
    assert list_alerts(settings) == []


def test_a_ragged_line_is_quarantined_with_its_line_number(at: At, tmp_path: Path) -> None:
    row = send(at("2009-07-20"), waste(tmp_path, GOOD, "2009-05,only,three"))
    assert row["decision"] == "accepted_with_exceptions"
    assert (row["rows_received"], row["rows_accepted"], row["rows_quarantined"]) == (2, 1, 1)


def test_a_renamed_column_rejects_the_file_and_both_names_are_said(at: At, tmp_path: Path) -> None:
    row = send(at("2009-07-20"), waste(tmp_path, GOOD, header=HEADER.replace("destination", "destinations")))
    assert row["state"] == "rejected"
    assert "'destinations' appeared where 'destination' was expected" in row["reason"]
    assert row["rows_received"] is None


def test_a_corrected_file_supersedes_and_the_old_one_stands_until_it_is_accepted(at: At, tmp_path: Path) -> None:
    settings = at("2009-07-20")
    first = send(settings, waste(tmp_path))
    worse = send(settings, waste(tmp_path, header=HEADER.replace("tonnes,", "")))
    assert worse["state"] == "rejected"
    assert states(settings) == ["merged", "rejected"]
    better = send(settings, waste(tmp_path, GOOD))
    assert states(settings) == ["superseded", "rejected", "merged"]
    assert status(settings)["deliveries"][0]["superseded_by"] == better["delivery_id"]
    again = send(settings, waste(tmp_path))
    assert again["state"] == "merged"
    assert again["delivery_id"] == first["delivery_id"] + "-2", "A, B, A is a correction back to A"
    assert states(settings) == ["superseded", "rejected", "superseded", "merged"]


def test_the_same_bytes_twice_run_nothing_twice(at: At, tmp_path: Path) -> None:
    settings = at("2009-07-20")
    send(settings, waste(tmp_path))
    assert send(settings, waste(tmp_path, name="again_FY2009-Q1.csv"))["state"] == "duplicate"
    deliver(settings, waste(tmp_path, GOOD), KEY)
    deliver(settings, waste(tmp_path, GOOD), KEY)
    assert sorted(row["state"] for row in drain(settings)) == ["duplicate", "merged"]


def test_a_surplus_personal_column_is_held_apart_and_never_archived(at: At, tmp_path: Path) -> None:
    settings = at("2009-07-20")
    row = send(settings, waste(tmp_path, GOOD + ",ZXCANARY", header=HEADER + ",Surname"))
    assert row["state"] == "held"
    assert "'Surname'" in row["reason"]
    assert str(row["hold_until"]) == "2009-07-27", "five working days after Monday 20 July"
    assert not settings.archived(row["sha256"]).exists()
    held = settings.held / row["delivery_id"] / "bytes"
    assert held.stat().st_mode & 0o077 == 0
    assert len([one for one in list_alerts(settings) if one["for"] == "officer"]) == 1


@pytest.mark.parametrize(
    ("moment", "period"), [("2012-07-20", "FY2009-Q1"), ("2009-07-20", "FY2012-Q1")], ids=["lapsed", "not covered"]
)
def test_without_an_agreement_nothing_is_archived(at: At, tmp_path: Path, moment: str, period: str) -> None:
    settings = at(moment)
    row = send(settings, waste(tmp_path, name="waste.csv"), period=period)
    assert row["state"] == "held"
    assert row["reason"]
    assert not settings.archived(row["sha256"]).exists()


def test_a_file_that_does_not_say_its_period_is_asked(at: At, tmp_path: Path) -> None:
    row = send(at("2009-07-20"), waste(tmp_path, name="waste.csv"))
    assert row["state"] == "refused"
    assert "Which quarter" in row["reason"]


def test_a_declared_period_that_the_content_contradicts_is_refused(at: At, tmp_path: Path) -> None:
    row = send(at("2009-10-20"), waste(tmp_path, name="waste.csv"), period="FY2009-Q2")
    assert row["state"] == "refused"
    assert "FY2009-Q2" in row["reason"]


def test_what_is_no_file_of_a_dataset_is_refused_and_its_neighbours_pass(at: At, tmp_path: Path) -> None:
    settings = at("2009-07-20")
    inbox = settings.inbox / KEY
    deliver(settings, waste(tmp_path), KEY)
    (inbox / "a folder").mkdir()
    (inbox / "a link.csv").symlink_to("/etc/hosts")
    (inbox / "a device.csv").symlink_to("/dev/zero")
    os.mkfifo(inbox / "a pipe")
    os.mknod(inbox / "a socket", stat.S_IFSOCK | 0o600)  # who is not root can make no other device
    (inbox / "half.csv.part").write_text("unfinished")
    (inbox / "line\nbreak_FY2009-Q1.csv").write_text(f"{HEADER}\n{GOOD}\n")
    climbing = inbox / "climbing.csv"
    climbing.write_text("a\n1\n")
    said = json.dumps({"original_name": "../../../../etc/cron.d/climbed.csv"})
    climbing.with_name(climbing.name + MANIFEST).write_text(said)
    for unknown in ("nobody/nothing", "council/nothing"):
        stray = settings.inbox / unknown
        stray.mkdir(parents=True)
        (stray / "x.csv").write_text("a\n1\n")
    found = drain(settings)
    states_of = Counter(row["state"] for row in found)
    assert states_of == {"merged": 1, "superseded": 1, "refused": 8}
    assert (inbox / "half.csv.part").exists(), "an unfinished file waits"
    assert not any("\n" in row["file_name"] or "/" in row["file_name"] for row in found)
    assert Path("/etc/hosts").exists()

    refused = [row for row in found if row["state"] == "refused"]
    reasons = [row["reason"] for row in refused]
    assert all(reasons), "each for a reason that the ledger keeps"
    for kind, count in {"is a link": 2, "is a folder": 1, "is not a regular file": 2}.items():
        assert len([reason for reason in reasons if kind in reason]) == count, kind
    with open_warehouse(settings.home) as connection:
        told: dict[str, str] = dict(
            connection.execute("SELECT delivery_id, kind FROM warehouse.ledger.outbox").fetchall()
        )
    for row in refused:
        kind = "operator" if row["partner"] is None else "alert"
        assert told[row["delivery_id"]] == kind, "there is somebody to tell of each"


def test_pupils_leave_staging_as_pseudonyms(at: At, tmp_path: Path) -> None:
    settings = at("2009-07-20")
    contract = settings.partnership.contracts["schools/attendance_sessions"]
    values = {
        "upn": "H213400012345", "laestab": "2054001", "phase": "secondary", "year_group": "9", "sex": "F",
        "half_term": "1", "sessions_possible": "70", "sessions_authorised": "4", "sessions_unauthorised": "0",
    }  # fmt: skip
    header = ",".join(column.header for column in contract.columns)
    file = tmp_path / "attendance_AY2008.csv"
    file.write_text(header + "\n" + ",".join(values[column.name] for column in contract.columns) + "\n")
    row = send(settings, file, "schools/attendance_sessions")
    assert row["rows_accepted"] == 1, list_alerts(settings)
    accepted = settings.accepted("schools", "attendance_sessions", row["delivery_id"])
    with open_memory() as connection:
        ((upn,),) = connection.execute(f"SELECT upn FROM '{accepted}'").fetchall()
    assert len(upn) == 64
    for folder in ("accepted", "collect", "outbox"):
        for path in (settings.home / folder).rglob("*"):
            assert path.is_dir() or b"H213400012345" not in path.read_bytes()
    assert b"H213400012345" not in (settings.home / "warehouse.duckdb").read_bytes()


def test_a_rule_that_cannot_run_is_our_fault_and_the_delivery_waits(
    at: At, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import flows.receiving.examine

    settings = at("2009-07-20")

    def broken(*_: object) -> None:
        raise RuntimeError("ZXCANARY")

    with monkeypatch.context() as patch:
        patch.setattr(flows.receiving.examine, "_run_rules", broken)
        row = send(settings, waste(tmp_path))
    assert row["state"] == "received"
    (alert,) = list_alerts(settings)
    assert alert["for"] == "operator"
    assert "ZXCANARY" not in json.dumps(alert)
    (row,) = drain(settings)
    assert row["state"] == "merged"


def test_two_runs_at_once_do_the_work_once(at: At, tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    settings = at("2009-07-20")
    for month in range(4, 7):
        deliver(settings, waste(tmp_path, f"2009-0{month},bring_sites,household,glass,recycle,{month}.0,"), KEY)
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: drain(settings), range(2))
    assert len(first) + len(second) == 3
    assert sorted(states(settings)) == ["merged", "superseded", "superseded"]


def test_a_contribution_model_that_fails_is_told_once_and_stops_nobody_else(
    at: At, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import flows.merge
    from warehouse.contributions import ContributionError, contribute

    settings = at("2009-07-20")

    def broken(connection: Any, partnership: Any, contract: Any, *rest: Any) -> int:
        if contract.dataset == "household_waste":
            raise ContributionError("the model of council/household_waste failed")
        return contribute(connection, partnership, contract, *rest)

    deliver(settings, waste(tmp_path), KEY)
    claims = tmp_path / "claims_FY2009-Q1.csv"
    claims.write_text(
        "claim_ref,claim_kind,benefit,received_on,decided_on\nC1,new_claim,HB,2009-04-01,2009-04-11\n"
    )
    deliver(settings, claims, "council/benefit_claims")
    with monkeypatch.context() as patch:
        patch.setattr(flows.merge, "contribute", broken)
        found = drain(settings)
        drain(settings)
    assert {row["dataset"]: row["state"] for row in found} == {
        "household_waste": "accepted",
        "benefit_claims": "merged",
    }
    assert [alert["for"] for alert in list_alerts(settings)] == ["operator"]
    drain(settings)
    assert states(settings) == ["merged", "merged"]
