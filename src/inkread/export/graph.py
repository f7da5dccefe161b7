"""An ONNX graph that grows operator by operator, for the tensors of a library that orders its axes otherwise.

ONNX calculates with the channels first, Keras usually with the channels last. A ``Value`` is a tensor of the graph together with the
tensor that it stands for, so that axes are only moved, and shapes only changed, where a layer makes it necessary.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import helper

from inkread.models.layers import GLYPH
from inkread.training.export import onnx_file

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from onnx import NodeProto

Shape = tuple[int, ...]

GLYPHS, LOGITS = "glyphs", "logits"
"""What every model of ours takes and gives."""


@dataclass(frozen=True, slots=True)
class Value:
    """A tensor of the graph, and the tensor that it stands for: the same numbers, in other axes and another shape.

    Attributes:
        name: in the graph.
        held: its shape there; all shapes are without the batch.
        axes: the axes of ``held`` in the order of the tensor that is meant.
        shape: the shape of that tensor.
    """

    name: str
    held: Shape
    axes: Shape
    shape: Shape

    @property
    def places(self) -> NDArray[np.intp]:
        """Where each number of the tensor that is meant is held, both counted row by row."""
        return np.arange(math.prod(self.held)).reshape(self.held).transpose(self.axes).ravel()

    @property
    def is_in_order(self) -> bool:
        """Whether the numbers are held in the order that is meant."""
        return bool((np.diff(self.places) == 1).all())

    def arranged(self, values: NDArray[Any]) -> NDArray[np.float32]:
        """Numbers for the tensor that is meant, broadcast to its shape, as an array of the shape that is held."""
        held = np.empty(math.prod(self.held), np.float32)
        held[self.places] = np.broadcast_to(values, self.shape).ravel()
        return held.reshape(self.held)


@dataclass(frozen=True, slots=True)
class Made:
    """An operator of one input in a graph.

    Attributes:
        input: the name of the value that it takes.
        weights: in the operator's order.
        attributes: by their names.
    """

    input: str
    weights: list[NDArray[Any]]
    attributes: dict[str, Any]


class Graph:
    """The operators and weights of a network of glyphs."""

    def __init__(self) -> None:
        self._nodes: dict[str, NodeProto] = {}
        self._weights: dict[str, NDArray[Any]] = {}

    def add(self, operator: str, *inputs: str | NDArray[Any] | np.float32, **attributes: Any) -> str:
        """An operator, of values by their names and of weights; returns the name of what it gives."""
        name = f"{len(self._nodes)}.{operator}"
        names = []
        for each in inputs:
            if not isinstance(each, str):
                weight = f"{len(self._weights)}.weight"
                self._weights[weight] = np.ascontiguousarray(each)
                each = weight  # noqa: PLW2901 - from here on by its name
            names.append(each)
        self._nodes[name] = helper.make_node(operator, names, [name], **attributes)
        return name

    def maker(self, value: str, operator: str) -> Made | None:
        """What gives a value, if it is that operator."""
        node = self._nodes.get(value)
        if node is None or node.op_type != operator:
            return None
        attributes = {each.name: helper.get_attribute_value(each) for each in node.attribute}
        return Made(node.input[0], [self._weights[name] for name in node.input[1:]], attributes)

    def in_order(self, value: Value) -> Value:
        """The tensor that is meant as a tensor of the graph."""
        name, held = value.name, value.held
        if not value.is_in_order:
            name = self.add("Transpose", name, perm=[0, *(1 + axis for axis in value.axes)])
            held = tuple(held[axis] for axis in value.axes)
        if held != value.shape:
            if len(value.shape) == 1:
                name = self.add("Flatten", name)
            else:
                name = self.add("Reshape", name, np.array([0, *value.shape]))
        return Value(name, value.shape, tuple(range(len(value.shape))), value.shape)

    def channels_first(self, value: Value, *, channel: int) -> Value:
        """A tensor of three axes with its channels first in the graph; ``channel`` is their axis in the tensor that is meant."""
        others = [axis for axis in range(3) if axis != channel]
        held = tuple(value.shape[axis] for axis in (channel, *others))
        axes = (1, 2, 0) if channel else (0, 1, 2)
        if (value.held, value.axes) == (held, axes):
            return value
        if value.is_in_order and value.held == GLYPH and held == (1, *GLYPH):
            name = self.add("Unsqueeze", value.name, np.array([1]))
        elif value.is_in_order and 1 in (held[0], math.prod(held[1:])):
            name = self.add("Reshape", value.name, np.array([0, *held]))
        else:
            name = self.in_order(value).name
            if channel:
                name = self.add("Transpose", name, perm=[0, 1 + channel, *(1 + axis for axis in others)])
        return Value(name, held, axes, value.shape)

    def content(self, logits: str) -> bytes:
        """The file of what the logits need, the last of them a bias; all else is left out."""
        needed = {logits}
        nodes = []
        for name, node in reversed(self._nodes.items()):
            if name in needed:
                needed.update(node.input)
                nodes.append(node)
        nodes[0].output[:] = [LOGITS]
        weights = {name: weight for name, weight in self._weights.items() if name in needed}
        (outputs,) = self._weights[nodes[0].input[-1]].shape
        return onnx_file(nodes[::-1], weights, takes=(GLYPHS, ("N", *GLYPH)), gives=(LOGITS, ("N", outputs)))
