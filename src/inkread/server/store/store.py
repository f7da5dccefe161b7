"""The store: readings, their digits, and corrections of these."""

from __future__ import annotations

import re
import unicodedata
import uuid
from contextlib import contextmanager, nullcontext, suppress
from datetime import UTC, datetime, timedelta
from itertools import groupby
from operator import itemgetter
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import and_, delete, func, insert, select, tuple_, update

from inkread.errors import OptionError, StoreError, StoreFullError, StoreNotFoundError
from inkread.server.store.address import Address
from inkread.server.store.database import WRITES, open_engine, plain_errors, use_write_ahead_log
from inkread.server.store.migrate import migrate
from inkread.server.store.records import Correction, NewDigit, Page, ReadingSummary, StoredReading
from inkread.server.store.reserve import Reserve
from inkread.server.store.tables import STANDING, Corrections, Digits, Readings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from types import TracebackType
    from typing import Self

    from sqlalchemy import Connection, Delete, Engine, RowMapping, Select, Update
    from sqlalchemy.orm import InstrumentedAttribute

    from inkread.server.store.records import NewReading

Item = TypeVar("Item")

MOST_ITEMS = 200
"""Of a page."""

LONGEST_SEARCH = 200
"""Characters."""

LABELS = frozenset({*"0123456789", ""})
"""What a digit may be corrected to; ``""`` is no single digit."""

LARGEST_INTEGER = 2**31 - 1
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
CURSOR = re.compile(rf"([0-9]{{1,17}})_({ID.pattern})")
UNSTORABLE = re.compile("[\0\ud800-\udfff]")
"""What PostgreSQL's texts, or UTF-8, cannot hold."""


