"""Opening DuckDB: the one-writer warehouse, and the locked-down database of a single delivery.

The warehouse is always reached through ATTACH under the catalog name ``warehouse``, so that another catalog
can take the file's place without a line of SQL changing.
"""

import os
import random
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
from filelock import FileLock, Timeout

from warehouse.receipts import append_receipts

if TYPE_CHECKING:
    import sqlalchemy

Connection = duckdb.DuckDBPyConnection  # so that other folders can name the type without the engine
WAIT_SECONDS = 30.0
SHORTEST_PAUSE, LONGEST_PAUSE = 0.02, 0.4  # seconds between two tries to get at the warehouse
RUN_WAIT_SECONDS = 600.0
STAGING_MEMORY = "1GB"


class WarehouseBusyError(Exception):
    """Another process holds the warehouse and did not let go within the waiting time."""


@contextmanager
def open_warehouse(
    home: Path,
    *,
    writable: bool = False,
    wait_seconds: float | None = None,
    working: Connection | None = None,
) -> Iterator[Connection]:
    """Yield an in-memory connection (``working``, or a new one) with the warehouse attached as ``warehouse``.

    Held only as long as the block runs: one process at a time, waiting up to ``wait_seconds`` (default
    ``WAIT_SECONDS``; jittered so that fifty waiting processes do not knock together).

    Raises:
        WarehouseBusyError: the warehouse stayed locked for the whole waiting time.
    """
    if not writable and not (home / "warehouse.duckdb").exists():
        # Looking at a home where nothing has arrived, or at a mistyped one, must not make it.
        with open_memory() as connection:
            connection.execute("ATTACH ':memory:' AS warehouse")
            yield connection
        return
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = FileLock(home / "warehouse.lock")
    wait_seconds = WAIT_SECONDS if wait_seconds is None else wait_seconds
    deadline = time.monotonic() + wait_seconds
    pause = SHORTEST_PAUSE
    while True:
        try:
            lock.acquire(blocking=False)
            break
        except Timeout:
            if time.monotonic() > deadline:
                raise WarehouseBusyError(f"the warehouse stayed in use for {wait_seconds:.0f} seconds") from None
        time.sleep(random.uniform(pause / 2, pause))  # noqa: S311
        pause = min(1.3 * pause, LONGEST_PAUSE)  # fifty that ask all the time leave no time to who is at work
    try:
        if not (home / "warehouse.duckdb").exists():
            _make(home / "warehouse.duckdb")
        with nullcontext(working) if working is not None else open_memory() as connection:
            _attach(connection, home / "warehouse.duckdb", writable, deadline)
            try:
                yield connection
            finally:
                if writable and _is_attached(connection):
                    append_receipts(
                        connection, home
                    )  # behind every commit: the audit's anchor outside the database
                if working is not None:
                    connection.execute("DETACH warehouse")
    finally:
        lock.release()


def _attach(connection: Connection, path: Path, writable: bool, deadline: float) -> None:
    """Attach the file; a person's own DuckDB shell may hold it although no exchange does."""
    mode = "" if writable else " (READ_ONLY)"
    while True:
        try:
            connection.execute(f"ATTACH '{literal(str(path))}' AS warehouse{mode}")
            return
        except duckdb.IOException as error:
            if "set lock on file" not in str(error):
                raise  # no room, or a file that is none: waiting mends neither
            if time.monotonic() > deadline:
                raise WarehouseBusyError("another program has the warehouse file open") from None
            time.sleep(random.uniform(0.05, 0.2))  # noqa: S311


def _make(path: Path) -> None:
    """Make an empty warehouse whole or not at all: half a file, left by a full disk, could never be opened again."""
    fresh = path.with_name(".warehouse.made.duckdb")
    fresh.unlink(missing_ok=True)
    duckdb.connect(str(fresh)).close()
    sync(fresh)
    os.replace(fresh, path)
    sync(path.parent)


