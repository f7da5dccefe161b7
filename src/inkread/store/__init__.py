"""The store of readings and corrections: SQLite in one file, or PostgreSQL.

=================  ====================================================================================
``store``          ``Store``: everything that is kept, found and removed
``records``        what goes in and comes out
``queries``        what it asks the database, and what it writes within a transaction
``rows``           a row's text, as it should be, against the digits that were read
``address``        the URL of a store, shown without its password
``database``       engines that lose nothing that was acknowledged, and their errors in plain words
``tables``         the tables
``migrate``        brings a store to the newest version of its tables (Alembic, ``migrations/``)
=================  ====================================================================================

Only a server that was started to collect opens one; ``inkread.datasets.corrections`` reads it for training.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inkread.store.records import (
    Correction,
    Mark,
    MarkedPage,
    NewDigit,
    NewReading,
    Page,
    ReadingSummary,
    StoredPicture,
    StoredReading,
)

if TYPE_CHECKING:
    from inkread.store.address import default_url
    from inkread.store.store import MOST_ITEMS, Store

__all__ = [
    "MOST_ITEMS",
    "Correction",
    "Mark",
    "MarkedPage",
    "NewDigit",
    "NewReading",
    "Page",
    "ReadingSummary",
    "Store",
    "StoredPicture",
    "StoredReading",
    "default_url",
]


def __getattr__(name: str) -> Any:
    """What needs SQLAlchemy, loaded when it is first asked for: the processes that read know the records only."""
    if name == "default_url":
        from inkread.store.address import default_url

        return default_url
    if name in ("MOST_ITEMS", "Store"):
        from inkread.store import store

        return getattr(store, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
