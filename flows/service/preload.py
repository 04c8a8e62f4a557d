"""Imported once by the process that every flow run is forked from: all that a run would otherwise import anew."""

import gc
import importlib

WARM = (
    *("flows.deployed", "flows.service.fork", "prefect.engine", "prefect.flow_engine", "prefect.artifacts"),
    *("expectations.run", "expectations.standard", "expectations.docs"),
    *("great_expectations", "duckdb", "duckdb_engine", "pandas", "holidays", "reports.mail", "reports.letters"),
)

for name in WARM:
    importlib.import_module(name)
gc.collect()
gc.freeze()  # so that no run copies these pages only to count references
