"""On the path of a program under test: some files bring down whatever reads them, as a bug of a library would.

What a file does stands in it: POISON-crash, POISON-hang or POISON-memory, when it is read; POISON-door, when it is
first looked at.
"""

import os
import signal
import time
from pathlib import Path
from typing import Any

import flows.receiving.contained
import warehouse.reader

flows.receiving.contained.limit_seconds = lambda size: 4.0 if size > 500 else 60.0
flows.receiving.contained.MEMORY_BYTES = 1 << 30
load, inspect = warehouse.reader.load, warehouse.reader.inspect


def poisoned_load(connection: Any, found: Any, columns: list[str]) -> Any:
    text = found.path.read_bytes()
    if b"POISON-crash" in text:
        os.kill(os.getpid(), signal.SIGSEGV)
    if b"POISON-hang" in text:
        time.sleep(3600)
    if b"POISON-memory" in text:
        if b"flows.receiving.contained" not in Path("/proc/self/cmdline").read_bytes():
            os.kill(os.getpid(), signal.SIGKILL)  # what the kernel does where nothing limits a process
        _ = [bytearray(1 << 26) for _ in range(1 << 10)]
    return load(connection, found, columns)


def poisoned_inspect(path: Path) -> Any:
    if b"POISON-door" in path.read_bytes():
        os.kill(os.getpid(), signal.SIGSEGV)
    return inspect(path)


warehouse.reader.load = poisoned_load
warehouse.reader.inspect = poisoned_inspect
