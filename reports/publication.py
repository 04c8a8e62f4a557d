"""What a page is made from: one publication, for one layer, as frames that are already past disclosure control."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pandas as pd

from reports.words import as_number
from schemas.outlines import Outlines

Record = dict[str, Any]

STATUSES = ("provisional", "ready", "final")
ROLES = ("strategic", "executive", "operational")
NEEDED = {
    "indicators": (
        "period period_start period_end priority indicator name layer lead_partner unit polarity area_code "
        "area_name breakdown category numerator denominator value lower upper baseline target ytd ytd_target rag "
        "direction_short direction_long forecast data_quality provisional suppressed status commentary"
    ),
    "comparators": "period period_end indicator area_code area_name value",
    "priorities": "priority name order",
    "data_quality": "partner dataset period state decision rows_received sentence",
    "due": "partner dataset period due_on state",
    "actions": "",
    "provenance": "",
    "breaks": "indicator starts reason",
    "escalations": "",
    "spend": "",
    "priority_spend": "",
    "reward": "",
    "left_out": "",
}


@dataclass(frozen=True)
class Publication:
    """One layer's publication of a framework for a period.

    The frames have the columns of the published `performance.*` tables. `indicators` holds every period: an
    indicator's newest headline (breakdown and category `all`) is its figure, the older ones are its trend.
    Columns `decimals`, `suppressed_reason` and `ytd_suppressed` are read where they are there. `actions` and
    `provenance` may be empty; otherwise their column `indicator` says what they are about. `escalations` is what goes
    up a layer, `spend` money by funding line, `priority_spend` money beside what each priority achieves, `reward` what
    a reward grant would come to (modelled), `left_out` the indicators an agreement keeps from this layer or `audience`,
    `changes` the figures that moved since the release before, `definitions` what changed in the definitions since then
    (changed_at, file, key, before, after). `area_code` is the area of the headline; not given, it
    is the one that most `all`/`all` rows are of, and of these the most populous.
    `breaks` are the days from which an indicator's figures do not compare with earlier ones.
    `outlines` draws the wards where there are any, and whom they are owed to is said below.
    Raises ValueError with a plain sentence when something is missing.
    """

    title: str
    framework_title: str
    framework_note: str
    partnership_name: str
    layer: Mapping[str, Any]  # id, name, role, chair
    period_words: str
    publication_id: str
    status: str
    published_on: date
    indicators: pd.DataFrame
    comparators: pd.DataFrame
    priorities: pd.DataFrame
    data_quality: pd.DataFrame
    due: pd.DataFrame
    actions: pd.DataFrame = field(default_factory=pd.DataFrame)
    provenance: pd.DataFrame = field(default_factory=pd.DataFrame)
    escalations: pd.DataFrame = field(default_factory=pd.DataFrame)
    spend: pd.DataFrame = field(default_factory=pd.DataFrame)
    priority_spend: pd.DataFrame = field(default_factory=pd.DataFrame)
    reward: pd.DataFrame = field(default_factory=pd.DataFrame)
    left_out: pd.DataFrame = field(default_factory=pd.DataFrame)
    changes: pd.DataFrame = field(default_factory=pd.DataFrame)
    area_code: str | None = None
    audience: str = "restricted"
    marking: str = ""  # OFFICIAL ...; '' for none
    breaks: pd.DataFrame = field(default_factory=pd.DataFrame)
    outlines: Outlines = field(default_factory=dict)
    outlines_owed_to: str = ""
    definitions: Sequence[Record] = ()

    def __post_init__(self) -> None:
        if self.status not in STATUSES:
            raise ValueError(f"status: {self.status!r} is not one of {', '.join(STATUSES)}.")
        if self.layer.get("role") not in ROLES:
            raise ValueError(f"layer.role: {self.layer.get('role')!r} is not one of {', '.join(ROLES)}.")
        for name, columns in NEEDED.items():
            frame = getattr(self, name)
            absent = [] if frame.empty else [c for c in columns.split() if c not in frame.columns]
            if absent:
                raise ValueError(f"{name}: has no column {', '.join(absent)}.")

    def headline_area(self) -> str:
        """The code of the area whose rows are the headline."""
        if self.area_code or self.indicators.empty:
            return self.area_code or ""
        whole = self.indicators[(self.indicators["breakdown"] == "all") & (self.indicators["category"] == "all")]
        size: dict[str, tuple[int, float]] = {}
        for code, people in zip(whole["area_code"], whole["denominator"], strict=True):
            if code not in self.comparator_areas():
                held, so_far = size.get(str(code), (0, 0.0))
                size[str(code)] = (held + 1, so_far + (as_number(plain(people)) or 0.0))
        return max(sorted(size), key=lambda code: size[code], default="")

    def comparator_areas(self) -> set[str]:
        """The codes of the areas the partnership is compared with: never its wards, never its headline."""
        return set() if self.comparators.empty else set(self.comparators["area_code"])


def records(frame: pd.DataFrame) -> list[Record]:
    """The rows of a frame as dictionaries of plain Python values, anything absent as None."""
    names = [str(column) for column in frame.columns]
    columns = [plain_column(frame.iloc[:, place]) for place in range(len(names))]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def plain_column(column: "pd.Series[Any]") -> list[Any]:
    """The cells of a column as plain values. Most are texts and numbers, and there are very many of them."""
    return [
        cell
        if type(cell) in (str, bool, int) or (type(cell) is float and cell == cell)  # not NaN
        else plain(cell)
        for cell in column.tolist()
    ]


def plain(value: Any) -> Any:
    """One cell as a plain value: NaN, NaT and NA become None, a timestamp at midnight a date."""
    if value is None or (pd.api.types.is_scalar(value) and pd.isna(value)):
        return None
    if isinstance(value, datetime):
        moment = value.to_pydatetime() if isinstance(value, pd.Timestamp) else value
        return moment if moment.time() != datetime.min.time() else moment.date()
    if isinstance(value, Decimal):
        return float(value)
    if hasattr(value, "tolist"):  # a list column as well as a single number
        return value.tolist()
    return value
