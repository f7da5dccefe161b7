"""Reads pictures that arrive in a folder and are not in the journal, and adds them to it."""

from __future__ import annotations

import hashlib
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from inkread.errors import OptionError
from inkread.results.outcome import Outcome
from inkread.watching.journal import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from inkread.errors import PictureError
    from inkread.results import Reading
    from inkread.watching.directory_scanner import Arrival, DirectoryScanner
    from inkread.watching.journal import Journal

SETTLED = 2
"""Number of consecutive scans with the same stamp after which a picture counts as complete and is read."""

PATIENCE = 10
"""Number of consecutive scans after which an unreadable picture is reported; until then, its copying may have
stalled."""

INTERVAL, LONGEST_INTERVAL = 1.0, 24 * 3600.0
"""Default and maximum seconds between two scans."""


def _sleep(seconds: float) -> bool:
    time.sleep(seconds)
    return True


class Watcher:
    """Reports the pictures of a folder.

    Args:
        scanner: the scanner of the folder.
        journal: the journal in which each picture is reported once, by its name; use it for this folder only.
        read: reads a file; returns the error if it cannot be read.

    Attributes:
        waiting: the number of pictures that the last scan left for the next one.
    """

    def __init__(
        self, scanner: DirectoryScanner, journal: Journal, read: Callable[[Path], Reading | PictureError]
    ) -> None:
        self._scanner, self._journal, self._read = scanner, journal, read
        self.waiting = 0

    def watch(
        self, *, interval: float = INTERVAL, once: bool = False, wait: Callable[[float], bool] = _sleep
    ) -> Iterator[Record]:
        """Scans repeatedly, and yields each picture when it is reported.

        Args:
            interval: seconds between two scans; a picture that is unchanged for this long counts as complete.
            once: stop when all pictures are reported, or after ``PATIENCE`` scans even if some still change.
            wait: waits for the given seconds, and returns whether to continue; called with 0 before each
                picture.

        Raises:
            OptionError: the interval is invalid.
            FolderError: the folder does not exist or has been removed.
            OutputError: the journal cannot be written.
        """
        require_interval(interval)
        looks = 0
        while True:
            yield from self.scan(lambda: wait(0))
            looks += 1
            if once and (looks == PATIENCE or not self.waiting):
                return
            if not wait(interval):
                return

    def scan(self, go_on: Callable[[], bool] = lambda: True) -> Iterator[Record]:
        """Scans once, and yields each picture when it is reported; stops if ``go_on()`` is false."""
        self.waiting = 0
        for arrival in self._scanner.scan():
            if self._journal.knows(arrival.stamp):
                continue
            # A picture is tried only at the first and the last attempt.
            if arrival.looks == SETTLED or arrival.looks >= PATIENCE:
                if not go_on():
                    return
                sha256 = _digest(arrival.path)
                if self._journal.recognises(arrival.stamp, sha256):
                    continue
                record = self._record(arrival, sha256)
                if record:
                    self._journal.append(record)
                    yield record
                    continue
            self.waiting += 1

    def _record(self, arrival: Arrival, sha256: str) -> Record | None:
        """Reads a picture; returns ``None`` if it has changed since, or if it may still be incomplete."""
        outcome = Outcome(arrival.stamp.source, self._read(arrival.path))
        changed = self._scanner.stamp(arrival.path) != arrival.stamp
        if changed or (outcome.error and arrival.looks < PATIENCE):
            return None
        return Record(outcome, arrival.stamp, sha256, datetime.now(UTC).isoformat(timespec="seconds"))


def require_interval(seconds: float) -> None:
    """Raises an ``OptionError`` for an invalid interval."""
    if not 0 < seconds <= LONGEST_INTERVAL:
        raise OptionError(f"interval {seconds:g}", "is out of range", "use seconds above 0, up to a day")


def _digest(path: Path) -> str:
    """Returns the SHA-256 of a file's content; empty if unreadable, which the reader then reports."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
