"""CSV as partners write it: which separator, where records end, and one strict form DuckDB reads.

Only the encoding, the separator and the ends of records ever change on the way; what stands between stays as it was.
"""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from schemas.contract import Contract
from warehouse.packed import column_letters
from warehouse.sent import BLOCK, NO_TEXT, Content, FileFacts, UnreadableError

MAXIMUM_LINE = 2_000_000  # bytes; the longest published line here is under 2 KB
SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}


@dataclass(frozen=True)
class Ragged:
    """A line that has too few or too many fields; ``line`` is its number in the file, header = 1."""

    line: int
    problem: str


@dataclass(frozen=True)
class Readable:
    """A file DuckDB reads strictly, and what is known of it.

    ``numbered``: its last column ``_place`` holds what becomes ``_row``. ``surplus``: the row numbers, header = 1, of
    records that ended in empty fields too many, which were left out.
    """

    path: Path
    folder: Path  # where a copy may be written
    separator: str = ","
    quotes: int = 0
    line_end: int = 1  # bytes
    numbered: bool = False
    ragged: list[Ragged] = field(default_factory=list)
    surplus: list[int] = field(default_factory=list)


def records(content: Content, facts: FileFacts, separator: str, count: int) -> list[list[str]]:
    """The first records of a text, exactly as written; the header is the first.

    Raises:
        UnreadableError: it is no text, or there is no header.
    """
    found: list[list[str]] = []
    try:
        for record in csv.reader(io.StringIO(_head(content, facts), newline=""), delimiter=separator):
            found.append(record)
            if len(found) == count:
                break
    except csv.Error:
        raise UnreadableError("The header line cannot be read.", "Send the extract as a CSV file.") from None
    if not found or not any(text.strip() for text in found[0]):
        raise UnreadableError("The file has no header line.", "Put the column names on the first line.")
    return found


def _head(content: Content, facts: FileFacts) -> str:
    if facts.encoding == "binary":
        raise UnreadableError(*NO_TEXT)
    try:
        with content.open() as file, io.TextIOWrapper(file, encoding=facts.codec, newline="") as text:
            return text.read(MAXIMUM_LINE)
    except UnicodeError:
        raise UnreadableError(*NO_TEXT) from None


def separator_of(content: Content, facts: FileFacts, contract: Contract) -> str:
    """The separator under which the header names the most agreed columns; a comma where none names any."""

    def agreed(separator: str) -> int:
        header = records(content, facts, separator, 1)[0]
        return sum(column is not None for column in contract.match_headers(header).columns)

    return max(SEPARATORS, key=agreed)  # of equals the first, which is the comma


def column_values(content: Content, facts: FileFacts, separator: str, position: int) -> set[str]:
    """The distinct texts of one column, by its place; lines that are too short are passed over."""
    csv.field_size_limit(MAXIMUM_LINE)
    try:
        with content.open() as file, io.TextIOWrapper(file, encoding=facts.codec, newline="") as text:
            found = csv.reader(text, delimiter=separator)
            next(found, None)
            return {record[position] for record in found if len(record) > position}
    except (csv.Error, UnicodeError):
        raise UnreadableError("The file cannot be read as CSV.", "Send the extract as a CSV file.") from None


def first_cells(content: Content, facts: FileFacts, lines: int = 5) -> list[str]:
    """The cells of the first lines, whatever separates them: all that can be said of a header that is none."""
    with content.open() as file:
        head = file.read(65_536).decode("latin-1" if facts.encoding == "binary" else facts.codec, errors="replace")
    cells = [cell.strip(" \"'") for line in head.splitlines()[:lines] for cell in re.split(r"[,;\t|]", line)]
    return [cell for cell in cells if cell and len(cell) <= 60]


