"""CSV as partners write it: which separator, where records end, and one strict form DuckDB reads.

Only the encoding, the separator and the ends of records ever change on the way; what stands between stays as it was.
"""

import csv
import io
import mmap
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from schemas.contract import Contract
from warehouse.packed import COLUMNS, column_letters
from warehouse.sent import BLOCK, NO_TEXT, Content, FileFacts, UnreadableError

MAXIMUM_LINE = 2_000_000  # bytes; the longest published line here is under 2 KB
csv.field_size_limit(
    MAXIMUM_LINE
)  # of the whole process: set once, so that no reading hangs on what came before it
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
        UnreadableError: it is no text, holds a quotation mark that is never closed, or a record without an end.
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
    if _may_hold_an_endless_record(found):
        _refuse_endless_record(found)
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


def _may_hold_an_endless_record(found: Readable) -> bool:
    """True when a whole block of the file has no line end outside quotation marks: only then is it worth reading.

    DuckDB takes fifty times a record's size in memory before it refuses one that is too long.
    """
    if found.path.stat().st_size < 2 * BLOCK:
        return False
    inside = 0
    with found.path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        for start in range(0, len(mapped) - BLOCK, BLOCK):
            if not found.quotes:
                if mapped.find(b"\n", start, start + BLOCK) < 0:
                    return True
                continue
            block = mapped[start : start + BLOCK]
            if not _ends_a_record(block, inside):
                return True
            inside ^= block.count(b'"') & 1
    return False


def _ends_a_record(block: bytes, inside: int) -> bool:
    """True when some line end of the block stands outside quotation marks; ``inside`` 1: it begins within some."""
    place, within = 0, inside
    for _ in range(64):  # nearly always the first one
        end = block.find(b"\n", place)
        if end < 0:
            return False
        within ^= block.count(b'"', place, end) & 1
        if not within:
            return True
        place = end + 1
    return any(b"\n" in piece for piece in block.split(b'"')[inside::2])


def _refuse_endless_record(found: Readable) -> None:
    with found.path.open("r", encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(_lines(file), delimiter=found.separator)
        start = 1
        try:
            for _ in reader:
                start = reader.line_num + 1
        except csv.Error:
            raise UnreadableError(
                f"What begins on line {start} is longer than any row of an extract.",
                f"Look at line {start}: a quotation mark opens that is not closed where it should be, or line ends "
                "are missing. Then send the file again.",
            ) from None


def _lines(file: io.TextIOBase) -> Iterator[str]:
    """Lines of at most ``MAXIMUM_LINE`` characters; raises csv.Error at a longer one, as the reader does at a field."""
    while line := file.readline(MAXIMUM_LINE + 1):
        if len(line) > MAXIMUM_LINE:
            raise csv.Error
        yield line


def header_names(written: list[str]) -> list[str]:
    """A header without the empty names at its end; one that is empty in between is called by its letter.

    Raises:
        UnreadableError: it has more columns than any extract.
    """
    width = max((place for place, name in enumerate(written, 1) if name.strip()), default=0)
    if width > COLUMNS:
        raise UnreadableError(
            f"The first line has {width:,} columns; at most {COLUMNS:,} are read.",
            "Put the agreed column names on the first line and send the file again.",
        )
    return [
        name if name.strip() else f"column {column_letters(place)}"
        for place, name in enumerate(written[:width], 1)
    ]


def resettled(found: Readable, width: int) -> Readable:
    """The records written again one by one, each with its number: blank lines and surplus empty fields left out.

    For a file whose bytes do not add up to what was read of it. Ragged records are set aside with their number.
    """
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
