"""Labels the candidates that a detector finds on a scene."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from inkread.pipeline.detector import DIGITS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inkread.synthetic.scenes import Scene

DOUBTFUL = -1
SAME, OTHER = 0.5, 0.35
"""Intersection over union with a digit from which a box is that digit, and below which it is not; in between,
it does not count."""
FOUND = 0.4
"""Intersection over union from which a box finds a digit of a scene."""


def shared(some: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float32]:
    """Returns the intersection over union of each two boxes, N×M, 0..1."""
    low = np.maximum(some[:, None, :2], others[None, :, :2])
    high = np.minimum(some[:, None, 2:], others[None, :, 2:])
    both = np.prod(np.maximum(high - low, 0), axis=2)
    sizes = [np.prod(boxes[:, 2:] - boxes[:, :2], axis=1) for boxes in (some, others)]
    return np.asarray(both / np.maximum(sizes[0][:, None] + sizes[1][None] - both, 1e-6), np.float32)


def labelled(boxes: NDArray[np.float32], scene: Scene) -> NDArray[np.int64]:
    """Returns the digit of each box; ``DIGITS`` for none, ``DOUBTFUL`` for one that does not count."""
    digits = scene.classes < DIGITS
    if not digits.any() or not len(boxes):
        return np.full(len(boxes), DIGITS, np.int64)
    share = shared(boxes, scene.boxes[digits])
    best, most = share.argmax(axis=1), share.max(axis=1)
    labels = np.where(most >= SAME, scene.classes[digits][best], DOUBTFUL)
    return np.where(most < OTHER, DIGITS, labels).astype(np.int64)


def matched(boxes: NDArray[np.float32], scene: Scene) -> NDArray[np.int64]:
    """Returns the digit of each box like ``labelled``, but each digit for one box only, the best first."""
    truth = np.full(len(boxes), DIGITS, np.int64)
    free = scene.classes < DIGITS
    share = shared(boxes, scene.boxes) if len(scene.boxes) else np.zeros((len(boxes), 0), np.float32)
    for index in range(len(boxes)):
        left = np.where(free, share[index], 0)
        if left.size and left.max() >= FOUND:
            best = int(left.argmax())
            truth[index], free[best] = scene.classes[best], False
    return truth
