"""The networks, from glyphs to logits, as layers of ``training.architecture``.

Each is followed by dropout, at the recipe's rate, and by a dense layer with one output per class; the softmax
and its temperature are not part of a network. The scores are on MNIST's 10,000 test images, from one training
with the recipe of the same name, which did not use them: ``python benchmarks/networks.py --full``.
"""

from __future__ import annotations

from typing import Any

Layers = list[dict[str, Any]]

POOL = {"type": "pool"}
FLATTEN = {"type": "flatten"}


def convolutions(*filters: int, size: int = 3, **settings: Any) -> Layers:
    """Returns convolutions; by default each keeps the size, and has a batch norm and ReLU."""
    return [{"type": "conv", "filters": each, "size": size, **settings} for each in filters]


def dense(*units: int) -> Layers:
    """Returns dense layers with ReLU."""
    return [{"type": "dense", "units": each} for each in units]


def linear() -> Layers:
    """784-10: logistic regression. 7,850 parameters, 7,840 multiplications per digit; 92.69 %."""
    return [FLATTEN]


def mlp() -> Layers:
    """784-128-128-10: the network of every first lesson.

    118,282 parameters, 118,016 multiplications per digit; 99.22 %.
    """
    return dense(128, 128)


def lenet5() -> Layers:
    """LeNet-5 (LeCun et al. 1998), with ReLU, max pooling, and a fully connected second convolution.

    61,706 parameters, 416,520 multiplications per digit; 99.50 %.
    """
    return [
        *[*convolutions(6, size=5, batch_norm=False), POOL],  # 14×14
        *[*convolutions(16, size=5, padding=0, batch_norm=False), POOL],  # 5×5
        *dense(120, 84),
    ]


def cnn() -> Layers:
    """The network of every second lesson: 3×3 convolutions with 32 and 64 filters, and a dense layer.

    468,010 parameters, 18,691,840 multiplications per digit; 99.66 %.
    """
    return [*convolutions(32, 32), POOL, *convolutions(64, 64), POOL, *dense(128)]


def small() -> Layers:
    """The bundled network: three pairs of 3×3 convolutions, each at half the size of the previous pair.

    196,922 parameters, 9,407,360 multiplications per digit; 99.62 %.
    """
    return [
        *[*convolutions(16, 16), POOL],  # 14×14
        *[*convolutions(36, 36), POOL],  # 7×7
        *[*convolutions(80, 80), POOL],  # 3×3
        *dense(128),
    ]


def tiny() -> Layers:
    """For small devices: only convolutions, up to the last layer.

    19,874 parameters, 2,994,624 multiplications per digit; 99.62 %.
    """
    return [*convolutions(8, 16), POOL, *convolutions(24, 24), POOL, *convolutions(32), POOL, FLATTEN]


NAMED = {each.__name__: each for each in (linear, mlp, lenet5, cnn, small, tiny)}
"""The networks by name."""
