"""Keras: ``.keras`` and ``.h5`` files of built-in layers only, which open without inkread.

Keras needs a backend: the one in ``KERAS_BACKEND``, or PyTorch by default. All backends write the same files.
"""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING, Any

import numpy as np

from inkread.models import layers as ours
from inkread.system.log_filter import without_messages

os.environ.setdefault("KERAS_BACKEND", "torch")  # Keras reads this on import, and would default to TensorFlow

import keras

# isort: split
import h5py  # after Keras, which installs it: if both are missing, the error must name Keras

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from inkread.export.source import Source

__all__ = ["BATCH", "keras", "keras_model", "load", "write"]

BATCH = 256

HDF5 = ".h5"


def write(source: Source, path: Path) -> None:
    """Writes the format of the path's suffix; the model outputs calibrated probabilities."""
    layers = ours.channels_last(ours.calibrated(ours.layers_of(source.model), source.model.card))
    model = keras_model(layers, source.name)
    if path.suffix != HDF5:
        model.save(path)
        return
    content = io.BytesIO()
    with without_messages(ADVICE, logger="absl"), _Memory(content, "w") as file:
        model.save(file)
    path.write_bytes(content.getvalue())


def load(path: Path) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    """Loads the file as a function from glyphs (N, 28, 28) to probabilities (N, labels)."""
    model = keras.saving.load_model(path, compile=False)
    return lambda glyphs: np.asarray(model.predict(glyphs, batch_size=BATCH, verbose=0))


def keras_model(layers: list[ours.Layer], name: str) -> Any:
    """Builds the layers, with dense weights for channels that vary fastest, and a final softmax."""
    made: list[Any] = [keras.Input(ours.GLYPH, name="glyphs")]
    weights: list[list[NDArray[np.float32]]] = []
    for layer in layers:
        match layer:
            case ours.AddChannel():
                made.append(keras.layers.Reshape((*ours.GLYPH, 1)))
            case ours.Convolution():
                if not layer.keeps_size and any(layer.padding):
                    made.append(keras.layers.ZeroPadding2D(layer.padding))
                padding = "same" if layer.keeps_size else "valid"
                made.append(
                    keras.layers.Conv2D(
                        len(layer.weight), layer.kernel, layer.strides, padding, dilation_rate=layer.dilations
                    )
                )
                weights.append([layer.weight.transpose(2, 3, 1, 0), layer.bias])
            case ours.Pooling():
                pool = keras.layers.MaxPooling2D if layer.kind == "max" else keras.layers.AveragePooling2D
                made.append(pool(layer.size, layer.strides))
            case ours.Rectifier():
                made.append(keras.layers.ReLU())
            case ours.Activation(kind="leaky_relu"):
                made.append(keras.layers.LeakyReLU(layer.slope))
            case ours.Activation():
                made.append(keras.layers.Activation(layer.kind))
            case ours.Flatten():
                made.append(keras.layers.Flatten())
            case ours.Dense():
                made.append(keras.layers.Dense(len(layer.weight)))
                weights.append([layer.weight.T, layer.bias])
    model = keras.Sequential([*made, keras.layers.Softmax(name="probabilities")], name=name)
    for layer, values in zip((each for each in model.layers if each.weights), weights, strict=True):
        layer.set_weights(values)
    return model


ADVICE = "saving your model as an HDF5 file"
"""Keras's warning against HDF5, which the user has just chosen."""


class _Memory(h5py.File):  # type: ignore[misc]
    """An in-memory HDF5 file, because the HDF5 library crashes the process on a full disk.

    Keras recognizes the format by the name's suffix.
    """

    def __str__(self) -> str:
        return f"model{HDF5}"
