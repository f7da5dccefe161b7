"""The detector, and the networks for close-ups, strips, and rescoring, as ONNX graphs without batch norms."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from inkread.models import DIGIT_CLASSES
from inkread.pipeline.closeups import SIDE
from inkread.pipeline.rescoring import FEATURES, NEIGHBORS, OWN, PAIR

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from inkread.training.closeup_network import CloseupNetwork
    from inkread.training.detector_network import DetectorNetwork
    from inkread.training.rescoring_network import RescoringEnsemble, RescoringNetwork
    from inkread.training.strip_network import StripNetwork

OPSET, IR_VERSION = 17, 8
LAST = "objects"
"""The name of the last convolution, which stays in 32 bits: logits and sides of boxes would share a scale."""


class _Graph:
    """An ONNX graph that grows by operators; each method returns the name of its result."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def _named(self, operation: str, inputs: list[str], **attributes: Any) -> str:
        name = f"{operation.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operation, inputs, [name], name=name, **attributes))
        return name

    def _constant(self, values: NDArray[np.float32]) -> str:
        name = f"constant_{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(values, name))
        return name

    def convolution(self, layer: Any, value: str) -> str:
        """Adds a convolution, with the following batch norm, if any, folded in."""
        parts: list[Any] = list(layer) if isinstance(layer, nn.Sequential) else [layer, None]
        conv, norm = parts
        weight, bias = _values(conv.weight), _values(conv.bias)
        if isinstance(norm, nn.BatchNorm2d):
            gain = _values(norm.weight) / np.sqrt(_values(norm.running_var) + norm.eps)
            weight = weight * gain[:, None, None, None]
            bias = _values(norm.bias) + (bias - _values(norm.running_mean)) * gain
        inputs = [
            value,
            self._constant(weight.astype(np.float32)),
            self._constant(np.broadcast_to(bias, len(weight)).astype(np.float32)),
        ]
        return self._named(
            "Conv",
            inputs,
            kernel_shape=list(conv.kernel_size),
            strides=list(conv.stride),
            pads=list(conv.padding) * 2,
            dilations=list(conv.dilation),
        )

    def relu(self, value: str) -> str:
        """Adds a ReLU."""
        return self._named("Relu", [value])

    def highest(self, layer: Any, value: str) -> str:
        """Adds a max pooling."""
        size = layer.kernel_size
        window = [size, size] if isinstance(size, int) else list(size)
        return self._named("MaxPool", [value], kernel_shape=window, strides=window)

    def add(self, one: str, other: str) -> str:
        """Adds two values."""
        return self._named("Add", [one, other])

    def residuals(self, blocks: nn.Sequential, value: str) -> str:
        """Adds residual blocks, one after the other."""
        for block in blocks:
            value = self.residual(block, value)
        return value

    def residual(self, block: Any, value: str) -> str:
        """Adds a residual block."""
        inner = self.relu(self.convolution(block.first, value))
        return self.relu(self.add(value, self.convolution(block.second, inner)))

    def dense(self, layer: nn.Linear, value: str) -> str:
        """Adds a dense layer on the last axis."""
        product = self._named("MatMul", [value, self._constant(_values(layer.weight).T.astype(np.float32))])
        return self._named("Add", [product, self._constant(_values(layer.bias).astype(np.float32))])

    def scaled(self, value: str, mean: Any, deviation: Any) -> str:
        """Adds a standardization: minus the mean, by the deviation."""
        centered = self._named("Sub", [value, self._constant(_values(mean).astype(np.float32))])
        return self._named("Div", [centered, self._constant(_values(deviation).astype(np.float32))])

    def part(self, value: str, axis: int, first: int, end: int) -> str:
        """Adds a slice along an axis."""
        numbers = [self._whole_numbers([each]) for each in (first, end, axis)]
        return self._named("Slice", [value, *numbers])

    def shaped(self, value: str, shape: Sequence[int]) -> str:
        """Adds a change of shape."""
        return self._named("Reshape", [value, self._whole_numbers(shape)])

    def times(self, one: str, other: str) -> str:
        """Adds an element-wise product."""
        return self._named("Mul", [one, other])

    def over(self, operation: str, value: str, axis: int) -> str:
        """Adds a ``ReduceMax`` or ``ReduceMean`` along an axis."""
        return self._named(operation, [value], axes=[axis], keepdims=0)

    def mean(self, values: Sequence[str]) -> str:
        """Adds the mean of several values of one shape."""
        return self._named("Mean", list(values))

    def beside(self, values: Sequence[str]) -> str:
        """Adds a concatenation along the second axis."""
        return self._named("Concat", list(values), axis=1)

    def _whole_numbers(self, values: Sequence[int]) -> str:
        name = f"constant_{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.array(values, np.int64), name))
        return name

    def doubled(self, value: str) -> str:
        """Adds an enlargement to twice the height and width, repeating each place."""
        scales = self._constant(np.array([1, 1, 2, 2], np.float32))
        return self._named(
            "Resize", [value, "", scales], mode="nearest", nearest_mode="floor",
            coordinate_transformation_mode="asymmetric",
        )  # fmt: skip


