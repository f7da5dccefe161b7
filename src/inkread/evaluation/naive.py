"""The usual recipe of digit projects, for comparison: grey, resize to 28×28, invert a light picture, classify.

It fails on real pictures because it leaves out what MNIST's makers did: the digit is not cut out, loses its aspect, is
not centred, and its stroke vanishes when a photo is shrunk. Decoding is inkread's own (upright, transparency filled
in), so that the comparison is of the preparation alone; Pillow's plain ``convert("L")`` would do worse.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from inkread.picture import load_picture
from inkread.pipeline.classifier import DIGITS
from inkread.pipeline.glyph import SIDE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inkread.picture import Source
    from inkread.pipeline.classifier import Classifier

LIGHT = 127.5
"""A picture whose mean grey is above this is taken for dark ink on a light ground."""


def naive_glyph(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A whole picture (H×W×3 uint8) as one 28×28 uint8 glyph, light on dark."""
    shrunk = Image.fromarray(pixels).convert("L").resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    grey = np.asarray(shrunk, dtype=np.uint8)
    return 255 - grey if grey.mean() > LIGHT else grey


def naive_read(source: Source, classifier: Classifier) -> str:
    """The one digit that the recipe reads in a picture; it has no "no digit".

    Raises:
        PictureError: the source cannot be read as a picture.
    """
    glyph = naive_glyph(load_picture(source).pixels)
    probabilities = classifier.probabilities(glyph[np.newaxis])[0]
    return DIGITS[int(probabilities[: len(DIGITS)].argmax())]
