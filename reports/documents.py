"""Every document of a publication for one layer and audience, drawn from the same figures."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import pandas as pd

from reports.board_paper import board_paper
from reports.figures import Figure
from reports.gathering import figures
from reports.opendocument import opendocument
from reports.page import render_page
from reports.publication import Publication
from reports.sheets import Workbook, workbook
from reports.spreadsheet import reintroduced, spreadsheet


@dataclass(frozen=True)
class Documents:
    """What was drawn of a publication: its figures, its workbook, and the files by name."""

    publication: Publication
    shown: Sequence[Figure]
    book: Workbook
    files: dict[str, bytes]


def documents(publication: Publication, other: Documents | None = None) -> Documents:
    """Page, board paper and both spreadsheets. The same content gives the same bytes.

    `other` is what was drawn of the same layer for another audience: what is equal in both is not worked out again.
    """
    same = other is not None and all_alike(other.publication, publication)
    shown = other.shown if other is not None and same else figures(publication)
    book = workbook(publication, shown)
    if other is not None and introduced_otherwise(other.book, book):
        excel = reintroduced(other.files["performance.xlsx"], other.book, book)
    else:
        excel = spreadsheet(book)
    return Documents(
        publication,
        shown,
        book,
        {
            "index.html": render_page(publication, shown).encode(),
            "report.pdf": board_paper(publication, shown),
            "performance.xlsx": excel,
            "performance.ods": opendocument(book),
        },
    )


def introduced_otherwise(one: Workbook, other: Workbook) -> bool:
    """Whether two workbooks differ in nothing but the words of their introduction, line for line."""
    return len(one.introduction) == len(other.introduction) and (
        replace(one, introduction=other.introduction) == other
    )


def all_alike(one: Publication, other: Publication) -> bool:
    """Whether two publications say the same to two audiences."""
    pairs = (
        (getattr(one, each.name), getattr(other, each.name)) for each in fields(one) if each.name != "audience"
    )
    return all(a.equals(b) if isinstance(a, pd.DataFrame) else a == b for a, b in pairs)
