"""The store: readings, their digits, and corrections of these."""

from __future__ import annotations

import re
import unicodedata
from contextlib import contextmanager, nullcontext, suppress
from datetime import UTC, datetime, timedelta
from itertools import groupby
from operator import itemgetter
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import delete, insert, select, tuple_, update

from inkread.errors import OptionError, StoreError, StoreFullError, StoreNotFoundError
from inkread.store.address import Address
from inkread.store.database import WRITES, open_engine, plain_errors, use_write_ahead_log
from inkread.store.migrate import migrate
from inkread.store.queries import (
    DIGITS,
    ID,
    LABELS,
    OF_CORRECTION,
    OF_DIGIT,
    SUMMARY,
    box_of,
    covering_mark,
    digits_of,
    label_now,
    locked_digit,
    locked_digits,
    locked_reading,
    mark_of,
    new_id,
    row_items,
    standing_corrections,
    standing_marks,
    standing_marks_query,
    storable,
    store_correction,
    store_mark,
    withdraw_correction,
    withdraw_mark,
)
from inkread.store.records import (
    Correction,
    Mark,
    MarkedPage,
    NewDigit,
    Page,
    ReadingSummary,
    StoredPicture,
    StoredReading,
)
from inkread.store.reserve import Reserve
from inkread.store.rows import SAME_PLACE, NoRoomError, changes, overlap
from inkread.store.tables import (
    STANDING,
    STANDING_MARK,
    Corrections,
    Digits,
    Marks,
    Pictures,
    Readings,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from types import TracebackType
    from typing import Self

    from sqlalchemy import Connection, Delete, Engine, RowMapping, Select, Update
    from sqlalchemy.orm import InstrumentedAttribute

    _Order = tuple[InstrumentedAttribute[datetime], InstrumentedAttribute[str]]

    from inkread.store.records import Box, NewReading

Found = TypeVar("Found")

MOST_ITEMS = 200
"""Of a page."""

LONGEST_SEARCH = 200
"""Characters."""

LONGEST_TEXT = 200
"""Digits of a row as it should be: aligning it takes time that grows with its length times the row's."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
CURSOR = re.compile(rf"([0-9]{{1,17}})_({ID.pattern})")


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
            "source": storable(reading.source),
            "width": int(reading.width),
            "height": int(reading.height),
            "text": storable(reading.text),
            "model": storable(reading.model),
            "model_sha256": reading.model_sha256,
            "client": None if reading.client is None else storable(reading.client),
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
            if (picture := reading.picture) is not None:
                sizes = {"width": int(picture.width), "height": int(picture.height)}
                connection.execute(insert(Pictures), {"reading": key, "jpeg": picture.jpeg} | sizes)
        return key

    def reading(self, id: str) -> StoredReading | None:  # noqa: A002  # the field's name
        """The reading with its digits, or ``None``."""
        if not ID.fullmatch(id):
            return None
        digits = select(Digits.__table__).where(Digits.reading == id)
        with self._reading() as connection:
            # The digits first: of a reading that is removed meanwhile, the summary is missing, never the digits.
            rows = connection.execute(digits.order_by(Digits.line, Digits.position)).mappings().all()
            summary = connection.execute(select(*SUMMARY).where(Readings.id == id)).mappings().first()
        if summary is None:
            return None
        lines = tuple(tuple(map(_digit, row)) for _, row in groupby(rows, itemgetter("line")))
        return StoredReading(**summary, lines=lines)

    def picture(self, id: str) -> StoredPicture | None:  # noqa: A002
        """The picture of a reading; ``None`` if there is no such reading, or it was stored without one."""
        if not ID.fullmatch(id):
            return None
        query = select(Pictures.jpeg, Pictures.width, Pictures.height).where(Pictures.reading == id)
        with self._reading() as connection:
            row = connection.execute(query).mappings().first()
        return None if row is None else StoredPicture(**row)

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
        query = select(*SUMMARY)
        if len(search) > LONGEST_SEARCH:
            problem = f"has {len(search)} characters, more than {LONGEST_SEARCH}"
            raise OptionError("search", problem, "look for less")
        if sought := _folded(search).strip():
            query = query.where(Readings.sought.contains(sought, autoescape=True))
        order = (Readings.created, Readings.id)
        return self._page(query, order, lambda row: ReadingSummary(**row), limit, before)

    def remove_reading(self, id: str) -> bool:  # noqa: A002
        """Removes a reading with its picture, digits, corrections and marks, on a full disk too; whether there was one."""
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
        _require_label(label)
        with self._writing() as connection:
            digit = locked_digit(connection, reading, line, position)
            if digit is None:
                raise StoreNotFoundError(
                    f"reading {reading!r}, line {line}, position {position}",
                    "is not in the store",
                    "count lines and positions from 0; the reading may have been removed",
                )
            return store_correction(connection, digit, label, by=by, now=datetime.now(UTC))

    def add_mark(self, *, reading: str, box: Sequence[int], label: str, by: str | None) -> Mark:
        """Keeps what is at a place of a picture; an older mark at the same place (IoU > 0.5) is withdrawn.

        Args:
            reading: its id.
            box: ``(x0, y0, x1, y1)`` in pixels of the upright source picture.
            label: ``"0"`` to ``"9"``, or ``""`` if there is no digit.
            by: who says so, if known.

        Raises:
            StoreNotFoundError: there is no such reading.
            OptionError: the label is none, or the box is empty or outside the picture.
        """
        _require_label(label)
        with self._writing() as connection:
            found = locked_reading(connection, reading)
            placed = _require_box(box, found["width"], found["height"])
            now = datetime.now(UTC)
            for mark in standing_marks(connection, reading):
                if overlap(mark.box, placed) > SAME_PLACE:
                    withdraw_mark(connection, mark.id, now)
            return store_mark(connection, found, placed, label, by=by, now=now)

    def correct_line(
        self, *, reading: str, line: int, text: str, by: str | None
    ) -> tuple[Correction | Mark, ...]:
        """Keeps what a row should read as, by the fewest changes to what it reads as now.

        A digit that is another one, or none, is corrected; a digit that was missed becomes a mark between its neighbors. Corrections
        and marks of the row that the text contradicts are withdrawn.

        Args:
            reading: its id.
            line: the row, from 0.
            text: at most ``LONGEST_TEXT`` digits; ``""`` if there is no digit in the row.
            by: who says so, if known.

        Returns:
            What was stored; nothing if the row reads as the text already.

        Raises:
            StoreNotFoundError: there is no such reading, or no such row in it.
            OptionError: the text has other characters or is too long, or a missed digit would lie outside the picture.
        """
        if not DIGITS.issuperset(text) or len(text) > LONGEST_TEXT:
            problem = f"is not up to {LONGEST_TEXT} digits"
            raise OptionError("text", problem, "give the digits of the row, without signs and blanks")
        with self._writing() as connection:
            found = locked_reading(connection, reading)
            digits = locked_digits(connection, reading)
            row = row_items(connection, digits, reading, line)
            try:
                edits = changes(row, text, width=found["width"], height=found["height"])
            except NoRoomError:
                raise OptionError(
                    "text",
                    "has a digit that would lie outside the picture",
                    "correct the others, and draw a box around this one",
                ) from None
            now = datetime.now(UTC)
            by_position = {digit["position"]: digit for digit in digits if digit["line"] == line}
            stored: list[Correction | Mark] = []
            for edit in edits:
                item = edit.item
                if item is not None and item.position is not None:
                    digit = by_position[item.position]
                    if edit.label == digit["read_as"]:
                        withdraw_correction(connection, digit, now)
                    else:
                        stored.append(store_correction(connection, digit, edit.label, by=by, now=now))
                    continue
                if item is not None and item.mark is not None:
                    withdraw_mark(connection, item.mark, now)
                # Without its mark, the digit that was read there would count again.
                if edit.label or (item is not None and item.covers):
                    stored.append(store_mark(connection, found, edit.box, edit.label, by=by, now=now))
            return tuple(stored)

    def corrections(self, *, limit: int = 50, before: str | None = None) -> Page[Correction | Mark]:
        """The corrections and marks that stand, the newest first.

        Args:
            limit: of them, 1 to ``MOST_ITEMS``.
            before: ``Page.next`` of the page before.

        Raises:
            OptionError: one of them is not as it must be.
        """
        corrections = standing_corrections(*OF_CORRECTION, *OF_DIGIT)
        sources: list[tuple[Select[Any], _Order, Callable[[RowMapping], Correction | Mark]]] = [
            (corrections, (Corrections.created, Corrections.id), lambda row: Correction(**row)),
            (standing_marks_query(), (Marks.created, Marks.id), mark_of),
        ]
        pages = [self._page(query, order, item, limit, before) for query, order, item in sources]
        both = sorted(
            (item for page in pages for item in page.items),
            key=lambda item: (item.created, item.id),
            reverse=True,
        )
        more = len(both) > limit or any(page.next for page in pages)
        return Page(
            tuple(both[:limit]), _cursor(both[limit - 1].created, both[limit - 1].id) if more else None
        )

    def marks(self, reading: str) -> tuple[Mark, ...]:
        """The marks of a reading that stand, the oldest first."""
        if not ID.fullmatch(reading):
            return ()
        with self._reading() as connection:
            return standing_marks(connection, reading)

    def withdraw(self, id: str) -> bool:  # noqa: A002
        """Withdraws a correction or a mark, on a full disk too; whether there was one that stood."""
        now = datetime.now(UTC)
        return bool(ID.fullmatch(id)) and self._changes(
            update(Corrections).where(Corrections.id == id, STANDING).values(withdrawn=now),
            update(Marks).where(Marks.id == id, STANDING_MARK).values(withdrawn=now),
        )

    def corrected_glyphs(self) -> list[tuple[bytes, str]]:
        """What is to be learned: glyph (28×28 bytes) and label of each correction that stands, the oldest first."""
        query = standing_corrections(Digits.glyph, Corrections.label)
        with self._reading() as connection:
            rows = connection.execute(query.order_by(Corrections.created, Corrections.id))
            return [(glyph, label) for glyph, label in rows]

    def corrected_pages(self) -> Iterator[MarkedPage]:
        """The pictures in which something is corrected or marked, with all their digits; the oldest first, one at a time.

        The digits are those that were read and not corrected to none, with their corrected labels, and the marks. A mark replaces a
        digit that it overlaps (IoU > 0.5). Readings from before pictures were stored are left out.
        """
        corrected = select(Corrections.reading).where(STANDING)
        marked = select(Marks.reading).where(STANDING_MARK)
        query = (
            select(Readings.id)
            .join(Pictures, Pictures.reading == Readings.id)
            .where(Readings.id.in_(corrected.union(marked)))
        )
        with self._reading() as connection:
            found = connection.execute(query.order_by(Readings.created, Readings.id)).scalars().all()
        for reading in found:
            page = self._corrected_page(reading)
            if page is not None:  # else it was removed meanwhile
                yield page

    def _corrected_page(self, reading: str) -> MarkedPage | None:
        columns = (Readings.width, Readings.height, Pictures.jpeg)
        sizes = (Pictures.width.label("picture_width"), Pictures.height.label("picture_height"))
        query = select(*columns, *sizes).join(Pictures, Pictures.reading == Readings.id)
        with self._reading() as connection:
            # The digits first, as in ``reading``.
            digits = connection.execute(digits_of(reading)).mappings().all()
            marks = standing_marks(connection, reading)
            row = connection.execute(query.where(Readings.id == reading)).mappings().first()
        if row is None:
            return None
        read = [
            (label, box_of(digit))
            for digit in digits
            if (label := label_now(digit)) and covering_mark(box_of(digit), marks) is None
        ]
        marked = [(mark.label, mark.box) for mark in marks if mark.label]
        picture = StoredPicture(row["jpeg"], row["picture_width"], row["picture_height"])
        return MarkedPage(reading, row["width"], row["height"], picture, (*read, *marked))

    def _prepare(self) -> None:
        with plain_errors(self._address):
            migrate(self._engine, self._address)
            if self._address.file:  # only now: a file of another program must stay as it is
                self._engine.dispose()
                use_write_ahead_log(self._address.file)

    def _changes(self, *statements: Delete | Update) -> bool:
        """Whether one of the statements changed anything; what it needs of a full disk is there."""

        def change() -> bool:
            with self._writing() as connection:
                return any(connection.execute(statement).rowcount > 0 for statement in statements)

        return self._with_reserve(change)

    def _with_reserve(self, do: Callable[[], Found]) -> Found:
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
        order: _Order,
        item: Callable[[RowMapping], Found],
        limit: int,
        before: str | None,
    ) -> Page[Found]:
        """The newest rows of a query that are older than the cursor."""
        if not 1 <= limit <= MOST_ITEMS:
            raise OptionError(f"limit {limit}", f"is outside 1..{MOST_ITEMS}", "give one such as 50")
        if before is not None:
            query = query.where(tuple_(*order) < _after(before))
        query = query.order_by(*(column.desc() for column in order)).limit(limit + 1)
        with self._reading() as connection:
            rows = connection.execute(query).mappings().all()
        more = len(rows) > limit
        return Page(
            tuple(map(item, rows[:limit])),
            _cursor(rows[limit - 1]["created"], rows[limit - 1]["id"]) if more else None,
        )


def _require_label(label: str) -> None:
    if label not in LABELS:
        raise OptionError(f"label {label!r}", "is no digit", 'give one of 0 to 9, or "" for no digit')


def _require_box(box: Sequence[int], width: int, height: int) -> Box:
    """The box, if it is one within a picture of this size."""
    x0, y0, x1, y1 = map(int, box)
    if not (0 <= x0 < x1 <= width and 0 <= y0 < y1 <= height):
        problem = f"does not lie within the picture of {width}×{height} pixels, or is empty"
        raise OptionError(f"box {[x0, y0, x1, y1]}", problem, "give x0, y0, x1, y1 with x0 < x1 and y0 < y1")
    return x0, y0, x1, y1


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
        box=box_of(row),
        probabilities=tuple(row["probabilities"]),
        glyph=row["glyph"],
        crop=row["crop"],
    )


def _cursor(created: datetime, id: str) -> str:  # noqa: A002
    return f"{(created - EPOCH) // MICROSECOND}_{id}"


def _after(cursor: str) -> tuple[datetime, str]:
    """The moment and the id that a cursor stands for."""
    match = CURSOR.fullmatch(cursor)
    if match is None:
        raise OptionError("cursor", "is none of this store's", "give the one that came with the page before")
    return EPOCH + int(match[1]) * MICROSECOND, match[2]


def _folded(text: str) -> str:
    """The text as it is searched: any case and any composition of accents alike."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", storable(text)).casefold())
