"""A folder -> the pictures in it, and for how long each has stood still.

The folder is looked through again and again. Notices of the operating system (inotify and its like) would spare that, but they do not
come from network drives, are lost when their queue is full, do not tell what arrived while nobody listened, and do not tell that a
file is complete: looking would be needed beside them. It is cheap, a fraction of a second for 10,000 pictures.
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
"""What breaks lines or encodings in a name, and the backslash that escapes it."""


class Stamp(NamedTuple):
    """What a file shows of itself without being opened.

    Attributes:
        source: its name, see ``name_below``.
        size: bytes.
        modified_ns: nanoseconds since 1970, as its file system has them.
    """

    source: str
    size: int
    modified_ns: int


@dataclass(frozen=True, slots=True)
class Arrival:
    """A picture in the folder.

    Attributes:
        path: of the file.
        stamp: as it is now.
        looks: how many looks in a row, this one included, found it so; 1 for one that is new or has changed.
    """

    path: Path
    stamp: Stamp
    looks: int


class DirectoryScanner:
    """The pictures in a folder, by their names: those that are hidden or partial (``.part``, ``.tmp``) do not count.

    Args:
        folder: to look through.
        recursive: also look through the folders in it, but through none that is a link.

    Raises:
        FolderError: it is not there, or cannot be looked through.
    """

    def __init__(self, folder: Path, *, recursive: bool = False) -> None:
        self.folder, self.recursive = folder, recursive
        self._seen: dict[str, Arrival] = {}
        next(pictures_in(folder, recursive=recursive), None)  # tells at once what is wrong with the folder

    def scan(self) -> list[Arrival]:
        """All that are there now, the oldest first.

        Raises:
            FolderError: the folder, or one in it, is not there or cannot be looked through.
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
        """What a file in the folder shows now; ``None`` if it has gone, or is no regular file."""
        try:
            # Not what os.scandir knows: on Windows that lags behind a file that is being written.
            status = path.stat()
        except OSError:  # also of a link that leads nowhere
            return None
        if not stat.S_ISREG(status.st_mode):
            return None
        return Stamp(name_below(self.folder, path), status.st_size, status.st_mtime_ns)


def name_below(folder: Path, path: Path) -> str:
    r"""What a picture is called in reports: its path in the folder, on one line, the same on every system.

    Control characters, bytes that are no UTF-8, and the backslash are escaped as in Python's strings, so that different files have
    different names. One that a spreadsheet would take for a formula begins with ``./``.
    """
    name = UNPRINTABLE.sub(
        lambda found: found[0].encode("unicode_escape").decode("ascii"), path.relative_to(folder).as_posix()
    )
    return no_formula(name)
