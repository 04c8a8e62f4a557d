"""The shipped partnership, once, and an empty warehouse for each specification."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from schemas.partnership import Partnership, load_partnership
from tests.spec.exchange import Exchange, open_reference


@pytest.fixture(scope="session")
def partnership() -> Partnership:
    return load_partnership()


@pytest.fixture(scope="session")
def reference(partnership: Partnership) -> Iterator[duckdb.DuckDBPyConnection]:
    connection = open_reference(partnership)
    yield connection
    connection.close()


@pytest.fixture
def exchange(reference: duckdb.DuckDBPyConnection, partnership: Partnership, tmp_path: Path) -> Exchange:
    return Exchange(reference, partnership, tmp_path)
