"""What a zip holds, looked at before any library opens it: a workbook, one packed file, or something to refuse.

A small zip can unpack to more than a machine has. Its directory says how large each part is, and reading each part
through proves that the directory tells the truth; nothing else touches a workbook before that.
"""

import re
import zipfile
from collections.abc import Iterator

from warehouse.sent import MACROS, PASSWORD, SEND_WORKBOOK, Content, UnreadableError

WORKBOOK_LIMIT = 100_000_000  # bytes unpacked; a sheet of 200,000 rows and 20 columns has about 60 MB
PACKED_LIMIT = 8_000_000_000  # bytes of the one file in a zip
RATIO = 250  # unpacked over packed, above RATIO_FROM bytes; tables of text reach 50
RATIO_FROM = 20_000_000
CELLS = 20_000_000  # of the rectangle a sheet spans
COLUMNS = 2_000
PARTS = 5_000
OVERLAP = 4096  # bytes; no tag or reference is longer

_TOO_LARGE = "Save the extract as 'CSV UTF-8 (comma delimited)' and send that."
_DAMAGED = UnreadableError("The file is damaged: it cannot be unpacked.", "Save it again and send it again.")
_IGNORED = re.compile(r"(^|/)(__MACOSX/|\.DS_Store$|Thumbs\.db$)")
_COUNT = re.compile(rb'<[^<>]*\b(?:uniqueC|c)ount="([0-9]{1,20})"')
_CELL = re.compile(rb'<(?:\w+:)?c\b[^>]*?\br="([A-Z]{1,4})([0-9]{1,8})"')
_ODS_TAG = re.compile(
    rb"<(table:table|table:table-row|table:table-cell|table:covered-table-cell|/table:table-row)(?=[ />])([^>]*)>"
)
_REPEATED = re.compile(rb'table:number-(?:rows|columns)-repeated="([0-9]{1,9})"')


def kind_in_zip(content: Content) -> tuple[str, Content]:
    """The workbook this zip is (xlsx, ods), or 'packed' and the one file it holds.

    Raises:
        UnreadableError: encrypted, damaged, too large when unpacked, with macros, of another kind, or many files.
    """
    try:
        with content.open() as sent, zipfile.ZipFile(sent) as file:
            parts = [part for part in file.infolist() if not part.is_dir()]
    except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError, OSError):
        raise _DAMAGED from None
    names = {part.filename for part in parts}
    workbook = _workbook(names, content)
    if any(part.flag_bits & 1 for part in parts):
        raise UnreadableError(
            "The zip file is protected by a password, so it cannot be opened.",
            "Make it again without a password and send it; the way it travels is protected.",
        )
    if workbook is not None:
        _within(parts, WORKBOOK_LIMIT, "workbook")
        _look_through(content, parts, workbook)
        return workbook, content
    files = [part for part in parts if not _IGNORED.search(part.filename)]
    if len(files) != 1:
        count = f"{len(files):,} files" if files else "no file"
        raise UnreadableError(
            f"The zip file holds {count}; it must hold exactly one.", "Send each extract in a zip of its own."
        )
    _within(files, PACKED_LIMIT, "zip file")
    return "packed", Content(content.path, files[0].filename)


def _workbook(names: set[str], content: Content) -> str | None:
    """xlsx or ods when the parts are a workbook's; None when this is some other zip."""
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise UnreadableError(*MACROS)
    if "xl/workbook.bin" in names:
        raise UnreadableError(
            "The file is a binary workbook (.xlsb), which is not read.",
            "Save it as an Excel workbook (.xlsx) and send that.",
        )
    if "xl/workbook.xml" in names:
        return "xlsx"
    if any(name.startswith("word/") for name in names):
        raise UnreadableError("The file is a Word document, not a table.", SEND_WORKBOOK)
    if any(name.startswith("ppt/") for name in names):
        raise UnreadableError("The file is a presentation, not a table.", SEND_WORKBOOK)
    if {"mimetype", "content.xml"} <= names:
        with content.open() as sent, zipfile.ZipFile(sent) as file:
            said = file.open("mimetype").read(200)
            manifest = (
                file.open("META-INF/manifest.xml").read(1 << 20) if "META-INF/manifest.xml" in names else b""
            )
        if b"encryption-data" in manifest:
            raise UnreadableError(*PASSWORD)
        if b"opendocument.spreadsheet" in said:
            return "ods"
        raise UnreadableError("The file is an OpenDocument text or drawing, not a table.", SEND_WORKBOOK)
    return None


def _within(parts: list[zipfile.ZipInfo], limit: int, what: str) -> None:
    """Refuse by what the directory declares, before a byte is unpacked."""
    unpacked = sum(part.file_size for part in parts)
    packed = sum(part.compress_size for part in parts)
    if unpacked > limit or len(parts) > PARTS:
        size = f"{unpacked / 1e6:,.0f} MB" if unpacked > limit else f"{len(parts):,} parts"
        raise UnreadableError(f"The {what} unpacks to {size}, more than is taken in.", _TOO_LARGE)
    if unpacked > RATIO_FROM and unpacked > RATIO * max(packed, 1):
        raise UnreadableError(
            f"The {what} unpacks to {unpacked // max(packed, 1):,} times its size, as no extract does.", _TOO_LARGE
        )


