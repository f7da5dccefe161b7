"""Output files of ``inkread read``: drawings and pictures of the stages."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from inkread.errors import OutputError
from inkread.system.files import write_whole, writing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inkread.cli.inputs import Page
    from inkread.pipeline.symbols import TextTrace
    from inkread.pipeline.trace import Trace

DRAWING_SUFFIX = ".png"


def with_outputs(pages: Sequence[Page], *, draw: Path | None, explain: Path | None) -> list[Page]:
    """Returns the pages with what to save of them, and creates folders for it.

    If there is one page, its drawing is ``draw`` itself, unless that is a folder, and its stages go to the
    folder ``explain``; otherwise each page gets a file in ``draw``, and a folder in ``explain``.

    Raises:
        OutputError: a folder cannot be created.
    """
    names, is_one = unique_names([page.name for page in pages]), len(pages) == 1
    drawings: list[Path | None] = [None] * len(pages)
    folders: list[Path | None] = [None] * len(pages)
    if draw and is_one and not draw.is_dir():
        make_folder(draw.parent)
        drawings = [draw]
    elif draw:
        make_folder(draw)
        drawings = [draw / f"{name}{DRAWING_SUFFIX}" for name in names]
    if explain:
        make_folder(explain)
        folders = [explain] if is_one else [explain / name for name in names]
    outputs = zip(pages, drawings, folders, strict=True)
    return [replace(page, drawing=drawing, stages=folder) for page, drawing, folder in outputs]


def unique_names(pictures: Sequence[str]) -> list[str]:
    """Returns the names without folder and suffix, with numbers for duplicates: ``a``, ``a-2``, ``b``.

    Names that differ only in case count as duplicates because they are the same file on many disks.
    """
    taken: set[str] = set()
    names = []
    for picture in pictures:
        stem = Path(picture).stem.strip(".") or "picture"
        stem = "stdin" if stem == "-" else stem
        name, number = stem, 1
        while name.casefold() in taken:
            number += 1
            name = f"{stem}-{number}"
        taken.add(name.casefold())
        names.append(name)
    return names


def save_drawing(trace: Trace | TextTrace, path: Path) -> None:
    """Draws the reading on its picture and saves it in the format of the file's suffix.

    Raises:
        OutputError: the file cannot be written, or its suffix is not that of an image format.
    """
    drawing, content = trace.reading.draw(trace.picture.pixels), BytesIO()
    content.name = path.name  # Pillow looks at its suffix
    with writing(path):
        try:
            drawing.save(content)
        except ValueError as error:
            raise OutputError(str(path), "does not end in an image format's suffix", "use .png") from error
    write_whole(path, content.getvalue())


def make_folder(folder: Path) -> None:
    """Creates a folder and its missing parents.

    Raises:
        OutputError: the folder cannot be created.
    """
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
