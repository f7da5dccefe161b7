"""The page -> boxes, each with the probability of every class, by the digit detector in ONNX Runtime."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from inkread.pipeline.contrast import planes
from inkread.pipeline.scales import MARGIN, looks

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from inkread.pipeline.scales import Look

CLASSES = ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9", ".", ",", "-", "/", ":")
DIGITS = 10
STRIDE = 4
BOX_UNIT = 16.0
LEAST_LOGIT = -2.2
"""Places below this, a probability of a tenth, are no candidates."""
SAME, WITHIN = 0.4, 0.7
"""Boxes are of the same digit if they share this much of their union, or if this much of one lies in the other."""


@dataclass(frozen=True, slots=True)
class Detections:
    """What was found, the surest first.

    Attributes:
        boxes: float32 N×4, x0, y0, x1, y1 in pixels of the picture.
        logits: float32 N×15, of each of ``CLASSES``.
        scales: float32 N, at which it was found.
    """

    boxes: NDArray[np.float32]
    logits: NDArray[np.float32]
    scales: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.boxes)

    def subset(self, chosen: Any) -> Detections:
        """Those at ``chosen`` (integers or a mask)."""
        return Detections(self.boxes[chosen], self.logits[chosen], self.scales[chosen])

    @classmethod
    def joined(cls, parts: list[Detections]) -> Detections:
        """All together, the surest first."""
        boxes, logits, scales = (
            np.concatenate([getattr(part, name) for part in parts]) for name in ("boxes", "logits", "scales")
        )
        return cls(boxes, logits, scales).subset(np.argsort(-logits.max(axis=1), kind="stable"))


def detect(grey: NDArray[np.uint8], run: Callable[[NDArray[np.float32]], NDArray[np.float32]]) -> Detections:
    """Everything that may be a digit or a sign, at all sizes, overlapping boxes left out.

    Args:
        grey: uint8 H×W.
        run: the network: float32 1×2×h×w -> 1×19×h/4×w/4.
    """
    found = [peaks(run(planes(look.grey)[None])[0], look) for look in looks(grey)]
    return without_overlaps(Detections.joined(found))


def peaks(output: NDArray[np.float32], look: Look) -> Detections:
    """Places that are more probable than their neighbours, as boxes in pixels of the picture."""
    logits = output[: len(CLASSES)]
    best = np.ascontiguousarray(logits.max(axis=0))
    highest = cv2.dilate(best, np.ones((3, 3), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=-1e9)
    y, x = np.nonzero((best >= highest) & (best > LEAST_LOGIT))
    within = (np.abs((x + 0.5) * STRIDE - MARGIN - look.size[0] / 2) < look.size[0] / 2) & (
        np.abs((y + 0.5) * STRIDE - MARGIN - look.size[1] / 2) < look.size[1] / 2
    )
    y, x = y[within], x[within]
    sides = output[len(CLASSES) :, y, x] * BOX_UNIT
    middle_x, middle_y = (x + 0.5) * STRIDE - MARGIN, (y + 0.5) * STRIDE - MARGIN
    boxes = np.stack(
        [middle_x - sides[0], middle_y - sides[1], middle_x + sides[2], middle_y + sides[3]], axis=1
    )
    limit = np.array([*look.size, *look.size], np.float32)
    boxes = np.clip(boxes, 0, limit) / np.array([*look.scale, *look.scale], np.float32)
    return Detections(
        boxes.astype(np.float32),
        np.ascontiguousarray(logits[:, y, x].T),
        np.full(len(x), look.scale[0], np.float32),
    )


def without_overlaps(found: Detections) -> Detections:
    """Of boxes of the same digit the surest (greedy non-maximum suppression); signs and digits do not suppress each other."""
    kept: list[int] = []
    boxes = found.boxes
    sizes = np.maximum(boxes[:, 2] - boxes[:, 0], 1e-3) * np.maximum(boxes[:, 3] - boxes[:, 1], 1e-3)
    alive = np.ones(len(found), bool)
    for index in range(len(found)):
        if not alive[index]:
            continue
        kept.append(index)
        low = np.maximum(boxes[index, :2], boxes[:, :2])
        high = np.minimum(boxes[index, 2:], boxes[:, 2:])
        shared = np.prod(np.maximum(high - low, 0), axis=1)
        union = sizes[index] + sizes - shared
        within = shared / np.minimum(sizes[index], sizes)
        alive &= ~((shared > SAME * union) | (within > WITHIN))
    return found.subset(np.array(kept, np.intp))
