"""Measures what a model costs: parameters and operations from its graph, latency and cold start by clock."""

from __future__ import annotations

import json
import math
import statistics
import subprocess
import sys
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any

from inkread.errors import MissingExtraError, ModelFormatError
from inkread.models.onnx_session import cause

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

BATCH = 256
"""Number of glyphs per batch, the same that inkread passes to the runtime at a time."""

WARM_UPS = 3
LEAST_ROUNDS, MOST_ROUNDS = 5, 100
SECONDS = 10.0
"""Approximate seconds for all rounds together, unless ``LEAST_ROUNDS`` takes longer."""

COLD_STARTS = 5
LONGEST_START = 120.0
"""Timeout of a fresh process, in seconds."""

KERNELS = {"Conv": 1, "ConvInteger": 1, "ConvTranspose": 1, "QLinearConv": 3}
"""Convolutions, and the index of their kernel input."""

PRODUCTS = {"Gemm": 0, "MatMul": 0, "MatMulInteger": 0, "QLinearMatMul": 0}
"""Matrix products, and the index of their left matrix."""

OPAQUE = {"LSTM", "GRU", "RNN", "Einsum", "Attention", "If", "Loop", "Scan"}
"""Operators whose multiplications are not counted; a graph with one of them has no count."""


@dataclass(frozen=True, slots=True)
class Graph:
    """Costs that follow from a model's graph.

    Attributes:
        parameters: number of weights in the file; batch norms are usually folded into others.
        operations: multiplications of convolutions and matrix products per glyph; ``None`` if unknown.
        size: size of the file, bytes.
    """

    parameters: int
    operations: int | None
    size: int


@dataclass(frozen=True, slots=True)
class Timing:
    """Median times, in seconds.

    Attributes:
        single: a call with one glyph.
        batch: a call with ``BATCH`` glyphs, divided by their number.
        cold_start: a fresh Python process that reads one glyph, from start to end.
    """

    single: float
    batch: float
    cold_start: float


def examine(content: bytes, layout: tuple[int, ...], source: str) -> Graph:
    """Counts the parameters and operations of an ONNX file.

    Args:
        content: the bytes of the file.
        layout: the model's input shape of one glyph, without the batch axis.
        source: the name of the file, for errors.

    Raises:
        MissingExtraError: the package ``onnx`` is not installed.
        ModelFormatError: the file is not an ONNX model.
    """
    try:
        import onnx
    except ModuleNotFoundError as error:
        raise MissingExtraError("onnx", "train") from error
    try:
        model = onnx.load_model_from_string(content)
        parameters = _parameters(model)
        operations = _operations(model, layout)
    except Exception as error:  # protobuf's and onnx's errors have no more specific base class
        problem = f"is not an ONNX model ({cause(error)})"
        raise ModelFormatError(source, problem, "export it again") from error
    return Graph(parameters, operations, len(content))


def _parameters(model: Any) -> int:
    """Counts the numbers in all weights; 64-bit integers are shapes and axes, and scalars are constants."""
    from onnx import TensorProto

    constants = [
        attribute.t
        for node in model.graph.node
        if node.op_type == "Constant"
        for attribute in node.attribute
        if attribute.name == "value"
    ]
    no_weights = (TensorProto.INT64, TensorProto.BOOL, TensorProto.STRING)
    return sum(
        math.prod(tensor.dims)
        for tensor in (*model.graph.initializer, *constants)
        if tensor.data_type not in no_weights and tensor.dims
    )


def _operations(model: Any, layout: tuple[int, ...]) -> int | None:
    """Counts the multiplications for one glyph, using the shapes that ONNX infers."""
    weights = {tensor.name for tensor in model.graph.initializer}
    (given,) = [value for value in model.graph.input if value.name not in weights]
    shape = given.type.tensor_type.shape
    batch = shape.dim[0].dim_value if shape.dim and shape.dim[0].dim_value > 0 else 1
    shapes = infer_shapes(model, given.name, (batch, *layout))
    total = 0
    for node in model.graph.node:
        if node.op_type in OPAQUE or node.domain not in ("", "ai.onnx"):
            return None
        if node.op_type in (*KERNELS, *PRODUCTS):
            found = products(node, shapes)
            if not found:
                return None
            total += found
    return total // batch


