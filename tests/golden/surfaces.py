"""The headline figures of a layer as each surface of a release tells them: database, tables, sheets, page, paper."""

import html
import re
import zipfile
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import duckdb
import openpyxl
import pypdf

from reports import words
from warehouse.release import audience_folder

__all__ = ["audience_folder"]

TABLE, TEXT, OFFICE = (
    f"{{urn:oasis:names:tc:opendocument:xmlns:{name}:1.0}}" for name in ("table", "text", "office")
)
NUMBER = re.compile(r'<a class="number" href="#(explain-[^"]+)">(.*?)<span class="hidden">', re.DOTALL)
PART = re.compile(
    r'<a class="number part" href="#explain-([^"]+)">(.*?)<span class="hidden">, (.*?): how it was made</span>',
    re.DOTALL,
)
NEWEST = """
    SELECT figure.indicator, figure.name, area_name, about.unit, about.decimals, figure.value, figure.ytd,
        figure.ytd_target, figure.suppressed, figure.status
    FROM {source} AS figure
    JOIN reference.indicator AS about USING (framework, indicator)
    WHERE framework = 'laa-2008-11' AND figure.period_end <= DATE '2009-09-30'
        AND {which} AND breakdown = 'all' AND category = 'all'
    QUALIFY row_number() OVER (PARTITION BY indicator, area_code ORDER BY figure.period_end DESC) = 1
    ORDER BY indicator, area_name
"""
WHOLE = "area_code = (SELECT area_code FROM reference.partnership)"


@dataclass(frozen=True)
class Stated:
    """A headline as the published tables state it, not rounded."""

    indicator: str
    name: str
    area: str
    unit: str
    decimals: int
    value: float | None
    ytd: float | None
    ytd_target: float | None
    suppressed: bool
    status: str

    @property
    def judged(self) -> float | None:
        to_date = self.ytd is not None and self.ytd_target is not None
        return self.ytd if to_date else self.value

    @property
    def why_not(self) -> str:
        if self.suppressed:
            return "[c]"
        return "not received" if self.status == "missing" else "[x]"

    def in_words(self, value: float | None) -> str:
        return self.why_not if value is None else words.amount(value, self.unit, self.decimals)

    def in_a_cell(self, value: float | None) -> float | str:
        if value is None:
            return "[c]" if self.suppressed else "[x]"
        rounded = words.rounded(value, self.decimals)
        return "[low]" if value and not rounded else float(rounded)


def of_database(path: Path, layer: str, which: str = WHOLE) -> list[Stated]:
    """What the published database says of a layer's figures: an operational layer's are its own."""
    with duckdb.connect(path, read_only=True) as reader:
        newest = NEWEST.format(source="performance.indicator", which=which)
        found = [Stated(*row) for row in reader.execute(newest).fetchall()]
        own = reader.execute(
            "SELECT indicator FROM reference.indicator, performance.layer AS seen "
            "WHERE seen.layer = ? AND (seen.role <> 'operational' OR reference.indicator.layer = seen.layer)",
            [layer],
        ).fetchall()
    return [each for each in found if (each.indicator,) in own]


def of_table(path: Path, database: Path) -> list[Stated]:
    with duckdb.connect(database, read_only=True) as reader:
        return [Stated(*row) for row in reader.execute(NEWEST.format(source=f"'{path}'", which=WHOLE)).fetchall()]


def of_excel(path: Path) -> dict[str, dict[str, Any]]:
    sheet = openpyxl.load_workbook(path)["Indicators"]
    return by_name([list(row) for row in sheet.iter_rows(values_only=True)])


def of_open_document(path: Path) -> dict[str, dict[str, Any]]:
    with zipfile.ZipFile(path) as parts:
        root = ElementTree.fromstring(parts.read("content.xml"))
    (sheet,) = [each for each in root.iter(TABLE + "table") if each.attrib[TABLE + "name"] == "Indicators"]
    return by_name(
        [[typed(cell) for cell in row.iter(TABLE + "table-cell")] for row in sheet.iter(TABLE + "table-row")]
    )


def typed(cell: ElementTree.Element) -> Any:
    said = cell.attrib.get(OFFICE + "value")
    return "".join(cell.itertext()) if said is None else float(Decimal(said))


def by_name(rows: list[list[Any]]) -> dict[str, dict[str, Any]]:
    """The rows of the sheet by indicator, below the row that has the headings."""
    at = next(place for place, row in enumerate(rows) if "Indicator" in row and "This period" in row)
    cells = [dict(zip(rows[at], row, strict=True)) for row in rows[at + 1 :]]
    return {row["Indicator"]: row for row in cells}


def of_page(path: Path) -> dict[str, set[str]]:
    """Every number of the page that leads to an explanation, by that explanation."""
    found: dict[str, set[str]] = defaultdict(set)
    for anchor, said in NUMBER.findall(path.read_text(encoding="utf-8")):
        found[anchor].add(bare(said))
    return found


def bare(said: str) -> str:
    """A number as it is read, without its flags."""
    return re.sub(r"<[^>]+>", "", re.sub(r'<abbr class="flag".*?</abbr>', "", said)).strip()


def parts_of_page(path: Path) -> dict[tuple[str, str], str]:
    """What the page says of each part of an indicator, by the explanation it leads to and the part's name."""
    found = PART.findall(path.read_text(encoding="utf-8"))
    return {(anchor, html.unescape(label)): bare(said) for anchor, said, label in found}


def of_paper(path: Path) -> str:
    return squeezed("".join(page.extract_text() for page in pypdf.PdfReader(path).pages))


def squeezed(text: str) -> str:
    """Text without its spaces: a paper breaks its lines where it likes."""
    return re.sub(r"\s+", "", text)
