"""What a partner needs to know to send a dataset: columns, rules, due dates; as plain values for pages and workbooks.

Everything is drawn from the contract, the standard and the agreement, so it is what the exchange itself goes by.
"""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

from flows.files import write_json, write_whole
from flows.officers import messages
from flows.officers.catalogue import catalogue, covered
from flows.settings import Settings, today
from reports.fill_in import fill_in
from reports.specification import catalogue_page, specification_page
from schemas.agreement import Agreement
from schemas.contract import Column, Contract
from schemas.examples import example_of
from schemas.kinds import KINDS
from schemas.partnership import Partnership
from schemas.periods import Period, following, period_of

DUE_LISTED = 4  # periods ahead
IN_WORDS = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "date": "date",
    "timestamp": "date and time",
    "boolean": "true or false",
}


def export_standards(settings: Settings, folder: Path) -> list[Path]:
    """Write the catalogue as JSON and page, and a specification and a fill-in workbook for each dataset."""
    partnership = settings.partnership
    rules = catalogue(partnership)
    kinds = covered(partnership)
    write_json(
        folder / "standards.json",
        {"partnership": partnership.name, "rules": rules, "kinds": KINDS, "covered": kinds},
    )
    about = {"partnership": partnership.name, "marking": partnership.marking, "on": today(settings)}
    write_whole(
        folder / "standards.html", catalogue_page(about | {"kinds": KINDS, "covered": kinds}, rules).encode()
    )
    written = [folder / "standards.json", folder / "standards.html"]
    for key in sorted(partnership.contracts):
        written += write_specification(settings, key, folder / key.partition("/")[0])
    return written


def write_specification(settings: Settings, key: str, folder: Path) -> list[Path]:
    """Write a dataset's specification page and fill-in workbook into a folder; returns both."""
    said = specification(settings, key)
    page = folder / f"{said['dataset']}.html"
    workbook = folder / said["workbook"]
    for path, content in ((page, specification_page(said).encode()), (workbook, fill_in(said))):
        if not path.is_file() or path.read_bytes() != content:
            write_whole(path, content)
    return [page, workbook]


def specification(settings: Settings, key: str) -> dict[str, Any]:
    """Everything a partner agreed about a dataset, as plain values."""
    partnership = settings.partnership
    contract = partnership.contracts[key]
    agreement = partnership.agreement_for(key, today(settings))
    periods = _periods(settings, contract)
    return {
        "key": key,
        "partner": contract.partner,
        "partner_name": partnership.partners[contract.partner].name,
        "dataset": contract.dataset,
        "title": contract.title,
        "description": contract.description,
        "version": contract.version,
        "owner": contract.owner,
        "partnership": partnership.name,
        "marking": partnership.marking,
        "on": today(settings),
        "contact": messages.contact(settings),
        "cadence": contract.cadence.replace("_", " ") if contract.cadence else None,
        "period_words": _period_words(contract),
        "period_example": periods[0].id,
        "workbook": f"{contract.dataset}_{periods[0].id}.xlsx" if contract.cadence else f"{contract.dataset}.xlsx",
        "agreement": _agreement(agreement),
        "due": _due(contract, agreement, periods),
        "columns": [
            _column(partnership, contract, agreement, column)
            for column in contract.columns
            if not column.from_file_name
        ],
        "markers": dict(contract.markers),
        "control_total": _control_total(contract),
        "rules": [rule for rule in catalogue(partnership) if rule["dataset"] == key],
        "feeds": messages.feeds(settings, key),
    }


def _column(
    partnership: Partnership, contract: Contract, agreement: Agreement | None, column: Column
) -> dict[str, Any]:
    return {
        "header": column.header,
        "aliases": list(column.aliases),
        "type": IN_WORDS[column.logical_type],
        "format": column.date_format,
        "required": column.required,
        "may_be_absent": column.may_be_absent,
        "personal": column.personal,
        "treatment": column.treatment,
        "description": column.description,
        "example": example_of(column, partnership.codelists),
        "codes": [list(code) for code in partnership.codelists[column.codelist]] if column.codelist else [],
        "shared": agreement is None or agreement.allows(contract.key, column.name),
    }


def _agreement(agreement: Agreement | None) -> dict[str, Any] | None:
    if agreement is None:
        return None
    return {
        "id": agreement.id,
        "title": agreement.title,
        "purpose": agreement.purpose,
        "end": agreement.end,
        "review": agreement.review_date,
        "retention_days": agreement.retention_days,
    }


def _periods(settings: Settings, contract: Contract) -> list[Period]:
    """The period that ended last, and those that follow."""
    kind = contract.cadence or contract.period.kind
    running = period_of(kind, today(settings))
    found = [period_of(kind, running.start - timedelta(days=1)), running]
    while len(found) < DUE_LISTED:
        found.append(following(found[-1]))
    return found


def _due(contract: Contract, agreement: Agreement | None, periods: list[Period]) -> list[dict[str, Any]]:
    """The days on which the next extracts are owed; none for published data."""
    if contract.cadence is None or agreement is None:
        return []
    return [
        {"period": period.id, "title": period.title, "due_on": agreement.due_on(period)}
        for period in periods
        if agreement.covers(period) and _in_force(agreement, agreement.due_on(period))
    ]


def _in_force(agreement: Agreement, day: date) -> bool:
    return agreement.end is None or day <= agreement.end


def _control_total(contract: Contract) -> str | None:
    """What a last row of totals may say, in a sentence."""
    rule = contract.control_total
    if rule is None:
        return None
    first, *more = [f"'{word}'" for word in rule.label.split("|")]
    words = f"{', '.join([first, *more[:-1]])} or {more[-1]}" if more else first
    sums = ", ".join(f"'{contract.header_of(name)}'" for name in rule.sums)
    said = f"A number under {sums} must be what the rows come to, any other" if sums else "A number in it must be"
    return f"The last row may begin with {words}. {said} the number of rows. The row itself is no data."


def _period_words(contract: Contract) -> str:
    """How the exchange finds out which period a file covers, in a sentence."""
    rule: Any = contract.period
    if rule.column is not None:
        which = "the latest it holds" if rule.latest else "one for each file"
        return f"The column '{contract.header_of(rule.column)}' says which period the file covers: {which}."
    if rule.file_name:
        return "The file's name says which period it covers."
    return "Say which period the file covers when you deliver it."
