"""Networks with random weights, as folders of runs."""

from __future__ import annotations

import hashlib
import importlib.util

import pytest

from inkread.export import FORMATS
from inkread.models.card import NOT_A_DIGIT, Card

OWN = (
    {"type": "conv", "filters": 6, "size": 5, "stride": 2, "padding": 1},
    {"type": "conv", "filters": 5, "size": 2, "batch_norm": False},
    {"type": "pool", "kind": "average", "size": 3},
    {"type": "conv", "filters": 4, "size": 3, "padding": 0, "activation": "none"},
    {"type": "dropout"},
    {"type": "dense", "units": 12},
)
"""Strides, an even kernel, all kinds of padding, mean pooling, and a convolution without ReLU."""


NOT_OURS = "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning:keras"
"""Keras 3.15 passes its variables to NumPy 2 in NumPy 1's way."""

PACKAGES = {"keras": "keras", "h5": "keras", "litert": "ai_edge_litert", "litert-int8": "ai_edge_litert"}
"""What a format needs in addition to the extra "train"."""


def needs(form):
    """Skips the test if a package is missing, without importing it: Keras needs its backend first."""
    if form in PACKAGES and importlib.util.find_spec(PACKAGES[form]) is None:
        reason = f"{PACKAGES[form]} is not installed (extra: {FORMATS[form].extra})"
        pytest.skip(reason, allow_module_level=True)


def shaken(network, seed=0):
    """Builds the network with random weights and batch norms with statistics."""
    import torch

    torch.manual_seed(seed)
    with torch.no_grad():
        for name, values in (*network.named_parameters(), *network.named_buffers()):
            if name.endswith("running_var"):
                values.copy_(torch.rand_like(values) + 0.5)
            elif values.is_floating_point():
                spread = (2 / values[0].numel()) ** 0.5 if values.ndim > 1 else 0.3
                values.add_(torch.randn_like(values) * spread)
    return network.eval()


def network_named(name, classes=11):
    """Returns one of our networks by name, or "own"."""
    from inkread.training.architecture import check_layers
    from inkread.training.to_torch import named, own

    return shaken(own(check_layers(OWN), classes) if name == "own" else named(name, classes))


def save_run(network, folder, *, name="toy", classes=11):
    """Saves the parts of a run that the export reads: the model and its card."""
    from inkread.training.to_onnx import to_onnx

    content = to_onnx(network)
    card = Card(
        name=name,
        created="2026-01-01",
        sha256=hashlib.sha256(content).hexdigest(),
        labels=tuple("0123456789") + (NOT_A_DIGIT,) * (classes - 10),
        temperature=1.7,
        background_logit_adjustment=-0.6 * (classes - 10),
        parameters=1,
        geometry={"side": 28},
        licence="CC0-1.0",
    )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(content)
    (folder / "card.json").write_text(card.to_json(), encoding="utf-8")
    return folder
