"""Values written into a row query come back from DuckDB as they were."""

import math
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from expectations.engine import literal_sql

VALUES = [
    None,
    True,
    0,
    -7,
    2**62,
    0.1,
    -1e300,
    math.inf,
    Decimal("12.3400"),
    date(2009, 7, 1),
    datetime(2009, 7, 1, 23, 59, 59, 123456),  # noqa: DTZ001
    "",
    "it's",
    '100% :name $1 ? \\ \\d "quoted"',
]


def _read_back(engine: sa.Engine, value: Any) -> Any:
    with engine.begin() as connection:
        return connection.exec_driver_sql(literal_sql(sa.select(sa.literal(value)), engine)).scalar()


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_value_comes_back(engine: sa.Engine, value: Any) -> None:
    found = _read_back(engine, value)
    assert found == value
    assert type(found) is type(value)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(st.characters(exclude_characters="\0", codec="utf-8")), max_size=4))
def test_a_list_of_texts_comes_back(engine: sa.Engine, texts: list[str]) -> None:
    chosen = sa.select(sa.func.count()).where(sa.column("t").in_(texts)).select_from(sa.table("texts"))
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE OR REPLACE TABLE texts (t VARCHAR)")
        for text in set(texts):
            connection.exec_driver_sql("INSERT INTO texts VALUES ($1)", (text,))
        connection.exec_driver_sql("INSERT INTO texts VALUES (NULL)")
        assert connection.exec_driver_sql(literal_sql(chosen, engine)).scalar() == len(set(texts))