class Store:
    """Readings and corrections in a database, for any number of threads and processes at once.

    What a method returned is on the disk: it outlives the end of the process and of the machine. Every method raises
    ``StoreError`` where the database cannot be used.

    Example:
        >>> with Store.open("sqlite:///store.sqlite") as store:
        ...     reading = store.add_reading(new_reading)
        ...     correction = store.add_correction(reading=reading, line=0, position=2, label="7", by=None)
    """

    def __init__(self, engine: Engine, address: Address) -> None:
        self._engine = engine
        self._writer = engine.execution_options(**{WRITES: True})
        self._address = address
        # SQLite's writers poll for their turn; threads that queue for it instead wait a fifth as long at worst.
        self._reserve = Reserve(address.file) if address.file else None
        self._turn: AbstractContextManager[Any] = Lock() if address.file else nullcontext()

    @classmethod
    def open(cls, url: str) -> Self:
        """Opens a store, makes it where there is none, and brings its tables to this version.

        Args:
            url: ``sqlite:///FILE``, ``postgresql+psycopg://USER:PASSWORD@HOST/DATABASE``, or the path of a file.

        Raises:
            StoreError: no such kind of database, not to be reached or written, of a newer version, or not a store.
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
        """Closes every connection; nothing is lost without it."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Store({str(self._address)!r})"

    def add_reading(self, reading: NewReading, *, id: str | None = None) -> str:  # noqa: A002  # the field's name
        """Keeps a reading, and returns its id; what no database can hold in its texts becomes U+FFFD.

        Args:
            reading: to be kept.
            id: of it, from ``new_id``; one is made if none is given.
        """
        key = id or new_id()
        values = {
            "id": key,
            "source": _storable(reading.source),
            "width": int(reading.width),
            "height": int(reading.height),
            "text": _storable(reading.text),
            "model": _storable(reading.model),
            "model_sha256": reading.model_sha256,
            "client": None if reading.client is None else _storable(reading.client),
            "sought": _folded(f"{reading.source}\n{reading.text}"),
        }
        digits = [
            {"reading": key, "line": line, "position": position, **_columns(digit)}
            for line, row in enumerate(reading.lines)
            for position, digit in enumerate(row)
        ]
        with self._writing() as connection:
            connection.execute(insert(Readings), values | {"created": datetime.now(UTC)})
            if digits:
                connection.execute(insert(Digits), digits)
        return key

    def reading(self, id: str) -> StoredReading | None:  # noqa: A002  # the field's name
        """The reading with its digits, or ``None``."""
        if not ID.fullmatch(id):
            return None
        digits = select(Digits.__table__).where(Digits.reading == id)
        with self._reading() as connection:
            # The digits first: of a reading that is removed meanwhile, the summary is missing, never the digits.
            rows = connection.execute(digits.order_by(Digits.line, Digits.position)).mappings().all()
            summary = connection.execute(select(*_SUMMARY).where(Readings.id == id)).mappings().first()
        if summary is None:
            return None
        lines = tuple(tuple(map(_digit, row)) for _, row in groupby(rows, itemgetter("line")))
        return StoredReading(**summary, lines=lines)

    def readings(
        self, *, search: str = "", limit: int = 50, before: str | None = None
    ) -> Page[ReadingSummary]:
        """Readings whose source or text contains ``search``, in any case; the newest first.

        Args:
            search: at most ``LONGEST_SEARCH`` characters, none of them special; empty finds all.
            limit: of readings, 1 to ``MOST_ITEMS``.
            before: ``Page.next`` of the page before.

        Raises:
            OptionError: one of them is not as it must be.
        """
        query = select(*_SUMMARY)
        if len(search) > LONGEST_SEARCH:
            problem = f"has {len(search)} characters, more than {LONGEST_SEARCH}"
            raise OptionError("search", problem, "look for less")
        if sought := _folded(search).strip():
            query = query.where(Readings.sought.contains(sought, autoescape=True))
        order = (Readings.created, Readings.id)
        return self._page(query, order, lambda row: ReadingSummary(**row), limit, before)

    def remove_reading(self, id: str) -> bool:  # noqa: A002
        """Removes a reading with its digits and all corrections of them, on a full disk too; whether there was one."""
        return bool(ID.fullmatch(id)) and self._changes(delete(Readings).where(Readings.id == id))

    def add_correction(
        self, *, reading: str, line: int, position: int, label: str, by: str | None
    ) -> Correction:
        """Keeps what a digit is; an older correction of the same digit is withdrawn.

        Args:
            reading: its id.
            line: the digit's row, from 0.
            position: the digit's place in the row, from 0.
            label: ``"0"`` to ``"9"``, or ``""`` for no single digit.
            by: who says so, if known.

        Raises:
            StoreNotFoundError: there is no such reading, or no such digit in it.
            OptionError: the label is none.
        """
        if label not in LABELS:
            raise OptionError(f"label {label!r}", "is no digit", 'give one of 0 to 9, or "" for no digit')
        where: dict[str, Any] = {"reading": reading, "line": line, "position": position}
        with self._writing() as connection:
            digit = _locked_digit(connection, reading, line, position)
            if digit is None:
                raise StoreNotFoundError(
                    f"reading {reading!r}, line {line}, position {position}",
                    "is not in the store",
                    "count lines and positions from 0; the reading may have been removed",
                )
            new: dict[str, Any] = {
                "id": new_id(),
                "label": label,
                "created": datetime.now(UTC),
                "by": None if by is None else _storable(by),
            }
            older = update(Corrections).filter_by(**where).where(STANDING)
            connection.execute(older.values(withdrawn=new["created"]))
            connection.execute(insert(Corrections), where | new)
        return Correction(**where, **new, **digit)

    def corrections(self, *, limit: int = 50, before: str | None = None) -> Page[Correction]:
        """The corrections that stand, the newest first.

        Args:
            limit: of corrections, 1 to ``MOST_ITEMS``.
            before: ``Page.next`` of the page before.

        Raises:
            OptionError: one of them is not as it must be.
        """
        query = _standing_corrections(*_OF_CORRECTION, *_OF_DIGIT)
        order = (Corrections.created, Corrections.id)
        return self._page(query, order, lambda row: Correction(**row), limit, before)

    def withdraw(self, id: str) -> bool:  # noqa: A002
        """Withdraws a correction, on a full disk too; whether there was one that stood."""
        withdrawn = update(Corrections).where(Corrections.id == id, STANDING)
        return bool(ID.fullmatch(id)) and self._changes(withdrawn.values(withdrawn=datetime.now(UTC)))

    def corrected_glyphs(self) -> list[tuple[bytes, str]]:
        """What is to be learned: glyph (28×28 bytes) and label of each correction that stands, the oldest first."""
        query = _standing_corrections(Digits.glyph, Corrections.label)
        with self._reading() as connection:
            rows = connection.execute(query.order_by(Corrections.created, Corrections.id))
            return [(glyph, label) for glyph, label in rows]

    def _prepare(self) -> None:
        with plain_errors(self._address):
            migrate(self._engine, self._address)
            if self._address.file:  # only now: a file of another program must stay as it is
                self._engine.dispose()
                use_write_ahead_log(self._address.file)

    def _changes(self, statement: Delete | Update) -> bool:
        """Whether a statement changed anything; what it needs of a full disk is there."""

        def change() -> bool:
            with self._writing() as connection:
                return connection.execute(statement).rowcount > 0

        return self._with_reserve(change)

    def _with_reserve(self, do: Callable[[], Item]) -> Item:
        """Does something, with the reserve's space if there is no other, and fills the reserve again if that is possible."""
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
        """Moves into the database what SQLite wrote beside it, if it can, so that there is room again."""
        with suppress(StoreError), plain_errors(self._address), self._engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(RESTART)")

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with plain_errors(self._address), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        """A transaction that is on the disk when it is left."""
        with self._turn, plain_errors(self._address), self._writer.begin() as connection:
            yield connection

    def _page(
        self,
        query: Select[Any],
        order: tuple[InstrumentedAttribute[datetime], InstrumentedAttribute[str]],
        item: Callable[[RowMapping], Item],
        limit: int,
        before: str | None,
    ) -> Page[Item]:
        """The newest rows of a query that are older than the cursor."""
        if not 1 <= limit <= MOST_ITEMS:
            raise OptionError(f"limit {limit}", f"is outside 1..{MOST_ITEMS}", "give one such as 50")
        if before is not None:
            query = query.where(tuple_(*order) < _after(before))
        query = query.order_by(*(column.desc() for column in order)).limit(limit + 1)
        with self._reading() as connection:
            rows = connection.execute(query).mappings().all()
        more = len(rows) > limit
        return Page(tuple(map(item, rows[:limit])), _cursor(rows[limit - 1]) if more else None)


