"""The command line as its users meet it: what it says, what it returns, what it touches, and what it leaves alone."""

import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

import flows.cli.status
from flows.cli import main
from tests.flows.waste import HEADER, KEY, waste

ROOT = Path(__file__).parents[2]
CANARY = "ZXCANARY"
GOOD = "2009-04,kerbside_residual,household,residual,efw,4000.000,"
DELIVERY = {
    "delivery_id", "partner", "dataset", "period", "file", "sha256", "state", "decision", "reason", "rows_received",
    "rows_accepted", "rows_quarantined", "rows_out_of_scope", "superseded_by", "received_at",
}  # fmt: skip


@dataclass(frozen=True)
class Said:
    """What a command left behind: its exit code and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Exchange = Callable[..., Said]


def set_up(patch: pytest.MonkeyPatch, home: Path) -> None:
    """An environment that names this home, a day, a key and nothing else."""
    for name in [*os.environ]:
        if name.startswith(("EXCHANGE_", "PREFECT_")) or name == "NO_COLOR":
            patch.delenv(name)
    patch.setenv("EXCHANGE_HOME", str(home))
    patch.setenv("EXCHANGE_NOW", "2009-07-20T09:00")
    patch.setenv("EXCHANGE_PSEUDONYM_KEY", "ab" * 32)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The home of one test, which is not made yet."""
    set_up(monkeypatch, tmp_path / "home")
    umask = os.umask(0o022)  # each command sets its own
    yield tmp_path / "home"
    os.umask(umask)


@pytest.fixture
def exchange(capsys: pytest.CaptureFixture[str]) -> Exchange:
    """Run a command in this process."""

    def run(*arguments: str | Path) -> Said:
        capsys.readouterr()
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as stop:
            code = int(str(stop.code))
        written = capsys.readouterr()
        return Said(code, written.out, written.err)

    return run


def commands(help_text: str) -> list[str]:
    return re.findall(r"^    ([a-z]+) ", help_text, re.MULTILINE)


def test_every_command_stands_in_the_readme_and_the_readme_shows_no_other(exchange: Exchange) -> None:
    readme = (ROOT / "README.md").read_text()
    listed = commands(exchange("--help").out)
    assert len(listed) == len(set(listed)) >= 9
    for command in listed:
        assert re.search(rf"^(exchange|make) {command}\b", readme, re.MULTILINE), f"README does not show {command}"
        said = exchange(command, "--help")
        assert said.code == 0
        assert said.out.startswith(f"usage: exchange {command}")
    shown = re.findall(r"^exchange ([a-z]+)", readme, re.MULTILINE)
    assert set(shown) <= set(listed), "README shows a command that does not exist"


