"""A model as a short list of layers with weights, read from the ONNX that inkread writes.

Six operators make up all our glyph networks, built-in or custom; batch norms are already folded.
Imported models may use four more activations. Most export formats are written from this list, so they need
neither the training library nor its weight files, and bundled models export just like runs. Shapes are
channels-first without the batch, as in ONNX and PyTorch; weights are float32.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import onnx
from onnx import numpy_helper

from inkread.errors import ModelFormatError, one_line
from inkread.models.card import GLYPH_SIDE, NOT_A_DIGIT
from inkread.models.onnx_session import REMEDY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from inkread.models import Card, Model

Shape: TypeAlias = tuple[int, ...]

GLYPH: Shape = (GLYPH_SIDE, GLYPH_SIDE)
"""Input shape of the first layer."""

UNIT, UNPADDED = [1, 1], [0, 0, 0, 0]
"""ONNX's default strides or dilations, and its default padding."""

LEAK = 0.01
"""ONNX's default slope of a leaky ReLU."""


@dataclass(frozen=True, slots=True)
class AddChannel:
    """Reshapes (28, 28) to (1, 28, 28)."""


@dataclass(frozen=True, slots=True, eq=False)
class Convolution:
    """A convolution (cross-correlation) over all channels.

    Attributes:
        weight: (filters, channels, rows, columns).
        bias: (filters,).
        strides: rows, columns.
        padding: zeros on each side: rows, columns.
        dilations: distance between neighboring weights: rows, columns.
    """

    weight: NDArray[np.float32]
    bias: NDArray[np.float32]
    strides: tuple[int, int] = (1, 1)
    padding: tuple[int, int] = (0, 0)
    dilations: tuple[int, int] = (1, 1)

    @property
    def kernel(self) -> tuple[int, int]:
        """Kernel size: rows, columns."""
        return self.weight.shape[2], self.weight.shape[3]

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns that the kernel covers, dilated."""
        (rows, columns), (down, right) = self.kernel, self.dilations
        return (rows - 1) * down + 1, (columns - 1) * right + 1

    @property
    def keeps_size(self) -> bool:
        """Whether output and input have the same size, with an odd, centered kernel ("same" padding)."""
        return self.strides == (1, 1) and self.size == (2 * self.padding[0] + 1, 2 * self.padding[1] + 1)


@dataclass(frozen=True, slots=True)
class Pooling:
    """The maximum or mean of each window, without padding; values that do not fill a window are dropped."""

    kind: Literal["max", "average"]
    size: tuple[int, int]
    strides: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Rectifier:
    """max(0, x)."""


@dataclass(frozen=True, slots=True)
class Activation:
    """Another element-wise function; ``elu`` has the factor 1, and ``leaky_relu`` a slope below 0."""

    kind: Literal["tanh", "sigmoid", "elu", "leaky_relu"]
    slope: float = 0.0


@dataclass(frozen=True, slots=True)
class Flatten:
    """Flattens all axes into one; the channel varies slowest."""


@dataclass(frozen=True, slots=True, eq=False)
class Dense:
    """Multiplies the weight (outputs, inputs) by the input and adds the bias (outputs,)."""

    weight: NDArray[np.float32]
    bias: NDArray[np.float32]


Layer: TypeAlias = AddChannel | Convolution | Pooling | Rectifier | Activation | Flatten | Dense


def layers_of(model: Model) -> tuple[Layer, ...]:
    """Returns the layers of a verified model with 32-bit weights.

    Raises:
        ModelFormatError: the model has unsupported operators, or is not a chain.
    """
    try:
        return _chain(model)
    except ModelFormatError:
        raise
    except Exception as error:  # a file that is valid to one parser can make the next one raise anything
        problem = f"is not a chain of layers ({one_line(str(error)) or type(error).__name__})"
        raise ModelFormatError(str(model.path), problem, REMEDY) from error


def _chain(model: Model) -> tuple[Layer, ...]:
    graph = onnx.load_from_string(model.content).graph
    tensors = {tensor.name: np.array(numpy_helper.to_array(tensor)) for tensor in graph.initializer}
    layers: list[Layer] = []
    value = graph.input[0].name
    for node in graph.node:
        attributes = {each.name: onnx.helper.get_attribute_value(each) for each in node.attribute}
        weights = [tensors[name] for name in node.input[1:] if name in tensors]
        layer = _layer(node.op_type, attributes, weights)
        if layer is None or node.input[0] != value:
            problem = f"has an unsupported operator {node.op_type}"
            remedy = "use a glyph model that inkread trained; onnx and int8 export every 32-bit model"
            raise ModelFormatError(str(model.path), problem, remedy)
        layers.append(layer)
        value = node.output[0]
    if [output.name for output in graph.output] != [value]:
        raise ModelFormatError(str(model.path), "has layers that do not lead to its output", REMEDY)
    return tuple(layers)


def _layer(operator: str, attributes: dict[str, Any], weights: list[Any]) -> Layer | None:  # noqa: PLR0911
    """Converts an operator to a layer; ``None`` if it is not one of ours."""
    match operator, weights:
        case "Unsqueeze", [axes] if axes.tolist() == [1]:
            return AddChannel()
        case "Conv", [weight, bias] if attributes.get("group", 1) == 1:
            return _convolution(weight, bias, attributes)
        case "MaxPool" | "AveragePool", [] if attributes.get("pads", UNPADDED) == UNPADDED:
            kind: Literal["max", "average"] = "max" if operator == "MaxPool" else "average"
            strides = _pair(attributes.get("strides", UNIT))
            return Pooling(kind, _pair(attributes["kernel_shape"]), strides)
        case "Relu" | "Flatten", []:
            return Rectifier() if operator == "Relu" else Flatten()
        case "Gemm", [weight, bias] if attributes == {"transB": 1}:
            return Dense(weight, bias)
        case _, []:
            return _activation(operator, attributes.get("alpha"))
        case _:
            return None


def _activation(operator: str, alpha: float | None) -> Activation | None:
    match operator, alpha:
        case "Tanh", None:
            return Activation("tanh")
        case "Sigmoid", None:
            return Activation("sigmoid")
        case "Elu", None | 1.0:
            return Activation("elu")
        case "LeakyRelu", _:
            return Activation("leaky_relu", LEAK if alpha is None else alpha)
        case _:
            return None


def _convolution(
    weight: NDArray[np.float32], bias: NDArray[np.float32], attributes: dict[str, Any]
) -> Convolution | None:
    """Makes the padding symmetric: the kernel gets a margin of zeros on the side with less."""
    strides, dilations = (_pair(attributes.get(name, UNIT)) for name in ("strides", "dilations"))
    top, left, bottom, right = attributes.get("pads", UNPADDED)
    margins = [
        (max(0, after - before), max(0, before - after)) for before, after in ((top, bottom), (left, right))
    ]
    if any(step > 1 and any(margin) for step, margin in zip(dilations, margins, strict=True)):
        return None
    weight = np.pad(weight, [(0, 0), (0, 0), *margins])
    return Convolution(weight, bias, strides, (max(top, bottom), max(left, right)), dilations)


def _pair(values: list[int]) -> tuple[int, int]:
    rows, columns = values
    return rows, columns


def shape_after(layer: Layer, shape: Shape) -> Shape:
    """Returns a layer's output shape for an input shape."""
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
        case Rectifier() | Activation():
            return shape


def _windows(
    shape: Shape, size: tuple[int, int], strides: tuple[int, int], padding: tuple[int, int] = (0, 0)
) -> Iterator[int]:
    for side, window, stride, pad in zip(shape[1:], size, strides, padding, strict=True):
        yield (side + 2 * pad - window) // stride + 1


def channels_last(layers: Iterable[Layer]) -> list[Layer]:
    """Reorders dense weights for a library whose flattened pictures have the channel varying fastest."""
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
    """Folds the card's temperature and bias into the last layer, so that its softmax is calibrated.

    It then matches the classifier's.
    """
    *before, last = layers
    if not isinstance(last, Dense):
        raise ModelFormatError(card.name, "does not end with a dense layer", REMEDY)
    bias = last.bias / np.float32(card.temperature)
    if NOT_A_DIGIT in card.labels:
        bias[card.labels.index(NOT_A_DIGIT)] += np.float32(card.background_logit_adjustment)
    return (*before, Dense(last.weight / np.float32(card.temperature), bias))
