"""Examine one file against its contract and its standard, and come to a verdict. Writes only into its own folder.

``exchange check`` and ``validate`` share this, so a partner hears before sending what we would say after.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.receiving.door import listed
from flows.receiving.headers import header_problem
from flows.receiving.periods import period_in
from flows.receiving.reading import last_row, promised, reading_rules
from reports.error_report import ROWS_LISTED, Cell
from schemas.contract import Column, Contract
from schemas.last import lasts_in
from schemas.partnership import Partnership
from schemas.periods import Period
from warehouse import staging
from warehouse.connection import Connection, lock_down, open_staging, sqlalchemy_engine
from warehouse.last import figures_of
from warehouse.last_row import ControlTotal, take_control_total
from warehouse.reader import FileFacts, Origin, Readable, Table, UnreadableError, load, number_rows, open_table
from warehouse.reference import create_places

if TYPE_CHECKING:  # the engine behind them takes seconds to import, and a file may be turned away before
    from expectations.run import RuleResult
    from schemas.standard import Rule, Standard


class OurFaultError(Exception):
    """A rule that could not run, or another failure that says nothing about the partner's data."""


@dataclass(frozen=True)
class Judged:
    """What the standard said of a delivery, as its Data Docs page shows it: the resolved rules and their results."""

    standard: "Standard"
    results: "list[RuleResult]"


@dataclass(frozen=True)
class Verdict:
    """What the file is worth: the decision, every row accounted for, and each rule's outcome.

    ``decision`` is accepted, accepted_with_exceptions, rejected or refused. ``rules`` are plain dicts with
    rule_id, severity, characteristic, sentence, remedy, outcome, checked, failed, first_rows. ``origin`` says where
    the table stands in the file as sent; None when no table could be read.
    """

    decision: str
    reason: str | None = None
    remedy: str | None = None
    counts: staging.Counts | None = None
    slot: str | None = None
    period: str | None = None  # where only a check was asked for
    rules: list[dict[str, Any]] = field(default_factory=list)
    judged: "Judged | None" = None
    cells: Sequence[Cell] = ()  # the first places to mend, in the order of rows; no value in them
    faults: int = 0  # how many places there are in all
    origin: Origin | None = None

    @property
    def failed_rules(self) -> list[dict[str, Any]]:
        return [rule for rule in self.rules if rule["outcome"] == "failed"]


@dataclass(frozen=True)
class Examination:
    """What is examined, and where its outcome goes (None: nothing is kept)."""

    contract: Contract
    period: Period
    received_on: date
    path: Path
    facts: FileFacts
    folder: Path
    name: str = ""  # the file's name as sent: a contract may read a column from it
    accepted: Path | None = None
    quarantined: Path | None = None
    pseudonym_key: bytes | None = None
    age_bands: Mapping[str, Sequence[str]] = field(
        default_factory=dict
    )  # codes, by a column that holds dates of birth
    confirmed: frozenset[tuple[str, str | None]] = frozenset()  # rules confirmed as true, with their slot
    before: Mapping[str | None, Path] = field(default_factory=dict)  # by slot, what was accepted before
    promised_rows: int | None = None  # the manifest's control total


def examine(partnership: Partnership, work: Examination) -> Verdict:
    """Read strictly, decide scope, cast, judge by the standard, and decide.

    Raises:
        OurFaultError: a rule could not run; the file is not to blame.
    """
    try:
        table = open_table(work.path, work.facts, work.contract)
    except UnreadableError as error:
        return _rejected(error.problem, error.remedy)
    try:
        return replace(_examined(partnership, work, table), origin=table.origin)
    except UnreadableError as error:
        return replace(_rejected(error.problem, error.remedy), origin=table.origin)


