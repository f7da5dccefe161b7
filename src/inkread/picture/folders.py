"""Which files of a folder are its pictures, the same for every command that takes one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from inkread.errors import FolderError
from inkread.picture.loading import PICTURE_SUFFIXES

if TYPE_CHECKING:
    from collections.abc import Iterator

HIDDEN = (".", "~")
"""How the names of files begin that are hidden, or that other programs keep beside those that they work on (macOS: ``._a.png``)."""


def is_picture(name: str) -> bool:
    """Whether a file of this name counts as a picture where a folder is looked through."""
    return not name.startswith(HIDDEN) and Path(name).suffix.lower() in PICTURE_SUFFIXES


def pictures_in(folder: Path, *, recursive: bool = False) -> Iterator[Path]:
    """The files with names of pictures, in no particular order.

    Args:
        folder: to look through.
        recursive: also look through the folders in it, but through none that is hidden or a link.

    Raises:
        FolderError: the folder is not there, or it or one in it cannot be looked through.
    """

    def refuse(error: OSError) -> None:
        """Raises what is wrong with a folder, unless it is one in ours that has gone meanwhile."""
        place = Path(os.fsdecode(error.filename))
        if not isinstance(error, (FileNotFoundError, NotADirectoryError)):
            problem = f"cannot be looked through ({error.strerror})"
            raise FolderError(str(place), problem, "let it be read, or move it elsewhere") from error
        if place == folder:
            raise FolderError(
                str(place), "is not there, or is no folder", "name a folder of pictures"
            ) from error

    for place, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = [name for name in folders if recursive and not name.startswith(HIDDEN)]
        yield from (Path(place, name) for name in names if is_picture(name))