def test_check_returns_the_verdict_and_writes_nothing(
    exchange: Exchange, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "scratch").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "scratch"))
    sound = waste(tmp_path)
    ragged = waste(tmp_path, GOOD, "2009-05,only,three", name="ragged_FY2009-Q1.csv")
    broken = waste(tmp_path, header=HEADER.replace("tonnes,", ""), name="broken_FY2009-Q1.csv")
    placeless = waste(tmp_path, name="waste.csv")
    before = {path: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    verdicts = {
        path.name: exchange("check", path, "--as", KEY, "--json") for path in (sound, ragged, broken, placeless)
    }
    assert [said.code for said in verdicts.values()] == [0, 0, 1, 1]
    assert [said.json["decision"] for said in verdicts.values()] == [
        "accepted", "accepted_with_exceptions", "rejected", "refused",
    ]  # fmt: skip
    counted = verdicts[ragged.name].json
    assert [counted[f"rows_{name}"] for name in ("received", "accepted", "quarantined", "out_of_scope")] == [
        2,
        1,
        1,
        0,
    ]
    assert verdicts[broken.name].json["rows_received"] is None
    assert exchange("check", placeless, "--as", KEY, "--period", "FY2009-Q1").out.startswith("Verdict: accepted.")
    assert not home.exists()
    assert not any((tmp_path / "scratch").iterdir())
    assert {path: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()} == before


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("check", "{file}", "--as", "police/nothing"), "There is no dataset police/nothing. The datasets are:"),
        (("check", "{file}.gone", "--as", KEY), "There is no file"),
        (("deliver", "{file}", "--as", "police"), "There is no dataset police."),
        (("deliver", "{file}", "--as", KEY, "--period", "last quarter"), "last quarter"),
        (("deliver", "{file}.gone", "--as", KEY), "There is no file"),
        (("publish", "--framework", "none"), "There is no framework none. The frameworks are:"),
        (("publish", "--framework", "laa-2008-11", "--period", "2009-04"), "is published by quarter"),
        (("explain", "NI192", "FY2009-Q1"), "Nothing is published yet. Publish with: exchange publish"),
        (("alerts", "ack", "none"), "There is no alert none. See: exchange alerts list"),
        (("nonsense",), "invalid choice: 'nonsense'"),
        ((), "required: COMMAND"),
        (("check", "{file}"), "required: --as"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_wrong_use_is_answered_with_what_to_do(
    exchange: Exchange, tmp_path: Path, arguments: Sequence[str], sentence: str
) -> None:
    said = exchange(*(argument.replace("{file}", str(waste(tmp_path))) for argument in arguments))
    assert said.code == 2
    assert sentence in said.err
    assert said.out == ""
    assert "Traceback" not in said.err


def test_a_setting_that_cannot_be_used_is_wrong_use(exchange: Exchange, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXCHANGE_NOW", "yesterday")
    said = exchange("status")
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert said.err.startswith("exchange: EXCHANGE_NOW is not a moment")


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError(CANARY),
        KeyError(CANARY),
        IndexError(CANARY),
        UnicodeDecodeError("utf-8", CANARY.encode(), 0, 1, CANARY),
        duckdb.ConversionException(f"Could not convert string '{CANARY}' to INT32"),
        OSError(28, "No space left on device", CANARY),
        AssertionError(CANARY),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_unforeseen_error_is_one_sentence_without_a_value(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def broken(settings: object) -> None:
        raise error

    monkeypatch.setattr(flows.cli.status, "status", broken)
    said = exchange("status")
    assert (said.code, said.out, said.err.count("\n")) == (3, "", 1)
    assert said.err.startswith(f"exchange: Something failed on our side ({type(error).__name__}).")
    assert CANARY not in said.err
    monkeypatch.setenv("EXCHANGE_DEBUG", "1")
    with pytest.raises(type(error)):
        main(["status"])


def test_stopping_a_command_says_that_nothing_is_lost(exchange: Exchange, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(settings: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(flows.cli.status, "status", stopped)
    said = exchange("status")
    assert said.code == 3
    assert said.err.startswith("exchange: Stopped. What was committed stands")


@pytest.mark.parametrize(
    "header",
    [
        f"{HEADER},{'x' * 10_000}",
        f'{HEADER},"two\nlines"',
        f"{HEADER},'; DROP TABLE ledger; --",
        f"x{',y' * 5_000}",
    ],
    ids=["very long", "a line break", "SQL", "very many"],
)
def test_a_hostile_header_is_rejected_in_a_short_sentence(exchange: Exchange, tmp_path: Path, header: str) -> None:
    said = exchange("check", waste(tmp_path, GOOD + ",1", header=header), "--as", KEY, "--json")
    assert (said.code, said.json["decision"]) == (1, "rejected")
    for sentence in (said.json["reason"], said.json["remedy"]):
        assert len(sentence) < 600
        assert "\n" not in sentence


def test_a_space_too_many_in_a_header_is_shown_as_it_stands(exchange: Exchange, tmp_path: Path) -> None:
    said = exchange("check", waste(tmp_path, header=HEADER.replace("tonnes,", "tonnes ,")), "--as", KEY, "--json")
    assert "Column 'tonnes ' appeared where 'tonnes' was expected." in said.json["reason"]


def test_a_file_that_begins_with_a_row_is_rejected_without_quoting_it(exchange: Exchange, tmp_path: Path) -> None:
    row = f"2009-04,kerbside_residual,{CANARY},{CANARY},efw,1,"
    said = exchange("check", waste(tmp_path, row, header=row), "--as", KEY)
    assert said.code == 1
    assert "The first line has none of the agreed column names." in said.out
    assert CANARY not in said.out + said.err


Told = tuple[Path, Any]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """A home with one good delivery and a rejected one, published; and what `ingest --json` wrote."""
    folder = tmp_path_factory.mktemp("told")
    broken = waste(folder, GOOD, header=HEADER.replace("destination", "destinations"), name="worse_FY2009-Q1.csv")
    umask = os.umask(0o022)
    with pytest.MonkeyPatch.context() as patch:
        set_up(patch, folder / "home")
        assert main(["deliver", str(waste(folder)), "--as", KEY]) == 0
        assert main(["deliver", str(broken), "--as", KEY]) == 0
        with redirect_stdout(io.StringIO()) as written:
            assert main(["ingest", "--json"]) == 0, "whatever the verdicts"
        assert main(["publish", "--framework", "laa-2008-11", "--period", "FY2009-Q1"]) == 0
    os.umask(umask)
    return folder / "home", json.loads(written.getvalue())


@pytest.fixture
def used(told: Told, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Point the commands at that home."""
    home, _ = told
    monkeypatch.setenv("EXCHANGE_HOME", str(home))
    return home


def test_ingest_lists_what_it_took_in_as_status_does(exchange: Exchange, used: Path, told: Told) -> None:
    _, taken = told
    assert taken == exchange("status", "--json").json["deliveries"]
    assert [row["state"] for row in taken] == ["merged", "rejected"]


def test_a_home_is_its_owners_only(used: Path) -> None:
    """Releases are for others to read where the owner links them; the rest is not."""
    for path in (used, *used.rglob("*")):
        if used / "published" not in path.parents:
            assert path.stat().st_mode & 0o077 == 0, path


def test_status_in_json_has_exactly_the_agreed_keys(exchange: Exchange, used: Path) -> None:
    found = exchange("status", "--json").json
    assert set(found) == {"deliveries", "due", "mail"}
    assert {frozenset(row) for row in found["deliveries"]} == {frozenset(DELIVERY)}
    assert {frozenset(row) for row in found["due"]} == {
        frozenset({"partner", "dataset", "period", "due_on", "state"})
    }
    assert {row["state"] for row in found["due"]} <= {"due", "overdue"}
    (sound, broken) = found["deliveries"]
    assert (sound["file"], sound["rows_received"], sound["received_at"]) == (
        "waste_FY2009-Q1.csv", 3, "2009-07-20T08:00:00+00:00",
    )  # fmt: skip
    assert broken["rows_received"] is None


def test_a_new_home_has_nothing_to_show(exchange: Exchange) -> None:
    assert exchange("status", "--json").json["deliveries"] == []
    assert exchange("status").out.startswith("Nothing has arrived yet.")
    assert exchange("alerts", "list", "--json").json == []
    assert exchange("alerts").out == "No alert is open.\n"
    assert exchange("verify").code == 0
    assert exchange("ingest").out == "Nothing was waiting.\n"
    assert exchange("ingest", "--json").json == []


def test_alerts_are_listed_acknowledged_and_sent(exchange: Exchange, used: Path) -> None:
    (alert,) = exchange("alerts", "list", "--json").json
    assert (alert["for"], alert["decision"], alert["sent"]) == ("officer", "rejected", True)
    assert alert["id"] in exchange("alerts").out
    assert exchange("alerts", "ack", alert["id"], "--by", "Dana").out == f"{alert['id']} is acknowledged.\n"
    assert exchange("alerts", "list", "--json").json == []
    (again,) = exchange("alerts", "list", "--all", "--json").json
    assert again["acknowledged_by"] == "Dana"
    second = exchange("alerts", "ack", alert["id"])
    assert (second.code, second.err) == (2, f"exchange: {alert['id']} was acknowledged already, by Dana.\n")
    assert exchange("alerts", "send").out == "0 sent, 0 still waiting.\n"


def test_explain_in_json_and_in_words(exchange: Exchange, used: Path) -> None:
    found = exchange("explain", "NI192", "FY2009-Q1", "--json").json
    assert (found["indicator"], found["period"], found["framework"]) == ("NI192", "FY2009-Q1", "laa-2008-11")
    assert [row["delivery_id"] for row in found["deliveries"]] == [
        exchange("status", "--json").json["deliveries"][0]["delivery_id"]
    ]
    assert "NI192" in exchange("explain", "ni 192", "FY2009-Q1").out
    unknown = exchange("explain", "NI999", "FY2009-Q1")
    assert unknown.code == 2
    assert "There is no indicator 'NI999'" in unknown.err


def test_verify_finds_an_archived_file_that_was_changed(exchange: Exchange, used: Path) -> None:
    assert exchange("verify").out.startswith("Sound: ")
    file = next(used.glob("archive/??/*"))
    content = file.read_bytes()
    file.write_bytes(content + b"x")
    said = exchange("verify", "--json")
    file.write_bytes(content)
    assert said.code == 1
    assert said.json["problems"] == [f"The archived file {file.name} is no longer the bytes that arrived."]


def test_colour_is_for_a_terminal_and_not_with_no_color(
    exchange: Exchange, used: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "\x1b" not in exchange("status").out
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert "\x1b[31m" in exchange("status").out
    monkeypatch.setenv("NO_COLOR", "1")
    for command in (["status"], ["alerts", "list", "--all"], ["verify"], ["--help"]):
        assert "\x1b" not in exchange(*command).out


LOOKING = {
    "status and alerts": [["--help"], ["status"], ["status", "--json"], ["alerts", "list", "--all"]],
    "verify": [["verify"], ["verify", "--json"]],
    "explain": [["explain", "NI192", "FY2009-Q1"], ["explain", "NI192", "FY2009-Q1", "--json"]],
}


@pytest.fixture(scope="module")
def imported(told: Told) -> dict[str, set[str]]:
    """The heavy packages that a process has loaded after some commands; each costs up to seconds."""
    script = """
import json, sys
from flows.cli import main
for line in json.loads(sys.argv[1]):
    try:
        assert main(line) == 0, line
    except SystemExit as stop:
        assert not stop.code, line
heavy = {"prefect", "great_expectations", "pandas", "altair", "sqlalchemy"}
print(*heavy & set(sys.modules), file=sys.stderr)
"""
    home, _ = told
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    environment |= {"EXCHANGE_HOME": str(home), "EXCHANGE_NOW": "2009-07-20T09:00"}
    runs = {
        group: subprocess.run(
            [sys.executable, "-c", script, json.dumps(lines)],
            env=environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        for group, lines in LOOKING.items()
    }
    return {group: set(run.stderr.split()) for group, run in runs.items()}


@pytest.mark.parametrize("group", LOOKING)
def test_commands_that_only_look_import_no_engine_but_duckdb(imported: dict[str, set[str]], group: str) -> None:
    assert imported[group] <= {"pandas"}


@pytest.mark.parametrize(
    "group",
    [
        "status and alerts",
        "verify",
        "explain",
    ],
)
def test_commands_that_only_look_do_not_wait_for_pandas(imported: dict[str, set[str]], group: str) -> None:
    assert "pandas" not in imported[group]
