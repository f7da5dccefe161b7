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
        size: of the file, bytes.
    """

    parameters: int
    operations: int | None
    size: int


@dataclass(frozen=True, slots=True)
class Timing:
    """Median seconds: of a call with one glyph, per glyph in a batch, of a fresh process that reads one."""

    single: float
    batch: float
    cold_start: float


def examine(content: bytes, layout: tuple[int, ...], source: str) -> Graph:
    """Counts the parameters and operations of an ONNX file, for glyphs of this shape, without the batch.

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

    nodes = [node for node in model.graph.node if node.op_type == "Constant"]
    constants = [each.t for node in nodes for each in node.attribute if each.name == "value"]
    no_weights = (TensorProto.INT64, TensorProto.BOOL, TensorProto.STRING)
    weights = [t for t in (*model.graph.initializer, *constants) if t.data_type not in no_weights and t.dims]
    return sum(math.prod(weight.dims) for weight in weights)


def _operations(model: Any, layout: tuple[int, ...]) -> int | None:
    """Counts the multiplications for one glyph, using the shapes that ONNX infers."""
    weights = {tensor.name for tensor in model.graph.initializer}
    (given,) = [value for value in model.graph.input if value.name not in weights]
    shape = given.type.tensor_type.shape
    batch = shape.dim[0].dim_value if shape.dim and shape.dim[0].dim_value > 0 else 1
    shapes = infer_shapes(model, given.name, (batch, *layout))
    counts = [products(node, shapes) for node in model.graph.node]
    known = [count for count in counts if count is not None]
    return sum(known) // batch if len(known) == len(counts) else None


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


def products(node: Any, shapes: dict[str, list[int]]) -> int | None:
    """Counts the multiplications of a convolution or matrix product, else 0; ``None`` if unknown."""
    if node.op_type in OPAQUE or node.domain not in ("", "ai.onnx"):
        return None
    if node.op_type in KERNELS:
        each = node.input[0] if node.op_type == "ConvTranspose" else node.output[0]
        kernel = shapes.get(node.input[KERNELS[node.op_type]], [0])
        return math.prod(shapes.get(each, [0])) * math.prod(kernel[1:]) or None
    if node.op_type in PRODUCTS:
        left = shapes.get(node.input[PRODUCTS[node.op_type]], [0])
        transposed = any(attribute.name == "transA" and attribute.i for attribute in node.attribute)
        return math.prod(shapes.get(node.output[0], [0])) * (left[0] if transposed else left[-1]) or None
    return 0


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
    rounds: list[list[float]] = []
    while len(rounds) < LEAST_ROUNDS or (len(rounds) < MOST_ROUNDS and perf_counter() - start < SECONDS / 2):
        rounds.append([_call(reader, glyphs) for reader in readers])
    return [statistics.median(seconds) for seconds in zip(*rounds, strict=True)]


def _call(reader: Callable[[NDArray[np.uint8]], object], glyphs: NDArray[np.uint8]) -> float:
    begun = perf_counter()
    reader(glyphs)
    return perf_counter() - begun


def measure_cold_starts(identities: Sequence[dict[str, Any]]) -> list[float]:
    """Measures the median seconds for a fresh process to import, load, and read one glyph, for each system.

    The identities are those of ``System.identity``; they also take turns.

    Raises:
        ModelFormatError: a process fails, or takes too long.
    """
    rounds = [[_cold_start(identity) for identity in identities] for _ in range(COLD_STARTS)]
    return [statistics.median(seconds) for seconds in zip(*rounds, strict=True)]


def _cold_start(identity: dict[str, Any]) -> float:
    script = "import sys; from inkread.evaluation.systems import read_first; read_first(sys.argv[1])"
    command = [sys.executable, "-c", script, json.dumps(identity)]
    begun = perf_counter()
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=LONGEST_START)  # noqa: S603
    except (OSError, subprocess.SubprocessError) as error:
        output = getattr(error, "stderr", None) or str(error).encode()
        reason = output.decode(errors="replace").strip().splitlines()[-1]
        problem = f"cannot be run in a fresh process ({reason})"
        remedy = "check that inkread can be imported from here"
        raise ModelFormatError(identity["model"], problem, remedy) from error
    return perf_counter() - begun
