"""Opinions of each box, the detector's, of its close-up, its run, its glyph and the whole picture's -> one probability, of each box by itself."""

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
"""A class that one opinion rules out keeps this probability: another may know better."""


@dataclass(frozen=True, slots=True)
class Weights:
    """A multinomial logistic model of all opinions.

    Attributes:
        detector: weight of the detector's logit of a digit.
        closeup: weight of the logarithm of the probability that the close-up has for a class.
        strip: the same of the strip that it lies in.
        classifier: weight of the logarithm of the probability that the glyph has for a class.
        whole: the same of the glyph of all ink in the picture.
        bias: of "not a single digit".
    """

    detector: float
    closeup: float
    strip: float
    classifier: float
    whole: float
    bias: float


@dataclass(frozen=True, slots=True)
class Fusion:
    """How much each opinion counts, fitted on what is found on held-out pages and pictures.

    Attributes:
        page: on a page.
        single: in a picture that is given as one digit.
        turning: which way up a page is.
    """

    page: Weights
    single: Weights
    turning: Turning

    @classmethod
    def of_card(cls, source: str, values: dict[str, Any]) -> Fusion:
        """From the card of a detector; a ``ModelFormatError`` if an entry is missing or not a number."""
        try:
            page, single = (
                Weights(**{name: float(values[part][name]) for name in Weights.__slots__})
                for part in ("page", "single")
            )
            turning = Turning(**{name: float(values["turning"][name]) for name in Turning.__slots__})
        except (KeyError, TypeError, ValueError) as error:
            problem = f"has no weights of the opinions in its card ({error!r})"
            raise ModelFormatError(source, problem, "train the detector again") from error
        return cls(page, single, turning)

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
        """Calibrated probabilities of the ten digits and of "not a single digit".

        Args:
            detector: N×(at least 10), logits of the digits.
            closeup: N×11, probabilities.
            strip: the same.
            classifier: the same; ``None`` leaves the glyphs out.
            whole: 11, the same for the picture as one glyph.
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