def readable_text(content: Content, facts: FileFacts, separator: str, folder: Path) -> Readable:
    """The file itself where DuckDB can read it, or a copy in ``folder`` rewritten as UTF-8 with LF.

    A line break inside a quoted value stays as it was.

    Raises:
        UnreadableError: it is no text, or holds a quotation mark that is never closed.
    """
    if facts.encoding == "binary":
        raise UnreadableError(*NO_TEXT)
    if facts.plain and content.member is None:
        line_end = 2 if facts.line_ending == "crlf" else 1
        found = Readable(content.path, folder, separator, facts.quotes, line_end)
    else:
        quotes, copy = 0, folder / "readable.csv"
        try:
            with (
                content.open() as file,
                io.TextIOWrapper(file, encoding=facts.codec, newline="") as text,
                copy.open("wb") as target,
            ):
                for block in _rewritten(text):
                    quotes += block.count(b'"')
                    target.write(block)
        except UnicodeError:
            raise UnreadableError(*NO_TEXT) from None
        found = Readable(copy, folder, separator, quotes)
    if found.quotes % 2:
        _refuse_unclosed_quote(found)
    return found


def _rewritten(source: io.TextIOBase) -> Iterator[bytes]:
    """The text as UTF-8 blocks, CR and CRLF outside quotation marks turned to LF."""
    inside, held = False, ""
    while block := source.read(BLOCK):
        block, held = held + block, ""
        if block.endswith("\r"):  # the LF of a CRLF may open the next block
            block, held = block[:-1], "\r"
        pieces = block.split('"')
        for position in range(inside, len(pieces), 2):
            pieces[position] = pieces[position].replace("\r\n", "\n").replace("\r", "\n")
        inside ^= (len(pieces) - 1) % 2 == 1
        yield '"'.join(pieces).encode()
    if held:
        yield (held if inside else "\n").encode()


def _refuse_unclosed_quote(found: Readable) -> None:
    """An odd number of quotation marks: find the record that opens one and never closes it.

    A mark inside an unquoted value (5" pipe) is no fault and passes.
    """
    csv.field_size_limit(MAXIMUM_LINE)
    with found.path.open("r", encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, strict=True, delimiter=found.separator)
        start = 1
        try:
            for _ in reader:
                start = reader.line_num + 1
        except csv.Error:
            raise UnreadableError(
                f"A quotation mark opens on line {start} and is never closed, so the lines after it cannot "
                "be told apart.",
                f"Close or remove the quotation mark on line {start} and send the file again.",
            ) from None


def header_names(written: list[str]) -> list[str]:
    """A header without the empty names at its end; one that is empty in between is called by its letter."""
    while written and not written[-1].strip():
        written = written[:-1]
    return [name if name.strip() else f"column {column_letters(place)}" for place, name in enumerate(written, 1)]


def resettled(found: Readable, width: int) -> Readable:
    """The records written again one by one, each with its number: blank lines and surplus empty fields left out.

    For a file whose bytes do not add up to what was read of it. Ragged records are set aside with their number.
    """
    csv.field_size_limit(MAXIMUM_LINE)
    ragged: list[Ragged] = []
    surplus: list[int] = []
    copy = found.folder / "resettled.csv"
    with (
        found.path.open("r", encoding="utf-8-sig", newline="") as file,
        copy.open("w", encoding="utf-8", newline="") as target,
    ):
        writer = csv.writer(target, quoting=csv.QUOTE_ALL, lineterminator="\n")
        for number, record in enumerate(csv.reader(file, delimiter=found.separator), 1):
            if not record:
                continue
            if len(record) > width and not any(record[width:]):
                if number > 1:
                    surplus.append(number)
                record = record[:width]
            if len(record) != width:
                ragged.append(Ragged(number, "too few fields" if len(record) < width else "too many fields"))
                continue
            writer.writerow([*record, "_place" if number == 1 else number - 2])
    return Readable(copy, found.folder, numbered=True, ragged=ragged, surplus=surplus)


def write_numbered(header: list[str], rows: Iterator[tuple[int, list[str]]], folder: Path) -> Readable:
    """Rows of a workbook or of JSON, each with its ``_row``, in the form DuckDB reads strictly."""
    copy = folder / "readable.csv"
    with copy.open("w", encoding="utf-8", newline="") as target:
        writer = csv.writer(target, quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerow([*header, "_place"])
        writer.writerows([*row, number] for number, row in rows)
    return Readable(copy, folder, numbered=True)
