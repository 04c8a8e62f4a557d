"""Direct identifiers by content: which columns of a file hold postcodes, NHS numbers, dates of birth or names.

A header says what a column should be, not what is in it. Asked at the door, before a byte is archived. No value
leaves here: only the places of columns and what kind of identifier was found.
"""

import codecs
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from schemas.contract import Column, Contract
from warehouse.connection import Connection, identifier, lock_down, open_staging
from warehouse.reader import Table, UnreadableError, load
from warehouse.sent import Content, FileFacts

MACROS = Path(__file__).parent / "models" / "door" / "identifying.sql"
POSTCODES, DATES = "full postcodes", "what look like dates of birth"
NAMES = "what look like names of people"
# In every column of a guarded file: what each finds, in words, by its macro.
EVERYWHERE = {
    "holds_postcode": POSTCODES,
    "holds_nhs_number": "NHS numbers",
    "holds_national_insurance_number": "National Insurance numbers",
    "holds_email_address": "e-mail addresses",
    "holds_telephone_number": "telephone numbers",
}
POSTCODE = re.compile(
    r"(?<![A-Z0-9])[A-Z]{1,2}[0-9][0-9A-Z]?[^0-9A-Z,;\t\r\n\"]{0,2}[0-9][A-Z]{2}(?![A-Z0-9])", re.IGNORECASE
)
OVERLAP = 16  # characters: longer than any postcode, so that none hides where two blocks meet


@dataclass(frozen=True)
class Found:
    """A column, by its place in the file, that holds a kind of direct identifier; None where it has no column."""

    place: int | None
    what: str


def holds_identifiers(
    table: Table, contract: Contract, folder: Path, *, guarded: bool
) -> tuple[list[Found], int | None]:
    """The columns that hold direct identifiers which the contract does not know of, and how many rows there are.

    ``guarded``: every column is looked at; otherwise only those of no agreed name. A column whose treatment is to
    pseudonymise, degrade or drop may hold what it is about to lose. A file that no table can be made of, and lines
    that fit no header, are searched as text, for postcodes. Rows are None where the table could not be read.
    """
    matched = contract.match_headers(table.header).columns
    # The partner's own records, as against what somebody has published.
    own = any(column.classification != "public" for column in contract.columns)
    asked = _questions(matched, guarded, own)
    if not asked:
        return [], None
    connection = open_staging(folder)
    try:
        readable = table.readable(folder)
        lock_down(connection, [folder], [readable.path])
        names = [f"column_{place}" for place in range(len(table.header))]
        loaded = load(connection, readable, names)
        found, rows = _ask(connection, asked)
        if loaded.ragged and guarded:
            found += text_holds(table.content, table.facts)
        return found, rows + len(loaded.ragged)
    except UnreadableError:
        return (text_holds(table.content, table.facts) if guarded else []), None
    finally:
        connection.close()


def _questions(matched: Sequence[Column | None], guarded: bool, own: bool) -> list[tuple[int, str, str]]:
    """What is asked of each column: its place, the macro, the words."""
    asked = []
    for place, column in enumerate(matched):
        if column is None or (guarded and column.treatment == "keep"):
            # The address of a surgery is published; anybody else's postcode is not.
            published = column is not None and column.classification == "public"
            asked += [
                (place, macro, what) for macro, what in EVERYWHERE.items() if what != POSTCODES or not published
            ]
            # What the partner may publish holds names of places; what nobody agreed on, or is about people, does not.
            private = guarded or own if column is None else column.classification != "public"
            if private and (column is None or column.logical_type not in {"date", "timestamp"}):
                asked.append((place, "holds_date", DATES))
            if private and (column is None or (column.logical_type == "string" and column.codelist is None)):
                asked.append((place, "holds_name", NAMES))
    return asked


def _ask(connection: Connection, asked: Sequence[tuple[int, str, str]]) -> tuple[list[Found], int]:
    """Ask all questions in one scan of table ``raw``."""
    connection.execute(MACROS.read_text(encoding="utf-8"))
    tests = ", ".join(_test(macro, identifier(f"column_{place}")) for place, macro, _ in asked)
    (rows, *answers) = connection.execute(f"SELECT count(*), {tests} FROM raw").fetchall()[0]
    return [Found(place, what) for (place, _, what), yes in zip(asked, answers, strict=True) if yes], int(rows)


def _test(macro: str, column: str) -> str:
    if macro != "holds_nhs_number":
        return f"coalesce(bool_or({macro}({column})), false)"
    # One in eleven ten-digit numbers passes by chance: a column of references is no column of NHS numbers.
    valid = f"count(*) FILTER (holds_nhs_number({column}))"
    return f"{valid} > 0 AND {valid} * 2 >= count(nhs_digits({column}))"


def text_holds(content: Content, facts: FileFacts) -> list[Found]:
    """Full postcodes anywhere in a file that is read as text, whatever its shape."""
    if facts.encoding == "binary":
        return []
    decoder = codecs.getincrementaldecoder(facts.codec)(errors="replace")
    kept = ""
    for block in content.blocks():
        text = kept + decoder.decode(block)
        if POSTCODE.search(text):
            return [Found(None, POSTCODES)]
        kept = text[-OVERLAP:]
    return []
