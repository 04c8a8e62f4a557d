"""The user units of docs/systemd: each starts a command there is, with the settings of the account it belongs to."""

import configparser
from pathlib import Path

import pytest

from flows.cli import _parser

UNITS = Path(__file__).parents[2] / "docs" / "systemd"
PROGRAM = "%h/partnership-exchange/.venv/bin/exchange"


def read(path: Path) -> configparser.ConfigParser:
    unit = configparser.ConfigParser(interpolation=None, strict=True)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read_string(path.read_text(encoding="utf-8"))
    return unit


@pytest.mark.parametrize("path", sorted(UNITS.glob("*.service")), ids=lambda path: path.name)
def test_a_service_starts_a_command_with_the_accounts_own_settings(path: Path) -> None:
    service = read(path)["Service"]
    program, *arguments = service["ExecStart"].split()
    assert program == PROGRAM
    assert callable(_parser().parse_args(arguments).run)
    assert service["EnvironmentFile"] == "%h/.config/exchange.env"
    assert (service["UMask"], service["NoNewPrivileges"]) == ("0077", "true")
    assert "User" not in service, "it runs as the account it belongs to"


@pytest.mark.parametrize("path", sorted(UNITS.glob("*.timer")), ids=lambda path: path.name)
def test_a_timer_wakes_a_service_that_ends_by_itself(path: Path) -> None:
    assert read(path)["Install"]["WantedBy"] == "timers.target"
    assert read(path.with_suffix(".service"))["Service"]["Type"] == "oneshot"
