"""What the council's monitoring and the engineer who sets the exchange up are told."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink

from flows.cli import main
from flows.drain import drain
from flows.land import deliver
from flows.service.doctor import Finding, examine
from flows.service.environment import free_port
from flows.service.health import DISK_FREE_BYTES, problems
from flows.settings import Settings, Smtp
from flows.sweep import sweep
from tests.flows.waste import KEY, waste

At = Callable[[str], Settings]


class Usage(NamedTuple):
    """What the disk says of itself."""

    total: int
    used: int
    free: int


def finding(settings: Settings, about: str) -> Finding:
    (found,) = [one for one in examine(settings) if one.about == about]
    return found


def nobody() -> Smtp:
    """A mail server that is not there."""
    return Smtp(host="127.0.0.1", port=1, sender="exchange@council.example", starttls=False)


class TestStatusCheck:
    def test_a_fresh_home_is_well(self, at: At) -> None:
        assert problems(at("2009-07-20")) == []

    def test_a_home_that_was_never_swept_is_not(self, at: At, tmp_path: Path) -> None:
        settings = at("2009-07-20")
        deliver(settings, waste(tmp_path), KEY)
        drain(settings)
        (problem,) = problems(settings)
        assert "The sweep is late" in problem

    def test_a_sweep_counts_for_two_hours(self, at: At, tmp_path: Path) -> None:
        sweep(at("2009-07-20T10:00"))
        assert problems(at("2009-07-20T12:00")) == []
        (problem,) = problems(at("2009-07-20T12:01"))
        assert "exchange sweep" in problem

    def test_a_disk_nearly_full_is_told(self, at: At, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(100, 99, DISK_FREE_BYTES - 1))
        (problem,) = problems(at("2009-07-20"))
        assert "2.0 GB left" in problem

    def test_mail_is_stuck_after_four_hours(self, at: At, tmp_path: Path) -> None:
        settings = replace(at("2009-07-20T10:00"), smtp=nobody())
        deliver(settings, waste(tmp_path), KEY)
        sweep(settings)
        assert problems(settings) == []
        later = at("2009-07-20T14:01")
        assert any("Mail is stuck" in problem and "ConnectionRefused" in problem for problem in problems(later))

    def test_monitoring_gets_an_exit_code(
        self, at: At, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        settings = at("2009-07-20T10:00")
        sweep(settings)
        monkeypatch.setenv("EXCHANGE_HOME", str(settings.home))
        monkeypatch.setenv("EXCHANGE_NOW", "2009-07-20T11:00+00:00")
        assert main(["status", "--check"]) == 0
        monkeypatch.setenv("EXCHANGE_NOW", "2009-07-20T13:00+00:00")
        assert main(["status", "--check", "--json"]) == 3
        assert len(json.loads(capsys.readouterr().out.partition("\n")[2])["problems"]) == 1


class TestDoctor:
    def test_a_sound_set_up(self, at: At) -> None:
        settings = at("2009-07-20")
        settings.home.mkdir(mode=0o700)
        found = {one.about: one.state for one in examine(settings) if one.about != "inboxes"}
        assert found.pop("mail") == "look", "with no server mail stays in the outbox"
        assert set(found.values()) == {"ok"}
        assert [one.state for one in examine(settings) if one.about == "inboxes"] == ["ok"] * 4

    def test_open_files_are_told_with_the_remedy(self, at: At) -> None:
        settings = at("2009-07-20")
        settings.home.mkdir()
        settings.home.chmod(0o755)
        assert finding(settings, "file modes").says.endswith(f"Run: chmod -R go= {settings.home}")

    def test_a_missing_key_is_told(self, at: At, monkeypatch: pytest.MonkeyPatch) -> None:
        settings = at("2009-07-20")
        monkeypatch.delenv("EXCHANGE_PSEUDONYM_KEY")
        told = finding(settings, "keys")
        assert told.state == "wrong"
        assert "openssl rand -hex 32" in told.says

    def test_a_mail_server_that_is_away(self, at: At) -> None:
        told = finding(replace(at("2009-07-20"), smtp=nobody()), "mail")
        assert (told.state, "cannot be reached" in told.says) == ("wrong", True)

    def test_a_mail_server_without_encryption_is_told_apart(self, at: At) -> None:
        port = free_port()
        server = Controller(Sink(), hostname="127.0.0.1", port=port)
        server.start()
        try:
            plain = Smtp(host="127.0.0.1", port=port, sender="exchange@council.example", starttls=False)
            states: list[Any] = [
                finding(replace(at("2009-07-20"), smtp=replace(plain, starttls=starttls)), "mail").state
                for starttls in (False, True)
            ]
        finally:
            server.stop()
        assert states == ["look", "wrong"]

    def test_a_rehearsal_says_so(self, at: At) -> None:
        settings = replace(at("2009-07-20"), redirect_all_mail="rehearsal@council.example", smtp=None)
        told = [one.says for one in examine(settings) if one.about == "mail"]
        assert "No officer hears anything" in told[0]

    def test_a_prefect_server_that_does_not_answer(self, at: At, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:1/api")
        assert finding(at("2009-07-20"), "Prefect").state == "wrong"

    def test_it_changes_nothing(self, at: At) -> None:
        settings = at("2009-07-20")
        examine(settings)
        assert not settings.home.exists()


def test_sweep_is_a_command_of_its_own(
    at: At, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = at("2009-07-20")
    monkeypatch.setenv("EXCHANGE_HOME", str(settings.home))
    monkeypatch.setenv("EXCHANGE_NOW", "2009-07-20T10:00")
    assert main(["sweep", "retention", "send"]) == 0
    assert capsys.readouterr().out == "retention: 0 done\nsend: 0 done\n"
    assert main(["sweep", "dusting"]) == 2
