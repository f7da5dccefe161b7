"""A folder in which pictures arrive, and the file in which each is reported exactly once.

::

    arrivals    folder -> the pictures in it, and for how long each has stood still
    journal     the file: a line a picture, as CSV or JSON lines; it alone remembers what was reported
    watcher     what has arrived and is not in the journal is read, and goes there

Killed at any moment and started again, a watcher reports what is missing and nothing twice.
"""

from __future__ import annotations

from inkread.watching.arrivals import Arrival, Arrivals, Stamp
from inkread.watching.journal import Journal, Record
from inkread.watching.watcher import Watcher, require_interval

__all__ = ["Arrival", "Arrivals", "Journal", "Record", "Stamp", "Watcher", "require_interval"]
