"""Finds the pictures in a folder, in the same way for every command that takes one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from inkread.errors import FolderError
from inkread.picture.formats import PICTURE_SUFFIXES

if TYPE_CHECKING:
    from collections.abc import Iterator

HIDDEN = (".", "~")
"""Prefixes of hidden files, and of files that other programs keep beside their own (macOS: ``._a.png``)."""


def is_picture(name: str) -> bool:
    """Returns whether a folder scan counts a file with this name as a picture."""
    return not name.startswith(HIDDEN) and Path(name).suffix.lower() in PICTURE_SUFFIXES


def is_picture_below(name: str) -> bool:
    """Returns the same for a path in an archive, with ``/``: nothing in it may be hidden."""
    *folders, base = name.split("/")
    hidden = any(each.startswith(HIDDEN) and each not in ("", ".", "..") for each in folders)
    return is_picture(base) and not hidden


def pictures_in(folder: Path, *, recursive: bool = False) -> Iterator[Path]:
    """Yields the files with picture names, in no particular order.

    Args:
        folder: the folder to scan.
        recursive: also scan its subfolders, except hidden ones and links.

    Raises:
        FolderError: the folder does not exist, or it or a subfolder cannot be scanned.
    """

    def refuse(error: OSError) -> None:
        """Raises an error for this folder, unless it is a subfolder that was deleted meanwhile."""
        place = Path(os.fsdecode(error.filename))
        if not isinstance(error, (FileNotFoundError, NotADirectoryError)):
            problem = f"cannot be read ({error.strerror})"
            raise FolderError(str(place), problem, "grant read permission, or move it elsewhere") from error
        if place == folder:
            raise FolderError(
                str(place), "is not a folder, or does not exist", "pass a folder of pictures"
            ) from error

    for place, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = [name for name in folders if recursive and not name.startswith(HIDDEN)]
        yield from (Path(place, name) for name in names if is_picture(name))
