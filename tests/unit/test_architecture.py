"""The two laws of the house: imports run one way, and each third-party engine lives in one folder."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("schemas", "expectations", "warehouse", "reports", "flows")
MAY_IMPORT = {
    "schemas": {"schemas"},
    "expectations": {"schemas", "expectations"},
    "warehouse": {"schemas", "warehouse"},
    "reports": {"schemas", "reports"},
    "flows": set(FOLDERS),
}
HOMES = {
    "prefect": {"flows"},
    "great_expectations": {"expectations"},
    "duckdb": {"warehouse"},
    "altair": {"reports"},
    "vl_convert": {"reports"},
    "jinja2": {"reports"},
    "smtplib": {"flows"},
}


def modules() -> list[Path]:
    return [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield (node.module or "").partition(".")[0]


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_keep_to_the_plan(path: Path) -> None:
    folder = path.relative_to(ROOT).parts[0]
    for name in imported(path):
        if name in FOLDERS:
            assert name in MAY_IMPORT[folder], f"{folder} may not import {name}"
        if name in HOMES:
            assert folder in HOMES[name], f"{name} lives in {HOMES[name]}, not in {folder}"


def test_no_place_is_named_in_python_or_sql() -> None:
    """A partnership's codes and names live in its files: another borough changes no line of code."""
    words = ("E09000013", "00AN", "Hammersmith", "Fulham", "E0500025", "E0100185")
    for folder in FOLDERS:
        for path in [*(ROOT / folder).rglob("*.py"), *(ROOT / folder).rglob("*.sql")]:
            text = path.read_text(encoding="utf-8")
            assert not [word for word in words if word in text], path.relative_to(ROOT)
