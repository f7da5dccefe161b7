"""Calibration: temperature, logit adjustment, and rejection threshold.

The temperature is that of Guo et al., "On calibration of modern neural networks", 2017.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from inkread.errors import TrainingError
from inkread.evaluation.metrics import calibration_bins, expected_calibration_error
from inkread.models.card import LEAST_REJECTION_THRESHOLD, NOT_A_DIGIT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from inkread.datasets.glyphs import LabelledGlyphs

NONE_IN_USE = 0.2
"""Assumed share of non-digits among the pictures that people send as one digit; nobody has counted it."""

KEPT = 0.99
"""Share of the held-out digits that must not be rejected."""

LOWEST, HIGHEST = 0.05, 20.0
"""The range of temperatures; beyond it, the logits are wrong, not their scale."""
BISECTIONS = 50


def softmax(logits: NDArray[np.floating], temperature: float = 1.0) -> NDArray[np.float64]:
    """Returns probabilities (N, classes) of logits (N, classes), dividing these by the temperature first."""
    scaled = logits.astype(np.float64) / temperature
    powers = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def fit_temperature(
    logits: NDArray[np.floating], labels: NDArray[np.integer], *, biases: NDArray[np.floating] | None = None
) -> float:
    """Returns the temperature with the highest likelihood on held-out glyphs (Guo et al. 2017, section 4.2).

    One more glyph counts as misread, as in Laplace's rule of succession: it looks like all others on average,
    and has their second label. So N right answers mean a probability of about N / (N + 1), and not of 1.
    The log-likelihood is concave in the inverse temperature: its slope changes sign once, where bisection
    finds it.

    Args:
        logits: (N, classes), finite.
        labels: (N,), each from 0 to classes - 1.
        biases: (classes,), added to the logits after dividing them by the temperature; default: none.

    Returns:
        A temperature from 0.05 to 20.

    Raises:
        TrainingError: there are no glyphs, or the shapes do not fit.
    """
    if logits.ndim != 2 or len(logits) == 0 or labels.shape != logits.shape[:1]:
        source = f"logits {logits.shape}, labels {labels.shape}"
        remedy = "give (N, classes) logits and N labels of held-out glyphs, at least one"
        raise TrainingError(source, "do not fit a temperature", remedy)
    centered = logits.astype(np.float64) - logits[np.arange(len(labels)), labels, None]
    added = np.zeros(logits.shape[1]) if biases is None else biases
    others = np.arange(logits.shape[1]) != labels[:, None]
    second = np.where(others, centered / len(labels), -np.inf).max(axis=1).mean()
    low, high = math.log(LOWEST), math.log(HIGHEST)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        expected = (softmax(centered / math.exp(middle) + added) * centered).sum(axis=1).mean()
        slope = expected * (1 + 1 / len(labels)) - second
        if slope > 0:  # the loss grows with the inverse temperature: too confident
            low = middle
        else:
            high = middle
    return math.exp((low + high) / 2)


def fit_background_logit_adjustment(validation: Sequence[LabelledGlyphs]) -> float:
    """Returns the log odds of "not a digit" in use minus those of held-out glyphs (Bayes); 0 if unknown.

    Many glyphs to learn from are not digits, so that they are learned well; most pictures that people send
    are.
    """
    is_none = np.concatenate([glyphs.labels == glyphs.none_class for glyphs in validation])
    share = float(is_none.mean())
    if share in (0.0, 1.0):
        return 0.0
    return round(math.log(NONE_IN_USE / (1 - NONE_IN_USE)) - math.log(share / (1 - share)), 4)


def as_in_use(
    logits: Sequence[NDArray[np.float32]], validation: Sequence[LabelledGlyphs], bias: float
) -> tuple[NDArray[np.float32], NDArray[np.uint8], NDArray[np.float32]]:
    """Drops held-out glyphs until the share of "not a digit" is that in use, as the bias says.

    Returns:
        Logits (N, classes), labels (N,), and for each class the summand of its logits.
    """
    together = np.concatenate(logits)
    labels = np.concatenate([glyphs.labels for glyphs in validation])
    none = labels == validation[0].none_class
    shares = np.where(none, min(1.0, math.exp(bias)), min(1.0, math.exp(-bias)))
    kept = np.zeros(len(labels), bool)
    for kind in (none, ~none):
        kept[kind] = np.diff(np.floor(np.cumsum(shares[kind]) + 0.5), prepend=0) > 0  # evenly among them
    biases = biased(np.zeros((1, together.shape[1]), np.float32), bias, validation[0].none_class)[0]
    return together[kept], labels[kept], biases


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Logits of held-out glyphs, set by set, and how they become probabilities; the results are for ``Card``.

    Attributes:
        logits: (N, classes) for each set.
        validation: the sets.
        bias: added to the logits of "not a digit", after dividing all by the temperature.
        temperature: divides the logits.
    """

    logits: Sequence[NDArray[np.float32]]
    validation: Sequence[LabelledGlyphs]
    bias: float
    temperature: float

    @classmethod
    def calibrated(
        cls, logits: Sequence[NDArray[np.float32]], validation: Sequence[LabelledGlyphs], bias: float
    ) -> HeldOut:
        """Fits the temperature to all glyphs as in use."""
        found, labels, biases = as_in_use(logits, validation, bias)
        return cls(logits, validation, bias, fit_temperature(found, labels, biases=biases))

    def _sets(self) -> Iterator[tuple[LabelledGlyphs, NDArray[np.float32], NDArray[np.float32]]]:
        """Yields each set with its logits, and with those that include the temperature and the bias."""
        for part, glyphs in zip(self.logits, self.validation, strict=True):
            yield glyphs, part, biased(part / self.temperature, self.bias, glyphs.none_class)

    def _in_use(self) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
        """Returns the probabilities of all glyphs as in use, (N, classes), and their labels (N,)."""
        found, labels, biases = as_in_use(self.logits, self.validation, self.bias)
        return softmax(found / self.temperature + biases), labels

    def scores(self) -> dict[str, float]:
        """Returns the scores: of each set by name, and of all glyphs as in use.

        A set's accuracy includes the temperature and the bias of "not a digit", so that rejections count as
        errors; MNIST's is also given for the ten digits alone, as usual.
        """
        scores = {}
        for glyphs, part, read in self._sets():
            name = re.sub(r"\W+", "_", glyphs.name.lower()).strip("_")
            scores[f"{name}_validation"] = float((read.argmax(axis=1) == glyphs.labels).mean())
            if NOT_A_DIGIT in glyphs.classes and (glyphs.labels < glyphs.none_class).all():
                which = part[:, : glyphs.none_class].argmax(axis=1)
                scores[f"{name}_validation_which_digit"] = float((which == glyphs.labels).mean())
        probabilities, labels = self._in_use()
        right = probabilities.argmax(axis=1) == labels
        return scores | {
            "validation_loss": float(-np.log(probabilities[np.arange(len(labels)), labels]).mean()),
            "validation_accuracy": float(right.mean()),
            "validation_ece": expected_calibration_error(probabilities.max(axis=1), right),
        }

    def rejection_threshold(self) -> float:
        """Returns the lowest threshold that keeps ``KEPT`` of the held-out digits; 1 for letters.

        Letters that no network learned get more of the probability of "not a digit" than digits, so that
        there is room below 1. A network that learned letters has no such room.
        """
        shares = []
        for glyphs, _, everything in self._sets():
            read, none = everything[glyphs.labels < glyphs.none_class], glyphs.none_class
            if read.shape[1] == none or any(map(str.isalpha, glyphs.classes)):
                return 1.0  # it knows no "not a digit", or it knows letters
            shares.append(np.exp(read[:, none] - read[:, :none].max(axis=1)))
        together = np.concatenate(shares)
        if not len(together):
            return 1.0
        return round(float(np.quantile(together, KEPT).clip(LEAST_REJECTION_THRESHOLD, 1)), 4)

    def confusion(self) -> tuple[tuple[int, ...], ...]:
        """Counts how often glyphs of each class (row) are read as each class (column)."""
        counts = np.zeros((self.logits[0].shape[1],) * 2, np.int64)
        for glyphs, _, read in self._sets():
            np.add.at(counts, (glyphs.labels, read.argmax(axis=1)), 1)
        return tuple(tuple(row) for row in counts.tolist())

    def reliability(self) -> tuple[tuple[float, ...], ...]:
        """Returns how often answers are right, by confidence; ``validation_ece`` is the mean gap."""
        probabilities, labels = self._in_use()
        bins = calibration_bins(probabilities.max(axis=1), probabilities.argmax(axis=1) == labels)
        return tuple(
            (each.count, round(each.count * each.accuracy), round(each.confidence, 6))
            if each.count
            else (0, 0, 0)
            for each in bins
        )


def biased(logits: NDArray[np.float32], bias: float, none_class: int) -> NDArray[np.float32]:
    """Adds the bias to the logits of "not a digit", if there is one."""
    return np.concatenate([logits[:, :none_class], logits[:, none_class:] + np.float32(bias)], axis=1)
