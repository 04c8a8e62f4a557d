"""Files made to exhaust, confuse or take over whatever opens them: each builder gives the bytes of one.

``LARGE`` is what they try to unpack to, or hold: 300 MB for ``make hostile``, a tenth of it in the test suite.
"""

import json
import os
import struct
import zipfile
from collections.abc import Callable
from io import BytesIO

from tests.warehouse.workbooks import ods_of, xlsx_parts, zipped

LARGE = int(os.environ.get("EXCHANGE_BOMB_BYTES") or 30_000_000)
HEADER = "month,stream,source,material,destination,tonnes,reject_tonnes"
ROW = "2009-04,kerbside_residual,household,residual,efw,4000.000,"
ROWS = [HEADER.split(","), ROW.split(",")]
SHEET = "xl/worksheets/sheet1.xml"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
Bomb = Callable[[], bytes]


def stored(parts: dict[str, bytes]) -> bytes:
    """A zip whose parts are not compressed."""
    made = BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return made.getvalue()


def workbook(**changed: str | bytes) -> bytes:
    """A sound XLSX with some parts put in place of its own; ``__`` stands for a slash and ``_dot_`` for a dot."""
    parts = xlsx_parts({"Data": ROWS})
    parts.update({name.replace("__", "/").replace("_dot_", "."): content for name, content in changed.items()})
    return zipped(parts)


def in_sheet(text: str, before: str = "</sheetData>") -> bytes:
    """A sound XLSX with something put into its sheet."""
    parts = xlsx_parts({"Data": ROWS})
    parts[SHEET] = str(parts[SHEET]).replace(before, text + before)
    return zipped(parts)


def with_doctype(part: str, entities: str, used: str = "") -> bytes:
    """A sound XLSX of which one part declares XML entities."""
    parts = xlsx_parts({"Data": ROWS})
    content = str(parts.get(part, "<sst><si><t>x</t></si></sst>"))
    root = content[1:].split(">")[0].split(" ")[0].rstrip("/")
    parts[part] = f"<!DOCTYPE {root} [{entities}]>" + content + (f"<!-- {used} -->" if used else "")
    return zipped(parts)


def ods(table: str, prolog: str = "") -> bytes:
    """An ODS whose first sheet is this."""
    office = "urn:oasis:names:tc:opendocument:xmlns"
    return ods_of(
        f'{prolog}<office:document-content xmlns:office="{office}:office:1.0" xmlns:table="{office}:table:1.0" '
        f'xmlns:text="{office}:text:1.0"><office:body><office:spreadsheet><table:table table:name="Data">{table}'
        "</table:table></office:spreadsheet></office:body></office:document-content>"
    )


def laughs(levels: int = 9) -> str:
    """The entities of a billion laughs."""
    return '<!ENTITY l0 "lol">' + "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, levels + 1))


def nested(levels: int) -> bytes:
    """A zip in a zip in a zip ..."""
    content = zipped({"a.csv": b"a" * LARGE})
    for level in range(levels):
        content = zipped({f"{level}.zip": content})
    return content


