"""Crops the single digits of a labeled folder with the default reader, identically for all classifiers."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from inkread.datasets.glyphs import LabelledGlyphs
from inkread.errors import DatasetFormatError, PictureError
from inkread.evaluation.pictures import kind_of
from inkread.reader import Reader

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from inkread.datasets.pictures import LabelledPicture
    from inkread.pipeline.trace import Trace


def cut_out(
    pictures: Sequence[LabelledPicture],
    *,
    name: str,
    on_picture: Callable[[], object] = lambda: None,
) -> LabelledGlyphs:
    """Crops one glyph from each picture of a single digit.

    Pictures without ink, and unreadable ones, are left out.

    Args:
        pictures: labeled pictures; those with rows of digits, or with nothing to read, are skipped.
        name: the collection's name.
        on_picture: called after each single digit.

    Raises:
        DatasetFormatError: no picture yields a glyph.
    """
    reader = Reader()
    glyphs, labels = [], []
    for picture in pictures:
        if kind_of(picture) != "single" or len(picture.label) != 1:
            continue
        try:
            found = _read_glyph(reader.trace(picture.source, single=True))
        except PictureError:
            found = None
        if found is not None:
            glyphs.append(found)
            labels.append(int(picture.label))
        on_picture()
    if not glyphs:
        raise DatasetFormatError(name, "has no single digit that can be cropped", "use another folder")
    images = np.stack(glyphs)
    sha256 = hashlib.sha256(images.tobytes()).hexdigest()
    return LabelledGlyphs(name, images, np.array(labels, np.uint8), sha256, "", "")


def _read_glyph(trace: Trace) -> NDArray[np.uint8] | None:
    """Returns the glyph read as the digit or, if rejected, the most similar one; ``None`` without ink."""
    if trace.main is None or not (glyph := trace.opinions.glyphs[trace.main]).any():
        return None
    return glyph
