"""The strict reader: what a partner's file says, exactly, or a plain sentence about why it cannot be read.

Nothing is guessed and nothing shifts. Text arrives as text; types come later, from the contract. A line with
too few or too many fields is set aside with its number; a quotation mark that never closes refuses the file,
because every line after it would be swallowed.
"""

import codecs
import csv
import hashlib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from warehouse.connection import Connection, literal

BLOCK = 1 << 20
MAXIMUM_LINE = 2_000_000  # bytes; the longest published line here is under 2 KB
NO_TEXT = (
    "The file is not a CSV text file.",
    "Save the extract as 'CSV UTF-8 (comma delimited)' and send it again.",
)


class UnreadableError(Exception):
    """A file that cannot be read as the table it should be. Carries no value of the file.

    Attributes: ``problem`` (what is wrong, and on which line), ``remedy`` (what to do next).
    """

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.remedy = remedy


@dataclass(frozen=True)
class FileFacts:
    """What one pass over the bytes tells: fingerprint, size in bytes, and how the text is written."""

    sha256: str
    size: int
    encoding: str  # 'utf-8', 'utf-8-sig', 'cp1252', 'utf-16' or 'binary'
    line_ending: str  # 'lf', 'crlf', 'cr', 'mixed' or 'none'
    quotes: int

    @property
    def plain(self) -> bool:
        """True when DuckDB reads the bytes as they are, without a rewritten copy."""
        return self.encoding in {"utf-8", "utf-8-sig"} and self.line_ending in {"lf", "crlf", "none"}


def inspect(path: Path) -> FileFacts:
    """Read a file once: sha256, size, encoding, line endings, number of quotation marks."""
    digest = hashlib.sha256()
    decoder = codecs.getincrementaldecoder("utf-8")()
    utf8, cp1252, nul = True, True, False
    size = quotes = crlf = newlines = returns = 0
    first, last_was_return = b"", False
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            first = first or block[:4]
            digest.update(block)
            size += len(block)
            if utf8:
                try:
                    decoder.decode(block)
                except UnicodeDecodeError:
                    utf8 = False
            nul = nul or b"\x00" in block
            cp1252 = cp1252 and not block.translate(None, _CP1252_DEFINED)
            quotes += block.count(b'"')
            newlines += block.count(b"\n")
            if b"\r" in block or last_was_return:
                returns += block.count(b"\r")
                crlf += block.count(b"\r\n") + (last_was_return and block.startswith(b"\n"))
            last_was_return = block.endswith(b"\r")
    if utf8:
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            utf8 = False
    return FileFacts(
        sha256=digest.hexdigest(),
        size=size,
        encoding=_encoding(first, utf8=utf8, cp1252=cp1252, nul=nul),
        line_ending=_line_ending(newlines - crlf, returns - crlf, crlf),
        quotes=quotes,
    )


_CP1252_DEFINED = bytes(set(range(256)) - {0x81, 0x8D, 0x8F, 0x90, 0x9D})


def _encoding(first: bytes, *, utf8: bool, cp1252: bool, nul: bool) -> str:
    if first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if nul:
        return "binary"
    if utf8:
        return "utf-8-sig" if first.startswith(codecs.BOM_UTF8) else "utf-8"
    return "cp1252" if cp1252 else "binary"


def _line_ending(lf: int, cr: int, crlf: int) -> str:
    kinds = [name for name, count in (("lf", lf), ("cr", cr), ("crlf", crlf)) if count]
    return "none" if not kinds else kinds[0] if len(kinds) == 1 else "mixed"


def readable_copy(path: Path, facts: FileFacts, copy: Path) -> Path:
    """Return a path DuckDB can read: the file itself, or ``copy`` rewritten as UTF-8 with LF.

    Only the encoding and the ends of records change; a line break inside a quoted value stays as it was.

    Raises:
        UnreadableError: the file is empty, no text, or holds a quotation mark that is never closed.
    """
    if facts.size == 0:
        raise UnreadableError("The file is empty.", "Send it again with its header and its rows.")
    if facts.encoding == "binary":
        raise UnreadableError(*NO_TEXT)
    readable = path
    if not facts.plain:
        try:
            with path.open("r", encoding=facts.encoding, newline="") as source, copy.open("wb") as target:
                target.writelines(_rewritten(source))
        except UnicodeError:
            raise UnreadableError(*NO_TEXT) from None
        readable = copy
    if facts.quotes % 2:
        _refuse_unclosed_quote(readable)
    return readable


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


def _refuse_unclosed_quote(path: Path) -> None:
    """An odd number of quotation marks: find the record that opens one and never closes it.

    A mark inside an unquoted value (5" pipe) is no fault and passes.
    """
    csv.field_size_limit(MAXIMUM_LINE)
    with path.open("r", encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, strict=True)
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


def read_header(path: Path, facts: FileFacts) -> list[str]:
    """The first record's fields, exactly as written.

    Raises:
        UnreadableError: there is no header, or it is written with another separator than a comma.
    """
    encoding = "utf-8-sig" if facts.encoding == "utf-8" else facts.encoding
    return _first_records(path, encoding, 1)[0]


def first_record(path: Path, facts: FileFacts) -> list[str] | None:
    """The first record under the header, or None when there is none."""
    encoding = "utf-8-sig" if facts.encoding == "utf-8" else facts.encoding
    records = _first_records(path, encoding, 2)
    return records[1] if len(records) > 1 else None