def new_id() -> str:
    """The id of a reading or a correction that is going to be kept: a random UUID."""
    return str(uuid.uuid4())


_SUMMARY = (
    Readings.id,
    Readings.created,
    Readings.source,
    Readings.width,
    Readings.height,
    Readings.text,
    Readings.model,
    Readings.model_sha256,
    Readings.client,
    select(func.count())
    .where(Corrections.reading == Readings.id, STANDING)
    .correlate(Readings)
    .scalar_subquery()
    .label("corrections"),
)
"""The columns of ``ReadingSummary``."""

_OF_DIGIT = (
    Digits.label.label("read_as"),
    Digits.glyph,
    Digits.crop,
    Readings.model,
    Readings.model_sha256,
)
"""The columns of ``Correction`` that come from the digit and its reading."""

_OF_CORRECTION = (
    Corrections.id,
    Corrections.reading,
    Corrections.line,
    Corrections.position,
    Corrections.label,
    Corrections.created,
    Corrections.by,
)
"""Its own."""


def _standing_corrections(*columns: Any) -> Select[Any]:
    """A query of the corrections that stand, their digits and readings."""
    its_digit = and_(
        Digits.reading == Corrections.reading,
        Digits.line == Corrections.line,
        Digits.position == Corrections.position,
    )
    return (
        select(*columns)
        .select_from(Corrections)
        .join(Digits, its_digit)
        .join(Readings, Readings.id == Digits.reading)
        .where(STANDING)
    )


def _locked_digit(connection: Connection, reading: str, line: int, position: int) -> RowMapping | None:
    """What a correction keeps of a digit, which nobody else corrects or removes until the transaction ends."""
    if not (ID.fullmatch(reading) and 0 <= line <= LARGEST_INTEGER and 0 <= position <= LARGEST_INTEGER):
        return None
    query = select(*_OF_DIGIT).join(Readings, Readings.id == Digits.reading)
    query = query.where(Digits.reading == reading, Digits.line == line, Digits.position == position)
    return connection.execute(query.with_for_update(of=Digits)).mappings().first()


def _columns(digit: NewDigit) -> dict[str, Any]:
    """A digit as a row of its table, without its place; SQLite would keep numpy's numbers as bytes."""
    x0, y0, x1, y1 = map(int, digit.box)
    return {
        "label": digit.label,
        "probability": float(digit.probability),
        "x0": x0,
        "y0": y0,
        "x1": x1,
        "y1": y1,
        "probabilities": [float(probability) for probability in digit.probabilities],
        "glyph": digit.glyph,
        "crop": digit.crop,
    }


def _digit(row: RowMapping) -> NewDigit:
    """A digit from its row."""
    return NewDigit(
        label=row["label"],
        probability=row["probability"],
        box=(row["x0"], row["y0"], row["x1"], row["y1"]),
        probabilities=tuple(row["probabilities"]),
        glyph=row["glyph"],
        crop=row["crop"],
    )


def _cursor(row: RowMapping) -> str:
    return f"{(row['created'] - EPOCH) // MICROSECOND}_{row['id']}"


def _after(cursor: str) -> tuple[datetime, str]:
    """The moment and the id that a cursor stands for."""
    match = CURSOR.fullmatch(cursor)
    if match is None:
        raise OptionError("cursor", "is none of this store's", "give the one that came with the page before")
    return EPOCH + int(match[1]) * MICROSECOND, match[2]


def _storable(text: str) -> str:
    """The text with U+FFFD for what a database cannot hold."""
    return UNSTORABLE.sub("\ufffd", text)


def _folded(text: str) -> str:
    """The text as it is searched: any case and any composition of accents alike."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", _storable(text)).casefold())
