"""Imports Great Expectations so that it only computes: import this module before anything of it.

Left to itself the library turns the warnings of the whole process into log lines, and its own log lines quote SQL
and values of rows. Both are undone here, once, where they happen. This version sends no usage statistics and calls
no version check; others obey the setting below.
"""

from __future__ import annotations

import logging
import os
import warnings

os.environ["GX_ANALYTICS_ENABLED"] = "false"

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of its import only: it uses modules Python is about to drop
    import great_expectations.validator.metrics_calculator

logging.captureWarnings(False)
_logger = logging.getLogger("great_expectations")
_logger.setLevel(logging.CRITICAL + 1)
_logger.propagate = False  # one of its modules sets a level of its own

VERSION: str = great_expectations.__version__
