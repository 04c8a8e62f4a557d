"""A delivery's own database: small tables in, judged rows out; and nothing a partner writes reaches further."""

import hashlib
import hmac
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from schemas.contract import Column, Contract, PeriodRule, ScopeRule, ScopeTest
from schemas.partnership import load_partnership
from warehouse import staging
from warehouse.connection import Connection, literal, lock_down, open_staging
from warehouse.reader import Readable, load, number_rows
from warehouse.reference import MODELS, PLACES
from warehouse.tables import create_tables, fill

UNCAST = "its column is named in _uncast"


def column(
    name: str, physical: str = "VARCHAR", date_format: str | None = None, treatment: str = "keep"
) -> Column:
    kind = {"VARCHAR": "string", "BIGINT": "integer", "INTEGER": "integer", "DATE": "date"}
    kind |= {"TIMESTAMP": "timestamp", "BOOLEAN": "boolean"}
    return Column(
        name=name,
        header=name.title(),
        aliases=(),
        logical_type=kind.get(physical, "number"),
        physical_type=physical,
        date_format=date_format,
        required=False,
        may_be_absent=False,
        classification="internal",
        treatment=treatment,
        description="A column.",
    )


def contract(
    *columns: Column,
    scope: ScopeRule | None = None,
    markers: Mapping[str, str] | None = None,
    copies_unless_blank: str | None = None,
) -> Contract:
    return Contract(
        partner="police",
        dataset="things",
        title="Things",
        version="1.0.0",
        description="Things.",
        owner="Police",
        columns=columns,
        period=PeriodRule("month", file_name=True),
        scope=scope or ScopeRule(),
        supersede_by=(),
        copies_unless_blank=copies_unless_blank,
        markers=markers or {},
        cadence="month",
        source_path=Path("things.yaml"),
        fingerprint="c0ffee",
    )


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    """A delivery's database in the borough of Littleborough (B1, once 00XX), beside Littleborough North."""
    opened = open_staging(tmp_path)
    create_tables(opened, MODELS / "tables.yaml", replace=True, only=PLACES)
    rows: dict[str, list[tuple[object, ...]]] = {
        "partnership": [("B1", "Littleborough", "00XX", "Littleborough Partnership")],
        "area_code": [("B1", "B1"), ("00XX", "B1"), ("W1", "W1")],
        "lsoa": [("L1", 2001, "W1", "B1"), ("L2", 2011, "W1", "B1")],
        "comparator": [("E1", "England")],
    }
    for table, content in rows.items():
        fill(opened, MODELS / "tables.yaml", table, content)
    yield opened
    opened.close()


def sent(path: Path) -> Readable:
    return Readable(path, path.parent, quotes=path.read_bytes().count(b'"'))


def read(connection: Connection, folder: Path, agreed: Contract, *lines: str) -> int:
    """Stage these lines of a file, columns in the contract's order; returns how many were ragged."""
    path = folder / "sent.csv"
    path.write_text("\n".join([",".join(each.header for each in agreed.columns), *lines]) + "\n", encoding="utf-8")
    loaded = load(connection, sent(path), [each.name for each in agreed.columns])
    number_rows(connection, loaded)
    staging.stage(connection, agreed, list(agreed.columns))
    return len(loaded.ragged)


def judged(connection: Connection, columns: str = "*") -> list[tuple[object, ...]]:
    return connection.execute(f"SELECT {columns} FROM judged ORDER BY _row").fetchall()