def _first_records(path: Path, encoding: str, count: int) -> list[list[str]]:
    if encoding == "binary":
        raise UnreadableError(*NO_TEXT)
    try:
        with path.open("r", encoding=encoding, newline="") as file:
            head = file.read(MAXIMUM_LINE)
    except UnicodeError:
        raise UnreadableError(*NO_TEXT) from None
    records: list[list[str]] = []
    try:
        for record in csv.reader(io.StringIO(head, newline="")):
            records.append(record)
            if len(records) == count:
                break
    except csv.Error:
        raise UnreadableError("The header line cannot be read.", "Send the extract as a CSV file.") from None
    if not records or not any(field.strip() for field in records[0]):
        raise UnreadableError("The file has no header line.", "Put the column names on the first line.")
    if len(records[0]) == 1:
        for separator, name in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")):
            if separator in records[0][0]:
                raise UnreadableError(
                    f"The columns are separated by {name}, not by commas.",
                    "Save the extract as 'CSV UTF-8 (comma delimited)' and send it again.",
                )
    return records


def first_cells(path: Path, facts: FileFacts, lines: int = 5) -> list[str]:
    """The cells of the first lines, whatever separates them: all that can be said of a header that is none."""
    encoding = {"binary": "latin-1", "utf-8": "utf-8-sig"}.get(facts.encoding, facts.encoding)
    with path.open("rb") as file:
        head = file.read(65_536).decode(encoding, errors="replace")
    cells = [cell.strip(" \"'") for line in head.splitlines()[:lines] for cell in re.split(r"[,;\t|]", line)]
    return [cell for cell in cells if cell and len(cell) <= 60]


def column_values(path: Path, facts: FileFacts, position: int) -> set[str]:
    """The distinct texts of one column, by its place; lines that are too short are passed over."""
    encoding = "utf-8-sig" if facts.encoding == "utf-8" else facts.encoding
    csv.field_size_limit(MAXIMUM_LINE)
    try:
        with path.open("r", encoding=encoding, newline="") as file:
            records = csv.reader(file)
            next(records, None)
            return {record[position] for record in records if len(record) > position}
    except (csv.Error, UnicodeError):
        raise UnreadableError("The file cannot be read as CSV.", "Send the extract as a CSV file.") from None


@dataclass(frozen=True)
class Ragged:
    """A line that has too few or too many fields; ``line`` is its number in the file, header = 1."""

    line: int
    problem: str


def load(connection: Connection, path: Path, columns: list[str]) -> list[Ragged]:
    """Load a readable CSV into table ``raw``, every value text, one column per name in file order.

    Returns the lines set aside as ragged. ``raw.rowid`` counts the lines that were kept, from 0.

    Raises:
        UnreadableError: a quotation mark shifts the columns, or a line is longer than any extract has.
    """
    listed = ", ".join(f"'{literal(name)}': 'VARCHAR'" for name in columns)
    try:
        connection.execute(
            f"""
            CREATE OR REPLACE TABLE raw AS SELECT * FROM read_csv(
                '{literal(str(path))}', auto_detect = false, all_varchar = true, header = true,
                delim = ',', quote = '"', escape = '"', columns = {{{listed}}}, strict_mode = true,
                max_line_size = {MAXIMUM_LINE}, store_rejects = true, rejects_table = 'reject_errors',
                rejects_scan = 'reject_scans', rejects_limit = 0)
            """
        )
    except duckdb.Error as error:
        line = re.search(r"[Ll]ine: (\d+)", str(error))
        place = f"line {line.group(1)}" if line else "a line"
        raise UnreadableError(
            f"The text on {place} cannot be read as comma-separated values.",
            f"Look at the quotation marks on {place} and send the file again.",
        ) from None
    # csv_line and error_message quote the line itself: neither is ever read.
    rejects = connection.execute(
        "SELECT line, min(error_type::VARCHAR) FROM reject_errors GROUP BY line ORDER BY line"
    ).fetchall()
    connection.execute("DROP TABLE reject_errors; DROP TABLE reject_scans")
    for line, kind in rejects:
        if kind not in {"MISSING COLUMNS", "TOO MANY COLUMNS"}:
            raise UnreadableError(
                f"A quotation mark on line {line} breaks the columns apart.",
                f"Correct the quotation marks on line {line} and send the file again.",
            )
    words = {"MISSING COLUMNS": "too few fields", "TOO MANY COLUMNS": "too many fields"}
    return [Ragged(line, words[kind]) for line, kind in rejects]


def number_rows(connection: Connection, ragged: list[Ragged]) -> None:
    """Make view ``numbered``: table ``raw`` with ``_row``, the row's place in the file as sent, from 0."""
    if not ragged:
        connection.execute("CREATE OR REPLACE VIEW numbered AS SELECT rowid AS _row, * FROM raw")
        return
    # The i-th ragged line (its data row d) pushes every kept row from d - i on down by one.
    connection.execute("CREATE OR REPLACE TABLE ragged_shift (kept BIGINT, shift BIGINT)")
    connection.executemany(
        "INSERT INTO ragged_shift VALUES (?, ?)",
        [(row.line - 2 - place, place + 1) for place, row in enumerate(ragged)],
    )
    connection.execute(
        """
        CREATE OR REPLACE VIEW numbered AS
        SELECT kept._position + coalesce(shifted.shift, 0) AS _row, kept.* EXCLUDE (_position)
        FROM (SELECT rowid AS _position, * FROM raw) AS kept
        ASOF LEFT JOIN (SELECT kept, max(shift) AS shift FROM ragged_shift GROUP BY kept) AS shifted
            ON kept._position >= shifted.kept
        """
    )