def _values(tensor: Any) -> NDArray[np.float64]:
    """Converts a tensor to an array; 0 for ``None``."""
    return np.zeros(()) if tensor is None else np.asarray(tensor.detach().double().cpu().numpy())


def to_onnx(network: DetectorNetwork) -> bytes:
    """Converts the detector: ``planes`` N×2×H×W -> ``objects`` N×(classes + 4)×H/4×W/4."""
    g = _Graph()
    value = g.relu(g.convolution(network.stem_half, "planes"))
    value = g.relu(g.convolution(network.stem_quarter, value))
    quarter = g.residuals(network.quarter_down, value)
    eighth = g.residuals(network.eighth_down, g.relu(g.convolution(network.to_eighth, quarter)))
    coarse = g.residuals(network.sixteenth, g.relu(g.convolution(network.to_sixteenth, eighth)))
    coarse = g.doubled(g.convolution(network.from_sixteenth, coarse))
    eighth = g.residuals(network.eighth_up, g.relu(g.add(eighth, coarse)))
    fine = g.doubled(g.convolution(network.from_eighth, eighth))
    fine = g.residuals(network.quarter_up, g.relu(g.add(quarter, fine)))
    fine = g.relu(g.convolution(network.head, fine))
    g.convolution(network.output, fine)
    g.nodes[-1].name, g.nodes[-1].output[0] = LAST, "objects"
    return _whole(
        g, "detector", ("planes", [None, 2, None, None]), ("objects", [None, network.classes + 4, None, None])
    )


def closeups_to_onnx(network: CloseupNetwork) -> bytes:
    """Converts the network for close-ups: ``planes`` N×2×48×48 -> ``logits`` N×classes."""
    g = _Graph()
    value = g.residual(network.fine, g.relu(g.convolution(network.stem, "planes")))
    value = g.residual(network.middle, g.relu(g.convolution(network.to_middle, value)))
    value = g.residual(network.coarse, g.relu(g.convolution(network.to_coarse, value)))
    value = g.convolution(network.output, g.relu(g.convolution(network.flat, value)))
    g.nodes[-1].name = LAST
    g.nodes.append(helper.make_node("Flatten", [value], ["logits"], name="logits"))
    classes = network.output.out_channels
    return _whole(g, "closeup", ("planes", [None, 2, SIDE, SIDE]), ("logits", [None, classes]))


def strips_to_onnx(network: StripNetwork, *, takes: str = "strips") -> bytes:
    """Converts the network for strips: ``takes`` N×1×H×W -> ``columns`` N×(2 * classes)×1×W/4."""
    g = _Graph()
    value, layers = takes, list(network)
    for layer, following in pairwise(layers):
        if isinstance(layer, nn.Conv2d):
            norm = following if isinstance(following, nn.BatchNorm2d) else nn.Identity()
            value = g.convolution(nn.Sequential(layer, norm), value)
        elif isinstance(layer, nn.ReLU):
            value = g.relu(value)
        elif isinstance(layer, nn.MaxPool2d):
            value = g.highest(layer, value)
    g.convolution(layers[-1], value)
    g.nodes[-1].name, g.nodes[-1].output[0] = LAST, "columns"
    answers = int(layers[-1].out_channels)  # type: ignore[arg-type]
    return _whole(g, "strip", (takes, [None, 1, network.height, None]), ("columns", [None, answers, 1, None]))


def rescoring_to_onnx(networks: RescoringEnsemble) -> bytes:
    """Converts the rescoring networks to one model: ``features`` N×277 -> ``changes`` N×classes."""
    g = _Graph()
    answers = [_rescored(g, cast("RescoringNetwork", member)) for member in networks.members]
    g.mean(answers)
    g.nodes[-1].output[0] = "changes"
    return _whole(g, "rescoring", ("features", [None, FEATURES]), ("changes", [None, len(DIGIT_CLASSES)]))


def _rescored(g: _Graph, network: RescoringNetwork) -> str:
    scaled = g.scaled("features", network.mean, network.deviation)
    shape = (-1, NEIGHBORS, PAIR)
    pairs = g.shaped(g.part(scaled, 1, OWN, FEATURES), shape)
    present = g.part(g.shaped(g.part("features", 1, OWN, FEATURES), shape), 2, 0, 1)
    heard = g.relu(g.dense(network.second, g.relu(g.dense(network.first, pairs))))
    heard = g.times(heard, present)
    pooled = [g.over(operation, heard, 1) for operation in ("ReduceMax", "ReduceMean")]
    value = g.relu(g.dense(network.together, g.beside([g.part(scaled, 1, 0, OWN), *pooled])))
    return g.dense(network.output, g.relu(g.dense(network.narrow, value)))


def _whole(
    graph: _Graph, name: str, takes: tuple[str, list[int | None]], gives: tuple[str, list[int | None]]
) -> bytes:
    """Returns the graph as the bytes of a model that ONNX's checker accepts."""
    inputs, outputs = (
        helper.make_tensor_value_info(one, TensorProto.FLOAT, shape) for one, shape in (takes, gives)
    )
    whole = helper.make_graph(graph.nodes, name, [inputs], [outputs], graph.weights)
    model = helper.make_model(whole, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString())
