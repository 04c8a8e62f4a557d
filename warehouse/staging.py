"""One delivery's own database: text to types by contract, scope first, then what is accepted and what is not.

Statements here are composed because columns are the contract's; identifiers come from contracts only, and no
value of a partner's file ever becomes part of a statement.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from schemas.bands import age_bands
from schemas.contract import Column, Contract, ScopeTest
from schemas.standard import Standard
from warehouse.connection import Connection, identifier, literal

# How a text must look before it may become a number: DuckDB's own cast would round '1.5' to 2.
WHOLE_NUMBER = "[+-]?[0-9]{1,18}"
FLOATING = "[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]{1,3})?"
DATE_SHAPES = {
    "ddMMMyyyy": ("[0-9]{2}(JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)[0-9]{4}", "%d%b%Y"),
    "yyyy-MM-dd'T'HH:mm:ssXXX": (  # the day as written, in the offset as written
        "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(Z|[+-][0-9]{2}:[0-9]{2})",
        "%Y-%m-%d",
    ),
    "yyyy-MM-dd": ("[0-9]{4}-[0-9]{2}-[0-9]{2}", "%Y-%m-%d"),
    "dd/MM/yyyy": ("[0-9]{2}/[0-9]{2}/[0-9]{4}", "%d/%m/%Y"),
    "yyyy-MM": ("[0-9]{4}-[0-9]{2}", "%Y-%m"),
    "yyyy-MM-dd'T'HH:mm:ss": ("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}", "%Y-%m-%dT%H:%M:%S"),
}
USUAL_FORMATS = {"date": "yyyy-MM-dd", "timestamp": "yyyy-MM-dd'T'HH:mm:ss"}  # where the contract names none


@dataclass(frozen=True)
class Counts:
    """Every row of a read file, accounted for: received = accepted + quarantined + out_of_scope."""

    received: int
    accepted: int
    quarantined: int
    out_of_scope: int


def stage(connection: Connection, contract: Contract, present: list[Column]) -> None:
    """Make table ``judged`` from view ``numbered``: the rows in scope, typed, with the system columns.

    ``_row`` place in the file from 0; ``_scope`` 'area' or 'comparator'; ``_copy`` 1 for the first of
    identical rows; ``_uncast`` columns whose text is not of their type; ``_absent`` marked reasons for absence.
    """
    names = {column.name for column in present}
    selected = [
        f"{_typed(column, contract)} AS {identifier(column.name)}"
        if column.name in names
        else f"CAST(NULL AS {column.physical_type}) AS {identifier(column.name)}"
        for column in contract.columns
    ]
    # One pass over the file: a copy of it with its scope alone would cost as much again. `_mark` goes with the copies.
    connection.execute(
        f"""
        CREATE OR REPLACE TABLE judged AS
        SELECT _row, _scope, CAST(1 AS BIGINT) AS _copy, {_uncast(contract, present)} AS _uncast,
            {_absent(contract, present)} AS _absent, {", ".join(selected)}, {_mark(contract, present)} AS _mark
        FROM (SELECT *, {_scope(contract)} AS _scope FROM numbered) WHERE _scope <> 'elsewhere'
        """
    )
    _number_copies(connection, contract, present)
    connection.execute("ALTER TABLE judged DROP COLUMN _mark")


def places_read(contract: Contract, standard: Standard) -> frozenset[str]:
    """The tables of schema `reference` that scope, treatments and rules ask; a small file needs few of them."""
    asked = [_scope(contract), *(_treated(column, date.max, ()) for column in contract.columns)]
    asked += [repr(rule.kwargs) for rule in standard.rules]
    return frozenset(re.findall(r'reference"?\."?([a-z_]+)', " ".join(asked).lower()))


def _is_text(column: Column) -> bool:
    return column.logical_type == "string"


def _typed(column: Column, contract: Contract) -> str:
    """The SQL that reads a column's text as its type, NULL for a marker and for what does not read."""
    name = identifier(column.name)
    if _is_text(column):
        return name
    read = _reading(column)
    if not contract.markers:
        return read
    return f"CASE WHEN {_not_marked(column, contract)} THEN {read} END"


