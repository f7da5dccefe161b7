"""Whether a page lies on its side: upright digits are read surely, turned ones are doubtful."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inkread.pipeline.detector import LIKELY

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from inkread.pipeline.choice import Choice
    from inkread.pipeline.opinions import Opinions

SENSE = 0.9
"""A page is doubtful if the digits on it are on average less sure than this."""
LEAST, MOST = 4, 400
"""Candidates that a page must have to be turned: with fewer, chance decides; with more, it is texture, or a page so full that three more looks
would take too long."""
MUCH_MORE = 1.4
"""Another orientation must make this many times as much sense as upright."""


def is_doubtful(opinions: Opinions, choice: Choice) -> bool:
    """Whether the page should be looked at in the other orientations."""
    sure = _sureness(opinions, choice)
    return LEAST <= len(sure) <= MOST and float(sure.mean()) < SENSE


def best_of(looks: Mapping[int, tuple[Opinions, Choice]]) -> int:
    """The orientation, in quarter turns, that makes the most sense, or 0 if none makes much more than upright."""
    sense = {turns: float(_sureness(*look).sum()) for turns, look in looks.items()}
    best = max(sense, key=lambda turns: sense[turns])
    return best if sense[best] >= MUCH_MORE * sense[0] else 0


def _sureness(opinions: Opinions, choice: Choice) -> NDArray[np.float32]:
    """For each candidate that may well be a digit, how probable its best label is."""
    found = opinions.found
    kept = choice.kept[found.is_digit[choice.kept]]
    likely = kept[found.logits[kept].max(axis=1, initial=LIKELY - 1) > LIKELY]
    best: NDArray[np.float32] = choice.probabilities[likely, :-1].max(axis=1, initial=0)
    return best
