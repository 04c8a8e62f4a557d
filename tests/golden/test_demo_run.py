"""The demo from end to end: every delivery decided as its story says, and the figures that come out of it."""

import csv
import html
import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from flows.cli.status import status
from flows.demo.home import MARKER, DemoError, make_fresh, mark
from flows.demo.run import run_demo
from flows.demo.story import Deliver, load_story
from flows.demo.summary import Arrival, DemoSummary, Published, closing_words
from flows.settings import Settings, load_settings
from schemas.partnership import REPOSITORY
from tests.golden import surfaces
from warehouse.connection import open_warehouse
from warehouse.dictionary import described_tables
from warehouse.explain import explain_in, published

GOLDEN = Path(__file__).parent
ACCOUNT = (
    "partner",
    "dataset",
    "period",
    "decision",
    "state",
    "rows_received",
    "rows_accepted",
    "rows_quarantined",
    "rows_out_of_scope",
)
FIGURE = ("framework", "period", "indicator", "numerator", "denominator", "value", "ytd", "status")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[DemoSummary, list[str]]:
    """One run of the whole demo, with what it said."""
    lines: list[str] = []
    home = tmp_path_factory.mktemp("demo") / "home"
    return run_demo(home, lines.append), lines


@pytest.fixture
def settings(told: tuple[DemoSummary, list[str]]) -> Settings:
    return load_settings({}, told[0].home)


def assert_golden(name: str, rows: list[list[Any]], tmp_path: Path) -> None:
    measured = io.StringIO()
    csv.writer(measured, lineterminator="\n").writerows(rows)
    path = tmp_path / name
    path.write_text(measured.getvalue(), encoding="utf-8")
    golden = GOLDEN / name
    assert measured.getvalue() == golden.read_text(encoding="utf-8"), (
        f"the demo's outcome changed; when that is meant, copy {path} to {golden} and say why in the commit"
    )


