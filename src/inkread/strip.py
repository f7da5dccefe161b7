"""A row's ink -> a strip 40 pixels high, which is what the network that reads whole rows is given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

HEIGHT = 40
NARROWEST, WIDEST = 8, 4096
"""Width of a strip, in pixels."""

GEOMETRY: dict[str, Any] = {"height": HEIGHT, "ink": "bright"}
"""How a strip is made, kept with the weights in the model card."""


def make_strip(ink: NDArray[np.float32], *, widest: int = WIDEST) -> NDArray[np.float32]:
    """A row's ink map at the height of a strip.

    Args:
        ink: h×w float32 in 0..1, at least one pixel.
        widest: a longer row is compressed to this width, so that none of its digits is lost.

    Returns:
        float32 40×W in 0..1, in the row's aspect; a row too narrow is padded with paper to 8 columns.
    """
    height, length = ink.shape
    width = min(widest, max(1, round(length * HEIGHT / height)))
    if width < length:
        ink = cv2.resize(ink, (width, min(height, HEIGHT)), interpolation=cv2.INTER_AREA)
    strip = cv2.resize(ink, (width, HEIGHT), interpolation=cv2.INTER_LINEAR)
    missing = max(0, NARROWEST - width)
    return np.asarray(np.pad(strip, ((0, 0), (missing // 2, missing - missing // 2))), np.float32)
