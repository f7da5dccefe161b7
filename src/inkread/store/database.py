"""The URL of a store, whose password is never shown, and its engine, which never loses acknowledged data."""

from __future__ import annotations

import re
import sqlite3
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from inkread.errors import MissingExtraError, StoreError, StoreFullError, one_line
from inkread.system.user_folders import user_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Self

    from sqlalchemy import Connection
    from sqlalchemy.engine.interfaces import DBAPIConnection

FORMS = "use sqlite:///FILE or postgresql+psycopg://USER:PASSWORD@HOST/DATABASE"
POSTGRESQL = "postgresql+psycopg"
DRIVERS = {
    "sqlite": "sqlite",
    "sqlite+pysqlite": "sqlite",
    "postgres": POSTGRESQL,
    "postgresql": POSTGRESQL,
    POSTGRESQL: POSTGRESQL,
}
"""The supported URL schemes and their drivers."""

PATIENCE = 10
"""Seconds to wait for another writer (SQLite) or for the server to respond (PostgreSQL)."""

WRITES = "inkread_writes"
"""The execution option of connections for writing."""

SQLITE_MEANINGS = {
    "SQLITE_NOTADB": ("is a file, but not an SQLite database", "use another file, or move it away"),
    "SQLITE_CORRUPT": ("is damaged", "restore it from a backup, or move it away"),
    "SQLITE_BUSY": ("is locked by another process", "try again, or stop the other process"),
    "SQLITE_READONLY": ("is read-only", "make it and its folder writable, or use another file"),
    "SQLITE_CANTOPEN": ("cannot be opened", "make it and its folder readable and writable"),
    "SQLITE_FULL": ("cannot grow: the disk is full", "remove readings, or free some space"),
    "SQLITE_IOERR": ("cannot be read or written: disk error", "check the disk and its free space"),
}
"""Problem and remedy of SQLite's primary result codes."""

CHECK_SERVER = "check that the server is running, and the user, password, host, and database in the URL"
CHECK_LOG = "try again, and check the server's log if the error persists"


def default_url() -> str:
    """Returns the URL of the user's store; raises the same errors as ``user_folder``."""
    file = user_folder("XDG_DATA_HOME", ".local/share") / "store.sqlite"
    return URL.create("sqlite", database=file.as_posix()).render_as_string()


@dataclass(frozen=True, slots=True)
class Address:
    """The location of a store: the URL with its driver, and the SQLite file or ``None`` for a server."""

    url: URL
    file: Path | None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parses a URL; text without ``://`` is a file path.

        Raises:
            StoreError: the text is not a URL, is ambiguous, or is not the URL of a supported database.
        """
        if "://" not in text:
            return cls(*_of_file(URL.create("sqlite", database=text), text or "the store"))
        source = re.sub(r"://.*@", "://***@", text, flags=re.DOTALL)
        try:
            url = make_url(text)
        except (ArgumentError, ValueError):
            # The error's text may contain a part of the password.
            raise StoreError(source, "is not the URL of a database", FORMS) from None
        driver = DRIVERS.get(url.drivername)
        if driver is None:
            raise StoreError(source, "is not a supported kind of database", FORMS)
        if driver == "sqlite":
            return cls(*_of_file(url, source))
        if text.count("@") > 1 or ("@" in text and url.username is None):
            raise StoreError(source, "has an @ or / in its user or password", "write them as %40 and %2F")
        return cls(url.set(drivername=driver), None)

    def __str__(self) -> str:
        """Returns the file, or the URL without password and options, which may contain another password."""
        if self.file:
            return str(self.file)
        where = {name: value for name, value in self.url.query.items() if name in ("host", "port")}
        return self.url.set(query=where).render_as_string(hide_password=True)

    def hide(self, text: str) -> str:
        """Removes the password from an error's text."""
        for secret in (self.url.password, self.url.query.get("password"), self.url.query.get("sslpassword")):
            if secret:
                text = text.replace(str(secret), "***")
        return text


def _of_file(url: URL, source: str) -> tuple[URL, Path]:
    if url.host or url.query or url.username:
        raise StoreError(source, "is not a file path", "use sqlite:///FILE, with three or four slashes")
    if url.database in (None, "", ":memory:"):
        raise StoreError(source, "is an in-memory database", "use a file: sqlite:///FILE")
    file = Path(str(url.database)).absolute()
    return URL.create("sqlite", database=str(file)), file


@contextmanager
def plain_errors(address: Address) -> Iterator[None]:
    """Converts database errors to ``StoreError``."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error) as error:
        kind = StoreFullError if _sqlite_code(error).startswith("SQLITE_FULL") else StoreError
        raise kind(str(address), *_meaning(error, address)) from error


def open_engine(address: Address) -> Engine:
    """Creates an engine for either database; creates SQLite's file if it does not exist.

    Raises:
        StoreError: the file cannot be created.
        MissingExtraError: the driver of PostgreSQL is not installed.
    """
    return _sqlite(address.file, address.url) if address.file else _postgresql(address.url)


def _sqlite(file: Path, url: URL) -> Engine:
    _make(file)
    engine = create_engine(url, hide_parameters=True, connect_args={"timeout": PATIENCE})

    @event.listens_for(engine, "connect")
    def _set_up(connection: DBAPIConnection, _record: object) -> None:
        connection.isolation_level = None  # the driver must not begin transactions itself
        cursor = connection.cursor()
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # Writers lock at once: after a read, a writer would fail instead of waiting for another writer.
        writes = connection.get_execution_options().get(WRITES)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _make(file: Path) -> None:
    """Creates the file, readable only by its owner because it will contain people's handwriting."""
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not file.exists():
            file.touch(mode=0o600)
    except OSError as error:
        problem = f"cannot be created ({error.strerror or error})"
        raise StoreError(str(file), problem, "use a file in a writable folder") from error


def use_write_ahead_log(file: Path) -> None:
    """Sets the file's journal mode permanently; retries because SQLite does not wait for others here."""
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


def _postgresql(url: URL) -> Engine:
    options: dict[str, Any] = {} if "connect_timeout" in url.query else {"connect_timeout": PATIENCE}
    try:
        engine = create_engine(url, hide_parameters=True, pool_pre_ping=True, connect_args=options)
    except ImportError as error:
        raise MissingExtraError("psycopg", "postgres") from error

    @event.listens_for(engine, "connect")
    def _set_up(connection: DBAPIConnection, _record: object) -> None:
        # A server may be configured to acknowledge data before writing it to disk.
        cursor = connection.cursor()
        cursor.execute(
            "SELECT set_config('synchronous_commit', 'on', false) "
            "WHERE current_setting('synchronous_commit') = 'off'"
        )
        cursor.close()
        connection.commit()

    return engine


def _sqlite_code(error: Exception) -> str:
    """Returns the name of SQLite's result code; empty for other errors."""
    return getattr(getattr(error, "orig", None) or error, "sqlite_errorname", None) or ""


def _meaning(error: Exception, address: Address) -> tuple[str, str]:
    original = getattr(error, "orig", None) or error
    code = _sqlite_code(error)
    for name, meaning in SQLITE_MEANINGS.items():
        if code.startswith(name):
            return meaning
    cause = one_line(address.hide(str(original))) or type(original).__name__
    if address.file is None and isinstance(error, DBAPIError) and error.statement is None:
        return f"cannot be reached ({cause})", CHECK_SERVER
    return f"cannot be used ({cause})", CHECK_LOG
