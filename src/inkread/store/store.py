"""The store of readings, their digits, and corrections."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select, update

from inkread.errors import OptionError, StoreNotFoundError
from inkread.store import queries
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
from inkread.store.rows import SAME_PLACE, NoRoomError, changes, overlap
from inkread.store.tables import STANDING, STANDING_MARK, Corrections, Digits, Marks, Pictures, Readings
from inkread.store.transactions import Transactions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sqlalchemy import RowMapping, Select

    from inkread.results import Box
    from inkread.store.records import NewReading

LONGEST_SEARCH = 200
"""Characters."""

LONGEST_TEXT = 200
"""Maximum length of a row's corrected text; aligning takes time proportional to its length times the
row's."""


class Store(Transactions):
    """Readings and corrections in a database, for any number of threads and processes at once.

    When a method returns, its changes are on disk and survive a crash of the process or machine. Every method
    raises ``StoreError`` if the database cannot be used.

    Example:
        >>> with Store.open("sqlite:///store.sqlite") as store:
        ...     reading = store.add_reading(new_reading)
        ...     correction = store.add_correction(reading=reading, line=0, position=2, label="7", by=None)
    """

    def add_reading(self, reading: NewReading, *, id: str | None = None) -> str:  # noqa: A002
        """Stores a reading, and returns its id: the given one, from ``new_id``, or a new one.

        Characters that a database cannot store become U+FFFD.
        """
        key = id or queries.new_id()
        values = {
            "id": key,
            "source": queries.storable(reading.source),
            "width": int(reading.width),
            "height": int(reading.height),
            "text": queries.storable(reading.text),
            "model": queries.storable(reading.model),
            "model_sha256": reading.model_sha256,
            "client": None if reading.client is None else queries.storable(reading.client),
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
        """Returns the reading with its digits, or ``None``."""
        if not queries.ID.fullmatch(id):
            return None
        digits = select(Digits.__table__).where(Digits.reading == id)
        with self._reading() as connection:
            # The digits first: if the reading is removed meanwhile, the summary is missing, never the digits.
            rows = connection.execute(digits.order_by(Digits.line, Digits.position)).mappings().all()
            summary = connection.execute(select(*queries.SUMMARY).where(Readings.id == id)).mappings().first()
        if summary is None:
            return None
        lines = tuple(tuple(map(_digit, row)) for _, row in groupby(rows, itemgetter("line")))
        return StoredReading(**summary, lines=lines)

    def picture(self, id: str) -> StoredPicture | None:  # noqa: A002
        """Returns the picture of a reading; ``None`` if there is no such reading or it has no picture."""
        if not queries.ID.fullmatch(id):
            return None
        query = select(Pictures.jpeg, Pictures.width, Pictures.height).where(Pictures.reading == id)
        with self._reading() as connection:
            row = connection.execute(query).mappings().first()
        return None if row is None else StoredPicture(**row)

    def readings(
        self, *, search: str = "", limit: int = 50, before: str | None = None
    ) -> Page[ReadingSummary]:
        """Finds readings whose source or text contains ``search``, ignoring case; newest first.

        An empty search finds all. At most ``limit`` readings, 1 to ``MOST_ITEMS``, follow ``before``, the
        ``Page.next`` of the previous page.

        Raises:
            OptionError: the limit or ``before`` is invalid, or the search exceeds ``LONGEST_SEARCH``.
        """
        query = select(*queries.SUMMARY)
        if len(search) > LONGEST_SEARCH:
            problem = f"has {len(search)} characters, more than {LONGEST_SEARCH}"
            raise OptionError("search", problem, "use a shorter text")
        if sought := _folded(search).strip():
            query = query.where(Readings.sought.contains(sought, autoescape=True))
        order = (Readings.created, Readings.id)
        with self._reading() as connection:
            return queries.page_of(
                connection, query, order, lambda row: ReadingSummary(**row), limit=limit, before=before
            )

    def remove_reading(self, id: str) -> bool:  # noqa: A002
        """Removes a reading and all of its data, even on a full disk; returns whether it existed."""
        return bool(queries.ID.fullmatch(id)) and self._changes(delete(Readings).where(Readings.id == id))

    def remove_readings(self) -> None:
        """Removes every reading and all of its data, even on a full disk."""
        self._changes(delete(Readings))

    def add_correction(
        self, *, reading: str, line: int, position: int, label: str, by: str | None
    ) -> Correction:
        """Stores a digit's correct label, and withdraws an older correction of the same digit.

        The row and the digit's position in it count from 0. The label is ``"0"`` to ``"9"``, or ``""`` for no
        single digit; ``by`` is the author, if known.

        Raises:
            StoreNotFoundError: there is no such reading, or it has no such digit.
            OptionError: the label is invalid.
        """
        _require_label(label)
        with self._writing() as connection:
            digit = queries.locked_digit(connection, reading, line, position)
            if digit is None:
                raise StoreNotFoundError(
                    f"reading {reading!r}, line {line}, position {position}",
                    "is not in the store",
                    "count lines and positions from 0; the reading may have been removed",
                )
            return queries.store_correction(connection, digit, label, by=by, now=datetime.now(UTC))

    def add_mark(self, *, reading: str, box: Sequence[int], label: str, by: str | None) -> Mark:
        """Stores the label of a box, and withdraws an older mark at the same place (IoU > 0.5).

        The box is ``(x0, y0, x1, y1)`` in pixels of the upright source picture; its label is ``"0"`` to
        ``"9"``, or ``""`` if there is no digit; ``by`` is the author, if known.

        Raises:
            StoreNotFoundError: there is no such reading.
            OptionError: the label is invalid, or the box is empty or outside the picture.
        """
        _require_label(label)
        with self._writing() as connection:
            found = queries.locked_reading(connection, reading)
            placed = _require_box(box, found["width"], found["height"])
            now = datetime.now(UTC)
            for mark in queries.standing_marks(connection, reading):
                if overlap(mark.box, placed) > SAME_PLACE:
                    queries.withdraw_mark(connection, mark.id, now)
            return queries.store_mark(connection, found, placed, label, by=by, now=now)

    def correct_line(
        self, *, reading: str, line: int, text: str, by: str | None
    ) -> tuple[Correction | Mark, ...]:
        """Stores a row's correct text, by the fewest changes to its current text, and returns these.

        Wrong or superfluous digits are corrected; missed digits become marks between their neighbors. The
        row's corrections and marks that contradict the text are withdrawn. Rows count from 0. The text is at
        most ``LONGEST_TEXT`` digits, or ``""`` if the row has none; ``by`` is its author, if known.

        Raises:
            StoreNotFoundError: there is no such reading, or it has no such row.
            OptionError: the text has other characters or is too long, or a missed digit would be outside the
                picture.
        """
        if not queries.DIGITS.issuperset(text) or len(text) > LONGEST_TEXT:
            problem = f"must have at most {LONGEST_TEXT} characters, all digits"
            raise OptionError("text", problem, "send the digits of the row, without signs and spaces")
        with self._writing() as connection:
            found = queries.locked_reading(connection, reading)
            digits = queries.locked_digits(connection, reading)
            row = queries.row_items(connection, digits, reading, line)
            try:
                edits = changes(row, text, width=found["width"], height=found["height"])
            except NoRoomError:
                raise OptionError(
                    "text",
                    "has a digit that would be outside the picture",
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
                        queries.withdraw_correction(connection, digit, now)
                    else:
                        stored.append(queries.store_correction(connection, digit, edit.label, by=by, now=now))
                    continue
                if item is not None and item.mark is not None:
                    queries.withdraw_mark(connection, item.mark, now)
                # Without its mark, the digit that was read there would become active again.
                if edit.label or (item is not None and item.covers):
                    stored.append(queries.store_mark(connection, found, edit.box, edit.label, by=by, now=now))
            return tuple(stored)

    def corrections(self, *, limit: int = 50, before: str | None = None) -> Page[Correction | Mark]:
        """Returns the active corrections and marks, newest first, in pages like ``readings``."""
        corrections = queries.standing_corrections(*queries.CORRECTION)
        sources: list[tuple[Select[Any], queries.Order, Callable[[RowMapping], Correction | Mark]]] = [
            (corrections, (Corrections.created, Corrections.id), lambda row: Correction(**row)),
            (queries.standing_marks_query(), (Marks.created, Marks.id), queries.mark_of),
        ]
        with self._reading() as connection:
            pages = [
                queries.page_of(connection, query, order, item, limit=limit, before=before)
                for query, order, item in sources
            ]
        both = sorted(
            (item for page in pages for item in page.items),
            key=lambda item: (item.created, item.id),
            reverse=True,
        )
        more = len(both) > limit or any(page.next for page in pages)
        last = both[limit - 1] if more else None
        return Page(tuple(both[:limit]), queries.cursor(last.created, last.id) if last else None)

    def corrections_of(self, reading: str) -> tuple[Correction | Mark, ...]:
        """Returns the active corrections and marks of a reading."""
        if not queries.ID.fullmatch(reading):
            return ()
        query = queries.standing_corrections(*queries.CORRECTION).where(Corrections.reading == reading)
        with self._reading() as connection:
            rows = connection.execute(query.order_by(Corrections.created, Corrections.id)).mappings()
            return (*(Correction(**row) for row in rows), *queries.standing_marks(connection, reading))

    def withdraw(self, id: str) -> bool:  # noqa: A002
        """Withdraws a correction or a mark, even on a full disk; returns whether it was active."""
        now = datetime.now(UTC)
        return bool(queries.ID.fullmatch(id)) and self._changes(
            update(Corrections).where(Corrections.id == id, STANDING).values(withdrawn=now),
            update(Marks).where(Marks.id == id, STANDING_MARK).values(withdrawn=now),
        )

    def corrected_glyphs(self) -> list[tuple[bytes, str]]:
        """Returns the glyph (28×28 bytes) and label of each active correction, oldest first, for training."""
        query = queries.standing_corrections(Digits.glyph, Corrections.label)
        with self._reading() as connection:
            rows = connection.execute(query.order_by(Corrections.created, Corrections.id))
            return [(glyph, label) for glyph, label in rows]

    def corrected_pages(self) -> Iterator[MarkedPage]:
        """Yields pictures with corrections or marks, with all their digits, oldest first.

        The digits are the marks and those that were read, with their corrected labels, unless corrected to no
        digit. A mark replaces a digit that it overlaps (IoU > 0.5). Readings without a stored picture are
        skipped.
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
            if page is not None:  # otherwise it has been removed
                yield page

    def _corrected_page(self, reading: str) -> MarkedPage | None:
        columns = (Readings.width, Readings.height, Pictures.jpeg)
        sizes = (Pictures.width.label("picture_width"), Pictures.height.label("picture_height"))
        query = select(*columns, *sizes).join(Pictures, Pictures.reading == Readings.id)
        with self._reading() as connection:
            # The digits first, like in ``reading``.
            digits = connection.execute(queries.digits_of(reading)).mappings().all()
            marks = queries.standing_marks(connection, reading)
            row = connection.execute(query.where(Readings.id == reading)).mappings().first()
        if row is None:
            return None
        labelled = [(queries.label_now(digit), queries.box_of(digit)) for digit in digits]
        read = [each for each in labelled if each[0] and queries.covering_mark(each[1], marks) is None]
        marked = [(mark.label, mark.box) for mark in marks if mark.label]
        picture = StoredPicture(row["jpeg"], row["picture_width"], row["picture_height"])
        return MarkedPage(reading, row["width"], row["height"], picture, (*read, *marked))


def _require_label(label: str) -> None:
    if label not in queries.LABELS:
        raise OptionError(f"label {label!r}", "is not a digit", 'use 0 to 9, or "" for no digit')


def _require_box(box: Sequence[int], width: int, height: int) -> Box:
    x0, y0, x1, y1 = map(int, box)
    if not (0 <= x0 < x1 <= width and 0 <= y0 < y1 <= height):
        problem = f"is empty or outside the picture of {width}×{height} pixels"
        raise OptionError(f"box {[x0, y0, x1, y1]}", problem, "use x0, y0, x1, y1 with x0 < x1 and y0 < y1")
    return x0, y0, x1, y1


def _columns(digit: NewDigit) -> dict[str, Any]:
    """Converts a digit to its columns, without its place; SQLite would store numpy numbers as bytes."""
    return {
        "label": digit.label,
        "probability": float(digit.probability),
        **queries.corners(digit.box),
        "probabilities": [float(probability) for probability in digit.probabilities],
        "glyph": digit.glyph,
        "crop": digit.crop,
    }


def _digit(row: RowMapping) -> NewDigit:
    kept = {name: row[name] for name in ("label", "probability", "glyph", "crop")}
    return NewDigit(**kept, box=queries.box_of(row), probabilities=tuple(row["probabilities"]))


def _folded(text: str) -> str:
    """Normalizes a text for searching: ignores case and the composition of accents."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", queries.storable(text)).casefold())
