"""The strict reader: what a partner's file says, exactly, or a plain sentence about why it cannot be read.

Nothing is guessed and nothing shifts. Text arrives as text; types come later, from the contract. A line with
too few or too many fields is set aside with its number; a quotation mark that never closes refuses the file,
because every line after it would be swallowed. A workbook, JSON or zip is brought to the same strict text first.
"""

import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from schemas.contract import Contract
from warehouse.connection import Connection, identifier, literal
from warehouse.delimited import (
    MAXIMUM_LINE,
    SEPARATORS,
    Ragged,
    Readable,
    column_values,
    first_cells,
    header_names,
    readable_text,
    records,
    resettled,
    separator_of,
    write_numbered,
)
from warehouse.packed import column_letters, kind_in_zip
from warehouse.sent import Content, FileFacts, UnreadableError, inspect, inspect_content, kind_of

if TYPE_CHECKING:
    from warehouse.workbook import Sheet

__all__ = [
    "FileFacts",
    "Origin",
    "Ragged",
    "Readable",
    "Table",
    "UnreadableError",
    "first_lines",
    "inspect",
    "load",
    "number_rows",
    "open_table",
    "sheet_cells",
]


@dataclass(frozen=True)
class Origin:
    """Where a delivery's table stands in the file as sent, in a spreadsheet's own terms.

    A row's number is its ``_row`` plus ``row_offset``: for CSV and workbooks what Excel shows beside the row, for
    JSON the record's place counted from 1. ``letters`` and ``headers`` are in the file's column order.
    """

    kind: str  # csv, xlsx, xls, ods or json
    letters: tuple[str, ...]
    headers: tuple[str, ...]  # as written in the file; a merged header's parts joined by ' | '
    member: str | None = None  # the file inside a zip
    sheet: str | None = None
    header_rows: tuple[int, int] = (1, 1)  # first and last row number of the header; (0, 0) for JSON
    separator: str = ","
    notes: int = 0  # filled rows below the table that are no part of it

    @property
    def row_offset(self) -> int:
        return 1 if self.kind == "json" else 2

    def column(self, header: str) -> str:
        """The letter over a header. Raises ValueError when no column has it."""
        return self.letters[self.headers.index(header)]

    @property
    def sentence(self) -> str:
        """What was read, in words: the sheet, its header row, whether it was in a zip (its name may name somebody)."""
        where = ", from the file inside the zip" if self.member else ""
        if self.sheet is not None:
            first, last = self.header_rows
            rows = f"row {first}" if first == last else f"rows {first} to {last}"
            notes = f"; {self.notes} lines of notes below it were not read" if self.notes else ""
            return f"Read sheet '{self.sheet[:60]}' with the column names in {rows}{where}{notes}."
        if self.kind == "json":
            return f"Read a JSON array of records{where}."
        return f"Read text separated by {SEPARATORS[self.separator]}{where}."


@dataclass(frozen=True)
class Table:
    """The table in a file as sent: its origin and header; its rows are read when asked for."""

    origin: Origin
    header: list[str]
    title: str  # what stands above the header in a workbook
    elsewhere: list[str] = field(repr=False)  # the first lines' cells of a workbook's other sheets
    content: Content = field(repr=False)
    facts: FileFacts = field(repr=False)
    contract: Contract = field(repr=False)
    sheet: "Sheet | None" = field(default=None, repr=False)
    records: list[list[str]] | None = field(default=None, repr=False)

    def first_record(self) -> list[str] | None:
        """The first record under the header, or None when there is none."""
        if self.origin.kind == "csv":
            found = records(self.content, self.facts, self.origin.separator, 2)
            return found[1] if len(found) > 1 else None
        return next((row for _, row in self._rows()), None)

    def column_values(self, position: int) -> set[str]:
        """The distinct texts of one column, by its place; lines that are too short are passed over."""
        if self.origin.kind == "csv":
            return column_values(self.content, self.facts, self.origin.separator, position)
        return {row[position] for _, row in self._rows()}

    def readable(self, folder: Path) -> Readable:
        """A path DuckDB reads strictly: the file itself, or a copy in ``folder``.

        Raises:
            UnreadableError: the text holds a quotation mark that is never closed.
        """
        if self.origin.kind == "csv":
            return readable_text(self.content, self.facts, self.origin.separator, folder)
        return write_numbered(self.header, self._rows(), folder)

    def _rows(self) -> Iterator[tuple[int, list[str]]]:
        """Rows of a workbook or of JSON with their number as ``_row`` counts it."""
        if self.sheet is not None:
            from warehouse.workbook import as_texts

            columns = self.contract.match_headers(self.header).columns
            for number, row in as_texts(self.sheet, columns):
                yield number - 2, row
        else:
            yield from enumerate(self.records or ())


