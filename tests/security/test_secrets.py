"""Passwords and keys stand in no representation, log, message or error, whatever goes wrong with them."""

import logging
import traceback
from pathlib import Path

import pytest

from flows.cli import main
from flows.governance.keys import pseudonym_key
from flows.notify import connected
from flows.receiving.credentials import credential
from flows.settings import Settings, SettingsError, load_settings

PASSWORD, TOKEN, KEY = "ZXPASSWORD", "ZXTOKEN", "5a58" * 16  # the last is hexadecimal, as a key is
SECRETS = (PASSWORD, TOKEN, KEY, bytes.fromhex(KEY).decode())


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A home whose every secret is set, and whose mail server is not there."""
    for name, value in {
        "HOME": str(tmp_path / "home"),
        "NOW": "2009-07-20T10:00",
        "PSEUDONYM_KEY": KEY,
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": "9",
        "SMTP_SENDER": "exchange@partnership.example",
        "SMTP_USER": "exchange",
        "SMTP_PASSWORD": PASSWORD,
        "INBOX_POLICE_USER": "police",
        "INBOX_POLICE_SECRET": TOKEN,
    }.items():
        monkeypatch.setenv(f"EXCHANGE_{name}", value)
    return load_settings()


def hidden(text: str) -> bool:
    return not any(secret in text for secret in SECRETS)


def test_they_stand_in_no_representation(settings: Settings) -> None:
    key = pseudonym_key(settings, "council-waste")
    assert settings.smtp is not None
    assert settings.smtp.password == PASSWORD
    for one in (settings, settings.smtp, key, vars(settings)["smtp"]):
        assert hidden(f"{one!r} {one!s}")
    assert credential("inbox", "police")["secret"] == TOKEN


@pytest.mark.parametrize("written", [KEY[:40], KEY * 3, KEY[:-1] + "x"])
def test_a_key_that_cannot_be_used_is_not_quoted(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    monkeypatch.setenv("EXCHANGE_PSEUDONYM_KEY", written)
    with pytest.raises(SettingsError) as raised:
        pseudonym_key(settings, "council-waste")
    told = "".join(traceback.format_exception(raised.value))
    assert hidden(told)
    assert written[:16] not in told


def test_a_mail_server_that_fails_tells_no_password(settings: Settings) -> None:
    assert settings.smtp is not None
    with pytest.raises(OSError, match="refused") as raised:
        connected(settings.smtp)
    assert hidden("".join(traceback.format_exception(raised.value)))


@pytest.mark.parametrize("command", [["doctor"], ["status"], ["alerts", "send"], ["status", "--check"]])
def test_no_command_prints_or_logs_one(
    settings: Settings,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    command: list[str],
) -> None:
    with caplog.at_level(logging.DEBUG):
        main(command)
    printed = capsys.readouterr()
    assert hidden(printed.out + printed.err + caplog.text)
