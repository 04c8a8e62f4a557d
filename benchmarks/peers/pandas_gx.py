"""pandas and Great Expectations as their tutorials show them: a frame in memory, a batch of it, a suite."""

import hashlib
from pathlib import Path
from typing import Any


def run(path: Path, folder: Path, month: str, types: list[str], outcomes: list[str]) -> dict[str, int]:
    """Read, validate, aggregate, fingerprint; returns the failures of each expectation."""
    import great_expectations as gx
    import great_expectations.expectations as gxe
    import pandas as pd

    with path.open("rb") as file:
        hashlib.file_digest(file, "sha256")
    frame = pd.read_csv(path, dtype={"Longitude": "float64", "Latitude": "float64"}, low_memory=False)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    batch = (
        context.data_sources.add_pandas("crimes")
        .add_dataframe_asset("crimes")
        .add_batch_definition_whole_dataframe("crimes")
        .get_batch({"dataframe": frame})
    )
    suite: Any = gx.ExpectationSuite(
        name="crimes",
        expectations=[
            *(gxe.ExpectColumnValuesToNotBeNull(column=name) for name in ("Month", "Reported by", "Falls within")),
            gxe.ExpectColumnValuesToNotBeNull(column="Crime type"),
            gxe.ExpectColumnValuesToBeInSet(column="Month", value_set=[month]),
            gxe.ExpectColumnValuesToBeInSet(column="Crime type", value_set=types),
            gxe.ExpectColumnValuesToBeInSet(column="Last outcome category", value_set=outcomes),
            gxe.ExpectColumnValuesToMatchRegex(column="LSOA code", regex="^[EW]01[0-9]{6}$"),
            gxe.ExpectColumnValuesToMatchRegex(column="Crime ID", regex="^[0-9a-f]{64}$"),
            gxe.ExpectColumnValuesToBeBetween(column="Longitude", min_value=-9, max_value=2.5),
            gxe.ExpectColumnValuesToBeBetween(column="Latitude", min_value=49, max_value=61),
            gxe.ExpectColumnValuesToBeNull(column="Context"),
        ],
    )
    results = batch.validate(suite).results
    frame[frame["LSOA code"].str.fullmatch("[EW]01[0-9]{6}", na=False)].groupby(
        ["Month", "LSOA code", "Crime type"]
    ).size()
    return {str(number): int(each.result.get("unexpected_count", 0)) for number, each in enumerate(results)}
