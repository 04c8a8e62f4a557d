"""What is kept of a person: past staging no file holds a direct identifier, and pseudonyms belong to one purpose."""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flows.cli import main
from flows.drain import drain
from flows.governance.keys import pseudonym_key, require_keys
from flows.governance.replay import replay
from flows.publish import publish_due
from flows.settings import Settings, SettingsError
from schemas.loading import DefinitionError
from schemas.partnership import load_partnership
from tests.conftest import KEY
from tests.definitions import copy_definitions
from warehouse import ledger
from warehouse.connection import open_warehouse

At = Callable[..., Settings]
ATTENDANCE = "schools/attendance_sessions"
ROW = "2054001,secondary,9,F,1,70,4,0"
GOOD, ODD = "H213400012345", "P207000016049"  # both are well formed; the second's row is set aside


def arrive(settings: Settings, key: str, text: str, name: str) -> dict[str, object]:
    folder = settings.inbox / key
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    (row,) = drain(settings)
    return row


def attendance(settings: Settings) -> dict[str, object]:
    header = ",".join(column.header for column in settings.partnership.contracts[ATTENDANCE].columns)
    text = f"{header}\n{GOOD},{ROW}\n{ODD},{ROW.replace('70,4', '70,400')}\n"
    return arrive(settings, ATTENDANCE, text, "attendance_AY2008.csv")


def status_rows(settings: Settings) -> list[dict[str, Any]]:
    with open_warehouse(settings.home) as connection:
        return ledger.deliveries(connection)


def holding(home: Path, *texts: str) -> set[str]:
    """The folders of a home in which a file, or a file's name, holds one of these texts, in any letters."""
    return {
        path.relative_to(home).parts[0]
        for path in home.rglob("*")
        if path.is_file()
        for text in texts
        if text.lower().encode() in path.read_bytes().lower() or text.lower() in path.name.lower()
    }


def rows_in(path: Path) -> list[tuple[object, ...]]:
    return duckdb.sql(f"SELECT * FROM read_parquet('{path}')").fetchall()


def test_no_file_but_the_archived_one_holds_a_direct_identifier(at: At) -> None:
    settings = at("2009-07-20")
    row = attendance(settings)
    assert (row["rows_accepted"], row["rows_quarantined"]) == (1, 1)
    publish_due(settings, "laa-2008-11", "FY2009-Q1")
    assert holding(settings.home, GOOD, ODD) == {"archive"}
    accepted = settings.accepted("schools", "attendance_sessions", str(row["delivery_id"]))
    quarantined = settings.quarantined("schools", "attendance_sessions", str(row["delivery_id"]))
    # A Parquet file is compressed: what is in it is asked of its rows too.
    told = str(rows_in(accepted) + rows_in(quarantined))
    assert GOOD not in told
    assert ODD not in told
    key = pseudonym_key(settings, "schools-attendance")
    for path, upn in ((accepted, GOOD), (quarantined, ODD)):
        assert hmac.new(key.secret, f"upn\0{upn}".encode(), hashlib.sha256).hexdigest() in str(rows_in(path))


def test_staging_is_empty_when_the_work_is_done(at: At) -> None:
    settings = at("2009-07-20")
    attendance(settings)
    assert [path for path in settings.staging.rglob("*") if path.is_file()] == []


def test_the_ledger_keeps_which_key_and_never_the_key(at: At) -> None:
    settings = at("2009-07-20")
    row = attendance(settings)
    key = pseudonym_key(settings, "schools-attendance")
    with open_warehouse(settings.home) as connection:
        (kept,) = ledger.deliveries(connection)
        accepted = next(
            one for one in ledger.audit_rows(connection) if one["event"].startswith("delivery.accepted")
        )
    assert kept["pseudonym_key_id"] == accepted["details"]["pseudonym_key_id"] == key.id
    assert key.secret.hex() not in repr(key)
    assert holding(settings.home, KEY, key.secret.hex()) == set()
    assert row["delivery_id"] == kept["delivery_id"]


