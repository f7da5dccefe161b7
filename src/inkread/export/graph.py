"""An ONNX graph that grows by operators, for tensors of a library with a different axis order.

ONNX computes channels first, Keras usually channels last. A ``Value`` is a tensor of the graph together with
the tensor it represents, so that axes are moved, and shapes changed, only when a layer requires it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from inkread.models.graph import Graph
from inkread.models.layers import GLYPH

if TYPE_CHECKING:
    from numpy.typing import NDArray

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Value:
    """A tensor of the graph and the tensor it represents: the same numbers with other axes and another shape.

    Attributes:
        name: its name in the graph.
        held: its shape in the graph; all shapes are without the batch.
        axes: the axes of ``held``, in the order of the represented tensor.
        shape: the shape of the represented tensor.
    """

    name: str
    held: Shape
    axes: Shape
    shape: Shape

    @property
    def places(self) -> NDArray[np.intp]:
        """Index in the graph's tensor of each number of the represented tensor, both in row-major order."""
        return np.arange(math.prod(self.held)).reshape(self.held).transpose(self.axes).ravel()

    @property
    def is_in_order(self) -> bool:
        """Whether both tensors have the same order of numbers."""
        return bool((np.diff(self.places) == 1).all())

    def arranged(self, values: NDArray[Any]) -> NDArray[np.float32]:
        """Broadcasts numbers to the represented tensor's shape, then rearranges them to the held shape."""
        held = np.empty(math.prod(self.held), np.float32)
        held[self.places] = np.broadcast_to(values, self.shape).ravel()
        return held.reshape(self.held)


class MovingGraph(Graph):
    """A graph that moves axes and changes shapes on demand."""

    def in_order(self, value: Value) -> Value:
        """Returns the represented tensor as a tensor of the graph."""
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
        """Makes a three-axis tensor channels-first in the graph; ``channel`` is its axis of channels now."""
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
