"""Opens a database, migrates its tables, and makes transactions; each is on disk when it ends.

SQLite needs space even to remove data because it first writes the changed pages to a file next to the
database. On a full disk, nothing could be removed to free space. So another file next to the database, the
reserve, keeps some space, and is deleted when the disk is full.
"""

from __future__ import annotations

from contextlib import contextmanager, nullcontext, suppress
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import delete, false, inspect, text

from inkread.errors import StoreError, StoreFullError
from inkread.store.database import WRITES, Address, open_engine, plain_errors, use_write_ahead_log
from inkread.store.tables import Readings, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from sqlalchemy import Connection, Delete, Engine, Update

Found = TypeVar("Found")

VERSION_TABLE = "inkread_version"
SCRIPTS = "inkread.store:migrations"
ADVISORY_LOCK = 0x696E6B72656164
"""The key of PostgreSQL's advisory lock for migrations: "inkread" in ASCII."""

RESERVE_BYTES = 4 * 2**20
"""Room for a thousand changed pages; removing a reading changes a few dozen."""


class Transactions:
    """A database for any number of threads and processes at once."""

    def __init__(self, engine: Engine, address: Address) -> None:
        self._engine = engine
        self._writer = engine.execution_options(**{WRITES: True})
        self._address = address
        # SQLite's writers poll for the lock; with a queue, threads wait at most a fifth as long.
        self._reserve = address.file and address.file.with_name(f"{address.file.name}-reserve")
        self._turn: AbstractContextManager[Any] = Lock() if address.file else nullcontext()

    @classmethod
    def open(cls, url: str) -> Self:
        """Opens a store, creates it if it does not exist, and migrates its tables to this version.

        The URL is ``sqlite:///FILE``, ``postgresql+psycopg://USER:PASSWORD@HOST/DATABASE``, or a file's path.

        Raises:
            StoreError: the database is unsupported, unreachable, read-only, of a newer version, or not a
                store.
            MissingExtraError: the driver of PostgreSQL is not installed.
        """
        address = Address.parse(url)
        engine = open_engine(address)
        store = cls(engine, address)
        try:
            store._with_reserve(store._prepare)
        except BaseException:
            engine.dispose()
            raise
        return store

    def close(self) -> None:
        """Closes all connections; no data is lost without it."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self._address)!r})"

    def _prepare(self) -> None:
        with plain_errors(self._address):
            _migrate(self._engine, self._address)
            if self._address.file:  # only now, so that another program's file is never changed
                self._engine.dispose()
                use_write_ahead_log(self._address.file)

    def _changes(self, *statements: Delete | Update) -> bool:
        """Runs the statements, even on a full disk; returns whether they changed anything."""

        def change() -> bool:
            with self._writing() as connection:
                return any(connection.execute(statement).rowcount > 0 for statement in statements)

        return self._with_reserve(change)

    def _with_reserve(self, do: Callable[[], Found]) -> Found:
        """Calls ``do``, with the reserve's space if the disk is full, and refills the reserve if possible."""
        if self._reserve is None:
            return do()
        try:
            result = do()
        except StoreFullError:
            _spend(self._reserve)
            self._checkpoint()
            result = do()
            self._checkpoint()
        _fill(self._reserve)
        return result

    def _checkpoint(self) -> None:
        """Moves SQLite's write-ahead log into the database, if possible, to free space."""
        with suppress(StoreError), plain_errors(self._address), self._engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(RESTART)")

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with plain_errors(self._address), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        """Opens a transaction that is on disk when the context exits."""
        with self._turn, plain_errors(self._address), self._writer.begin() as connection:
            yield connection


def _fill(reserve: Path) -> None:
    """Creates the reserve if it does not exist and there is space for it; never fails."""
    try:
        if not reserve.exists():
            reserve.touch(mode=0o600)
            reserve.write_bytes(bytes(RESERVE_BYTES))
    except OSError:
        _spend(reserve)


def _spend(reserve: Path) -> None:
    with suppress(OSError):
        reserve.unlink()


def _migrate(engine: Engine, address: Address) -> None:
    """Creates the tables or migrates them to the newest version, atomically and in one process at a time.

    Raises:
        StoreError: the database belongs to a newer inkread or to another program.
    """
    with engine.execution_options(**{WRITES: True}).begin() as connection:
        if not address.file:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", SCRIPTS)
        if _needs_migration(connection, ScriptDirectory.from_config(config), address):
            command.upgrade(config, "head")
        # Changes nothing, but makes a read-only store fail now rather than at the first reading.
        connection.execute(delete(Readings).where(false()))


def _needs_migration(connection: Connection, scripts: ScriptDirectory, address: Address) -> bool:
    context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
    version = context.get_current_revision()
    if version is None:
        _refuse_foreign(connection, address)
    elif version not in {script.revision for script in scripts.walk_revisions()}:
        raise StoreError(str(address), f"was made by a newer inkread (version {version})", "update inkread")
    return version != scripts.get_current_head()


def _refuse_foreign(connection: Connection, address: Address) -> None:
    """Rejects a database of another program; on a server, tables with other names may exist next to ours."""
    there = set(inspect(connection).get_table_names()) - {VERSION_TABLE}
    if address.file is None:
        there &= set(Table.metadata.tables)
    if there:
        names = ", ".join(sorted(there)[:3])
        raise StoreError(
            str(address), f"has tables of another program ({names})", "use another file or database"
        )
