"""A folder of labelled pictures as glyphs to learn from: each picture goes the way that it will go when it is read."""

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
"""Pictures that a message names; it gives the number of the others."""


class Skipped(NamedTuple):
    """A picture that gives no glyph, and why."""

    path: Path
    problem: str


@dataclass(frozen=True, slots=True)
class FolderGlyphs:
    """What a folder gives.

    Attributes:
        glyphs: one a picture, in the order of the folder's table, or sorted by path without one; what has an empty label is
            ``NOT_A_DIGIT_CLASS``.
        skipped: the pictures that cannot be read, or show no ink.
    """

    glyphs: LabelledGlyphs
    skipped: tuple[Skipped, ...]

    def told(self) -> str:
        """The skipped pictures in words, the first ones by name; ``""`` if there are none."""
        if not self.skipped:
            return ""
        named = "; ".join(f"{path.name} {problem}" for path, problem in self.skipped[:LISTED])
        others = f"; and {len(self.skipped) - LISTED} more" if len(self.skipped) > LISTED else ""
        return f"{len(self.skipped)} of {len(self.skipped) + len(self.glyphs)} pictures left out: {named}{others}"


def load_folder_glyphs(
    path: AnyPath,
    *,
    reader: Reader | None = None,
    on_picture: Callable[[int, int], object] = lambda _done, _of: None,
) -> FolderGlyphs:
    """Reads every picture of a labelled folder as one digit, and keeps what the classifier saw.

    Args:
        path: of the folder, see ``inkread.datasets.pictures``.
        reader: finds the ink, and which of it is the digit; the default one unless given.
        on_picture: called after every picture, with how many are done and how many there are.

    Returns:
        The glyphs, whose hash is of the images followed by the labels, and the pictures that gave none.

    Raises:
        DatasetNotFoundError: there is no such folder.
        DatasetFormatError: its labels are wrong, one of them is more than one digit, or no picture gives a glyph.
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
            f"has no picture that can be learned from ({skipped[0].path.name} {skipped[0].problem})",
            "give pictures of digits, of a format that inkread reads",
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
            f"is labelled {picture.label!r}, more than one digit",
            "learn from pictures of one digit each, or of none",
        )
    return int(picture.label) if picture.label else NOT_A_DIGIT_CLASS


def _glyph(picture: LabelledPicture, reader: Reader) -> NDArray[np.uint8]:
    """The 28×28 glyph that is judged when the picture is read as one digit."""
    trace = reader.trace(picture.source, single=True)
    if trace.main is not None and (glyph := trace.opinions.glyphs[trace.main]).any():
        return glyph
    raise PictureError(str(picture.path), "shows no ink", "give a picture of a digit")
