"""Rescores each candidate with a small network that sees its predictions and its nearest neighbors.

A detector judges each box by its pixels alone. Rescoring uses the boxes around it to resolve ambiguous
pixels: a thin 1 between two digits that overlap it is one of their strokes, a speck next to large digits is
dirt, a lone 0 among letters is an o (Hosang, Benenson and Schiele 2017, *Learning non-maximum suppression*).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from inkread.models import DIGIT_CLASSES
from inkread.models.onnx_session import Network
from inkread.pipeline.classifier import softmax
from inkread.pipeline.fusion import LEAST

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inkread.pipeline.opinions import Opinions

NONE = len(DIGIT_CLASSES) - 1
NEIGHBORS = 12
"""Number of nearest neighbors considered."""
LEAST_PROBABLE = 0.02
"""Minimum probability of being a digit for a candidate to count as a neighbor."""
TALL = 20.0
"""Typical height of a digit at the scale at which it is found, pixels."""
FARTHEST = 6.0
"""Maximum distance, in heights of the candidate."""
OWN, PAIR = 61, 18
"""Number of features of a candidate, and of each of its neighbors."""
FEATURES = OWN + NEIGHBORS * PAIR
CHUNK = 256
"""Candidates processed at once; limits the memory for distances."""


class Rescorer(Network):
    """A loaded model that rescores candidates; safe to share between threads."""

    takes = "features", [None, FEATURES]
    gives = "changes", [None, len(DIGIT_CLASSES)]

    def probabilities(
        self, opinions: Opinions, fused: NDArray[np.float32], chosen: NDArray[np.intp]
    ) -> NDArray[np.float32]:
        """Returns the probabilities of the ten digits and "not a single digit" given the neighbors.

        Args:
            opinions: predictions for M candidates.
            fused: M×11, their probabilities without regard to neighbors.
            chosen: indices of the N digits to rescore, which do not overlap.

        Returns:
            N×11 float32, rows summing to 1.
        """
        if not len(chosen):
            return fused[chosen]
        changes = self._run(features(opinions, fused, chosen))
        return softmax(np.log(np.maximum(fused[chosen], LEAST)) + changes)


def features(opinions: Opinions, fused: NDArray[np.float32], chosen: NDArray[np.intp]) -> NDArray[np.float32]:
    """Computes the network's input for each chosen candidate: N×277 float32.

    The first 61 features are the candidate's own: the logarithms of its fused probabilities and of each
    network's, the detector's logits, and the logarithms of its height, at the scale at which it was found,
    and of its aspect ratio. Then there are 18 for each of the 12 nearest neighbors, including candidates that
    overlap it: presence (1), distance, size, overlap, and the probability that it is a digit. All 18 are 0
    for a missing neighbor.
    """
    found = opinions.found
    boxes = found.boxes
    width, height = (np.maximum(boxes[:, axis + 2] - boxes[:, axis], 1) for axis in (0, 1))
    tall, wide = np.log(height * found.scales / TALL), np.log(width / height)
    shares = (fused, opinions.closeup, opinions.strip, opinions.classifier)
    logarithms = [np.log(np.maximum(share, LEAST)) for share in shares]
    own = np.column_stack([*logarithms, found.logits, tall, wide])

    digit = np.clip(1 - fused[:, NONE], LEAST, 1 - LEAST)
    evidence = np.log(digit / (1 - digit))
    is_chosen = np.zeros(len(found), np.float32)
    is_chosen[chosen] = 1
    label = fused[:, :NONE].argmax(axis=1)
    itself = np.column_stack(
        [digit, evidence, is_chosen, label == 1, label == 0, found.logits[:, :NONE].max(axis=1)]
    )
    pool = np.flatnonzero(found.is_digit & (digit > LEAST_PROBABLE))
    result = np.zeros((len(chosen), FEATURES), np.float32)
    result[:, :OWN] = own[chosen]
    pairs = result[:, OWN:].reshape(len(chosen), NEIGHBORS, PAIR)
    for first in range(0, len(chosen), CHUNK):
        some = chosen[first : first + CHUNK]
        near, present = _nearest(boxes, height, some, pool)
        between = _between(boxes, some, near, evidence)
        count = near.shape[1]
        pairs[first : first + CHUNK, :count] = (
            np.concatenate([between, itself[near]], axis=2) * present[..., None]
        )
    return result


def _nearest(
    boxes: NDArray[np.float32], height: NDArray[np.float32], some: NDArray[np.intp], pool: NDArray[np.intp]
) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Returns N×K indices of the neighbors of some candidates, nearest first, and whether each exists.

    Vertical distances count twice.
    """
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    across, down = (np.abs(middle[None, pool, axis] - middle[some, None, axis]) for axis in (0, 1))
    distance = (across + 2 * down) / height[some, None]
    distance[some[:, None] == pool] = np.inf
    count = min(NEIGHBORS, len(pool))
    nearest = (
        np.argpartition(distance, count - 1, axis=1)[:, :count] if count else np.zeros((len(some), 0), int)
    )
    own = np.take_along_axis(distance, nearest, axis=1)
    order = np.argsort(own, axis=1, kind="stable")
    return pool[np.take_along_axis(nearest, order, axis=1)], np.isfinite(
        np.take_along_axis(own, order, axis=1)
    )


def _between(
    boxes: NDArray[np.float32],
    some: NDArray[np.intp],
    near: NDArray[np.intp],
    evidence: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Returns N×K×12: position and size of each neighbor, the overlap, and the candidate's own evidence."""
    one, other = boxes[some][:, None], boxes[near]
    size, sizes = (np.maximum(each[..., 2:] - each[..., :2], 1) for each in (one, other))
    tall = size[..., 1]
    apart = (other[..., :2] + other[..., 2:] - one[..., :2] - one[..., 2:]) / 2 / tall[..., None]
    gap = np.maximum(one[..., 0] - other[..., 2], other[..., 0] - one[..., 2]) / tall
    low, high = np.maximum(one[..., :2], other[..., :2]), np.minimum(one[..., 2:], other[..., 2:])
    shared = np.maximum(high - low, 0).prod(axis=2)
    across, down = (np.clip(apart[..., axis], -FARTHEST, FARTHEST) for axis in (0, 1))
    columns = [
        np.ones_like(across),
        across,
        np.abs(across),
        down,
        np.abs(down),
        np.exp(-np.abs(across) - 2 * np.abs(down)),
        np.clip(gap, -2, FARTHEST),
        np.log(sizes[..., 1] / size[..., 1]),
        np.log(sizes[..., 0] / size[..., 0]),
        shared / size.prod(axis=2),
        shared / sizes.prod(axis=2),
        np.broadcast_to(evidence[some, None], across.shape),
    ]
    return np.stack(columns, axis=2).astype(np.float32)