def infer_shapes(model: Any, source: str, shape: tuple[int, ...]) -> dict[str, list[int]]:
    """Returns the shape of every value by name, 0 for an unknown side, if the input ``source`` has ``shape``.

    The input's shape in ``model`` is replaced, and other noted shapes are removed.
    """
    from onnx import shape_inference

    (given,) = [value for value in model.graph.input if value.name == source]
    sides = given.type.tensor_type.shape
    del sides.dim[:]
    for side in shape:
        sides.dim.add().dim_value = side
    del model.graph.value_info[:]  # shapes noted for another batch size would conflict
    for value in model.graph.output:
        value.type.tensor_type.ClearField("shape")
    graph = shape_inference.infer_shapes(model, data_prop=True).graph
    shapes: dict[str, list[int]] = {tensor.name: list(tensor.dims) for tensor in graph.initializer}
    for value in (*graph.input, *graph.value_info, *graph.output):
        shapes[value.name] = [dim.dim_value for dim in value.type.tensor_type.shape.dim]
    return shapes


def products(node: Any, shapes: dict[str, list[int]]) -> int:
    """Counts the multiplications of a convolution or matrix product; 0 if a shape is unknown."""
    given, result = (shapes.get(name, [0]) for name in (node.input[0], node.output[0]))
    if node.op_type in KERNELS:
        kernel = shapes.get(node.input[KERNELS[node.op_type]], [0])
        each = given if node.op_type == "ConvTranspose" else result
        return math.prod(each) * math.prod(kernel[1:])
    left = shapes.get(node.input[PRODUCTS[node.op_type]], [0])
    transposed = any(attribute.name == "transA" and attribute.i for attribute in node.attribute)
    return math.prod(result) * (left[0] if transposed else left[-1])


def measure_latency(
    readers: Sequence[Callable[[NDArray[np.uint8]], object]], glyphs: NDArray[np.uint8]
) -> list[float]:
    """Measures each reader's median seconds per call with these glyphs.

    The readers take turns, round by round, so that other load on the machine affects all alike.
    """
    for reader in readers:
        for _ in range(WARM_UPS):
            reader(glyphs)
    start = perf_counter()
    taken: list[list[float]] = [[] for _ in readers]
    while len(taken[0]) < LEAST_ROUNDS or (
        len(taken[0]) < MOST_ROUNDS and perf_counter() - start < SECONDS / 2
    ):
        for reader, seconds in zip(readers, taken, strict=True):
            begun = perf_counter()
            reader(glyphs)
            seconds.append(perf_counter() - begun)
    return [statistics.median(seconds) for seconds in taken]


def measure_cold_starts(identities: Sequence[dict[str, Any]]) -> list[float]:
    """Measures the median seconds for a fresh process to import, load, and read one glyph, for each system.

    Args:
        identities: see ``System.identity``; they also take turns.

    Raises:
        ModelFormatError: a process fails, or takes too long.
    """
    script = "import sys; from inkread.evaluation.systems import read_first; read_first(sys.argv[1])"
    taken: list[list[float]] = [[] for _ in identities]
    for _ in range(COLD_STARTS):
        for identity, seconds in zip(identities, taken, strict=True):
            begun = perf_counter()
            _run([sys.executable, "-c", script, json.dumps(identity)], identity["model"])
            seconds.append(perf_counter() - begun)
    return [statistics.median(seconds) for seconds in taken]


def _run(command: list[str], source: str) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=LONGEST_START)  # noqa: S603
    except (OSError, subprocess.SubprocessError) as error:
        output = getattr(error, "stderr", None) or str(error).encode()
        problem = (
            f"cannot be run in a fresh process ({output.decode(errors='replace').strip().splitlines()[-1]})"
        )
        raise ModelFormatError(source, problem, "check that inkread can be imported from here") from error
