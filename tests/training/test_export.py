"""What a run leaves behind is whole, agrees with what was trained, and says what it is."""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import shutil
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra: train)")
onnx = pytest.importorskip("onnx", reason="ONNX is not installed (extra: train)")

import onnxruntime
from safetensors.torch import load_file
from training_runs import weights

from inkread.datasets import registry
from inkread.datasets.glyphs import LabelledGlyphs
from inkread.errors import ModelFormatError, ModelNotFoundError, TrainingError
from inkread.evaluation.metrics import CALIBRATION_BINS
from inkread.models.card import HISTORY_FILE, NOT_A_DIGIT, Card
from inkread.training import export as export_module
from inkread.training import load_run, train, workflow
from inkread.training.calibration import HeldOut, as_in_use, softmax
from inkread.training.checkpoint import CHECKPOINT_FILE
from inkread.training.digits import batches_of, fit, predict
from inkread.training.export import export
from inkread.training.recipe import Recipe
from inkread.training.run import WEIGHTS_FILE
from inkread.training.to_onnx import compare, to_onnx
from inkread.training.to_torch import build

CNN = Recipe(network="cnn", epochs=2, batch_size=64, averaging=0.5, threads=1, validation=100)
MLP = dataclasses.replace(CNN, network="mlp", precision="float32")
FILES = {"model.onnx", "model.safetensors", "history.csv", "held_out.npz", "card.json"}


@pytest.fixture(scope="module")
def run(glyphs, held_out, tmp_path_factory):
    """A trained and exported CNN."""
    run = fit(CNN, glyphs, held_out, out=tmp_path_factory.mktemp("run"))
    export(run, [held_out], data=[glyphs.describe("train")], geometry={"side": 28}, command="inkread train")
    return run


def session(run):
    return onnxruntime.InferenceSession(run.out / "model.onnx", providers=["CPUExecutionProvider"])


def test_the_card_has_the_confusions_of_what_was_held_out(run, held_out):
    counts = np.array(run.card.confusion)
    assert counts.shape == (10, 10)
    assert counts.sum(axis=1).tolist() == np.bincount(held_out.labels, minlength=10).tolist()
    assert counts.trace() / counts.sum() == pytest.approx(run.card.scores["bars_validation"], abs=1e-6)
    lines = (run.out / "card.json").read_text().splitlines()
    assert sum(line.strip().startswith("[ ") for line in lines) == 10 + CALIBRATION_BINS  # a line a row


def test_the_card_has_the_reliability_of_what_was_held_out(run, held_out):
    counts, right, confidence = np.array(run.card.reliability).T
    assert len(counts) == CALIBRATION_BINS
    assert counts.sum() == len(held_out)
    assert right.sum() / len(held_out) == pytest.approx(run.card.scores["validation_accuracy"], abs=1e-6)
    gap = np.abs(right - counts * confidence).sum() / len(held_out)
    assert gap == pytest.approx(run.card.scores["validation_ece"], abs=1e-5)


@pytest.mark.parametrize(("bias", "left"), [(0.0, (60, 40)), (np.log(0.25), (60, 10)), (np.log(3), (20, 40))])
def test_held_out_data_has_the_same_share_of_non_digits_as_use(held_out, bias, left):
    labels = np.repeat([3, 10], [60, 40]).astype(np.uint8)
    glyphs = dataclasses.replace(
        held_out, images=held_out.images[:100], labels=labels, classes=(*"0123456789", "")
    )
    logits = np.arange(1100, dtype=np.float32).reshape(100, 11)
    found, kept, biases = as_in_use(
        [logits[:50], logits[50:]], [glyphs.subset(slice(50)), glyphs.subset(slice(50, None))], bias
    )
    assert ((kept == 3).sum(), (kept == 10).sum()) == left
    assert biases.tolist() == [0.0] * 10 + [pytest.approx(bias)]
    rows = (found[:, 0] / 11).astype(int)
    np.testing.assert_array_equal(labels[rows], kept)
    np.testing.assert_array_equal(found, logits[rows])
    assert np.diff(rows).max() <= 4  # evenly


def test_a_run_comes_back_from_its_folder(run, glyphs):
    trained = load_run(run.out)
    assert weights(trained) == weights(run)
    assert (predict(trained.network, glyphs.images) == predict(run.network, glyphs.images)).all()
    assert [epoch["epoch"] for epoch in trained.history] == [1, 2]
    assert trained.card == run.card


def test_a_run_with_other_weights_than_its_network_is_rejected(run, tmp_path):
    folder = shutil.copytree(run.out, tmp_path / "copy")
    (folder / WEIGHTS_FILE).write_bytes(b"nonsense")
    with pytest.raises(ModelFormatError, match="does not hold the weights"):
        load_run(folder)
    (folder / WEIGHTS_FILE).unlink()
    with pytest.raises(ModelNotFoundError, match="is missing"):
        load_run(folder)
    with pytest.raises(ModelNotFoundError):
        load_run(Path("default"))


def test_a_finished_run_is_its_four_files_and_no_more(run):
    assert {path.name for path in run.out.iterdir()} == FILES


