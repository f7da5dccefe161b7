"""N×28×28 glyphs -> calibrated probabilities, with ONNX Runtime."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from inkread.errors import ModelFormatError
from inkread.models import DIGIT_CLASSES, NOT_A_DIGIT, Model, load_model
from inkread.models.card import TEXT_CLASSES
from inkread.models.onnx_session import Network
from inkread.pipeline.glyph import SIDE

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray

DIGITS = tuple(str(digit) for digit in range(10))

BATCH = 256
"""Glyphs per call: larger batches do not fit the CPU cache, smaller ones need more calls."""


class Classifier(Network):
    """A loaded model; safe to share between threads.

    Args:
        model: a verified model, or an argument of ``load_model``. If it has an 8-bit version, that one is
            used.
        threads: intra-op threads per call; 0 means one per core.

    Attributes:
        labels: the labels of the logits, as in the card.
        classes: the classes of the probability columns: ``DIGIT_CLASSES`` for a model of the ten digits, with
            or without "not a single digit"; otherwise the labels.

    Raises:
        ModelError: the model cannot be loaded, or has unexpected inputs or outputs.
    """

    takes = "glyphs", [None, SIDE, SIDE]

    def __init__(self, model: Model | str | os.PathLike[str] = "default", *, threads: int = 0) -> None:
        model = model if isinstance(model, Model) else load_model(model)
        if model.card.labels == TEXT_CLASSES:
            remedy = "use it with --alphabet text, or name a model of single characters"
            raise ModelFormatError(str(model.path), "reads lines of text, not single characters", remedy)
        self.labels = model.card.labels
        self.gives = "logits", [None, len(self.labels)]
        super().__init__(model, threads=threads)
        knows_digits = {*self.labels, NOT_A_DIGIT} == {*DIGIT_CLASSES}
        self.classes = DIGIT_CLASSES if knows_digits else self.labels
        self._columns = [self.classes.index(label) for label in self.labels]
        self._none = self.labels.index(NOT_A_DIGIT) if NOT_A_DIGIT in self.labels else None

    @property
    def rejection_threshold(self) -> float:
        """Rejection threshold of the version in use (8-bit if there is one), see the card."""
        return (self.model.quantized or self.model).card.rejection_threshold

    def probabilities(
        self, glyphs: NDArray[Any], *, background_logit_adjustment: float | None = None
    ) -> NDArray[np.float32]:
        """Returns calibrated class probabilities; for digits, the ten digits and "not a single digit".

        Args:
            glyphs: N×28×28, uint8 in 0..255 or floating point in 0..1, ink bright, in the geometry of
                ``inkread.pipeline.glyph``.
            background_logit_adjustment: added to the logit of "not a single digit". The default is the card's
                value, for glyphs that are each given as one digit. Use 0 for candidates cut from a page,
                which are not digits as often as the training glyphs.

        Returns:
            N×classes float32, rows summing to 1; "not a single digit" is 0 for a model that knows digits
            only.
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
        """Returns N×labels float32 logits in the card's order, before temperature and softmax."""
        if glyphs.ndim != 3 or glyphs.shape[1:] != (SIDE, SIDE):
            message = f"glyphs have shape {glyphs.shape}, not (N, {SIDE}, {SIDE})"
            raise ValueError(message)
        if glyphs.dtype == np.uint8:
            inputs = glyphs.astype(np.float32) / np.float32(255)
        else:
            inputs = glyphs.astype(np.float32, copy=False)
        return self._run(inputs, batch=BATCH)


def softmax(logits: NDArray[np.floating]) -> NDArray[np.float32]:
    """Converts N×C logits to probabilities, rows summing to 1."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)
