"""Which digits a detector's candidates are: those that spell a known text, or those of a scene.

``python -m inkread.training.alignment DETECTOR`` finds the digits of all real numbers, and writes the
file that ``synthetic.real`` reads.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from inkread.datasets.strips import load_numbers
from inkread.pipeline.detector import DIGITS, Detector
from inkread.synthetic import real

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from inkread.datasets.strips import Number
    from inkread.pipeline.detector import Detections
    from inkread.synthetic.scenes import Scene

LEAST, MEAN = -2.0, 0.0
"""Least logit of each digit of a text, and least mean of all, if its boxes are to be learned from."""
SURE = 1.0
"""A candidate with a larger logit that is not part of the text makes the text doubtful."""
STEP = 0.35
"""Least distance between the middles of neighbors, as a share of the wider one's width."""
DOUBTFUL = -1
SAME, OTHER = 0.5, 0.35
"""Intersection over union with a digit from which a box is that digit, and below which it is not; in between,
it does not count."""
FOUND = 0.4
"""Intersection over union from which a box finds a digit of a scene."""


def aligned(
    found: Detections, text: str, *, least: float = LEAST, mean: float = MEAN, sure: float = SURE
) -> NDArray[np.float32] | None:
    """Returns a box per digit of the text: the candidates that spell it best (Viterbi 1967).

    ``None`` if the candidates ``found`` in a picture of one row do not clearly spell it alone; see ``LEAST``,
    ``MEAN``, and ``SURE``.
    """
    digits = found.subset(found.is_digit)
    order = np.argsort(digits.boxes[:, 0] + digits.boxes[:, 2], kind="stable")
    boxes, logits = digits.boxes[order], digits.logits[order, :DIGITS]
    if len(boxes) < len(text) or not text:
        return None
    middle, width = (boxes[:, 0] + boxes[:, 2]) / 2, boxes[:, 2] - boxes[:, 0]
    may_follow = middle[None, :] - middle[:, None] >= STEP * np.maximum(width[:, None], width[None, :])
    score = logits[:, int(text[0])].astype(np.float64)
    came_from = []
    for character in text[1:]:
        before = np.where(may_follow, score[:, None], -np.inf)
        came_from.append(before.argmax(axis=0))
        score = before.max(axis=0) + logits[:, int(character)]
    if not np.isfinite(score.max()):
        return None
    path = [int(score.argmax())]
    for back in reversed(came_from):
        path.append(int(back[path[-1]]))
    path.reverse()
    own = logits[path, [int(character) for character in text]]
    if own.min() < least or own.mean() < mean or _has_other(boxes, logits, path, sure):
        return None
    return boxes[path]


def _has_other(boxes: NDArray[np.float32], logits: NDArray[np.float32], path: list[int], sure: float) -> bool:
    """Whether a candidate with a larger logit is next to the text's digits."""
    others = np.setdiff1d(np.flatnonzero(logits.max(axis=1) > sure), path)
    low = np.maximum(boxes[others, None, :2], boxes[None, path, :2])
    high = np.minimum(boxes[others, None, 2:], boxes[None, path, 2:])
    shared = np.prod(np.maximum(high - low, 0), axis=2).sum(axis=1)
    return bool((shared < 0.5 * np.prod(boxes[others, 2:] - boxes[others, :2], axis=1)).any())


def boxes_of(detector: Detector, numbers: Iterable[Number]) -> dict[str, Any]:
    """Returns the arrays of ``real.BOXES_FILE``: sources, how many digits each has, their boxes."""
    found = {number.source: aligned(detector.detect(number.pixels)[0], number.text) for number in numbers}
    known = {source: boxes for source, boxes in found.items() if boxes is not None}
    return {
        "source": np.array(list(known)),
        "count": np.array([len(boxes) for boxes in known.values()], np.uint8),
        "boxes": np.concatenate(list(known.values())).astype(np.float16),
    }


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


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("detector", help="the name of a bundled detector, or the folder of a run")
    everything = [number for part in (False, True) for number in load_numbers(held_out=part)]
    arrays = boxes_of(Detector(parser.parse_args().detector), everything)
    np.savez_compressed(Path(real.__file__).with_name(real.BOXES_FILE), **arrays)
    sys.stdout.write(f"{len(arrays['count'])} of {len(everything)} numbers\n")