def test_the_onnx_model_has_the_promised_input_and_output_and_no_external_data(run):
    onnx.checker.check_model(run.out / "model.onnx", full_check=True)
    model = onnx.load(run.out / "model.onnx", load_external_data=False)
    (source,), (result,) = session(run).get_inputs(), session(run).get_outputs()
    assert (source.name, source.type, source.shape) == ("glyphs", "tensor(float)", ["N", 28, 28])
    assert (result.name, result.type, result.shape) == ("logits", "tensor(float)", ["N", 10])
    assert not any(weight.external_data for weight in model.graph.initializer)
    assert "BatchNormalization" not in {node.op_type for node in model.graph.node}
    assert (run.out / "model.onnx").stat().st_size <= 2_000_000


@pytest.mark.parametrize("count", [0, 1, 7, 1000])
def test_the_onnx_model_answers_as_pytorch_does_for_any_number_of_glyphs(count, run, draw):
    images = draw(count, seed=2).images
    (logits,) = session(run).run(None, {"glyphs": images.astype(np.float32) / 255})
    assert logits.shape == (count, 10)
    if count:
        assert logits == pytest.approx(predict(run.network, images), abs=1e-4)


def test_the_safetensors_weights_rebuild_the_network(run, held_out):
    network = build(run.recipe, 10).eval()
    network.load_state_dict(load_file(run.out / WEIGHTS_FILE))
    assert np.array_equal(predict(network, held_out.images), predict(run.network, held_out.images))


def test_the_history_has_a_row_an_epoch(run):
    with (run.out / HISTORY_FILE).open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == [
        "epoch", "learning_rate", "train_loss", "train_accuracy", "validation_loss",
        "validation_accuracy", "seconds"
    ]  # fmt: skip
    assert [row["epoch"] for row in rows] == ["1", "2"]
    assert float(rows[1]["validation_accuracy"]) == pytest.approx(
        run.history[1].validation_accuracy, rel=1e-5
    )


def test_the_card_says_what_the_model_is(run, glyphs, held_out):
    card = run.card
    assert card.sha256 == hashlib.sha256((run.out / "model.onnx").read_bytes()).hexdigest()
    assert card.labels == tuple("0123456789")
    assert card.parameters == sum(weight.numel() for weight in run.network.parameters())
    assert Recipe.from_dict(card.recipe) == run.recipe
    assert card.recipe["precision"] != "auto"
    assert card.data == (glyphs.describe("train"),)
    assert (card.geometry, card.command, card.seed, card.name) == ({"side": 28}, "inkread train", 0, "cnn")


def test_the_cards_scores_are_those_of_the_model_on_the_held_out_glyphs(run, held_out):
    scores, logits = run.card.scores, predict(run.network, held_out.images)
    assert scores["bars_validation"] == pytest.approx((logits.argmax(axis=1) == held_out.labels).mean())
    assert scores["validation_accuracy"] == scores["bars_validation"]
    likelihood = softmax(logits, run.card.temperature)[np.arange(len(logits)), held_out.labels]
    assert scores["validation_loss"] == pytest.approx(-np.log(likelihood).mean(), abs=1e-4)
    assert 0 <= scores["validation_ece"] < 0.5


def test_other_weights_than_the_networks_are_found_out(run, held_out):
    other = build(CNN, 10).eval()
    with pytest.raises(TrainingError, match="disagrees with the network"):
        compare(to_onnx(other), run.network, batches_of(held_out.images))


def test_a_slight_change_of_a_weight_is_found_out(run, held_out):
    model = onnx.load(run.out / "model.onnx")
    weight = next(weight for weight in model.graph.initializer if len(weight.dims) > 1)
    changed = onnx.numpy_helper.to_array(weight) * 1.01
    weight.CopyFrom(onnx.numpy_helper.from_array(changed.astype(np.float32), weight.name))
    with pytest.raises(TrainingError, match="disagrees with the network"):
        compare(model.SerializeToString(), run.network, batches_of(held_out.images))


def test_a_model_that_disagrees_leaves_no_file_and_can_be_exported_again(
    glyphs, held_out, tmp_path, monkeypatch
):
    run = fit(MLP, glyphs, held_out, out=tmp_path)
    other = to_onnx(build(MLP, 10).eval())
    with monkeypatch.context() as patch:
        patch.setattr(export_module, "to_onnx", lambda _network: other)
        with pytest.raises(TrainingError, match="nothing was exported"):
            export(run, [held_out], data=[], geometry={})
    assert {path.name for path in tmp_path.iterdir()} == {CHECKPOINT_FILE}
    again = fit(MLP, glyphs, held_out, out=tmp_path, resume=True)
    export(again, [held_out], data=[], geometry={})
    assert {path.name for path in tmp_path.iterdir()} == FILES


@pytest.fixture
def tiny_mnist(draw, monkeypatch):
    """Stands in for MNIST, and refuses the test files."""

    def load_mnist(split, *, data_dir=None, progress=None):
        assert split == "train"
        return draw(700, name="MNIST")

    monkeypatch.setattr(registry, "load_mnist", load_mnist)


