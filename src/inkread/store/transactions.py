"""Opens a database and its transactions; every change is on disk when its transaction ends."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext, suppress
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

from inkread.errors import StoreError, StoreFullError
from inkread.store.address import Address
from inkread.store.database import WRITES, open_engine, plain_errors, use_write_ahead_log
from inkread.store.migrate import migrate
from inkread.store.reserve import Reserve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from types import TracebackType
    from typing import Self

    from sqlalchemy import Connection, Delete, Engine, Update

Found = TypeVar("Found")


class Transactions:
    """A database for any number of threads and processes at once."""

    def __init__(self, engine: Engine, address: Address) -> None:
        self._engine = engine
        self._writer = engine.execution_options(**{WRITES: True})
        self._address = address
        # SQLite's writers poll for the lock; with a queue, threads wait at most a fifth as long.
        self._reserve = Reserve(address.file) if address.file else None
        self._turn: AbstractContextManager[Any] = Lock() if address.file else nullcontext()

    @classmethod
    def open(cls, url: str) -> Self:
        """Opens a store, creates it if it does not exist, and migrates its tables to this version.

        Args:
            url: ``sqlite:///FILE``, ``postgresql+psycopg://USER:PASSWORD@HOST/DATABASE``, or the path of a
                file.

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
            migrate(self._engine, self._address)
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
            self._reserve.spend()
            self._checkpoint()
            result = do()
            self._checkpoint()
        self._reserve.fill()
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