READS: list[tuple[Column, dict[str, object]]] = [
    (
        column("n", "BIGINT"),
        {
            "1": 1, "-7": -7, "+5": 5, "00123": 123, "": None, "999999999999999999": 999999999999999999,
            "1.5": UNCAST, "1.0": UNCAST, " 1": UNCAST, "1 ": UNCAST, "1e3": UNCAST, '"1,000"': UNCAST, "0x1F": UNCAST,
            "1_000": UNCAST, "NA": UNCAST, "-": UNCAST, "٣": UNCAST, "99999999999999999999": UNCAST,
        },
    ),
    (column("n", "INTEGER"), {"2147483647": 2147483647, "2147483648": UNCAST}),
    (
        column("n", "DECIMAL(9,3)"),
        {
            "4000": Decimal(4000), "0.125": Decimal("0.125"), "1.5000": Decimal("1.5"), "-1.5": Decimal("-1.5"),
            "": None, "0.1255": UNCAST, "0.0001": UNCAST, "1e3": UNCAST, "1.": UNCAST, ".5": UNCAST,
            '"1,5"': UNCAST, "£5": UNCAST, "1234567": UNCAST,
        },
    ),
    (column("n", "DECIMAL(9,0)"), {"7": Decimal(7), "7.0": Decimal(7), "7.5": UNCAST, "7.05": UNCAST}),
    (
        column("n", "DOUBLE"),
        {
            "1.5": 1.5, ".5": 0.5, "5.": 5.0, "1e3": 1000.0, "-2.5E-3": -0.0025, "": None, "inf": UNCAST,
            "NaN": UNCAST, "1e999": UNCAST, "9e308": UNCAST, "1d": UNCAST, " 1": UNCAST, "1e": UNCAST,
        },
    ),
    (column("n", "BOOLEAN"), {"true": True, "false": False, "": None, "yes": UNCAST, "1": UNCAST}),
    (
        column("n", "DATE", "yyyy-MM-dd"),
        {
            "2009-07-14": date(2009, 7, 14), "2008-02-29": date(2008, 2, 29), "": None, "2009-02-30": UNCAST,
            "2009-02-29": UNCAST, "2009-13-01": UNCAST, "2009-7-4": UNCAST, "14/07/2009": UNCAST, "2009-07": UNCAST,
            "2009-07-14 00:00": UNCAST,
        },
    ),
    (
        column("n", "DATE", "dd/MM/yyyy"),
        {
            "14/07/2009": date(2009, 7, 14), "02/01/2009": date(2009, 1, 2), "1/2/09": UNCAST, "30/02/2009": UNCAST,
            "07/14/2009": UNCAST, "2009-07-14": UNCAST,
        },
    ),
    (
        column("n", "DATE", "yyyy-MM"),
        {"2009-07": date(2009, 7, 1), "2009-13": UNCAST, "2009-07-14": UNCAST, "Jul 2009": UNCAST},
    ),
    (
        column("n", "TIMESTAMP"),
        {
            "2009-07-14T23:59:00": datetime(2009, 7, 14, 23, 59),  # noqa: DTZ001 - the file names no zone
            "2009-07-14T24:00:00": UNCAST, "2009-02-30T10:00:00": UNCAST, "2009-07-14": UNCAST,
        },
    ),
    (column("n"), {"00123": "00123", "NA": "NA", " x ": " x ", "": None, "'; DROP": "'; DROP"}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("of", "reads"), READS, ids=[f"{of.physical_type} {of.date_format or ''}" for of, _ in READS]
)
def test_a_text_becomes_its_type_whole_or_not_at_all(
    connection: Connection, tmp_path: Path, of: Column, reads: dict[str, object]
) -> None:
    """Nothing is rounded, guessed or cut short: a text that is not exactly of its type is named instead."""
    read(connection, tmp_path, contract(of, column("other")), *(f"{text},x" for text in reads))
    found = [UNCAST if uncast == "n" else value for value, uncast in judged(connection, "n, _uncast")]
    assert dict(zip(reads, found, strict=True)) == reads
    assert {uncast for (uncast,) in judged(connection, "_uncast")} <= {None, "n"}


def test_every_column_that_does_not_read_is_named(connection: Connection, tmp_path: Path) -> None:
    agreed = contract(column("ref"), column("n", "BIGINT"), column("seen", "DATE", "yyyy-MM-dd"))
    read(connection, tmp_path, agreed, "a,1,2009-07-14", "b,x,14/07/2009", "c,1,soon", "d,,")
    assert judged(connection, "_row, ref, n, seen, _uncast, _absent") == [
        (0, "a", 1, date(2009, 7, 14), None, None),
        (1, "b", None, None, "n, seen", None),
        (2, "c", 1, None, "seen", None),
        (3, "d", None, None, None, None),
    ]


def test_a_marker_becomes_a_reason_and_never_a_number(connection: Connection, tmp_path: Path) -> None:
    agreed = contract(
        column("ref"), column("n", "BIGINT"), column("rate", "DOUBLE"), markers={"c": "confidential", "0*": "low"}
    )
    read(connection, tmp_path, agreed, "c,c,0*", "b,1,c", "d,C,2.5", "e,,")
    assert judged(connection, "ref, n, rate, _uncast, _absent") == [
        ("c", None, None, None, "n=confidential, rate=low"),
        ("b", 1, None, None, "rate=confidential"),
        ("d", None, 2.5, "n", None),
        ("e", None, None, None, None),
    ]


MARKERS = {
    "c": "confidential", "[c]": "confidential", "SUPP": "suppressed", "x": "not_available", "[x]": "not_available",
    "NA": "not_available", "..": "not_available", "z": "not_applicable", ".": "not_applicable", ":": "not_applicable",
    "NE": "not_applicable", "k": "low", "~": "low", "low": "low", "u": "unreliable",
}  # fmt: skip
DEPARTMENT = (
    "schools/attainment",
    "schools/looked_after_outcomes",
    "schools/published_attendance",
    "council/neet_scorecard",
)


@pytest.mark.parametrize("key", DEPARTMENT)
def test_every_mark_of_the_departments_files_is_a_reason_for_absence(
    connection: Connection, tmp_path: Path, key: str
) -> None:
    agreed = contract(column("n", "BIGINT"), markers=load_partnership().contracts[key].markers)
    read(connection, tmp_path, agreed, *MARKERS)
    assert judged(connection, "n, _uncast, _absent") == [(None, None, f"n={why}") for why in MARKERS.values()]


def test_a_column_that_a_file_may_leave_out_is_empty(connection: Connection, tmp_path: Path) -> None:
    agreed = contract(column("ref"), column("n", "BIGINT"))
    (tmp_path / "sent.csv").write_text("Ref\na\n")
    number_rows(connection, load(connection, sent(tmp_path / "sent.csv"), ["ref"]))
    staging.stage(connection, agreed, [agreed.column("ref")])
    assert judged(connection, "ref, n, _uncast") == [("a", None, None)]


@pytest.mark.parametrize(
    ("copies_unless_blank", "copies"),
    [(None, [1, 1, 1, 1, 1, 1]), ("", [1, 2, 1, 1, 2, 3]), ("ref", [1, 2, 1, 1, 1, 1])],
    ids=["copies are allowed", "never", "only where a reference is given"],
)
def test_identical_rows_are_counted_from_the_first(
    connection: Connection, tmp_path: Path, copies_unless_blank: str | None, copies: list[int]
) -> None:
    agreed = contract(column("ref"), column("n", "BIGINT"), copies_unless_blank=copies_unless_blank)
    read(connection, tmp_path, agreed, "a,1", "a,1", "a,01", ",1", ",1", ",1")
    assert [copy for (copy,) in judged(connection, "_copy")] == copies


PLACE = (column("code"), column("name"), column("level"))


@pytest.mark.parametrize(
    ("any_of", "kept"),
    [
        (ScopeTest("code", "in_lsoa"), ["L1,,", "L2,,"]),
        (ScopeTest("code", "in_area"), ["B1,,", "00XX,,"]),
        (ScopeTest("code", "in_area_codes"), ["B1,,", "00XX,,", "W1,,"]),
        (ScopeTest("name", "lsoa_name"), [",Littleborough 012A,"]),
        (ScopeTest("code", "in_area", (("level", "LA"),)), ["B1,,LA"]),
    ],
    ids=lambda value: value.test if isinstance(value, ScopeTest) else "",
)
def test_scope_is_decided_by_the_agreed_codes_and_names(
    connection: Connection, tmp_path: Path, any_of: ScopeTest, kept: list[str]
) -> None:
    """A district whose name merely begins with ours, a code in other letters, and a blank are of elsewhere."""
    codes = ["L1,,", "L2,,", "L3,,", "l1,,", "B1,,", "00XX,,", "W1,,", "B11,,", "E1,,", '" B1",,', ",,"]
    names = [
        ",Littleborough 012A,", ",Littleborough North 012A,", ",Littleborough,", ",Littleborough 12A,",
        ",Littleborough 012AB,", ",littleborough 012A,", ",Littleborough  012A,", ",Greater Littleborough 012A,",
    ]  # fmt: skip
    lines = [*codes, *names, "B1,,LA", "X9,,LA"] if any_of.where else [*codes, *names]
    read(connection, tmp_path, contract(*PLACE, scope=ScopeRule(any=(any_of,))), *lines)
    assert [lines[int(str(row))] for (row,) in judged(connection, "_row")] == kept
    assert {scope for (scope,) in judged(connection, "_scope")} == {"area"}


def test_a_comparator_is_kept_apart_and_a_blank_code_hides_no_other_test(
    connection: Connection, tmp_path: Path
) -> None:
    rule = ScopeRule(
        any=(ScopeTest("code", "in_lsoa"), ScopeTest("name", "lsoa_name")),
        keep=(ScopeTest("code", "in_comparators", (("level", "National"),)),),
    )
    lines = [
        "L1,,",
        ",Littleborough 001A,",
        "E1,,National",
        "E1,,Regional",
        "E1,,",
        ",,National",
        ",,",
        "L9,Other 1A,",
    ]
    read(connection, tmp_path, contract(*PLACE, scope=rule), *lines)
    assert judged(connection, "_row, _scope") == [(0, "area"), (1, "area"), (2, "comparator")]


def test_without_a_scope_rule_every_row_is_the_areas(connection: Connection, tmp_path: Path) -> None:
    read(connection, tmp_path, contract(*PLACE), "X9,,", ",,")
    assert judged(connection, "_row, _scope") == [(0, "area"), (1, "area")]


def test_rows_of_elsewhere_are_counted_and_not_judged(connection: Connection, tmp_path: Path) -> None:
    agreed = contract(
        column("code"),
        column("n", "BIGINT"),
        scope=ScopeRule(any=(ScopeTest("code", "in_area"),)),
        copies_unless_blank="",
    )
    read(connection, tmp_path, agreed, "X9,not a number", "B1,1", "X9,1", "X9,1")
    assert judged(connection, "_row, n, _copy, _uncast") == [(1, 1, 1, None)]


def test_every_row_is_accounted_for_in_the_counts_and_in_the_files(connection: Connection, tmp_path: Path) -> None:
    agreed = contract(
        column("code"),
        column("n", "BIGINT"),
        column("secret", treatment="drop"),
        scope=ScopeRule(any=(ScopeTest("code", "in_area"),)),
        copies_unless_blank="",
    )
    lines = ["B1,1,s", "B1,x,s", "only two,fields", "X9,1,s", "B1,1,s", "B1,2,s", "B1,3,s", "too,many,fields,here"]
    ragged = read(connection, tmp_path, agreed, *lines)
    unread = "SELECT _row FROM judged WHERE _uncast IS NOT NULL;"
    copied = "SELECT _row FROM judged WHERE _copy > 1"
    staging.quarantine(connection, {"T-1": unread, "T-2": copied, "T-3": "SELECT _row FROM judged WHERE _row = 4"})
    counts = staging.count_rows(connection, ragged)
    assert counts == staging.Counts(received=8, accepted=3, quarantined=4, out_of_scope=1)
    assert counts.received == counts.accepted + counts.quarantined + counts.out_of_scope
    assert staging.first_rows(connection, unread) == [3], "as a spreadsheet numbers rows"
    accepted, quarantined = tmp_path / "accepted.parquet", tmp_path / "quarantined.parquet"
    staging.write_outcome(connection, agreed, accepted, quarantined)
    assert rows_in(connection, accepted, "_row, code, n") == [(0, "B1", 1), (5, "B1", 2), (6, "B1", 3)]
    assert rows_in(connection, quarantined, "_row, rules, n, _uncast") == [
        (1, "T-1", None, "n"),
        (4, "T-2, T-3", 1, None),
    ]
    for path in (accepted, quarantined):
        named = connection.execute(f"SELECT name FROM parquet_schema('{path}')").fetchall()
        assert ("secret",) not in named, "a dropped column does not leave"


def test_nothing_failing_and_nothing_at_all_balance_too(connection: Connection, tmp_path: Path) -> None:
    agreed = contract(column("code"))
    for lines in (["a", "b"], []):
        read(connection, tmp_path, agreed, *lines)
        staging.quarantine(connection, {})
        assert staging.count_rows(connection, 0) == staging.Counts(len(lines), len(lines), 0, 0)


def test_a_direct_identifier_leaves_as_its_hmac(connection: Connection, tmp_path: Path) -> None:
    key = bytes(range(32))
    agreed = contract(column("upn", treatment="pseudonymise"), column("n", "BIGINT"))
    assert staging.needs_key(agreed)
    staging.set_pseudonym_key(connection, key)
    read(connection, tmp_path, agreed, "H2134,1", ",2")
    staging.quarantine(connection, {})
    accepted = tmp_path / "accepted.parquet"
    staging.write_outcome(connection, agreed, accepted, tmp_path / "quarantined.parquet")
    expected = hmac.new(key, b"upn\x00H2134", hashlib.sha256).hexdigest()
    assert rows_in(connection, accepted, "upn, n") == [(expected, 1), (None, 2)]


def test_an_identifier_is_one_however_it_is_written(connection: Connection, tmp_path: Path) -> None:
    agreed = contract(column("nhs", treatment="pseudonymise"))
    staging.set_pseudonym_key(connection, bytes(range(32)))
    read(connection, tmp_path, agreed, "ab 12", "AB12", "A B12")
    staging.quarantine(connection, {})
    staging.write_outcome(connection, agreed, tmp_path / "a.parquet", tmp_path / "q.parquet")
    assert len(set(rows_in(connection, tmp_path / "a.parquet", "nhs"))) == 1


def test_dates_of_birth_and_postcodes_leave_as_bands_and_first_halves(
    connection: Connection, tmp_path: Path
) -> None:
    agreed = contract(
        column("born", "DATE", "dd/MM/yyyy", treatment="age_band"), column("pc", treatment="outward_code")
    )
    lines = [
        "30/09/1993,W12 7AB",
        "01/10/1993,sw65ab",
        "15/01/1949,W6",
        ",nowhere",
        "30/09/1949,",
        "29/02/1992,EC1A 1BB",
    ]
    read(connection, tmp_path, agreed, *lines)
    staging.quarantine(connection, {})
    accepted = tmp_path / "accepted.parquet"
    bands = {"born": ("under 16", "16-17", "18-59", "60+")}
    staging.write_outcome(connection, agreed, accepted, tmp_path / "q.parquet", on=date(2009, 9, 30), bands=bands)
    assert rows_in(connection, accepted, "_row, born, pc") == [
        (0, "16-17", "W12"),
        (1, "under 16", "SW6"),
        (2, "60+", "W6"),
        (3, None, None),
        (4, "60+", None),
        (5, "16-17", "EC1A"),
    ]


@pytest.mark.parametrize("length", [31, 65])
def test_a_key_of_another_length_is_refused(connection: Connection, length: int) -> None:
    with pytest.raises(ValueError, match="32 to 64"):
        staging.set_pseudonym_key(connection, b"k" * length)


def test_dates_and_distinct_texts_are_read_as_the_contract_says(connection: Connection, tmp_path: Path) -> None:
    agreed = contract(column("code"), column("seen", "DATE", "dd/MM/yyyy"))
    read(connection, tmp_path, agreed, "b,14/07/2009", "a,14/10/2009", "a,2009-07-14", ",")
    seen = staging.dates_inside(connection, agreed.column("seen"), date(2009, 7, 1), date(2009, 9, 30))
    assert seen == (1, 2), "one of two readable dates"
    assert staging.distinct_texts(connection, "code") == ["a", "b"]
    assert staging.slot_values(connection, ("code",)) == [("a",), ("b",)], "a blank names no slot"


# A locked-down connection reaches the delivery's own folder and nothing else, whatever is asked of it.
HOSTILE = [
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM '/etc/passwd'",
    "SELECT * FROM sniff_csv('/etc/passwd')",
    "SELECT * FROM glob('/etc/*')",
    "SELECT * FROM read_text('{own}/../beside/secret.csv')",
    "SELECT * FROM glob('{own}/../*')",
    "SELECT * FROM read_csv('https://exchange.example/x.csv')",
    "SELECT * FROM read_parquet('s3://bucket/x.parquet')",
    "COPY (SELECT 1) TO '{beside}/out.csv'",
    "COPY (SELECT 1) TO '{own}/../beside/out.csv'",
    "COPY (SELECT 1) TO '/dev/stdout'",
    "EXPORT DATABASE '{beside}/out'",
    "ATTACH '{beside}/out.duckdb' AS beside",
    "INSTALL httpfs",
    "LOAD httpfs",
    "LOAD '{own}/x.duckdb_extension'",
    "CREATE PERSISTENT SECRET (TYPE http, BEARER_TOKEN 'x')",
    "SELECT getenv('HOME')",
    "SELECT * FROM beside",
    "SET memory_limit = '8GB'",
    "PRAGMA memory_limit = '8GB'",
    "SET temp_directory = '{beside}'",
    "SET allowed_directories = ['/']",
    "SET enable_external_access = true",
    "SET autoload_known_extensions = true",
    "SET lock_configuration = false",
    "RESET lock_configuration",
]


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[tuple[Connection, Path]]:
    own = tmp_path / "own"
    own.mkdir()
    (tmp_path / "beside").mkdir()
    (tmp_path / "beside" / "secret.csv").write_text("a\nZXCANARY\n")
    opened = open_staging(own)
    lock_down(opened, [own], [])
    yield opened, own
    opened.close()


def test_hostile_sql_gets_nowhere(locked: tuple[Connection, Path]) -> None:
    connection, own = locked
    beside = own.parent / "beside"
    settings = "SELECT name, value FROM duckdb_settings() WHERE name NOT LIKE 'profiling%' ORDER BY name"
    before = connection.execute(settings).fetchall()
    for statement in HOSTILE:
        with pytest.raises(duckdb.Error) as caught:
            connection.execute(statement.format(own=own, beside=beside)).fetchall()
        assert "ZXCANARY" not in str(caught.value)
    assert connection.execute(settings).fetchall() == before
    assert [path.name for path in beside.iterdir()] == ["secret.csv"]


def test_a_locked_connection_still_does_its_work(locked: tuple[Connection, Path]) -> None:
    connection, own = locked
    agreed = contract(column("code"))
    assert read(connection, own, agreed, "a", "b") == 0
    staging.quarantine(connection, {})
    staging.write_outcome(connection, agreed, own / "accepted.parquet", own / "quarantined.parquet")
    assert rows_in(connection, own / "accepted.parquet", "code") == [("a",), ("b",)]


HEADERS = [
    "x'); DROP TABLE reference.lsoa; --",
    "Robert'); DELETE FROM judged; --",
    '"quoted"',
    "a', 'b': 'VARCHAR'}) --",
    "semi;colon",
    "two\nlines",
    "tab\tand\r\nreturn",
    "x" * 10_000,
    "SELECT 1",
    "_row",
    "{count}",
    "☃",
    " ",
]


@pytest.mark.parametrize("header", HEADERS, ids=range(len(HEADERS)))
def test_a_hostile_header_changes_no_schema(connection: Connection, tmp_path: Path, header: str) -> None:
    """A header in no contract is refused before any SQL; even written into a statement it would stay a name."""
    agreed = contract(column("code"), column("n", "BIGINT"))
    match = agreed.match_headers([header, "N"])
    assert (match.unexpected, match.missing) == ([header], ["Code"])
    before = schema(connection)
    (tmp_path / "sent.csv").write_text(f'"{header.replace(chr(34), chr(34) * 2)}",N\nx,1\n', newline="")
    loaded = load(connection, sent(tmp_path / "sent.csv"), [header, "n"])
    names = [header, "n", "_place"] if loaded.numbered else [header, "n"]
    assert schema(connection) == sorted([*before, *(("main", "raw", name) for name in names)])
    assert connection.execute("SELECT count(*) FROM reference.lsoa").fetchall() == [(2,)]


@pytest.mark.parametrize("value", [text for text in HEADERS if "\r" not in text], ids=str.strip)
def test_a_hostile_value_stays_a_value(connection: Connection, tmp_path: Path, value: str) -> None:
    agreed = contract(column("code"), column("n", "BIGINT"), markers={"c": "confidential"}, copies_unless_blank="")
    quoted = f'"{value.replace(chr(34), chr(34) * 2)}"'
    read(connection, tmp_path, agreed, f"{quoted},{quoted}")
    staging.quarantine(connection, {literal("T-1'; --"): "SELECT _row FROM judged WHERE _uncast IS NOT NULL"})
    staging.write_outcome(connection, agreed, tmp_path / "a.parquet", tmp_path / "q.parquet")
    assert rows_in(connection, tmp_path / "q.parquet", "code, n, _uncast") == [(value, None, "n")]
    tables = {table for _, table, _ in schema(connection)} - set(PLACES)
    assert tables == {"judged", "suspect", "failing", "failing_rule"}


def schema(connection: Connection) -> list[tuple[str, str, str]]:
    """Every table and view with its columns."""
    return connection.execute(
        "SELECT schema_name, table_name, column_name FROM duckdb_columns() WHERE NOT internal ORDER BY ALL"
    ).fetchall()


def rows_in(connection: Connection, parquet: Path, columns: str) -> list[tuple[object, ...]]:
    return connection.execute(f"SELECT {columns} FROM '{parquet}' ORDER BY ALL").fetchall()
