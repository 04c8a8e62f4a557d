"""Any partner returns figures as the council does: three short files that name the council's, and an indicator."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from flows.drain import drain
from flows.land import deliver
from flows.settings import Settings
from schemas.loading import DefinitionError
from schemas.partnership import load_partnership
from tests.definitions import copy_definitions
from warehouse.connection import open_warehouse

At = Callable[..., Settings]
ADDED = Path(__file__).parent / "police_return"
KEY = "police/indicator_return"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The shipped definitions and those of the police's return."""
    folder = copy_definitions(tmp_path / "partnership")
    shutil.copytree(ADDED, folder, dirs_exist_ok=True)
    return folder


def test_another_partners_return_is_judged_and_counted_as_the_councils(at: At, root: Path, tmp_path: Path) -> None:
    settings = at("2009-07-20", root)
    ours, theirs = (settings.partnership.contracts[f"{who}/indicator_return"] for who in ("police", "council"))
    assert ours.columns == theirs.columns
    assert ours.fingerprint != theirs.fingerprint
    path = tmp_path / "police_indicator_return_FY2009-Q1.csv"
    path.write_text(
        "indicator,period,area_code,numerator,denominator,value,basis,source,measured_on\n"
        "L40,FY2009-Q1,,930,1000,,final,police_record,\n"
        "L41,FY2009-Q1,,1,2,,final,police_record,\n",
        encoding="utf-8",
    )
    deliver(settings, path, KEY)
    (row,) = drain(settings)
    assert (row["state"], row["rows_accepted"], row["rows_quarantined"]) == ("merged", 1, 1)
    with open_warehouse(settings.home) as connection:
        failed = connection.execute(
            "SELECT rule_id FROM warehouse.ledger.rule_result WHERE outcome = 'failed' ORDER BY ALL"
        ).fetchall()
        figure = connection.execute(
            "SELECT value, source FROM warehouse.merged.value WHERE indicator = 'L40' AND period = 'FY2009-Q1'"
        ).fetchall()
    assert [rule.partition("-")[0] for (rule,) in failed] == ["PIR"] * len(failed)
    assert figure == [(93.0, "The police's own record")]


@pytest.mark.parametrize("named", ["health/indicator_return", "council/commentary", "police/indicator_return"])
def test_what_cannot_be_followed_is_told(root: Path, named: str) -> None:
    path = root / "schemas/contracts/police/indicator_return.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("council/indicator_return", named), encoding="utf-8")
    with pytest.raises(DefinitionError, match="which cannot be followed") as caught:
        load_partnership(root)
    assert caught.value.fix == "name another partner's indicator_return, such as council/indicator_return"