def _reading(column: Column) -> str:
    name = identifier(column.name)
    also = ""
    if column.logical_type in {"date", "timestamp"}:
        shape, pattern = DATE_SHAPES[column.date_format or USUAL_FORMATS[column.logical_type]]
        day_alone = column.logical_type == "date" and (column.date_format or "").endswith("XXX")
        read = f"TRY_STRPTIME({f'left({name}, 10)' if day_alone else name}, '{pattern}')"
    elif column.logical_type == "boolean":
        shape, read = "true|false", name
    elif column.physical_type.upper().startswith("DECIMAL"):
        scale = int(column.physical_type.rstrip(") ").rpartition(",")[2])
        decimals = f"[0-9]{{1,{scale}}}0*" if scale else "0+"
        shape, read = f"[+-]?[0-9]+([.]{decimals})?", name
    elif column.physical_type.upper() == "DOUBLE":
        # DuckDB reads what is too large for a double as infinity.
        shape, read, also = FLOATING, name, f" AND isfinite(TRY_CAST({name} AS DOUBLE))"
    else:
        shape, read = WHOLE_NUMBER, name
    return (
        f"CASE WHEN regexp_full_match({name}, '{shape}'){also} THEN TRY_CAST({read} AS {column.physical_type}) END"
    )


def _uncast(contract: Contract, present: list[Column]) -> str:
    tests = [
        f"CASE WHEN {identifier(c.name)} IS NOT NULL AND {_not_marked(c, contract)} AND {_reading(c)} IS NULL "
        f"THEN '{literal(c.name)}' END"
        for c in present
        if not _is_text(c)
    ]
    return f"nullif(concat_ws(', ', {', '.join(tests)}), '')" if tests else "CAST(NULL AS VARCHAR)"


def _not_marked(column: Column, contract: Contract) -> str:
    if not contract.markers:
        return "true"
    # Not IN (...): DuckDB makes a join of every longer IN list, and fifty columns would be fifty joins.
    markers = ", ".join(f"'{literal(marker)}'" for marker in contract.markers)
    return f"NOT list_contains([{markers}], {identifier(column.name)})"


def _absent(contract: Contract, present: list[Column]) -> str:
    """The marked cells as 'column=reason' texts, so that a marker stays a reason and never a number."""
    if not contract.markers:
        return "CAST(NULL AS VARCHAR)"
    reasons = " ".join(f"WHEN '{literal(m)}' THEN '{literal(r)}'" for m, r in contract.markers.items())
    tests = [
        f"'{literal(c.name)}=' || CASE {identifier(c.name)} {reasons} END" for c in present if not _is_text(c)
    ]
    return f"nullif(concat_ws(', ', {', '.join(tests)}), '')" if tests else "CAST(NULL AS VARCHAR)"


def _mark(contract: Contract, present: list[Column]) -> str:
    """A number that identical rows share, and hardly any others; NULL where no copies are looked for."""
    if contract.copies_unless_blank is None:
        return "CAST(NULL AS UBIGINT)"
    mark = f"hash({', '.join(identifier(column.name) for column in present)})"
    if not contract.copies_unless_blank:
        return mark
    return f"CASE WHEN {identifier(contract.copies_unless_blank)} IS NOT NULL THEN {mark} END"


def _number_copies(connection: Connection, contract: Contract, present: list[Column]) -> None:
    """Number the second and later of identical rows in ``judged``: 2, 3 and on, by their place in the file.

    Only rows whose mark another row shares are compared field by field, as text; in a sound extract there are none.
    """
    if contract.copies_unless_blank is None:
        return
    connection.execute(
        "CREATE OR REPLACE TABLE suspect AS SELECT _row FROM judged WHERE _mark IN "
        "(SELECT _mark FROM judged WHERE _mark IS NOT NULL GROUP BY _mark HAVING count(*) > 1)"
    )
    columns = ", ".join(identifier(column.name) for column in present)
    connection.execute(
        f"""
        UPDATE judged SET _copy = copies._copy FROM (
            SELECT _row, row_number() OVER (PARTITION BY {columns} ORDER BY _row) AS _copy
            FROM numbered WHERE _row IN (SELECT _row FROM suspect)
        ) AS copies WHERE judged._row = copies._row AND copies._copy > 1
        """
    )


