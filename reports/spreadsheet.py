"""The accessible spreadsheet: gptables' cover, contents and notes, then one marked-up table a sheet."""

import io
import warnings
from datetime import datetime
from xml.sax.saxutils import escape
from zipfile import ZipFile

import gptables
import pandas as pd

from reports.sheets import Table, Workbook

# Written as text, whatever it looks like: a formula or a link from a partner's file never runs.
INERT = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
CREATED = datetime(2009, 4, 1)  # noqa: DTZ001 - the same bytes each time; a workbook's date has no zone


def spreadsheet(book: Workbook) -> bytes:
    """The workbook as .xlsx. The same content gives the same bytes."""
    file = io.BytesIO()
    notes = Table("Notes", "Notes", "What shorthand and columns mean.", ("Note", "Meaning"), book.notes)
    sheets = {table.name: sheet(place, table) for place, table in enumerate((notes, *book.tables))}
    with warnings.catch_warnings():
        # Its own sheet of notes is for numbered notes only, and it says so when there is none.
        warnings.filterwarnings("ignore", message="No note text provided")
        warnings.filterwarnings("ignore", category=DeprecationWarning, module="gptables|pandas")
        made = gptables.produce_workbook(
            file,
            sheets,
            cover=gptables.Cover(
                title=plain(book.title),
                intro=[plain(text) for text in book.introduction],
                about=[plain(text) for text in book.about],
            ),
            workbook_options=INERT,
        )
        made.set_properties({"title": book.title, "created": CREATED})
        made.close()
    return file.getvalue()


def reintroduced(made: bytes, was: Workbook, book: Workbook) -> bytes:
    """The .xlsx of a workbook that differs from `was`, of which `made` is the .xlsx, in its introduction only.

    The same bytes as `spreadsheet` gives, in a tenth of the time.
    """
    file = io.BytesIO()
    with ZipFile(io.BytesIO(made)) as source, ZipFile(file, "w") as target:
        for part in source.infolist():
            content = source.read(part)
            if part.filename == "xl/sharedStrings.xml":
                for old, new in zip(was.introduction, book.introduction, strict=True):
                    content = content.replace(said(old), said(new))
            target.writestr(part, content)
    return file.getvalue()


def said(text: str) -> bytes:
    return f">{escape(str(plain(text)))}<".encode()


def sheet(place: int, table: Table) -> gptables.GPTable:
    frame = pd.DataFrame(
        [[plain(cell) for cell in row] for row in table.rows], columns=list(table.headings), dtype=object
    )
    return gptables.GPTable(
        frame,
        table_name=f"table_{place}",
        title=table.title,
        subtitles=[table.note] if table.note else [],
        instructions="This worksheet contains one table. Shorthand is explained in the worksheet Notes.",
        index_columns={},
    )


def plain(cell: object) -> object:
    """A text without what gptables would make a link or a note of."""
    return cell.replace("](", "] (").replace("$$", "$ $") if isinstance(cell, str) else cell
