"""A DuckDB in memory, reached as a delivery's own database is: one connection behind an SQLAlchemy engine."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy.pool import StaticPool


@pytest.fixture
def engine() -> Iterator[sa.Engine]:
    made = sa.create_engine("duckdb:///:memory:", poolclass=StaticPool)
    yield made
    made.dispose()
