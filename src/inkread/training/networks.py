"""The networks: short lists of layers, from glyphs to logits.

Glyphs are (N, 28, 28), float32, 0..1, ink bright; logits (N, classes). The softmax and its temperature are
not part of the network. The scores are on MNIST's 10,000 test images, from one training with the recipe of
the same name, which did not use them: ``python benchmarks/networks.py --full``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from inkread.training.architecture import padding
from inkread.training.recipe import Recipe

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from inkread.training.recipe import FineTuneConfig


def mlp(classes: int = 10, dropout: float = 0.0) -> nn.Sequential:
    """784-128-128-10: the network of every first lesson.

    118,282 parameters, 118,016 multiplications per digit; 99.22 %.
    """
    return nn.Sequential(
        nn.Flatten(),
        *[nn.Linear(784, 128), nn.ReLU()],
        *[nn.Linear(128, 128), nn.ReLU()],
        *[nn.Dropout(dropout), nn.Linear(128, classes)],
    )


def linear(classes: int = 10, dropout: float = 0.0) -> nn.Sequential:
    """784-10: logistic regression. 7,850 parameters, 7,840 multiplications per digit; 92.69 %."""
    return nn.Sequential(nn.Flatten(), nn.Dropout(dropout), nn.Linear(784, classes))


def lenet5(classes: int = 10, dropout: float = 0.0) -> nn.Sequential:
    """LeNet-5 (LeCun et al. 1998), with ReLU, max pooling, and a fully connected second convolution.

    61,706 parameters, 416,520 multiplications per digit; 99.50 %.
    """
    return nn.Sequential(
        nn.Unflatten(1, (1, 28)),
        *[nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2)],  # 14×14
        *[nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2)],  # 5×5
        *[nn.Flatten(), nn.Linear(400, 120), nn.ReLU()],
        *[nn.Linear(120, 84), nn.ReLU()],
        *[nn.Dropout(dropout), nn.Linear(84, classes)],
    )


def cnn(classes: int = 10, dropout: float = 0.0) -> nn.Sequential:
    """The network of every second lesson: 3×3 convolutions with 32 and 64 filters, and a dense layer.

    468,010 parameters, 18,691,840 multiplications per digit; 99.66 %.
    """
    return nn.Sequential(
        nn.Unflatten(1, (1, 28)),
        *[*convolution(1, 32), *convolution(32, 32), nn.MaxPool2d(2)],  # 14×14
        *[*convolution(32, 64), *convolution(64, 64), nn.MaxPool2d(2)],  # 7×7
        *[nn.Flatten(), nn.Linear(64 * 7 * 7, 128), nn.ReLU()],
        *[nn.Dropout(dropout), nn.Linear(128, classes)],
    )


def small(classes: int = 10, dropout: float = 0.0) -> nn.Sequential:
    """The bundled network: three pairs of 3×3 convolutions, each at half the size of the previous pair.

    196,922 parameters, 9,407,360 multiplications per digit; 99.62 %.
    """
    return nn.Sequential(
        nn.Unflatten(1, (1, 28)),
        *[*convolution(1, 16), *convolution(16, 16), nn.MaxPool2d(2)],  # 14×14
        *[*convolution(16, 36), *convolution(36, 36), nn.MaxPool2d(2)],  # 7×7
        *[*convolution(36, 80), *convolution(80, 80), nn.MaxPool2d(2)],  # 3×3
        *[nn.Flatten(), nn.Linear(80 * 3 * 3, 128), nn.ReLU()],
        *[nn.Dropout(dropout), nn.Linear(128, classes)],
    )


def tiny(classes: int = 10, dropout: float = 0.0) -> nn.Sequential:
    """For small devices: only convolutions, up to the last layer.

    19,874 parameters, 2,994,624 multiplications per digit; 99.62 %.
    """
    return nn.Sequential(
        nn.Unflatten(1, (1, 28)),
        *[*convolution(1, 8), *convolution(8, 16), nn.MaxPool2d(2)],  # 14×14
        *[*convolution(16, 24), *convolution(24, 24), nn.MaxPool2d(2)],  # 7×7
        *[*convolution(24, 32), nn.MaxPool2d(2)],  # 3×3
        *[nn.Flatten(), nn.Dropout(dropout), nn.Linear(32 * 3 * 3, classes)],
    )


def own(layers: Sequence[Mapping[str, Any]], classes: int) -> nn.Sequential:
    """Builds a network of checked layers, see ``inkread.training.architecture``, and adds the last layer."""
    made: list[nn.Module] = []
    shape: tuple[int, ...] = (28, 28)

    def add(*modules: nn.Module) -> None:
        nonlocal shape
        made.extend(modules)
        with torch.no_grad():
            blank = torch.zeros(1, *shape)
            shape = tuple(nn.Sequential(*modules).eval()(blank).shape[1:])

    for layer in layers:
        kind = layer["type"]
        if kind in ("conv", "pool") and len(shape) == 2:
            add(nn.Unflatten(1, (1, 28)))
        if kind == "dense" and len(shape) > 1:
            add(nn.Flatten())
        add(*_layer(layer, shape))
    if len(shape) > 1:
        add(nn.Flatten())
    return nn.Sequential(*made, nn.Linear(shape[0], classes))


def _layer(layer: Mapping[str, Any], shape: tuple[int, ...]) -> list[nn.Module]:
    """Builds a checked layer for an input of that shape."""
    match layer["type"]:
        case "conv":
            norm = layer["batch_norm"]
            filters = layer["filters"]
            made: list[nn.Module] = [
                nn.Conv2d(
                    shape[0], filters, layer["size"], layer["stride"], padding=padding(layer), bias=not norm
                )
            ]
            made += [nn.BatchNorm2d(filters)] if norm else []
        case "pool":
            return [(nn.MaxPool2d if layer["kind"] == "max" else nn.AvgPool2d)(layer["size"])]
        case "dense":
            made = [nn.Linear(shape[0], layer["units"])]
        case "dropout":
            return [nn.Dropout(layer["rate"])]
        case _:
            return [nn.Flatten()]
    return made + ([nn.ReLU()] if layer["activation"] == "relu" else [])


def convolution(inputs: int, outputs: int) -> list[nn.Module]:
    """Returns a 3×3 convolution that keeps the size, batch norm (whose shift is the bias), and ReLU."""
    return [nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]


NAMED = {each.__name__: each for each in (linear, mlp, lenet5, cnn, small, tiny)}
"""The networks by name."""


def build(recipe: Recipe | FineTuneConfig, classes: int) -> nn.Sequential:
    """Builds the recipe's network with random weights from PyTorch's global generator."""
    if isinstance(recipe, Recipe) and not recipe.layers:
        network = NAMED[recipe.network](classes, recipe.dropout)
    else:
        network = own(recipe.layers, classes)
    # Measured 1.4 to 3 times as fast on a CPU; the overload is missing from PyTorch's types.
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network


def folded(network: nn.Sequential) -> list[nn.Module]:
    """Returns the layers for inference: batch norms are folded into their convolutions, dropout is removed.

    Args:
        network: in evaluation mode; it stays unchanged.
    """
    layers: list[nn.Module] = []
    for layer in network:
        if isinstance(layer, nn.BatchNorm2d):
            convolution = layers.pop()
            if not isinstance(convolution, nn.Conv2d):
                message = "a batch norm must follow a convolution to be folded into it"
                raise TypeError(message)
            layers.append(fuse_conv_bn_eval(convolution, layer))
        elif not isinstance(layer, nn.Dropout):
            layers.append(layer)
    return layers
