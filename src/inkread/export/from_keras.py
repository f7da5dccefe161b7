"""A Keras model as layers of ours: chains of the layers that classifiers of digits are usually made of.

Both sides calculate the same, so that what one library has and the other lacks is expressed by what both have: a batch norm that
cannot be folded into the layer before it becomes a 1×1 convolution, and a padding of one side more than the other becomes a kernel with
a margin of zeros.
"""

from __future__ import annotations

import dataclasses
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from inkread.classifier import DIGITS, softmax
from inkread.errors import ModelFormatError, one_line
from inkread.export.to_keras import BATCH, keras
from inkread.models.layers import (
    GLYPH,
    AddChannel,
    Convolution,
    Dense,
    Flatten,
    Layer,
    Pooling,
    Rectifier,
    shape_after,
)
from inkread.training.export import to_onnx
from inkread.training.opened import network_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

INPUTS = ((28, 28), (28, 28, 1), (784,))
"""Shapes of a glyph as Keras models take it, without the batch."""

BRIGHTEST = 255
"""Of a glyph's pixel before a ``Rescaling``; without one, it is 1."""

LARGEST_DIAGONAL = 1024
"""Values whose batch norm becomes a matrix of its own; more would be mostly zeros by the megabyte."""

INACTIVE = (
    "InputLayer",
    "Dropout",
    "SpatialDropout2D",
    "GaussianDropout",
    "AlphaDropout",
    "GaussianNoise",
    "ActivityRegularization",
    "RandomRotation",
    "RandomTranslation",
    "RandomZoom",
    "RandomContrast",
    "RandomBrightness",
)
"""Layers that do nothing but while training."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A Keras model and what it is here.

    Attributes:
        model: Keras's own.
        layers: ours, from glyphs (N, 28, 28) in 0..1 to logits (N, 10).
        brightest: what a pixel of full ink is for Keras's: 1 or 255.
        has_softmax: whether Keras's gives probabilities.
    """

    model: Any
    layers: tuple[Layer, ...]
    brightest: int
    has_softmax: bool

    @property
    def parameters(self) -> int:
        """The trained parameters that Keras's has."""
        return sum(int(np.prod(each.shape)) for each in self.model.trainable_weights)

    def probabilities(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """What Keras gives for glyphs (N, 28, 28), (N, 10)."""
        inputs = images.astype(np.float32) / np.float32(255) * np.float32(self.brightest)
        inputs = inputs.reshape(-1, *self.model.input_shape[1:])
        outputs = np.asarray(self.model.predict(inputs, batch_size=BATCH, verbose=0), np.float32)
        return outputs if self.has_softmax else softmax(outputs)


def open_keras(path: Path) -> Opened:
    """Opens a trusted file, in Keras's safe mode nevertheless.

    Raises:
        ModelFormatError: Keras cannot open it, or it has something that cannot be imported; the message names the layer.
    """
    try:
        with warnings.catch_warnings():
            # Files of Keras 2 say the shape in the first layer; nobody can help it now.
            warnings.filterwarnings("ignore", message="Do not pass an `input_shape`", category=UserWarning)
            model = keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # it may be anything, as may be what is in the file
        reason = one_line(str(error)) or type(error).__name__
        problem = f"cannot be opened by Keras {keras.__version__} ({reason})"
        raise ModelFormatError(str(path), problem, "save it again as .keras, without own code") from error
    takes, gives = (getattr(model, name, None) for name in ("input_shape", "output_shape"))
    if takes not in [(None, *shape) for shape in INPUTS] or gives != (None, len(DIGITS)):
        problem = f"goes from {takes} to {gives}"
        shapes = " or ".join(str((None, *shape)) for shape in INPUTS)
        raise ModelFormatError(str(path), problem, f"only from {shapes} to (None, 10) can be imported")
    chain = _Chain(str(path), flat=len(takes) == 2)
    for layer in _layers_of(model, str(path)):
        chain.read(layer)
    return Opened(model, chain.finished(), chain.brightest, chain.has_softmax)


def onnx_of(layers: Sequence[Layer]) -> bytes:
    """The layers as inkread writes every model."""
    return to_onnx(network_of(layers))


def _layers_of(model: Any, source: str) -> Iterator[Any]:
    """The layers of a model, and of the models within it, in order; a graph that branches is refused."""
    layers: list[Any] = model.layers
    inputs: list[list[str]] = [[]] * len(layers)
    if not isinstance(model, keras.Sequential):
        layers = model.operations
        inputs = [_inputs(each["inbound_nodes"]) for each in model.get_config()["layers"]]
    before = ""
    for layer, names in zip(layers, inputs, strict=True):
        if names not in ([], [before]):
            _refuse(layer, f"does not simply follow {before!r}", source)
        before = layer.name
        if isinstance(layer, keras.Model):
            yield from _layers_of(layer, source)
        else:
            yield layer


def _inputs(nodes: Any) -> list[str]:
    """The names of the layers whose outputs a layer is called with, wherever they are in its configuration."""
    if isinstance(nodes, dict):
        history = nodes.get("keras_history")
        return [history[0]] if history else _inputs(list(nodes.values()))
    return [name for each in nodes for name in _inputs(each)] if isinstance(nodes, list | tuple) else []


def _refuse(layer: Any, problem: str, source: str) -> NoReturn:
    """Raises the error that names the layer."""
    problem = f"has a layer {layer.name!r} ({type(layer).__name__}) that {problem}"
    remedy = f"what can be imported are chains of {', '.join(READERS)}, and what only acts in training"
    raise ModelFormatError(source, problem, remedy)


class _Chain:
    """Layers as they are read, one of Keras's after the other.

    Args:
        source: of the model, for errors.
        flat: whether it takes 784 values.
    """

    def __init__(self, source: str, *, flat: bool) -> None:
        self.source = source
        self.layers: list[Layer] = [AddChannel()]
        self.shape: tuple[int, ...] = (1, *GLYPH)
        self.flattened: tuple[int, ...] = ()
        """The shape before the last flattening, while the values lie in Keras's order: channels fastest."""
        self.padding: tuple[tuple[int, int], tuple[int, int]] | None = None
        """Of a ``ZeroPadding2D``, for the convolution that must follow."""
        self.brightest = 1
        self.has_softmax = False
        if flat:
            self._flatten()

    @property
    def untouched(self) -> bool:
        """Whether what comes is the glyph yet, in whatever shape."""
        return all(isinstance(layer, AddChannel | Flatten) for layer in self.layers)

    def read(self, layer: Any) -> None:
        """Adds what one layer of Keras's does."""
        if type(layer).__name__ in INACTIVE:
            return
        if self.has_softmax:
            self.refuse(layer, "follows the softmax")
        if self.padding and type(layer).__name__ != "Conv2D":
            self.refuse(layer, "follows a padding, as only a Conv2D may")
        reader = READERS.get(type(layer).__name__)
        if reader is None:
            self.refuse(layer, "has no counterpart here")
        reader(self, layer)

    def finished(self) -> tuple[Layer, ...]:
        """All layers, the last one dense, as every model of ours ends."""
        if not isinstance(self.layers[-1], Dense):
            self._affine(np.ones(len(DIGITS)), np.zeros(len(DIGITS)))
        return tuple(self.layers)

    def refuse(self, layer: Any, problem: str) -> NoReturn:
        """Raises the error that names the layer."""
        _refuse(layer, problem, self.source)

    def _add(self, layer: Layer) -> None:
        self.layers.append(layer)
        self.shape = shape_after(layer, self.shape)

    def _rescaling(self, layer: Any) -> None:
        """Of pixels 0..255 where it is the first layer: its factor then comes after one of 255."""
        scale, offset = np.ravel(layer.scale), np.ravel(layer.offset)
        if not self.untouched or len(scale) != 1 or len(offset) != 1:
            self.refuse(layer, "is not the first layer, or scales pixels differently")
        self.brightest = BRIGHTEST
        factor = float(scale[0]) * BRIGHTEST
        if not (np.isclose(factor, 1) and offset[0] == 0):
            self._affine(np.full(self.shape[0], factor), np.full(self.shape[0], offset[0]))

    def _reshape(self, layer: Any) -> None:
        shape = tuple(layer.compute_output_shape(layer.input.shape))[1:]
        if len(shape) == 1:
            self._flatten()
        elif self.untouched and shape in INPUTS:
            self.layers, self.shape, self.flattened = [AddChannel()], (1, *GLYPH), ()
        else:
            self.refuse(layer, "makes another shape than that of a glyph")

    def _convolution(self, layer: Any) -> None:
        if layer.groups != 1 or tuple(layer.dilation_rate) != (1, 1):
            self.refuse(layer, "is dilated or grouped")
        self._require_channels_last(layer)
        weight = np.asarray(layer.kernel).transpose(3, 2, 0, 1)
        sides: Sequence[tuple[int, int]] = self.padding or ((0, 0), (0, 0))
        if layer.padding == "same":
            if self.padding:
                self.refuse(layer, "is padded twice")
            sides = [
                _same(*each) for each in zip(self.shape[1:], layer.kernel_size, layer.strides, strict=True)
            ]
        # As much on both sides: the kernel gets a margin of zeros where there was less.
        margins = [(max(0, after - before), max(0, before - after)) for before, after in sides]
        weight = np.pad(weight, [(0, 0), (0, 0), *margins])
        rows, columns = (max(side) for side in sides)
        bias = np.asarray(layer.bias) if layer.use_bias else np.zeros(len(weight), np.float32)
        self._add(Convolution(np.ascontiguousarray(weight), bias, tuple(layer.strides), (rows, columns)))
        self.padding = None
        self._activation(layer)

    def _batch_norm(self, layer: Any) -> None:
        axes = [layer.axis] if isinstance(layer.axis, int) else list(layer.axis)
        if axes not in ([-1], [len(layer.input.shape) - 1]) or layer.input.shape[-1] != self.shape[0]:
            self.refuse(layer, "norms something else than channels")
        variance, mean = np.asarray(layer.moving_variance), np.asarray(layer.moving_mean)
        scale = 1 / np.sqrt(variance.astype(np.float64) + layer.epsilon)
        scale = scale * np.asarray(layer.gamma) if layer.scale else scale
        shift = -mean * scale
        shift = shift + np.asarray(layer.beta) if layer.center else shift
        last = self.layers[-1]
        if isinstance(last, Convolution | Dense):
            by_output = scale.reshape(-1, *[1] * (last.weight.ndim - 1))
            weight, bias = last.weight * by_output, last.bias * scale + shift
            self.layers[-1] = dataclasses.replace(last, weight=_single(weight), bias=_single(bias))
        elif len(self.shape) == 1 and len(scale) > LARGEST_DIAGONAL:
            self.refuse(layer, "norms too many values; put it before the flattening")
        else:
            self._affine(scale, shift)

    def _affine(self, scale: NDArray[np.floating], shift: NDArray[np.floating]) -> None:
        """Each channel times a factor plus a summand, as a layer of its own."""
        diagonal, bias = _single(np.diag(scale)), _single(shift)
        if len(self.shape) == 1:
            self._add(Dense(self._in_our_order(diagonal), bias))
        else:
            self._add(Convolution(diagonal[:, :, None, None], bias))

    def _pooling(self, layer: Any) -> None:
        self._require_channels_last(layer)
        size, strides = tuple(layer.pool_size), tuple(layer.strides)
        sides = [_same(*each) for each in zip(self.shape[1:], size, strides, strict=True)]
        if layer.padding == "same" and any(map(any, sides)):
            self.refuse(layer, f"pads what it pools from {self.shape[1]}×{self.shape[2]}")
        self._add(Pooling("max" if type(layer).__name__ == "MaxPooling2D" else "average", size, strides))

    def _global_pooling(self, layer: Any) -> None:
        if layer.keepdims:
            self.refuse(layer, "keeps the axes that it pools")
        self._require_channels_last(layer)
        _, rows, columns = self.shape
        self._add(Pooling("average", (rows, columns), (rows, columns)))
        self._flatten()

    def _zero_padding(self, layer: Any) -> None:
        self._require_channels_last(layer)
        self.padding = layer.padding

    def _flatten(self, _layer: Any = None) -> None:
        if len(self.shape) == 3:
            self.flattened = self.shape
            self._add(Flatten())

    def _dense(self, layer: Any) -> None:
        if len(layer.input.shape) != 2:
            self.refuse(layer, "stands where nothing is flattened yet")
        kernel = np.asarray(layer.kernel).T
        bias = np.asarray(layer.bias) if layer.use_bias else np.zeros(len(kernel), np.float32)
        self._add(Dense(self._in_our_order(kernel), bias))
        self._activation(layer)

    def _in_our_order(self, weight: NDArray[np.float32]) -> NDArray[np.float32]:
        """Columns for values whose channel varies slowest, once after each flattening."""
        if self.flattened:
            channels, rows, columns = self.flattened
            in_keras_order = weight.reshape(-1, rows, columns, channels)
            weight = in_keras_order.transpose(0, 3, 1, 2).reshape(weight.shape)
            self.flattened = ()
        return np.ascontiguousarray(weight)

    def _rectifier(self, layer: Any) -> None:
        if layer.max_value is not None or layer.negative_slope or layer.threshold:
            self.refuse(layer, "is no plain rectifier")
        self._add(Rectifier())

    def _softmax(self, layer: Any) -> None:
        if len(self.shape) != 1:
            self.refuse(layer, "is not applied to the classes")
        self.has_softmax = True

    def _activation(self, layer: Any) -> None:
        match layer.activation.__name__:
            case "relu":
                self._add(Rectifier())
            case "softmax":
                self._softmax(layer)
            case "linear":
                return
            case name:
                self.refuse(layer, f"has the activation {name}")

    def _require_channels_last(self, layer: Any) -> None:
        if layer.data_format != "channels_last":
            self.refuse(layer, "has its channels first")


READERS: dict[str, Callable[[_Chain, Any], None]] = {
    "Rescaling": _Chain._rescaling,
    "Reshape": _Chain._reshape,
    "Conv2D": _Chain._convolution,
    "ZeroPadding2D": _Chain._zero_padding,
    "BatchNormalization": _Chain._batch_norm,
    "MaxPooling2D": _Chain._pooling,
    "AveragePooling2D": _Chain._pooling,
    "GlobalAveragePooling2D": _Chain._global_pooling,
    "Flatten": _Chain._flatten,
    "Dense": _Chain._dense,
    "ReLU": _Chain._rectifier,
    "Activation": _Chain._activation,
    "Softmax": _Chain._softmax,
}
"""What reads a layer, by the name of its class."""


def _same(side: int, window: int, stride: int) -> tuple[int, int]:
    """What Keras's "same" adds before and after a side."""
    total = max((-(-side // stride) - 1) * stride + window - side, 0)
    return total // 2, total - total // 2


def _single(values: NDArray[np.floating]) -> NDArray[np.float32]:
    return np.ascontiguousarray(values, np.float32)
