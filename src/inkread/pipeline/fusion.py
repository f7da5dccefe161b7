"""Predictions for a box (detector, close-up, strip, glyph, whole picture) -> one probability per label."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from inkread.errors import ModelFormatError
from inkread.pipeline.classifier import softmax
from inkread.pipeline.turning import Turning

if TYPE_CHECKING:
    from numpy.typing import NDArray

DIGITS = 10
LEAST = 1e-6
"""Minimum probability of a class that one network rules out; another may know better."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights of a multinomial logistic model of all predictions.

    Attributes:
        detector: weight of the detector's logit for a digit.
        closeup: weight of the close-up classifier's log probability for a class.
        strip: weight of the strip reader's log probability.
        classifier: weight of the glyph classifier's log probability.
        whole: weight of the glyph classifier's log probability for all ink in the picture.
        bias: bias of "not a single digit".
    """

    detector: float
    closeup: float
    strip: float
    classifier: float
    whole: float
    bias: float


@dataclass(frozen=True, slots=True)
class WordWeights:
    """Weights of a logistic model of whether a line with digits is one of words; see ``among_words``.

    Attributes:
        letters: weight of its letters, as the network of text lines reads them.
        sure: weight of the mean logarithm of the probabilities of its characters.
        digits: weight of the mean of the logarithms of the odds of its digits, as the networks of digits see
            them.
        bias: bias of a line of words.
    """

    letters: float
    sure: float
    digits: float
    bias: float


@dataclass(frozen=True, slots=True)
class Fusion:
    """Weights of the predictions, fitted on the candidates of held-out pages and pictures.

    Attributes:
        page: weights for pages.
        single: weights for pictures given as one digit.
        turning: the model of a page's orientation.
        words: weights for lines of words; ``None`` if they were not fitted.
    """

    page: Weights
    single: Weights
    turning: Turning
    words: WordWeights | None = None

    @classmethod
    def of_card(cls, source: str, values: dict[str, Any]) -> Fusion:
        """Reads the weights from a detector's card; ``ModelFormatError`` if one is missing or invalid."""
        try:
            page, single = (
                Weights(**{name: float(values[part][name]) for name in Weights.__slots__})
                for part in ("page", "single")
            )
            turning = Turning.of(values["turning"])
            among = values.get("words")
            words = (
                WordWeights(**{name: float(among[name]) for name in WordWeights.__slots__}) if among else None
            )
        except (KeyError, TypeError, ValueError) as error:
            problem = f"has no valid fusion weights in its card ({error!r})"
            raise ModelFormatError(source, problem, "train the detector again") from error
        return cls(page, single, turning, words)

    def probabilities(
        self,
        detector: NDArray[np.float32],
        closeup: NDArray[np.float32],
        strip: NDArray[np.float32],
        classifier: NDArray[np.float32] | None,
        whole: NDArray[np.float32] | None,
        *,
        single: bool = False,
    ) -> NDArray[np.float32]:
        """Returns calibrated probabilities of the ten digits and "not a single digit".

        Args:
            detector: N×(at least 10), logits of the digits.
            closeup: N×11, probabilities.
            strip: N×11, probabilities.
            classifier: N×11, probabilities; ``None`` omits the glyphs.
            whole: 11, probabilities for the picture as one glyph; ``None`` omits it.
            single: the picture was given as one digit.

        Returns:
            N×11 float32, rows summing to 1.
        """
        weights = self.single if single else self.page
        scores = weights.closeup * np.log(np.maximum(closeup, LEAST)).astype(np.float64)
        scores += weights.strip * np.log(np.maximum(strip, LEAST))
        if classifier is not None:
            scores += weights.classifier * np.log(np.maximum(classifier, LEAST))
        if whole is not None:
            scores += weights.whole * np.log(np.maximum(whole, LEAST))
        scores[:, :DIGITS] += weights.detector * detector[:, :DIGITS]
        scores[:, DIGITS] += weights.bias
        return softmax(scores)
