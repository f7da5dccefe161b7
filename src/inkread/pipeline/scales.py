"""Scales of a picture in octaves, so that the detector can find each digit in at least one of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from inkread.pipeline.config import DEFAULT_CONFIG, ReaderConfig

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

LARGEST_DIGIT = 32
"""Height of the largest digit found at one scale, see ``synthetic.scenes.SIZES``."""
MULTIPLE = 16
"""The sides of the detector's input are multiples of this."""
MARGIN = 16
"""Pixels by which the picture's border is repeated, because the network's own padding is black."""


@dataclass(frozen=True, slots=True)
class PyramidLevel:
    """The picture at one size.

    Attributes:
        grey: uint8 h×w, sides multiples of ``MULTIPLE``; the picture begins at ``MARGIN``, ``MARGIN``, with
            its border repeated around it.
        octave: the nominal scale, a power of 2.
        scale: the exact scale in x and y, from pixels of the picture to pixels here.
        size: width and height of the picture here, without margins.
    """

    grey: NDArray[np.uint8]
    octave: float
    scale: tuple[float, float]
    size: tuple[int, int]

    @property
    def picture(self) -> NDArray[np.uint8]:
        """The picture without margins, uint8 ``size[1]``×``size[0]``."""
        width, height = self.size
        return self.grey[MARGIN : MARGIN + height, MARGIN : MARGIN + width]


def pyramid_levels(grey: NDArray[np.uint8], config: ReaderConfig = DEFAULT_CONFIG) -> Iterator[PyramidLevel]:
    """Yields the picture at each scale of the first pass, the largest first.

    The largest is the picture itself, enlarged if it is small, reduced if it is large. At the smallest, even
    a digit as high as the picture is small enough.
    """
    height, width = grey.shape
    longer, scale = max(height, width), 1.0
    while longer * scale * 2 <= config.first_side and scale * 2 <= config.most_enlarged:
        scale *= 2
    while longer * scale > config.first_side:
        scale /= 2
    level = _level(grey, scale)
    yield level
    while min(height, width) * scale > LARGEST_DIGIT:
        scale /= 2
        level = _level(grey, scale, larger=level)
        yield level


def finer_level(
    grey: NDArray[np.uint8], level: PyramidLevel, config: ReaderConfig = DEFAULT_CONFIG
) -> PyramidLevel | None:
    """Returns the picture one octave larger, or ``None`` if that exceeds the original or the pixel limit."""
    scale = 2 * level.octave
    is_too_large = grey.size * scale * scale > config.most_pixels
    return None if scale > 1 or is_too_large else _level(grey, scale)


def _level(grey: NDArray[np.uint8], scale: float, larger: PyramidLevel | None = None) -> PyramidLevel:
    """Returns the picture at a scale; a smaller one is made from ``larger``, which is 16 times as fast."""
    height, width = grey.shape
    size = max(1, round(width * scale)), max(1, round(height * scale))
    source = larger.picture if larger and larger.octave <= 1 else grey
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    resized = grey if scale == 1 else cv2.resize(source, size, interpolation=way)
    right, below = (MARGIN + -side % MULTIPLE for side in size)
    padded = cv2.copyMakeBorder(resized, MARGIN, below, MARGIN, right, cv2.BORDER_REPLICATE)
    return PyramidLevel(np.asarray(padded, np.uint8), scale, (size[0] / width, size[1] / height), size)
