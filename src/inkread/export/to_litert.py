"""LiteRT (TensorFlow Lite): writes a ``.tflite`` file operator by operator.

It needs no converter and no TensorFlow. It uses the schema that comes with the interpreter, and seven
operators (three more activations for imported models), all in the format's first version, so that every
interpreter and accelerator supports them. Schema: https://github.com/google-ai-edge/LiteRT, schema.fbs.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter

from inkread.export.source import Source
from inkread.models import layers as ours
from inkread.pipeline.columns import ANSWERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from numpy.typing import NDArray

    from inkread.models import Model
    from inkread.models.layers import Layer, Shape

SCHEMA_VERSION, IDENTIFIER = 3, b"TFL3"
METADATA = "inkread.json"
SIGNATURE = "serving_default"
ALIGNMENT = 16
"""Bytes; the schema's ``force_align`` for each buffer, because accelerators read the weights in place."""

ACTIVATIONS = {"tanh": "TANH", "sigmoid": "LOGISTIC", "elu": "ELU", "leaky_relu": "LEAKY_RELU"}
"""The schema's operators for activations."""

ANY = -1
BATCH = 256
LINE_WIDTH = 256
"""Pixels of a line of text in its file's default shape."""
ACROSS = 2
"""The axis of a line's width, channels last."""

VALID, SAME = schema.Padding.VALID, schema.Padding.SAME
RELU = schema.ActivationFunctionType.RELU


def write(source: Source, path: Path) -> None:
    """Writes the model, which outputs calibrated probabilities; weights and activations are float32."""
    path.write_bytes(graph_of(source).file(source))


def graph_of(source: Source) -> Graph:
    """Builds the model's operators and tensors in float32."""
    graph = Graph()
    layers = ours.calibrated(ours.layers_of(source.model), source.model.card)
    value, shape = graph.chain(ours.channels_last(layers), ours.GLYPH)
    graph.operator("SOFTMAX", [value], shape, schema.SoftmaxOptionsT(beta=1.0), "probabilities")
    return graph


def write_lines(model: Model, path: Path) -> None:
    """Writes a network that reads lines, with 32-bit weights; it outputs the probabilities of columns."""
    height = int(model.card.geometry["height"])
    graph = Graph("lines", (1, height, LINE_WIDTH, 1), free=ACROSS)
    value, shape = graph.chain(ours.layers_of(model), (1, height, LINE_WIDTH))
    # Each last column answers for two columns, one after the other.
    labels, columns = shape[0] // ANSWERS, shape[2] * ANSWERS
    target = np.array([1, ANY, labels], np.int32)
    options = schema.ReshapeOptionsT(newShape=target.tolist())
    shape = (labels, 1, columns)
    value = graph.operator("RESHAPE", [value, graph.constant(target)], shape, options)
    graph.operator("SOFTMAX", [value], shape, schema.SoftmaxOptionsT(beta=1.0), "columns")
    path.write_bytes(graph.file(Source(model, np.zeros((0, 28, 28), np.uint8))))


def load(path: Path) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    """Loads the file as a function from glyphs (N, 28, 28) to probabilities (N, labels).

    Works for files of any number type.
    """
    run = _opened(path)
    return lambda glyphs: np.concatenate(
        [run(batch) for batch in np.split(glyphs, range(BATCH, len(glyphs), BATCH))]
    )


def load_lines(path: Path) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    """Loads the file as a function from the planes of a line, 1×1×H×W, to its columns' probabilities."""
    run = _opened(path)
    return lambda line: run(np.ascontiguousarray(line.transpose(0, 2, 3, 1)))[0]


def _opened(path: Path) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    interpreter = Interpreter(model_path=str(path))
    (taken,), (given,) = interpreter.get_input_details(), interpreter.get_output_details()

    def run(values: NDArray[np.float32]) -> NDArray[np.float32]:
        interpreter.resize_tensor_input(taken["index"], values.shape)
        interpreter.allocate_tensors()
        interpreter.set_tensor(taken["index"], _as_taken(values, taken))
        interpreter.invoke()
        return _as_meant(interpreter.get_tensor(given["index"]), given)

    return run


