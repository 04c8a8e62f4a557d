"""Whatever bytes come, the readers answer with a table or with a plain sentence of ours: nothing else is raised.

`make fuzz` tries 20,000 of each.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.contract import load_contract
from schemas.loading import DefinitionError
from schemas.partnership import REPOSITORY
from tests.faults.counts import trials
from tests.warehouse.small_contract import contract_of
from warehouse.connection import Connection, open_memory
from warehouse.reader import UnreadableError, inspect, load, number_rows, open_table

CONTRACT = REPOSITORY / "schemas" / "contracts" / "police" / "street_crime.yaml"
FUZZED = settings(
    max_examples=trials(80), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
# What a reader takes apart: separators, quotation marks, line ends, marks of encodings and of other formats.
PIECES = st.sampled_from(
    [
        *(b"a", b"ref", b"a,ref", b",", b";", b"\t", b"|", b'"', b'""', b"\n", b"\r", b"\r\n", b"\x00", b" "),
        *(b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\xeb", b"\x81", b"\xc3", b"\xc3\xab", b"=1+1", b"'", b"\\"),
        *(
            b"PK\x03\x04",
            b"PK\x05\x06",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
            b"[{",
            b'{"a":',
            b"}]",
            b"<?xml",
            b"%PDF",
        ),
        b"ZXCANARY",
    ]
)
FILES = st.one_of(
    st.binary(max_size=200),
    st.lists(PIECES, max_size=40).map(b"".join),
    st.lists(PIECES, max_size=40).map(lambda pieces: b"a,ref\n" + b"".join(pieces)),
    st.lists(PIECES, max_size=40).map(lambda pieces: b"[{" + b"".join(pieces) + b"}]"),
)


@pytest.fixture(scope="module")
def connection() -> Iterator[Connection]:
    with open_memory() as opened:
        yield opened


def refusal(path: Path, connection: Connection) -> UnreadableError | None:
    """What is said of a file that is no table; None where it was read into the connection."""
    try:
        table = open_table(path, inspect(path), contract_of("a", "ref"))
        if len({name.lower() for name in table.header}) == len(table.header):  # else the door refuses it
            number_rows(connection, load(connection, table.readable(path.parent), table.header))
    except UnreadableError as error:
        return error
    return None


@given(content=FILES)
@FUZZED
def test_any_bytes_are_a_table_or_a_sentence(tmp_path: Path, connection: Connection, content: bytes) -> None:
    path = tmp_path / "sent.csv"
    path.write_bytes(content)
    connection.execute("CREATE OR REPLACE VIEW numbered AS SELECT 0 AS _row")
    refused = refusal(path, connection)
    if refused is not None:
        assert "ZXCANARY" not in f"{refused} {refused.problem} {refused.remedy}"
        assert refused.problem.endswith(".")
        assert refused.remedy
    else:
        places = [row for (row,) in connection.execute("SELECT _row FROM numbered ORDER BY _row").fetchall()]
        assert places == sorted(set(places)), "each row has a place of its own"


@st.composite
def spoilt(draw: st.DrawFn) -> bytes:
    """A shipped contract with some lines gone, doubled, moved, or with other text in them."""
    lines = CONTRACT.read_bytes().splitlines(keepends=True)
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(lines) - 1))
        kind = draw(st.sampled_from(["gone", "doubled", "shifted", "other", "value", "noise"]))
        if kind == "gone":
            del lines[place]
        elif kind == "doubled":
            lines.insert(place, lines[place])
        elif kind == "shifted":
            lines[place] = b"  " * draw(st.integers(0, 6)) + lines[place].lstrip()
        elif kind == "other":
            lines[place] = draw(st.text(max_size=30)).encode("utf-8", "replace") + b"\n"
        elif kind == "value":
            written = draw(
                st.sampled_from([b"[]", b"{}", b"null", b"1", b"'x'", b"true", b"&a *a", b"!!x 1", b"2009-01-01"])
            )
            lines[place] = lines[place].partition(b":")[0] + b": " + written + b"\n"
        else:
            lines[place] = draw(st.binary(max_size=30)) + b"\n"
    return b"".join(lines)


def mistake(path: Path, root: Path) -> DefinitionError | None:
    """What is said of a contract that is none."""
    try:
        load_contract(path, root)
    except DefinitionError as error:
        return error
    return None


@given(content=spoilt())
@FUZZED
def test_any_contract_is_read_or_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "schemas" / "contracts" / "police" / CONTRACT.name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    told = mistake(path, tmp_path)
    assert told is None or (CONTRACT.name in str(told) and told.fix)
