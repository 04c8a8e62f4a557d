"""Whoever knows Great Expectations finds DuckDB among its data sources."""

import gc
from pathlib import Path

import sqlalchemy as sa

import expectations.engine  # noqa: F401  # registers it


def test_a_duckdb_file_is_validated_the_librarys_own_way(tmp_path: Path) -> None:
    import great_expectations as gx

    url = f"duckdb:///{tmp_path / 'file.duckdb'}"
    writer = sa.create_engine(url)
    with writer.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE rows_ AS SELECT range AS n, 'x' || range AS t FROM range(10)")
    writer.dispose()
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    source = context.data_sources.add_duckdb("published", connection_string=url)
    batch = source.add_table_asset("rows_").add_batch_definition_whole_table("all").get_batch()
    suite = gx.ExpectationSuite(
        "trial",
        expectations=[
            gx.expectations.ExpectColumnValuesToMatchRegex(column="t", regex="^x[0-8]$"),
            gx.expectations.ExpectColumnValuesToBeUnique(column="n"),
            gx.expectations.ExpectColumnValuesToBeInSet(column="n", value_set=list(range(10))),
        ],
    )
    result = batch.validate(suite)
    assert [outcome.success for outcome in result.results] == [False, True, True]
    assert result.results[0].result["unexpected_count"] == 1
    context.data_sources.delete("published")
    del batch, source, result, context
    gc.collect()
