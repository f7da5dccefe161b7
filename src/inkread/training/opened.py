"""A model's network, opened again from its ONNX: what was folded stays folded, what was trained can be trained on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import onnx
import torch
from onnx import numpy_helper
from torch import nn

from inkread.errors import ModelFormatError
from inkread.training.architecture import check_layers
from inkread.training.networks import own

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inkread.models import Model

Layers = tuple[dict[str, Any], ...]


def open_network(model: Model) -> tuple[Layers, nn.Sequential]:
    """The layers of a model of glyphs, as ``training.architecture`` has them, and the network with its weights.

    Raises:
        ModelFormatError: it has an operator that those layers have not.
    """
    graph = onnx.load_from_string(model.content).graph
    tensors = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    layers: list[dict[str, Any]] = []
    weights: list[NDArray[Any]] = []
    for node in graph.node:
        given = {one.name: onnx.helper.get_attribute_value(one) for one in node.attribute}
        match node.op_type:
            case "Cast":
                tensors[node.output[0]] = tensors[node.input[0]].astype("float32")
            case "Conv":
                kernel = tensors[node.input[1]]
                layers.append(_convolution(kernel, given))
                weights += [kernel, tensors[node.input[2]]]
            case "Gemm":
                matrix = tensors[node.input[1]]
                layers.append({"type": "dense", "units": len(matrix), "activation": "none"})
                weights += [matrix, tensors[node.input[2]]]
            case "Relu":
                layers[-1]["activation"] = "relu"
            case "MaxPool" | "AveragePool" as kind:
                layers.append({"type": "pool", "size": given["kernel_shape"][0], "kind": kind[:-4].lower()})
            case "Flatten" | "Unsqueeze":
                pass  # made where they are needed
            case unknown:
                raise ModelFormatError(
                    str(model.path), f"has the operator {unknown}", "start from a model that inkread trained"
                )
    last = layers.pop()
    checked = check_layers(layers, source=str(model.path))
    network = own(checked, last["units"])
    with torch.no_grad():
        for parameter, weight in zip(network.parameters(), weights, strict=True):
            parameter.copy_(torch.tensor(weight))
    return checked, network.eval()


def _convolution(kernel: NDArray[Any], given: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "conv",
        "filters": len(kernel),
        "size": kernel.shape[2],
        "stride": given.get("strides", [1])[0],
        "padding": given.get("pads", [0])[0],
        "batch_norm": False,
        "activation": "none",
    }
