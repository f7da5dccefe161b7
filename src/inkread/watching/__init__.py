"""Watches a folder for new pictures, and reports each exactly once in a file.

::

    directory_scanner   lists a folder's pictures, and how long each has been unchanged
    journal             the file, one line per picture, as CSV or JSON lines; the only record of reports
    watcher             reads each new picture that is not in the journal, and adds it there

If a watcher is killed at any time and restarted, it reports the missing pictures and none twice.
"""

from __future__ import annotations

from inkread.watching.directory_scanner import Arrival, DirectoryScanner, Stamp
from inkread.watching.journal import Journal, Record
from inkread.watching.watcher import Watcher, require_interval

__all__ = ["Arrival", "DirectoryScanner", "Journal", "Record", "Stamp", "Watcher", "require_interval"]