class TestTheWholeStory:
    def test_every_delivery_is_decided_as_the_story_says(self, told: tuple[DemoSummary, list[str]]) -> None:
        assert [(one.step.key, one.step.period.id, one.decision) for one in told[0].surprises] == []

    def test_every_row_of_every_file_is_accounted_for(self, settings: Settings, tmp_path: Path) -> None:
        rows: list[list[Any]] = [["received_on", *ACCOUNT]]
        for row in status(settings)["deliveries"]:
            rows.append([row["received_at"][:10], *(row[name] for name in ACCOUNT)])
            if row["rows_received"] is not None:
                parts = (row["rows_accepted"], row["rows_quarantined"], row["rows_out_of_scope"])
                assert row["rows_received"] == sum(parts), row["delivery_id"]
        assert_golden("demo_deliveries.csv", rows, tmp_path)

    def test_the_later_file_takes_the_place_of_the_earlier(self, told: tuple[DemoSummary, list[str]]) -> None:
        assert [(one.step.key, one.step.period.id) for one in told[0].superseded] == [
            ("schools/attendance_sessions", "AY2008"),
            ("schools/attendance_sessions", "AY2008"),
            ("police/recorded_crime", "FY2008-Q4"),
            ("police/recorded_crime", "FY2009-Q1"),
            ("schools/published_attendance", "AY2025"),
        ]

    def test_one_dataset_came_late(self, told: tuple[DemoSummary, list[str]]) -> None:
        late = [(one.step.key, one.step.period.id) for one in told[0].arrivals if one.late]
        assert late == [("council/street_cleanliness", "FY2009-T1")]

    def test_each_officer_hears_of_what_went_wrong_with_their_own_data(
        self, told: tuple[DemoSummary, list[str]], settings: Settings
    ) -> None:
        wrong: dict[str, int] = {}
        for arrival in told[0].arrivals:
            if arrival.decision in {"rejected", "held", "accepted_with_exceptions"}:
                partner = settings.partnership.partners[arrival.step.key.partition("/")[0]]
                address = partner.answering(arrival.step.at.date()).email
                wrong[address] = wrong.get(address, 0) + 1
        assert dict(told[0].alerts) == wrong

    def test_nothing_is_left_waiting(self, settings: Settings) -> None:
        assert not [path for path in settings.inbox.rglob("*") if path.is_file()]
        assert not [path for path in settings.staging.rglob("*") if path.is_file()]

    def test_later_commands_read_the_demos_time(
        self, told: tuple[DemoSummary, list[str]], settings: Settings
    ) -> None:
        last = load_story(settings.partnership).steps[-1]
        assert settings.now() == last.at
        assert status(settings)["due"] == []

    def test_every_layer_has_its_page(self, told: tuple[DemoSummary, list[str]], settings: Settings) -> None:
        assert len(told[0].publications) == 3
        for made in told[0].publications:
            for layer in settings.partnership.frameworks[made.framework].layers:
                page = settings.published / made.framework / made.period / layer.id / "index.html"
                assert page.is_file()

    def test_what_to_open_next_is_there(self, told: tuple[DemoSummary, list[str]]) -> None:
        summary, lines = told
        paths = [Path(word) for line in lines for word in line.split() if word.startswith(str(summary.home))]
        files = [path for path in paths if path.suffix and "*" not in path.name]
        assert files
        assert all(path.exists() for path in files), files

    def test_no_line_is_wider_than_a_terminal_but_those_that_hold_a_path(
        self, told: tuple[DemoSummary, list[str]]
    ) -> None:
        summary, lines = told
        assert [line for line in lines if len(line) > 100 and str(summary.home) not in line] == []

    def test_the_headline_figures(
        self, told: tuple[DemoSummary, list[str]], settings: Settings, tmp_path: Path
    ) -> None:
        database = settings.published / "current" / "exchange.duckdb"
        with duckdb.connect(str(database), read_only=True) as published:
            rows = published.execute(
                f"SELECT {', '.join(FIGURE)} FROM performance.indicator WHERE area_code = ? AND breakdown = 'all' "
                "AND category = 'all' AND (status <> 'missing' OR framework = ?) "
                "ORDER BY framework, period, indicator",
                [settings.partnership.area_code, told[0].look_at.framework],
            ).fetchall()
        shown = [[f"{cell:.6g}" if isinstance(cell, float) else cell for cell in row] for row in rows]
        assert_golden("demo_figures.csv", [list(FIGURE), *shown], tmp_path)


class TestTheHome:
    def test_a_folder_with_something_else_in_it_is_left_alone(self, tmp_path: Path) -> None:
        (tmp_path / "accounts.txt").write_text("not a demo", encoding="utf-8")
        with pytest.raises(DemoError, match="holds something that is not a demo"):
            make_fresh(tmp_path)
        assert [path.name for path in tmp_path.iterdir()] == ["accounts.txt"]

    @pytest.mark.parametrize("content", ["", "[]", '{"now": "2009-01-01T00:00"}', '{"demo": "yes"}'])
    def test_a_marker_that_is_not_the_demos_own_counts_for_nothing(self, content: str, tmp_path: Path) -> None:
        (tmp_path / MARKER).write_text(content, encoding="utf-8")
        with pytest.raises(DemoError):
            make_fresh(tmp_path)
        assert (tmp_path / MARKER).read_text(encoding="utf-8") == content

    def test_a_file_is_no_home(self, tmp_path: Path) -> None:
        path = tmp_path / "file"
        path.write_text("", encoding="utf-8")
        with pytest.raises(DemoError, match="is a file"):
            make_fresh(path)

    def test_an_earlier_demo_is_emptied_read_only_folders_and_all(self, tmp_path: Path) -> None:
        make_fresh(tmp_path / "home")
        release = tmp_path / "home" / "published" / "releases" / "one"
        release.mkdir(parents=True)
        (release / "index.html").write_text("", encoding="utf-8")
        (tmp_path / "home" / "published" / "current").symlink_to(release)
        (release / "index.html").chmod(0o400)
        release.chmod(0o500)
        make_fresh(tmp_path / "home")
        assert sorted(path.name for path in (tmp_path / "home").iterdir()) == [MARKER, "pseudonym.key"]

    def test_a_link_inside_an_earlier_demo_is_removed_and_not_followed(self, tmp_path: Path) -> None:
        (tmp_path / "elsewhere").mkdir()
        (tmp_path / "elsewhere" / "kept.txt").write_text("", encoding="utf-8")
        make_fresh(tmp_path / "home")
        (tmp_path / "home" / "link").symlink_to(tmp_path / "elsewhere")
        make_fresh(tmp_path / "home")
        assert (tmp_path / "elsewhere" / "kept.txt").exists()

    def test_only_the_owner_may_look_in(self, tmp_path: Path) -> None:
        make_fresh(tmp_path / "home")
        assert (tmp_path / "home").stat().st_mode & 0o077 == 0
        assert (tmp_path / "home" / "pseudonym.key").stat().st_mode & 0o077 == 0

    def test_the_clock_is_written_down(self, tmp_path: Path) -> None:
        make_fresh(tmp_path / "home")
        mark(tmp_path / "home", datetime(2009, 11, 20, 10, tzinfo=UTC))
        assert load_settings({}, tmp_path / "home").now() == datetime(2009, 11, 20, 10, tzinfo=UTC)
        assert json.loads((tmp_path / "home" / MARKER).read_text(encoding="utf-8"))["demo"] is True


