"""The trained detector as ONNX: batch norms folded into the convolutions, compared with PyTorch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from inkread.training.detector_network import DetectorNetwork, Residual

if TYPE_CHECKING:
    from numpy.typing import NDArray

OPSET, IR_VERSION = 17, 8


class _Graph:
    """An ONNX graph that grows by convolutions, sums and enlargements; values are known by name."""

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
        """A convolution, with the batch norm behind it, if any, folded in."""
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
        pads = [conv.padding[0], conv.padding[1]] * 2
        return self._named(
            "Conv", inputs, kernel_shape=list(conv.kernel_size), strides=list(conv.stride), pads=pads
        )

    def relu(self, value: str) -> str:
        """What is positive."""
        return self._named("Relu", [value])

    def add(self, one: str, other: str) -> str:
        """The sum."""
        return self._named("Add", [one, other])

    def residuals(self, blocks: nn.Sequential, value: str) -> str:
        """Residual blocks, one after the other."""
        for block in (module for module in blocks if isinstance(module, Residual)):
            inner = self.relu(self.convolution(block.first, value))
            value = self.relu(self.add(value, self.convolution(block.second, inner)))
        return value

    def doubled(self, value: str) -> str:
        """Twice as high and wide, each place repeated."""
        scales = self._constant(np.array([1, 1, 2, 2], np.float32))
        return self._named(
            "Resize", [value, "", scales], mode="nearest", nearest_mode="floor",
            coordinate_transformation_mode="asymmetric",
        )  # fmt: skip


def _values(tensor: Any) -> NDArray[np.float64]:
    """A tensor as an array; 0 for none."""
    return np.zeros(()) if tensor is None else np.asarray(tensor.detach().double().cpu().numpy())


def to_onnx(network: DetectorNetwork) -> bytes:
    """The network as an ONNX model: ``planes`` N×2×H×W -> ``objects`` N×(classes + 4)×H/4×W/4."""
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
    g.nodes[-1].output[0] = "objects"
    graph = helper.make_graph(
        g.nodes,
        "detector",
        [helper.make_tensor_value_info("planes", TensorProto.FLOAT, [None, 2, None, None])],
        [
            helper.make_tensor_value_info(
                "objects", TensorProto.FLOAT, [None, network.classes + 4, None, None]
            )
        ],
        g.weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString())
