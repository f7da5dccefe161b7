"""The grey page -> candidates: boxes, each with the logits of every class, by the digit detector in ONNX Runtime."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from inkread.models import DETECTOR
from inkread.models.network import Network
from inkread.pipeline.config import DEFAULT_CONFIG, ReaderConfig
from inkread.pipeline.contrast import planes
from inkread.pipeline.fusion import Fusion
from inkread.pipeline.neighbors import overlapping_pairs
from inkread.pipeline.scales import MARGIN, closer, looks

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray

    from inkread.models import Model
    from inkread.pipeline.scales import Look

CLASSES = ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9", ".", ",", "-", "/", ":")
DIGITS = 10
STRIDE = 4
BOX_UNIT = 16.0
UNSEEN = -4.6
"""The logit of what was not found: one in a hundred."""


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

    @property
    def is_digit(self) -> NDArray[np.bool_]:
        """N bool: digits, not signs."""
        return np.asarray(self.logits.argmax(axis=1) < DIGITS)

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


class Detector(Network):
    """Finds digits and signs on a page; ``config`` says how pictures are looked at."""

    takes = "planes", [None, 2, None, None]
    gives = "objects", [None, len(CLASSES) + 4, None, None]

    def __init__(
        self,
        model: Model | str | os.PathLike[str] = DETECTOR,
        *,
        threads: int = 0,
        config: ReaderConfig = DEFAULT_CONFIG,
    ) -> None:
        super().__init__(model, threads=threads)
        self.config = config
        self.fusion = Fusion.of_card(str(self.model.path), self.model.card.fusion)

    def detect(
        self, grey: NDArray[np.uint8], *, thorough: bool = True
    ) -> tuple[Detections, NDArray[np.float32]]:
        """Everything that may be a digit or a sign, at all sizes.

        Args:
            grey: uint8 H×W.
            thorough: look closer at a large picture where its digits are small, or none are found.

        Returns:
            Candidates, the surest first, at most ``most_candidates``, which may overlap; and the heat map of the digits, float32 h×w in 0..1, the
            largest probability of a centre at any size, over the whole picture.
        """
        config, found, heat = self.config, [], np.zeros((1, 1), np.float32)
        views = list(looks(grey, config))
        largest = views[0]
        while views:
            look = views.pop(0)
            output = self._run(planes(look.grey)[None])[0]
            found.append(peaks(output, look, least=config.least_logit))
            seen = _heat(output, look)
            low, high = sorted((heat, seen), key=lambda each: each.size)
            heat = np.maximum(high, cv2.resize(low, high.shape[::-1]))
            if (
                not views
                and thorough
                and _worth_a_closer_look(found, largest, config.small_digit)
                and (larger := closer(grey, largest, config))
            ):
                views, largest = [larger], larger
        together = Detections.joined(found).subset(slice(config.most_candidates))
        alike = without_overlaps(together, together.logits.max(axis=1), same=config.alike, within=math.inf)
        return together.subset(alike), heat


def _worth_a_closer_look(found: list[Detections], largest: Look, small: float) -> bool:
    """Whether nothing was found so far, or something so small that it would be read better if it were larger."""
    heights = [
        float(height) * largest.octave
        for part in found
        for height in np.ptp(part.boxes[part.is_digit & (part.logits.max(axis=1) > 0)][:, 1::2], axis=1)
    ]
    return min(heights, default=0.0) < small


def _heat(output: NDArray[np.float32], look: Look) -> NDArray[np.float32]:
    """How probable the centre of a digit is at each place of a look, without its margin."""
    first = MARGIN // STRIDE
    width, height = (-(-side // STRIDE) for side in look.size)
    logits = output[:DIGITS, first : first + height, first : first + width].max(axis=0)
    return np.asarray(1 / (1 + np.exp(-logits)), np.float32)


def peaks(
    output: NDArray[np.float32], look: Look, *, least: float = DEFAULT_CONFIG.least_logit
) -> Detections:
    """Places that are more probable than their neighbors, as boxes in pixels of the picture."""
    logits = output[: len(CLASSES)]
    best = np.ascontiguousarray(logits.max(axis=0))
    highest = cv2.dilate(best, np.ones((3, 3), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=-1e9)
    y, x = np.nonzero((best >= highest) & (best > least))
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


def without_overlaps(
    found: Detections,
    scores: NDArray[np.floating],
    *,
    same: float = DEFAULT_CONFIG.same,
    within: float = DEFAULT_CONFIG.within,
) -> NDArray[np.intp]:
    """Indices, ascending, of the boxes that overlap no better one (greedy non-maximum suppression).

    A sign and a digit do not exclude each other: a comma may lie under the foot of a 7.

    Args:
        found: candidates.
        scores: of each, the larger the better.
        same: boxes that share this much of their union are of the same digit,
        within: and so are those of which this much of the smaller lies in the other.
    """
    is_digit = found.is_digit
    kept = []
    for indices in (np.flatnonzero(is_digit), np.flatnonzero(~is_digit)):
        order = indices[np.argsort(-scores[indices], kind="stable")]
        kept.append(order[_best(found.boxes[order], same, within)])
    return np.sort(np.concatenate(kept))


def _best(boxes: NDArray[np.float32], same: float, within: float) -> NDArray[np.bool_]:
    """Which boxes no better one, which comes before and is itself kept, covers."""
    low, high = boxes[:, :2], boxes[:, 2:]
    axis = int(np.ptp(low, axis=0).argmax()) if len(boxes) else 0  # along which the boxes are spread farther
    one, other = overlapping_pairs(low[:, axis], high[:, axis])
    sizes = np.prod(np.maximum(high - low, 1e-3), axis=1)
    overlap = np.minimum(high[one], high[other]) - np.maximum(low[one], low[other])
    shared = np.prod(np.maximum(overlap, 0), axis=1)
    covered = shared > same * (sizes[one] + sizes[other] - shared)
    covered |= shared > within * np.minimum(sizes[one], sizes[other])
    better, worse = np.sort([one[covered], other[covered]], axis=0)
    order = np.argsort(better, kind="stable")
    kept = np.ones(len(boxes), bool)
    for index, covers in zip(better[order].tolist(), worse[order].tolist(), strict=True):
        if kept[index]:
            kept[covers] = False
    return kept


def likely(found: Detections, config: ReaderConfig = DEFAULT_CONFIG) -> NDArray[np.float32]:
    """The boxes of what may well be a digit, N×4, hardly overlapping."""
    digits = found.subset(found.is_digit & (found.logits.max(axis=1) > config.likely_logit))
    kept = without_overlaps(digits, digits.logits.max(axis=1), same=config.same, within=config.within)
    return digits.boxes[kept]
