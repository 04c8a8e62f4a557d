"""For a person in a notebook: a data frame against a standard, by the very engine and rules deliveries meet."""

from __future__ import annotations

from expectations.run import run_standard  # isort: skip  # before anything of the library

from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.pool import StaticPool

from expectations.standard import resolve
from schemas.standard import Standard


def validate_frame(frame: pd.DataFrame, standard: Standard, **values: Any) -> pd.DataFrame:
    """The rules a frame breaks: rule_id, severity, outcome, sentence, failed, checked; empty if all is well.

    The frame has the contract's column names and types, dates as dates. The system columns `_row`, `_copy`,
    `_uncast` and `_scope` are added where it lacks them, as for a file whose every cell could be read. `values`
    fill the standard's placeholders: period_start=date(2009, 7, 1), codelists={"yes_no": ["Y", "N"]}.

        validate_frame(crimes, load_standard(Path("expectations/police/recorded_crime.yaml")), period_start=...)

    Raises DefinitionError when a placeholder has no value.
    """
    engine = sa.create_engine("duckdb:///:memory:", poolclass=StaticPool)
    try:
        with engine.connect() as connection:
            database: Any = connection.connection.driver_connection
            database.register("given", _with_system_columns(frame))
            database.execute("CREATE TABLE judged AS SELECT * FROM given")
            database.unregister("given")
        results = run_standard(engine, "judged", resolve(standard, values))
    finally:
        engine.dispose()
    columns = ["rule_id", "severity", "outcome", "sentence", "failed", "checked"]
    broken = [
        (
            result.rule.id,
            result.rule.severity,
            result.outcome,
            result.rule.sentence.replace("{count}", f"{result.failed:,}"),
            result.failed,
            result.checked,
        )
        for result in results
        if result.outcome != "passed"
    ]
    return pd.DataFrame(broken, columns=columns)


def _with_system_columns(frame: pd.DataFrame) -> pd.DataFrame:
    """Adds what the reader would: place in the file from 0, how often the row has been seen so far, and so on."""
    columns = list(frame.columns)
    added = {
        "_row": range(len(frame)),
        "_copy": frame.groupby(columns, dropna=False).cumcount() + 1 if len(frame) else 1,
        "_uncast": pd.Series(pd.NA, index=frame.index, dtype="string"),
        "_scope": "area",
    }
    return frame.assign(**{name: value for name, value in added.items() if name not in columns})
