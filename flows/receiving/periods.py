"""A delivery's period: declared, or read from the content by the contract's rule, or from the file's name."""

from schemas.contract import Contract, PeriodRule
from schemas.periods import Period, find_in_text, find_in_words, parse_period, period_of
from warehouse.reader import Table

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


def period_of_file(
    contract: Contract, table: Table | None, name: str, declared: str | None
) -> tuple[Period | None, str | None]:
    """The period a file covers, or None with the question to ask its sender. Nothing is guessed.

    Declared (``--period`` or manifest) goes first; then the contract's column in the first record; then, where
    the contract lets it, a single period of the right kind above a workbook's header, or in the file's name. A
    multi-year file is placed by its content only when it is read; here its first record is enough to see that it
    has a period column.
    """
    rule = contract.period
    if declared:
        try:
            period = parse_period(str(declared))
        except ValueError:
            return None, "The declared period is none we know."
        if period.kind != rule.kind:
            return (
                None,
                f"The declared period {period.id} is no {rule.kind.replace('_', ' ')}, which this dataset has.",
            )
        return period, None
    if rule.column is not None and table is not None:
        written = _latest(contract, table) if rule.latest else _first(contract, table)
        if written is not None:
            return written, None
    if rule.title and table is not None:
        titled = period_in_title(rule, table.title)
        if titled is not None:
            return titled, None
    if rule.file_name:
        found = {period for period in find_in_text(name) if period.kind == rule.kind}
        if len(found) == 1:
            return found.pop(), None
        if len(found) > 1:
            return None, "The file's name holds more than one period: which one does it cover?"
    return (
        None,
        f"Which {rule.kind.replace('_', ' ')} does this file cover? Neither its content nor its name says so.",
    )


def period_in_title(rule: PeriodRule, title: str) -> Period | None:
    """The one period of the rule's kind that a title speaks of ('April to June 2020', '2023-24'), or None."""
    found = {period for period in find_in_words(title) if period.kind == rule.kind}
    return found.pop() if len(found) == 1 else None


def _first(contract: Contract, table: Table) -> Period | None:
    position = _position(contract, table)
    record = table.first_record()
    if position is None or record is None or position >= len(record):
        return None
    return period_in(contract.period, record[position])


def _latest(contract: Contract, table: Table) -> Period | None:
    position = _position(contract, table)
    if position is None:
        return None
    periods = [period_in(contract.period, text) for text in table.column_values(position)]
    return max((period for period in periods if period is not None), key=lambda p: p.end, default=None)


def _position(contract: Contract, table: Table) -> int | None:
    matched = contract.match_headers(table.header).columns
    names = [column.name if column else None for column in matched]
    return names.index(contract.period.column) if contract.period.column in names else None


def period_in(rule: PeriodRule, text: str) -> Period | None:
    """The period that a cell of the period column names, or None when it names none.

    Formats: 'yyyy' (2022, a calendar year); 'yyyy-MM' (2018-01); 'ees_year' (202324 is the academic year 2023/24);
    'fingertips_year' (20230000 is the financial year 2023/24); 'yyyy-MM-dd', 'dd/MM/yyyy' and 'ddMMMyyyy' (the period
    that holds the day).
    """
    from datetime import date

    try:
        match rule.format:
            case "ees_year" if len(text) == 6:
                return parse_period(f"AY{text[:4]}") if (int(text[2:4]) + 1) % 100 == int(text[4:]) else None
            case "fingertips_year" if len(text) == 8:
                return parse_period(f"FY{int(text[:4])}")
            case "yyyy" if len(text) == 4:
                return parse_period(f"CY{text}")
            case "yyyy-MM" if len(text) == 7:
                month = parse_period(text)
                return month if rule.kind == "month" else period_of(rule.kind, month.start)
            case "yyyy-MM-dd" | None if len(text) == 10:
                return period_of(rule.kind, date.fromisoformat(text))
            case "dd/MM/yyyy" if len(text) == 10:
                return period_of(rule.kind, date(int(text[6:]), int(text[3:5]), int(text[:2])))
            case "ddMMMyyyy" if len(text) == 9:
                return period_of(rule.kind, date(int(text[5:]), MONTHS.index(text[2:5]) + 1, int(text[:2])))
    except ValueError:
        return None
    return None