def _examined(partnership: Partnership, work: Examination, table: Table) -> Verdict:
    problem = header_problem(partnership, work.contract, table.header, work.period)
    if problem is not None:
        return _rejected(*problem)
    present = [column for column in work.contract.match_headers(table.header).columns if column is not None]
    said = named_in_file(work.contract, work.name)
    unsaid = [
        column.header for column in work.contract.columns if column.from_file_name and column.name not in said
    ]
    if unsaid:
        return _rejected(
            f"The file's name does not say its {listed(unsaid)}.", "Keep the name the publisher gave the file."
        )
    readable = table.readable(work.folder)
    connection = open_staging(work.folder)
    try:
        tables = staging.places_read(work.contract, partnership.standards[work.contract.key])
        create_places(connection, partnership, tables)
        if work.pseudonym_key is not None:
            staging.set_pseudonym_key(connection, work.pseudonym_key)
        folders = [
            work.folder,
            *(
                path.parent
                for path in (work.accepted, work.quarantined, *work.before.values())
                if path is not None
            ),
        ]
        lock_down(connection, folders, [readable.path])
        loaded = load(connection, readable, [column.name for column in present])
        number_rows(connection, loaded, said)
        names = [column.name for column in present]
        loaded, total = take_control_total(connection, readable, loaded, work.contract, names)
        present += [work.contract.column(name) for name in said]
        return _judge(connection, partnership, work, present, loaded, table.origin, total)
    finally:
        connection.close()


def named_in_file(contract: Contract, name: str) -> dict[str, str]:
    """The values that the file's name says, by column."""
    found = {
        column.name: re.search(column.from_file_name, name)
        for column in contract.columns
        if column.from_file_name is not None
    }
    return {column: match[1] for column, match in found.items() if match is not None}


def _rejected(problem: str, remedy: str) -> Verdict:
    return Verdict("rejected", reason=problem, remedy=remedy)


def _judge(
    connection: Connection,
    partnership: Partnership,
    work: Examination,
    present: list[Column],
    loaded: Readable,
    origin: Origin,
    total: ControlTotal | None,
) -> Verdict:
    contract = work.contract
    contradiction = _contradiction(connection, contract, work.period)
    if contradiction is not None:
        return contradiction
    staging.stage(connection, contract, present)
    slots = staging.slot_values(connection, contract.supersede_by)
    if contract.supersede_by and len(slots) != 1:
        return _not_one_slot(contract, len(slots))
    slot = ", ".join(str(part)[:80] for part in slots[0]) if slots else None
    confirmed = {rule_id for rule_id, said_of in work.confirmed if said_of == slot}
    judged = _run_rules(connection, partnership, work, slot)
    places = _places(contract, present, origin)
    setting_aside = {
        result.rule.id: result.row_query
        for result in judged.results
        if result.outcome == "failed" and result.row_query is not None and result.rule.severity != "info"
        if result.rule.severity == "critical" or result.rule.id not in confirmed
    }
    rules = [
        *reading_rules(loaded),
        *(
            weigh(
                _told(connection, result, origin) | _standing(connection, result, places), result.rule, confirmed
            )
            for result in judged.results
        ),
    ]
    staging.quarantine(connection, setting_aside)
    counts = staging.count_rows(connection, len(loaded.ragged))
    totals = last_row(total, counts, places, origin)
    rules = [*promised(work.promised_rows, counts.received), *totals, *rules]
    failed = [rule for rule in rules if rule["outcome"] == "failed"]
    cells, faults = _cells(connection, judged, [*_set_aside(loaded), *_of_last_row(totals)], places, origin)
    critical = [rule for rule in failed if rule["severity"] == "critical"]
    if critical:
        return Verdict(
            "rejected",
            reason=critical[0]["sentence"],
            remedy=critical[0]["remedy"],
            counts=_none_accepted(counts),
            slot=slot,
            rules=rules,
            judged=judged,
            cells=cells,
            faults=faults,
        )
    if counts.quarantined and not counts.accepted:
        # Taking the place of a good file with nothing would publish a nought that nobody reported.
        return Verdict(
            "rejected",
            reason=f"None of its {counts.quarantined:,} rows could be accepted.",
            remedy="Put right what is listed and send the file again.",
            counts=counts,
            slot=slot,
            rules=rules,
            judged=judged,
            cells=cells,
            faults=faults,
        )
    if work.accepted is not None and work.quarantined is not None:
        staging.write_outcome(
            connection, contract, work.accepted, work.quarantined, on=work.period.end, bands=work.age_bands
        )
    excepted = any(rule["severity"] == "warning" for rule in failed)
    return Verdict(
        "accepted_with_exceptions" if excepted else "accepted",
        reason=_nothing_here(partnership, counts),
        counts=counts,
        slot=slot,
        rules=rules,
        judged=judged,
        cells=cells,
        faults=faults,
    )


