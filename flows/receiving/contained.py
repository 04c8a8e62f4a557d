"""A call in a process of its own, with limits: for a file that has brought a run down before.

A file is examined in the run's own process, which costs nothing. Where that process died (a crash of a library, no
memory left, or ``watched`` ended it because it hung), what it was at work on is still marked when the next run
comes; that file alone is examined here, so that whatever it does, its neighbours go on.
"""

import logging
import os
import pickle
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

MEMORY_BYTES = 4 << 30  # of the child: DuckDB's own gigabyte, the program, and room to read a workbook
SECONDS = 900.0  # for any file, and
BYTES_PER_SECOND = 2_000_000  # for a large one: a tenth of what one core reads
OUR_FAULT = 3  # the exit code that says the fault is ours
Result = TypeVar("Result")
log = logging.getLogger("exchange.contained")


class ContainedError(Exception):
    """A contained call gave no answer; says how, never a value. ``died``: it took its process with it."""

    def __init__(self, how: str, *, died: bool = True) -> None:
        super().__init__(how)
        self.died = died


def limit_seconds(size: int) -> float:
    """How long (seconds) a file of ``size`` bytes may be at work on before it counts as hung."""
    return SECONDS + size / BYTES_PER_SECOND


@contextmanager
def watched(name: str, seconds: float) -> Iterator[None]:
    """End this process when the block is not done in time: a library that hangs cannot be interrupted otherwise."""

    def end() -> None:
        log.critical("%s was not done after %.0f seconds: this run is ended, the next goes on", name, seconds)
        os._exit(OUR_FAULT)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def contained(function: Callable[..., Result], *arguments: Any, seconds: float) -> Result:
    """What ``function`` returns for these arguments, worked out in a process of its own.

    The function stands at the top of a module, and what goes in and comes out can be pickled.

    Raises:
        ContainedError: the process died, took longer than ``seconds`` or more than its memory, or the call raised.
    """
    command = [sys.executable, "-m", "flows.receiving.contained", str(os.getpid())]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as child:
        try:
            answer, _ = child.communicate(pickle.dumps((function, arguments)), timeout=seconds)
        except subprocess.TimeoutExpired:
            child.kill()
            raise ContainedError(f"not done after {seconds:.0f} seconds") from None
        except BaseException:
            child.kill()
            raise
    if child.returncode:
        code = child.returncode
        how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        raise ContainedError(f"the process that looked at it ended with {how}")
    # The bytes are our own child's.
    kind, value = pickle.loads(answer)  # noqa: S301
    if kind == "raised":
        raise ContainedError(value, died=value == "MemoryError")
    result: Result = value
    return result


def _main() -> None:
    """Be the child: limits first, then the call; only the type of an error leaves."""
    from flows.service.children import die_with_parent

    die_with_parent()
    if os.getppid() != int(sys.argv[1]):
        return  # the parent went before the kernel was asked
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core would hold the partner's rows
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    try:
        function, arguments = pickle.load(sys.stdin.buffer)  # noqa: S301  # from our own parent
        answer = ("returned", function(*arguments))
    except Exception as error:
        answer = ("raised", type(error).__name__)
    answers.write(pickle.dumps(answer))
    answers.close()


if __name__ == "__main__":
    _main()
