"""Database queries of the store, and its writes within a transaction.

Lists come in pages, newest first; a cursor is the time and id of the last item of a page.
"""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import and_, func, insert, select, tuple_, update

from inkread.errors import OptionError, StoreNotFoundError
from inkread.store.records import Correction, Mark, Page
from inkread.store.rows import SAME_PLACE, Item, in_order, overlap, row_of
from inkread.store.tables import STANDING, STANDING_MARK, Corrections, Digits, Marks, Readings, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Connection, RowMapping, Select
    from sqlalchemy.orm import InstrumentedAttribute

    from inkread.results import Box

    Order = tuple[InstrumentedAttribute[datetime], InstrumentedAttribute[str]]

Found = TypeVar("Found")

DIGITS = frozenset("0123456789")

LABELS = DIGITS | {""}
"""Valid labels of a correction; ``""`` means no single digit."""

CORNERS = ("x0", "y0", "x1", "y1")
LARGEST_INTEGER = 2**31 - 1
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
UNSTORABLE = re.compile("[\0\ud800-\udfff]")
"""Characters that PostgreSQL's texts or UTF-8 cannot represent."""

MOST_ITEMS = 200
"""Of a page."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
CURSOR = re.compile(rf"([0-9]{{1,17}})_({ID.pattern})")


def new_id() -> str:
    """Creates the id of a new reading or correction: a random UUID."""
    return str(uuid.uuid4())


def _count(table: type[Corrections | Marks], standing: Any) -> Any:
    of_reading = select(func.count()).where(table.reading == Readings.id, standing)
    return of_reading.correlate(Readings).scalar_subquery()


def _all_but(name: str, table: type[Table]) -> list[Any]:
    return [column for column in table.__table__.columns if column.name != name]


SUMMARY = (
    *_all_but("sought", Readings),
    (_count(Corrections, STANDING) + _count(Marks, STANDING_MARK)).label("corrections"),
)
"""The columns of ``ReadingSummary``."""

OF_DIGIT = (Digits.label.label("read_as"), Digits.glyph, Digits.crop, Readings.model, Readings.model_sha256)
"""The columns of ``Correction`` from the digit and its reading."""

CORRECTION = (*_all_but("withdrawn", Corrections), *OF_DIGIT)
"""The columns of ``Correction``."""

MARK = (*_all_but("withdrawn", Marks), Readings.model, Readings.model_sha256)
"""The columns of ``Mark``, with its box as four."""

ITS_DIGIT = and_(
    Digits.reading == Corrections.reading,
    Digits.line == Corrections.line,
    Digits.position == Corrections.position,
)
"""The condition for the digit of a correction."""


def standing_corrections(*columns: Any) -> Select[Any]:
    """Builds a query for the active corrections with their digits and readings."""
    return (
        select(*columns)
        .select_from(Corrections)
        .join(Digits, ITS_DIGIT)
        .join(Readings, Readings.id == Digits.reading)
        .where(STANDING)
    )


def standing_marks_query() -> Select[Any]:
    """Builds a query for the active marks."""
    return select(*MARK).join(Readings, Readings.id == Marks.reading).where(STANDING_MARK)


def digits_of(reading: str) -> Select[Any]:
    """Builds a query for a reading's digits, row by row, each with its active correction, if any."""
    columns = (*Digits.__table__.columns, *OF_DIGIT[:1], Corrections.label.label("corrected"))
    return (
        select(*columns)
        .outerjoin(Corrections, and_(ITS_DIGIT, STANDING))
        .where(Digits.reading == reading)
        .order_by(Digits.line, Digits.position)
    )


def locked_reading(connection: Connection, reading: str) -> RowMapping:
    """Returns a reading for marks, and locks it against marks and removal until the transaction ends."""
    columns = (Readings.id, Readings.width, Readings.height, Readings.model, Readings.model_sha256)
    query = select(*columns).where(Readings.id == reading).with_for_update()
    found = connection.execute(query).mappings().first() if ID.fullmatch(reading) else None
    if found is None:
        remedy = "it may have been removed"
        raise StoreNotFoundError(f"reading {reading!r}", "is not in the store", remedy)
    return found