def test_two_purposes_never_share_a_pseudonym(at: At, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = at("2009-07-20")
    one, other = (pseudonym_key(settings, id) for id in ("schools-attendance", "schools-exclusions"))
    assert one.secret != other.secret
    monkeypatch.setenv("EXCHANGE_PSEUDONYM_KEY_SCHOOLS_ATTENDANCE", "ab" * 32)
    assert pseudonym_key(settings, "schools-attendance").secret == bytes.fromhex("ab" * 32)
    assert pseudonym_key(settings, "schools-exclusions") == other


def test_a_rotated_key_parts_old_rows_from_new_ones_and_a_replay_takes_the_old_one(
    at: At, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = at("2009-07-20")
    before = attendance(settings)
    rows = rows_in(settings.accepted("schools", "attendance_sessions", str(before["delivery_id"])))
    monkeypatch.setenv("EXCHANGE_PSEUDONYM_KEY", "cd" * 32)
    header = ",".join(column.header for column in settings.partnership.contracts[ATTENDANCE].columns)
    after = arrive(
        settings, ATTENDANCE, f"{header}\n{GOOD},{ROW.replace(',70,', ',71,')}\n", "attendance_AY2008.csv"
    )
    kept = {row["delivery_id"]: row["pseudonym_key_id"] for row in status_rows(settings)}
    assert kept[after["delivery_id"]] not in (None, kept[before["delivery_id"]])
    pseudonyms = [one for one in rows[0] if len(str(one)) == 64]
    assert pseudonyms, "the first pupil's"
    assert not set(pseudonyms) & set(
        rows_in(settings.accepted("schools", "attendance_sessions", str(after["delivery_id"])))[0]
    )
    assert "is not here" in replay(settings, None).problems[0], "without the old key the old rows are not drawn"
    retired = settings.home / "keys" / "retired" / "until-2009.key"
    retired.parent.mkdir(parents=True)
    retired.write_text(KEY)
    retired.chmod(0o600)
    done = replay(settings, tmp_path / "new")
    assert (done.problems, done.differences) == ((), {})
    new = replace(settings, home=tmp_path / "new")
    assert rows_in(new.accepted("schools", "attendance_sessions", str(before["delivery_id"]))) == rows


def test_a_key_file_is_read_only_where_nobody_else_can(at: At, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = at("2009-07-20")
    monkeypatch.delenv("EXCHANGE_PSEUDONYM_KEY")
    monkeypatch.setenv("EXCHANGE_PSEUDONYM_KEY_COUNCIL_NEET", "ef" * 32)
    path = settings.home / "keys" / "schools-attendance.key"
    path.parent.mkdir(parents=True)
    path.write_text("cd" * 32 + "\n")
    path.chmod(0o640)
    with pytest.raises(SettingsError, match="chmod 600"):
        require_keys(settings)
    path.chmod(0o600)
    require_keys(settings)
    path.write_text("cd" * 31)
    with pytest.raises(SettingsError, match="shorter than 32 bytes"):
        require_keys(settings)
    path.write_text("no key")
    with pytest.raises(SettingsError, match="not hexadecimal") as told:
        require_keys(settings)
    assert "no key" not in str(told.value).partition("Make one")[0]


def test_nothing_starts_without_the_key_that_a_contract_needs(
    at: At, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = at("2009-07-20")
    monkeypatch.delenv("EXCHANGE_PSEUDONYM_KEY")
    monkeypatch.setenv("EXCHANGE_HOME", str(settings.home))
    monkeypatch.setenv("EXCHANGE_NOW", "2009-07-20T09:00")
    assert main(["ingest"]) == 2
    assert "no pseudonym key" in capsys.readouterr().err
    monkeypatch.setenv("EXCHANGE_NOW", "2007-07-20T09:00")
    assert main(["ingest"]) == 0, "no agreement in force needs one"


def test_a_date_of_birth_and_a_postcode_are_degraded_by_files_alone(at: At, tmp_path: Path) -> None:
    root = copy_definitions(tmp_path / "own")
    contract = root / "schemas" / "contracts" / "council" / "temporary_accommodation.yaml"
    contract.write_text(
        contract.read_text(encoding="utf-8")
        + """
      - name: born_on
        physicalName: born_on
        logicalType: date
        physicalType: DATE
        logicalTypeOptions: {format: dd/MM/yyyy}
        required: false
        classification: personal
        description: Date of birth of the applicant.
        customProperties:
          - {property: treatment, value: age_band}
          - {property: codelist, value: age_bands}
      - name: last_postcode
        physicalName: last_postcode
        logicalType: string
        physicalType: VARCHAR
        required: false
        classification: personal
        description: Postcode before.
        customProperties:
          - {property: treatment, value: outward_code}
      - name: home_postcode
        physicalName: home_postcode
        logicalType: string
        physicalType: VARCHAR
        required: false
        classification: personal
        description: Postcode now.
        customProperties:
          - {property: treatment, value: lsoa}
""",
        encoding="utf-8",
    )
    agreement = root / "schemas" / "agreements" / "council-temporary-accommodation.yaml"
    text = agreement.read_text(encoding="utf-8")
    agreement.write_text(
        text.replace("children,", "children, born_on, last_postcode, home_postcode,"), encoding="utf-8"
    )
    with pytest.raises(DefinitionError, match="no lookup from postcodes to LSOAs"):
        load_partnership(root)
    lookup = root / "schemas" / "geography" / "postcodes.csv"
    lookup.write_text("postcode,lsoa_code\nW12 7RJ,E01001850\n", encoding="utf-8")
    settings = at("2009-10-20", root)
    columns = settings.partnership.contracts["council/temporary_accommodation"].columns
    usual = {
        "household_ref": "HH-1",
        "as_at": "2009-09-30",
        "accommodation_type": next(code for code, _ in settings.partnership.codelists["accommodation_types"]),
        "placed_on": "2009-08-01",
        "children": "1",
        "born_on": "07/11/1971",
        "last_postcode": "W12 7QT",
        "home_postcode": "w127rj",
    }
    header = ",".join(column.header for column in columns)
    values = ",".join(usual[column.name] for column in columns)
    row = arrive(settings, "council/temporary_accommodation", f"{header}\n{values}\n", "ta_FY2009-Q2.csv")
    assert row["decision"] == "accepted", row["reason"]
    (kept,) = rows_in(settings.accepted("council", "temporary_accommodation", str(row["delivery_id"])))
    assert kept[-3:] == ("35-44", "W12", "E01001850")
    assert "1971" not in str(kept)


def test_a_lookup_of_postcodes_is_held_to_its_form(tmp_path: Path) -> None:
    root = copy_definitions(tmp_path / "own")
    lookup = root / "schemas" / "geography" / "postcodes.csv"
    for line in ("W12,E01001850", "W12 7RJ,Shepherds Bush", "W12 7RJ,E01001850\nW127RJ,E01001851"):
        lookup.write_text(f"postcode,lsoa_code\n{line}\n", encoding="utf-8")
        with pytest.raises(DefinitionError, match=r"postcodes\.csv"):
            load_partnership(root)
