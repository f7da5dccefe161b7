"""8-bit LiteRT: integers only, from pixels to probabilities, for processors without floating point.

Static quantization (Jacob et al. 2018), as in LiteRT's 8-bit specification: activations are asymmetric with
one scale each, computed from the minimum and maximum on representative digits; weights are symmetric, with
one scale per filter of a convolution; biases have 32 bits. Specification:
https://ai.google.dev/edge/litert/models/quantization_spec.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from inkread.export.to_litert import AlignedBuffer, Graph, graph_of, load

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from inkread.export.source import Source

__all__ = ["load", "write"]

OPERATORS = {
    getattr(schema.BuiltinOperator, name): (name, version)
    for name, version in {
        "CONV_2D": 3,
        "FULLY_CONNECTED": 4,
        "MAX_POOL_2D": 2,
        "AVERAGE_POOL_2D": 2,
        "PAD": 2,
        "RESHAPE": 1,
        "RELU": 2,
        "TANH": 2,
        "LOGISTIC": 2,
        "LEAKY_RELU": 2,
        "ELU": 1,
        "SOFTMAX": 2,
    }.items()
}
"""Operators by their number in the schema: their name, and the first version that supports 8 bits."""

KEEPING = ("MAX_POOL_2D", "AVERAGE_POOL_2D", "PAD", "RESHAPE")
"""Operators whose output has the same scale as their input."""

FIXED = {"SOFTMAX": (1 / 256, -128), "LOGISTIC": (1 / 256, -128), "TANH": (1 / 128, 0)}
"""Scale and zero point of these operators' outputs."""

PIXELS = (1 / 255, -128)
"""Scale and zero point of the glyphs: a pixel of 0..255, minus 128."""

BYTE = 127
"""The maximum weight; -128 is not used, so that products fit every processor's arithmetic."""

LARGEST_BIAS = 2**30
"""Half of the 32-bit range, because the sum of the products is added."""


LEAST_RANGE = 1e-6
"""Minimum range, for values that are all 0."""


def write(source: Source, path: Path) -> None:
    """Writes the 8-bit model, calibrated on the source's digits; it outputs calibrated probabilities."""
    graph = graph_of(source)
    images = source.calibration.astype(np.float32) / np.float32(255)
    _quantize(graph, _ranges(graph.file(source), images))
    path.write_bytes(graph.file(source))


def _ranges(model: bytes, images: NDArray[np.float32]) -> dict[int, tuple[float, float]]:
    """Returns the minimum and maximum of each tensor on the digits, by tensor number."""
    interpreter = Interpreter(
        model_content=model,
        experimental_preserve_all_tensors=True,
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )
    (glyphs,) = interpreter.get_input_details()
    interpreter.resize_tensor_input(glyphs["index"], images.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(glyphs["index"], images)
    interpreter.invoke()
    found = {}
    for tensor in interpreter.get_tensor_details():
        if tensor["dtype"] is np.float32:
            values = interpreter.get_tensor(tensor["index"])
            found[tensor["index"]] = (float(values.min()), float(values.max()))
    return found


def _quantize(graph: Graph, ranges: dict[int, tuple[float, float]]) -> None:
    """Converts all tensors to 8 bits, operator by operator, and biases to 32; shapes are already integers."""
    names = {place: OPERATORS[code] for code, place in graph.codes.items()}
    graph.versions = {code: OPERATORS[code][1] for code in graph.codes}
    _mark(graph.tensors[graph.input], *PIXELS)
    for operator in graph.operators:
        name, _ = names[operator.opcodeIndex]
        value = operator.inputs[0]
        (given,) = operator.outputs
        taken = graph.tensors[value].quantization
        if name in KEEPING:
            _mark(graph.tensors[given], taken.scale[0], taken.zeroPoint[0])
        elif name in FIXED:
            _mark(graph.tensors[given], *FIXED[name])
        else:
            _mark(graph.tensors[given], *_scale(*ranges[given]))
        if name in ("CONV_2D", "FULLY_CONNECTED"):
            _, weight, bias = operator.inputs
            _quantize_weights(graph, weight, bias, taken.scale[0], by_filter=name == "CONV_2D")


def _scale(low: float, high: float) -> tuple[float, int]:
    """Returns the scale and zero point of a range, widened to include 0."""
    low, high = min(low, 0.0), max(high, 0.0)
    scale = max(high - low, LEAST_RANGE) / 255
    return scale, round(-128 - low / scale)


def _quantize_weights(graph: Graph, weight: int, bias: int, taken: float, *, by_filter: bool) -> None:
    """Quantizes weights to 8 bits, and the bias to the scale of the products."""
    values, biases = (_values(graph, number) for number in (weight, bias))
    rows = values.reshape(len(values) if by_filter else 1, -1)
    largest_bias = np.abs(biases.reshape(len(rows), -1)).max(axis=1)
    scales = np.maximum(np.abs(rows).max(axis=1) / BYTE, largest_bias / (taken * LARGEST_BIAS))
    scales = np.maximum(scales, LEAST_RANGE / BYTE)
    whole = np.rint(rows / scales[:, None]).astype(np.int8)
    _replace(graph, weight, whole, schema.TensorType.INT8, scales)
    products = scales * taken
    _replace(graph, bias, np.rint(biases / products).astype("<i4"), schema.TensorType.INT32, products)


def _values(graph: Graph, number: int) -> NDArray[np.float64]:
    tensor = graph.tensors[number]
    return np.frombuffer(graph.buffers[tensor.buffer].data, "<f4").astype(np.float64).reshape(tensor.shape)


def _replace(graph: Graph, number: int, values: NDArray[Any], kind: int, scales: NDArray[np.float64]) -> None:
    tensor = graph.tensors[number]
    graph.buffers[tensor.buffer] = AlignedBuffer(data=values.tobytes())
    tensor.type = kind
    tensor.quantization = schema.QuantizationParametersT(
        scale=scales.tolist(), zeroPoint=[0] * len(scales), quantizedDimension=0
    )


def _mark(tensor: Any, scale: float, zero: int) -> None:
    """Marks a computed tensor as 8-bit, with its scale and zero point."""
    tensor.type = schema.TensorType.INT8
    tensor.quantization = schema.QuantizationParametersT(scale=[scale], zeroPoint=[zero])
