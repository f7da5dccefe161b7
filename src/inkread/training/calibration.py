"""Calibration: one temperature that makes probabilities mean what they say (Guo et al. 2017)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from inkread.errors import TrainingError

if TYPE_CHECKING:
    from numpy.typing import NDArray

LOWEST, HIGHEST = 0.05, 20.0
"""Temperatures outside say that the logits, not their scale, are wrong."""
BISECTIONS = 50


def softmax(logits: NDArray[np.floating], temperature: float = 1.0) -> NDArray[np.float64]:
    """Probabilities (N, classes) of logits (N, classes), which are divided by the temperature first."""
    scaled = logits.astype(np.float64) / temperature
    powers = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def fit_temperature(
    logits: NDArray[np.floating], labels: NDArray[np.integer], *, biases: NDArray[np.floating] | None = None
) -> float:
    """The temperature of least negative log-likelihood on held-out glyphs (Guo et al. 2017, section 4.2).

    The log-likelihood is concave in the inverse temperature: its slope changes sign once, bisection finds it.

    Args:
        logits: (N, classes), finite.
        labels: (N,), each from 0 to classes - 1.
        biases: (classes,), added to the logits after they were divided by the temperature; none unless given.

    Returns:
        A temperature from 0.05 to 20; the lower limit when every glyph is right.

    Raises:
        TrainingError: if there are no glyphs, or the shapes do not fit.
    """
    if logits.ndim != 2 or len(logits) == 0 or labels.shape != logits.shape[:1]:
        raise TrainingError(
            f"logits {logits.shape}, labels {labels.shape}",
            "do not fit a temperature",
            "give (N, classes) logits and N labels of held-out glyphs, at least one",
        )
    centred = logits.astype(np.float64) - logits[np.arange(len(labels)), labels, None]
    added = np.zeros(logits.shape[1]) if biases is None else biases
    low, high = math.log(LOWEST), math.log(HIGHEST)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        slope = (softmax(centred / math.exp(middle) + added) * centred).sum(axis=1).mean()
        if slope > 0:  # the loss grows with the inverse temperature: too confident
            low = middle
        else:
            high = middle
    return math.exp((low + high) / 2)
