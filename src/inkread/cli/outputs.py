"""Where ``inkread read`` puts its drawings and the pictures of its stages."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from inkread.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from inkread.pipeline.trace import Trace

DRAWING_SUFFIX = ".png"


def drawing_paths(pictures: Sequence[str], out: Path) -> list[Path]:
    """A file a picture: ``out`` itself for one picture, and files in the folder ``out`` for several.

    Raises:
        OutputError: the folder cannot be made.
    """
    if len(pictures) == 1 and not out.is_dir():
        make_folder(out.parent)
        return [out]
    make_folder(out)
    return [out / f"{name}{DRAWING_SUFFIX}" for name in unique_names(pictures)]


def stage_folders(pictures: Sequence[str], out: Path) -> list[Path]:
    """A folder a picture: ``out`` itself for one picture, and folders in it for several.

    Raises:
        OutputError: a folder cannot be made.
    """
    folders = [out] if len(pictures) == 1 else [out / name for name in unique_names(pictures)]
    make_folder(out)
    return folders


def unique_names(pictures: Sequence[str]) -> list[str]:
    """The pictures' names without folder and suffix, numbered where they are alike: ``a``, ``a-2``, ``b``.

    Names that differ in case only count as alike, as they are one file on many disks.
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


def save_drawing(trace: Trace, path: Path) -> None:
    """Draws the reading on its picture and saves it, in the format of the file's suffix.

    Raises:
        OutputError: the file cannot be written, or its suffix names no format.
    """
    drawing = trace.reading.draw(trace.picture.pixels)
    with writing(path):
        drawing.save(path)


def make_folder(folder: Path) -> None:
    """Makes a folder and those above it, where they are not there yet.

    Raises:
        OutputError: it cannot be made.
    """
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turns what goes wrong while the file is written into an ``OutputError``."""
    try:
        yield
    except ValueError as error:  # what Pillow raises for a suffix that it does not know
        raise OutputError(str(path), "has a suffix that names no picture format", "end it in .png") from error
    except OSError as error:
        problem = f"cannot be written ({error.strerror or error})"
        raise OutputError(str(path), problem, "choose another place, or make room there") from error
