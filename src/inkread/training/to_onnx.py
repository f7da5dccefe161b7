"""Writes a trained network as ONNX, operator by operator, from its ``forward``.

PyTorch records the calls in ``forward`` (torch.fx), and each becomes one of the few operators here, which
every ONNX reader supports. Batch norms are folded into the convolutions before them; dropout is omitted.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import fx, nn
from torch.fx.node import map_arg
from torch.fx.passes.shape_prop import ShapeProp

from inkread.errors import TrainingError
from inkread.models import MODEL_FILE
from inkread.models.graph import Graph, single
from inkread.models.onnx_session import start_session
from inkread.pipeline.classifier import Classifier

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from inkread.models.onnx_session import Shape

TOLERANCE = 1e-4
"""Largest allowed difference of an output between the runtimes, as a share of the largest; 1e-6 is usual."""

REMEDY = "nothing was exported; install the versions of PyTorch and ONNX Runtime that inkread needs"

EXAMPLE_SIDE = 64
"""Stands in for a side that the network leaves open, while shapes are computed."""

TO_THE_END = np.iinfo(np.int64).max
"""The end of a slice that reaches the end of its axis."""

ELEMENTWISE = {"add": "Add", "sub": "Sub", "mul": "Mul", "truediv": "Div", "relu": "Relu"}
"""ONNX's operators for PyTorch's functions of one or two tensors."""


def to_onnx(
    network: nn.Module, *, takes: tuple[str, Shape] = Classifier.takes, gives: str = "logits"
) -> bytes:
    """Converts a network in evaluation mode to ONNX.

    Args:
        network: with one input and one output.
        takes: name and shape of the input, float32; an axis that is ``None`` is dynamic.
        gives: name of the output, float32.

    Raises:
        TypeError: the network computes something that has no operator here.
    """
    traced = fx.symbolic_trace(network)
    example = [1, *(EXAMPLE_SIDE if side is None else int(side) for side in takes[1][1:])]
    ShapeProp(traced).propagate(torch.zeros(example))
    graph, values = Graph(), dict[fx.Node, Any]()
    for node in traced.graph.nodes:
        arguments = map_arg(node.args, values.__getitem__)
        match node.op:
            case "placeholder":
                values[node] = takes[0]
            case "get_attr":
                values[node] = single(_array(attrgetter(node.target)(traced)))
            case "call_module":
                module = traced.get_submodule(node.target)
                values[node] = _layer(graph, module, arguments[0], axes=_axes(node.args[0]))
            case "output":
                return graph.content(arguments[0], takes=takes, gives=gives)
            case _:
                values[node] = _function(graph, node, *arguments)
    raise AssertionError("a traced network ends with its output")


def _layer(graph: Graph, layer: nn.Module, value: str, *, axes: int) -> str:  # noqa: PLR0911
    """Adds a module of PyTorch to a value with this number of axes; returns the name of its output."""
    match layer:
        case nn.Conv2d(padding=(int(rows), int(columns)), groups=1):
            window = {"kernel_shape": layer.kernel_size, "strides": layer.stride, "dilations": layer.dilation}
            weight, bias = _array(layer.weight), _array(layer.bias)
            bias = np.broadcast_to(bias, len(weight))
            return graph.add("Conv", value, single(weight), single(bias), pads=[rows, columns] * 2, **window)
        case nn.BatchNorm2d():
            gain = _array(layer.weight) / np.sqrt(_array(layer.running_var) + layer.eps)
            shift = _array(layer.bias) - _array(layer.running_mean) * gain
            if folded := graph.scaled(value, "Conv", gain, shift):
                return folded
            raise TypeError("a batch norm must follow a convolution, to be folded into it")
        case nn.MaxPool2d() | nn.AvgPool2d():
            name = "MaxPool" if isinstance(layer, nn.MaxPool2d) else "AveragePool"
            return graph.add(name, value, kernel_shape=_pair(layer.kernel_size), strides=_pair(layer.stride))
        case nn.Linear() if axes == 2:
            weights = single(_array(layer.weight)), single(_array(layer.bias))
            return graph.add("Gemm", value, *weights, transB=1)
        case nn.Linear():
            product = graph.add("MatMul", value, single(_array(layer.weight).T))
            return graph.add("Add", product, single(_array(layer.bias)))
        case nn.Unflatten(unflattened_size=(1, _)):
            return graph.add("Unsqueeze", value, np.array([layer.dim]))
        case nn.ReLU() | nn.Flatten():
            return graph.add("Relu" if isinstance(layer, nn.ReLU) else "Flatten", value)
        case nn.Dropout():
            return value
        case _:
            raise TypeError(f"{layer} has no ONNX operator here; add one")


def _function(graph: Graph, node: fx.Node, value: Any, *arguments: Any) -> str:  # noqa: PLR0911
    """Adds a function, or a tensor's method, on a value or a list of them; returns the name of its output."""
    name = node.target if isinstance(node.target, str) else node.target.__name__
    given = node.kwargs
    match name:
        case "add" | "sub" | "mul" | "truediv" | "relu":
            return graph.add(ELEMENTWISE[name], value, *arguments)
        case "amax" | "mean":
            operator = "ReduceMax" if name == "amax" else "ReduceMean"
            return graph.add(operator, value, axes=[given["dim"]], keepdims=0)
        case "cat":
            return graph.add("Concat", *value, axis=given["dim"])
        case "stack":
            rows = [graph.add("Unsqueeze", each, np.array([0])) for each in value]
            return graph.add("Concat", *rows, axis=0)
        case "reshape":
            return graph.add("Reshape", value, np.array(arguments))
        case "flatten":
            return graph.add("Flatten", value)
        case "getitem":
            return _sliced(graph, value, arguments[0], axes=_axes(node.args[0]))
        case "interpolate" if (given["scale_factor"], given["mode"]) == (2, "nearest"):
            way = {"mode": "nearest", "nearest_mode": "floor", "coordinate_transformation_mode": "asymmetric"}
            return graph.add("Resize", value, "", np.array([1, 1, 2, 2], np.float32), **way)
        case "dropout":
            return str(value)
        case _:
            raise TypeError(f"{node} has no ONNX operator here; add one")


