"""What a dataset is used for must stand in its agreement, else it is held; for figures see test_audiences."""

from collections.abc import Callable
from pathlib import Path

import pytest

from flows.drain import drain
from flows.land import deliver
from flows.settings import Settings
from schemas.loading import DefinitionError
from schemas.partnership import load_partnership
from tests.definitions import copy_definitions
from tests.flows.waste import KEY, waste
from warehouse import ledger
from warehouse.connection import open_warehouse

At = Callable[..., Settings]
AGREEMENT = "schemas/agreements/council-waste.yaml"
FRAMEWORK = "schemas/frameworks/laa-2008-11/framework.yaml"


def changed(root: Path, file: str, before: str, after: str) -> Path:
    path = root / file
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after), encoding="utf-8")
    return root


def test_everything_shipped_states_its_purposes() -> None:
    shipped = load_partnership()
    assert all(agreement.purposes for agreement in shipped.agreements)
    assert all(contract.purposes for contract in shipped.contracts.values())
    priorities = [one for framework in shipped.frameworks.values() for one in framework.priorities]
    assert all(priority.purpose for priority in priorities)


def test_an_extract_used_for_more_than_the_agreement_says_is_held(at: At, tmp_path: Path) -> None:
    root = changed(copy_definitions(tmp_path / "own"), AGREEMENT, "purposes: [environment]", "purposes: [housing]")
    settings = at("2009-07-20", root)
    deliver(settings, waste(tmp_path), KEY)
    (row,) = drain(settings)
    assert row["state"] == "held"
    with open_warehouse(settings.home) as connection:
        (kept,) = ledger.deliveries(connection)
    assert "'A clean and green borough, waste and transport', which is not among the purposes" in kept["reason"]
    assert not settings.archived(str(kept["sha256"])).exists()


@pytest.mark.parametrize(
    ("file", "before", "after", "place"),
    [
        (AGREEMENT, "purposes: [environment]", "purposes: [enviroment]", "purposes"),
        (FRAMEWORK, "purpose: environment}", "purpose: enviroment}", "priorities.environment..purpose"),
        (
            "schemas/contracts/council/household_waste.yaml",
            "value: [environment]",
            "value: [enviroment]",
            "customProperties.purposes..value",
        ),
    ],
)
def test_a_purpose_that_is_not_in_the_list_is_told_with_file_and_key(
    tmp_path: Path, file: str, before: str, after: str, place: str
) -> None:
    with pytest.raises(DefinitionError, match=place):
        load_partnership(changed(copy_definitions(tmp_path / "own"), file, before, after))
