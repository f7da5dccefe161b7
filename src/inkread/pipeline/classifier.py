"""N×28×28 glyphs -> calibrated probabilities, by ONNX Runtime."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from inkread.models import DIGIT_CLASSES, NOT_A_DIGIT, Model, load_model
from inkread.models.network import Network
from inkread.pipeline.glyph import SIDE

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray

DIGITS = tuple(str(digit) for digit in range(10))

BATCH = 256
"""Glyphs a call of the runtime: larger batches leave the processor's cache, smaller ones cost calls."""


class Classifier(Network):
    """A loaded model; safe to share between threads.

    Args:
        model: a verified model, or what ``load_model`` takes; where it has the same in 8 bits beside it, that is what calculates.
        threads: of one call; 0 lets the runtime take one a core.

    Attributes:
        labels: one a logit, as the card has them.
        classes: one a column of the probabilities: ``DIGIT_CLASSES`` for a model that knows the ten digits, with or without
            "not a single digit", and else the labels.

    Raises:
        ModelError: the model cannot be loaded, or its inputs and outputs are others than expected.
    """

    takes = "glyphs", [None, SIDE, SIDE]

    def __init__(self, model: Model | str | os.PathLike[str] = "default", *, threads: int = 0) -> None:
        model = model if isinstance(model, Model) else load_model(model)
        self.labels = model.card.labels
        self.gives = "logits", [None, len(self.labels)]
        super().__init__(model, threads=threads)
        tells_digits = {*self.labels, NOT_A_DIGIT} == {*DIGIT_CLASSES}
        self.classes = DIGIT_CLASSES if tells_digits else self.labels
        self._columns = [self.classes.index(label) for label in self.labels]
        self._none = self.labels.index(NOT_A_DIGIT) if NOT_A_DIGIT in self.labels else None

    @property
    def rejection_threshold(self) -> float:
        """The rejection threshold of the model that calculates, see ``Card.rejection_threshold``."""
        return (self.model.quantized or self.model).card.rejection_threshold

    def probabilities(
        self, glyphs: NDArray[Any], *, background_logit_adjustment: float | None = None
    ) -> NDArray[np.float32]:
        """Calibrated probabilities of the classes: of the ten digits and of "not a single digit", in a model of digits.

        Args:
            glyphs: N×28×28, uint8 in 0..255 or floating in 0..1, ink bright, in the geometry of ``inkread.pipeline.glyph``.
            background_logit_adjustment: added to the logit of "not a single digit"; by default the card's, for glyphs that are each given to be
                read as a digit. Candidates cut from a page are as often none as the training glyphs: 0.

        Returns:
            N×classes float32, rows summing to 1; "not a single digit" is 0 for a model that knows digits only.
        """
        logits = self.logits(glyphs) / self.model.card.temperature
        if self._none is not None:
            logits[:, self._none] += (
                self.model.card.background_logit_adjustment
                if background_logit_adjustment is None
                else background_logit_adjustment
            )
        shares = softmax(logits)
        if self.labels == self.classes:
            return shares
        result = np.zeros((len(shares), len(self.classes)), np.float32)
        result[:, self._columns] = shares
        return result

    def logits(self, glyphs: NDArray[Any]) -> NDArray[np.float32]:
        """N×labels float32, in the order of the card's labels, before temperature and softmax."""
        if glyphs.ndim != 3 or glyphs.shape[1:] != (SIDE, SIDE):
            message = f"glyphs have shape {glyphs.shape}, not (N, {SIDE}, {SIDE})"
            raise ValueError(message)
        if glyphs.dtype == np.uint8:
            inputs = glyphs.astype(np.float32) / np.float32(255)
        else:
            inputs = glyphs.astype(np.float32, copy=False)
        return self._run(inputs, batch=BATCH)


def softmax(logits: NDArray[np.floating]) -> NDArray[np.float32]:
    """N×C logits as float32 probabilities, rows summing to 1."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)
