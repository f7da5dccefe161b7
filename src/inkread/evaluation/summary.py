"""Lists a network's layers with their shapes, parameters and multiplications, from its ONNX file alone.

An activation, a bias and 8-bit rounding belong to the layer before them. Operators that only move values are
counted, but not listed.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from inkread.errors import MissingExtraError, ModelFormatError
from inkread.evaluation.cost import KERNELS, PRODUCTS, infer_shapes, products
from inkread.models.onnx_session import REMEDY, cause

if TYPE_CHECKING:
    from collections.abc import Iterator

    from inkread.models import Model

FREE_SIDE = 256
"""Stands in for a side that the network leaves open, such as the width of a page."""

ROUNDING = {"QuantizeLinear", "DequantizeLinear", "Identity", "Cast"}
"""Operators that pass a value on in another number format."""

MOVES = {"Constant", "Reshape", "Slice", "Split", "Squeeze", "Transpose", "Unsqueeze"}
"""Operators that only move values."""

ACTIVATIONS = {
    "Clip": "clip", "Elu": "ELU", "HardSigmoid": "hard sigmoid", "HardSwish": "hard swish",
    "LeakyRelu": "leaky ReLU", "PRelu": "PReLU", "Relu": "ReLU", "Sigmoid": "sigmoid", "Softmax": "softmax",
    "Tanh": "tanh",
}  # fmt: skip

KINDS = {
    "Add": ("add", "addition"),
    "AveragePool": ("pool", "average pooling"),
    "Concat": ("concat", "concatenation"),
    "Conv": ("conv", "convolution"),
    "ConvTranspose": ("conv", "transposed convolution"),
    "Div": ("divide", "elementwise quotient"),
    "Flatten": ("flatten", "flattening"),
    "Gemm": ("dense", "fully connected"),
    "GlobalAveragePool": ("pool", "global average pooling"),
    "MatMul": ("dense", "fully connected"),
    "MaxPool": ("pool", "maximum pooling"),
    "Mean": ("average", "mean of the inputs"),
    "Mul": ("multiply", "elementwise product"),
    "ReduceMax": ("max", "maximum of an axis"),
    "ReduceMean": ("mean", "mean of an axis"),
    "Resize": ("resize", "interpolation"),
    "Sub": ("subtract", "elementwise difference"),
}
"""Name and kind of a layer by operator; others have their operator's name."""


