"""A model's layers, to look inside: the network of PyTorch from any model of glyphs, bundled or trained.

What ``inkread.training.export`` writes is a chain of layers, and is read back here: batch norms are folded, and there is no
dropout, as in ``inkread.training.networks.folded``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from inkread.errors import MissingExtraError, ModelFormatError
from inkread.glyph import SIDE
from inkread.plots.tiles import as_ink

if TYPE_CHECKING:
    from types import ModuleType

    from numpy.typing import NDArray
    from torch import Tensor, nn

    from inkread.models import Model

SETTINGS: dict[str, Any] = {"strides": [1, 1], "pads": [0, 0, 0, 0]}
"""What ONNX takes where a node does not tell."""

KNOWN = {*SETTINGS, "kernel_shape", "transB"}
"""Settings that ``export.operator_of`` writes; a layer with any other is none of these."""

COPIES, NOISE = 50, 0.2
"""Of the smoothed gradient; Smilkov et al. find 10 to 20 % noise best, and more than 50 copies no better."""


def require_torch() -> ModuleType:
    """PyTorch.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        import torch
    except ModuleNotFoundError as error:
        raise MissingExtraError("torch", "train") from error
    return torch


def network_of(model: Model) -> nn.Sequential:
    """The model's layers, in evaluation mode.

    Raises:
        ModelFormatError: it is no chain of the layers that this package trains.
        MissingExtraError: PyTorch or ONNX is not installed.
    """
    torch = require_torch()
    try:
        import onnx
    except ModuleNotFoundError as error:
        raise MissingExtraError("onnx", "train") from error
    graph = onnx.load_model_from_string(model.content).graph
    weights = {each.name: torch.tensor(onnx.numpy_helper.to_array(each)) for each in graph.initializer}
    layers, value = [], graph.input[0].name
    for node in graph.node:
        settings = SETTINGS | {each.name: onnx.helper.get_attribute_value(each) for each in node.attribute}
        tensors = [weights[name] for name in node.input[1:] if name in weights]
        layer = _layer(node.op_type, settings, tensors)
        if layer is None or settings.keys() - KNOWN or node.input[0] != value:
            problem = f"has a layer that cannot be looked into ({node.op_type})"
            raise ModelFormatError(str(model.path), problem, "name a model of single glyphs")
        layers.append(layer)
        value = node.output[0]
    return torch.nn.Sequential(*layers).eval().requires_grad_(requires_grad=False)


def _layer(operator: str, settings: dict[str, Any], tensors: list[Tensor]) -> nn.Module | None:
    """The layer of an ONNX node, the inverse of ``export.operator_of``; ``None`` for any other node."""
    from torch import nn

    match operator:
        case "Conv":
            outputs, inputs, height, width = tensors[0].shape
            stride, padding = settings["strides"], settings["pads"][:2]
            layer = nn.Conv2d(inputs, outputs, (height, width), tuple(stride), tuple(padding))
            return _filled(layer, tensors)
        case "MaxPool" | "AveragePool":
            kind = nn.MaxPool2d if operator == "MaxPool" else nn.AvgPool2d
            return kind(tuple(settings["kernel_shape"]), tuple(settings["strides"]))
        case "Gemm":
            outputs, inputs = tensors[0].shape
            return _filled(nn.Linear(inputs, outputs), tensors)
        case _:
            plain = {"Unsqueeze": nn.Unflatten(1, (1, SIDE)), "Relu": nn.ReLU(), "Flatten": nn.Flatten()}
            return plain.get(operator)


def _filled(layer: nn.Conv2d | nn.Linear, tensors: list[Tensor]) -> nn.Module:
    """The layer with these weights, and with these biases or none."""
    import torch

    weights, biases = tensors[0], tensors[1] if len(tensors) > 1 else torch.zeros(len(tensors[0]))
    layer.load_state_dict({"weight": weights, "bias": biases})
    return layer


def first_filters(network: nn.Sequential) -> NDArray[np.float32]:
    """The weights that meet the glyph first: N×h×w, of a convolution's filters or of a dense layer's units."""
    weights: Tensor = next(network.parameters())
    side = weights.shape[-1] if weights.ndim == 4 else SIDE
    return np.asarray(weights.reshape(len(weights), -1, side).numpy(), np.float32)


def activations(network: nn.Sequential, glyph: NDArray[Any]) -> dict[str, NDArray[np.float32]]:
    """What the hidden layers make of a glyph, by their names, after their rectifiers.

    Args:
        network: its layers.
        glyph: 28×28, uint8 or floating in 0..1.

    Returns:
        Of a convolution filters×h×w, of a dense layer its units; empty for a network without hidden layers.
    """
    torch = require_torch()
    found: dict[str, NDArray[np.float32]] = {}
    value, kind = _batch(glyph[None]), ""
    for layer in network:
        value = layer(value)
        name = type(layer).__name__
        kind = {"Conv2d": "conv", "Linear": "dense"}.get(name, kind)
        if isinstance(layer, torch.nn.ReLU):
            number = 1 + sum(known.startswith(kind) for known in found)
            found[f"{kind} {number}"] = value[0].numpy()
    return found


def saliency_map(
    network: nn.Sequential, glyph: NDArray[Any], *, copies: int = COPIES, noise: float = NOISE, seed: int = 0
) -> NDArray[np.float32]:
    """How much each pixel matters to what is read: 28×28 in 0..1, the largest 1.

    The size of the gradient of the likeliest class's logit with respect to the glyph (Simonyan, Vedaldi and Zisserman,
    "Deep Inside Convolutional Networks", 2014, section 3), averaged over noisy copies of the glyph (Smilkov et al.,
    "SmoothGrad", 2017).

    Args:
        network: its layers.
        glyph: 28×28, uint8 or floating in 0..1.
        copies: how many; more are smoother.
        noise: its standard deviation, of the glyph's range.
        seed: of the noise.
    """
    torch = require_torch()
    plain = _batch(glyph[None])
    read = int(network(plain).argmax())
    generator = torch.Generator().manual_seed(seed)
    noisy = (plain + noise * torch.randn(copies, SIDE, SIDE, generator=generator)).requires_grad_()
    (gradient,) = torch.autograd.grad(network(noisy)[:, read].sum(), noisy)
    strength = gradient.mean(dim=0).abs()
    return np.asarray((strength / strength.max().clamp(min=torch.finfo().tiny)).numpy(), np.float32)


def embedded(network: nn.Sequential, images: NDArray[Any]) -> NDArray[np.float32]:
    """What the last layer sees of each glyph: N×units, the activations before it.

    Args:
        network: its layers.
        images: N×28×28, uint8 or floating in 0..1.
    """
    torch = require_torch()
    with torch.no_grad():
        return np.asarray(network[:-1](_batch(images)).numpy(), np.float32)


def _batch(glyphs: NDArray[Any]) -> Tensor:
    """Glyphs as the networks take them: float32 in 0..1."""
    return require_torch().from_numpy(as_ink(glyphs))