def _as_taken(values: NDArray[np.float32], tensor: dict[str, Any]) -> NDArray[Any]:
    """Converts real numbers to a tensor's type: rounded in its scale, if it has one."""
    scale, zero = tensor["quantization"]
    if not scale:
        return values
    limits = np.iinfo(tensor["dtype"])
    return np.clip(np.rint(values / scale) + zero, limits.min, limits.max).astype(tensor["dtype"])


def _as_meant(values: NDArray[Any], tensor: dict[str, Any]) -> NDArray[np.float32]:
    """Converts a tensor's values to real numbers."""
    scale, zero = tensor["quantization"]
    return (values.astype(np.float32) - zero) * np.float32(scale) if scale else values


class Graph:
    """A graph that grows by operators; values are tensor numbers.

    Args:
        takes: name of the input.
        shape: its shape, with the batch.
        free: the axis that may have any length, of the input and of all computed tensors.

    Attributes:
        buffers: the file's buffers; the first is empty, and belongs to all computed tensors.
        tensors: weights and computed values; the first is the input.
        operators: in execution order; the last outputs the probabilities.
        codes: index in the file of each operator, by its number in the schema.
        versions: operators not in their first version here, by their number in the schema.
    """

    def __init__(self, takes: str = "glyphs", shape: Shape = (1, *ours.GLYPH), *, free: int = 0) -> None:
        self._free = free
        self.buffers = [schema.BufferT()]
        self.tensors: list[Any] = []
        self.operators: list[Any] = []
        self.codes: dict[int, int] = {}
        self.versions: dict[int, int] = {}
        self.input = self.tensor(takes, shape)

    def chain(self, layers: Iterable[Layer], shape: Shape) -> tuple[int, Shape]:
        """Adds layers on the input, whose shape is given; returns their output and its shape.

        Shapes are without the batch, channels first.
        """
        value = self.input
        for layer in layers:
            shape = ours.shape_after(layer, shape)
            value = self._add(layer, value, shape)
        return value, shape

    def _add(self, layer: Layer, value: int, shape: Shape) -> int:
        match layer:
            case ours.AddChannel() | ours.Flatten():
                return self._reshape(value, shape)
            case ours.Convolution():
                return self._convolution(layer, value, shape)
            case ours.Pooling():
                (height, width), (down, right) = layer.size, layer.strides
                options = schema.Pool2DOptionsT(VALID, right, down, width, height)
                name = "MAX_POOL_2D" if layer.kind == "max" else "AVERAGE_POOL_2D"
                return self.operator(name, [value], shape, options)
            case ours.Dense():
                inputs = [value, self.constant(layer.weight), self.constant(layer.bias)]
                return self.operator("FULLY_CONNECTED", inputs, shape, schema.FullyConnectedOptionsT())
            case ours.Rectifier():
                return self._rectifier(value, shape)
            case ours.Activation():
                options = schema.LeakyReluOptionsT(layer.slope) if layer.kind == "leaky_relu" else None
                return self.operator(ACTIVATIONS[layer.kind], [value], shape, options)

    def _reshape(self, value: int, shape: Shape) -> int:
        target = np.array([ANY, *_last(shape)], np.int32)
        options = schema.ReshapeOptionsT(newShape=target.tolist())
        return self.operator("RESHAPE", [value, self.constant(target)], shape, options)

    def _convolution(self, layer: ours.Convolution, value: int, shape: Shape) -> int:
        rows, columns = layer.padding
        if not layer.keeps_size and (rows or columns):
            value = self._pad(value, rows, columns)
        down, right = layer.strides
        (rows, columns), padding = layer.dilations, SAME if layer.keeps_size else VALID
        options = schema.Conv2DOptionsT(padding, right, down, dilationWFactor=columns, dilationHFactor=rows)
        weight = np.ascontiguousarray(layer.weight.transpose(0, 2, 3, 1))
        inputs = [value, self.constant(weight), self.constant(layer.bias)]
        return self.operator("CONV_2D", inputs, shape, options)

    def _pad(self, value: int, rows: int, columns: int) -> int:
        _, height, width, channels = self.tensors[value].shape
        sides = np.array([[0, 0], [rows, rows], [columns, columns], [0, 0]], np.int32)
        shape = (channels, height + 2 * rows, width + 2 * columns)
        return self.operator("PAD", [value, self.constant(sides)], shape, schema.PadOptionsT())

    def _rectifier(self, value: int, shape: Shape) -> int:
        """Fuses into the previous operator if possible, which saves a pass over its output."""
        last = self.operators[-1]
        if not hasattr(last.builtinOptions, "fusedActivationFunction"):
            return self.operator("RELU", [value], shape)
        last.builtinOptions.fusedActivationFunction = RELU
        return value

    def operator(
        self, name: str, inputs: list[int], shape: Shape, options: Any = None, gives: str = ""
    ) -> int:
        """Adds an operator of the schema and its output tensor."""
        code = getattr(schema.BuiltinOperator, name)
        result = self.tensor(gives or f"{len(self.operators)}.{name.lower()}", (1, *_last(shape)))
        kind = type(options).__name__.removesuffix("T") if options else "NONE"
        self.operators.append(
            schema.OperatorT(
                opcodeIndex=self.codes.setdefault(code, len(self.codes)),
                inputs=inputs,
                outputs=[result],
                builtinOptionsType=getattr(schema.BuiltinOptions, kind),
                builtinOptions=options,
            )
        )
        return result

    def tensor(self, name: str, shape: Shape, kind: int = schema.TensorType.FLOAT32, buffer: int = 0) -> int:
        """Adds a tensor; without a buffer it is computed, and one of its axes is free."""
        signature = None if buffer else [ANY if axis == self._free else n for axis, n in enumerate(shape)]
        self.tensors.append(
            schema.TensorT(shape=list(shape), type=kind, buffer=buffer, name=name, shapeSignature=signature)
        )
        return len(self.tensors) - 1

    def constant(self, array: NDArray[Any]) -> int:
        """Adds a constant tensor: weights (float32) or a shape (int32)."""
        kinds = {"float32": schema.TensorType.FLOAT32, "int32": schema.TensorType.INT32}
        buffer = self.buffer(array.astype(array.dtype.newbyteorder("<")).tobytes())
        return self.tensor(f"constant.{buffer}", array.shape, kinds[array.dtype.name], buffer)

    def buffer(self, content: bytes) -> int:
        """Adds a buffer and returns its number."""
        self.buffers.append(AlignedBuffer(data=content))
        return len(self.buffers) - 1

    def file(self, source: Source) -> bytes:
        """Serializes the whole file."""
        (output,) = self.operators[-1].outputs
        described = json.dumps(source.metadata, ensure_ascii=False).encode()
        model = schema.ModelT(
            version=SCHEMA_VERSION,
            operatorCodes=[
                schema.OperatorCodeT(
                    deprecatedBuiltinCode=code, builtinCode=code, version=self.versions.get(code, 1)
                )
                for code in self.codes
            ],
            subgraphs=[schema.SubGraphT(self.tensors, [self.input], [output], self.operators, source.name)],
            description="handwriting, by inkread",
            metadata=[schema.MetadataT(METADATA, len(self.buffers))],
            buffers=[*self.buffers, AlignedBuffer(data=described)],
            signatureDefs=[
                schema.SignatureDefT(
                    inputs=[schema.TensorMapT(self.tensors[self.input].name, self.input)],
                    outputs=[schema.TensorMapT(self.tensors[output].name, output)],
                    signatureKey=SIGNATURE,
                )
            ],
        )
        builder = flatbuffers.Builder(sum(len(each.data) for each in self.buffers if each.data is not None))
        builder.Finish(model.Pack(builder), IDENTIFIER)
        return bytes(builder.Output())


class AlignedBuffer(schema.BufferT):  # type: ignore[misc]
    """A buffer with the alignment that the schema requires; the generated Python code ignores it."""

    def Pack(self, builder: Any) -> Any:  # noqa: N802 - the schema's own name
        """Writes the buffer and returns its offset."""
        builder.Prep(ALIGNMENT, len(self.data))
        data = builder.CreateByteVector(self.data)
        schema.BufferStart(builder)
        schema.BufferAddData(builder, data)
        return schema.BufferEnd(builder)


def _last(shape: Shape) -> Shape:
    return (*shape[1:], shape[0]) if len(shape) == 3 else shape
