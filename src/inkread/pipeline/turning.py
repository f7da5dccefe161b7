"""Decides which way up a page is: upright digits are read with confidence, turned ones with doubt."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from inkread.pipeline.config import DEFAULT_CONFIG, ReaderConfig

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from inkread.pipeline.choice import Choice
    from inkread.pipeline.opinions import Opinions


@dataclass(frozen=True, slots=True)
class Turning:
    """A logistic model of whether a page should be turned, fitted on held-out pages in their four orientations.

    Attributes:
        confidence: weight of how much more confidence all candidates together get in the other orientation, in digits.
        doubt: weight of how much more doubt they get.
        bias: if every second page were turned.
    """

    confidence: float
    doubt: float
    bias: float

    def best_of(self, looks: Mapping[int, NDArray[np.float32]], config: ReaderConfig = DEFAULT_CONFIG) -> int:
        """The orientation, in quarter turns counterclockwise, that is most probably upright.

        Args:
            looks: for each orientation, what ``confidence`` gives; 0 is the picture as it was given.
            config: says how rarely pages are turned.
        """
        rare = math.log(config.turned / (1 - config.turned))
        scores = {
            turns: float(changes(looks[0], other) @ (self.confidence, self.doubt)) + self.bias + rare
            for turns, other in looks.items()
            if turns
        }
        best = max(scores, key=lambda turns: scores[turns], default=0)
        return best if best and scores[best] > 0 else 0


def is_doubtful(given: NDArray[np.float32], config: ReaderConfig = DEFAULT_CONFIG) -> bool:
    """Whether the page should be looked at in the other orientations, by what ``confidence`` gives."""
    return config.least_to_turn <= len(given) <= config.most_to_turn and float(given.mean()) < config.sense


def changes(given: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float64]:
    """How much more confidence and doubt there is in another orientation than in the given one."""
    return np.array([other.sum() - given.sum(), (1 - other).sum() - (1 - given).sum()], np.float64)


def confidence(
    opinions: Opinions, choice: Choice, config: ReaderConfig = DEFAULT_CONFIG
) -> NDArray[np.float32]:
    """For each candidate that may well be a digit, how probable its best label is: N float32 in 0..1."""
    found = opinions.found
    kept = choice.kept[found.is_digit[choice.kept]]
    likely = kept[found.logits[kept].max(axis=1, initial=-np.inf) > config.likely_logit]
    best: NDArray[np.float32] = choice.probabilities[likely, :-1].max(axis=1, initial=0)
    return best
