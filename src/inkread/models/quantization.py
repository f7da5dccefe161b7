"""Quantizes a network to 8 bits: a quarter of the size, and twice as fast on CPUs that multiply bytes.

Static quantization (Jacob et al. 2018): weights have one scale per channel, activations one per layer,
computed from the minimum and maximum on a few hundred examples. Weights use only 7 bits, because sums of
products of bytes saturate on x86 CPUs without VNNI (ONNX Runtime's documentation, "Quantize ONNX models").
The result has pairs of QuantizeLinear and DequantizeLinear around the 32-bit operators.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnx
from onnx import numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

from inkread.system.log_filter import without_messages

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray


ADVICE = "pre-processing before quantization"
"""A message that the runtime logs on the root logger, and that does not apply here."""


class _Examples(CalibrationDataReader):  # type: ignore[misc]
    """Serves examples through the runtime's interface."""

    def __init__(self, name: str, examples: Iterable[NDArray[np.float32]]) -> None:
        self._name, self._examples = name, iter(examples)

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        """Returns the next example, or ``None`` after the last."""
        example = next(self._examples, None)
        return None if example is None else {self._name: example}


def in_8_bits(
    model: bytes, examples: Iterable[NDArray[np.float32]], *, keep_last: bool = False
) -> onnx.ModelProto:
    """Quantizes an ONNX model with 32-bit weights and one input to 8 bits; input and output stay float32.

    Args:
        model: the bytes of its file.
        examples: inputs like those at inference; the activations of all of them stay in memory until the end.
        keep_last: whether the last layer stays at 32 bits, because its outputs have several ranges.
    """
    source = onnx.load_from_string(model)
    layers = [node.name for node in source.graph.node if node.op_type in ("Conv", "Gemm")]
    with tempfile.TemporaryDirectory(prefix="inkread-") as folder, without_messages(ADVICE):
        path = Path(folder) / "model.onnx"
        quantize_static(
            source,
            path,
            _Examples(source.graph.input[0].name, examples),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            reduce_range=True,
            nodes_to_exclude=layers[-1:] if keep_last else [],
        )
        return onnx.load(path)


def in_32_bits(model: bytes) -> onnx.ModelProto:
    """Undoes ``in_8_bits``: the same weights in 32 bits, and activations that are not rounded.

    Quantizing removes the ReLU of a layer whose smallest 8-bit value is 0; it comes back.
    """
    result = onnx.load_from_string(model)
    tensors = {each.name: np.array(numpy_helper.to_array(each)) for each in result.graph.initializer}
    values: dict[str, str] = {}
    nodes: list[onnx.NodeProto] = []
    for node in result.graph.node:
        inputs = [values.get(name, name) for name in node.input]
        (output,) = node.output
        if node.op_type == "QuantizeLinear":
            values[output] = inputs[0]
            if nodes and nodes[-1].op_type == "Conv" and not tensors[inputs[2]].any():
                values[output] = output
                nodes.append(onnx.helper.make_node("Relu", inputs[:1], [output]))
        elif node.op_type == "DequantizeLinear" and inputs[0] not in tensors:
            values[output] = inputs[0]
        elif node.op_type == "DequantizeLinear":
            weight, scale = tensors[inputs[0]], tensors[inputs[1]]
            tensors[output] = (weight * scale.reshape(-1, *[1] * (weight.ndim - 1))).astype(np.float32)
        else:
            attributes = {each.name: onnx.helper.get_attribute_value(each) for each in node.attribute}
            nodes.append(onnx.helper.make_node(node.op_type, inputs, [output], **attributes))
    used = {name for node in nodes for name in node.input}
    weights = [numpy_helper.from_array(tensors[name], name) for name in tensors if name in used]
    del result.graph.node[:], result.graph.initializer[:]
    result.graph.node.extend(nodes)
    result.graph.initializer.extend(weights)
    return result
