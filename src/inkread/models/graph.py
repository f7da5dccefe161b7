"""Writes ONNX: a graph that grows by operators, for the networks of glyphs and of pages alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inkread.models.onnx_session import Shape

OPSET, IR_VERSION = 17, 8
"""From 2022: old enough for every runtime in use, new enough for every operator here."""


@dataclass(frozen=True, slots=True)
class Made:
    """An operator of a graph with one input, its weights in order, and its attributes by name."""

    input: str
    weights: list[NDArray[Any]]
    attributes: dict[str, Any]


class Graph:
    """The operators and weights of a network; values have names."""

    def __init__(self) -> None:
        self._nodes: dict[str, onnx.NodeProto] = {}
        self._weights: dict[str, NDArray[Any]] = {}

    def add(self, operator: str, *inputs: str | NDArray[Any] | np.float32, **attributes: Any) -> str:
        """Adds an operator on values, by name, and weights; returns the name of its output."""
        name = f"{len(self._nodes)}.{operator}"
        names = []
        for each in inputs:
            if not isinstance(each, str):
                weight = f"{len(self._weights)}.weight"
                self._weights[weight] = np.ascontiguousarray(each)
                each = weight  # noqa: PLW2901 - refer to it by name from here on
            names.append(each)
        self._nodes[name] = helper.make_node(operator, names, [name], name=name, **attributes)
        return name

    def maker(self, value: str, operator: str) -> Made | None:
        """Returns the operator that computes a value, if it is of this kind."""
        node = self._nodes.get(value)
        if node is None or node.op_type != operator:
            return None
        attributes = {each.name: helper.get_attribute_value(each) for each in node.attribute}
        return Made(node.input[0], [self._weights[name] for name in node.input[1:]], attributes)

    def scaled(
        self, value: str, operator: str, gain: NDArray[np.floating], shift: NDArray[np.floating]
    ) -> str | None:
        """Multiplies each channel of a ``"Conv"`` or ``"Gemm"`` by a gain and adds a shift, in the weights.

        Returns the name of the new output; ``None`` if the operator does not compute the value.
        """
        made = self.maker(value, operator)
        if made is None:
            return None
        weight, bias = made.weights
        weight = weight * gain.reshape(-1, *[1] * (weight.ndim - 1))
        return self.add(operator, made.input, single(weight), single(bias * gain + shift), **made.attributes)

    def content(self, result: str, *, takes: tuple[str, Shape], gives: str) -> bytes:
        """Serializes everything that a value depends on, under the name ``gives``; omits the rest.

        ``takes`` has the name and shape of the input; an axis that is ``None`` is dynamic. Both are float32.
        """
        needed, nodes = {result}, []
        for name, node in reversed(self._nodes.items()):
            if name in needed:
                needed.update(node.input)
                nodes.append(node)
        nodes[0].output[:] = [gives]
        name, (_, *sides) = takes
        graph = helper.make_graph(
            nodes[::-1],
            "inkread",
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", *sides])],
            [helper.make_tensor_value_info(gives, TensorProto.FLOAT, None)],
            [numpy_helper.from_array(each, name) for name, each in self._weights.items() if name in needed],
        )
        opset = helper.make_opsetid("", OPSET)
        model = helper.make_model(
            graph, opset_imports=[opset], ir_version=IR_VERSION, producer_name="inkread"
        )
        shaped = onnx.shape_inference.infer_shapes(model, data_prop=True)
        model.graph.output[0].CopyFrom(shaped.graph.output[0])
        onnx.checker.check_model(model, full_check=True)
        return bytes(model.SerializeToString())


def single(values: NDArray[np.floating]) -> NDArray[np.float32]:
    """Converts weights to float32, in row-major order."""
    return np.ascontiguousarray(values, np.float32)
