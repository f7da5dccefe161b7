"""What the arguments of ``inkread read`` name: folders, patterns, pipes, and documents as pages."""

from __future__ import annotations

import glob
import sys
from contextlib import nullcontext
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from inkread.errors import FolderError, PictureError, PictureFormatError
from inkread.results.outcome import STANDARD_INPUT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


@dataclass(frozen=True, slots=True)
class Page:
    """A page to read, and what to save of it.

    Attributes:
        name: the picture's name; in a document of several pages with ``#`` and the page's number.
        source: the picture or document, or why it cannot be opened.
        number: the page's number, from 1.
        drawing: where to save the picture with boxes.
        stages: the folder for pictures of the stages.
    """

    name: str
    source: str | BytesIO | PictureError
    number: int = 1
    drawing: Path | None = None
    stages: Path | None = None


def pages_of(name: str) -> list[Page]:
    """Returns the pages of a picture or document; one that cannot be opened has one."""
    from inkread.picture import is_document, page_count

    source: str | BytesIO = name
    try:
        if name == STANDARD_INPUT or _is(Path.is_fifo, name):
            source = _stream(name)
        content = name if isinstance(source, str) else source.getvalue()
        count = page_count(source) if is_document(content) else 1
    except PictureError as error:
        return [Page(name, error)]
    if count == 1:
        return [Page(name, source)]
    return [Page(f"{name}#{number}", source, number) for number in range(1, count + 1)]


def expanded(pictures: Sequence[str], *, recursive: bool) -> list[str]:
    """Returns the pictures' names, with folders replaced by their pictures and patterns by their matches.

    Patterns are expanded here if the shell has not done so, for example on Windows.

    Raises:
        FolderError: a folder has no pictures or cannot be listed.
    """
    from inkread.picture.folders import HIDDEN, pictures_in

    names: list[str] = []
    for picture in pictures:
        if _is(Path.is_dir, picture):
            found = sorted(
                str(path) for path in pictures_in(Path(picture), recursive=recursive) if path.is_file()
            )
            if not found:
                remedy = "use a folder with pictures, or add --recursive to include subfolders"
                raise FolderError(picture, "has no pictures", remedy)
        elif glob.has_magic(picture) and not _is(Path.exists, picture):
            matches = map(Path, glob.glob(picture, recursive=True))  # noqa: PTH207 - it may be absolute
            found = sorted(
                str(path) for path in matches if path.is_file() and not path.name.startswith(HIDDEN)
            )
        else:
            found = [picture]
        names += found or [picture]
    return names


def _stream(name: str) -> BytesIO:
    """Reads standard input or a pipe (``<(command)``), as far as a picture may be long.

    Raises:
        PictureFormatError: standard input is a terminal.
    """
    from inkread.picture import PictureLimits

    if name == STANDARD_INPUT and sys.stdin.isatty():
        remedy = "pipe a picture in: inkread read - < photo.jpg"
        raise PictureFormatError(name, "is a terminal, not a picture", remedy)
    with nullcontext(sys.stdin.buffer) if name == STANDARD_INPUT else Path(name).open("rb") as stream:
        content = BytesIO(stream.read(PictureLimits().max_bytes + 1))
    content.name = name
    return content


def _is(question: Callable[[Path], bool], name: str) -> bool:
    """Asks a question about a path; returns false if the name is not a valid path."""
    try:
        return question(Path(name))
    except (OSError, ValueError):
        return False
