"""The same workbook as an OpenDocument spreadsheet (.ods, ISO/IEC 26300), written plainly: a zip of five small parts.

The libraries for it are either unmaintained or bring an office suite's whole model; a table of texts and numbers
needs neither. Cells are typed, so nothing in them is ever a formula or a link.
"""

import io
import zipfile
from collections.abc import Iterable, Sequence
from xml.sax.saxutils import escape, quoteattr

from reports.sheets import Cell, Table, Workbook

MEDIA_TYPE = "application/vnd.oasis.opendocument.spreadsheet"
MOMENT = (2009, 4, 1, 0, 0, 0)  # of every part: the same content gives the same bytes
NAMESPACES = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for prefix, name in (
        ("office", "office"), ("style", "style"), ("text", "text"), ("table", "table"), ("meta", "meta"),
        ("fo", "xsl-fo-compatible"),
    )
) + ' xmlns:dc="http://purl.org/dc/elements/1.1/"'  # fmt: skip
STYLES = f"""<?xml version="1.0" encoding="UTF-8"?>
<office:document-styles {NAMESPACES} office:version="1.3"><office:styles>
<style:default-style style:family="table-cell"><style:text-properties fo:font-family="Arial" fo:font-size="12pt" \
fo:language="en" fo:country="GB"/></style:default-style>
<style:style style:name="Default" style:family="table-cell"/>
<style:style style:name="Heading_20_1" style:display-name="Heading 1" style:family="table-cell" \
style:parent-style-name="Default"><style:text-properties fo:font-size="16pt" fo:font-weight="bold"/></style:style>
<style:style style:name="Heading_20_2" style:display-name="Heading 2" style:family="table-cell" \
style:parent-style-name="Default"><style:text-properties fo:font-size="14pt" fo:font-weight="bold"/></style:style>
<style:style style:name="Column_20_heading" style:display-name="Column heading" style:family="table-cell" \
style:parent-style-name="Default"><style:table-cell-properties fo:wrap-option="wrap" style:vertical-align="bottom" \
fo:border-bottom="1pt solid #000000"/><style:text-properties fo:font-weight="bold"/></style:style>
<style:style style:name="Text" style:family="table-cell" style:parent-style-name="Default">\
<style:table-cell-properties fo:wrap-option="wrap" style:vertical-align="top"/></style:style>
</office:styles></office:document-styles>"""
MANIFEST = f"""<?xml version="1.0" encoding="UTF-8"?>
<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" manifest:version="1.3">
<manifest:file-entry manifest:full-path="/" manifest:version="1.3" manifest:media-type="{MEDIA_TYPE}"/>
<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>
<manifest:file-entry manifest:full-path="styles.xml" manifest:media-type="text/xml"/>
<manifest:file-entry manifest:full-path="meta.xml" manifest:media-type="text/xml"/>
</manifest:manifest>"""
NARROW, WIDE, WIDEST = 3.0, 9.0, 16.0  # centimetres
LONG, LONGEST = 24, 60  # letters from which a column is wide, and widest


def opendocument(book: Workbook) -> bytes:
    """The workbook as .ods. The same content gives the same bytes."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        # The media type comes first and is not compressed, so that it can be told from the first bytes.
        made.writestr(zipfile.ZipInfo("mimetype", MOMENT), MEDIA_TYPE)
        for name, text in (
            ("META-INF/manifest.xml", MANIFEST),
            ("meta.xml", about(book)),
            ("styles.xml", STYLES),
            ("content.xml", content(book)),
        ):
            part = zipfile.ZipInfo(name, MOMENT)
            part.compress_type = zipfile.ZIP_DEFLATED
            made.writestr(part, text)
    return file.getvalue()


def about(book: Workbook) -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<office:document-meta {NAMESPACES} office:version="1.3"><office:meta>'
        f"<dc:title>{escape(book.title)}</dc:title><dc:language>en-GB</dc:language></office:meta></office:document-meta>"
    )


def content(book: Workbook) -> str:
    notes = Table("Notes", "Notes", "What shorthand and columns mean.", ("Note", "Meaning"), book.notes)
    sheets = (notes, *book.tables)
    listed = Table(
        "Contents",
        "Contents",
        "One row for each worksheet of this workbook.",
        ("Worksheet", "What it holds"),
        tuple((table.name, table.title) for table in sheets),
    )
    pages = [cover(book), *(sheet(table) for table in (listed, *sheets))]
    ranges = "".join(marked(place, table) for place, table in enumerate((listed, *sheets), start=1))
    columns = "".join(
        f'<style:style style:name="co{width:.0f}" style:family="table-column">'
        f'<style:table-column-properties style:column-width="{width}cm"/></style:style>'
        for width in (NARROW, WIDE, WIDEST)
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<office:document-content {NAMESPACES} office:version="1.3">'
        f"<office:automatic-styles>{columns}</office:automatic-styles><office:body><office:spreadsheet>"
        f"{''.join(pages)}<table:database-ranges>{ranges}</table:database-ranges>"
        "</office:spreadsheet></office:body></office:document-content>"
    )


def cover(book: Workbook) -> str:
    lines = [
        *[(book.title, "Heading_20_1"), ("Introductory information", "Heading_20_2")],
        *((text, "Text") for text in book.introduction),
        *[("About these data", "Heading_20_2")],
        *((text, "Text") for text in book.about),
    ]
    return framed("Cover", [WIDEST], "".join(line([text], style) for text, style in lines))


def sheet(table: Table) -> str:
    heading = line([table.title], "Heading_20_1") + line([table.note or table.title], "Default")
    heads = f"<table:table-header-rows>{line(table.headings, 'Column_20_heading')}</table:table-header-rows>"
    return framed(
        table.name, widths(table), heading + heads + "".join(line(cells, "Text") for cells in table.rows)
    )


def framed(name: str, columns: Sequence[float], rows: str) -> str:
    drawn = "".join(f'<table:table-column table:style-name="co{width:.0f}"/>' for width in columns)
    return f"<table:table table:name={quoteattr(name)}>{drawn}{rows}</table:table>"


def widths(table: Table) -> list[float]:
    longest = [
        max((len(str(cells[place])) for cells in table.rows), default=0) for place in range(len(table.headings))
    ]
    return [NARROW if length < LONG else WIDE if length < LONGEST else WIDEST for length in longest]


def line(cells: Iterable[Cell], style: str) -> str:
    return f"<table:table-row>{''.join(cell(value, style) for value in cells)}</table:table-row>"


def cell(value: Cell, style: str) -> str:
    if isinstance(value, str):
        typed = 'office:value-type="string"'
    else:
        typed = f'office:value-type="float" office:value="{value!r}"'
    text = f"<text:p>{escape(str(value))}</text:p>"
    return f'<table:table-cell table:style-name="{style}" {typed}>{text}</table:table-cell>'


def marked(place: int, table: Table) -> str:
    """The table as a named range with its headings: what a screen reader and a filter go by."""
    last = f"{letters(len(table.headings))}{len(table.rows) + 3}"
    target = f"'{table.name}'.A3:'{table.name}'.{last}"
    return (
        f'<table:database-range table:name="table_{place}" table:target-range-address={quoteattr(target)} '
        'table:contains-header="true" table:display-filter-buttons="true"/>'
    )


def letters(place: int) -> str:
    """The name of a column by its place from 1: A, Z, AA."""
    name = ""
    while place:
        place, left = divmod(place - 1, 26)
        name = chr(ord("A") + left) + name
    return name
