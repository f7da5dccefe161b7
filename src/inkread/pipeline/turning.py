"""Decides the orientation of a page: upright digits are read with more confidence than turned ones."""

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


def is_doubtful(given: NDArray[np.float32], config: ReaderConfig = DEFAULT_CONFIG) -> bool:
    """Tests whether the other orientations should be tried, given the result of ``confidence``."""
    return config.least_to_turn <= len(given) <= config.most_to_turn and float(given.mean()) < config.sense


def changes(given: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float64]:
    """Returns the gain in confidence and in doubt from the given orientation to another."""
    return np.array([other.sum() - given.sum(), (1 - other).sum() - (1 - given).sum()], np.float64)


def confidence(
    opinions: Opinions, choice: Choice, config: ReaderConfig = DEFAULT_CONFIG
) -> NDArray[np.float32]:
    """Returns the probability of the best label for each probable digit: N float32 in 0..1."""
    found = opinions.found
    kept = choice.kept[found.is_digit[choice.kept]]
    likely = kept[found.logits[kept].max(axis=1, initial=-np.inf) > config.likely_logit]
    best: NDArray[np.float32] = choice.probabilities[likely, :-1].max(axis=1, initial=0)
    return best