def open_table(path: Path, facts: FileFacts, contract: Contract) -> Table:
    """The table that a file, whatever its format, holds for a contract.

    Raises:
        UnreadableError: the file is of a kind that is not read, unsafe to open, damaged, or has no header.
    """
    kind, content = _kind(Content(path))
    if content.member is not None:
        facts = inspect_content(content)
    if kind == "csv":
        return _text_table(content, facts, contract)
    if kind == "json":
        return _json_table(content, facts, contract)
    from warehouse.workbook import read_sheet

    sheet = read_sheet(content, kind, contract)
    letters = tuple(column_letters(place) for place in sheet.places)
    origin = Origin(
        kind, letters, tuple(sheet.header), content.member, sheet.name, sheet.header_rows, notes=sheet.notes
    )
    return Table(origin, sheet.header, sheet.title, sheet.elsewhere, content, facts, contract, sheet=sheet)


def sheet_cells(path: Path, name: str) -> list[list[Any]] | None:
    """Every cell of a workbook's sheet of that name; None when this is no workbook, or one without such a sheet."""
    try:
        kind, content = _kind(Content(path))
        if kind not in ("xlsx", "xls", "ods") or content.member is not None:
            return None
        from warehouse.workbook import named_cells

        return named_cells(content, kind, name)
    except UnreadableError:
        return None  # whatever it is, the door says what is wrong with it


def _kind(content: Content) -> tuple[str, Content]:
    """The kind of table, and where its bytes are: the file itself, or the one file in a zip."""
    kind = kind_of(content)
    if kind != "zip":
        return kind, content
    kind, inside = kind_in_zip(content)
    if kind != "packed":
        return kind, inside
    kind = kind_of(inside)
    if kind == "zip":
        kind, _ = kind_in_zip(inside)
        if kind == "packed":
            raise UnreadableError(
                "The zip file holds another zip file.", "Send the extract in one zip, or as it is."
            )
    return kind, inside


def _text_table(content: Content, facts: FileFacts, contract: Contract) -> Table:
    separator = separator_of(content, facts, contract)
    written = records(content, facts, separator, 1)[0]
    if len(written) == 1:
        for other, name in SEPARATORS.items():
            if other in written[0] and other != separator:
                raise UnreadableError(
                    f"The columns are separated by {name}, and none of them has an agreed name.",
                    "Put the agreed column names on the first line and send the file again.",
                )
    header = header_names(written)
    letters = tuple(column_letters(place) for place in range(1, len(header) + 1))
    origin = Origin("csv", letters, tuple(header), content.member, separator=separator)
    return Table(origin, header, "", [], content, facts, contract)


def _json_table(content: Content, facts: FileFacts, contract: Contract) -> Table:
    from warehouse.records import read_records

    header, rows = read_records(content, facts)
    agreed = [name for column in contract.columns for name in column.headers]
    agreed += [name for edition in contract.editions for name in edition.headers.values()]
    # What is null in every record is the empty root of an object the contract knows.
    kept = [
        place
        for place, path in enumerate(header)
        if path in agreed or not any(name.startswith(f"{path}.") for name in agreed)
    ]
    header = [header[place] for place in kept]
    if not header:
        raise UnreadableError("The JSON array holds no record.", "Send it again with its records.")
    origin = Origin("json", tuple("" for _ in header), tuple(header), content.member, header_rows=(0, 0))
    return Table(
        origin, header, "", [], content, facts, contract, records=[[row[place] for place in kept] for row in rows]
    )


def first_lines(path: Path, facts: FileFacts) -> list[str]:
    """The cells of the first lines, sheet by sheet: all that can be said of a file whose header is not known."""
    try:
        kind, content = _kind(Content(path))
        if kind in {"csv", "json"}:
            inner = facts if content.member is None else inspect_content(content)
            return first_cells(content, inner)
        from warehouse.workbook import first_lines as cells_of_sheets

        return cells_of_sheets(content, kind)
    except UnreadableError:
        return []


def load(connection: Connection, found: Readable, columns: list[str]) -> Readable:
    """Load a readable CSV into table ``raw``, every value text, one column per name in file order.

    Returns what was read: as handed in, or settled anew, with the lines set aside as ragged. ``raw.rowid`` counts
    the lines that were kept, from 0.

    Raises:
        UnreadableError: a quotation mark shifts the columns, or a line is longer than any extract has.
    """
    if found.numbered:
        _read_csv(connection, found, [*columns, "_place"])
        connection.execute("DROP TABLE reject_errors; DROP TABLE reject_scans")
        return found
    _read_csv(connection, found, columns)
    added_up = _bytes_add_up(connection, found, columns)
    # csv_line and error_message quote the line itself: neither is ever read, only measured.
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
    if not added_up:
        return load(connection, resettled(found, len(columns)), columns)
    words = {"MISSING COLUMNS": "too few fields", "TOO MANY COLUMNS": "too many fields"}
    return replace(found, ragged=[Ragged(line, words[kind]) for line, kind in rejects])


