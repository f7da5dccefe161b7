"""A model as a short list of layers with their weights, read from the ONNX that inkread itself writes.

Six operators make all our networks of glyphs, whoever chose their layers; batch norms are folded already. Most formats are written
from this list, so that they need neither the training's library nor its file of weights, and the bundled models are exported as
runs are. Shapes are without the batch and channels first, as in ONNX and PyTorch; weights are float32.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import onnx
from onnx import numpy_helper

from inkread.errors import ModelFormatError
from inkread.glyph import SIDE
from inkread.models.card import NOT_A_DIGIT
from inkread.runtime import REMEDY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from inkread.models import Card, Model

Shape: TypeAlias = tuple[int, ...]

GLYPH: Shape = (SIDE, SIDE)
"""The shape of what the first layer takes."""

UNIT, UNPADDED = [1, 1], [0, 0, 0, 0]
"""ONNX's strides, or dilations, and padding where an operator says none."""


@dataclass(frozen=True, slots=True)
class AddChannel:
    """(28, 28) becomes (1, 28, 28)."""


@dataclass(frozen=True, slots=True, eq=False)
class Convolution:
    """A convolution (cross-correlation) of all channels.

    Attributes:
        weight: (filters, channels, rows, columns).
        bias: (filters,).
        strides: rows, columns.
        padding: zeros on each side: rows, columns.
    """

    weight: NDArray[np.float32]
    bias: NDArray[np.float32]
    strides: tuple[int, int] = (1, 1)
    padding: tuple[int, int] = (0, 0)

    @property
    def size(self) -> tuple[int, int]:
        """Of the kernel: rows, columns."""
        return self.weight.shape[2], self.weight.shape[3]

    @property
    def keeps_size(self) -> bool:
        """Whether what comes out is as large as what goes in, for an odd kernel in the middle: "same" in other libraries."""
        return self.strides == (1, 1) and self.size == (2 * self.padding[0] + 1, 2 * self.padding[1] + 1)


@dataclass(frozen=True, slots=True)
class Pooling:
    """The maximum or the mean of each window, unpadded; what fills no window is left out."""

    kind: Literal["max", "average"]
    size: tuple[int, int]
    strides: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Rectifier:
    """max(0, x)."""


@dataclass(frozen=True, slots=True)
class Flatten:
    """All axes as one; the channel varies slowest."""


@dataclass(frozen=True, slots=True, eq=False)
class Dense:
    """weight (outputs, inputs) times what reaches it, plus bias (outputs,)."""

    weight: NDArray[np.float32]
    bias: NDArray[np.float32]


Layer: TypeAlias = AddChannel | Convolution | Pooling | Rectifier | Flatten | Dense


def layers_of(model: Model) -> tuple[Layer, ...]:
    """The layers of a verified model of glyphs.

    Raises:
        ModelFormatError: the model has other operators than those that inkread writes, or is no chain of them.
    """
    graph = onnx.load_from_string(model.content).graph
    tensors = {tensor.name: np.array(numpy_helper.to_array(tensor)) for tensor in graph.initializer}
    layers: list[Layer] = []
    value = graph.input[0].name
    for node in graph.node:
        attributes = {each.name: onnx.helper.get_attribute_value(each) for each in node.attribute}
        weights = [tensors[name] for name in node.input[1:] if name in tensors]
        layer = _layer(node.op_type, attributes, weights)
        if layer is None or node.input[0] != value:
            problem = f"has an operator {node.op_type} that cannot be exported"
            remedy = "name a model of glyphs in 32 bits, as inkread trains it"
            raise ModelFormatError(str(model.path), problem, remedy)
        layers.append(layer)
        value = node.output[0]
    return tuple(layers)


def _layer(operator: str, attributes: dict[str, Any], weights: list[Any]) -> Layer | None:
    """The layer that an operator is; ``None`` if it is none of ours."""
    match operator, weights:
        case "Unsqueeze", [axes] if axes.tolist() == [1]:
            return AddChannel()
        case "Conv", [weight, bias] if attributes.get("dilations", UNIT) == UNIT:
            rows, columns, *_ = attributes.get("pads", UNPADDED)
            return Convolution(weight, bias, _pair(attributes.get("strides", UNIT)), (rows, columns))
        case "MaxPool" | "AveragePool", []:
            kind: Literal["max", "average"] = "max" if operator == "MaxPool" else "average"
            strides = attributes.get("strides", UNIT)
            return Pooling(kind, _pair(attributes["kernel_shape"]), _pair(strides))
        case "Relu" | "Flatten", []:
            return Rectifier() if operator == "Relu" else Flatten()
        case "Gemm", [weight, bias] if attributes == {"transB": 1}:
            return Dense(weight, bias)
        case _:
            return None


def _pair(values: list[int]) -> tuple[int, int]:
    rows, columns = values
    return rows, columns


def shape_after(layer: Layer, shape: Shape) -> Shape:
    """The shape of what a layer gives, for the shape of what it takes."""
    match layer:
        case AddChannel():
            return (1, *shape)
        case Convolution():
            return (len(layer.weight), *_windows(shape, layer.size, layer.strides, layer.padding))
        case Pooling():
            return (shape[0], *_windows(shape, layer.size, layer.strides))
        case Flatten():
            return (math.prod(shape),)
        case Dense():
            return (len(layer.weight),)
        case Rectifier():
            return shape


def _windows(
    shape: Shape, size: tuple[int, int], strides: tuple[int, int], padding: tuple[int, int] = (0, 0)
) -> Iterator[int]:
    for side, window, stride, pad in zip(shape[1:], size, strides, padding, strict=True):
        yield (side + 2 * pad - window) // stride + 1


def channels_last(layers: Iterable[Layer]) -> list[Layer]:
    """The layers for a library whose flattened pictures have the channel vary fastest: dense weights in that order."""
    result: list[Layer] = []
    shape, flattened = GLYPH, GLYPH
    for layer in layers:
        if isinstance(layer, Flatten):
            flattened = shape
        if isinstance(layer, Dense) and len(flattened) == 3:
            weight = layer.weight.reshape(-1, *flattened).transpose(0, 2, 3, 1).reshape(layer.weight.shape)
            result.append(replace(layer, weight=np.ascontiguousarray(weight)))
            flattened = GLYPH
        else:
            result.append(layer)
        shape = shape_after(layer, shape)
    return result


def calibrated(layers: tuple[Layer, ...], card: Card) -> tuple[Layer, ...]:
    """The layers with the card's temperature and bias in the last one, whose softmax then is calibrated as the classifier's is."""
    *before, last = layers
    if not isinstance(last, Dense):
        raise ModelFormatError(card.name, "does not end with a dense layer", REMEDY)
    bias = last.bias / np.float32(card.temperature)
    if NOT_A_DIGIT in card.labels:
        bias[card.labels.index(NOT_A_DIGIT)] += np.float32(card.none_bias)
    return (*before, Dense(last.weight / np.float32(card.temperature), bias))
