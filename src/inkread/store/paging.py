"""Lists in parts, newest first; a cursor is the time and id of the last item of a part."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import tuple_

from inkread.errors import OptionError
from inkread.store.queries import ID
from inkread.store.records import Page

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection, RowMapping, Select
    from sqlalchemy.orm import InstrumentedAttribute

    Order = tuple[InstrumentedAttribute[datetime], InstrumentedAttribute[str]]

Found = TypeVar("Found")

MOST_ITEMS = 200
"""Of a page."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
CURSOR = re.compile(rf"([0-9]{{1,17}})_({ID.pattern})")


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
    """Parses a cursor into its time and id."""
    match = CURSOR.fullmatch(cursor)
    if match is None:
        raise OptionError("cursor", "is not from this store", "use the one from the previous page")
    return EPOCH + int(match[1]) * MICROSECOND, match[2]
