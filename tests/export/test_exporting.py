"""An exported file equals its source model, or does not exist."""

from __future__ import annotations

import dataclasses
import json
import sys

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra: train)")
onnx = pytest.importorskip("onnx", reason="ONNX is not installed (extra: export)")

from export_runs import NOT_OURS, needs, network_named, save_run

from inkread.errors import (
    ExportError,
    MissingExtraError,
    ModelFormatError,
    OptionError,
    OutputError,
)
from inkread.export import FORMATS, export_model, exporting, to_onnx
from inkread.export.parity import load_parity_data, moved_rejection_threshold
from inkread.export.source import Source
from inkread.models import load_model
from inkread.pipeline.classifier import Classifier, softmax
from inkread.training.architecture import NAMED

pytestmark = pytest.mark.filterwarnings(NOT_OURS)

EXACT = [name for name, form in FORMATS.items() if not form.changed]


def expected(network, glyphs, card):
    """Returns PyTorch's logits and calibrated probabilities."""
    with torch.no_grad():
        logits = network(torch.tensor(glyphs)).numpy()
    shift = np.zeros(logits.shape[1], np.float32)
    shift[10:] = card.background_logit_adjustment
    return {"logits": logits, "probabilities": softmax(logits / card.temperature + shift)}


def exported_anyway(folder, form, digits):
    """A file of a random network, which is too undecided to keep its answers in 8 bits."""
    codec, path = FORMATS[form].codec(), folder / FORMATS[form].file
    codec.write(Source(load_model(folder), digits.calibration), path)
    return codec.load(path)


@pytest.fixture
def run(tmp_path):
    """A small run."""
    return save_run(network_named("linear"), tmp_path / "toy")


@pytest.mark.parametrize("form", EXACT)
@pytest.mark.parametrize("name", [*NAMED, "own"])
def test_every_network_answers_in_every_format_as_in_pytorch(name, form, tmp_path, digits, glyphs):
    needs(form)
    network = network_named(name)
    folder = save_run(network, tmp_path / name)
    (done,) = export_model(folder, to=[form], digits=digits)
    assert done.path == folder / "export" / form / FORMATS[form].file
    assert done.size == done.path.stat().st_size
    assert (done.parity.count, done.parity.changed) == (60, 0)
    gives = FORMATS[form].gives
    outputs = FORMATS[form].codec().load(done.path)(glyphs)
    reference = expected(network, glyphs, load_model(folder).card)[gives]
    assert np.abs(outputs - reference).max() < 1e-4 * max(1, np.abs(reference).max())


@pytest.mark.parametrize("form", ["int8", "litert-int8"])
def test_eight_bits_are_a_third_of_the_size_and_nearly_the_same_model(form, tmp_path, digits):
    needs(form)
    (done,) = export_model("default", to=[form], out=tmp_path, digits=digits)
    assert done.size < load_model("default").path.stat().st_size / 3
    assert 0 < done.parity.largest_difference < 0.2
    assert done.parity.changed == 0


@pytest.mark.parametrize("name", [*NAMED, "own"])
def test_every_network_answers_nearly_as_in_pytorch_in_integers_alone(name, tmp_path, digits, glyphs):
    """Whatever its layers, the mean of a probability changes by less than an 8-bit step allows."""
    needs("litert-int8")
    network = network_named(name)
    folder = save_run(network, tmp_path / name)
    outputs = exported_anyway(folder, "litert-int8", digits)(glyphs)
    reference = expected(network, glyphs, load_model(folder).card)["probabilities"]
    assert np.abs(outputs - reference).mean() < 0.02
    assert (outputs.argmax(axis=1) == reference.argmax(axis=1)).mean() > 0.8


def test_a_threshold_moves_as_the_digits_around_it_move():
    card = dataclasses.replace(load_model("default").card, rejection_threshold=0.2)
    before, now = (np.full((4, 11), 0.01, np.float32) for _ in range(2))
    before[:, 7] = now[:, 7] = 0.5
    before[:, 10], now[:, 10] = [0.001, 0.08, 0.2, 0.5], [0.1, 0.08, 0.4, 0.1]  # two are around it
    assert moved_rejection_threshold(now, before, card) == pytest.approx(0.2 * 2**0.5, abs=1e-4)
    assert moved_rejection_threshold(before, before, card) == 0.2
    assert moved_rejection_threshold(now[:1], before[:1], card) == 0.2
    now[:, 10] = 0.5
    assert moved_rejection_threshold(now, before, dataclasses.replace(card, rejection_threshold=0.5)) == 1
    assert moved_rejection_threshold(now, before, dataclasses.replace(card, rejection_threshold=1.0)) == 1


