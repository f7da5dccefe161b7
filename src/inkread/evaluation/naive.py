"""The usual recipe of digit projects, as a baseline: gray, resize to 28×28, invert a light picture, classify.

It fails on real pictures because it omits the steps of MNIST's makers: the digit is not cropped, loses its
aspect ratio, is not centered, and its stroke vanishes when a photo is reduced. Decoding is inkread's own
(upright, transparency filled in), so that only preprocessing is compared; Pillow's plain ``convert("L")``
would do worse.
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
"""A picture whose mean gray value is above this counts as dark ink on a light background."""


def naive_glyph(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Converts a whole picture (H×W×3 uint8) to one 28×28 uint8 glyph, light on dark."""
    shrunk = Image.fromarray(pixels).convert("L").resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    grey = np.asarray(shrunk, dtype=np.uint8)
    return 255 - grey if grey.mean() > LIGHT else grey


def naive_read(source: Source, classifier: Classifier) -> str:
    """Returns the one digit that the recipe reads in a picture; it has no "not a digit".

    Raises:
        PictureError: the source cannot be read as a picture.
    """
    glyph = naive_glyph(load_picture(source).pixels)
    probabilities = classifier.probabilities(glyph[np.newaxis])[0]
    return DIGITS[int(probabilities[: len(DIGITS)].argmax())]
