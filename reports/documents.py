"""Every document of a publication for one layer and audience, drawn from the same figures."""

from reports.board_paper import board_paper
from reports.gathering import figures
from reports.opendocument import opendocument
from reports.page import render_page
from reports.publication import Publication
from reports.sheets import workbook
from reports.spreadsheet import spreadsheet


def documents(publication: Publication) -> dict[str, bytes]:
    """The files by name: page, board paper and both spreadsheets. The same content gives the same bytes."""
    shown = figures(publication)
    book = workbook(publication, shown)
    return {
        "index.html": render_page(publication, shown).encode(),
        "report.pdf": board_paper(publication, shown),
        "performance.xlsx": spreadsheet(book),
        "performance.ods": opendocument(book),
    }