def test_eight_bits_have_a_threshold_of_their_own_in_the_card_and_in_the_file(tmp_path, monkeypatch, digits):
    monkeypatch.setattr(exporting, "moved_rejection_threshold", lambda *_, **__: 0.25)
    (done,) = export_model("default", to=["int8"], out=tmp_path, digits=digits)
    properties = {each.key: each.value for each in onnx.load(done.path).metadata_props}
    assert properties["refusal"] == "0.25"
    quick = load_model(tmp_path / "int8")
    assert quick.card.rejection_threshold == 0.25
    assert Classifier(dataclasses.replace(load_model("default"), quantized=quick)).rejection_threshold == 0.25
    assert Classifier(dataclasses.replace(load_model("default"), quantized=None)).rejection_threshold != 0.25


@pytest.mark.parametrize("form", ["onnx", "int8"])
def test_the_folders_of_onnx_are_models_with_what_they_are_in_the_file(form, tmp_path, digits, glyphs):
    (done,) = export_model("default", to=[form], out=tmp_path, digits=digits)
    classifier, source = Classifier(tmp_path / form), Classifier("default")
    assert np.allclose(classifier.probabilities(glyphs), source.probabilities(glyphs), atol=0.2)
    properties = {each.key: json.loads(each.value) for each in onnx.load(done.path).metadata_props}
    card = source.model.card
    assert properties["labels"] == list(card.labels)
    assert properties["temperature"] == card.temperature
    assert properties["geometry"] == card.geometry
    assert properties["source_sha256"] == card.sha256
    scores = classifier.model.card.scores
    assert scores["export"]["changed"] == done.parity.changed
    assert ("mnist_validation" in scores) == (form == "onnx"), "8 bits have other scores than their source"


@pytest.mark.parametrize("form", [name for name in FORMATS if FORMATS[name].card_file == "model.json"])
def test_the_card_beside_a_file_says_how_it_is_used(form, run, digits):
    needs(form)
    (done,) = export_model(run, to=[form], digits=digits)
    card = json.loads((done.path.parent / "model.json").read_text())
    assert card["format"] == form
    assert card["file"] == done.path.name
    assert card["labels"] == [*"0123456789", ""]
    assert card["licence"] == "CC0-1.0"
    assert card["input"]["name"] == "glyphs"
    assert (card["input"]["dtype"], card["input"]["range"]) == (
        ("int8", [-128, 127]) if form == "litert-int8" else ("float32", [0, 1])
    )
    assert card["output"]["name"] == FORMATS[form].gives
    assert card["output"]["shape"] == ["N", 11]


@pytest.mark.parametrize("form", FORMATS)
def test_the_test_vectors_are_one_of_each_digit_and_what_the_file_gives_for_them(form, tmp_path, digits):
    needs(form)
    (done,) = export_model("default", to=[form], out=tmp_path, digits=digits)
    vectors = np.load(done.path.parent / "vectors.npz")
    assert vectors["labels"].tolist() == list(range(10))
    assert vectors["glyphs"].dtype == np.uint8
    outputs = FORMATS[form].codec().load(done.path)(vectors["glyphs"].astype(np.float32) / np.float32(255))
    assert np.allclose(vectors[FORMATS[form].gives], outputs, atol=1e-5)


def test_all_formats_at_once_come_in_their_order_and_nothing_is_left_beside_them(run, digits):
    for form in FORMATS:
        needs(form)
    folder = save_run(network_named("tiny"), run.parent / "tiny")
    wanted = EXACT
    done = export_model(folder, to=[*reversed(wanted)], digits=digits)
    assert [each.format.name for each in done] == wanted
    assert {path.name for path in (folder / "export").iterdir()} == set(wanted)


