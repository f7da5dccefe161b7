"""The grey page -> candidates: boxes with the logits of every class, from the detector in ONNX Runtime."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from inkread.models import DETECTOR
from inkread.models.onnx_session import Network
from inkread.pipeline.config import DEFAULT_CONFIG, ReaderConfig
from inkread.pipeline.contrast import planes
from inkread.pipeline.fusion import Fusion
from inkread.pipeline.neighbors import overlapping_pairs
from inkread.pipeline.scales import MARGIN, finer_level, pyramid_levels

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray

    from inkread.models import Model
    from inkread.pipeline.scales import PyramidLevel

CLASSES = ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9", ".", ",", "-", "/", ":")
DIGITS = 10
STRIDE = 4
BOX_UNIT = 16.0
UNSEEN = -4.6
"""Logit of a class that was not found: a probability of one in a hundred."""


@dataclass(frozen=True, slots=True)
class Detections:
    """Detected candidates, the most probable first.

    Attributes:
        boxes: float32 N×4, x0, y0, x1, y1 in pixels of the picture.
        logits: float32 N×15, one per class in ``CLASSES``.
        scales: float32 N, the scale at which each was found.
    """

    boxes: NDArray[np.float32]
    logits: NDArray[np.float32]
    scales: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.boxes)

    @property
    def is_digit(self) -> NDArray[np.bool_]:
        """N bool: whether each is a digit, not a sign."""
        return np.asarray(self.logits.argmax(axis=1) < DIGITS)

    def subset(self, chosen: Any) -> Detections:
        """Selects the candidates at ``chosen`` (integers or a mask)."""
        return Detections(self.boxes[chosen], self.logits[chosen], self.scales[chosen])

    @classmethod
    def whole(cls, grey: NDArray[np.uint8]) -> Detections:
        """Makes the whole picture a candidate of low probability, for pictures without detections."""
        height, width = grey.shape
        logits = np.full((1, len(CLASSES)), UNSEEN, np.float32)
        logits[:, DIGITS:] -= 1
        return cls(np.array([[0, 0, width, height]], np.float32), logits, np.ones(1, np.float32))

    @classmethod
    def joined(cls, parts: list[Detections]) -> Detections:
        """Joins candidates, the most probable first."""
        boxes, logits, scales = (
            np.concatenate([getattr(part, name) for part in parts]) for name in ("boxes", "logits", "scales")
        )
        return cls(boxes, logits, scales).subset(np.argsort(-logits.max(axis=1), kind="stable"))


class Detector(Network):
    """A loaded model that finds the digits and signs on a page; safe to share between threads.

    Args:
        model: a verified model, or an argument of ``load_model``.
        threads: intra-op threads per call; 0 means one per core.
        config: settings, among them the sizes at which pictures are seen.

    Raises:
        ModelError: the model cannot be loaded, or has unexpected inputs or outputs.
    """

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
        """Finds everything that may be a digit or a sign, at all sizes.

        Args:
            grey: uint8 H×W.
            thorough: also use larger scales of a large picture if its digits are small, or none are found.

        Returns:
            At most ``most_candidates`` candidates, which may overlap, the most probable first; and the heat
            map of the digits, float32 h×w in 0..1: the largest probability of a center at any size, over the
            picture.
        """
        config, found, heat = self.config, [], np.zeros((1, 1), np.float32)
        views = list(pyramid_levels(grey, config))
        largest = views[0]
        while views:
            level = views.pop(0)
            output = self._run(planes(level.grey)[None])[0]
            found.append(peaks(output, level, least=config.least_logit))
            seen = _heat(output, level)
            low, high = sorted((heat, seen), key=lambda each: each.size)
            heat = np.maximum(high, cv2.resize(low, high.shape[::-1]))
            if (
                not views
                and thorough
                and _needs_finer_level(found, largest, config.small_digit)
                and (larger := finer_level(grey, largest, config))
            ):
                views, largest = [larger], larger
        together = Detections.joined(found).subset(slice(config.most_candidates))
        alike = without_overlaps(together, together.logits.max(axis=1), same=config.alike, within=math.inf)
        return together.subset(alike), heat


def _needs_finer_level(found: list[Detections], largest: PyramidLevel, small: float) -> bool:
    """Tests whether nothing was found so far, or something so small that a larger scale would help."""
    heights = [
        float(height) * largest.octave
        for part in found
        for height in np.ptp(part.boxes[part.is_digit & (part.logits.max(axis=1) > 0)][:, 1::2], axis=1)
    ]
    return min(heights, default=0.0) < small


def _heat(output: NDArray[np.float32], level: PyramidLevel) -> NDArray[np.float32]:
    """Returns the probability of a digit's center at each place of the picture, without its margin."""
    first = MARGIN // STRIDE
    width, height = (-(-side // STRIDE) for side in level.size)
    logits = output[:DIGITS, first : first + height, first : first + width].max(axis=0)
    return np.asarray(1 / (1 + np.exp(-logits)), np.float32)


def peaks(
    output: NDArray[np.float32], level: PyramidLevel, *, least: float = DEFAULT_CONFIG.least_logit
) -> Detections:
    """Returns the local maxima as boxes in pixels of the picture."""
    logits = output[: len(CLASSES)]
    best = np.ascontiguousarray(logits.max(axis=0))
    highest = cv2.dilate(best, np.ones((3, 3), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=-1e9)
    y, x = np.nonzero((best >= highest) & (best > least))
    within = (np.abs((x + 0.5) * STRIDE - MARGIN - level.size[0] / 2) < level.size[0] / 2) & (
        np.abs((y + 0.5) * STRIDE - MARGIN - level.size[1] / 2) < level.size[1] / 2
    )
    y, x = y[within], x[within]
    sides = output[len(CLASSES) :, y, x] * BOX_UNIT
    middle_x, middle_y = (x + 0.5) * STRIDE - MARGIN, (y + 0.5) * STRIDE - MARGIN
    boxes = np.stack(
        [middle_x - sides[0], middle_y - sides[1], middle_x + sides[2], middle_y + sides[3]], axis=1
    )
    limit = np.array([*level.size, *level.size], np.float32)
    boxes = np.clip(boxes, 0, limit) / np.array([*level.scale, *level.scale], np.float32)
    return Detections(
        boxes.astype(np.float32),
        np.ascontiguousarray(logits[:, y, x].T),
        np.full(len(x), level.scale[0], np.float32),
    )


def without_overlaps(
    found: Detections,
    scores: NDArray[np.floating],
    *,
    same: float = DEFAULT_CONFIG.same,
    within: float = DEFAULT_CONFIG.within,
) -> NDArray[np.intp]:
    """Returns ascending indices of boxes that do not overlap a better one (greedy non-maximum suppression).

    A sign and a digit do not exclude each other: a comma can be under the foot of a 7.

    Args:
        found: candidates.
        scores: one per candidate, the larger the better.
        same: intersection over union above which two boxes are the same digit.
        within: share of the smaller box inside the other above which they are, too.
    """
    is_digit = found.is_digit
    kept = []
    for indices in (np.flatnonzero(is_digit), np.flatnonzero(~is_digit)):
        order = indices[np.argsort(-scores[indices], kind="stable")]
        kept.append(order[_best(found.boxes[order], same, within)])
    return np.sort(np.concatenate(kept))


def _best(boxes: NDArray[np.float32], same: float, within: float) -> NDArray[np.bool_]:
    """Returns which boxes are not covered by an earlier, and therefore better, box that is kept."""
    low, high = boxes[:, :2], boxes[:, 2:]
    axis = int(np.ptp(low, axis=0).argmax()) if len(boxes) else 0  # the axis of the wider spread
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
    """Returns the boxes of probable digits, N×4, with little overlap."""
    digits = found.subset(found.is_digit & (found.logits.max(axis=1) > config.likely_logit))
    kept = without_overlaps(digits, digits.logits.max(axis=1), same=config.same, within=config.within)
    return digits.boxes[kept]
