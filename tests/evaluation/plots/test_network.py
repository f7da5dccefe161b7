"""The layers taken from a model compute the same, and plots show what they compute."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="matplotlib is not installed (extra: plot)")
torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra: train)")
pytest.importorskip("onnx", reason="ONNX is not installed (extra: train)")

from inkread.errors import ModelFormatError, OptionError
from inkread.evaluation.plots import embedded, features, filters, gradcam, network_of, saliency
from inkread.evaluation.plots.network import activations, class_activation_map, first_filters, saliency_map
from inkread.models import load_model
from inkread.pipeline.classifier import Classifier
from inkread.training.to_torch import named


@pytest.fixture(scope="module")
def network(run):
    return network_of(load_model(run))


@pytest.mark.parametrize("model", ["default", "run"])
def test_the_layers_compute_what_the_model_does(model, run, glyphs):
    loaded = dataclasses.replace(load_model(run if model == "run" else model), quantized=None)
    logits = network_of(loaded)(torch.from_numpy(glyphs.images.astype(np.float32) / 255))
    assert logits.numpy() == pytest.approx(Classifier(loaded).logits(glyphs.images), abs=1e-3)


def test_a_detector_cannot_be_looked_into():
    with pytest.raises(ModelFormatError, match="use a glyph model"):
        network_of(load_model("detector"))


def test_filters_are_the_first_weights(network):
    assert np.array_equal(first_filters(network), network[1].weight[:, 0].numpy())
    assert first_filters(named("mlp").requires_grad_(False)).shape == (128, 28, 28)
    assert filters(network).get_suptitle().startswith("8 filters of 3×3")


def test_features_are_of_every_hidden_layer(network, glyphs):
    found = activations(network, glyphs.images[0])
    assert {name: values.shape for name, values in found.items()} == {
        "conv 1": (8, 28, 28), "conv 2": (16, 28, 28),
        "conv 3": (24, 14, 14), "conv 4": (24, 14, 14), "conv 5": (32, 7, 7),
    }  # fmt: skip
    assert all((values >= 0).all() for values in found.values())
    names = [text.get_text() for text in features(network, glyphs.images[0]).axes[0].texts]
    assert names[: 1 + len(found)] == ["glyph", *found]


def test_dense_layers_have_features_too(glyphs):
    network = named("mlp").requires_grad_(False)
    assert [v.shape for v in activations(network, glyphs.images[0]).values()] == [(128,), (128,)]
    features(network, glyphs.images[0])


def test_a_network_without_hidden_layers_has_no_features(glyphs):
    with pytest.raises(OptionError, match="has none"):
        features(named("linear").requires_grad_(False), glyphs.images[0])


def test_a_saliency_map_is_of_the_glyphs_pixels(network, glyphs):
    found = saliency_map(network, glyphs.images[0])
    assert found.shape == (28, 28)
    assert found.min() >= 0
    assert found.max() == 1
    assert found.std() > 0
    assert np.array_equal(found, saliency_map(network, glyphs.images[0]))


def test_saliency_is_where_a_network_looks(glyphs):
    linear = named("linear").requires_grad_(False)
    for values in linear.parameters():
        values.zero_()
    linear[2].weight[3, 5 * 28 + 7] = 2.0
    linear[2].bias[3] = 1.0
    found = saliency_map(linear.eval(), glyphs.images[0])
    assert found[5, 7] == 1
    assert found.sum() == 1


def test_saliency_shows_each_glyph_with_what_it_was_read_as(network, glyphs, probabilities):
    plot = saliency(network, glyphs.images[:3], glyphs.labels[:3], probabilities[:3])
    assert sum("→" in text.get_text() for text in plot.axes[0].texts) == 3


def looking_for_ink(*, padding: int, pool: int) -> torch.nn.Sequential:
    """A network whose class 3 counts the ink in the middle of the glyph, and whose class 4 counts nothing."""
    layers = [
        torch.nn.Unflatten(1, (1, 28)), torch.nn.Conv2d(1, 2, 5, padding=padding), torch.nn.ReLU(),
        torch.nn.MaxPool2d(pool), torch.nn.Flatten(),
    ]  # fmt: skip
    features = torch.nn.Sequential(*layers)(torch.zeros(1, 28, 28)).shape[1]
    network = torch.nn.Sequential(*layers, torch.nn.Linear(features, 11)).requires_grad_(False)
    for values in network.parameters():
        values.zero_()
    network[1].weight[0, 0, 2, 2] = 1.0
    network[-1].weight[3, : features // 2] = 1.0
    return network.eval()


@pytest.mark.parametrize(("padding", "pool"), [(2, 1), (2, 2), (0, 2), (0, 3)])
def test_grad_cam_is_where_the_evidence_is(padding, pool):
    glyph = np.zeros((28, 28), np.uint8)
    glyph[8, 19] = 255
    found = class_activation_map(looking_for_ink(padding=padding, pool=pool), glyph)
    assert found.shape == (28, 28)
    assert np.argwhere(found == 1).tolist() == [[8, 19]]
    assert found.sum() == 1


def test_grad_cam_is_of_one_class():
    network = looking_for_ink(padding=2, pool=2)
    glyph = np.full((28, 28), 255, np.uint8)
    assert np.array_equal(class_activation_map(network, glyph), class_activation_map(network, glyph, 3))
    assert class_activation_map(network, glyph, 4).max() == 0


def test_grad_cam_leaves_out_what_a_pooling_drops():
    network = looking_for_ink(padding=2, pool=5)  # of 28 rows and columns, the last three are dropped
    glyph = np.zeros((28, 28), np.uint8)
    glyph[12, 12] = glyph[26, 26] = 255
    found = class_activation_map(network, glyph)
    assert (found[12, 12], found[26, 26]) == (1, 0)


def test_grad_cam_is_of_the_last_convolution_with_places(glyphs):
    layers = [
        torch.nn.Unflatten(1, (1, 28)), torch.nn.Conv2d(1, 4, 7, stride=4), torch.nn.Conv2d(4, 8, 6),
        torch.nn.Flatten(), torch.nn.Linear(8, 11),
    ]  # fmt: skip
    torch.manual_seed(0)
    network = torch.nn.Sequential(*layers).requires_grad_(False)
    assert network[:3](torch.zeros(1, 28, 28)).shape == (1, 8, 1, 1)
    assert class_activation_map(network, glyphs.images[0]).std() > 0


def test_grad_cam_stretches_the_map_over_the_glyph(network, glyphs):
    found = class_activation_map(network, glyphs.images[0])
    assert found.shape == (28, 28)
    assert (found.min(), found.max()) == (0, 1)


def test_grad_cam_shows_the_reading_and_the_runner_up(network, glyphs, probabilities):
    plot = gradcam(network, glyphs.images[:3], glyphs.labels[:3], probabilities[:3])
    texts = [text.get_text() for text in plot.axes[0].texts]
    assert texts[:3] == ["glyph", "reading", "runner-up"]
    assert sum("→" in text for text in texts) == 3
    ranked = np.argsort(-probabilities[:3], axis=1, kind="stable")
    names = [*"0123456789", "none"]
    assert texts[-6:] == [f"for {names[i]}" for column in (0, 1) for i in ranked[:, column]]


@pytest.mark.parametrize("name", ["mlp", "linear"])
def test_a_network_without_convolutions_has_no_grad_cam(glyphs, name):
    with pytest.raises(OptionError, match="needs convolutions, but this network has none; plot its saliency"):
        class_activation_map(named(name).requires_grad_(False), glyphs.images[0])


def test_the_embedding_is_what_the_last_layer_sees(network, glyphs):
    vectors = embedded(network, glyphs.images)
    assert vectors.shape == (len(glyphs), network[-1].in_features)
    logits = network[-1](torch.from_numpy(vectors)).numpy()
    expected = network(torch.from_numpy(glyphs.images.astype(np.float32) / 255)).numpy()
    assert logits == pytest.approx(expected, abs=1e-4)
