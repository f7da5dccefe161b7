"""Whether an exported model is still the model that it was."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from inkread.errors import ExportError
from inkread.models.card import LEAST_REJECTION_THRESHOLD, NOT_A_DIGIT
from inkread.pipeline.classifier import softmax

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inkread.datasets.glyphs import LabelledGlyphs
    from inkread.models.card import Card


AROUND = 4
"""A digit is around a threshold whose share of "not a single digit" is less than this factor from it."""

TIE = 1e-3
"""Two probabilities that differ by less are a tie, which rounding may decide."""

LEAST = 1e-9
"""Of a probability in 32 bits, before its logarithm is taken."""

LEAST_IN_8_BITS = 1 / 512
"""Of a probability in 8 bits: half of the smallest but 0."""


@dataclass(frozen=True, slots=True)
class Parity:
    """How two models compare on the same digits.

    Attributes:
        on: the digits' name.
        count: how many.
        largest_difference: of a calibrated probability.
        changed: digits that are answered otherwise, where the old model's answer was no tie.
        accuracy: of the new model, 0..1.
        accuracy_before: of the old one.
    """

    on: str
    count: int
    largest_difference: float
    changed: int
    accuracy: float
    accuracy_before: float

    def to_dict(self) -> dict[str, Any]:
        """For a card: plain figures."""
        return {
            key: round(value, 9) if isinstance(value, float) else value for key, value in asdict(self).items()
        }

    def require(self, source: str, *, largest_difference: float, changed: float = 0.0) -> None:
        """Raises an ``ExportError`` if the models differ by more than that: a probability, and a share of the answers."""
        if self.changed > changed * self.count or not self.largest_difference <= largest_difference:
            raise ExportError(
                source,
                f"does not agree with its source ({self.changed} of {self.count} answers differ, a probability by "
                f"{self.largest_difference:.2g})",
                "nothing was saved; install the versions of the libraries that inkread asks for, or report it",
            )


def parity_of(found: NDArray[np.float32], expected: NDArray[np.float32], digits: LabelledGlyphs) -> Parity:
    """Compares probabilities (N, labels) of the same digits by the new model and by the old one.

    A NaN is the largest difference there is.
    """
    answers, before = found.argmax(axis=1), expected.argmax(axis=1)
    rows = np.arange(len(digits))
    tie = expected[rows, before] - expected[rows, answers] < TIE
    gap = np.abs(found - expected).max()
    return Parity(
        on=digits.name,
        count=len(digits),
        largest_difference=float(gap) if np.isfinite(gap) else float("inf"),
        changed=int((~tie).sum()),
        accuracy=float((answers == digits.labels).mean()),
        accuracy_before=float((before == digits.labels).mean()),
    )


def moved_rejection_threshold(
    found: NDArray[np.float32], expected: NDArray[np.float32], card: Card, *, least: float = LEAST
) -> float:
    """The threshold of a new model that stands for the old one's, see ``Card.rejection_threshold``.

    It is moved as the share of "not a single digit" moves, in the geometric mean, of the digits around it: too few are at the
    threshold itself for those that are refused to be counted.

    Args:
        found: probabilities (N, labels) of digits by the new model.
        expected: those by the old one.
        card: of the old one.
        least: probabilities are raised to this before their logarithm is taken.
    """
    if NOT_A_DIGIT not in card.labels or card.rejection_threshold == 1:
        return card.rejection_threshold
    none = card.labels.index(NOT_A_DIGIT)
    now, before = (
        np.log(each[:, none] / np.delete(each, none, axis=1).max(axis=1))
        for each in (np.maximum(found, least), np.maximum(expected, least))
    )
    around = np.abs(before - np.log(card.rejection_threshold)) < np.log(AROUND)
    if not around.any():
        return card.rejection_threshold
    moved = float(np.exp((now - before)[around].mean()))
    return round(min(1.0, max(LEAST_REJECTION_THRESHOLD, card.rejection_threshold * moved)), 4)


def probabilities_of(logits: NDArray[np.float32], card: Card) -> NDArray[np.float32]:
    """Calibrated probabilities (N, labels), in the order of the card's labels, as the classifier reads a single digit."""
    scaled = logits / np.float32(card.temperature)
    if NOT_A_DIGIT in card.labels:
        scaled[:, card.labels.index(NOT_A_DIGIT)] += np.float32(card.background_logit_adjustment)
    return softmax(scaled)
