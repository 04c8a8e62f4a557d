"""Money beside performance: what each priority has, is forecast to spend and has spent, and how many figures are on
track for it. Sums are of exact decimals; pounds are shown whole."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from reports import words
from reports.publication import Publication, Record, records

COLUMNS = ("budget", "forecast", "actual")


@dataclass(frozen=True)
class Line:
    """One line of the table of money: a priority, a funding line or the total; pounds, None where none is stated."""

    name: str
    note: str
    budget: Decimal | None
    forecast: Decimal | None
    actual: Decimal | None
    is_total: bool = False

    @property
    def over(self) -> Decimal | None:
        """Forecast over budget, in pounds; below nought is an underspend."""
        return None if self.forecast is None or self.budget is None else self.forecast - self.budget

    def pounds(self, column: str) -> str:
        """A sum as it is shown; "" where none is stated."""
        value: Decimal | None = getattr(self, column)
        return "" if value is None else words.amount(float(value), "£", 0)

    @property
    def over_words(self) -> str:
        """Forecast against budget in words: colour or sign alone would not do."""
        over = self.over
        if over is None:
            return ""
        if not words.rounded(float(over), 0):
            return "on budget"
        return f"{words.amount(abs(float(over)), '£', 0)} {'over' if over > 0 else 'under'}"


def money(publication: Publication) -> list[Line]:
    """The lines for a layer, its total last: by priority for the strategic and executive ones, else by funding line.

    Empty where no money is stated.
    """
    by_priority = publication.layer["role"] != "operational"
    if by_priority and not publication.priority_spend.empty:
        lines = [
            line(str(row["name"]), on_track(row), [row])
            for row in records(publication.priority_spend)
            if any(row.get(column) is not None for column in COLUMNS)
        ]
    else:
        names = {str(row["priority"]): str(row["name"]) for row in records(publication.priorities)}
        spent: dict[tuple[str, str], list[Record]] = {}
        for row in records(publication.spend):
            priority = names.get(str(row.get("priority")), str(row.get("priority") or ""))
            name = (priority, "") if by_priority else (str(row.get("funding_line") or ""), priority)
            spent.setdefault(name, []).append(row)
        lines = [line(name, note, rows) for (name, note), rows in spent.items()]
    if not lines:
        return []
    return [*lines, total(lines)] if len(lines) > 1 else lines


def line(name: str, note: str, rows: Sequence[Record]) -> Line:
    budget, forecast, actual = (summed([row.get(column) for row in rows]) for column in COLUMNS)
    return Line(name, note, budget, forecast, actual)


def total(lines: Sequence[Line]) -> Line:
    """The sum of the lines; of a column that a line does not state there is none."""
    budget, forecast, actual = (
        None
        if any(getattr(each, column) is None for each in lines)
        else summed([getattr(each, column) for each in lines])
        for column in COLUMNS
    )
    return Line("Total", "", budget, forecast, actual, is_total=True)


def summed(values: Sequence[object]) -> Decimal | None:
    held = [Decimal(str(value)) for value in values if words.as_number(value) is not None]
    return sum(held, Decimal(0)) if held else None


def on_track(row: Record) -> str:
    """How many of a priority's rated figures are on track: what the money is to be read beside."""
    rated, good = words.as_number(row.get("rated")), words.as_number(row.get("on_track"))
    return "" if not rated or good is None else f"{good:.0f} of {rated:.0f} on target"
