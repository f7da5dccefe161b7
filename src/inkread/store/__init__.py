"""The store of readings and corrections: SQLite in one file, or PostgreSQL.

=================  ====================================================================================
``store``          ``Store``: adds, finds, and removes readings and corrections
``records``        the objects that are stored and returned
``transactions``   opens and migrates a database (Alembic, ``migrations/``), reads, and writes
``queries``        database queries, lists in pages, and writes within a transaction
``rows``           aligns a row's corrected text with the digits that were read
``database``       URLs, engines that never lose acknowledged data, and their errors in plain words
``tables``         the tables
=================  ====================================================================================

Only a server that collects opens a store; ``inkread.datasets.corrections`` reads it for training.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

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
from inkread.system.lazy import lazy

if TYPE_CHECKING:
    from inkread.store.database import default_url
    from inkread.store.queries import MOST_ITEMS
    from inkread.store.store import Store

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


# These need SQLAlchemy; worker processes use only the records.
__getattr__ = lazy(__name__, {"database": ("default_url",), "queries": ("MOST_ITEMS",), "store": ("Store",)})
