"""How a database is opened: the settings that durability, erasure and fairness rest on."""

import os
import sqlite3
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from handrail.domain.errors import StorageError

BUSY_SECONDS = 30
_READ_ONLY = "handrail_read_only"
_PRAGMAS = (
    f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    # Deleted rows are overwritten with zeros, a wrapped data key above all.
    "PRAGMA secure_delete = ON",
)


def make_engine(url: str) -> Engine:
    """An engine for `sqlite:///file` or `postgresql://...`. Opens no connection yet.

    Raises StorageError for any other address and for SQLite in memory, which no second thread
    could see. The address is not repeated in the error: it may hold a password.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise StorageError("the database address cannot be understood") from None
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        return _sqlite(parsed)
    if backend == "postgresql":
        return _postgresql(parsed)
    raise StorageError("the database must be sqlite:///<file> or postgresql://...")


def read_only(connection: Connection) -> Connection:
    """Mark the connection's next transaction: it takes no writer lock and cannot write."""
    if is_postgresql(connection.engine):
        return connection.execution_options(postgresql_readonly=True, **{_READ_ONLY: True})
    return connection.execution_options(**{_READ_ONLY: True})


def is_postgresql(engine: Engine) -> bool:
    return engine.dialect.name == "postgresql"


def sqlite_path(engine: Engine) -> Path:
    """The database file, resolved."""
    return Path(engine.url.database or "").resolve()


def _sqlite(url: URL) -> Engine:
    if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
        raise StorageError("SQLite needs a file: sqlite:///<path>")
    engine = create_engine(
        url.set(drivername="sqlite+pysqlite"),
        hide_parameters=True,
        pool_size=8,
        max_overflow=32,
        connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
    )
    event.listen(engine, "do_connect", _create_private)
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _create_private(_dialect: Any, _record: Any, args: list[Any], _kwargs: dict[str, Any]) -> None:
    """The file, and with it its -wal and -shm, belongs to the service's account alone.

    A file that is there is not opened: closing it again would drop every lock that this process
    holds on it (POSIX locks belong to the process, not to the descriptor), another process would
    take itself for the last one and delete the log, and what we commit after that would be lost.
    https://www.sqlite.org/howtocorrupt.html, section 2.2
    """
    path = Path(args[0])
    if path.exists():
        return
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    except OSError as error:
        raise StorageError(f"cannot open the database file: {error.strerror}") from None


def _prepare(connection: Any, _record: Any) -> None:
    # The driver must not begin transactions by itself: `_begin` does, in the right mode.
    connection.isolation_level = None
    for pragma in _PRAGMAS:
        connection.execute(pragma)
    _write_ahead(connection)


def _write_ahead(connection: Any) -> None:
    """Switch the log on. Two first starts may do so at once, and the change of mode is the one
    statement for which SQLite does not wait by itself."""
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() >= until:
                raise
            time.sleep(0.02)


def _begin(connection: Connection) -> None:
    reading = connection.get_execution_options().get(_READ_ONLY, False)
    connection.exec_driver_sql(f"PRAGMA query_only = {'ON' if reading else 'OFF'}")
    # IMMEDIATE: a transaction that read first and writes later could not be upgraded safely.
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def _postgresql(url: URL) -> Engine:
    options: dict[str, Any] = {}
    if "options" not in url.query:
        options["options"] = f"-c timezone=UTC -c lock_timeout={BUSY_SECONDS}s"
    return create_engine(
        url.set(drivername="postgresql+psycopg"),
        hide_parameters=True,
        pool_size=8,
        max_overflow=32,
        pool_pre_ping=True,
        connect_args={"connect_timeout": 10, **options},
    )
