"""Whether a page lies on its side: upright digits are read surely, turned ones are doubtful."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from inkread.pipeline.config import DEFAULT_CONFIG, ReaderConfig

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from inkread.pipeline.choice import Choice
    from inkread.pipeline.opinions import Opinions


def is_doubtful(opinions: Opinions, choice: Choice, config: ReaderConfig = DEFAULT_CONFIG) -> bool:
    """Whether the page should be looked at in the other orientations."""
    sure = _confidence(opinions, choice, config)
    return config.least_to_turn <= len(sure) <= config.most_to_turn and float(sure.mean()) < config.sense


def best_of(looks: Mapping[int, tuple[Opinions, Choice]], config: ReaderConfig = DEFAULT_CONFIG) -> int:
    """The orientation, in quarter turns, that makes the most sense, or 0 if none makes enough more than upright."""
    sure = {turns: _confidence(*look, config) for turns, look in looks.items()}
    sense = {turns: float(each.sum()) for turns, each in sure.items()}
    doubt = {turns: float((1 - each).sum()) for turns, each in sure.items()}
    better = [
        turns
        for turns in looks
        if sense[turns] >= config.more_sense * sense[0] and doubt[turns] <= config.less_doubt * doubt[0]
    ]
    return max(better, key=lambda turns: sense[turns], default=0)


def _confidence(opinions: Opinions, choice: Choice, config: ReaderConfig) -> NDArray[np.float32]:
    """For each candidate that may well be a digit, how probable its best label is."""
    found = opinions.found
    kept = choice.kept[found.is_digit[choice.kept]]
    likely = kept[found.logits[kept].max(axis=1, initial=-np.inf) > config.likely_logit]
    best: NDArray[np.float32] = choice.probabilities[likely, :-1].max(axis=1, initial=0)
    return best
