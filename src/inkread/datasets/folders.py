"""Turns a folder of labeled pictures into training glyphs, through the same pipeline as in reading."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from inkread.datasets.glyphs import NOT_A_DIGIT_CLASS, LabelledGlyphs
from inkread.datasets.pictures import LabelledPicture, load_labelled_folder
from inkread.errors import DatasetFormatError, PictureError
from inkread.reader import Reader

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from inkread.system.files import AnyPath

LISTED = 3
"""Number of pictures that a message names; it counts the rest."""


class Skipped(NamedTuple):
    """A picture that yields no glyph, and why."""

    path: Path
    problem: str


@dataclass(frozen=True, slots=True)
class FolderGlyphs:
    """The glyphs from a folder.

    Attributes:
        glyphs: one per picture, in the order of the folder's table, or sorted by path without one; an empty
            label becomes ``NOT_A_DIGIT_CLASS``.
        skipped: the pictures that are unreadable or show no ink.
    """

    glyphs: LabelledGlyphs
    skipped: tuple[Skipped, ...]

    def told(self) -> str:
        """Describes the skipped pictures, naming the first ones; ``""`` if there are none."""
        if not self.skipped:
            return ""
        named = "; ".join(f"{path.name} {problem}" for path, problem in self.skipped[:LISTED])
        others = f"; and {len(self.skipped) - LISTED} more" if len(self.skipped) > LISTED else ""
        return (
            f"{len(self.skipped)} of {len(self.skipped) + len(self.glyphs)} pictures skipped: {named}{others}"
        )


def load_folder_glyphs(
    path: AnyPath,
    *,
    reader: Reader | None = None,
    on_picture: Callable[[int, int], object] = lambda _done, _of: None,
) -> FolderGlyphs:
    """Reads every picture of a labeled folder as one digit, and keeps the classifier's input.

    Args:
        path: the folder, see ``inkread.datasets.pictures``.
        reader: finds the ink, and which of it is the digit; the default reader if ``None``.
        on_picture: called after every picture with the number done and the total.

    Returns:
        The glyphs, whose hash covers the images followed by the labels, and the pictures that yielded none.

    Raises:
        DatasetNotFoundError: the folder does not exist.
        DatasetFormatError: a label is invalid or has more than one digit, or no picture yields a glyph.
    """
    root, pictures = Path(path), load_labelled_folder(path)
    classes = np.array([_class_of(picture) for picture in pictures], np.uint8)
    reader = reader or Reader()
    images: dict[int, NDArray[np.uint8]] = {}
    skipped = []
    for index, picture in enumerate(pictures):
        try:
            images[index] = _glyph(picture, reader)
        except PictureError as error:
            skipped.append(Skipped(picture.path, error.problem))
        on_picture(index + 1, len(pictures))
    if not images:
        raise DatasetFormatError(
            str(root),
            f"has no usable picture ({skipped[0].path.name} {skipped[0].problem})",
            "use pictures of digits, in a format that inkread reads",
        )
    stack, labels = np.stack(list(images.values())), classes[list(images)]
    glyphs = LabelledGlyphs(
        name=root.resolve().name,
        images=stack,
        labels=labels,
        sha256=hashlib.sha256(stack.tobytes() + labels.tobytes()).hexdigest(),
        licence="that of the pictures",
        attribution="those who wrote the digits",
    )
    return FolderGlyphs(glyphs, tuple(skipped))


def _class_of(picture: LabelledPicture) -> int:
    if len(picture.label) > 1:
        raise DatasetFormatError(
            str(picture.path),
            f"is labeled {picture.label!r}, more than one digit",
            "use pictures with one digit each, or none",
        )
    return int(picture.label) if picture.label else NOT_A_DIGIT_CLASS


def _glyph(picture: LabelledPicture, reader: Reader) -> NDArray[np.uint8]:
    """Returns the 28×28 glyph that is classified when the picture is read as one digit."""
    trace = reader.trace(picture.source, single=True)
    if trace.main is not None and (glyph := trace.opinions.glyphs[trace.main]).any():
        return glyph
    raise PictureError(str(picture.path), "shows no ink", "use a picture of a digit")