def weigh(told: dict[str, Any], rule: "Rule", confirmed: Collection[str]) -> dict[str, Any]:
    """A rule's outcome after a person's word, and after its tolerance: too many rows turn the file away."""
    if told["outcome"] != "failed" or rule.severity == "critical":
        return told
    if rule.id in confirmed:
        return told | {"outcome": "confirmed"}
    if rule.tolerance is not None and told["failed"] > rule.tolerance * told["checked"]:
        share = f"{rule.tolerance * 100:g}%"
        sentence = f"{told['sentence'].rstrip('.')}, more than {share} of those checked."
        return told | {"severity": "critical", "sentence": sentence}
    return told


def _places(contract: Contract, present: list[Column], origin: Origin) -> dict[str, tuple[str, str]]:
    """The letter and the header of each agreed column that stands in the file, by the column's name."""
    there = {column.name for column in present}
    matched = contract.match_headers(list(origin.headers)).columns
    return {
        column.name: (letter, header)
        for column, letter, header in zip(matched, origin.letters, origin.headers, strict=False)
        if column is not None and column.name in there
    }


def _standing(
    connection: Connection, result: "RuleResult", places: Mapping[str, tuple[str, str]]
) -> dict[str, Any]:
    """Where the columns of a rule stand in the file; of cells that cannot be read, those that have some."""
    names: Sequence[str] = result.rule.columns
    if "_uncast" in names and result.outcome == "failed":
        names = staging.uncast_columns(connection)
    return {"columns": [places[name] for name in names if name in places]}


def _cells(
    connection: Connection,
    judged: Judged,
    read: list[Cell],
    places: Mapping[str, tuple[str, str]],
    origin: Origin,
) -> tuple[list[Cell], int]:
    """The first places to mend, in the order of rows, and how many there are; ``read``: those that reading found."""
    told_only = {
        result.rule.id: result.row_query
        for result in judged.results
        if result.outcome == "failed" and result.row_query is not None and result.rule.severity == "info"
    }
    found, total = staging.failing_cells(connection, told_only, origin.row_offset, ROWS_LISTED)
    columns = {result.rule.id: result.rule.columns for result in judged.results}
    cells = read[:ROWS_LISTED]
    for row, rule_id, uncast in found:
        names = uncast.split(", ") if uncast and "_uncast" in columns[rule_id] else columns[rule_id]
        standing = [places[name] for name in names if name in places]
        letters, headers = (", ".join(texts) for texts in zip(*standing, strict=True)) if standing else ("", "")
        cells.append(Cell(row, letters, headers, rule_id))
    return sorted(cells, key=lambda cell: (cell.row, cell.rule_id))[:ROWS_LISTED], total + len(read)


def _set_aside(loaded: Readable) -> list[Cell]:
    return [Cell(row.line, "", "", "READ-RAGGED") for row in loaded.ragged]


def _of_last_row(totals: list[dict[str, Any]]) -> list[Cell]:
    """Where the totals stand that the rows do not come to."""
    return [
        Cell(row, letter, header, rule["rule_id"])
        for rule in totals
        for row in rule["first_rows"]
        for letter, header in rule.get("columns") or [("", "")]
    ]


def _not_one_slot(contract: Contract, found: int) -> Verdict:
    """A file that names no, or more than one, value in the columns that say which file it takes the place of."""
    names = " and ".join(f"'{contract.header_of(column)}'" for column in contract.supersede_by)
    problem = "has no value" if found == 0 else f"has {found:,} different values"
    return Verdict(
        "rejected",
        reason=f"The column {names} {problem}; it must have one, which says which earlier file this one replaces.",
        remedy="Send one file for each value.",
    )


