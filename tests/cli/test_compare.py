"""The command compares the given models, prints any format, and saves any file type."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest

pytest.importorskip("onnx", reason="onnx is not installed (extra: train)")

import inkread.datasets.mnist
from inkread.datasets.glyphs import LabelledGlyphs
from inkread.datasets.synthetic_digits import synthetic_digits
from inkread.errors import DatasetNotFoundError
from inkread.evaluation import cost


@pytest.fixture(autouse=True)
def mnist(monkeypatch):
    """Thirty digits for each split of MNIST, with short timings."""
    asked = []

    def load(split, **_):
        asked.append(split)
        digits = synthetic_digits(30, seed=3)
        return LabelledGlyphs("MNIST", digits.images, digits.labels, "", "", "")

    monkeypatch.setattr(inkread.datasets.mnist, "load_mnist", load)
    monkeypatch.setattr(cost, "SECONDS", 0.0)
    monkeypatch.setattr(cost, "measure_cold_starts", lambda identities: [0.1] * len(identities))
    return asked


def test_the_table_is_legible_at_a_hundred_columns(run):
    result = run("compare", "bundled", "default", terminal=True)
    assert result.code == 0, result.err
    assert max(map(len, result.out.splitlines())) <= 100
    for word in ("9.41 M", "100 ms", "McNemar", "undecided", "1.000", "test images"):
        assert word in result.out
    assert "differ on 0 of 30 glyphs." in result.out


def test_json_and_csv_have_every_figure(run):
    report = json.loads(run("compare", "bundled", "default", "--format", "json").out)
    assert [model["model"] for model in report["models"]] == ["bundled", "default"]
    assert report["pairs"][0]["p"] == 1.0
    assert report["disagreements"] == []
    (row, _) = csv.DictReader(io.StringIO(run("compare", "bundled", "default", "--format", "csv").out))
    assert row["operations"] == "9407488"
    assert float(row["MNIST low"]) <= float(row["MNIST accuracy"]) <= float(row["MNIST high"])


def test_it_is_saved_as_each_kind_of_file(run, tmp_path):
    pytest.importorskip("matplotlib", reason="Matplotlib is not installed (extra: plot)")
    files = [tmp_path / "new" / f"out.{suffix}" for suffix in ("html", "csv", "json", "svg", "png")]
    options = [word for file in files for word in ("--out", file)]
    assert run("compare", "bundled", "default", *options).code == 0
    starts = [b"<!doctype html>", b"model,note", b"{", b"<?xml", b"\x89PNG"]
    assert [file.read_bytes()[: len(start)] for file, start in zip(files, starts, strict=True)] == starts


def test_the_held_out_images_are_training_images(run, mnist):
    result = run("compare", "bundled", "default", "--held-out")
    assert mnist == ["train"]
    assert "last 5,000 training images" in result.out


def test_the_input_convention_of_an_external_model_is_named(run, foreign_file):
    result = run("compare", "bundled", foreign_file)
    assert result.code == 0, result.err
    assert "(N, 28, 28), 0–1, probabilities" in result.out


@pytest.fixture
def foreign_file(tmp_path):
    """A foreign file with the weights of ten templates."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    digits = synthetic_digits(200)
    means = [digits.images[digits.labels == digit].mean(axis=0).ravel() / 255 for digit in range(10)]
    weights = np.stack([mean - 0.5 * mean @ mean / 784 for mean in means], axis=1).astype(np.float32)
    biases = np.array([-0.5 * mean @ mean for mean in means], np.float32)
    nodes = [
        helper.make_node("Flatten", ["x"], ["flat"]),
        helper.make_node("Gemm", ["flat", "w", "b"], ["raw"]),
        helper.make_node("Softmax", ["raw"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes,
        "templates",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 28, 28])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 10])],
        [numpy_helper.from_array(weights, "w"), numpy_helper.from_array(biases, "b")],
    )
    path = tmp_path / "theirs.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