class TestTheClosingWords:
    @pytest.fixture
    def summary(self, tmp_path: Path) -> DemoSummary:
        story = load_story(Settings(tmp_path).partnership)
        step: Callable[[str], Deliver] = lambda decision: next(  # noqa: E731
            one for one in story.deliveries if one.expect == decision
        )
        decisions = ("accepted", "accepted_with_exceptions", "rejected", "held", "duplicate")
        arrivals = tuple(Arrival(step(word), word, word, None, late=word == "accepted") for word in decisions)
        return DemoSummary(
            tmp_path,
            story.look_at,
            arrivals,
            (Published("laa-2008-11", "FY2009-Q2", "publication", tmp_path),),
            {"accepted": "superseded"},
            {"officer@council.example": 2},
            41.4,
        )

    def test_they_say_what_happened_and_what_to_do_next(self, summary: DemoSummary) -> None:
        text = "\n".join(closing_words(Settings(summary.home), summary))
        assert "5 files arrived from 3 partners and 1 publication went out, in 41 seconds." in text
        for part in ("1 accepted:", "1 accepted with exceptions:", "1 rejected:", "1 held:", "1 duplicate:"):
            assert part in text
        assert "1 superseded since" in text
        assert "1 late" in text
        assert "2 alerts went to the designated officers: 2 to officer@council.example." in text
        assert "explain NI16 FY2009-Q2" in text
        assert "wrong" not in text

    def test_they_own_up_when_a_delivery_went_otherwise(self, summary: DemoSummary) -> None:
        first, *others = summary.arrivals
        odd = replace(summary, arrivals=(replace(first, decision="rejected"), *others))
        text = "\n".join(closing_words(Settings(summary.home), odd))
        assert "1 went otherwise than the story says, so something is wrong here" in text
        assert "rejected, not accepted" in text


