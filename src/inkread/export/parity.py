"""Checks on real digits that an exported model still gives the same results as its source."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from inkread.datasets.mnist import HELD_OUT, load_mnist
from inkread.datasets.synthetic_digits import synthetic_digits
from inkread.errors import DatasetNotFoundError, ExportError
from inkread.evaluation.figures import rounded
from inkread.models.card import LEAST_REJECTION_THRESHOLD, NOT_A_DIGIT
from inkread.pipeline.classifier import softmax

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inkread.datasets.glyphs import LabelledGlyphs
    from inkread.models.card import Card
    from inkread.system.files import AnyPath

CALIBRATION = 500
"""Digits that determine the range of each 8-bit activation; beyond a few hundred, it hardly changes."""

OWN = 1_000
"""Number of synthetic digits used when MNIST is unavailable."""

AROUND = 4
"""A digit is near a threshold if its share of "not a single digit" is within this factor of it."""

TIE = 1e-3
"""Two probabilities that differ by less than this are a tie, which rounding may decide."""

LEAST = 1e-9
"""Minimum of a 32-bit probability before its logarithm is taken."""

LEAST_IN_8_BITS = 1 / 512
"""Minimum of an 8-bit probability: half of the smallest nonzero one."""


@dataclass(frozen=True, slots=True)
class ParityData:
    """Labeled digits for comparison, and others for calibration, uint8 N×28×28."""

    held_out: LabelledGlyphs
    calibration: NDArray[np.uint8]


def load_parity_data(data_dir: AnyPath | None = None) -> ParityData:
    """Loads MNIST's held-out training images if they are on this machine, else makes synthetic digits.

    Raises:
        DatasetFormatError: a local copy is not MNIST.
    """
    try:
        mnist = load_mnist("train", data_dir=data_dir, download=False)
    except DatasetNotFoundError:
        return ParityData(synthetic_digits(OWN), synthetic_digits(CALIBRATION, seed=1).images)
    return ParityData(mnist.subset(HELD_OUT), mnist.images[:CALIBRATION])


@dataclass(frozen=True, slots=True)
class Parity:
    """Compares two models on the same digits.

    Attributes:
        on: the name of the digits.
        count: their number.
        largest_difference: maximum difference of a calibrated probability.
        changed: digits with a different result, excluding ties in the old model.
        accuracy: accuracy of the new model, 0..1.
        accuracy_before: accuracy of the old model.
    """

    on: str
    count: int
    largest_difference: float
    changed: int
    accuracy: float
    accuracy_before: float

    def to_dict(self) -> dict[str, Any]:
        """Returns plain values for a card."""
        return rounded(asdict(self), 9)

    def require(self, source: str, largest_difference: float, changed: float = 0.0) -> None:
        """Raises an ``ExportError`` if the models differ by more in a probability or in their results."""
        if self.changed > changed * self.count or not self.largest_difference <= largest_difference:
            results = f"{self.changed} of {self.count} results differ"
            problem = f"does not match its source ({results}, a probability by {self.largest_difference:.2g})"
            remedy = "nothing was saved; install the library versions that inkread requires, or report a bug"
            raise ExportError(source, problem, remedy)


def parity_of(found: NDArray[np.float32], expected: NDArray[np.float32], digits: LabelledGlyphs) -> Parity:
    """Compares the new model's probabilities (N, labels) with the old model's on the same digits.

    NaN counts as the largest possible difference.
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
    """Returns the new model's equivalent of the old rejection threshold, see ``Card.rejection_threshold``.

    The threshold moves like the share of "not a single digit", in the geometric mean over the digits near it:
    too few are at the threshold itself to count rejections. Both models' probabilities (N, labels) are
    clipped to ``least`` before taking their logarithm.
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
    """Returns calibrated probabilities (N, labels), in the card's label order, as for a single digit."""
    scaled = logits / np.float32(card.temperature)
    if NOT_A_DIGIT in card.labels:
        scaled[:, card.labels.index(NOT_A_DIGIT)] += np.float32(card.background_logit_adjustment)
    return softmax(scaled)