def _scope(contract: Contract) -> str:
    """Rows of the partnership's own area, of a declared comparator, or of elsewhere."""
    if not contract.scope.any:
        return "'area'"
    # A blank code is no code of the area: NULL must not swallow the other tests.
    area = " OR ".join(f"coalesce({_scope_test(test)}, false)" for test in contract.scope.any)
    keep = " OR ".join(_scope_test(test) for test in contract.scope.keep)
    comparator = f"WHEN {keep} THEN 'comparator' " if keep else ""
    return f"CASE WHEN {area} THEN 'area' {comparator}ELSE 'elsewhere' END"


def _scope_test(test: ScopeTest) -> str:
    also = "".join(f" AND {identifier(column)} = '{literal(text)}'" for column, text in test.where)
    return f"({_area_test(test)}{also})"


def _area_test(test: ScopeTest) -> str:
    name = identifier(test.column)
    match test.test:
        case "in_codelist":
            return f"{name} IN (SELECT code FROM reference.code WHERE codelist = '{literal(test.codelist or '')}')"
        case "in_outline":
            return _in_outline(name, identifier(test.latitude or ""))
        case "in_comparators":
            return (
                f"{name} IN (SELECT area_code FROM reference.comparator "
                "UNION SELECT member_code FROM reference.comparator_member)"
            )
        case "in_area":
            return (
                f"{name} IN (SELECT code FROM reference.area_code "
                "WHERE area_code = (SELECT area_code FROM reference.partnership))"
            )
        case "in_lsoa":
            return f"{name} IN (SELECT lsoa_code FROM reference.lsoa)"
        case "lsoa_name":
            # An LSOA's name begins with its district's name in every vintage: 'Somewhere 012A'.
            district = "(SELECT area_name FROM reference.partnership)"
            return (
                f"(starts_with({name}, {district} || ' ') AND "
                f"regexp_full_match(substr({name}, length({district}) + 2), '[0-9]{{3}}[A-Z]'))"
            )
        case _:
            return f"{name} IN (SELECT code FROM reference.area_code)"


def _in_outline(longitude: str, latitude: str) -> str:
    """True when a ray eastwards from the point crosses the outlines an odd number of times (even-odd rule).

    A side that two wards share is crossed twice, so the wards together are the area.
    """
    # The outline's columns may have the same names: the point is of the outer table.
    east, north = (f"TRY_CAST(numbered.{name} AS DOUBLE)" for name in (longitude, latitude))
    crossing = (
        f"(side.latitude > {north}) <> (side.next_latitude > {north}) AND {east} < side.longitude + "
        f"({north} - side.latitude) * (side.next_longitude - side.longitude) / (side.next_latitude - side.latitude)"
    )
    return f"(SELECT count(*) FROM reference.outline AS side WHERE {crossing}) % 2 = 1"


def slot_values(connection: Connection, columns: tuple[str, ...]) -> list[tuple[str, ...]]:
    """The distinct values of the ``supersede_by`` columns over the whole file, rows with a blank one left out."""
    if not columns:
        return []
    listed = ", ".join(identifier(column) for column in columns)
    filled = " AND ".join(f"{identifier(column)} IS NOT NULL" for column in columns)
    return connection.execute(f"SELECT DISTINCT {listed} FROM numbered WHERE {filled} ORDER BY ALL").fetchall()


def quarantine(connection: Connection, queries: dict[str, str]) -> None:
    """Make table ``failing`` (_row, rules) from each failing rule's own query, set-based."""
    connection.execute("CREATE OR REPLACE TABLE failing_rule (_row BIGINT, rule_id VARCHAR)")
    for rule_id, query in queries.items():
        connection.execute(
            f"INSERT INTO failing_rule SELECT DISTINCT _row, ? FROM ({query.rstrip('; ')}) AS failed",
            [rule_id],
        )
    # Listing a row's rules in order costs a sort for each row, and hardly a row breaks more than one.
    connection.execute(
        """
        CREATE OR REPLACE TABLE failing AS
        WITH broken AS (SELECT _row, count(*) AS times, min(rule_id) AS rules FROM failing_rule GROUP BY _row)
        SELECT _row, rules FROM broken WHERE times = 1
        UNION ALL
        SELECT _row, string_agg(rule_id, ', ' ORDER BY rule_id)
        FROM failing_rule WHERE _row IN (SELECT _row FROM broken WHERE times > 1) GROUP BY _row
        """
    )


