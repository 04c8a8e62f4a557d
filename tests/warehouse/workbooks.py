"""Workbooks built part by part, so that a test can make the sound ones and the hostile ones alike."""

import io
import struct
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date
from xml.sax.saxutils import escape

from warehouse.packed import column_letters

Cell = str | int | float | date | bool | None
Rows = Sequence[Sequence[Cell]]
_MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "urn:oasis:names:tc:opendocument:xmlns:"


def zipped(parts: Mapping[str, str | bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return made.getvalue()


def xlsx_parts(
    sheets: Mapping[str, Rows], *, hidden: Sequence[str] = (), from_1904: bool = False
) -> dict[str, str | bytes]:
    """The parts of an XLSX; dates are cells of number format 14."""
    listed = ""
    for n, name in enumerate(sheets, 1):
        state = ' state="hidden"' if name in hidden else ""
        listed += f'<sheet name="{escape(name)}" sheetId="{n}" r:id="r{n}"{state}/>'
    relations = "".join(
        f'<Relationship Id="r{n}" Type="{_RELATIONS}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n in range(1, len(sheets) + 1)
    )
    styles = f'<Relationship Id="r0" Type="{_RELATIONS}/styles" Target="styles.xml"/>'
    system = '<workbookPr date1904="1"/>' if from_1904 else ""
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}"><Relationship Id="r1" Type="{_RELATIONS}/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook {_MAIN} xmlns:r="{_RELATIONS}">{system}<sheets>{listed}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}">{styles}{relations}</Relationships>',
        "xl/styles.xml": f'<styleSheet {_MAIN}><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs>'
        "</styleSheet>",
    }
    for n, rows in enumerate(sheets.values(), 1):
        parts[f"xl/worksheets/sheet{n}.xml"] = (
            f"<worksheet {_MAIN}><sheetData>{_xlsx_rows(rows, from_1904)}</sheetData></worksheet>"
        )
    return parts


def xlsx(sheets: Mapping[str, Rows], *, hidden: Sequence[str] = (), from_1904: bool = False) -> bytes:
    return zipped(xlsx_parts(sheets, hidden=hidden, from_1904=from_1904))


def _xlsx_rows(rows: Rows, from_1904: bool) -> str:
    first = date(1904, 1, 1) if from_1904 else date(1899, 12, 30)
    text = ""
    for number, row in enumerate(rows, 1):
        cells = ""
        for place, value in enumerate(row, 1):
            at = f'r="{column_letters(place)}{number}"'
            if value is None:
                continue
            if isinstance(value, str):
                cells += f'<c {at} t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'
            elif isinstance(value, bool):
                cells += f'<c {at} t="b"><v>{int(value)}</v></c>'
            elif isinstance(value, date):
                cells += f'<c {at} s="1"><v>{(value - first).days}</v></c>'
            else:
                cells += f"<c {at}><v>{value!r}</v></c>"
        text += f'<row r="{number}">{cells}</row>'
    return text


def ods(sheets: Mapping[str, Rows]) -> bytes:
    """An ODS with text, number, date and boolean cells."""
    tables = ""
    for name, rows in sheets.items():
        lines = ""
        for row in rows:
            lines += f"<table:table-row>{''.join(map(_ods_cell, row))}</table:table-row>"
        tables += f'<table:table table:name="{escape(name)}">{lines}</table:table>'
    return ods_of(ods_content(tables))


def ods_of(content: str) -> bytes:
    manifest = '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    return zipped({"mimetype": kind, "META-INF/manifest.xml": manifest, "content.xml": content})


def ods_content(tables: str) -> str:
    spaces = " ".join(f'xmlns:{name}="{_OFFICE}{name}:1.0"' for name in ("office", "table", "text"))
    return (
        f"<office:document-content {spaces}><office:body><office:spreadsheet>{tables}"
        "</office:spreadsheet></office:body></office:document-content>"
    )


def _ods_cell(value: Cell) -> str:
    if value is None:
        return "<table:table-cell/>"
    if isinstance(value, str):
        kind = 'office:value-type="string"'
    elif isinstance(value, bool):
        kind = f'office:value-type="boolean" office:boolean-value="{str(value).lower()}"'
    elif isinstance(value, date):
        kind = f'office:value-type="date" office:date-value="{value.isoformat()}"'
    else:
        kind = f'office:value-type="float" office:value="{value!r}"'
    return f"<table:table-cell {kind}><text:p>{escape(str(value))}</text:p></table:table-cell>"


def compound(streams: Mapping[str, bytes]) -> bytes:
    """An OLE compound file of these streams (each at least 4,096 bytes once padded), as [MS-CFB] lays it out."""
    padded = {name: data.ljust(-(-max(len(data), 4096) // 512) * 512, b"\0") for name, data in streams.items()}
    free, end = 0xFFFFFFFF, 0xFFFFFFFE
    table, entries, body, sector = [0xFFFFFFFD], [], b"", 2
    for place, (name, data) in enumerate(padded.items(), 1):
        sectors = len(data) // 512
        right = place + 1 if place < len(padded) else free
        entries.append(_entry(name, 2, free, right, free, sector, len(data)))
        body += data
        sector += sectors
    directory = [_entry("Root Entry", 5, free, free, 1, end, 0), *entries]
    directory += [bytes(128)] * (-len(directory) % 4)
    assert len(directory) == 4, "one directory sector"
    table += [end]
    at = 2
    for data in padded.values():
        sectors = len(data) // 512
        table += [*range(at + 1, at + sectors), end]
        at += sectors
    table += [free] * (128 - len(table))
    header = (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    )
    header += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, end, 0, end, 0) + struct.pack("<109I", 0, *[free] * 108)
    return header + struct.pack("<128I", *table) + b"".join(directory) + body


def _entry(name: str, kind: int, left: int, right: int, child: int, start: int, size: int) -> bytes:
    text = (name + "\0").encode("utf-16-le")
    head = text.ljust(64, b"\0") + struct.pack("<HBBIII", len(text), kind, 1, left, right, child)
    return head + bytes(36) + struct.pack("<IQ", start, size)


def xls(rows: Rows, sheet: str = "Sheet1") -> bytes:
    """A BIFF8 workbook of one sheet with text and number cells."""

    def record(kind: int, data: bytes = b"") -> bytes:
        return struct.pack("<HH", kind, len(data)) + data

    begin = struct.pack("<HHHHII", 0x0600, 0x0005, 0x0DBB, 0x07CC, 0, 6)
    cells = b""
    for row, values in enumerate(rows):
        for place, value in enumerate(values):
            if isinstance(value, str):
                text = value.encode("utf-16-le")
                cells += record(0x0204, struct.pack("<HHHHB", row, place, 0, len(value), 1) + text)
            elif isinstance(value, int | float):
                cells += record(0x0203, struct.pack("<HHHd", row, place, 0, value))
    name = sheet.encode("utf-16-le")
    start = len(record(0x0809, begin)) + 4 + 8 + len(name) + 4
    globals_ = record(0x0809, begin)
    globals_ += record(0x0085, struct.pack("<IBBBB", start, 0, 0, len(sheet), 1) + name) + record(0x000A)
    sheet_begin = struct.pack("<HHHHII", 0x0600, 0x0010, 0x0DBB, 0x07CC, 0, 6)
    return compound({"Workbook": globals_ + record(0x0809, sheet_begin) + cells + record(0x000A)})