@dataclass(frozen=True, slots=True)
class LayerRow:
    """One layer.

    Attributes:
        name: its name in this list, such as ``"conv 2"``.
        kind: what it computes, such as ``"convolution 3×3, stride 2, ReLU"``.
        shape: its output shape, without the batch; 0 for an unknown side, empty if none is known.
        parameters: number of its weights.
        operations: multiplications of a convolution or matrix product, else 0; ``None`` if unknown.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    parameters: int
    operations: int | None


@dataclass(frozen=True, slots=True)
class Summary:
    """All layers of a network.

    Attributes:
        source: the name of its input.
        shape: its input shape, without the batch.
        free: whether the network leaves some of these sides open, which then are ``FREE_SIDE``.
        rows: its layers in the order of their computation.
        unlisted: number of operators that only move values, by type.
    """

    source: str
    shape: tuple[int, ...]
    free: bool
    rows: tuple[LayerRow, ...]
    unlisted: dict[str, int]

    @property
    def parameters(self) -> int:
        """Number of weights."""
        return sum(row.parameters for row in self.rows)

    @property
    def operations(self) -> int | None:
        """Multiplications per input; ``None`` if those of a layer are unknown."""
        known = [row.operations for row in self.rows if row.operations is not None]
        return sum(known) if len(known) == len(self.rows) else None


def summarize(model: Model) -> Summary:
    """Lists the layers of a verified model.

    Raises:
        MissingExtraError: the package ``onnx`` is not installed.
        ModelFormatError: it has several inputs, or is not a valid network.
    """
    try:
        import onnx
    except ModuleNotFoundError as error:
        raise MissingExtraError("onnx", "export") from error
    try:
        walk = _Walk(onnx.load_model_from_string(model.content))
        rows = tuple(walk.rows())
    except Exception as error:  # protobuf's and onnx's errors have no more specific base class
        problem = f"has layers that cannot be listed ({cause(error)})"
        raise ModelFormatError(str(model.path), problem, REMEDY) from error
    return Summary(walk.source, walk.shape, walk.free, rows, walk.unlisted)


class _Walk:
    """Goes once through a graph, and joins each operator with those that belong to it."""

    def __init__(self, model: Any) -> None:
        self.nodes = list(model.graph.node)
        self.tensors = {tensor.name: tensor for tensor in model.graph.initializer}
        (given,) = [value for value in model.graph.input if value.name not in self.tensors]
        sides = [dim.dim_value for dim in given.type.tensor_type.shape.dim][1:]
        self.source, self.free = given.name, 0 in sides
        self.shape = tuple(side or FREE_SIDE for side in sides)
        self.shapes = infer_shapes(model, self.source, (1, *self.shape))
        self.unlisted: dict[str, int] = Counter()
        self._results = {value.name for value in model.graph.output}
        self._joined_before: set[str] = set()
        self._counted: set[str] = set()
        self._origin = {n.output[0]: n.input[0] for n in self.nodes if n.op_type in ROUNDING}
        self._users: dict[str, list[Any]] = defaultdict(list)
        for node in self.nodes:
            for name in node.input:
                self._users[name].append(node)

    def rows(self) -> Iterator[LayerRow]:
        """Yields a row for each layer."""
        numbers: Counter[str] = Counter()
        for node in self.nodes:
            if node.op_type in ROUNDING or node.output[0] in self._joined_before:
                continue
            if node.op_type in MOVES:
                self.unlisted[node.op_type] += 1
                continue
            name, kind = KINDS.get(node.op_type, (node.op_type.lower(), ACTIVATIONS.get(node.op_type, "")))
            numbers[name] += 1
            kind, parameters = " ".join(filter(None, (kind, _details(node, self._weight_shape(node))))), 0
            result = node
            for each in self._joined(node):
                result = each
                parameters += self._weights(each)
                if each is not node and each.op_type in ACTIVATIONS:
                    kind += f", {ACTIVATIONS[each.op_type]}"
            if result.op_type not in ACTIVATIONS and self._is_clamped(result):
                kind += ", ReLU"
            shape = tuple(self.shapes.get(result.output[0], [])[1:])
            operations = products(node, self.shapes)
            yield LayerRow(f"{name} {numbers[name]}", kind, shape, parameters, operations)

    def _joined(self, node: Any) -> Iterator[Any]:
        """Yields the operator, and those after it that belong to the same layer: a bias, an activation."""
        yield node
        if node.op_type not in (*KERNELS, *PRODUCTS, "Add"):
            return
        while (follower := self._only_user(node)) is not None:
            is_bias = follower.op_type == "Add" and any(map(self._is_weight, follower.input))
            if not is_bias and follower.op_type not in ACTIVATIONS:
                return
            self._joined_before.add(follower.output[0])
            yield follower
            if not is_bias:
                return
            node = follower

    def _only_user(self, node: Any) -> Any | None:
        """Returns the only operator that takes this one's output, if there is one, past any rounding."""
        name = node.output[0]
        while name not in self._results and len(users := self._users[name]) == 1:
            if users[0].op_type not in ROUNDING:
                return users[0]
            name = users[0].output[0]
        return None

    def _is_clamped(self, node: Any) -> bool:
        """Returns whether 8-bit rounding cuts off an output's negative values, as a ReLU would."""
        from onnx import numpy_helper

        users = self._users[node.output[0]]
        rounded = [user.op_type for user in users] == ["QuantizeLinear"] and len(users[0].input) > 2
        if not rounded or node.op_type not in (*KERNELS, *PRODUCTS, "Add"):
            return False
        zero = numpy_helper.to_array(self.tensors[users[0].input[2]])
        return bool((zero == np.iinfo(zero.dtype).min).all())

    def _is_weight(self, name: str) -> bool:
        return self._stored(name) in self.tensors

    def _stored(self, name: str) -> str:
        """Returns the name of a value before its rounding."""
        while name in self._origin:
            name = self._origin[name]
        return name

    def _weights(self, node: Any) -> int:
        """Counts an operator's weights that no operator before it uses."""
        from onnx import TensorProto

        if node.op_type == "Resize":  # its only tensors are sizes
            return 0
        names = {self._stored(name) for name in node.input if self._is_weight(name)} - self._counted
        self._counted |= names
        found = [self.tensors[name] for name in names]
        return sum(
            math.prod(each.dims) for each in found if each.data_type != TensorProto.INT64 and each.dims
        )

    def _weight_shape(self, node: Any) -> list[int]:
        weights = [name for name in node.input[1:] if self._is_weight(name)]
        return list(self.tensors[self._stored(weights[0])].dims) if weights else []


def _details(node: Any, weight: list[int]) -> str:
    """Describes an operator's window: ``"3×3, stride 2"``; ``""`` if it has none."""
    from onnx.helper import get_attribute_value

    given = {each.name: get_attribute_value(each) for each in node.attribute}
    parts = []
    window = given.get("kernel_shape") or (weight[2:] if node.op_type in KERNELS else [])
    if window:
        parts.append("×".join(map(str, window)))
    ones = [1] * len(window)
    usual_stride = window if "Pool" in node.op_type else ones
    for name, word, usual in (("strides", "stride", usual_stride), ("dilations", "dilation", ones)):
        values = given.get(name, ones)
        if values != usual:
            parts.append(f"{word} {'×'.join(map(str, values if len(set(values)) > 1 else values[:1]))}")
    if given.get("group", 1) > 1:
        parts.append(f"{given['group']} groups")
    return ", ".join(parts)