def _read_csv(connection: Connection, found: Readable, columns: list[str]) -> None:
    listed = ", ".join(f"'{literal(name)}': 'VARCHAR'" for name in columns)
    try:
        connection.execute(
            f"""
            CREATE OR REPLACE TABLE raw AS SELECT * FROM read_csv(
                '{literal(str(found.path))}', auto_detect = false, all_varchar = true, header = true,
                delim = '{found.separator}', quote = '"', escape = '"', columns = {{{listed}}}, strict_mode = true,
                max_line_size = {MAXIMUM_LINE}, store_rejects = true, rejects_table = 'reject_errors',
                rejects_scan = 'reject_scans', rejects_limit = 0)
            """
        )
    except duckdb.Error as error:
        line = re.search(r"[Ll]ine: (\d+)", str(error))
        place = f"line {line.group(1)}" if line else "a line"
        raise UnreadableError(
            f"The text on {place} cannot be read as {SEPARATORS[found.separator].rstrip('s')}-separated values.",
            f"Look at the quotation marks on {place} and send the file again.",
        ) from None


def _bytes_add_up(connection: Connection, found: Readable, columns: list[str]) -> bool:
    """True when what was read, with its separators, quotation marks and line ends, is every byte of the file.

    DuckDB passes over empty fields at the end of a line, and over blank lines, without a word. Then some bytes are
    left over.
    """
    names = [identifier(name) for name in columns]
    lengths = " + ".join(f"coalesce(strlen({name}), 0)" for name in names)
    marks = (
        " + ".join(f"coalesce(strlen({name}) - strlen(replace({name}, '\"', '')), 0)" for name in names)
        if found.quotes
        else "0"
    )
    ((rows, length, inner),) = connection.execute(
        f"SELECT count(*), coalesce(sum({lengths}), 0), coalesce(sum({marks}), 0) FROM raw"
    ).fetchall()
    line = "trim(csv_line, chr(10) || chr(13))"
    ((ragged, ragged_length, ragged_marks),) = connection.execute(
        f"SELECT count(*), coalesce(sum(strlen({line})), 0), "
        f"coalesce(sum(strlen({line}) - strlen(replace({line}, '\"', ''))), 0) "
        "FROM (SELECT DISTINCT line, csv_line FROM reject_errors)"
    ).fetchall()
    header, header_marks = _header_bytes(found)
    quotes = found.quotes - header_marks - int(inner) - int(ragged_marks)
    read = header + int(length) + int(ragged_length) + quotes
    read += rows * (len(columns) - 1 + found.line_end) + ragged * found.line_end
    if not _ends_in_line_end(found.path):
        read -= found.line_end
    return bool(found.path.stat().st_size == read)


def _ends_in_line_end(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, io.SEEK_END)
        return file.read(1) == b"\n"


def _header_bytes(found: Readable) -> tuple[int, int]:
    """How many bytes the header's record has, its line end included, and how many quotation marks."""
    with found.path.open("rb") as file:
        head = b""
        while line := file.readline(MAXIMUM_LINE):  # pragma: no branch - an open quotation mark was refused before
            head += line
            if head.count(b'"') % 2 == 0:
                break
    return len(head), head.count(b'"')


def number_rows(connection: Connection, found: Readable, said: Mapping[str, str] | None = None) -> None:
    """Make view ``numbered``: table ``raw`` with ``_row``, the row's place in the file as sent, from 0.

    ``said``: values of columns that the file's name gives, the same on every row.
    """
    constants = ""
    if said:
        # A table, so that what a partner wrote never becomes part of a statement.
        named = ", ".join(f"{identifier(name)} VARCHAR" for name in said)
        connection.execute(f"CREATE OR REPLACE TABLE said ({named})")
        connection.execute(f"INSERT INTO said VALUES ({', '.join('?' for _ in said)})", list(said.values()))
        constants = "CROSS JOIN said"
    if found.numbered:
        rows = "SELECT CAST(_place AS BIGINT) AS _row, * EXCLUDE (_place) FROM raw"
    elif not found.ragged:
        rows = "SELECT rowid AS _row, * FROM raw"
    else:
        # The i-th ragged line (its data row d) pushes every kept row from d - i on down by one.
        connection.execute("CREATE OR REPLACE TABLE ragged_shift (kept BIGINT, shift BIGINT)")
        connection.executemany(
            "INSERT INTO ragged_shift VALUES (?, ?)",
            [(row.line - 2 - place, place + 1) for place, row in enumerate(found.ragged)],
        )
        rows = """
            SELECT kept._position + coalesce(shifted.shift, 0) AS _row, kept.* EXCLUDE (_position)
            FROM (SELECT rowid AS _position, * FROM raw) AS kept
            ASOF LEFT JOIN (SELECT kept, max(shift) AS shift FROM ragged_shift GROUP BY kept) AS shifted
                ON kept._position >= shifted.kept
            """
    connection.execute(f"CREATE OR REPLACE VIEW numbered AS SELECT * FROM ({rows}) {constants}")
