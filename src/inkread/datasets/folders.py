"""Turns a folder of labeled pictures into training glyphs, through the same pipeline as in reading.

The classes are the ten digits, or else the labels of the folder: letters, symbols, or anything drawn.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

from inkread.datasets.glyphs import NOT_A_DIGIT_CLASS, LabelledGlyphs
from inkread.datasets.pictures import TABLES, LabelledPicture, load_labelled_folder
from inkread.errors import DatasetFormatError, PictureError
from inkread.models.card import DIGIT_CLASSES, LONGEST_LABEL
from inkread.picture import load_picture
from inkread.pipeline.glyph import normalize
from inkread.pipeline.glyphs import cut_ink
from inkread.pipeline.ink import ink_of
from inkread.reader import Reader

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from inkread.system.files import AnyPath

FEWEST_CLASSES, MOST_CLASSES = 2, 255
LISTED = 3
"""Number of pictures that a message names; it counts the rest."""


class Skipped(NamedTuple):
    """A picture that yields no glyph, and why."""

    path: Path
    problem: str


@dataclass(frozen=True, slots=True)
class FolderGlyphs:
    """The glyphs from a folder, and the pictures that are unreadable or show no ink.

    The glyphs are in the order of the folder's table, or sorted by path without one; an empty label becomes
    ``NOT_A_DIGIT_CLASS``.
    """

    glyphs: LabelledGlyphs
    skipped: tuple[Skipped, ...]

    def summary(self) -> str:
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
    classes: Sequence[str] = (),
    reader: Reader | None = None,
    on_picture: Callable[[int, int], object] = lambda _done, _of: None,
) -> FolderGlyphs:
    """Reads every picture of a labeled folder as one digit or symbol, and keeps the classifier's input.

    The reader, by default the default one, finds the ink, and which of it is the digit. ``classes`` are those
    of a model, if they are not the ten digits; by default, the folder's own labels are the classes.
    ``on_picture`` is called after every picture with the number done and the total. The hash of the glyphs
    covers the images followed by the labels.

    Raises:
        DatasetNotFoundError: the folder does not exist.
        DatasetFormatError: a label is invalid, is none of the classes, or has more than one digit, there are
            more than 255 classes, or no picture yields a glyph.
    """
    root, pictures = Path(path), load_labelled_folder(path, text=True)
    own = tuple(classes) or _own_classes(root, pictures)
    cut: Callable[[LabelledPicture], NDArray[np.uint8]]
    if own:
        _require_known(root, pictures, own)
        numbers = np.array([own.index(picture.label) for picture in pictures], np.uint8)
        cut = _symbol
    else:
        numbers = np.array([_class_of(picture) for picture in load_labelled_folder(path)], np.uint8)
        cut = partial(_glyph, reader=reader or Reader())
    images: dict[int, NDArray[np.uint8]] = {}
    skipped = []
    for index, picture in enumerate(pictures):
        try:
            images[index] = cut(picture)
        except PictureError as error:
            skipped.append(Skipped(picture.path, error.problem))
        on_picture(index + 1, len(pictures))
    if not images:
        raise DatasetFormatError(
            str(root),
            f"has no usable picture ({skipped[0].path.name} {skipped[0].problem})",
            "use pictures of digits, in a format that inkread reads",
        )
    stack, labels = np.stack(list(images.values())), numbers[list(images)]
    glyphs = LabelledGlyphs(
        name=root.resolve().name,
        images=stack,
        labels=labels,
        sha256=hashlib.sha256(stack.tobytes() + labels.tobytes()).hexdigest(),
        licence="that of the pictures",
        attribution="those who wrote the digits",
        classes=own or DIGIT_CLASSES,
    )
    return FolderGlyphs(glyphs, tuple(skipped))


def _own_classes(root: Path, pictures: Sequence[LabelledPicture]) -> tuple[str, ...]:
    """Returns the folder's own labels in order, ``""`` last; none if it is a folder of digits.

    Raises:
        DatasetFormatError: there are too many labels, or one is too long.
    """
    labels = {picture.label for picture in pictures}
    named = sorted(labels - {""})
    if len(named) < FEWEST_CLASSES or labels <= {*"0123456789", ""}:
        return ()
    has_table = any((root / name).is_file() for name in TABLES)
    if has_table and any(character.isdecimal() for label in named for character in label):
        return ()  # a table of digits with a mistake in it
    if len(named) > MOST_CLASSES or max(map(len, named)) > LONGEST_LABEL:
        problem = f"has {len(named)} labels, the longest of {max(map(len, named))} characters"
        remedy = f"use at most {MOST_CLASSES} labels of up to {LONGEST_LABEL} characters"
        raise DatasetFormatError(str(root), problem, remedy)
    return (*named, "") if "" in labels else tuple(named)


def _require_known(root: Path, pictures: Sequence[LabelledPicture], classes: Sequence[str]) -> None:
    for picture in pictures:
        if picture.label not in classes:
            known = ", ".join(label or "nothing" for label in classes[:LISTED])
            problem = f"has the label {picture.label!r}, which is none of the classes ({known}, …)"
            raise DatasetFormatError(str(root), problem, "use the labels that the model was trained on")


def _symbol(picture: LabelledPicture) -> NDArray[np.uint8]:
    """Returns the 28×28 glyph of all ink in the picture."""
    grey = np.asarray(cv2.cvtColor(load_picture(picture.source).pixels, cv2.COLOR_RGB2GRAY), np.uint8)
    box = ink_of(grey).box
    if box is not None and (glyph := normalize(cut_ink(grey, box))).any():
        return glyph
    raise PictureError(str(picture.path), "shows no ink", "use a picture of a symbol")


def _class_of(picture: LabelledPicture) -> int:
    if len(picture.label) > 1:
        raise DatasetFormatError(
            str(picture.path),
            f"is labeled {picture.label!r}, more than one digit",
            "use pictures with one digit each, or none",
        )
    return int(picture.label) if picture.label else NOT_A_DIGIT_CLASS


def _glyph(picture: LabelledPicture, *, reader: Reader) -> NDArray[np.uint8]:
    """Returns the 28×28 glyph that is classified when the picture is read as one digit."""
    trace = reader.trace(picture.source, single=True)
    if trace.main is not None and (glyph := trace.opinions.glyphs[trace.main]).any():
        return glyph
    raise PictureError(str(picture.path), "shows no ink", "use a picture of a digit")
