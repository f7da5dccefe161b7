"""A network that is opened again from its model is the one that was saved."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra: train)")
pytest.importorskip("onnx", reason="ONNX is not installed (extra: train)")

from pathlib import Path
from types import SimpleNamespace

from inkread.errors import ModelFormatError
from inkread.models import load_model
from inkread.pipeline.classifier import Classifier
from inkread.training.architecture import check_layers
from inkread.training.digits import predict
from inkread.training.recipe import NETWORKS
from inkread.training.to_onnx import to_onnx
from inkread.training.to_torch import named, open_network, own

GLYPHS = np.random.default_rng(0).integers(0, 256, (32, 28, 28), np.uint8)
OWN = [
    {"type": "conv", "filters": 6, "size": 5, "stride": 2, "padding": 0},
    {"type": "pool", "kind": "average"},
    {"type": "conv", "filters": 8, "batch_norm": False, "activation": "none"},
    {"type": "dense", "units": 20},
]


def model_of(content):
    return SimpleNamespace(content=content, path=Path("model.onnx"))


@pytest.mark.parametrize("name", [*NETWORKS, "own"])
def test_a_network_comes_back_from_its_model(name):
    torch.manual_seed(0)
    network = (own(check_layers(OWN), 10) if name == "own" else named(name)).eval()
    _, again = open_network(model_of(to_onnx(network)))
    np.testing.assert_allclose(predict(again, GLYPHS), predict(network, GLYPHS), rtol=1e-3, atol=1e-5)


def test_the_bundled_model_can_be_opened():
    model = dataclasses.replace(load_model("default"), quantized=None)
    layers, network = open_network(model)
    np.testing.assert_allclose(predict(network, GLYPHS), Classifier(model).logits(GLYPHS), atol=1e-4)
    assert [layer["type"] for layer in layers].count("conv") == 6


def test_a_model_that_is_not_a_network_of_glyphs_is_rejected_by_name():
    with pytest.raises(ModelFormatError, match="detector"):
        open_network(load_model("detector"))
