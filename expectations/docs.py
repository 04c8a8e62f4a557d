"""Data Docs: a page for each validated delivery and an index, to open from disk without a network.

Pages are the library's own documents with its own wording of each rule, drawn by its page view. The templates
in `_docs` stand before the library's, which call on outside hosts and cannot be read without them. What is drawn
are rule results: they hold counts and no values, so nothing has to be taken out afterwards.
"""

from __future__ import annotations

from expectations import quiet  # isort: skip  # before anything of the library

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
from great_expectations.expectations.registry import get_renderer_impl
from great_expectations.render import (
    LegacyRendererType,
    RenderedDocumentContent,
    RenderedSectionContent,
    RenderedStringTemplateContent,
    RenderedTableContent,
)
from great_expectations.render.view import DefaultJinjaPageView

from expectations.run import RuleResult
from schemas.standard import Rule, Standard

_TEMPLATES = Path(__file__).with_name("_docs")
_LONDON = ZoneInfo("Europe/London")
_SHOWN_OF_A_LIST = 8
_WORDS = {"critical": "Critical", "warning": "Warning", "info": "Information"}
_TAGS = {"critical": "bad", "warning": "warn", "info": "told"}
_ORDER = ("could_not_run", "critical", "warning", "info", "passed")


@dataclass(frozen=True, slots=True)
class DocRun:
    """A delivery that was validated: `title` says what it is, as "Police: street crime, January 2018"."""

    delivery_id: str
    title: str
    results: Sequence[RuleResult]
    standard: Standard
    validated_at: datetime  # with a time zone


def write_pages(folder: Path, runs: Iterable[DocRun]) -> None:
    """Writes the page of each run, and beside it what `write_index` lists of it.

    The same runs give the same bytes. Files are replaced whole, so a reader never sees half a page.
    """
    view = _view()
    pages = folder / "deliveries"
    pages.mkdir(parents=True, exist_ok=True)
    for run in runs:
        _write(pages / f"{run.delivery_id}.html", _page(view, run))
        summary = json.dumps(_summary(run), ensure_ascii=False, sort_keys=True)
        _write(pages / f"{run.delivery_id}.json", summary)


def write_index(folder: Path) -> Path:
    """Writes the index of every run this folder has ever been given a page of; returns it."""
    view = _view()
    pages = folder / "deliveries"
    known = [json.loads(file.read_text("utf-8")) for file in pages.glob("*.json")]
    known.sort(key=lambda entry: (entry["validated_at"], entry["delivery_id"]), reverse=True)
    index = folder / "index.html"
    lead = f"{_counted(len(known), 'delivery', 'deliveries')} checked against the agreed standards."
    text = view.env.get_template("index.html").render(page_title="Deliveries checked", lead=lead, runs=known)
    _write(index, text)
    return index


class _View(DefaultJinjaPageView):  # type: ignore[misc]
    """The library's page view with our templates before its own."""

    _template = "page.html"

    def __init__(self) -> None:
        super().__init__(custom_views_directory=str(_TEMPLATES))
        loaders = self.env.loader.loaders
        loaders.insert(0, loaders.pop())  # it looks into a custom directory last
        self.env.trim_blocks = True


@cache
def _view() -> _View:
    return _View()


def _page(view: _View, run: DocRun) -> str:
    standard = run.standard
    attention = [result for result in run.results if result.outcome != "passed"]
    attention.sort(key=lambda result: _ORDER.index(_standing(result)))
    passed = [result for result in run.results if result.outcome == "passed"]
    sections = []
    if attention:
        header = [
            "Rule",
            "Result",
            "What is wrong, and what to do",
            "What was agreed",
            "Rows checked",
            "Rows failing",
        ]
        sections.append(
            _section(
                "What needs attention", "Rules that failed or could not run, the gravest first", header, attention
            )
        )
    if passed:
        header = ["Rule", "Result", "What was agreed", "Rows checked", "Rows failing"]
        sections.append(_section("What is in order", "Rules that passed", header, passed))
    document = RenderedDocumentContent(
        renderer_type="ValidationResultsPageRenderer", page_title=run.title, sections=sections
    )
    facts = [
        ("Delivery", run.delivery_id),
        ("Checked", _moment(run.validated_at)),
        ("Standard", f"{standard.name}, version {standard.version}"),
        ("Owner of the standard", standard.owner),
        ("Fingerprint of the standard", standard.fingerprint[:12]),
        ("Checked with", f"Great Expectations {quiet.VERSION}"),
    ]
    return str(view.render(document, lead=_lead(run), facts=facts))