def _none_accepted(counts: staging.Counts) -> staging.Counts:
    """A rejected file: no row of it is accepted, so all in scope are set aside."""
    return staging.Counts(counts.received, 0, counts.accepted + counts.quarantined, counts.out_of_scope)


def _nothing_here(partnership: Partnership, counts: staging.Counts) -> str | None:
    if counts.received and counts.out_of_scope == counts.received:
        return (
            f"None of its {counts.received:,} rows is in {partnership.area_name}. That is no error: we have "
            "your file and will count it as nothing to report. If you expected rows here, check the file."
        )
    return None


def _contradiction(connection: Connection, contract: Contract, period: Period) -> Verdict | None:
    """Refuse a file whose own period column, or whose dates, speak against the period it was placed in."""
    rule = contract.period
    if rule.column is not None:
        texts = staging.distinct_texts(connection, rule.column)
        found = {known for text in texts if (known := period_in(rule, text)) is not None}
        if rule.latest and found:
            found = {max(found, key=lambda known: known.end)}
        if found and found != {period}:
            listed = ", ".join(sorted(known.id for known in found))
            many = len(found) > 1
            return Verdict(
                "refused",
                reason=f"The file holds {listed}, "
                + (f"but one file covers one {rule.kind.replace('_', ' ')}." if many else f"not {period.id}."),
                remedy="Send each period in a file of its own." if many else f"Is this {listed} or {period.id}?",
            )
    elif rule.evidence is not None:
        column = contract.column(rule.evidence)
        inside, dated = staging.dates_inside(connection, column, period.start, period.end)
        if dated and not inside:
            return Verdict(
                "refused",
                reason=f"None of its dates in '{column.header}' falls in {period.id}.",
                remedy="Which period does this file cover? Deliver it again under that period.",
            )
    return None


def _run_rules(connection: Connection, partnership: Partnership, work: Examination, slot: str | None) -> Judged:
    """Run the dataset's standard over what is in scope.

    Raises:
        OurFaultError: a rule could not run.
    """
    from expectations.run import run_standard
    from expectations.standard import resolve

    geography = partnership.geography
    spellings = {code for area in geography.areas for code in (area.area_code, area.legacy_code) if code}
    values: dict[str, Any] = {
        "period_start": work.period.start,
        "period_end": work.period.end,
        "received_on": work.received_on,
        "area_codes": sorted(spellings | set(partnership.comparators)),  # with the words of groups
        "lsoa_codes": sorted({lsoa.lsoa_code for lsoa in geography.lsoas}),
        "indicators": list(partnership.indicators),
        "frameworks": sorted(partnership.frameworks),
        "priorities": sorted({each.id for one in partnership.frameworks.values() for each in one.priorities}),
        "codelists": {name: [code for code, _ in codes] for name, codes in partnership.codelists.items()},
    }
    agreed = partnership.standards[work.contract.key]
    if any("{figure_periods}" in repr(rule.kwargs) for rule in agreed.rules):  # thousands of pairs
        values["figure_periods"] = partnership.figure_periods(work.received_on)
    if slot in work.before:
        asked = lasts_in([rule.kwargs for rule in agreed.rules])
        values["last"] = figures_of(connection, work.before[slot], asked)
    standard = resolve(agreed, values)
    results = run_standard(sqlalchemy_engine(connection), "judged", standard)
    for result in results:
        if result.outcome == "could_not_run":
            raise OurFaultError(f"rule {result.rule.id} of {work.contract.key} could not run ({result.error})")
    return Judged(standard, results)


def _told(connection: Connection, result: "RuleResult", origin: Origin) -> dict[str, Any]:
    """A rule's outcome as the ledger keeps it: counts, agreed sentences and row numbers, never a value."""
    failing = result.outcome == "failed" and result.row_query is not None
    return {
        "rule_id": result.rule.id,
        "severity": result.rule.severity,
        "characteristic": result.rule.characteristic,
        "sentence": result.rule.sentence.replace("{count}", f"{result.failed:,}"),
        "remedy": result.rule.remedy,
        "outcome": result.outcome,
        "checked": result.checked,
        "failed": result.failed,
        "first_rows": staging.first_rows(connection, str(result.row_query), origin.row_offset) if failing else [],
    }
