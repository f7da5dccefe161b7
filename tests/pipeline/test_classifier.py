"""The classifier returns calibrated probabilities for any batch, and rejects models that do not fit."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inkread.errors import ModelFormatError
from inkread.models import CARD_FILE, DIGIT_CLASSES, MODEL_FILE, Model, load_model
from inkread.pipeline.classifier import Classifier
from inkread.reader import Reader


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return Classifier()


def random_glyphs(count: int) -> np.ndarray:
    return np.random.default_rng(count).integers(0, 256, (count, 28, 28)).astype(np.uint8)


@pytest.mark.parametrize("count", [0, 1, 7, 256, 600])
def test_any_number_of_glyphs_is_classified(classifier: Classifier, count: int) -> None:
    result = classifier.probabilities(random_glyphs(count))
    assert result.shape == (count, 11)
    assert result.dtype == np.float32
    np.testing.assert_allclose(result.sum(axis=1), 1, rtol=1e-5)


def test_a_glyph_reads_alike_alone_and_in_company(classifier: Classifier) -> None:
    glyphs = random_glyphs(300)
    together = classifier.probabilities(glyphs)
    alone = np.concatenate([classifier.probabilities(glyphs[i : i + 1]) for i in range(0, 300, 50)])
    np.testing.assert_allclose(alone, together[::50], atol=1e-5)


def test_bytes_and_floats_mean_the_same(classifier: Classifier) -> None:
    glyphs = random_glyphs(5)
    np.testing.assert_allclose(
        classifier.probabilities(glyphs), classifier.probabilities(glyphs / 255.0), atol=1e-6
    )


def test_the_temperature_softens_the_probabilities(classifier: Classifier) -> None:
    model = classifier.model
    hot = dataclasses.replace(model, card=dataclasses.replace(model.card, temperature=50.0))
    glyphs = random_glyphs(20)
    assert Classifier(hot).probabilities(glyphs).max() < classifier.probabilities(glyphs).max()


@pytest.mark.parametrize("shape", [(28, 28), (2, 28, 27), (1, 1, 28, 28)])
def test_glyphs_of_another_shape_are_rejected(classifier: Classifier, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"\(N, 28, 28\)"):
        classifier.logits(np.zeros(shape, np.uint8))


def made(onnx: Any, *, inputs: str = "glyphs", outputs: str = "logits", classes: int = 11) -> Any:
    weights = onnx.numpy_helper.from_array(np.zeros((784, classes), np.float32), "w")
    nodes = [
        onnx.helper.make_node("Flatten", [inputs], ["flat"]),
        onnx.helper.make_node("MatMul", ["flat", "w"], [outputs]),
    ]
    graph = onnx.helper.make_graph(
        nodes,
        "linear",
        [onnx.helper.make_tensor_value_info(inputs, 1, ["N", 28, 28])],
        [onnx.helper.make_tensor_value_info(outputs, 1, ["N", classes])],
        [weights],
    )
    return onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=9)


def as_model(content: bytes, **changes: Any) -> Model:
    card = dataclasses.replace(load_model().card, sha256=hashlib.sha256(content).hexdigest(), **changes)
    return Model("made", Path("made") / MODEL_FILE, card, content)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [({"inputs": "x"}, "takes"), ({"outputs": "y"}, "outputs"), ({"classes": 10}, "outputs")],
)
def test_a_model_with_other_inputs_or_outputs_is_rejected(changes: dict[str, Any], problem: str) -> None:
    onnx = pytest.importorskip("onnx", reason="needs onnx, of the extra 'train'")
    with pytest.raises(ModelFormatError, match=problem):
        Classifier(as_model(made(onnx, **changes).SerializeToString()))


def test_a_model_with_names_that_are_no_text_is_rejected() -> None:
    onnx = pytest.importorskip("onnx", reason="needs onnx, of the extra 'train'")
    content = made(onnx).SerializeToString().replace(b"glyphs", b"glyph\xce")
    with pytest.raises(ModelFormatError, match="not UTF-8"):
        Classifier(as_model(content))


def test_a_model_that_keeps_weights_in_another_file_is_rejected(tmp_path: Path, monkeypatch: Any) -> None:
    onnx = pytest.importorskip("onnx", reason="needs onnx, of the extra 'train'")
    path = tmp_path / "outside.onnx"
    onnx.save(made(onnx), path, save_as_external_data=True, location="weights.bin", size_threshold=0)
    monkeypatch.chdir(tmp_path)  # where the runtime would look for the weights
    plain = path.read_bytes()
    with pytest.raises(ModelFormatError, match="outside its file"):
        Classifier(as_model(plain))


def test_no_disguise_lets_the_runtime_read_another_file(tmp_path: Path, monkeypatch: Any) -> None:
    onnx = pytest.importorskip("onnx", reason="needs onnx, of the extra 'train'")
    onnx.save(
        made(onnx),
        tmp_path / "outside.onnx",
        save_as_external_data=True,
        location="weights.bin",
        size_threshold=0,
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("inkread.models.require_whole", lambda *_: None)
    with pytest.raises(ModelFormatError, match="ONNX model"):
        Classifier(as_model((tmp_path / "outside.onnx").read_bytes()))


def test_bytes_that_are_not_a_model_are_rejected() -> None:
    with pytest.raises(ModelFormatError, match="ONNX model"):
        Classifier(as_model(b"\x08\x09not a model"))


def test_other_classes_than_digits_have_their_own_columns_and_no_reader(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx", reason="needs onnx, of the extra 'train'")
    labels = ("Coat", "Shirt", "Bag")
    model = as_model(made(onnx, classes=3).SerializeToString(), labels=labels)
    classifier = Classifier(model)
    assert classifier.classes == labels
    np.testing.assert_allclose(classifier.probabilities(random_glyphs(2)), np.full((2, 3), 1 / 3), rtol=1e-6)
    (tmp_path / MODEL_FILE).write_bytes(model.content)
    (tmp_path / CARD_FILE).write_text(model.card.to_json(), encoding="utf-8")
    with pytest.raises(
        ModelFormatError, match=r"knows 3 classes \(Coat, Shirt, Bag, …\), not the ten digits"
    ):
        Reader(tmp_path)


@pytest.mark.parametrize("none", [True, False])
def test_digits_have_the_same_columns_in_any_order_of_a_models_labels(none: bool) -> None:
    onnx = pytest.importorskip("onnx", reason="needs onnx, of the extra 'train'")
    labels = tuple("9876543210") + (("",) if none else ())
    classifier = Classifier(as_model(made(onnx, classes=len(labels)).SerializeToString(), labels=labels))
    assert classifier.classes == DIGIT_CLASSES
    shares = classifier.probabilities(random_glyphs(2), background_logit_adjustment=0.0)
    np.testing.assert_allclose(shares[:, :10], 1 / len(labels), rtol=1e-6)
    np.testing.assert_allclose(shares[:, 10], 1 / 11 if none else 0, rtol=1e-6)


def test_the_cause_of_a_rejection_is_complete() -> None:
    onnx = pytest.importorskip("onnx", reason="needs onnx, of the extra 'train'")
    newer = made(onnx)
    newer.ir_version = 99
    with pytest.raises(
        ModelFormatError,
        match=r"runnable ONNX model \(Unsupported model IR version: 99, max supported .*\d+\);",
    ):
        Classifier(as_model(newer.SerializeToString()))


def test_a_network_of_lines_is_not_a_classifier():
    with pytest.raises(ModelFormatError, match="reads lines of text, not single characters"):
        Classifier("text")
