"""Calibration: temperature, logit adjustment, and rejection threshold.

The temperature is that of Guo et al., "On calibration of modern neural networks", 2017.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

import numpy as np

from inkread.errors import TrainingError
from inkread.evaluation.metrics import calibration_bins, expected_calibration_error
from inkread.models.card import LEAST_REJECTION_THRESHOLD, NOT_A_DIGIT

if TYPE_CHECKING:
    from collections.abc import Sequence

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

    The log-likelihood is concave in the inverse temperature: its slope changes sign once, where bisection
    finds it.

    Args:
        logits: (N, classes), finite.
        labels: (N,), each from 0 to classes - 1.
        biases: (classes,), added to the logits after dividing them by the temperature; default: none.

    Returns:
        A temperature from 0.05 to 20; the lower limit if every glyph is right.

    Raises:
        TrainingError: there are no glyphs, or the shapes do not fit.
    """
    if logits.ndim != 2 or len(logits) == 0 or labels.shape != logits.shape[:1]:
        raise TrainingError(
            f"logits {logits.shape}, labels {labels.shape}",
            "do not fit a temperature",
            "give (N, classes) logits and N labels of held-out glyphs, at least one",
        )
    centered = logits.astype(np.float64) - logits[np.arange(len(labels)), labels, None]
    added = np.zeros(logits.shape[1]) if biases is None else biases
    low, high = math.log(LOWEST), math.log(HIGHEST)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        slope = (softmax(centered / math.exp(middle) + added) * centered).sum(axis=1).mean()
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


def calibrate(
    logits: Sequence[NDArray[np.float32]], validation: Sequence[LabelledGlyphs], bias: float
) -> tuple[float, dict[str, float]]:
    """Returns the temperature, and the card's scores: of each set by name, and of all glyphs as in use.

    A set's accuracy includes the temperature and the bias of "not a digit", so that rejections count as
    errors; MNIST's is also given for the ten digits alone, as usual.
    """
    found, labels, biases = as_in_use(logits, validation, bias)
    temperature = fit_temperature(found, labels, biases=biases)
    scores = {}
    for part, glyphs in zip(logits, validation, strict=True):
        name = re.sub(r"\W+", "_", glyphs.name.lower()).strip("_")
        read = biased(part / temperature, bias, glyphs.none_class)
        scores[f"{name}_validation"] = float((read.argmax(axis=1) == glyphs.labels).mean())
        if NOT_A_DIGIT in glyphs.classes and (glyphs.labels < glyphs.none_class).all():
            which = part[:, : glyphs.none_class].argmax(axis=1)
            scores[f"{name}_validation_which_digit"] = float((which == glyphs.labels).mean())
    probabilities = softmax(found / temperature + biases)
    scores["validation_loss"] = float(-np.log(probabilities[np.arange(len(labels)), labels]).mean())
    right = probabilities.argmax(axis=1) == labels
    scores["validation_accuracy"] = float(right.mean())
    scores["validation_ece"] = expected_calibration_error(probabilities.max(axis=1), right)
    return temperature, scores


def fit_rejection_threshold(
    logits: Sequence[NDArray[np.float32]],
    validation: Sequence[LabelledGlyphs],
    *,
    temperature: float,
    bias: float,
) -> float:
    """Returns the lowest threshold that keeps ``KEPT`` of the held-out digits, see ``Card``.

    Letters that no network learned get more of that probability than digits, so that there is room below 1.
    """
    shares = []
    for part, glyphs in zip(logits, validation, strict=True):
        read = biased(part / temperature, bias, glyphs.none_class)[glyphs.labels < glyphs.none_class]
        if read.shape[1] == glyphs.none_class:
            return 1.0  # it knows no "not a digit"
        shares.append(np.exp(read[:, glyphs.none_class] - read[:, : glyphs.none_class].max(axis=1)))
    together = np.concatenate(shares)
    return (
        round(float(np.quantile(together, KEPT).clip(LEAST_REJECTION_THRESHOLD, 1)), 4)
        if len(together)
        else 1.0
    )


def confusion(
    logits: Sequence[NDArray[np.float32]],
    validation: Sequence[LabelledGlyphs],
    *,
    temperature: float,
    bias: float,
) -> tuple[tuple[int, ...], ...]:
    """Counts how often held-out glyphs of each class (row) are read as each class (column)."""
    classes = logits[0].shape[1]
    counts = np.zeros((classes, classes), np.int64)
    for part, glyphs in zip(logits, validation, strict=True):
        np.add.at(
            counts, (glyphs.labels, biased(part / temperature, bias, glyphs.none_class).argmax(axis=1)), 1
        )
    return tuple(tuple(row) for row in counts.tolist())


def reliability(
    logits: Sequence[NDArray[np.float32]],
    validation: Sequence[LabelledGlyphs],
    *,
    temperature: float,
    bias: float,
) -> tuple[tuple[float, ...], ...]:
    """Returns how often answers for held-out glyphs are right, by confidence, see ``Card``.

    The score ``validation_ece`` is the mean gap.
    """
    found, labels, biases = as_in_use(logits, validation, bias)
    probabilities = softmax(found / temperature + biases)
    right = probabilities.argmax(axis=1) == labels
    bins = calibration_bins(probabilities.max(axis=1), right)
    return tuple(
        (found.count, round(found.count * found.accuracy), round(found.confidence, 6))
        if found.count
        else (0, 0, 0)
        for found in bins
    )


def biased(logits: NDArray[np.float32], bias: float, none_class: int) -> NDArray[np.float32]:
    """Adds the bias to the logits of "not a digit", if there is one."""
    return np.concatenate([logits[:, :none_class], logits[:, none_class:] + np.float32(bias)], axis=1)
