"""Engines that lose nothing that was acknowledged, and what their errors mean in plain words."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from inkread.errors import MissingExtraError, StoreError, StoreFullError, one_line

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection
    from sqlalchemy.engine.interfaces import DBAPIConnection

    from inkread.store.address import Address

PATIENCE = 10
"""Seconds to wait for another writer (SQLite), or for the server to answer (PostgreSQL)."""

WRITES = "inkread_writes"
"""The execution option of a connection that is going to write."""

SQLITE_MEANINGS = {
    "SQLITE_NOTADB": ("is a file, but no SQLite database", "name another file, or move it away"),
    "SQLITE_CORRUPT": ("is damaged", "restore it from a backup, or move it away"),
    "SQLITE_BUSY": ("is busy: another process keeps it locked", "try again, or close the other process"),
    "SQLITE_READONLY": ("may not be written to", "make it and its folder writable, or name another file"),
    "SQLITE_CANTOPEN": ("cannot be opened", "make it and its folder readable and writable"),
    "SQLITE_FULL": ("cannot grow: the disk is full", "remove readings, or free some space"),
    "SQLITE_IOERR": ("cannot be read or written: the disk fails", "check the disk, and the space on it"),
}
"""Problem and remedy of SQLite's primary result codes."""

CHECK_SERVER = "check that the server runs, and the user, password, host and database in the URL"
CHECK_LOG = "try again, and look into the server's log if it stays"


@contextmanager
def plain_errors(address: Address) -> Iterator[None]:
    """Within, what goes wrong with the database becomes a ``StoreError``."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error) as error:
        kind = StoreFullError if _sqlite_code(error).startswith("SQLITE_FULL") else StoreError
        raise kind(str(address), *_meaning(error, address)) from error


def open_engine(address: Address) -> Engine:
    """An engine of either database; SQLite's file is made if it is not there.

    Raises:
        StoreError: the file cannot be made.
        MissingExtraError: the driver of PostgreSQL is not installed.
    """
    return _sqlite(address, address.file) if address.file else _postgresql(address)


def _sqlite(address: Address, file: Path) -> Engine:
    _make(file)
    engine = create_engine(address.url, hide_parameters=True, connect_args={"timeout": PATIENCE})

    @event.listens_for(engine, "connect")
    def _set_up(connection: DBAPIConnection, _record: object) -> None:
        connection.isolation_level = None  # the driver begins nothing by itself
        cursor = connection.cursor()
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A writer locks at once: one that read first could not wait for another writer, it would fail.
        writes = connection.get_execution_options().get(WRITES)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _make(file: Path) -> None:
    """Makes the file, which only its owner may read: it will hold people's handwriting."""
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not file.exists():
            file.touch(mode=0o600)
    except OSError as error:
        problem = f"cannot be made ({error.strerror or error})"
        raise StoreError(str(file), problem, "name a file in a folder that is writable") from error


def use_write_ahead_log(file: Path) -> None:
    """Sets what SQLite's file keeps from then on; SQLite does not wait by itself for another that does the same."""
    deadline = time.monotonic() + PATIENCE
    with closing(sqlite3.connect(file, timeout=PATIENCE, isolation_level=None)) as connection:
        while True:
            try:
                connection.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorname != "SQLITE_BUSY" or time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
            else:
                return


def _postgresql(address: Address) -> Engine:
    options: dict[str, Any] = {} if "connect_timeout" in address.url.query else {"connect_timeout": PATIENCE}
    try:
        engine = create_engine(address.url, hide_parameters=True, pool_pre_ping=True, connect_args=options)
    except ImportError as error:
        raise MissingExtraError("psycopg", "postgres") from error

    @event.listens_for(engine, "connect")
    def _set_up(connection: DBAPIConnection, _record: object) -> None:
        # A server may be set to acknowledge what it has not yet written to its disk.
        cursor = connection.cursor()
        cursor.execute(
            "SELECT set_config('synchronous_commit', 'on', false) "
            "WHERE current_setting('synchronous_commit') = 'off'"
        )
        cursor.close()
        connection.commit()

    return engine


def _sqlite_code(error: Exception) -> str:
    """The name of SQLite's result code; empty for another error."""
    return getattr(getattr(error, "orig", None) or error, "sqlite_errorname", None) or ""


def _meaning(error: Exception, address: Address) -> tuple[str, str]:
    """Problem and remedy."""
    original = getattr(error, "orig", None) or error
    code = _sqlite_code(error)
    for name, meaning in SQLITE_MEANINGS.items():
        if code.startswith(name):
            return meaning
    cause = one_line(address.hide(str(original))) or type(original).__name__
    if address.file is None and isinstance(error, DBAPIError) and error.statement is None:
        return f"cannot be reached ({cause})", CHECK_SERVER
    return f"cannot be used ({cause})", CHECK_LOG
