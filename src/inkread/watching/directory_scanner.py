"""Lists the pictures in a folder, and how long each has been unchanged.

The scanner polls the folder. Notifications from the operating system (inotify etc.) would avoid that, but
they do not work on network drives, get lost when their queue is full, miss files that arrive while nobody
listens, and do not reveal whether a file is complete, so polling would still be required. It is cheap: a
fraction of a second for 10,000 pictures.
"""

from __future__ import annotations

import re
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from inkread.picture.folders import pictures_in
from inkread.results.outcome import no_formula

if TYPE_CHECKING:
    from pathlib import Path

UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\\]")
"""Characters in names that break lines or encodings, and the backslash that escapes them."""


class Stamp(NamedTuple):
    """The properties of a file that can be read without opening it.

    Attributes:
        source: its name, see ``name_below``.
        size: its size in bytes.
        modified_ns: its modification time in nanoseconds since 1970, as stored by the file system.
    """

    source: str
    size: int
    modified_ns: int


@dataclass(frozen=True, slots=True)
class Arrival:
    """A picture in the folder, and its current stamp.

    Attributes:
        looks: consecutive scans with this stamp, including this one; 1 if it is new or has changed.
    """

    path: Path
    stamp: Stamp
    looks: int


class DirectoryScanner:
    """Lists a folder's pictures by file name; ignores hidden and partial (``.part``, ``.tmp``) files.

    Args:
        folder: the folder to scan.
        recursive: also scan subfolders, except links.

    Raises:
        FolderError: the folder does not exist or cannot be listed.
    """

    def __init__(self, folder: Path, *, recursive: bool = False) -> None:
        self.folder, self.recursive = folder, recursive
        self._seen: dict[str, Arrival] = {}
        next(pictures_in(folder, recursive=recursive), None)  # reports problems with the folder at once

    def scan(self) -> list[Arrival]:
        """Returns all pictures, oldest first.

        Raises:
            FolderError: the folder or a subfolder does not exist or cannot be listed.
        """
        seen = {}
        for path in pictures_in(self.folder, recursive=self.recursive):
            stamp = self.stamp(path)
            if stamp is not None:
                before = self._seen.get(stamp.source)
                looks = before.looks + 1 if before and before.stamp == stamp else 1
                seen[stamp.source] = Arrival(path, stamp, looks)
        self._seen = seen
        return sorted(seen.values(), key=lambda each: (each.stamp.modified_ns, each.stamp.source))

    def stamp(self, path: Path) -> Stamp | None:
        """Returns a file's current stamp; ``None`` if it is gone or not a regular file."""
        try:
            # Not from os.scandir, whose data on Windows lags behind while a file is being written.
            status = path.stat()
        except OSError:  # broken links too
            return None
        if not stat.S_ISREG(status.st_mode):
            return None
        return Stamp(name_below(self.folder, path), status.st_size, status.st_mtime_ns)


def name_below(folder: Path, path: Path) -> str:
    r"""Returns a picture's name for reports: its path in the folder, on one line, the same on every system.

    Control characters, bytes that are not UTF-8, and backslashes are escaped as in Python's strings, so that
    different files have different names. Names that a spreadsheet would treat as a formula begin with ``./``.
    """
    name = UNPRINTABLE.sub(
        lambda found: found[0].encode("unicode_escape").decode("ascii"), path.relative_to(folder).as_posix()
    )
    return no_formula(name)
