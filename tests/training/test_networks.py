"""Each network is what its docstring says, and leaves PyTorch as the same function."""

from __future__ import annotations

import re

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra: train)")
onnx = pytest.importorskip("onnx", reason="ONNX is not installed (extra: train)")
from torch import nn

from inkread.training.architecture import NAMED, check_layers
from inkread.training.digits import batches_of
from inkread.training.recipe import NETWORKS
from inkread.training.to_onnx import compare, to_onnx
from inkread.training.to_torch import named, own

OWN = [
    {"type": "conv", "filters": 6, "size": 5, "stride": 2, "padding": 0},
    {"type": "pool", "kind": "average"},
    {"type": "conv", "filters": 8, "batch_norm": False, "activation": "none"},
    {"type": "flatten"},
    {"type": "dense", "units": 20},
    {"type": "dropout", "rate": 0.3},
]


def multiplications(network):
    """Of one digit, counted where they happen."""
    count = 0

    def add(layer, _, result):
        nonlocal count
        each = layer.in_features if isinstance(layer, nn.Linear) else layer.weight[0].numel()
        count += result.numel() * each

    for layer in network:
        if isinstance(layer, nn.Conv2d | nn.Linear):
            layer.register_forward_hook(add)
    network(torch.zeros(1, 28, 28))
    return count


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_has_the_size_and_cost_that_its_docstring_states(name):
    network = named(name).eval()
    stated = re.search(r"([\d,]+) parameters, ([\d,]+) multiplications per digit", NAMED[name].__doc__)
    found = sum(weight.numel() for weight in network.parameters()), multiplications(network)
    assert tuple(int(number.replace(",", "")) for number in stated.groups()) == found


def test_tiny_is():
    assert sum(weight.numel() for weight in named("tiny").parameters()) <= 25_000


@pytest.mark.parametrize("name", [*NETWORKS, "own"])
def test_a_network_is_the_same_function_in_onnx(name):
    torch.manual_seed(0)
    network = own(check_layers(OWN), 10) if name == "own" else named(name)
    for layer in network:  # statistics that a batch norm would not show if it were lost
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.uniform_(layer.running_mean, -0.5, 0.5)
            nn.init.uniform_(layer.running_var, 0.5, 2)
    glyphs = np.random.default_rng(0).integers(0, 256, (16, 28, 28), np.uint8)
    content = to_onnx(network.eval())
    (logits,) = compare(content, network, batches_of(glyphs))
    assert np.ptp(logits) > 0
    operators = {node.op_type for node in onnx.load_from_string(content).graph.node}
    assert not operators & {"BatchNormalization", "Dropout"}


def test_a_batch_norm_that_cannot_be_folded_is_an_error():
    network = nn.Sequential(nn.Unflatten(1, (1, 28)), nn.BatchNorm2d(1), nn.Flatten())
    with pytest.raises(TypeError, match="must follow a convolution"):
        to_onnx(network.eval())