def test_pictures_are_compared_on_too_and_alone_where_mnist_is_not_to_be_had(run, monkeypatch, tmp_path):
    import inkread.evaluation.crops
    from inkread.datasets.pictures import LabelledPicture

    def absent(split, **_):
        raise DatasetNotFoundError("MNIST", "is not on this machine", "put it there")

    pictures = [LabelledPicture(tmp_path / "1.png", "1"), LabelledPicture(tmp_path / "2.png", "22")]
    monkeypatch.setattr(inkread.datasets.mnist, "load_mnist", absent)
    monkeypatch.setattr(inkread.datasets.pictures, "load_labelled_folder", lambda path: pictures)
    monkeypatch.setattr(
        inkread.evaluation.crops, "cut_out", lambda pictures, *, name, on_picture: synthetic_digits(1)
    )
    result = run("compare", "bundled", "default", "--pictures", tmp_path)
    assert result.code == 0, result.err
    assert "compared on the pictures only" in result.out
    assert run("compare", "bundled", "default").code == 1


@pytest.fixture
def shapes(monkeypatch, tmp_path):
    """Makes models of three shapes that held out these glyphs, and answer with the first class."""
    from inkread.evaluation import systems
    from inkread.models import load_model

    content = load_model("default").content

    def make(**held_out):
        opened = []
        for name, labels in held_out.items():
            images = np.zeros((len(labels), 28, 28), np.uint8) + np.array(labels, np.uint8)[:, None, None]
            classes = ("circle", "cross", "star", "")
            glyphs = LabelledGlyphs("shapes", images, np.array(labels, np.uint8), "", "", "", classes)
            glyphs.save(tmp_path / f"{name}.npz")
            opened.append(
                systems.System(
                    name, "", lambda glyphs: np.eye(3, dtype=np.float32)[np.zeros(len(glyphs), int)], content,
                    (28, 28), {}, classes[:3], ("shapes",), tmp_path / f"{name}.npz",
                )
            )  # fmt: skip
        monkeypatch.setattr(systems, "open_systems", lambda *_: opened)
        return [*held_out]

    return make


def test_models_of_classes_of_their_own_are_compared_on_what_they_held_out(run, shapes, mnist):
    names = shapes(one=[0, 0, 1, 2, 3], other=[0, 0, 1, 2, 3])
    report = json.loads(run("compare", *names, "--format", "json").out)
    assert [entry["scores"]["shapes"]["accuracy"] for entry in report["models"]] == [0.5, 0.5]
    assert "4 glyphs that one held out of its training" in report["notes"][0]
    assert mnist == []


def test_models_that_held_out_different_glyphs_or_know_other_classes_are_not_compared(run, shapes):
    result = run("compare", *shapes(one=[0, 1], other=[1, 2]))
    assert (result.code, result.out) == (2, "")
    assert "other: held out other glyphs than one" in result.err
    from inkread.evaluation import systems

    own, bundled = systems.open_systems()[0], systems._own("bundled", "default")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(systems, "open_systems", lambda *_: [own, bundled])
        result = run("compare", "one", "bundled")
    assert (result.code, "bundled: has the classes 0, 1, 2, …" in result.err) == (2, True)


def test_a_published_collection_is_compared_on_its_test_images(run, shapes, mnist, monkeypatch):
    from dataclasses import replace

    import inkread.datasets.registry
    from inkread.evaluation import systems

    names = shapes(one=[0, 1], other=[0, 1])
    opened = [replace(each, data=("Fashion-MNIST",)) for each in systems.open_systems()]
    monkeypatch.setattr(systems, "open_systems", lambda *_: opened)
    asked = []

    def load(name, split, **_):
        asked.append((name, split))
        return LabelledGlyphs.load(opened[0].held_out)

    monkeypatch.setattr(inkread.datasets.registry, "load_named", load)
    assert run("compare", *names).code == 0
    assert (asked, mnist) == ([("fashion-mnist", "test")], [])


@pytest.mark.parametrize(
    ("arguments", "words", "code"),
    [
        (["bundled"], "is one model", 2),
        (["bundled", "defualt"], "use a bundled model", 1),
        (["bundled", "old.keras"], "inkread import old.keras --trust --out DIR", 1),
        (["bundled", "default", "--out", "page.htm"], "did you mean '.html'", 2),
    ],
)
def test_systems_that_cannot_be_compared_are_an_error_with_a_remedy(run, arguments, words, code):
    result = run("compare", *arguments)
    assert (result.code, result.out) == (code, "")
    assert words in result.err
    assert "internal" not in result.err
