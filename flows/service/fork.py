"""What a forked process does with its flow run; light to import, for each run's process imports it."""

import os
import runpy
import sys
import warnings
from collections.abc import Mapping
from pathlib import Path

from flows.service.children import die_with_parent


def execute(flow_run_id: str, environment: Mapping[str, str], folder: Path | None) -> None:
    """Be the process of one flow run: what ``python -m prefect.engine`` does, with nothing left to import."""
    die_with_parent()
    os.environ.clear()
    os.environ.update(environment)
    if folder is not None:
        os.chdir(folder)
    sys.argv = ["prefect.engine", flow_run_id]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # the engine is imported already: that is the point
        runpy.run_module("prefect.engine", run_name="__main__")
