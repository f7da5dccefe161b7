"""Two opinions of each box, the detector's and the classifier's -> one calibrated probability."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from inkread.errors import ModelFormatError

if TYPE_CHECKING:
    from numpy.typing import NDArray

DIGITS = 10
LEAST = 1e-6
"""A class that the classifier rules out keeps this probability: the detector saw the page, and may know better."""


@dataclass(frozen=True, slots=True)
class Fusion:
    """A multinomial logistic model of both opinions, fitted on the boxes found on held-out scenes.

    Attributes:
        detector: weight of the detector's logit of a digit.
        classifier: weight of the logarithm of the classifier's probability of a digit.
        none: weight of the logarithm of the classifier's probability of "not a single digit".
        bias: of "not a single digit" on a page.
        single_bias: the same in a picture that is given as one digit.
    """

    detector: float
    classifier: float
    none: float
    bias: float
    single_bias: float

    @classmethod
    def of_card(cls, source: str, values: dict[str, Any]) -> Fusion:
        """From the card of a detector; a ``ModelFormatError`` if an entry is missing or not a number."""
        try:
            numbers = {name: float(values[name]) for name in cls.__slots__}
        except (KeyError, TypeError, ValueError) as error:
            problem = f"has no weights of both opinions in its card ({error!r})"
            raise ModelFormatError(source, problem, "train the detector again") from error
        return cls(**numbers)

    def probabilities(
        self, detector: NDArray[np.float32], classifier: NDArray[np.float32], *, single: bool = False
    ) -> NDArray[np.float32]:
        """Calibrated probabilities of the ten digits and of "not a single digit".

        Args:
            detector: N×(at least 10), logits of the digits.
            classifier: N×11, probabilities.
            single: the picture was given as one digit.

        Returns:
            N×11 float32, rows summing to 1.
        """
        logarithms = np.log(np.maximum(classifier, LEAST))
        scores = np.empty((len(detector), DIGITS + 1), np.float64)
        scores[:, :DIGITS] = self.detector * detector[:, :DIGITS] + self.classifier * logarithms[:, :DIGITS]
        scores[:, DIGITS] = self.none * logarithms[:, DIGITS] + (self.single_bias if single else self.bias)
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        return (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