def overlapping() -> bytes:
    """A zip whose directory names one part a thousand times: each unpacks the same bytes again."""
    content = zipped({"xl/workbook.xml": b"a" * (LARGE // 100)})
    end = content.rindex(b"PK\x05\x06")
    start = content.index(b"PK\x01\x02")
    entry, local = content[start:end], content[:start]
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1000, 1000, len(entry) * 1000, start, 0)
    return local + entry * 1000 + tail


def lying(size: int) -> bytes:
    """A workbook whose directory, and whose part's own header, give another size for its largest part."""
    name = b"xl/sharedStrings.xml"
    content = zipped({**xlsx_parts({"D": ROWS}), name.decode(): b"a" * LARGE})
    made = bytearray(content)
    with zipfile.ZipFile(BytesIO(content)) as file:
        part = file.getinfo(name.decode())
    made[part.header_offset + 22 : part.header_offset + 26] = size.to_bytes(4, "little")
    central = made.rindex(name) - 46
    made[central + 24 : central + 28] = size.to_bytes(4, "little")
    return bytes(made)


def ole(sectors: int, loop: bool = False) -> bytes:
    """The head of an XLS with a sector table that says so many sectors, or that turns in a circle."""
    head = bytearray(512)
    head[:8] = OLE
    struct.pack_into("<HHHHH", head, 24, 0x3E, 3, 0xFFFE, 9, 6)
    struct.pack_into("<LLLLLLLLL", head, 40, 0, sectors & 0xFFFFFFFF, 0, 0, 4096, 0, 0, 0, sectors & 0xFFFFFFFF)
    table = struct.pack("<128L", *([0] * 128 if loop else [(n + 1) % 128 for n in range(128)]))
    return bytes(head) + table * 8


def deep(opening: str, closing: str, depth: int) -> bytes:
    """JSON nested so deep."""
    return (opening * depth + closing * depth).encode()


def record(**fields: object) -> bytes:
    """A JSON array of one record."""
    return json.dumps([fields]).encode()


BOMBS: dict[str, Bomb] = {
    # zip
    "zip: one large file": lambda: zipped({"a.csv": b"a" * LARGE}),
    "zip: of zeros": lambda: zipped({"a.csv": bytes(LARGE)}),
    "zip: in a zip": lambda: nested(1),
    "zip: in a zip in a zip in a zip": lambda: nested(3),
    "zip: ten thousand files": lambda: stored({f"{n}.csv": b"a" for n in range(10_000)}),
    "zip: overlapping parts": overlapping,
    "zip: two files": lambda: zipped({"a.csv": HEADER.encode(), "b.csv": HEADER.encode()}),
    "zip: nothing in it": lambda: zipped({}),
    "zip: cut in two": lambda: zipped({"a.csv": os.urandom(5000)})[:2500],
    "zip: a directory that says 4 GB": lambda: lying(0xFFFFFFF0),
    "zip: a directory that says 900 bytes": lambda: lying(900),
    "zip: a password": lambda: zipped({"a.csv": b"x"}).replace(
        b"PK\x01\x02\x14\x03\x14\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01"
    ),
    # xlsx
    "xlsx: a large cell": lambda: workbook(
        xl__sharedStrings_dot_xml=b"<sst><si><t>" + b"a" * LARGE + b"</t></si></sst>"
    ),
    "xlsx: large styles": lambda: workbook(xl__styles_dot_xml=b"<styleSheet>" + b" " * LARGE + b"</styleSheet>"),
    "xlsx: a large sheet": lambda: in_sheet(f"<!--{' ' * LARGE}-->"),
    "xlsx: a large picture": lambda: workbook(xl__media__image1_dot_png=bytes(LARGE)),
    "xlsx: six thousand parts": lambda: workbook(**{f"xl__media__{n}_dot_png": b"x" for n in range(6_000)}),
    "xlsx: a billion laughs in the strings": lambda: with_doctype("xl/sharedStrings.xml", laughs(), "&l9;"),
    "xlsx: a billion laughs in the sheet": lambda: with_doctype(SHEET, laughs(), "&l9;"),
    "xlsx: a billion laughs in the workbook": lambda: with_doctype("xl/workbook.xml", laughs(), "&l9;"),
    "xlsx: quadratic blow-up": lambda: with_doctype(SHEET, f'<!ENTITY a "{"a" * 50_000}">', "&a;" * 1000),
    "xlsx: a file of ours as entity": lambda: with_doctype(
        SHEET, '<!ENTITY x SYSTEM "file:///etc/passwd">', "&x;"
    ),
    "xlsx: an address as entity": lambda: with_doctype(SHEET, '<!ENTITY x SYSTEM "http://127.0.0.1:9/x">', "&x;"),
    "xlsx: a parameter entity": lambda: with_doctype(SHEET, '<!ENTITY % x SYSTEM "file:///etc/passwd"> %x;'),
    "xlsx: an entity in the relations": lambda: with_doctype("xl/_rels/workbook.xml.rels", laughs()),
    "xlsx: an entity in the styles": lambda: with_doctype("xl/styles.xml", laughs()),
    "xlsx: an entity in the content types": lambda: with_doctype("[Content_Types].xml", laughs()),
    "xlsx: entities in UTF-16": lambda: workbook(
        xl__sharedStrings_dot_xml=f"<!DOCTYPE sst [{laughs()}]><sst/>".encode("utf-16")
    ),
    "xlsx: the last cell there is": lambda: in_sheet('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'),
    "xlsx: a million rows of 700 columns": lambda: in_sheet(
        '<row r="1048576"><c r="ZZ1048576"><v>1</v></c></row>'
    ),
    "xlsx: a cell beyond any sheet": lambda: in_sheet('<row r="9"><c r="ZZZZ99999999"><v>1</v></c></row>'),
    "xlsx: 16,384 columns": lambda: in_sheet('<row r="3"><c r="XFD3"><v>1</v></c></row>'),
    "xlsx: macros": lambda: workbook(xl__vbaProject_dot_bin=b"x"),
    "xlsx: no sheet": lambda: workbook(xl__workbook_dot_xml="<workbook><sheets/></workbook>"),
    "xlsx: a sheet that is not there": lambda: zipped(
        {name: part for name, part in xlsx_parts({"Data": ROWS}).items() if name != SHEET}
    ),
    "xlsx: a sheet that is no XML": lambda: workbook(xl__worksheets__sheet1_dot_xml=os.urandom(5000)),
    "xlsx: cut in two": lambda: zipped(xlsx_parts({"Data": ROWS}))[:900],
    "xlsx: a string that is not there": lambda: workbook(
        xl__worksheets__sheet1_dot_xml='<worksheet><sheetData><row r="1"><c r="A1" t="s"><v>4294967295</v></c></row>'
        "</sheetData></worksheet>"
    ),
    "xlsx: four thousand million strings": lambda: workbook(
        xl__sharedStrings_dot_xml='<sst count="4294967295" uniqueCount="4294967295"/>',
        xl__worksheets__sheet1_dot_xml='<worksheet><sheetData><row r="1"><c r="A1" t="s"><v>7</v></c></row>'
        "</sheetData></worksheet>",
    ),
    "xlsx: four thousand million styles": lambda: workbook(
        xl__styles_dot_xml='<styleSheet><numFmts count="4294967295"/><cellXfs count="4294967295"/></styleSheet>'
    ),
    "xlsb": lambda: zipped({"xl/workbook.bin": b"x"}),
    "docx": lambda: zipped({"word/document.xml": b"x"}),
    "pptx": lambda: zipped({"ppt/presentation.xml": b"x"}),
    # ods
    "ods: repeated cells": lambda: ods(
        '<table:table-row table:number-rows-repeated="1048576"><table:table-cell '
        'table:number-columns-repeated="16384" office:value-type="float" office:value="1"/></table:table-row>'
    ),
    "ods: repeated columns": lambda: ods(
        '<table:table-row><table:table-cell table:number-columns-repeated="999999999" office:value-type="float" '
        'office:value="1"/></table:table-row>'
    ),
    "ods: repeated rows": lambda: ods(
        '<table:table-row table:number-rows-repeated="999999999"><table:table-cell office:value-type="float" '
        'office:value="1"/></table:table-row>'
    ),
    "ods: a billion laughs": lambda: ods("<table:table-row/>", f"<!DOCTYPE x [{laughs()}]>"),
    "ods: a large cell": lambda: ods(
        f'<table:table-row><table:table-cell office:value-type="string"><text:p>{"a" * LARGE}</text:p>'
        "</table:table-cell></table:table-row>"
    ),
    "ods: no XML": lambda: zipped(
        {"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": os.urandom(5000)}
    ),
    # xls
    "xls: four thousand million sectors": lambda: ole(0xFFFFFFFF),
    "xls: sectors in a circle": lambda: ole(1, loop=True),
    "xls: a large workbook": lambda: OLE + bytes(120) + "Workbook".encode("utf-16-le") + bytes(LARGE * 2),
    "xls: cut off": lambda: OLE + bytes(100),
    "xls: noise": lambda: OLE + os.urandom(50_000),
    # text
    "csv: one line": lambda: b"a" * LARGE,
    "csv: one cell": lambda: f"{HEADER}\n2009-04,".encode() + b"a" * LARGE + b",,,,,\n",
    "csv: one quoted cell": lambda: f'{HEADER}\n2009-04,"'.encode() + b"a\n" * (LARGE // 2) + b'",,,,,\n',
    "csv: a quote that never ends": lambda: f'{HEADER}\n"'.encode() + b"a,b\n" * (LARGE // 4),
    "csv: a million columns": lambda: b"a," * 1_000_000 + b"a\n",
    "csv: 16,384 columns": lambda: ",".join(f"c{n}" for n in range(16_384)).encode() + b"\n",
    "csv: no end of the header": lambda: HEADER.encode() + b"," * (LARGE // 2),
    "csv: zero bytes": lambda: bytes(LARGE),
    "csv: line ends alone": lambda: b"\n" * (LARGE // 10),
    "csv: quotes alone": lambda: b'"' * (LARGE // 10),
    "csv: noise": lambda: os.urandom(LARGE // 10),
    # json
    "json: deep arrays": lambda: deep("[", "]", 100_000),
    "json: deep objects": lambda: deep('{"a":', "}", 100_000),
    "json: a large text": lambda: b'[{"month": "' + b"a" * LARGE + b'"}]',
    "json: a number of a million digits": lambda: b'[{"month": ' + b"1" * 1_000_000 + b"}]",
    "json: a hundred thousand names": lambda: record(**{f"c{n}": 1 for n in range(100_000)}),
    "json: a name of its own for each record": lambda: json.dumps([{f"c{n}": 1} for n in range(20_000)]).encode(),
    "json: millions of empty records": lambda: b"[" + b"{}," * (min(LARGE, 45_000_000) // 3) + b"{}]",
    "json: cut off": lambda: b'[{"month": "2009-04"',
    "json: no records": lambda: b"[1, 2, 3]",
    # others
    "gzip": lambda: b"\x1f\x8b\x08" + bytes(100),
    "7z": lambda: b"7z\xbc\xaf\x27\x1c" + bytes(100),
    "xz": lambda: b"\xfd7zXZ\x00" + bytes(100),
    "pdf": lambda: b"%PDF-1.7\n" + os.urandom(5000),
    "png": lambda: b"\x89PNG\r\n\x1a\n" + os.urandom(5000),
    "elf": lambda: b"\x7fELF" + os.urandom(5000),
    "html": lambda: b"<html><table><tr><td>month</td></tr></table></html>",
    "rtf": lambda: b"{\\rtf1 month}",
    "empty": lambda: b"",
}