def first_rows(connection: Connection, query: str, offset: int = 2, limit: int = 20) -> list[int]:
    """The first failing rows' numbers as a spreadsheet shows them (`offset` as in `reader.Origin`)."""
    rows = connection.execute(
        f"SELECT DISTINCT _row + {int(offset)} FROM ({query.rstrip('; ')}) AS failed ORDER BY 1 LIMIT {int(limit)}"
    ).fetchall()
    return [int(row) for (row,) in rows]


def failing_cells(
    connection: Connection, told_only: dict[str, str], offset: int, limit: int
) -> tuple[list[tuple[int, str, str | None]], int]:
    """The first failures in the order of rows, and how many there are; each with the columns that could not be cast.

    Of table ``failing_rule``, and of the rules that set nothing aside (``told_only``: their queries by rule id). A
    row's number is ``_row`` plus ``offset``. No value leaves: ``_uncast`` holds names of columns.
    """
    parts = ["SELECT _row, rule_id FROM failing_rule"]
    parts += [
        f"SELECT DISTINCT _row, '{literal(rule_id)}' AS rule_id FROM ({query.rstrip('; ')}) AS failed"
        for rule_id, query in told_only.items()
    ]
    failures = " UNION ALL ".join(parts)
    (total,) = connection.execute(f"SELECT count(*) FROM ({failures})").fetchall()[0]
    rows = connection.execute(
        f"SELECT first._row + {int(offset)}, first.rule_id, judged._uncast FROM "
        f"(SELECT * FROM ({failures}) ORDER BY _row, rule_id LIMIT {int(limit)}) AS first "
        "LEFT JOIN judged USING (_row) ORDER BY first._row, first.rule_id"
    ).fetchall()
    return [(int(row), str(rule), uncast) for row, rule, uncast in rows], int(total)


def uncast_columns(connection: Connection) -> list[str]:
    """The columns in which some cell is not of its type, by name."""
    rows = connection.execute(
        "SELECT DISTINCT unnest(string_split(_uncast, ', ')) FROM judged WHERE _uncast IS NOT NULL ORDER BY 1"
    ).fetchall()
    return [str(name) for (name,) in rows]


def write_outcome(
    connection: Connection,
    contract: Contract,
    accepted: Path,
    quarantined: Path,
    *,
    on: date | None = None,
    bands: Mapping[str, Sequence[str]] | None = None,
) -> None:
    """Write the accepted rows, and the failing ones with their rule ids, as Parquet in file order.

    Direct identifiers leave as pseudonyms (table ``pseudonym_key`` must hold the key when a column needs it), dates
    of birth as the band of the age in completed years ``on`` a day (codes in ``bands``, by column), postcodes as
    their first half or, by the partnership's lookup, as their LSOA; a column whose treatment is 'drop' does not leave
    at all. Call last: the file as it was read is let go first, and its memory sorts the rows.
    """
    connection.execute("DROP VIEW IF EXISTS numbered; DROP TABLE IF EXISTS raw")
    columns = ", ".join(
        f"{_treated(column, on, (bands or {}).get(column.name, ()))} AS {identifier(column.name)}"
        for column in contract.columns
        if column.treatment != "drop"
    )
    judged = "judged CROSS JOIN pseudonym_key" if needs_key(contract) else "judged"
    connection.execute(
        f"COPY (SELECT _row, _scope, _absent, {columns} FROM {judged} "
        "WHERE _row NOT IN (SELECT _row FROM failing) ORDER BY _row) "
        f"TO '{literal(str(accepted))}' (FORMAT parquet, COMPRESSION zstd)"
    )
    connection.execute(
        f"COPY (SELECT _row, rules, _scope, _uncast, {columns} FROM {judged} JOIN failing USING (_row) "
        f"ORDER BY _row) TO '{literal(str(quarantined))}' (FORMAT parquet, COMPRESSION zstd)"
    )