@pytest.mark.parametrize("audience", ["restricted", "public"])
@pytest.mark.parametrize("layer", ["borough-partnership", "lpsb", "cdrp", "housing-environment", "phsa"])
def test_every_surface_shows_the_same_numbers(settings: Settings, layer: str, audience: str) -> None:
    """Database, CSV, Parquet, both spreadsheets, the page and the paper, of the newest release of the agreement."""
    release = settings.published / "laa-2008-11" / "FY2009-Q2"
    folder = surfaces.audience_folder(release, audience)
    stated = surfaces.of_database(folder / "exchange.duckdb", layer)
    assert stated
    for table in ("performance.csv", "performance.parquet"):
        assert surfaces.of_table(folder / layer / table, folder / "exchange.duckdb") == stated
    excel = surfaces.of_excel(folder / layer / "performance.xlsx")
    assert excel == surfaces.of_open_document(folder / layer / "performance.ods")
    assert {name: row["This period"] for name, row in excel.items()} == {
        each.name: each.in_a_cell(each.value) for each in stated
    }
    page = surfaces.of_page(folder / layer / "index.html")
    paper = surfaces.of_paper(folder / layer / "report.pdf")
    if layer == "borough-partnership":  # what stands above the priorities is sentences, which name indicators
        paper = paper.partition(surfaces.squeezed("The seven priorities"))[2]
        assert paper
    for each in stated:
        judged = each.in_words(each.judged)
        shown = page[f"explain-{each.indicator}"]
        assert judged in shown, each.name
        assert shown <= {judged, each.in_words(each.value)}, each.name
        _, *after = paper.split(surfaces.squeezed(each.name))
        # The board's one side has room for the figures in trouble only, and counts the others; the rest have them all.
        assert after or layer == "borough-partnership", each.name
        if after and each.value is not None:
            assert any(surfaces.squeezed(judged) in text[:200] for text in after), each.name


def test_the_page_shows_the_figures_of_the_wards_as_the_database_does(settings: Settings) -> None:
    folder = surfaces.audience_folder(settings.published / "laa-2008-11" / "FY2009-Q2", "restricted")
    shown = surfaces.parts_of_page(folder / "cdrp" / "index.html")
    wards = surfaces.of_database(folder / "exchange.duckdb", "cdrp", f"NOT {surfaces.WHOLE}")
    told = {(each.indicator, each.area): each.in_words(each.value) for each in wards}
    assert len(told) > 16
    assert {part: said for part, said in shown.items() if part in told} == told


