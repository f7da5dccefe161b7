"""The networks: short lists of layers, from glyphs to logits.

Glyphs are (N, 28, 28), float32, 0..1, ink bright; logits (N, classes). The softmax, with its temperature, belongs
to whoever reads them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

if TYPE_CHECKING:
    from inkread.training.recipe import Recipe


def mlp(classes: int = 10, dropout: float = 0.0) -> nn.Sequential:
    """784-128-128-10: the network of every first lesson. 118,282 parameters."""
    return nn.Sequential(
        nn.Flatten(),
        *[nn.Linear(784, 128), nn.ReLU()],
        *[nn.Linear(128, 128), nn.ReLU()],
        *[nn.Dropout(dropout), nn.Linear(128, classes)],
    )


def cnn(classes: int = 10, dropout: float = 0.0) -> nn.Sequential:
    """Three pairs of 3×3 convolutions, each pair at half the size of the one before."""
    return nn.Sequential(
        nn.Unflatten(1, (1, 28)),
        *[*convolution(1, 16), *convolution(16, 16), nn.MaxPool2d(2)],  # 14×14
        *[*convolution(16, 36), *convolution(36, 36), nn.MaxPool2d(2)],  # 7×7
        *[*convolution(36, 80), *convolution(80, 80), nn.MaxPool2d(2)],  # 3×3
        *[nn.Flatten(), nn.Linear(80 * 3 * 3, 128), nn.ReLU()],
        *[nn.Dropout(dropout), nn.Linear(128, classes)],
    )


def convolution(inputs: int, outputs: int) -> list[nn.Module]:
    """A 3×3 convolution that keeps the size, batch norm (whose shift is the bias), and the rectifier."""
    return [nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]


def build(recipe: Recipe, classes: int) -> nn.Sequential:
    """The recipe's network with fresh weights of PyTorch's global random generator."""
    network = {"cnn": cnn, "mlp": mlp}[recipe.network](classes, recipe.dropout)
    # Measured 1.4 to 3 times as fast on a CPU; the overload is missing from PyTorch's types.
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network


def folded(network: nn.Sequential) -> list[nn.Module]:
    """The layers that inference needs: batch norms folded into their convolutions, no dropout.

    Args:
        network: in evaluation mode; it is left as it is.
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
