"""Decides the orientation of a page: upright, it is read with more confidence than turned."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from inkread.pipeline.config import DEFAULT_CONFIG, ReaderConfig

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from inkread.pipeline.choice import Choice
    from inkread.pipeline.opinions import Opinions


@dataclass(frozen=True, slots=True)
class Turning:
    """Logistic model of whether a page should be turned, fitted on held-out pages in four orientations.

    Attributes:
        confidence: weight of the gain in total confidence of all candidates in the other orientation, in
            digits.
        doubt: weight of the gain in total doubt.
        bias: bias for pages half of which are turned.
    """

    confidence: float
    doubt: float
    bias: float

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Turning:
        """Reads the weights from an entry of a card; KeyError, TypeError, or ValueError without one."""
        return cls(**{name: float(values[name]) for name in cls.__slots__})

    def best_of(
        self, confidences: Mapping[int, NDArray[np.float32]], config: ReaderConfig = DEFAULT_CONFIG
    ) -> int:
        """Returns the most probable orientation, in counterclockwise quarter turns.

        Args:
            confidences: the result of ``confidence`` for each orientation; 0 is the picture as given.
            config: contains the prior for turned pages.
        """
        rare = math.log(config.turned / (1 - config.turned))
        scores = {
            turns: float(changes(confidences[0], other) @ (self.confidence, self.doubt)) + self.bias + rare
            for turns, other in confidences.items()
            if turns
        }
        best = max(scores, key=lambda turns: scores[turns], default=0)
        return best if best and scores[best] > 0 else 0


def as_given(
    box: tuple[float, float, float, float], size: tuple[int, int], turns: int
) -> tuple[float, float, float, float]:
    """Converts a box on a page after counterclockwise quarter turns to one on the page before.

    Args:
        box: x0, y0, x1, y1.
        size: height and width of the page before, in the same unit.
        turns: 0 to 3.
    """
    x0, y0, x1, y1 = box
    height, width = size[::-1] if turns % 2 else size
    for _ in range(turns):  # each undoes one quarter
        x0, y0, x1, y1 = height - y1, x0, height - y0, x1
        height, width = width, height
    return x0, y0, x1, y1


def is_doubtful(given: NDArray[np.float32], config: ReaderConfig = DEFAULT_CONFIG) -> bool:
    """Tests whether the other orientations should be tried, given the result of ``confidence``."""
    return config.least_to_turn <= len(given) <= config.most_to_turn and float(given.mean()) < config.sense


def telling_part(
    opinions: Opinions, shape: tuple[int, ...], config: ReaderConfig = DEFAULT_CONFIG
) -> tuple[slice, slice]:
    """Returns the rows and columns of the part of a page that shows its orientation: all of it, or less.

    Small digits are only seen if the page is large enough, which takes too long in every orientation. So this
    is the part with the most of them that the first pass sees at the scale at which they were found.

    Args:
        opinions: of the page as given, with at least one probable digit.
        shape: height and width of the page, pixels.
        config: contains the size of the first pass.
    """
    found = opinions.found
    likely = found.subset(found.is_digit & (found.logits.max(axis=1) > config.likely_logit))
    side = int(config.first_side / float(likely.scales.max()))
    middles = (likely.boxes[:, :2] + likely.boxes[:, 2:]) / 2
    near = (np.abs(middles[:, None] - middles) <= side / 2).all(axis=2).sum(axis=1)
    x, y = middles[int(near.argmax())].tolist()
    starts = (int(np.clip(at - side / 2, 0, max(0, of - side))) for at, of in ((y, shape[0]), (x, shape[1])))
    top, left = starts
    return slice(top, top + side), slice(left, left + side)


def changes(given: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float64]:
    """Returns the gain in confidence and in doubt from the given orientation to another."""
    return np.array([other.sum() - given.sum(), (1 - other).sum() - (1 - given).sum()], np.float64)


def confidence(
    opinions: Opinions,
    choice: Choice,
    config: ReaderConfig = DEFAULT_CONFIG,
    *,
    part: tuple[slice, slice] = (slice(None), slice(None)),
) -> NDArray[np.float32]:
    """Returns the probability of the best label for each probable digit: N float32 in 0..1.

    Args:
        opinions: of the page.
        choice: its digits.
        config: contains the logit of a probable digit.
        part: rows and columns of the page; the middles of other digits are outside.
    """
    found = opinions.found
    kept = choice.kept[found.is_digit[choice.kept]]
    likely = kept[found.logits[kept].max(axis=1, initial=-np.inf) > config.likely_logit]
    middles = (found.boxes[likely, :2] + found.boxes[likely, 2:]) / 2
    rows, columns = part
    inside = [_within(middles[:, 0], columns), _within(middles[:, 1], rows)]
    likely = likely[np.all(inside, axis=0)]
    best: NDArray[np.float32] = choice.probabilities[likely, :-1].max(axis=1, initial=0)
    return best


def _within(places: NDArray[np.floating], part: slice) -> NDArray[np.bool_]:
    return (places >= (part.start or 0)) & (places < (math.inf if part.stop is None else part.stop))
