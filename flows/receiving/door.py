"""The door: is this file of an agreed dataset, of which period, and does an agreement let us receive it?

Nothing is stored before these questions are answered; ``check`` asks them just as ``ingest`` does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from flows.receiving.periods import period_of_file
from schemas.agreement import Agreement
from schemas.codelist import PURPOSES
from schemas.contract import Contract
from schemas.headers import HeaderMatch, surplus_personal
from schemas.partnership import Partnership
from schemas.periods import Period, period_of
from warehouse.identifying import POSTCODES, Found, holds_identifiers, text_holds
from warehouse.reader import FileFacts, Table, UnreadableError, first_lines, open_table
from warehouse.sent import Content

HOLD_DAYS = 5  # working days, when not even an agreement says how long


@dataclass(frozen=True)
class Caller:
    """A file at the door: the dataset it was sent as, its bytes, its name and what was declared with it."""

    key: str
    path: Path
    facts: FileFacts
    name: str
    declared: str | None
    received_on: date
    folder: Path  # private, and gone when the file is decided: a copy to read may lie there


@dataclass(frozen=True)
class Identified:
    """What the door decided: the state the delivery starts in (received, held, refused, duplicate), and why."""

    state: str
    reason: str | None = None
    remedy: str | None = None
    period: Period | None = None
    agreement_id: str | None = None
    hold_days: int = HOLD_DAYS
    rows: int | None = None  # of a held file, where they could be counted


def not_a_file(problem: str | None) -> Identified:
    """What is no regular file is turned away."""
    return Identified(
        "refused",
        reason=f"It cannot be taken in: {problem or 'it is not a regular file'}.",
        remedy="Put the extract itself, as a file, into the folder of its dataset.",
    )


def not_as_described() -> Identified:
    """A file whose bytes are not those its manifest names was cut short or changed on the way."""
    return Identified(
        "refused",
        reason="It is not the file that its manifest describes: the sha256 differs, so it may have been cut short.",
        remedy="Send the file again, with a manifest written when the file was whole.",
    )


def at_the_door(partnership: Partnership, caller: Caller) -> Identified:
    """Decide whether a file is received, held or refused, each with a plain reason."""
    contract = partnership.contracts.get(caller.key)
    if contract is None:
        return Identified(
            "refused",
            reason="It was sent for no agreed dataset.",
            remedy="Send it as one of: " + ", ".join(sorted(partnership.contracts)) + ".",
        )
    period, question, table, match = _read_front(contract, caller)
    agreement = partnership.agreement_for(caller.key, caller.received_on, period)
    if agreement is None:
        return Identified(
            "held",
            reason=partnership.why_no_agreement(caller.key, caller.received_on, period),
            remedy="Ask your information governance contact; the file is erased when the hold ends.",
            period=period,
        )
    beyond = [purpose for purpose in contract.purposes if purpose not in agreement.purposes]
    if beyond:
        labels = dict(partnership.codelists[PURPOSES])
        named = listed([labels[purpose] for purpose in beyond])
        return Identified(
            "held",
            reason=f"It is used for {named}, which is not among the purposes of the agreement {agreement.id}.",
            remedy="Ask your information governance contact: the agreement must name the purpose, or the dataset's "
            "contract must not. The file is erased when the hold ends.",
            period=period,
            agreement_id=agreement.id,
            hold_days=agreement.hold_days,
        )
    # Where no header was recognised, the names may stand further down or behind another separator.
    headers = match.unexpected if match and any(match.columns) else first_lines(caller.path, caller.facts)
    headers += table.elsewhere if table else []
    surplus = surplus_personal(headers, partnership.personal_patterns)
    surplus += _not_agreed(match, agreement, caller.key) if match else []
    if surplus and match and not any(match.columns):
        return Identified(
            "held",
            reason="The first line has none of the agreed column names, and what stands there may be personal "
            f"data, which the agreement {agreement.id} does not allow us to receive.",
            remedy="Put the agreed column names on the first line and send the extract again.",
            period=period,
            agreement_id=agreement.id,
            hold_days=agreement.hold_days,
        )
    if surplus:
        many = len(surplus) > 1
        return Identified(
            "held",
            reason=f"The agreement {agreement.id} does not allow us to receive the column"
            f"{'s' if many else ''} {listed(surplus)}, which may be personal data.",
            remedy=f"Send the extract again without {'those columns' if many else 'that column'}.",
            period=period,
            agreement_id=agreement.id,
            hold_days=agreement.hold_days,
        )
    if agreement.identifiable != "yes":
        found, rows = _identifying(partnership, contract, caller, table)
        if found:
            return Identified(
                "held",
                reason=_what_was_found(found, match, agreement),
                remedy=_without(found),
                period=period,
                agreement_id=agreement.id,
                hold_days=agreement.hold_days,
                rows=rows,
            )
    if period is None:
        return Identified(
            "refused", reason=question, remedy=_period_remedy(contract), hold_days=agreement.hold_days
        )
    return Identified("received", period=period, agreement_id=agreement.id, hold_days=agreement.hold_days)


def _identifying(
    partnership: Partnership, contract: Contract, caller: Caller, table: Table | None
) -> tuple[list[Found], int | None]:
    """What the file holds that identifies people, whatever its header says."""
    guarded = bool(contract.personal_columns) or partnership.partners[contract.partner].kind == "health"
    if table is not None:
        return holds_identifiers(table, contract, caller.folder, guarded=guarded)
    return (text_holds(Content(caller.path), caller.facts) if guarded else []), None


def _what_was_found(found: Sequence[Found], match: HeaderMatch | None, agreement: Agreement) -> str:
    """The sentence for the officer. A header is named only where the file has some agreed header."""
    said = []
    for what in dict.fromkeys(one.what for one in found):
        places = [one.place for one in found if one.what == what]
        named = (
            [match.headers[place] for place in places if place is not None] if match and any(match.columns) else []
        )
        where = f" in the column{'s' if len(named) > 1 else ''} {listed(named)}" if named else ""
        said.append(f"{what}{where}")
    return (
        f"The file holds {', and '.join(said)}, which the agreement {agreement.id} does not allow us to receive."
    )


def _without(found: Sequence[Found]) -> str:
    if {one.what for one in found} == {POSTCODES}:
        return "Cut each postcode to its first half, such as W12, or leave it out, and send the extract again."
    return "Send the extract again without them. If they are none, the exchange's contact will help."


def listed(headers: Sequence[str]) -> str:
    """Headers as a sentence shows them: the first eight, each on one line and cut to sixty characters.

    Only of a file that has some agreed header: one that has none may begin with a row, and its values stay unsaid.
    """
    texts = ["".join(each if each.isprintable() else " " for each in header) for header in headers[:8]]
    shown = [f"'{text}'" if len(text) <= 60 else f"'{text[:57]}...'" for text in texts]
    more = f" and {len(headers) - 8} more" if len(headers) > 8 else ""
    return ", ".join(shown) + more


def _not_agreed(match: HeaderMatch, agreement: Agreement, key: str) -> list[str]:
    """Headers of the contract's columns that this agreement leaves out."""
    return [column.header for column in match.columns if column and not agreement.allows(key, column.name)]


def _read_front(
    contract: Contract, caller: Caller
) -> tuple[Period | None, str | None, Table | None, HeaderMatch | None]:
    """The file's period, or the question about it, its table and header against the contract (None: unreadable)."""
    try:
        table = open_table(caller.path, caller.facts, contract)
        period, question = period_of_file(contract, table, caller.name, caller.declared)
    except UnreadableError as error:
        # The header itself cannot be read: the period can still stand in the manifest or the file's name.
        period, question = period_of_file(contract, None, caller.name, caller.declared)
        return period, question and f"{error.problem} {question}", None, None
    return period, question, table, contract.match_headers(table.header)


def _period_remedy(contract: Contract) -> str:
    day = date(2009, 7, 1)
    example = period_of(contract.period.kind, day).id
    return (
        f"Put the period into the file's name (such as {example}) or give it when delivering: --period {example}."
    )