def sync(path: Path) -> None:
    """Bring a file, or a folder's list of names, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _is_attached(connection: Connection) -> bool:
    found = connection.execute("SELECT count(*) FROM duckdb_databases() WHERE database_name = 'warehouse'")
    return bool(found.fetchall()[0][0])


def rewrite_warehouse(home: Path) -> None:
    """Write the warehouse's file anew: DuckDB leaves traces of deleted rows in the old one. Nothing else changes.

    A crash leaves the old file or the new one.

    Raises:
        WarehouseBusyError: as ``open_warehouse``.
    """
    fresh = home / ".warehouse.rewritten.duckdb"
    for left in home.glob(f"{fresh.name}*"):
        left.unlink()
    with open_warehouse(home, writable=True) as connection:
        connection.execute(f"ATTACH '{literal(str(fresh))}' AS rewritten")
        connection.execute("COPY FROM DATABASE warehouse TO rewritten")
        connection.execute("DETACH rewritten")
        connection.execute("DETACH warehouse")
        sync(fresh)
        os.chmod(fresh, 0o600)
        os.replace(fresh, home / "warehouse.duckdb")


@contextmanager
def one_run(home: Path, work: str = "run") -> Iterator[None]:
    """Let one run at a time do some work on a home; the next waits.

    Raises:
        WarehouseBusyError: the other run did not end within ``RUN_WAIT_SECONDS``.
    """
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with FileLock(home / f"{work}.lock", timeout=RUN_WAIT_SECONDS):
            yield
    except Timeout:
        raise WarehouseBusyError("another run is at work on this home") from None


_idle: list[Connection] = []  # engines that a block is done with, empty again
_KEPT_IDLE = 2  # a replay works on two homes at once


@contextmanager
def open_memory() -> Iterator[Connection]:
    """Yield a working connection in memory, for what is drawn from files and goes to files.

    Nothing in it outlives the block. The engine under it does, for the next block: starting and stopping one costs
    more than most of what is asked of it, and a delivery asks a dozen times.
    """
    try:
        engine = _idle.pop()
    except IndexError:
        engine = duckdb.connect(":memory:")
    try:
        connection = engine.cursor()  # temporary tables and variables are its own
        try:
            connection.execute("ATTACH ':memory:' AS working; USE working")
            yield connection
        finally:
            connection.close()
        attached = engine.execute(
            "SELECT database_name FROM duckdb_databases() WHERE NOT internal AND database_name <> 'memory'"
        ).fetchall()
        for (name,) in attached:
            engine.execute(f"DETACH {identifier(name)}")
    except BaseException:
        engine.close()  # whatever went wrong, the next block does not inherit it
        raise
    if len(_idle) < _KEPT_IDLE:
        _idle.append(engine)
    else:
        engine.close()


def _close_idle() -> None:
    while _idle:
        _idle.pop().close()


os.register_at_fork(before=_close_idle)  # an engine's threads do not live on in a forked child


@contextmanager
def transaction(connection: Connection) -> Iterator[None]:
    """Run a block as one transaction: everything of it is kept, or nothing."""
    connection.execute("BEGIN TRANSACTION")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # Also of a commit that failed: what it left open would be taken for kept by whoever reads on this connection.
        with suppress(
            duckdb.Error
        ):  # nothing is open any more, or the database has given up: the first error tells
            connection.execute("ROLLBACK")
        raise


def open_staging(folder: Path) -> Connection:
    """Open a delivery's own database; call ``lock_down`` before partner bytes are read.

    It lives in memory and spills into ``folder``: closing it costs nothing, and nothing of it is left.
    """
    return duckdb.connect(":memory:", config={"memory_limit": STAGING_MEMORY, "temp_directory": str(folder)})


def lock_down(connection: Connection, folders: Iterable[Path], files: Iterable[Path]) -> None:
    """Let the connection touch these folders and files only, and nothing change that any more."""
    allowed_folders = ", ".join(f"'{literal(str(folder))}'" for folder in folders)
    allowed_files = ", ".join(f"'{literal(str(file))}'" for file in files)
    connection.execute(f"SET allowed_directories = [{allowed_folders}]")
    connection.execute(f"SET allowed_paths = [{allowed_files}]")
    connection.execute("SET autoinstall_known_extensions = false")
    connection.execute("SET autoload_known_extensions = false")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def sqlalchemy_engine(connection: Connection) -> "sqlalchemy.Engine":
    """Wrap an open connection for Great Expectations: the same handle, never a second one."""
    import sqlalchemy
    from duckdb_engine import ConnectionWrapper
    from sqlalchemy.pool import StaticPool

    return sqlalchemy.create_engine(
        "duckdb:///:memory:", creator=lambda: ConnectionWrapper(connection), poolclass=StaticPool
    )


def literal(text: str) -> str:
    """Escape text for use between single quotes in SQL."""
    return text.replace("'", "''")


def identifier(name: str) -> str:
    """Quote a name for SQL. Names come from contracts only, never from a partner's file."""
    return '"' + name.replace('"', '""') + '"'
