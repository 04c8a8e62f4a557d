"""What a hostile or unlucky inbox holds: neighbours go on, nothing half is taken, no file gives way to nothing."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from flows.cli.status import status
from flows.drain import drain
from flows.land import MANIFEST, deliver
from flows.officers.alerts import list_alerts
from flows.settings import Settings
from tests.flows.waste import HEADER as WASTE_HEADER
from tests.flows.waste import KEY, waste

At = Callable[[str], Settings]
STREET = "police/street_crime"
GOOD = "2009-04,kerbside_residual,household,residual,efw,4000.000,"


def put(settings: Settings, key: str, name: str, content: bytes) -> Path:
    folder = settings.inbox / key
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(content)
    os.utime(path, (1, 1))  # it has lain still for long
    return path


def states(settings: Settings) -> list[str]:
    return [row["state"] for row in status(settings)["deliveries"]]


@pytest.mark.parametrize(
    "poison",
    [
        b"a,x\x00\n1,2\n",
        "a,b\n1,2\n".encode("utf-16") + b"A",
        b"\xff\xfe\x00\xd8A\x00\n\x00",
        b"",
        b"," * 5_000 + b"\n",
        b'"' * 100_001,
    ],
    ids=["a NUL byte", "UTF-16 cut short", "half a character", "nothing", "5,000 columns", "only quotes"],
)
def test_a_poison_file_is_decided_and_its_neighbour_passes(at: At, tmp_path: Path, poison: bytes) -> None:
    settings = at("2009-07-20")
    put(settings, KEY, "poison_FY2009-Q1.csv", poison)
    deliver(settings, waste(tmp_path), KEY)
    assert sorted(row["state"] for row in drain(settings)) in (["merged", "rejected"], ["merged", "refused"])


@pytest.mark.parametrize("manifest", ["[" * 200_000, "not json", json.dumps([1]), " " * 100_000])
def test_a_manifest_that_is_none_counts_as_none(at: At, manifest: str) -> None:
    settings = at("2009-07-20")
    put(settings, KEY, "waste_FY2009-Q1.csv", waste(settings.home.parent).read_bytes())
    put(settings, KEY, "waste_FY2009-Q1.csv" + MANIFEST, manifest.encode())
    assert [row["state"] for row in drain(settings)] == ["merged"]


def test_a_manifest_that_is_a_pipe_does_not_hang(at: At, tmp_path: Path) -> None:
    settings = at("2009-07-20")
    path = put(settings, KEY, "waste_FY2009-Q1.csv", waste(tmp_path).read_bytes())
    os.mkfifo(path.with_name(path.name + MANIFEST))
    assert [row["state"] for row in drain(settings)] == ["merged"]


def test_a_file_that_cannot_be_looked_at_is_ours_and_the_others_go_on(
    at: At, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import flows.ingest
    import warehouse.reader

    settings = at("2009-07-20")
    original = warehouse.reader.inspect

    def refuses(path: Path) -> object:
        if path.stat().st_size == 7:
            raise PermissionError("ZXCANARY")
        return original(path)

    put(settings, KEY, "closed_FY2009-Q1.csv", b"1234567")
    deliver(settings, waste(tmp_path), KEY)
    with monkeypatch.context() as patch:
        patch.setattr(flows.ingest, "inspect", refuses)
        assert [row["state"] for row in drain(settings)] == ["merged"]
        drain(settings)
    assert ["ZXCANARY" in str(alert) for alert in list_alerts(settings)] == [False]
    assert [row["state"] for row in drain(settings)] == ["rejected"], "the next run finds it where it was left"


def test_a_file_copied_in_by_hand_is_not_taken_while_it_grows(at: At, tmp_path: Path) -> None:
    from threading import Timer

    settings = at("2009-07-20")
    assert drain(settings) == []  # the definitions are read, so that the next look comes at once
    whole = waste(tmp_path).read_bytes()
    path = settings.inbox / KEY / "waste_FY2009-Q1.csv"
    path.parent.mkdir(parents=True)
    path.write_bytes(whole[:60])
    rest = Timer(0.3, lambda: path.write_bytes(whole))
    rest.start()
    assert drain(settings) == []
    rest.join()
    (row,) = drain(settings)
    assert (row["rows_received"], row["rows_accepted"]) == (3, 3)


def test_three_versions_at_once_end_at_the_last_one(at: At, tmp_path: Path) -> None:
    settings = at("2009-07-20")
    for rows in ((), (GOOD,), ()):
        deliver(settings, waste(tmp_path, *rows), KEY)
    drain(settings)
    assert states(settings) == ["superseded", "superseded", "merged"]


def test_a_sound_file_does_not_answer_the_alert_of_one_that_came_after_it(at: At, tmp_path: Path) -> None:
    """Both in one run: the door speaks of the second before the first is judged."""
    settings = at("2009-07-20")
    deliver(settings, waste(tmp_path), KEY)
    deliver(settings, waste(tmp_path, GOOD + ",A", header=f"{WASTE_HEADER},surname"), KEY)
    assert sorted(row["state"] for row in drain(settings)) == ["held", "merged"]
    held = next(row["delivery_id"] for row in status(settings)["deliveries"] if row["state"] == "held")
    assert [one["delivery_id"] for one in list_alerts(settings) if one["for"] == "officer"] == [held]


def test_the_twin_of_a_rejected_file_is_not_told_that_it_stands(at: At, tmp_path: Path) -> None:
    settings = at("2009-07-20")
    for _ in range(2):
        deliver(settings, waste(tmp_path, header="month,stream"), KEY)
    drain(settings)
    assert states(settings) == ["rejected", "rejected"]


def test_a_file_without_one_good_row_replaces_nothing(at: At, tmp_path: Path) -> None:
    settings = at("2009-07-20")
    deliver(settings, waste(tmp_path), KEY)
    drain(settings)
    deliver(settings, waste(tmp_path, "2009-04,bring_sites,household,glass,nowhere,1.0,"), KEY)
    (row,) = drain(settings)
    assert (row["state"], row["rows_accepted"], row["rows_quarantined"]) == ("rejected", 0, 1)
    assert states(settings) == ["merged", "rejected"]


HEADER = (
    "Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,Crime type,"
    "Last outcome category,Context"
)


def street(settings: Settings, *forces: str) -> bytes:
    area = settings.partnership.area_name
    rows = [
        f"id{place},2009-06,{force},{force},,,Somewhere,,{area} 001A,Burglary,,"
        for place, force in enumerate(forces)
    ]
    return ("\n".join([HEADER, *rows]) + "\n").encode()


def test_one_blank_or_odd_cell_does_not_stop_a_correction_from_replacing(at: At) -> None:
    settings = at("2009-07-20")
    put(settings, STREET, "first.csv", street(settings, "The Force"))
    drain(settings)
    put(settings, STREET, "second.csv", street(settings, "The Force", "The Force", ""))
    drain(settings)
    assert states(settings) == ["superseded", "merged"]
    put(settings, STREET, "third.csv", street(settings, "The Force", "ZXCANARY"))
    put(settings, STREET, "fourth.csv", HEADER.encode() + b"\n")
    drain(settings)
    assert sorted(states(settings)) == ["merged", "refused", "rejected", "superseded"]
    assert b"ZXCANARY" not in (settings.home / "warehouse.duckdb").read_bytes()


def test_a_key_that_is_not_set_strands_nothing(at: At, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = at("2009-07-20")
    contract = settings.partnership.contracts["schools/attendance_sessions"]
    values = {
        "upn": "H213400012345",
        "laestab": "2054001",
        "phase": "secondary",
        "year_group": "9",
        "sex": "F",
        "half_term": "1",
        "sessions_possible": "70",
        "sessions_authorised": "4",
        "sessions_unauthorised": "0",
    }
    names = [column.name for column in contract.columns]
    text = ",".join(column.header for column in contract.columns) + "\n" + ",".join(values[name] for name in names)
    put(settings, contract.key, "attendance_AY2008.csv", text.encode() + b"\n")
    with monkeypatch.context() as patch:
        patch.delenv("EXCHANGE_PSEUDONYM_KEY")
        for _ in range(4):
            drain(settings)
    assert states(settings) == ["received"]
    assert len(list_alerts(settings)) == 1
    drain(settings)
    assert states(settings) == ["merged"]


@pytest.mark.parametrize(
    "text",
    [
        f"{HEADER.replace(',', ';')};NHS number\n1\n",
        "month\tSurname\n1\tZXCANARY\n",
        f"Extract of April\n\nmonth,Surname\n{GOOD}\n",
        *(
            f"month,stream,source,material,destination,tonnes,reject_tonnes,{header}\n{GOOD},ZXCANARY\n"
            for header in ("DOB1", "Postcode1", "Email2", "Surname2", "NHSNo1", "D.O.B.", "N.I. Number", "Pt name")
        ),
        *(
            f"month,stream,source,material,destination,tonnes,reject_tonnes,{header}\n{GOOD},ZXCANARY\n"
            for header in ("Name of child", "Patient", "PostCd", "Birth_dt", "Date of  Birth", "client e-mail")
        ),
    ],
)
def test_a_personal_column_is_held_however_it_hides(at: At, text: str) -> None:
    settings = at("2009-07-20")
    put(settings, KEY, "waste_FY2009-Q1.csv", text.encode())
    (row,) = drain(settings)
    assert row["state"] == "held", row["reason"]
    assert not settings.archived(row["sha256"]).exists()