def _sliced(graph: Graph, value: str, parts: tuple[Any, ...], *, axes: int) -> str:
    """Adds a slice of each axis that is not taken whole."""
    if parts[0] is ...:
        parts = (*[slice(None)] * (axes - len(parts) + 1), *parts[1:])
    for axis, part in enumerate(parts):
        if part != slice(None):
            ends = (part.start or 0, TO_THE_END if part.stop is None else part.stop, axis)
            value = graph.add("Slice", value, *(np.array([each]) for each in ends))
    return value


def _axes(node: Any) -> int:
    return len(node.meta["tensor_meta"].shape)


def _pair(size: int | tuple[int, ...]) -> tuple[int, ...]:
    return (size, size) if isinstance(size, int) else size


def _array(tensor: torch.Tensor | None) -> NDArray[np.float64]:
    """Converts a tensor to an array; 0 for ``None``."""
    return np.zeros(1) if tensor is None else np.asarray(tensor.detach().double().cpu().numpy())


@torch.no_grad()
def compare(
    model: bytes, network: nn.Module, batches: Iterable[NDArray[np.float32]]
) -> list[NDArray[np.float32]]:
    """Returns ONNX Runtime's outputs for batches of inputs, which must equal PyTorch's.

    Raises:
        TrainingError: an output differs by more than ``TOLERANCE`` times the largest.
    """
    session = start_session(model, MODEL_FILE, threads=0)
    name = session.get_inputs()[0].name
    outputs = []
    for batch in batches:
        expected = network(torch.from_numpy(batch)).numpy()
        outputs.append(session.run(None, {name: batch})[0])
        gap = np.abs(outputs[-1] - expected).max() / np.abs(expected).max()
        if not gap <= TOLERANCE:  # NaN is not agreement
            problem = f"disagrees with the network (outputs differ by {gap:.2g} of the largest)"
            raise TrainingError(MODEL_FILE, problem, REMEDY)
    return outputs
