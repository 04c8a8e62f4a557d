"""How a command ends: its exit code, and what it prints on the way."""

import json
import sys
from pathlib import Path
from typing import Any

OK, DATA_FAILED, WRONG_USE, OUR_FAULT = 0, 1, 2, 3


def said(sentence: str, code: int) -> int:
    """Tell the person one sentence on standard error; returns the exit code."""
    print(f"exchange: {sentence}", file=sys.stderr)
    return code


def show(content: Any) -> int:
    """Print a value as JSON; returns ok."""
    print(json.dumps(content, indent=2, ensure_ascii=False))
    return OK


def settings(home: Path | None = None) -> Any:
    """The settings of the environment, loaded when a command needs them."""
    from flows.settings import load_settings

    return load_settings(home=home)
