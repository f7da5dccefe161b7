"""Output files of ``inkread read``: drawings and pictures of the stages."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from inkread.errors import OutputError
from inkread.system.files import write_whole, writing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inkread.pipeline.symbols import TextTrace
    from inkread.pipeline.trace import Trace

DRAWING_SUFFIX = ".png"


def drawing_paths(pictures: Sequence[str], out: Path) -> list[Path]:
    """Returns one file per picture: ``out`` itself for one picture, files in the folder ``out`` for several.

    Raises:
        OutputError: the folder cannot be created.
    """
    if len(pictures) == 1 and not out.is_dir():
        make_folder(out.parent)
        return [out]
    make_folder(out)
    return [out / f"{name}{DRAWING_SUFFIX}" for name in unique_names(pictures)]


def stage_folders(pictures: Sequence[str], out: Path) -> list[Path]:
    """Returns one folder per picture: ``out`` itself for one picture, folders in it for several.

    Raises:
        OutputError: a folder cannot be created.
    """
    folders = [out] if len(pictures) == 1 else [out / name for name in unique_names(pictures)]
    make_folder(out)
    return folders


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