def _section(name: str, caption: str, header: list[str], results: list[RuleResult]) -> Any:
    table = RenderedTableContent(header=caption, header_row=header, table=[_row(result) for result in results])
    return RenderedSectionContent(section_name=name, content_blocks=[table])


def _row(result: RuleResult) -> list[Any]:
    rule, standing = result.rule, _standing(result)
    checked, failing = _cell(f"{result.checked:,}", "number"), _cell(f"{result.failed:,}", "number")
    if standing == "passed":
        return [_cell(rule.id), _cell("Passed", "tag good"), _agreed(rule), checked, failing]
    if standing == "could_not_run":
        said = f"This rule could not run ({result.error}). That is ours to mend and says nothing about the data."
        none = _cell("none", "number")
        return [_cell(rule.id), _cell("Could not run", "tag ours"), _cell(said, "said"), _agreed(rule), none, none]
    tag = _cell(f"Failed: {_WORDS[standing].lower()}", f"tag {_TAGS[standing]}")
    sentence = rule.sentence.replace("{count}", f"{result.failed:,}")
    advice = [_cell(sentence, "said"), _cell(rule.remedy, "remedy")]
    if result.row_query is None:
        failing = _cell("whole file", "number")
    return [_cell(rule.id), tag, advice, _agreed(rule), checked, failing]


def _agreed(rule: Rule) -> list[Any]:
    """The library's own wording of a rule, a long list of codes cut short."""
    settings = {key: _shortened(value) for key, value in rule.kwargs.items()}
    configuration = ExpectationConfiguration(type=rule.type, kwargs=settings)
    renderer = get_renderer_impl(rule.type, LegacyRendererType.PRESCRIPTIVE)
    if renderer is None:
        return [_cell(rule.type)]
    styling = {"default": {"classes": ["value"]}, "classes": ["agreed"]}
    return list(renderer[1](configuration=configuration, runtime_configuration={"styling": styling}))


def _shortened(value: Any) -> Any:
    if not isinstance(value, list) or len(value) <= _SHOWN_OF_A_LIST:
        return value
    return [*value[:_SHOWN_OF_A_LIST], f"and {len(value) - _SHOWN_OF_A_LIST:,} more"]


def _cell(text: str, classes: str = "") -> Any:
    """Text the library escapes when it draws it."""
    return RenderedStringTemplateContent(
        content_block_type="string_template",
        string_template={
            "template": "$text",
            "params": {"text": text},
            "styling": {"classes": classes.split()},
        },
    )


def _standing(result: RuleResult) -> str:
    """could_not_run, passed, or the severity of what failed."""
    return result.rule.severity if result.outcome == "failed" else result.outcome


def _summary(run: DocRun) -> dict[str, Any]:
    counts = {name: sum(_standing(result) == name for result in run.results) for name in _ORDER}
    worst = next((name for name in _ORDER if counts[name]), "passed")
    words = {"could_not_run": "Could not run", "critical": "Failed", "passed": "Passed"}
    return {
        "delivery_id": run.delivery_id,
        "title": run.title,
        "validated_at": run.validated_at.astimezone(UTC).isoformat(),
        "checked": _moment(run.validated_at),
        "result": words.get(worst, "Passed with remarks"),
        "tag": {"could_not_run": "ours", "passed": "good", **_TAGS}[worst],
        **counts,
    }


def _lead(run: DocRun) -> str:
    summary = _summary(run)
    parts = [f"{summary['passed']} of {_counted(len(run.results), 'rule', 'rules')} passed."]
    failed = [f"{summary[name]} {_WORDS[name].lower()}" for name in _WORDS if summary[name]]
    if failed:
        parts.append(f"Failed: {', '.join(failed)}.")
    if summary["could_not_run"]:
        parts.append(f"Could not run: {summary['could_not_run']}.")
    return " ".join(parts)


def _counted(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def _moment(at: datetime) -> str:
    """As "3 March 2027 at 14:05", London time."""
    local = at.astimezone(_LONDON)
    return f"{local.day} {local:%B %Y} at {local:%H:%M}"


def _write(path: Path, text: str) -> None:
    whole = path.with_suffix(path.suffix + ".new")
    whole.write_text(text, encoding="utf-8", newline="\n")
    os.replace(whole, path)
