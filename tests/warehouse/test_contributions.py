"""Contribution models: each does what the YAML beside it says, on any rows, and leaks nothing."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from schemas.partnership import Partnership, load_partnership
from schemas.periods import parse_period
from schemas.references import DEPRIVATION
from tests.spec.exchange import Exchange, open_reference
from warehouse.connection import lock_down
from warehouse.contributions import COLUMNS, ContributionError, contribute
from warehouse.reference import measures
from warehouse.tables import definition

CRIME = "police/recorded_crime"
PERIODS = {
    "month": "2018-01",
    "quarter": "FY2009-Q1",
    "tranche": "FY2009-T1",
    "academic_year": "AY2009",
    "financial_year": "FY2009",
    "calendar_year": "CY2009",
}
PARTNERSHIP = load_partnership()
KEYS = sorted(key for key, contract in PARTNERSHIP.contracts.items() if not contract.states)


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    opened = open_reference(PARTNERSHIP)
    yield opened
    opened.close()


@pytest.fixture
def exchange(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> Exchange:
    return Exchange(connection, PARTNERSHIP, tmp_path)


@pytest.mark.parametrize("key", KEYS)
def test_each_model_is_described_in_full(key: str) -> None:
    about = definition(PARTNERSHIP.contribution_model(key).with_suffix(".yaml"))
    assert list(about["columns"]) == list(COLUMNS)
    assert about["owner"]
    assert about["grain"]
    assert about["checks"]
    assert all(measure["unit"] and measure["description"] for measure in measures(PARTNERSHIP, key).values())


@pytest.mark.parametrize("key", KEYS)
def test_an_extract_without_rows_contributes_none(exchange: Exchange, key: str, tmp_path: Path) -> None:
    period = parse_period(PERIODS[PARTNERSHIP.contracts[key].period.kind])
    out = tmp_path / "contribution.parquet"
    assert exchange.contribute(key, period, "", out) == 0
    described = exchange.connection.execute(f"DESCRIBE FROM '{out}'").fetchall()
    assert {name: type for name, type, *_ in described} == COLUMNS


def test_every_term_of_every_indicator_is_a_measure_of_its_dataset() -> None:
    for framework in PARTNERSHIP.frameworks.values():
        for indicator in framework.indicators:
            for term in (*indicator.formula.numerator, *indicator.formula.denominator):
                if term.dataset is not None:
                    assert term.measure in measures(PARTNERSHIP, term.dataset), indicator.id


def test_every_breakdown_of_an_indicator_is_one_its_dataset_gives() -> None:
    for framework in PARTNERSHIP.frameworks.values():
        for indicator in framework.indicators:
            key = indicator.formula.numerator[0].dataset
            assert key is not None
            about = definition(PARTNERSHIP.contribution_model(key).with_suffix(".yaml"))
            for breakdown in set(indicator.breakdowns) - {"ward", DEPRIVATION}:  # these are made of areas
                assert breakdown in about["columns"]["breakdown"], indicator.id


def test_the_same_rows_give_the_same_bytes(exchange: Exchange, tmp_path: Path) -> None:
    table = "offence_code|ward_code|times\n28|00ANGA|700\n34B|00ANGB|500\n1||10\n8G|00ANGC|90"
    period = parse_period("FY2009-Q1")
    written = []
    for number, threads in enumerate((1, 2)):
        exchange.connection.execute(f"SET threads = {threads}")
        out = tmp_path / f"{number}.parquet"
        exchange.contribute(CRIME, period, table, out)
        written.append(out.read_bytes())
    assert written[0] == written[1]


def test_a_model_runs_on_a_connection_that_is_locked_down(tmp_path: Path) -> None:
    connection = open_reference(PARTNERSHIP)
    exchange = Exchange(connection, PARTNERSHIP, tmp_path)
    lock_down(connection, [tmp_path], [])
    assert exchange.contribute(CRIME, parse_period("FY2009-Q1"), "offence_code\n28", tmp_path / "out.parquet") > 0
    connection.close()


def own_model(tmp_path: Path, sql: str, about: str | None = None) -> Partnership:
    """The shipped partnership with a model of recorded crime of its own."""
    folder = tmp_path / "own/warehouse/models/contributions/police"
    folder.mkdir(parents=True)
    shipped = PARTNERSHIP.contribution_model(CRIME)
    (folder / "recorded_crime.sql").write_text(sql, encoding="utf-8")
    if about is None:
        shutil.copy(shipped.with_suffix(".yaml"), folder / "recorded_crime.yaml")
    else:
        (folder / "recorded_crime.yaml").write_text(about, encoding="utf-8")
    return replace(PARTNERSHIP, root=tmp_path / "own")


def one_row(measure: str = "'all_recorded_crime'", area: str = "'E09000013'", amount: str = "1") -> str:
    """A model that gives a row for each accepted row."""
    return (
        f"SELECT {measure} AS measure, DATE '2009-04-01' AS period_start, DATE '2009-06-30' AS period_end, "
        f"{area} AS area_code, 'all' AS breakdown, 'all' AS category, "
        f"CAST({amount} AS DECIMAL(28, 9)) AS amount, 1::BIGINT AS rows FROM accepted"
    )


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("SELECT 1 AS measure", "must give these columns"),
        (one_row(measure="offence_code"), "1 measures its YAML does not name"),
        (one_row(area="offence_code"), "an area is not in the reference"),
        (one_row(amount="NULL"), "a column has no value"),
        (one_row() + " UNION ALL " + one_row(), "two rows stand for the same figure"),
        (one_row(amount="offence_code"), "could not run"),
    ],
)
def test_a_model_that_does_not_do_what_it_says_is_our_fault_and_tells_no_value(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, sql: str, words: str
) -> None:
    changed = own_model(tmp_path, sql)
    exchange = Exchange(connection, changed, tmp_path)
    with pytest.raises(ContributionError, match=words) as raised:
        exchange.contribute(CRIME, parse_period("FY2009-Q1"), "offence_code\nSECRET", tmp_path / "out.parquet")
    assert "SECRET" not in str(raised.value)
    assert raised.value.__cause__ is None
    assert not (tmp_path / "out.parquet").exists()


def test_a_check_of_the_yaml_stops_a_contribution(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    about = PARTNERSHIP.contribution_model(CRIME).with_suffix(".yaml").read_text(encoding="utf-8")
    about += '  - {id: never, sentence: "There is a row.", sql: "FROM contributed"}\n'
    exchange = Exchange(connection, own_model(tmp_path, one_row(), about), tmp_path)
    with pytest.raises(ContributionError, match="never: There is a row"):
        exchange.contribute(CRIME, parse_period("FY2009-Q1"), "offence_code\n28", tmp_path / "out.parquet")


def test_a_dataset_without_a_model_says_so(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    contract = replace(PARTNERSHIP.contracts[CRIME], dataset="unheard_of")
    with pytest.raises(ContributionError, match="police/unheard_of has no contribution model"):
        contribute(
            connection,
            PARTNERSHIP,
            contract,
            tmp_path / "in.parquet",
            parse_period("FY2009-Q1"),
            tmp_path / "out.parquet",
        )