def _treated(column: Column, on: date | None, bands: Sequence[str]) -> str:
    name = identifier(column.name)
    match column.treatment:
        case "pseudonymise":
            # HMAC-SHA-256 (RFC 2104) over column name, a zero byte and the canonical value (capitals, no spaces),
            # without leaving SQL: outer = sha256(key xor opad || sha256(key xor ipad || message)).
            return (
                f"CASE WHEN {name} IS NOT NULL THEN sha256(outer_pad || unhex(sha256(inner_pad || "
                f"encode('{literal(column.name)}' || chr(0) || upper(replace({name}, ' ', '')))))) END"
            )
        case "age_band":
            if on is None:
                raise ValueError(f"{column.name} becomes an age band on no day")
            years = f"date_diff('year', {name}, DATE '{on}')"
            had_birthday = f"({name} + to_years(CAST({years} AS INTEGER))) <= DATE '{on}'"
            age = f"({years} - CASE WHEN {had_birthday} THEN 0 ELSE 1 END)"
            cases = " ".join(
                f"WHEN {age} >= {first}{f' AND {age} <= {last}' if last is not None else ''} THEN '{literal(code)}'"
                for code, first, last in age_bands(bands)
            )
            return f"CASE {cases} END"
        case "outward_code":
            # The inward half is the last three characters; what is no postcode does not leave at all.
            plain = f"upper(regexp_replace({name}, '[^0-9A-Za-z]', '', 'g'))"
            return f"nullif(regexp_extract({plain}, '^([A-Z]{{1,2}}[0-9][0-9A-Z]?)([0-9][A-Z]{{2}})?$', 1), '')"
        case "lsoa":
            # What the lookup does not have does not leave at all.
            plain = f"upper(regexp_replace({name}, '[^0-9A-Za-z]', '', 'g'))"
            return f"(SELECT any_value(lsoa_code) FROM reference.postcode WHERE postcode = {plain})"
        case _:
            return name


def needs_key(contract: Contract) -> bool:
    """True when a column of the contract is a direct identifier that must leave as a pseudonym."""
    return any(column.treatment == "pseudonymise" for column in contract.columns)


def set_pseudonym_key(connection: Connection, key: bytes) -> None:
    """Hand the pseudonym key to this delivery's database as the two HMAC pads; never stored elsewhere.

    Raises:
        ValueError: the key is shorter than 32 bytes.
    """
    if not 32 <= len(key) <= 64:
        raise ValueError("a pseudonym key has 32 to 64 bytes")
    block = key.ljust(64, b"\x00")
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE pseudonym_key AS SELECT ?::BLOB AS inner_pad, ?::BLOB AS outer_pad",
        [bytes(byte ^ 0x36 for byte in block), bytes(byte ^ 0x5C for byte in block)],
    )


def count_rows(connection: Connection, ragged: int) -> Counts:
    """Count the file's rows by what became of them; a ragged line is quarantined, whatever its place."""
    (kept, judged, failing) = connection.execute(
        "SELECT (SELECT count(*) FROM raw), (SELECT count(*) FROM judged), (SELECT count(*) FROM failing)"
    ).fetchall()[0]
    return Counts(
        received=kept + ragged,
        accepted=judged - failing,
        quarantined=failing + ragged,
        out_of_scope=kept - judged,
    )


def distinct_texts(connection: Connection, column: str) -> list[str]:
    """The distinct texts of a column over the whole file, blanks left out."""
    name = identifier(column)
    rows = connection.execute(
        f"SELECT DISTINCT {name} FROM numbered WHERE {name} IS NOT NULL ORDER BY 1"
    ).fetchall()
    return [text for (text,) in rows]


def dates_inside(connection: Connection, column: Column, first: date, last: date) -> tuple[int, int]:
    """How many rows have a date within first..last in that column, and how many have a readable date at all."""
    read = f"CAST({_reading(column)} AS DATE)"
    inside, dated = connection.execute(
        f"SELECT count(*) FILTER ({read} BETWEEN ? AND ?), count({read}) FROM numbered", [first, last]
    ).fetchall()[0]
    return int(inside), int(dated)
