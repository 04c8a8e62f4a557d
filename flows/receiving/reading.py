"""What reading a file found, before any agreed rule looks at it: told in the same form as the rules of a standard."""

from collections.abc import Mapping
from typing import Any

from flows.receiving.door import listed
from reports.words import count
from warehouse.last_row import ControlTotal
from warehouse.reader import Origin, Readable
from warehouse.staging import Counts


def reading_rules(loaded: Readable) -> list[dict[str, Any]]:
    """What reading the file found: lines that do not fit the header, and empty fields that were left out."""
    rules = []
    if loaded.ragged:
        many = len(loaded.ragged) > 1
        rules.append(
            _reading_rule(
                "READ-RAGGED",
                "warning",
                f"{len(loaded.ragged):,} line{'s have' if many else ' has'} more or fewer fields than the header.",
                "Look for a comma inside a value that is not in quotation marks.",
                [row.line for row in loaded.ragged],
            )
        )
    if loaded.surplus:
        many = len(loaded.surplus) > 1
        rules.append(
            _reading_rule(
                "READ-SURPLUS",
                "info",
                f"{len(loaded.surplus):,} line{'s end' if many else ' ends'} in empty fields under no column name; "
                "they were left out.",
                "Nothing to do. Delete the empty columns to the right of the table to be rid of them.",
                loaded.surplus,
            )
        )
    return rules


def last_row(
    total: ControlTotal | None, counts: Counts, places: Mapping[str, tuple[str, str]], origin: Origin
) -> list[dict[str, Any]]:
    """What the rows read are held to where the file ends in a row of totals."""
    if total is None:
        return []
    remedy = "Check that no row is missing, draw the file again with its totals, and send it."
    at = [total.row + origin.row_offset]
    found = []
    if total.rows is not None and total.rows != counts.received:
        # A number far off may be no number of rows at all but a telephone number: it is not said.
        near = total.rows <= 10 * counts.received + 1_000
        says = count(total.rows, "row") if near else "far more rows"
        said = f"The last row says that the file has {says}, and it has {counts.received:,}."
        rule = _reading_rule("READ-TOTAL-ROWS", "critical", said, remedy, at)
        found.append(rule | {"characteristic": "completeness"})
    if total.unmet:
        # How much they come to is not said: of a file of one row that would be the row's own value.
        standing = [places[name] for name in total.unmet if name in places]
        named = listed([header for _, header in standing])
        said = f"The total in the last row is not what the rows come to in {named}."
        rule = _reading_rule("READ-TOTAL-SUMS", "critical", said, remedy, at)
        found.append(rule | {"characteristic": "accuracy", "columns": standing})
    met = _reading_rule("READ-TOTAL", "info", "The last row is a total, and the rows come to it.", "", [])
    return found or [met | {"characteristic": "completeness", "outcome": "passed", "checked": 1}]


def promised(promised: int | None, received: int) -> list[dict[str, Any]]:
    """What the rows read are held to where a manifest came with the file: as many as it says."""
    if promised is None or promised == received:
        return []
    said = f"The manifest says that the file has {count(promised, 'row')}, and it has {received:,}."
    remedy = "Send the whole file again, with a manifest written when the file was whole."
    rule = _reading_rule("READ-ROWS", "critical", said, remedy, [])
    return [rule | {"characteristic": "completeness", "checked": 1, "failed": 1}]


def _reading_rule(rule_id: str, severity: str, sentence: str, remedy: str, lines: list[int]) -> dict[str, Any]:
    return {
        "rule_id": rule_id,
        "severity": severity,
        "characteristic": "validity",
        "sentence": sentence,
        "remedy": remedy,
        "outcome": "failed",
        "checked": len(lines),
        "failed": len(lines),
        "first_rows": lines[:20],
    }
