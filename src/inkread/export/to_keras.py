"""Keras: ``.keras`` and ``.h5`` files of built-in layers only, which open without inkread.

Keras needs a library underneath: the one that ``KERAS_BACKEND`` names, otherwise PyTorch. The files are the same for all.
"""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING, Any

import numpy as np

from inkread.models.layers import (
    GLYPH,
    Activation,
    AddChannel,
    Convolution,
    Dense,
    Flatten,
    Layer,
    Pooling,
    Rectifier,
    calibrated,
    channels_last,
    layers_of,
)
from inkread.system.log_filter import without_messages

os.environ.setdefault(
    "KERAS_BACKEND", "torch"
)  # Keras reads it when it is imported, and would take TensorFlow

import keras

# isort: split
import h5py  # after Keras, which brings it: where both are missing, the error shall name Keras

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from inkread.export.source import Source

__all__ = ["BATCH", "keras", "keras_model", "load", "write"]

BATCH = 256

HDF5 = ".h5"


def write(source: Source, path: Path) -> None:
    """Writes the format of the path's suffix; the model gives calibrated probabilities."""
    layers = channels_last(calibrated(layers_of(source.model), source.model.card))
    model = keras_model(layers, source.name)
    if path.suffix != HDF5:
        model.save(path)
        return
    content = io.BytesIO()
    with without_messages(ADVICE, logger="absl"), _Memory(content, "w") as file:
        model.save(file)
    path.write_bytes(content.getvalue())


def load(path: Path) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    """The file as a function from glyphs (N, 28, 28) to probabilities (N, labels)."""
    model = keras.saving.load_model(path, compile=False)
    return lambda glyphs: np.asarray(model.predict(glyphs, batch_size=BATCH, verbose=0))


def keras_model(layers: list[Layer], name: str) -> Any:
    """The layers, with dense weights for channels that vary fastest, and a softmax at the end."""
    made: list[Any] = [keras.Input(GLYPH, name="glyphs")]
    weights: list[list[NDArray[np.float32]]] = []
    for layer in layers:
        match layer:
            case AddChannel():
                made.append(keras.layers.Reshape((*GLYPH, 1)))
            case Convolution():
                if not layer.keeps_size and any(layer.padding):
                    made.append(keras.layers.ZeroPadding2D(layer.padding))
                padding = "same" if layer.keeps_size else "valid"
                made.append(keras.layers.Conv2D(len(layer.weight), layer.size, layer.strides, padding))
                weights.append([layer.weight.transpose(2, 3, 1, 0), layer.bias])
            case Pooling():
                pool = keras.layers.MaxPooling2D if layer.kind == "max" else keras.layers.AveragePooling2D
                made.append(pool(layer.size, layer.strides))
            case Rectifier():
                made.append(keras.layers.ReLU())
            case Activation(kind="leaky_relu"):
                made.append(keras.layers.LeakyReLU(layer.slope))
            case Activation():
                made.append(keras.layers.Activation(layer.kind))
            case Flatten():
                made.append(keras.layers.Flatten())
            case Dense():
                made.append(keras.layers.Dense(len(layer.weight)))
                weights.append([layer.weight.T, layer.bias])
    model = keras.Sequential([*made, keras.layers.Softmax(name="probabilities")], name=name)
    for layer, values in zip((each for each in model.layers if each.weights), weights, strict=True):
        layer.set_weights(values)
    return model


ADVICE = "saving your model as an HDF5 file"
"""Keras's, against HDF5, to whoever has just asked for it."""


class _Memory(h5py.File):  # type: ignore[misc]
    """A file of HDF5 in memory, as its library crashes the process where a disk is full; Keras knows the format by the name's end."""

    def __str__(self) -> str:
        return f"model{HDF5}"
