"""The control total that a file may end in: a last row such as 'Total, 1,234', which is no data but sums it up.

Only a contract that agreed on one has it (property `control_total`). A number under a column that is summed is that
column's sum; any other number is the number of rows.
"""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from schemas.contract import Contract
from warehouse.connection import Connection, identifier, literal
from warehouse.delimited import Readable

_TAIL = 65_536  # bytes; a control total is one short line
_NUMBER = re.compile(r"[+-]?£?([0-9]{1,3}(,[0-9]{3})+|[0-9]+)([.][0-9]+)?")


@dataclass(frozen=True)
class ControlTotal:
    """What the last row said: its ``_row``, how many rows it promised, and the columns whose sums it did not meet."""

    row: int
    rows: int | None
    unmet: tuple[str, ...]


def take_control_total(
    connection: Connection, sent: Readable, loaded: Readable, contract: Contract, columns: Sequence[str]
) -> tuple[Readable, ControlTotal | None]:
    """Take the row of totals out of table ``raw`` (or of the ragged lines), and hold the others to it.

    ``sent`` is the text as it was handed to ``load``, ``loaded`` what that gave back; ``columns`` are those of the
    file in its order. View ``numbered`` must be there.
    """
    agreed = contract.control_total
    last = _last_record(sent) if agreed is not None else []
    if agreed is None or not re.fullmatch(agreed.label, _first_filled(last), re.IGNORECASE):
        return loaded, None
    where = f"_row = (SELECT max(_row) FROM numbered) AND {_is_label(columns, agreed.label)}"
    names = ", ".join(identifier(name) for name in columns)
    whole = connection.execute(f"SELECT _row, {names} FROM numbered WHERE {where}").fetchall()
    if whole:
        row, *cells = whole[0]
        connection.execute("DELETE FROM raw WHERE rowid = (SELECT max(rowid) FROM raw)")
        return loaded, _held_to(connection, int(row), dict(zip(columns, cells, strict=True)), agreed.sums)
    if not loaded.ragged:
        return loaded, None
    # Too few fields for a row: the label and a number, whose thousands may be set apart by the separator itself.
    line = loaded.ragged[-1].line
    said = ",".join([text.strip() for text in last if text.strip()][1:])
    loaded = replace(loaded, ragged=loaded.ragged[:-1])
    return loaded, _held_to(connection, line - 2, {"": said}, ())


def _last_record(sent: Readable) -> list[str]:
    """The fields of the last line that holds anything; the number that the exchange put beside them is left out."""
    with sent.path.open("rb") as file:
        file.seek(max(0, sent.path.stat().st_size - _TAIL))
        lines = file.read().decode("utf-8", errors="replace").splitlines()
    written = next((line for line in reversed(lines) if line.strip(f' "{sent.separator}')), "")
    record = next(csv.reader(io.StringIO(written), delimiter=sent.separator), [])
    return record[:-1] if sent.numbered else record


def _first_filled(record: Sequence[str]) -> str:
    return next((text.strip() for text in record if text.strip()), "")


def _is_label(columns: Sequence[str], label: str) -> str:
    """True of the row whose first filled cell is the label, in any capitals."""
    filled = ", ".join(f"nullif(trim({identifier(name)}), '')" for name in columns)
    return f"regexp_full_match(coalesce({filled}), '{literal(label)}', 'i')"


def _held_to(connection: Connection, row: int, cells: dict[str, str | None], sums: Sequence[str]) -> ControlTotal:
    rows: int | None = None
    unmet: list[str] = []
    for name, text in cells.items():
        total = _number(text or "")
        if total is None:
            continue
        if name not in sums:
            rows = int(total)
            continue
        # Text as it came: what cannot be read as a number is told of by a rule of its own.
        plain = f"TRY_CAST(replace({identifier(name)}, ',', '') AS DECIMAL(38, 6))"
        ((found,),) = connection.execute(f"SELECT coalesce(sum({plain}), 0) FROM raw").fetchall()
        if round(Decimal(found), _decimals(total)) != total:
            unmet.append(name)
    return ControlTotal(row, rows, tuple(unmet))


def _number(text: str) -> Decimal | None:
    text = text.strip()
    return Decimal(text.replace(",", "").replace("£", "")) if _NUMBER.fullmatch(text) else None


def _decimals(total: Decimal) -> int:
    return max(0, -int(total.as_tuple().exponent))
