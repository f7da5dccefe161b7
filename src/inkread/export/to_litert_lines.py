"""LiteRT (TensorFlow Lite) for the network that reads lines: one line of any width at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter

from inkread.export.source import Source
from inkread.export.to_litert import ANY, Graph
from inkread.models.layers import layers_of, shape_after
from inkread.pipeline.columns import ANSWERS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from inkread.models import Model
    from inkread.models.layers import Shape

WIDTH = 256
"""Pixels of a line in the file's default shape."""
ACROSS = 2
"""The axis of the width, channels last."""


def write(model: Model, path: Path) -> None:
    """Writes a model with 32-bit weights, which outputs the probabilities of columns."""
    height = int(model.card.geometry["height"])
    graph = Graph("lines", (1, height, WIDTH, 1), free=ACROSS)
    value = graph.input
    shape: Shape = (1, height, WIDTH)
    for layer in layers_of(model):
        shape = shape_after(layer, shape)
        value = graph.add(layer, value, shape)
    # Each last column answers for two columns, one after the other.
    labels, columns = shape[0] // ANSWERS, shape[2] * ANSWERS
    target = np.array([1, ANY, labels], np.int32)
    options = schema.ReshapeOptionsT(newShape=target.tolist())
    shape = (labels, 1, columns)
    value = graph.operator("RESHAPE", [value, graph.constant(target)], shape, options)
    graph.operator("SOFTMAX", [value], shape, schema.SoftmaxOptionsT(beta=1.0), "columns")
    path.write_bytes(graph.file(Source(model, np.zeros((0, 28, 28), np.uint8))))


def load(path: Path) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    """Loads the file as a function from the planes of a line, 1×1×H×W, to its columns' probabilities."""
    interpreter = Interpreter(model_path=str(path))
    (lines,), (columns,) = interpreter.get_input_details(), interpreter.get_output_details()

    def predict(line: NDArray[np.float32]) -> NDArray[np.float32]:
        values = np.ascontiguousarray(line.transpose(0, 2, 3, 1))
        interpreter.resize_tensor_input(lines["index"], values.shape)
        interpreter.allocate_tensors()
        interpreter.set_tensor(lines["index"], values)
        interpreter.invoke()
        found = np.asarray(interpreter.get_tensor(columns["index"]), np.float32)
        return found.reshape(-1, found.shape[-1])

    return predict