def test_training_holds_out_the_last_glyphs_and_saves_the_run(tiny_mnist, tmp_path):
    run = train(MLP, out=tmp_path / "new" / "run", command="inkread train --network mlp")
    assert {path.name for path in run.out.iterdir()} == FILES
    assert [(entry["split"], entry["count"]) for entry in run.card.data] == [
        ("train", 600),
        ("validation", 100),
    ]
    assert set(run.card.scores) == {
        "mnist_validation", "mnist_validation_which_digit", "validation_accuracy", "validation_loss",
        "validation_ece"
    }  # fmt: skip
    assert run.card.geometry["side"] == 28
    with pytest.raises(TrainingError, match="finished run"):
        train(MLP, out=run.out)


def test_further_glyphs_are_learned_from_and_scored_apart(tiny_mnist, draw, tmp_path, monkeypatch):
    def letters(count, seed):
        glyphs = draw(count, seed=seed, classes=7, name="letters")
        return dataclasses.replace(glyphs, images=255 - glyphs.images, labels=np.full_like(glyphs.labels, 10))

    def load_glyph_corpus(mnist, *, data_dir, seed):
        return [letters(200, 5)], [letters(50, 6)]

    monkeypatch.setattr(workflow, "load_glyph_corpus", load_glyph_corpus)
    recipe = dataclasses.replace(MLP, material="writing", mnist_passes=2)
    run = train(recipe, out=tmp_path)
    card = Card.load(tmp_path / "card.json")
    assert card.background_logit_adjustment < 0
    assert 0 < card.rejection_threshold < 1
    assert card.labels == (*"0123456789", "")
    assert [entry["name"] for entry in card.data] == ["MNIST", "letters", "MNIST", "letters"]
    assert card.scores["letters_validation"] > 0.9
    assert run.history[-1].train_accuracy > 0.3


def test_corrections_are_learned_except_those_without_a_class_in_the_material(
    tiny_mnist, draw, tmp_path, monkeypatch
):
    corrected = dataclasses.replace(draw(50, seed=8, name="corrections"), sha256="c" * 64)
    labels = corrected.labels.copy()
    labels[:20] = 10
    corrected = dataclasses.replace(corrected, labels=labels)
    monkeypatch.setattr(registry, "load_corrections", lambda store: {"here": corrected}[store])
    run = train(MLP, out=tmp_path, data=["corrections"], store="here")
    assert run.card.labels == tuple("0123456789")
    assert [(entry["name"], entry["count"]) for entry in run.card.data if entry["split"] == "train"] == [
        ("MNIST", 600),
        ("corrections", 30),
    ]


def test_progress_hears_of_every_step_and_epoch(tiny_mnist, tmp_path):
    class Ears(workflow.Progress):
        def __init__(self):
            self.heard = []

        def on_batch(self, done, total):
            self.heard.append((done, total))

        def on_epoch(self, epoch):
            self.heard.append(epoch.epoch)

    ears = Ears()
    train(dataclasses.replace(MLP, batch_size=200), out=tmp_path, progress=ears)
    steps = [(1, 3), (2, 3), (3, 3)]
    assert ears.heard == [*steps, 1, *steps, 2]


@pytest.mark.parametrize(
    ("none", "expected"),
    [([-3.0] * 100, 0.0498), ([-9.0] * 100, 0.01), ([-3.0] * 98 + [-1.0] * 2, 0.3679), ([2.0] * 100, 1.0)],
)
def test_no_more_digits_are_rejected_than_one_in_a_hundred(none: list[float], expected: float) -> None:
    logits = np.full((101, 11), -9.0, np.float32)
    logits[:, 3] = 0
    logits[:100, 10], logits[100, 10] = none, 5  # the last one is no digit
    labels = np.array([3] * 100 + [10], np.uint8)
    glyphs = LabelledGlyphs("own", np.zeros((101, 28, 28), np.uint8), labels, "", "", "")
    threshold = HeldOut([logits], [glyphs], bias=0.0, temperature=1.0).rejection_threshold()
    assert threshold == pytest.approx(expected, abs=1e-3)


def test_a_network_that_knows_letters_rejects_what_is_more_probably_no_character() -> None:
    classes = ("1", "l", NOT_A_DIGIT)
    labels = np.zeros(4, np.uint8)
    glyphs = LabelledGlyphs("own", np.zeros((4, 28, 28), np.uint8), labels, "", "", "", classes=classes)
    logits = np.tile(np.array([0.0, -2.0, -1.0], np.float32), (4, 1))
    assert HeldOut([logits], [glyphs], bias=0.0, temperature=1.0).rejection_threshold() == 1


def test_a_network_of_digits_alone_rejects_nothing() -> None:
    glyphs = LabelledGlyphs("own", np.zeros((2, 28, 28), np.uint8), np.zeros(2, np.uint8), "", "", "")
    logits = np.zeros((2, 10), np.float32)
    assert HeldOut([logits], [glyphs], bias=0.0, temperature=1.0).rejection_threshold() == 1
