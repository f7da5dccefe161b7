"""Converts a Keras model to an ONNX graph.

It supports the usual layers of digit classifiers, in a chain or with branches. Both models are compared on
digits afterwards. A model of plain convolution, pooling, and dense layers becomes the operators that inkread
itself writes, so it can be exported to every format again.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from inkread.errors import ModelFormatError, one_line
from inkread.evaluation.external_onnx import as_probabilities
from inkread.export.graph import Value
from inkread.export.keras_2 import is_of_keras_2, open_keras_2
from inkread.export.keras_layers import KerasLayers
from inkread.export.to_keras import BATCH, keras
from inkread.models.graph import single
from inkread.models.layers import GLYPH
from inkread.pipeline.classifier import DIGITS, Classifier

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from inkread.evaluation.external_onnx import Scores

INPUTS = ((28, 28), (28, 28, 1), (1, 28, 28), (784,))
"""Shapes in which Keras models take a glyph, without the batch."""

CAUSE = "Exception encountered:"
"""Keras writes this between pages of configuration and the actual problem."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A Keras model, its value of full ink and kind of output, and its conversion.

    ``content`` is an ONNX file from glyphs (N, 28, 28) in 0..1 to logits (N, 10).
    """

    model: Any
    content: bytes
    brightest: int
    scores: Scores

    @property
    def parameters(self) -> int:
        """Number of trained parameters of the Keras model."""
        return sum(int(np.prod(each.shape)) for each in self.model.trainable_weights)

    def probabilities(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Runs the Keras model on glyphs (N, 28, 28); returns (N, 10), rows summing to 1."""
        inputs = images.astype(np.float32) / np.float32(255) * np.float32(self.brightest)
        inputs = inputs.reshape(-1, *self.model.input_shape[1:])
        outputs = np.asarray(self.model.predict(inputs, batch_size=BATCH, verbose=0), np.float32)
        return as_probabilities(outputs, self.scores)


def open_keras(path: Path) -> Opened:
    """Opens a trusted file, in Keras's safe mode nonetheless.

    Raises:
        ModelFormatError: Keras cannot open it, or it has a layer that cannot be imported; the message names
            the layer.
    """
    try:
        with warnings.catch_warnings():
            # Keras 2 files give the shape in the first layer; the user cannot change that now.
            warnings.filterwarnings("ignore", message="Do not pass an `input_shape`", category=UserWarning)
            if is_of_keras_2(path):
                model = open_keras_2(path)
            else:
                model = keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # the file's contents can raise anything
        reason = one_line(str(error).split(CAUSE)[-1]) or type(error).__name__
        problem = f"cannot be opened by Keras {keras.__version__} ({reason})"
        remedy = "build the model from Keras's own layers only, and save it as .keras"
        raise ModelFormatError(str(path), problem, remedy) from error
    takes, gives = (getattr(model, name, None) for name in ("input_shape", "output_shape"))
    if takes not in [(None, *shape) for shape in INPUTS] or gives != (None, len(DIGITS)):
        problem = f"maps {takes} to {gives}"
        shapes = ", ".join(str((None, *shape)) for shape in INPUTS)
        raise ModelFormatError(str(path), problem, f"use a model from {shapes} to (None, 10)")
    layers = KerasLayers(str(path))
    content = _content(layers, model, Value(Classifier.takes[0], GLYPH, (0, 1), takes[1:]))
    return Opened(model, content, layers.brightest, layers.scores)


def _content(layers: KerasLayers, model: Any, glyphs: Value) -> bytes:
    """Returns the whole model as an ONNX file; its last operator is dense, as in all our models."""
    value = layers.model(model, glyphs)
    name = value.name
    if sigmoid := layers.graph.maker(name, "Sigmoid"):
        # Ten shares, independent of each other; after the logarithm, a softmax normalizes them.
        layers.scores = "sigmoids"
        name = layers.graph.add("Neg", layers.graph.add("Softplus", layers.graph.add("Neg", sigmoid.input)))
    if len(value.held) > 1:
        name = layers.graph.add("Flatten", name)
    if not layers.graph.maker(name, "Gemm"):
        name = layers.graph.add("Gemm", name, single(np.eye(10)), single(np.zeros(10)), transB=1)
    return layers.graph.content(name, takes=Classifier.takes, gives="logits")
