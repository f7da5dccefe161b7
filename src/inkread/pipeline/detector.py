"""The grey page -> boxes, each with the logits of every class, by the digit detector in ONNX Runtime."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from inkread.models import DETECTOR, Model, load_model
from inkread.pipeline.contrast import planes
from inkread.pipeline.fusion import Fusion
from inkread.pipeline.scales import MARGIN, looks
from inkread.runtime import open_session

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray

    from inkread.pipeline.scales import Look

CLASSES = ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9", ".", ",", "-", "/", ":")
DIGITS = 10
STRIDE = 4
BOX_UNIT = 16.0
LEAST_LOGIT = -2.2
"""Places below this, a probability of a tenth, are no candidates."""
UNSEEN = -4.6
"""The logit of what was not found: one in a hundred."""
MOST = 3000
"""Candidates of one picture; a page has no more digits, and texture is not worth more time."""
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
    def whole(cls, grey: NDArray[np.uint8]) -> Detections:
        """The whole of a picture in which nothing was found, as the detector's doubt."""
        height, width = grey.shape
        logits = np.full((1, len(CLASSES)), UNSEEN, np.float32)
        logits[:, DIGITS:] -= 1
        return cls(np.array([[0, 0, width, height]], np.float32), logits, np.ones(1, np.float32))

    @classmethod
    def joined(cls, parts: list[Detections]) -> Detections:
        """All together, the surest first."""
        boxes, logits, scales = (
            np.concatenate([getattr(part, name) for part in parts]) for name in ("boxes", "logits", "scales")
        )
        return cls(boxes, logits, scales).subset(np.argsort(-logits.max(axis=1), kind="stable"))


class Detector:
    """A loaded detector; safe to share between threads.

    Args:
        model: a verified model, or what ``load_model`` takes.
        threads: of one call; 0 lets the runtime take one a core.

    Raises:
        ModelError: the model cannot be loaded, or its inputs and outputs are others than expected.
    """

    def __init__(self, model: Model | str | os.PathLike[str] = DETECTOR, *, threads: int = 0) -> None:
        self.model = model if isinstance(model, Model) else load_model(model)
        self.fusion = Fusion.of_card(str(self.model.path), self.model.card.fusion)
        self._session = open_session(
            self.model,
            threads=threads,
            takes=("planes", [None, 2, None, None]),
            gives=("objects", [None, len(CLASSES) + 4, None, None]),
            meaning="planes (N, 2, H, W)",
        )

    def detect(self, grey: NDArray[np.uint8]) -> tuple[Detections, NDArray[np.float32]]:
        """Everything that may be a digit or a sign, at all sizes.

        Args:
            grey: uint8 H×W.

        Returns:
            What was found, the surest first, overlapping boxes left out, at most ``MOST``; and the heat map of the digits, float32 h×w
            in 0..1, the largest probability of a centre at any size, over the whole picture.
        """
        found, heat = [], None
        for look in looks(grey):
            output = self._session.run(["objects"], {"planes": planes(look.grey)[None]})[0][0]
            found.append(peaks(output, look))
            seen = _heat(output, look)
            heat = seen if heat is None else np.maximum(heat, cv2.resize(seen, heat.shape[::-1]))
        together = without_overlaps(Detections.joined(found).subset(slice(MOST)))
        return together, np.zeros((1, 1), np.float32) if heat is None else heat


def _heat(output: NDArray[np.float32], look: Look) -> NDArray[np.float32]:
    """How probable the centre of a digit is at each place of a look, without its margin."""
    first = MARGIN // STRIDE
    width, height = (-(-side // STRIDE) for side in look.size)
    logits = output[:DIGITS, first : first + height, first : first + width].max(axis=0)
    return np.asarray(1 / (1 + np.exp(-logits)), np.float32)


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
    """Of boxes of the same digit the surest (greedy non-maximum suppression), and likewise of signs; the surest first.

    A sign and a digit do not exclude each other: a comma may lie under the foot of a 7.
    """
    is_digit = found.logits.argmax(axis=1) < DIGITS
    kept = [
        indices[_surest(found.boxes[indices])]
        for indices in (np.flatnonzero(is_digit), np.flatnonzero(~is_digit))
    ]
    return found.subset(np.sort(np.concatenate(kept)))


def _surest(boxes: NDArray[np.float32]) -> list[int]:
    """Indices of the boxes that no surer one, which comes before, covers."""
    low, high = boxes[:, :2], boxes[:, 2:]
    sizes = np.prod(np.maximum(high - low, 1e-3), axis=1)
    alive, kept = np.ones(len(boxes), bool), []
    for index in range(len(boxes)):
        if alive[index]:
            kept.append(index)
            overlap = np.minimum(high[index], high) - np.maximum(low[index], low)
            shared = np.prod(np.maximum(overlap, 0), axis=1)
            same = shared > SAME * (sizes[index] + sizes - shared)
            alive &= ~(same | (shared > WITHIN * np.minimum(sizes[index], sizes)))
    return kept
