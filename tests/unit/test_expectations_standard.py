"""A standard made ready to run for one delivery, without an engine."""

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from expectations.standard import Rule, Standard, load_standard, resolve
from schemas.loading import DefinitionError

ROOT = Path(__file__).resolve().parents[2]
VALUES = {
    "period_start": date(2009, 7, 1),
    "period_end": date(2009, 9, 30),
    "area_codes": ("E05000001", "E05000002"),
    "codelists": {"yes_no": ["Y", "N"]},
}


def _standard(**kwargs: object) -> Standard:
    rule = Rule("TST-001", "expect_any", kwargs, "warning", "validity", "sentence", "remedy", "reason")
    agreed_on = date(2008, 4, 1)
    return Standard("police/trial", "police.trial", "owner", "1.0.0", agreed_on, (rule,), Path("x"), "0" * 64)


def test_placeholders_give_way_to_values_of_their_own_type() -> None:
    standard = _standard(
        column="a",
        min_value="{period_start}",
        value_set="{codelist:yes_no}",
        deep=[{"codes": "{area_codes}"}],
        mostly=0.9,
    )
    assert resolve(standard, VALUES).rules[0].kwargs == {
        "column": "a",
        "min_value": date(2009, 7, 1),
        "value_set": ["Y", "N"],
        "deep": [{"codes": ["E05000001", "E05000002"]}],
        "mostly": 0.9,
    }


def test_the_standard_itself_stays_as_agreed() -> None:
    standard = _standard(min_value="{period_start}")
    resolved = resolve(standard, VALUES)
    assert standard.rules[0].kwargs == {"min_value": "{period_start}"}
    assert resolved.fingerprint == standard.fingerprint


@pytest.mark.parametrize("text", [r"^[0-9]{6}$", r"^\p{L}{2,3}$", "SELECT _row FROM {batch} WHERE a = 1", "{A}"])
def test_other_braces_are_left_alone(text: str) -> None:
    assert resolve(_standard(setting=text), VALUES).rules[0].kwargs == {"setting": text}


@pytest.mark.parametrize("text", ["{received_on}", "{no_such}", "{codelist:no_such}", "{period_start:yes_no}"])
def test_an_unknown_placeholder_is_a_mistake_in_the_file(text: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        resolve(_standard(setting=[text]), VALUES)
    assert caught.value.file == "expectations/police/trial.yaml"
    assert caught.value.key_path == "expectations[TST-001].kwargs"
    assert text in str(caught.value)


def test_a_shipped_standard_loads_from_its_path_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT / "expectations")
    standard = load_standard(Path("police/street_crime.yaml"))
    assert standard.key == "police/street_crime"
    assert standard.rules


def test_no_engine_is_imported() -> None:
    code = "import sys, expectations.standard; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert not loaded & {"great_expectations", "pandas", "sqlalchemy", "duckdb", "prefect"}