def locked_digit(connection: Connection, reading: str, line: int, position: int) -> RowMapping | None:
    """Returns a digit for a correction, and locks it against correction and removal in this transaction."""
    if not (ID.fullmatch(reading) and 0 <= line <= LARGEST_INTEGER and 0 <= position <= LARGEST_INTEGER):
        return None
    query = select(Digits.reading, Digits.line, Digits.position, *OF_DIGIT)
    query = query.join(Readings, Readings.id == Digits.reading)
    query = query.where(Digits.reading == reading, Digits.line == line, Digits.position == position)
    return connection.execute(query.with_for_update(of=Digits)).mappings().first()


def locked_digits(connection: Connection, reading: str) -> Sequence[RowMapping]:
    """Returns and locks all digits of a reading, each with its active correction, in this transaction."""
    order = (Digits.line, Digits.position)
    locked = select(Digits.position).where(Digits.reading == reading).order_by(*order)
    connection.execute(locked.with_for_update()).all()
    columns = (Readings.model, Readings.model_sha256)
    query = digits_of(reading).add_columns(*columns).join(Readings, Readings.id == Digits.reading)
    return connection.execute(query).mappings().all()


def row_items(connection: Connection, digits: Sequence[RowMapping], reading: str, line: int) -> list[Item]:
    """Returns a row's digits with their current labels, and the marks that belong to the row, in order.

    Raises:
        StoreNotFoundError: the reading has no such row.
    """
    of_row = [digit for digit in digits if digit["line"] == line]
    if not of_row:
        remedy = "count lines from 0"
        raise StoreNotFoundError(f"reading {reading!r}, line {line}", "is not in the store", remedy)
    marks = standing_marks(connection, reading)
    items, covering = [], set()
    for digit in of_row:
        box, corrected = box_of(digit), digit["corrected"]
        mark = covering_mark(box, marks)
        if mark is None:
            sure = float(digit["probability"]) if corrected is None else 1.0
            label = digit["read_as"] if corrected is None else corrected
            items.append(Item(label, box, sure, position=digit["position"]))
        elif mark.id not in covering:
            covering.add(mark.id)
            items.append(Item(mark.label, mark.box, mark=mark.id, covers=True))
    rows = [[box_of(digit) for digit in row] for _, row in groupby(digits, itemgetter("line"))]
    number = len({digit["line"] for digit in digits if digit["line"] < line})
    items += [
        Item(mark.label, mark.box, probability=0.0, mark=mark.id)
        for mark in marks
        if mark.label
        and mark.id not in covering
        and row_of(mark.box, rows) == number
        and not any(overlap(mark.box, box_of(digit)) > SAME_PLACE for digit in digits)
    ]
    return in_order(items, rows[number])


def standing_marks(connection: Connection, reading: str) -> tuple[Mark, ...]:
    """Returns the active marks of a reading, oldest first."""
    query = standing_marks_query().where(Marks.reading == reading).order_by(Marks.created, Marks.id)
    return tuple(map(mark_of, connection.execute(query).mappings()))


def covering_mark(box: Box, marks: Sequence[Mark]) -> Mark | None:
    """Returns the newest mark that replaces a digit with this box."""
    return next((mark for mark in reversed(marks) if overlap(mark.box, box) > SAME_PLACE), None)


def label_now(digit: RowMapping) -> str:
    """Returns a digit's current label: corrected, as read, or, if it was ``"?"``, the most probable one."""
    if digit["corrected"] is not None:
        return str(digit["corrected"])
    if digit["label"] in DIGITS:
        return str(digit["label"])
    probabilities = digit["probabilities"]
    return str(probabilities.index(max(probabilities)))


