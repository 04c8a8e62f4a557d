"""A partnership's folder outside the program: the shipped definitions, for a test to add to or to change."""

import shutil
from pathlib import Path

from schemas.partnership import REPOSITORY


def copy_definitions(root: Path) -> Path:
    """A copy of the shipped definitions, and of nothing else: no Python, no pages, no JSON Schemas."""
    ours = shutil.ignore_patterns("*.py", "__pycache__", "json", "_docs")
    for folder in ("schemas", "expectations"):
        shutil.copytree(REPOSITORY / folder, root / folder, ignore=ours)
    return root
