"""Data Docs: pages with counts and no values, that open from disk without a network."""

import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from expectations.docs import DocRun, write_index, write_pages
from expectations.run import run_standard
from expectations.standard import load_standard
from tests.expectations.judging import CANARY, fill, rule, standard

ROOT = Path(__file__).resolve().parents[2]
RULES = standard(
    rule("expect_table_row_count_to_be_between", "critical", "TST-001", min_value=5),
    rule("expect_column_values_to_be_in_set", "warning", "TST-002", column="a", value_set=["<b>", "it's", "&"]),
    rule("expect_column_values_to_be_in_set", "info", "TST-003", column="a", value_set=list("abcdefghijk")),
    rule("expect_column_values_to_not_be_null", "warning", "TST-004", column="a"),
    rule("expect_column_values_to_not_be_null", "warning", "TST-005", column="nowhere"),
)


def build(folder: Path, runs: list[DocRun]) -> Path:
    write_pages(folder, runs)
    return write_index(folder)


class _Page(HTMLParser):
    """Elements of a page in order, with what they hold."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in {"meta", "br", "link", "img"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture
def run(engine: sa.Engine) -> DocRun:
    fill(engine, "a VARCHAR", f"'{CANARY}'", f"'{CANARY}<script>'", "'&'", "'it''s'")
    results = run_standard(engine, "judged", RULES)
    at = datetime(2009, 7, 20, 13, 5, tzinfo=UTC)
    return DocRun("police-trial-0001", "Police: trial <April> & May", results, RULES, at)


def _text(path: Path) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", path.read_text(encoding="utf-8")))


def test_a_page_tells_rule_severity_sentence_and_counts(tmp_path: Path, run: DocRun) -> None:
    build(tmp_path, [run])
    text = _text(tmp_path / "deliveries" / "police-trial-0001.html")
    assert "1 of 5 rules passed. Failed: 1 critical, 1 warning, 1 information. Could not run: 1." in text
    assert "TST-001 Failed: critical" in text
    assert "TST-002 Failed: warning Rows that break the rule: 2. Mend them." in text
    assert "values must belong to this set: &lt;b&gt; it's &amp; . 4 2" in text
    assert "and 3 more" in text
    assert "TST-005 Could not run This rule could not run (InvalidMetricAccessorDomainKwargsKeyError)." in text
    assert text.index("TST-005") < text.index("TST-001") < text.index("TST-002") < text.index("TST-004")
    assert "20 July 2009 at 14:05" in text  # London's summer time
    assert "police.trial, version 1.0.0" in text


def test_no_value_of_a_row_reaches_a_page(tmp_path: Path, run: DocRun) -> None:
    build(tmp_path, [run])
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert sorted(path.name for path in files) == [
        "index.html",
        "police-trial-0001.html",
        "police-trial-0001.json",
    ]
    assert not [path for path in files if CANARY in path.read_text(encoding="utf-8")]


def test_pages_call_on_no_host_and_run_nothing(tmp_path: Path, run: DocRun) -> None:
    for path in (build(tmp_path, [run]), tmp_path / "deliveries" / "police-trial-0001.html"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"https?:|//[a-z]|@import|url\(", text)
        page = _Page(path)
        assert not [tag for tag in ("script", "link", "img", "iframe", "form", "object") if page.all(tag)]
        for link in page.all("a"):
            target = str(link["href"])
            assert target.startswith("#") or (path.parent / target).is_file()
        policy = page.all("meta")[2]
        assert policy["content"] == "default-src 'none'; style-src 'unsafe-inline'"


def test_pages_are_made_for_everybody(tmp_path: Path, run: DocRun) -> None:
    for path in (build(tmp_path, [run]), tmp_path / "deliveries" / "police-trial-0001.html"):
        page = _Page(path)
        assert page.all("html") == [{"lang": "en-GB"}]
        assert [len(page.all(tag)) for tag in ("header", "main", "footer", "h1", "title")] == [1, 1, 1, 1, 1]
        assert len(page.all("caption")) == len(page.all("table")) > 0
        assert all(cell["scope"] in {"col", "row"} for cell in page.all("th"))
        names: list[Any] = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
        assert len(names) == len(set(names))


def test_the_index_lists_every_run_the_newest_first(tmp_path: Path, run: DocRun) -> None:
    later = datetime(2009, 7, 21, 9, 0, tzinfo=UTC)
    build(tmp_path, [run])
    sound = [result for result in run.results if result.outcome == "passed"]
    index = build(tmp_path, [DocRun("police-trial-0002", "Police: trial, June", sound, RULES, later)])
    text = _text(index)
    assert "2 deliveries checked" in text
    assert text.index("police-trial-0002") < text.index("police-trial-0001")
    assert "Police: trial, June 21 July 2009 at 10:00 Passed 1 0 0 0 0" in text
    assert "&lt;April&gt; &amp; May 20 July 2009 at 14:05 Could not run 1 1 1 1 1" in text


def test_the_same_runs_give_the_same_bytes(tmp_path: Path, run: DocRun) -> None:
    for folder in ("one", "two"):
        build(tmp_path / folder, [run])
    build(tmp_path / "two", [run])
    one, two = (
        {path.relative_to(tmp_path / folder): path.read_bytes() for path in (tmp_path / folder).rglob("*.*")}
        for folder in ("one", "two")
    )
    assert one == two


def test_every_shipped_rule_has_wording(tmp_path: Path, engine: sa.Engine) -> None:
    """Rules need not be able to run here to be drawn; each is, without a trace of the library's placeholders."""
    fill(engine, "a VARCHAR", "'x'")
    at = datetime(2009, 7, 20, tzinfo=UTC)
    for path in sorted((ROOT / "expectations").glob("*/*.yaml")):
        agreed = load_standard(path)
        results = run_standard(engine, "judged", agreed)
        build(tmp_path, [DocRun(path.stem, agreed.name, results, agreed, at)])
        text = _text(tmp_path / "deliveries" / f"{path.stem}.html")
        assert all(agreed_rule.id in text for agreed_rule in agreed.rules)
        assert not re.search(r"\$[a-z_]", text)