def store_correction(
    connection: Connection, digit: RowMapping, label: str, *, by: str | None, now: datetime
) -> Correction:
    """Stores a correction of a locked digit, and withdraws the previous one."""
    where: dict[str, Any] = {name: digit[name] for name in ("reading", "line", "position")}
    new = _judgment(label, by, now)
    withdraw_correction(connection, digit, now)
    connection.execute(insert(Corrections), where | new)
    kept = ("read_as", "glyph", "crop", "model", "model_sha256")
    return Correction(**where, **new, **{name: digit[name] for name in kept})


def withdraw_correction(connection: Connection, digit: RowMapping, now: datetime) -> None:
    """Withdraws the active correction of a digit, if any."""
    where = {name: digit[name] for name in ("reading", "line", "position")}
    connection.execute(update(Corrections).filter_by(**where).where(STANDING).values(withdrawn=now))


def store_mark(
    connection: Connection, reading: RowMapping, box: Box, label: str, *, by: str | None, now: datetime
) -> Mark:
    """Stores a mark of a locked reading."""
    new = _judgment(label, by, now) | {"reading": reading["id"]}
    connection.execute(insert(Marks), new | corners(box))
    of_model = {name: reading[name] for name in ("model", "model_sha256")}
    return Mark(**new, **of_model, box=box)


def _judgment(label: str, by: str | None, now: datetime) -> dict[str, Any]:
    return {"id": new_id(), "label": label, "created": now, "by": None if by is None else storable(by)}


def withdraw_mark(connection: Connection, id: str, now: datetime) -> None:  # noqa: A002
    """Withdraws a mark, if it is active."""
    connection.execute(update(Marks).where(Marks.id == id, STANDING_MARK).values(withdrawn=now))


def mark_of(row: RowMapping) -> Mark:
    """Converts a database row to a mark."""
    return Mark(**{name: row[name] for name in row if name not in CORNERS}, box=box_of(row))


def box_of(row: RowMapping) -> Box:
    """Returns the box of a digit or mark from its database row."""
    return row["x0"], row["y0"], row["x1"], row["y1"]


def corners(box: Box) -> dict[str, int]:
    """Returns the columns of a box; SQLite would store numpy numbers as bytes."""
    return dict(zip(CORNERS, map(int, box), strict=True))


def storable(text: str) -> str:
    """Replaces characters that a database cannot store by U+FFFD."""
    return UNSTORABLE.sub("\ufffd", text)


def page_of(
    connection: Connection,
    query: Select[Any],
    order: Order,
    item: Callable[[RowMapping], Found],
    *,
    limit: int,
    before: str | None,
) -> Page[Found]:
    """Returns the newest rows of a query that are older than the cursor.

    Raises:
        OptionError: the limit is not in 1..``MOST_ITEMS``, or the cursor is invalid.
    """
    if not 1 <= limit <= MOST_ITEMS:
        raise OptionError(f"limit {limit}", f"is outside 1..{MOST_ITEMS}", "use e.g. 50")
    if before is not None:
        query = query.where(tuple_(*order) < _after(before))
    query = query.order_by(*(column.desc() for column in order)).limit(limit + 1)
    rows = connection.execute(query).mappings().all()
    more = len(rows) > limit
    return Page(
        tuple(map(item, rows[:limit])),
        cursor(rows[limit - 1]["created"], rows[limit - 1]["id"]) if more else None,
    )


def cursor(created: datetime, id: str) -> str:  # noqa: A002
    """Returns the cursor of an item."""
    return f"{(created - EPOCH) // MICROSECOND}_{id}"


def _after(cursor: str) -> tuple[datetime, str]:
    match = CURSOR.fullmatch(cursor)
    if match is None:
        raise OptionError("cursor", "is not from this store", "use the one from the previous page")
    return EPOCH + int(match[1]) * MICROSECOND, match[2]