def _look_through(content: Content, parts: list[zipfile.ZipInfo], kind: str) -> None:
    """Read every part once: it is as large as it says, no XML declares entities, no sheet spans too many cells."""
    try:
        with content.open() as sent, zipfile.ZipFile(sent) as file:
            for part in parts:
                _look_at(file, part, kind)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, ValueError, RuntimeError):
        raise _DAMAGED from None
    except Exception as error:
        if isinstance(error, UnreadableError):
            raise
        raise _DAMAGED from None  # zlib.error and its kin say nothing an officer could use


def _look_at(file: zipfile.ZipFile, part: zipfile.ZipInfo, kind: str) -> None:
    name = part.filename.lower()
    is_xml = name.endswith((".xml", ".rels"))
    if name.startswith("xl/worksheets/") and is_xml and kind == "xlsx":
        _refuse_wide_sheet(_spanned_by_references(_texts(file, part, is_xml)))
    elif name == "content.xml" and kind == "ods":
        _refuse_wide_sheet(_spanned_by_repeats(_texts(file, part, is_xml)))
    else:
        for place, text in enumerate(_texts(file, part, is_xml)):
            if is_xml and place == 0:
                _refuse_lying_count(text, part.file_size)


def _texts(file: zipfile.ZipFile, part: zipfile.ZipInfo, is_xml: bool) -> Iterator[bytes]:
    """A part's bytes in blocks that overlap, so that what is looked for is never cut in two."""
    kept = b""
    with file.open(part) as stream:
        while block := stream.read(1 << 20):
            text = kept + block
            if is_xml and (b"<!DOCTYPE" in text or b"<!ENTITY" in text or text[:2] in {b"\xff\xfe", b"\xfe\xff"}):
                raise UnreadableError(
                    "The workbook declares XML entities, which no program that saves tables does.",
                    "Open it, save it again as an Excel workbook (.xlsx), and send that.",
                )
            yield text
            kept = text[-OVERLAP:]


def _refuse_lying_count(text: bytes, size: int) -> None:
    """The library takes memory for as many texts or styles as a part says it holds, before it has read one."""
    if any(int(count) > size for count in _COUNT.findall(text)):
        raise UnreadableError(
            "The workbook says it holds more entries than it has room for.",
            "Open it, save it again as an Excel workbook (.xlsx), and send that.",
        )


def _spanned_by_references(texts: Iterator[bytes]) -> tuple[int, int]:
    """Rows and columns from the corner to the farthest cell of an XLSX sheet."""
    rows, columns = 0, b""
    for text in texts:
        for letters, row in _CELL.findall(text):
            if (len(letters), letters) > (len(columns), columns):
                columns = letters
            rows = max(rows, int(row))
    return rows, column_number(columns.decode())


def _spanned_by_repeats(texts: Iterator[bytes]) -> tuple[int, int]:
    """The most rows and the most columns that any sheet of an ODS spans, up to its last filled cell."""
    most_rows = most_columns = rows = empty = width = filled = repeated = seen = 0
    for text in texts:
        for tag in _ODS_TAG.finditer(text, seen):
            name, attributes = tag[1], tag[2]
            times = int(found[1]) if (found := _REPEATED.search(attributes)) else 1
            closed = attributes.endswith(b"/")
            if name == b"table:table":
                rows = empty = 0
            elif name == b"table:table-row":
                repeated, width, filled = times, 0, 0
                empty += times if closed else 0
            elif name == b"/table:table-row":
                rows, empty = (rows + empty + repeated, 0) if filled else (rows, empty + repeated)
                most_rows, most_columns = max(most_rows, rows), max(most_columns, filled)
            else:
                width += times
                filled = width if not closed or b"office:value" in attributes else filled
        seen = max((tag.end() for tag in _ODS_TAG.finditer(text[-OVERLAP:])), default=0)
    return most_rows, most_columns


def _refuse_wide_sheet(span: tuple[int, int]) -> None:
    rows, columns = span
    if columns > COLUMNS:
        raise UnreadableError(
            f"A sheet of the workbook reaches to column {columns:,}; at most {COLUMNS:,} are read.",
            "Delete what stands far to the right of the table and send the workbook again.",
        )
    if rows * columns > CELLS:
        raise UnreadableError(
            f"A sheet of the workbook spans {rows:,} rows and {columns:,} columns, more than is taken in.",
            _TOO_LARGE,
        )


def column_number(letters: str) -> int:
    """The number of a column from its letters: A is 1, Z 26, AA 27; 0 for none."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def column_letters(number: int) -> str:
    """The letters a spreadsheet shows over a column: 1 is A, 26 Z, 27 AA."""
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
