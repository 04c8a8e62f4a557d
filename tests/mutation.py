"""Change the core one small thing at a time, and see whether its own tests notice. A survivor lacks a test.

    python -m tests.mutation                          every module of MODULES
    python -m tests.mutation warehouse/disclosure.py  one of them

Changed are comparisons, and/or, not, conditions, numbers, True/False, arithmetic, what is returned, and calls whose
answer nobody uses; not the words of messages. Each mutant runs in a fork of a process that has the libraries imported.
"""

import argparse
import ast
import contextlib
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parent.parent
MODULES = {
    "warehouse/disclosure.py": ("tests/unit/test_disclosure_rules.py",),
    "warehouse/ledger.py": ("tests/warehouse/test_ledger.py", "tests/warehouse/test_ledger_questions.py"),
    "warehouse/reader.py": (
        "tests/warehouse/test_reader.py",
        "tests/warehouse/test_formats.py",
        "tests/warehouse/test_reader_answers.py",
    ),
    "flows/officers/decisions.py": ("tests/flows/test_decisions.py",),
}
LIBRARIES = (
    "pytest",
    "hypothesis",
    "duckdb",
    "yaml",
    "pandas",
    "jinja2",
    "openpyxl",
    "python_calamine",
    "sqlalchemy",
)
AT_LEAST = 0.9  # of the mutants are to be noticed
SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
}


@dataclass(frozen=True)
class Mutant:
    """A module with one thing changed."""

    line: int
    change: str
    tree: ast.Module


def mutants(source: str) -> Iterator[Mutant]:
    """Every mutant of a module, in the order of its lines."""
    count = sum(1 for _ in _sites(ast.parse(source)))
    for number in range(count):
        tree = ast.parse(source)
        node, change = next(site for place, site in enumerate(_sites(tree)) if place == number)
        said = _changed(node, change)
        yield Mutant(getattr(node, "lineno", 0), said, ast.fix_missing_locations(tree))


def _sites(tree: ast.Module) -> Iterator[tuple[ast.AST, str]]:
    """What can be changed, and how. Docstrings, annotations and type-checking imports are no code that runs."""
    passed_over = {id(inner) for node in ast.walk(tree) for inner in _not_run(node)}
    for node in sorted(ast.walk(tree), key=lambda one: (getattr(one, "lineno", 0), getattr(one, "col_offset", 0))):
        if id(node) in passed_over:
            continue
        match node:
            case ast.Compare() | ast.BoolOp() | ast.BinOp():
                if any(type(operator) in SWAPS for operator in _operators(node)):
                    yield node, "operator"
            case ast.UnaryOp(op=ast.Not()):
                yield node, "not"
            case ast.If() | ast.While() | ast.IfExp():
                yield node, "condition"
            case ast.Constant(value=bool() | int() | float()):
                yield node, "constant"
            case ast.Return(value=ast.expr() as value) if not (
                isinstance(value, ast.Constant) and value.value is None
            ):
                yield node, "return"
            case ast.Expr(value=ast.Call()):
                yield node, "call"


def _not_run(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.arg) and node.annotation is not None:
        yield from ast.walk(node.annotation)
    if isinstance(node, ast.AnnAssign):
        yield from ast.walk(node.annotation)
    if isinstance(node, ast.FunctionDef) and node.returns is not None:
        yield from ast.walk(node.returns)
    if isinstance(node, ast.ClassDef):  # frozen=True
        for decorator in node.decorator_list:
            yield from ast.walk(decorator)
    if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
        yield from ast.walk(node)


def _operators(node: ast.Compare | ast.BoolOp | ast.BinOp) -> Sequence[ast.AST]:
    return node.ops if isinstance(node, ast.Compare) else [node.op]


def _changed(node: ast.AST, change: str) -> str:
    """Make the change; returns it in words."""
    before = ast.unparse(node).partition("\n")[0]
    match node:
        case ast.Compare():
            node.ops = [SWAPS.get(type(operator), type(operator))() for operator in node.ops]  # type: ignore[misc]
        case ast.BoolOp() | ast.BinOp():
            node.op = SWAPS[type(node.op)]()  # type: ignore[assignment]
        case ast.UnaryOp():
            node.op, node.operand = ast.Not(), ast.UnaryOp(ast.Not(), node.operand)
        case ast.If() | ast.While() | ast.IfExp():
            node.test = ast.UnaryOp(ast.Not(), node.test)
        case ast.Constant(value=bool()):
            node.value = not node.value
        case ast.Constant(value=int() | float() as value):
            node.value = value + 1
        case ast.Return():
            node.value = ast.Constant(None)
        case ast.Expr():
            node.value = ast.Constant(None)
    return f"{change}: {before[:70]}  ->  {ast.unparse(node).partition(chr(10))[0][:70]}"


class Replaced(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives one module's mutant in its place."""

    def __init__(self, name: str, path: Path, tree: ast.Module) -> None:
        self.name, self.path, self.tree = name, path, tree

    def find_spec(
        self, fullname: str, path: object, target: object = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != self.name:
            return None
        return importlib.util.spec_from_file_location(fullname, self.path, loader=self)

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self.tree, str(self.path), "exec"), module.__dict__)


def noticed(path: str, tree: ast.Module, tests: Sequence[str], seconds: float) -> bool:
    """True when the tests fail, or hang, on a mutant."""
    process = os.fork()
    if not process:
        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), 1)
            os.dup2(nowhere.fileno(), 2)
        sys.meta_path.insert(0, Replaced(path.removesuffix(".py").replace("/", "."), ROOT / path, tree))
        code = 1
        with contextlib.suppress(BaseException):
            import pytest

            # Hypothesis' database would try what failed for another mutant first; the same seed tries the same.
            plainly = ["-x", "-q", "-n", "0", "-p", "no:cacheprovider", "--assert=plain", "--hypothesis-seed=0"]
            code = pytest.main([*plainly, *tests])
        os._exit(int(bool(code)))
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        done, status = os.waitpid(process, os.WNOHANG)
        if done:
            return bool(os.waitstatus_to_exitcode(status))
        time.sleep(0.02)
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
    return True


def main(arguments: Sequence[str]) -> int:
    """Print what survives of each module; returns 1 when less than ``AT_LEAST`` of one's mutants are noticed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modules", nargs="*", default=list(MODULES))
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only each N-th mutant")
    options = parser.parse_args(arguments)
    os.chdir(ROOT)
    for library in LIBRARIES:
        importlib.import_module(library)
    weak = 0
    for path in options.modules:
        source = (ROOT / path).read_text(encoding="utf-8")
        started = time.monotonic()
        if noticed(path, ast.parse(source), MODULES[path], 600):
            print(f"{path}: its tests fail without any change")
            return 1
        seconds = 5 + 4 * (time.monotonic() - started)
        made = list(mutants(source))[:: options.every]
        survivors = [one for one in made if not noticed(path, one.tree, MODULES[path], seconds)]
        share = 1 - len(survivors) / len(made)
        weak += share < AT_LEAST
        for one in survivors:
            print(f"  {path}:{one.line}  {one.change}")
        print(f"{path}: {len(made) - len(survivors)} of {len(made)} mutants noticed ({share:.0%})", flush=True)
    return int(bool(weak))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
