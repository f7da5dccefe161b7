"""A model's layers for inspection: the PyTorch network of any glyph model, bundled or trained.

Batch norms are folded, and there is no dropout, as in the model's file. Glyphs are 28×28 or N×28×28, uint8 or
float in 0..1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from inkread.errors import MissingExtraError, OptionError
from inkread.evaluation.plots.image_grid import as_ink
from inkread.pipeline.glyph import SIDE
from inkread.system.cores import let_idle_threads_sleep

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

    from numpy.typing import NDArray
    from torch import Tensor, nn

    from inkread.models import Model

COPIES, NOISE = 50, 0.2
"""Copies and noise of the smoothed gradient, relative to the range of a glyph.

Smilkov et al. find 10 to 20 % noise best, and more than 50 copies no better.
"""

ELEMENTWISE = {"BatchNorm2d", "ELU", "LeakyReLU", "ReLU", "Sigmoid", "Tanh"}
"""Modules that belong to the convolution before them."""


def require_torch() -> ModuleType:
    """Imports PyTorch; raises a ``MissingExtraError`` if it is not installed."""
    let_idle_threads_sleep()
    try:
        import torch
    except ModuleNotFoundError as error:
        raise MissingExtraError("torch", "train") from error
    return torch


def network_of(model: Model) -> nn.Sequential:
    """Returns the model's layers, in evaluation mode.

    Raises:
        ModelFormatError: the model is not a chain of layers that inkread trains.
        MissingExtraError: PyTorch or ONNX is not installed.
    """
    require_torch()
    try:
        from inkread.training.to_torch import open_network
    except ModuleNotFoundError as error:
        raise MissingExtraError("onnx", "train") from error
    return open_network(model)[1].requires_grad_(requires_grad=False)


def first_filters(network: nn.Sequential) -> NDArray[np.float32]:
    """Returns the weights of the first layer: N×h×w, of a convolution's filters or a dense layer's units."""
    weights: Tensor = next(network.parameters())
    side = weights.shape[-1] if weights.ndim == 4 else SIDE
    return np.asarray(weights.reshape(len(weights), -1, side).numpy(), np.float32)


def activations(network: nn.Sequential, glyph: NDArray[Any]) -> dict[str, NDArray[np.float32]]:
    """Returns the hidden layers' activations for a glyph, by name, after their rectifiers.

    They are filters×h×w for a convolution, and the units of a dense layer.
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


def saliency_map(network: nn.Sequential, glyph: NDArray[Any]) -> NDArray[np.float32]:
    """Returns how much each pixel matters to the reading: 28×28 in 0..1, with maximum 1.

    This is the magnitude of the gradient of the most probable class's logit with respect to the glyph
    (Simonyan, Vedaldi and Zisserman, "Deep Inside Convolutional Networks", 2014, section 3), averaged over
    noisy copies of the glyph (Smilkov et al., "SmoothGrad", 2017).
    """
    torch = require_torch()
    plain = _batch(glyph[None])
    read = int(network(plain).argmax())
    generator = torch.Generator().manual_seed(0)
    noisy = (plain + NOISE * torch.randn(COPIES, SIDE, SIDE, generator=generator)).requires_grad_()
    (gradient,) = torch.autograd.grad(network(noisy)[:, read].sum(), noisy)
    strength = gradient.mean(dim=0).abs()
    return np.asarray((strength / strength.max().clamp(min=torch.finfo().tiny)).numpy(), np.float32)


def class_activation_map(
    network: nn.Sequential, glyph: NDArray[Any], label: int | None = None
) -> NDArray[np.float32]:
    """Returns where the last convolution finds evidence for a class: 28×28 in 0..1, with maximum 1.

    This is Grad-CAM (Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based
    Localization", 2017, section 3): the layer's filters, each weighted by the mean gradient of the class's
    logit with respect to it, and their sum if positive. Each value is put at the center of its receptive
    field; between them it is interpolated. The map is all 0 if nothing speaks for the class, which is the
    most probable one if ``label`` is not given.

    Raises:
        OptionError: the network has no convolution.
    """
    torch = require_torch()
    index = _last_convolution(network, glyph)
    maps = network[:index](_batch(glyph[None])).detach().requires_grad_()
    logits = network[index:](maps)[0]
    (gradient,) = torch.autograd.grad(logits[int(logits.argmax()) if label is None else label], maps)
    evidence = (gradient.mean(dim=(2, 3), keepdim=True) * maps).sum(dim=1)[0].clamp(min=0).detach()
    used = gradient[0].ne(0).any(dim=0)  # the last row and column of 7×7 are lost in a 2×2 pooling
    found = np.asarray((evidence * used).numpy(), np.float32)
    (row, rows), (column, columns) = _centers(list(network)[:index])
    found = _interpolated(_interpolated(found, column, columns).T, row, rows).T
    return found / max(float(found.max()), float(np.finfo(np.float32).tiny))


def _interpolated(values: NDArray[np.float32], start: float, step: float) -> NDArray[np.float32]:
    """Interpolates each row, whose values are ``step`` pixels apart from pixel ``start`` on, to ``SIDE``."""
    places, known = (np.arange(SIDE) - start) / step, np.arange(values.shape[1])
    return np.array([np.interp(places, known, row) for row in values], np.float32)


def _last_convolution(network: nn.Sequential, glyph: NDArray[Any]) -> int:
    """Returns the index after the last convolution with more than one place, and after its activation."""
    torch = require_torch()
    value, found = _batch(glyph[None]), 0
    for index, layer in enumerate(network):
        value = layer(value)
        if isinstance(layer, torch.nn.Conv2d) and value[0, 0].numel() > 1:
            found = index + 1
    if not found:
        raise OptionError("gradcam", "needs convolutions, but this network has none", "plot its saliency")
    while type(network[found]).__name__ in ELEMENTWISE:
        found += 1
    return found


def _centers(layers: Sequence[nn.Module]) -> list[tuple[float, float]]:
    """Returns which pixels the outputs are centered on, for rows and columns: the first one, and the step."""
    start, step = np.zeros(2), np.ones(2)
    for layer in layers:
        if hasattr(layer, "kernel_size"):
            size, stride, padding = (
                np.broadcast_to(getattr(layer, name), 2) for name in ("kernel_size", "stride", "padding")
            )
            start = start + step * ((size - 1) / 2 - padding)
            step = step * stride
    return list(zip(start.tolist(), step.tolist(), strict=True))


def embedded(network: nn.Sequential, images: NDArray[Any]) -> NDArray[np.float32]:
    """Returns the last layer's input features of each glyph: N×units."""
    torch = require_torch()
    with torch.no_grad():
        return np.asarray(network[:-1](_batch(images)).numpy(), np.float32)


def _batch(glyphs: NDArray[Any]) -> Tensor:
    return require_torch().from_numpy(as_ink(glyphs))
