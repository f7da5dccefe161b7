"""What the detector is given: the grey picture, and the same relative to its surroundings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

WINDOW = 65
"""Side of the surroundings, pixels: about twice the height of the digits that are found at one scale."""
LEAST_DEVIATION = 0.03
"""Contrast below this is not amplified: that would be noise."""
LIMIT = 3.0


def planes(grey: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The two input planes of the detector.

    Args:
        grey: uint8 H×W.

    Returns:
        float32 2×H×W: grey values in -1..1; and each pixel's difference to the mean of its surroundings in standard deviations, divided by
        ``LIMIT`` and clipped to -1..1.
    """
    value = grey.astype(np.float32) / np.float32(255)
    size = (WINDOW, WINDOW)
    mean = cv2.boxFilter(value, cv2.CV_32F, size, borderType=cv2.BORDER_REFLECT)
    square = cv2.sqrBoxFilter(value, cv2.CV_32F, size, borderType=cv2.BORDER_REFLECT)
    deviation = np.sqrt(np.maximum(square - mean * mean, 0))
    local = (value - mean) / ((deviation + np.float32(LEAST_DEVIATION)) * np.float32(LIMIT))
    return np.stack([value * 2 - 1, np.clip(local, -1, 1)])
