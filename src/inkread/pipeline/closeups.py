"""Close-ups: each box with its surroundings, scaled to one size, for a second classifier."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from inkread.models import DIGIT_CLASSES
from inkread.models.onnx_session import Network

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIDE = 48
"""Side of a close-up, pixels; the longer side of the box takes up half of it."""
LEAST_DEVIATION = 0.03
"""Standard deviation below which contrast is not amplified, because it would be noise."""
LIMIT = 3.0
BATCH = 256
"""Close-ups per call."""


def cut(grey: NDArray[np.uint8], boxes: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Cuts out close-ups, N×48×48 uint8; beyond the picture, its border is repeated.

    Args:
        grey: uint8 H×W.
        boxes: N×4, x0, y0, x1, y1 in pixels.
    """
    pyramid = [grey]
    closeups = np.empty((len(boxes), SIDE, SIDE), np.uint8)
    for index, (x0, y0, x1, y1) in enumerate(boxes.astype(np.float64)):
        scale = SIDE / (2 * max(x1 - x0, y1 - y0, 1.0))
        level = max(0, int(np.floor(-np.log2(scale))))
        while len(pyramid) <= level and min(pyramid[-1].shape) >= 2:
            height, width = pyramid[-1].shape
            half = (max(1, width // 2), max(1, height // 2))
            pyramid.append(np.asarray(cv2.resize(pyramid[-1], half, interpolation=cv2.INTER_AREA), np.uint8))
        source = pyramid[min(level, len(pyramid) - 1)]
        fx, fy = scale * grey.shape[1] / source.shape[1], scale * grey.shape[0] / source.shape[0]
        matrix = np.array(
            [
                [fx, 0, (SIDE - 1) / 2 + 0.5 * fx - scale * (x0 + x1) / 2],
                [0, fy, (SIDE - 1) / 2 + 0.5 * fy - scale * (y0 + y1) / 2],
            ]
        )
        cv2.warpAffine(
            source,
            matrix,
            (SIDE, SIDE),
            dst=closeups[index],
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
    return closeups


def shares(boxes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Returns N×2: width and height of each box relative to its longer side."""
    if not len(boxes):
        return np.zeros((0, 2), np.float32)
    sides = np.maximum(boxes[:, 2:] - boxes[:, :2], 1e-3)
    return (sides / sides.max(axis=1, keepdims=True)).astype(np.float32)


def planes(closeups: NDArray[np.uint8], shares: NDArray[np.float32]) -> NDArray[np.float32]:
    """Makes the network's two planes: the close-up with mean 0 and normalized contrast, and the box's mask.

    Args:
        closeups: N×48×48 uint8.
        shares: N×2, see ``shares``.

    Returns:
        N×2×48×48 float32 in -1..1.
    """
    value = closeups.astype(np.float32) / np.float32(255)
    mean = value.mean(axis=(1, 2), keepdims=True)
    deviation = value.std(axis=(1, 2), keepdims=True)
    even = np.clip((value - mean) / ((deviation + np.float32(LEAST_DEVIATION)) * np.float32(LIMIT)), -1, 1)
    away = np.abs(np.arange(SIDE, dtype=np.float32) - np.float32((SIDE - 1) / 2)) / np.float32(SIDE / 4)
    inside_x = away[None, :] <= shares[:, :1]
    inside_y = away[None, :] <= shares[:, 1:]
    box = (inside_y[:, :, None] & inside_x[:, None, :]).astype(np.float32)
    return np.stack([even, box], axis=1)


class CloseupClassifier(Network):
    """A loaded model that classifies boxes of a page; safe to share between threads."""

    takes = "planes", [None, 2, SIDE, SIDE]
    gives = "logits", [None, len(DIGIT_CLASSES)]

    def logits(self, grey: NDArray[np.uint8], boxes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Returns N×11 logits of the ten digits and "not a single digit".

        Args:
            grey: uint8 H×W.
            boxes: N×4, x0, y0, x1, y1 in pixels.
        """
        return self._run(planes(cut(grey, boxes), shares(boxes)), batch=BATCH)