@pytest.mark.parametrize("form", FORMATS)
def test_a_full_disk_leaves_the_old_files_as_they_were(form, tmp_path, digits):
    resource = pytest.importorskip("resource", reason="this system cannot limit a file's size")
    needs(form)
    export_model("default", to=[form], out=tmp_path, digits=digits)
    before = {path.name: path.read_bytes() for path in (tmp_path / form).iterdir()}
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, limits[1]))  # every larger file: EFBIG
    try:
        with pytest.raises(OutputError, match="cannot be written"):
            export_model("default", to=[form], out=tmp_path, digits=digits)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert {path.name: path.read_bytes() for path in (tmp_path / form).iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == [form]


def test_a_file_that_answers_otherwise_is_an_error_and_leaves_the_old_one(run, digits, monkeypatch):
    (done,) = export_model(run, to=["onnx"], digits=digits)
    before = done.path.read_bytes()
    write = to_onnx.write

    def tampered(source, path):
        write(source, path)
        model = onnx.load(path)
        weight = next(each for each in model.graph.initializer if len(each.dims) == 2)
        values = onnx.numpy_helper.to_array(weight).copy()
        values[3, 400] += 0.5
        weight.CopyFrom(onnx.numpy_helper.from_array(values, weight.name))
        onnx.save(model, path)

    monkeypatch.setattr(to_onnx, "write", tampered)
    with pytest.raises(ExportError, match="does not match its source"):
        export_model(run, to=["onnx"], digits=digits)
    assert done.path.read_bytes() == before


def test_a_model_that_gives_no_numbers_is_a_disagreement(run, digits, monkeypatch):
    monkeypatch.setattr(to_onnx, "load", lambda path: lambda glyphs: np.full((len(glyphs), 11), np.nan))
    with pytest.raises(ExportError, match="a probability by inf"):
        export_model(run, to=["onnx"], digits=digits)


@pytest.mark.parametrize(
    ("form", "package", "extra"),
    [
        ("keras", "keras", "keras"),
        ("litert", "ai_edge_litert", "litert"),
        ("int8", "onnx", "export"),
        ("torchscript", "torch", "train"),
    ],
)
def test_a_missing_extra_says_how_to_install_it_before_anything_is_written(
    form, package, extra, run, monkeypatch
):
    monkeypatch.delitem(sys.modules, f"inkread.export.{FORMATS[form].module}", raising=False)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtraError, match=rf"pip install '\.\[{extra}\]'"):
        export_model(run, to=["onnx", form] if form != "int8" else [form])
    assert not (run / "export").exists()


def test_wrong_names_and_detectors_are_rejected(run, tmp_path, digits):
    with pytest.raises(OptionError, match="did you mean 'keras'"):
        export_model(run, to=["kera"], digits=digits)
    with pytest.raises(OptionError, match="pass one or more"):
        export_model(run, to=[], digits=digits)
    with pytest.raises(OptionError, match="--out"):
        export_model("default", to=["onnx"], digits=digits)
    with pytest.raises(ModelFormatError, match="only inkread can use the output of a detector"):
        export_model("detector", to=["onnx"], out=tmp_path, digits=digits)


def test_an_export_of_another_model_is_not_replaced(run, tmp_path, digits):
    (exported,) = export_model(run, to=["onnx"], out=tmp_path / "out", digits=digits)
    before = exported.path.read_bytes()
    with pytest.raises(OptionError, match=r"holds an export of '[^']+', which one of"):
        export_model("default", to=["onnx"], out=tmp_path / "out", digits=digits)
    assert exported.path.read_bytes() == before
    export_model(run, to=["onnx"], out=tmp_path / "out", digits=digits)


def test_without_mnist_synthetic_digits_are_compared_that_the_model_can_read(tmp_path, monkeypatch):
    for variable in ("INKREAD_DATA", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(variable, str(tmp_path))
    found = load_parity_data()
    assert found.held_out.name == "synthetic digits"
    assert not any((image == found.held_out.images).all((1, 2)).any() for image in found.calibration)
    answers = Classifier("default").probabilities(found.held_out.images).argmax(axis=1)
    assert (answers == found.held_out.labels).mean() > 0.95


def test_with_mnist_the_held_out_training_images_are_compared_on_and_others_calibrate(data_dir):
    found = load_parity_data(data_dir)
    assert (found.held_out.name, len(found.held_out)) == ("MNIST", 5_000)
    assert not any((image == found.held_out.images).all((1, 2)).any() for image in found.calibration[:50])
