"""The list of layers computes the same as the trained network."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra: train)")
onnx = pytest.importorskip("onnx", reason="ONNX is not installed (extra: export)")

from export_runs import network_named, save_run

from inkread.errors import ModelFormatError
from inkread.export.parity import probabilities_of
from inkread.models import load_model
from inkread.models.layers import (
    GLYPH,
    AddChannel,
    Convolution,
    Dense,
    Flatten,
    calibrated,
    channels_last,
    layers_of,
    shape_after,
)
from inkread.pipeline.classifier import Classifier, softmax
from inkread.training.architecture import NAMED
from inkread.training.to_torch import network_of

NETWORKS = [*NAMED, "own"]


def logits_of(network, glyphs):
    with torch.no_grad():
        return network(torch.tensor(glyphs)).numpy()


@pytest.mark.parametrize("name", NETWORKS)
def test_the_layers_read_from_the_file_calculate_what_the_network_did(name, tmp_path, glyphs):
    network = network_named(name)
    layers = layers_of(load_model(save_run(network, tmp_path)))
    assert np.allclose(logits_of(network_of(layers), glyphs), logits_of(network, glyphs), atol=1e-4)


@pytest.mark.parametrize("name", NETWORKS)
def test_shapes_follow_the_layers(name, tmp_path, glyphs):
    value, shape = torch.tensor(glyphs[:2]), GLYPH
    for layer in layers_of(load_model(save_run(network_named(name), tmp_path))):
        value, shape = network_of([layer])(value), shape_after(layer, shape)
        assert value.shape[1:] == shape


def test_the_bundled_model_is_read_without_its_training(glyphs):
    model = dataclasses.replace(load_model("default"), quantized=None)
    found = logits_of(network_of(layers_of(model)), glyphs)
    assert np.allclose(found, Classifier(model).logits(glyphs), atol=1e-4)


def test_an_operator_that_inkread_does_not_write_is_rejected(tmp_path):
    model = load_model(save_run(network_named("mlp"), tmp_path))
    graph = onnx.load_from_string(model.content)
    next(node for node in graph.graph.node if node.op_type == "Relu").op_type = "Sin"
    with pytest.raises(ModelFormatError, match="operator Sin"):
        layers_of(dataclasses.replace(model, content=graph.SerializeToString()))


def test_a_dilated_convolution_calculates_what_the_file_does(tmp_path, glyphs):
    model = load_model(save_run(network_named("lenet5"), tmp_path))
    graph = onnx.load_from_string(model.content)
    convolution = next(node for node in graph.graph.node if node.op_type == "Conv")
    attributes = {each.name: each.ints for each in convolution.attribute}
    attributes["dilations"][:], attributes["pads"][:] = [2, 2], [4, 4, 4, 4]
    changed = dataclasses.replace(model, content=graph.SerializeToString())
    layers = layers_of(changed)
    shape = GLYPH
    for layer in layers:
        shape = shape_after(layer, shape)
    assert shape == (11,)
    assert np.allclose(logits_of(network_of(layers), glyphs), Classifier(changed).logits(glyphs), atol=1e-4)


def test_a_grouped_convolution_is_rejected_because_no_layer_can_express_it(tmp_path):
    model = load_model(save_run(network_named("lenet5"), tmp_path))
    graph = onnx.load_from_string(model.content)
    convolution = next(node for node in graph.graph.node if node.op_type == "Conv")
    convolution.attribute.append(onnx.helper.make_attribute("group", 2))
    with pytest.raises(ModelFormatError, match="operator Conv"):
        layers_of(dataclasses.replace(model, content=graph.SerializeToString()))


def test_only_the_dense_layer_that_follows_pictures_gets_the_other_order():
    rng = np.random.default_rng(0)

    def dense(outputs, inputs):
        return Dense(rng.random((outputs, inputs), np.float32), np.zeros(outputs, np.float32))

    halves = Convolution(np.zeros((3, 1, 14, 14), np.float32), np.zeros(3, np.float32), (14, 14))
    first, second = dense(7, 3 * 2 * 2), dense(4, 7)
    *_, found, next_ = channels_last([AddChannel(), halves, Flatten(), first, second])
    picture = rng.random((3, 2, 2), np.float32)
    assert np.allclose(found.weight @ picture.transpose(1, 2, 0).ravel(), first.weight @ picture.ravel())
    assert next_ is second
    of_glyph = dense(5, 784)
    assert channels_last([Flatten(), of_glyph])[1] is of_glyph


def test_the_calibrated_layers_end_in_the_classifiers_probabilities(tmp_path, glyphs):
    model = load_model(save_run(network_named("mlp"), tmp_path))
    outputs = logits_of(network_of(calibrated(layers_of(model), model.card)), glyphs)
    expected = Classifier(model).probabilities(glyphs)
    assert np.allclose(softmax(outputs), expected, atol=1e-5)
    assert np.allclose(probabilities_of(Classifier(model).logits(glyphs), model.card), expected, atol=1e-6)


def damaged_models():
    """The default model, changed in ways that are still a valid file to the parser that checks it first."""
    content = load_model().content
    for change in ("input", "node", "initializer"):
        model = onnx.load_from_string(content)
        model.graph.ClearField(change)
        yield model.SerializeToString()
    model = onnx.load_from_string(content)
    model.graph.initializer[0].raw_data += b"x"
    yield model.SerializeToString()
    yield onnx.ModelProto(doc_string="x").SerializeToString().replace(b"x", b"\xff")


@pytest.mark.parametrize("content", [*damaged_models()], ids=["inputs", "nodes", "weights", "size", "text"])
def test_a_file_without_a_chain_of_layers_is_rejected(content):
    with pytest.raises(ModelFormatError):
        layers_of(dataclasses.replace(load_model(), content=content, quantized=None))
