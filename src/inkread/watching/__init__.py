"""A folder in which pictures arrive, and the file in which each is reported exactly once.

::

    directory_scanner   folder -> the pictures in it, and for how long each has been unchanged
    journal             the file: one line per picture, as CSV or JSON lines; the only memory of what was reported
    watcher             reads each new picture that is not in the journal, and adds it there

Killed at any moment and started again, a watcher reports what is missing and nothing twice.
"""

from __future__ import annotations

from inkread.watching.directory_scanner import Arrival, DirectoryScanner, Stamp
from inkread.watching.journal import Journal, Record
from inkread.watching.watcher import Watcher, require_interval

__all__ = ["Arrival", "DirectoryScanner", "Journal", "Record", "Stamp", "Watcher", "require_interval"]
