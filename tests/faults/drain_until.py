"""Run as a program: drain a home, and be killed (SIGKILL) at the N-th durable step, counting from 1; 0 is never.

A durable step is a rename, a removal, or a transaction about to commit or just committed.
"""

import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import warehouse.connection

steps = 0


def step(last: int) -> None:
    global steps
    steps += 1
    if steps == last:
        os.kill(os.getpid(), signal.SIGKILL)


def counted(function: Callable[..., Any], last: int) -> Callable[..., Any]:
    def wrapper(*arguments: Any, **named: Any) -> Any:
        step(last)
        result = function(*arguments, **named)
        step(last)
        return result

    return wrapper


def main(home: Path, last: int) -> None:
    original = warehouse.connection.transaction

    @contextmanager
    def transaction(connection: Any) -> Iterator[None]:
        with original(connection):
            yield
            step(last)
        step(last)

    warehouse.connection.transaction = transaction
    for module, name in ((os, "replace"), (os, "rename"), (shutil, "rmtree")):
        setattr(module, name, counted(getattr(module, name), last))

    from flows.drain import drain
    from flows.settings import Settings

    drain(Settings(home=home, now=lambda: datetime(2009, 7, 20, 9, tzinfo=UTC)))
    print(steps)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