def test_the_examples_of_the_documentation_run_on_the_demo(settings: Settings) -> None:
    """Every block of docs/published-figures.md, one after another, as a reader would type them."""
    page = (REPOSITORY / "docs" / "published-figures.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert len(blocks) >= 10
    typed: dict[str, Any] = {}
    for block in blocks:
        exec(block.replace("var/demo", str(settings.home)), typed)
    typed["con"].close()
    for name, made in typed.items():
        if isinstance(made, pd.DataFrame):
            assert not made.empty, name
    assert typed["same"] is True
    assert all(typed["checked"].values())
    assert typed["moved"]["count"].max() > 1  # the demo's board was told of a quarter more than once
    assert "Munster" in typed["table"].index


def test_many_read_a_release_while_the_exchange_goes_on(settings: Settings) -> None:
    """Ten readers of the published file beside a writer of the warehouse, none in another's way."""
    path = settings.published / "current" / "exchange.duckdb"
    readers = [duckdb.connect(path, read_only=True) for _ in range(10)]
    with open_warehouse(settings.home, writable=True) as writer:
        writer.execute("SELECT count(*) FROM warehouse.ledger.delivery")
        counted = {reader.sql("SELECT count(*) FROM performance.indicator").fetchall()[0][0] for reader in readers}
    for reader in readers:
        with pytest.raises(duckdb.InvalidInputException, match="read-only"):
            reader.execute("DELETE FROM performance.indicator")
        reader.close()
    assert len(counted) == 1
    assert counted.pop() > 1000


def test_the_dictionary_says_what_the_database_says(settings: Settings) -> None:
    """Every table and column of the published file, with the comment that is in it."""
    release = settings.published / "current"
    page = html.unescape((release / "dictionary.html").read_text(encoding="utf-8"))
    with duckdb.connect(release / "exchange.duckdb", read_only=True) as reader:
        tables = described_tables(reader)
    assert len(tables) > 20
    for table in tables:
        assert f"{table.schema}.{table.name}" in page
        assert table.comment
        assert table.comment in page
        for column in table.columns:
            assert f"<code>{column.name}</code>" in page
            assert column.comment, f"{table.name}.{column.name}"
            assert column.comment in page


# One figure of every kind: the newest of each indicator, whole or part, shown or withheld, ours or a comparator's.
EVERY_KIND = """
    SELECT framework, indicator, period, area_code, breakdown, category, suppressed, status
    FROM (FROM performance.indicator UNION ALL BY NAME FROM performance.comparator)
    QUALIFY row_number() OVER (
        PARTITION BY framework, indicator, breakdown, suppressed, status, left(area_code, 3)
        ORDER BY period_end DESC, area_code, category
    ) = 1
    ORDER BY ALL
"""


def test_explain_answers_for_every_figure(settings: Settings) -> None:
    """Definition, formula with its numbers, deliveries, agreement, SQL; of a withheld one no number at all."""
    with published(settings.published / "current" / "exchange.duckdb") as file:
        figures = file.execute(EVERY_KIND).fetchall()
        assert {(row[0], row[6]) for row in figures} >= {
            ("laa-2008-11", False), ("laa-2008-11", True),
            ("local-outcomes-2026", False), ("local-outcomes-2026", True),
        }  # fmt: skip
        for framework, indicator, period, area, breakdown, category, suppressed, status in figures:
            asked = None if breakdown == "all" else category
            told = explain_in(file, indicator, period, area, framework, asked)
            about = f"{framework} {indicator} {period} {area} {breakdown} {category}"
            assert (told.breakdown, told.category) == (breakdown, category), about
            assert all((told.definition, told.source, told.models_sha256, told.publication_id)), about
            assert told.formula.rpartition(" = ")[2] == told.shown_value, about
            assert bool(told.deliveries) or status == "missing", about
            for one in told.deliveries:
                assert all((one.agreement_id, one.sha256, one.model, one.model_sha256)), about
            if suppressed:
                numbers = (told.value, told.numerator, told.lower, told.upper, told.ytd, told.forecast, told.rag)
                assert numbers == (None,) * 7, about
                assert (told.shown_value, told.shown_ytd, told.commentary) == ("[c]", "[c]", None), about
                assert told.reason, about
            elif status == "missing":
                assert told.shown_value == "[x]", about
                assert told.reason, about
            else:
                assert "[c]" not in told.formula, about


def test_the_worked_queries_run_and_find_what_they_say(settings: Settings) -> None:
    """docs/worked-queries.md is what a performance team copies from: each query must run and find something."""
    text = (REPOSITORY / "docs" / "worked-queries.md").read_text(encoding="utf-8")
    queries = re.findall(r"```sql\n(.+?)```", text, re.DOTALL)
    assert len(queries) == 5
    with duckdb.connect(settings.published / "current" / "exchange.duckdb", read_only=True) as file:
        for query in queries:
            assert file.execute(query).fetchall(), query


def test_actions_and_money_stand_beside_the_figures(settings: Settings) -> None:
    with duckdb.connect(settings.published / "current" / "exchange.duckdb", read_only=True) as file:
        half_year = "framework = 'laa-2008-11' AND period = 'FY2009-Q2'"
        actions = file.execute(
            f"SELECT action_id, state, times_carried FROM performance.action WHERE {half_year} ORDER BY ALL"
        ).fetchall()
        assert actions == [
            ("CA-2009-01", "overdue", 1),
            ("CA-2009-02", "open", 1),
            ("CA-2009-03", "done", 0),
            ("MS-2009-01", "open", 1),
            ("MS-2009-02", "open", 0),
        ]
        awaited = "SELECT indicator FROM performance.commentary WHERE state LIKE '%awaited'"
        assert file.execute(awaited).fetchall() == [("NI130r",)], "the one Red of which nobody has written yet"
        goes_up = (
            f"SELECT indicator, action_id, to_layer FROM performance.escalation WHERE {half_year} ORDER BY ALL"
        )
        assert file.execute(goes_up).fetchall() == [
            ("NI130r", None, "borough-partnership"),
            ("NI154", "CA-2009-01", "lpsb"),
            ("NI154", None, "borough-partnership"),
        ]
        money = f"SELECT sum(budget), sum(share_percent) FROM performance.priority_spend WHERE {half_year}"
        budget, share = file.execute(money).fetchall()[0]
        assert budget == 23_420_000
        assert float(share) == pytest.approx(100, abs=0.01)
