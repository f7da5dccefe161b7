"""From the probabilities of a line's columns to its text."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from inkread.models.card import TEXT_CLASSES

if TYPE_CHECKING:
    from collections.abc import Sequence

BLANK = len(TEXT_CLASSES) - 1


def greedy(best: Sequence[int]) -> str:
    """Returns the text of the best class of each column: repeated characters once, without blanks."""
    return "".join(TEXT_CLASSES[label] for label, _ in groupby(int(each) for each in best) if label != BLANK)
