"""The input planes of the detector: grey values, and grey values relative to their surroundings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

WINDOW = 65
"""Side of the surroundings, pixels: about twice the height of the digits found at one scale."""
LEAST_DEVIATION = 0.03
"""Standard deviation below which contrast is not amplified, because it would be noise."""
LIMIT = 3.0


def planes(grey: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Makes the two input planes of the detector.

    Args:
        grey: uint8 H×W.

    Returns:
        float32 2×H×W: grey values in -1..1, and each pixel's difference from the mean of its surroundings in
        standard deviations, divided by ``LIMIT`` and clipped to -1..1.
    """
    result = np.empty((2, *grey.shape), np.float32)
    value, local = result  # everything is computed in place, because a page's arrays are large
    np.divide(grey, np.float32(255), out=value)
    size = (WINDOW, WINDOW)
    mean = cv2.boxFilter(value, cv2.CV_32F, size, borderType=cv2.BORDER_REFLECT)
    deviation = cv2.sqrBoxFilter(value, cv2.CV_32F, size, borderType=cv2.BORDER_REFLECT)
    deviation -= np.multiply(mean, mean, out=local)
    np.sqrt(np.maximum(deviation, 0, out=deviation), out=deviation)
    deviation += np.float32(LEAST_DEVIATION)
    deviation *= np.float32(LIMIT)
    np.subtract(value, mean, out=local)
    local /= deviation
    np.clip(local, -1, 1, out=local)
    value *= 2
    value -= 1
    return result
