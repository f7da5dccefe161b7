"""The store of readings and corrections: SQLite in one file, or PostgreSQL.

=================  ====================================================================================
``store``          ``Store``: adds, finds, and removes readings and corrections
``records``        the objects that are stored and returned
``transactions``   opens a database, reads, and writes
``paging``         lists in parts, newest first
``queries``        database queries, and writes within a transaction
``rows``           aligns a row's corrected text with the digits that were read
``address``        the URL of a store, shown without its password
``database``       engines that never lose acknowledged data, and their errors in plain words
``tables``         the tables
``reserve``        reserved disk space, so that readings can be removed from a full disk
``migrate``        migrates a store to the newest version of its tables (Alembic, ``migrations/``)
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
    from inkread.store.address import default_url
    from inkread.store.paging import MOST_ITEMS
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
__getattr__ = lazy(__name__, {"address": ("default_url",), "paging": ("MOST_ITEMS",), "store": ("Store",)})
