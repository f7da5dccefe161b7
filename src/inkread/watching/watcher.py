"""What has arrived in a folder and is not in the journal is read, and goes there."""

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
"""Looks in a row that find a picture the same before it is read: then it is complete, as far as can be seen."""

PATIENCE = 10
"""Looks in a row after which a picture that cannot be read is reported so: until then it may be one whose copying has stalled."""

INTERVAL, LONGEST_INTERVAL = 1.0, 24 * 3600.0
"""Seconds between two looks."""


def _sleep(seconds: float) -> bool:
    time.sleep(seconds)
    return True


class Watcher:
    """Reports the pictures of a folder.

    Args:
        scanner: the folder.
        journal: where each is reported once, under its name in the folder; to be used for this folder only.
        read: reads a file, or gives the error that says why it cannot be read.

    Attributes:
        waiting: how many pictures the last look left for another one.
    """

    def __init__(
        self, scanner: DirectoryScanner, journal: Journal, read: Callable[[Path], Reading | PictureError]
    ) -> None:
        self._scanner, self._journal, self._read = scanner, journal, read
        self.waiting = 0

    def watch(
        self, *, interval: float = INTERVAL, once: bool = False, wait: Callable[[float], bool] = _sleep
    ) -> Iterator[Record]:
        """Looks again and again, and gives each picture when it is reported.

        Args:
            interval: seconds between two looks; a picture that stands still for so long is taken to be complete.
            once: end when all that is there is reported, and after ``PATIENCE`` looks even if something still changes.
            wait: for so many seconds, and tells whether to go on; asked with 0 before each picture is tried.

        Raises:
            OptionError: the interval is none.
            FolderError: the folder is not there, or no more.
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
        """Looks once, and gives each picture when it is reported; ends where ``go_on``, asked before each is tried, says so."""
        self.waiting = 0
        for arrival in self._scanner.scan():
            if self._journal.knows(arrival.stamp):
                continue
            if _is_due(arrival):
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
        """Reads a picture; ``None`` if it has changed meanwhile, or cannot be read but may yet be completed."""
        outcome = Outcome(arrival.stamp.source, self._read(arrival.path))
        changed = self._scanner.stamp(arrival.path) != arrival.stamp
        if changed or (outcome.error and arrival.looks < PATIENCE):
            return None
        return Record(outcome, arrival.stamp, sha256, datetime.now(UTC).isoformat(timespec="seconds"))


def _is_due(arrival: Arrival) -> bool:
    """Whether it is worth a try now: between the first and the last, nothing changes."""
    return arrival.looks == SETTLED or arrival.looks >= PATIENCE


def require_interval(seconds: float) -> None:
    """Raises an ``OptionError`` for what is no time to wait."""
    if not 0 < seconds <= LONGEST_INTERVAL:
        raise OptionError(f"interval {seconds:g}", "is no time to wait", "give seconds above 0, up to a day")


def _digest(path: Path) -> str:
    """The SHA-256 of a file's content; empty if it cannot be read, of which the reader says why."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
