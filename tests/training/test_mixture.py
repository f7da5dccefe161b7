"""What is named is learned from, some of it is held out, and the network gets the classes of the data."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest

from inkread.datasets.folders import FolderGlyphs, Skipped
from inkread.datasets.glyphs import NOT_A_DIGIT_CLASS
from inkread.errors import DatasetFormatError, OptionError
from inkread.training import workflow
from inkread.training.recipe import Recipe
from inkread.training.workflow import mix

RECIPE = Recipe(network="mlp", epochs=2, batch_size=64, validation=50, threads=1, precision="float32")
GARMENTS = tuple("abcdefghij")


class Ears:
    """A progress that remembers what it was told."""

    def __init__(self):
        self.notes = []

    def on_download(self, name, done, total):
        """Not of interest."""

    on_picture = on_batch = on_epoch = on_download

    def on_note(self, text):
        self.notes.append(text)


@pytest.fixture
def collections(draw, monkeypatch):
    """Bars under the names of collections: 300 of each, which a test may change; corrections of some."""
    sets = {
        name: draw(300, seed=seed, name=name)
        for seed, name in enumerate(("mnist", "usps", "fashion-mnist", "corrections"))
    }
    sets["fashion-mnist"] = dataclasses.replace(sets["fashion-mnist"], classes=GARMENTS)
    sets["corrections"] = sets["corrections"].subset(slice(0, 20))
    monkeypatch.setattr(workflow, "load_named", lambda name, split, **_: {"train": sets[name]}[split])
    return sets


@pytest.fixture
def folder(draw, monkeypatch, tmp_path):
    """A folder of 60 bars, which a test may change."""
    loaded = SimpleNamespace(glyphs=draw(60, seed=9, name="mine"), skipped=())
    monkeypatch.setattr(
        workflow, "load_folder_glyphs", lambda *_, **__: FolderGlyphs(loaded.glyphs, loaded.skipped)
    )
    loaded.path = str(tmp_path)
    return loaded


def names_of(sets):
    return [(glyphs.name, len(glyphs)) for glyphs in sets]


def test_mnist_alone_is_seen_once_and_its_last_glyphs_are_held_out(collections):
    mixed = mix(RECIPE, ["mnist"], progress=Ears())
    whole = collections["mnist"]
    np.testing.assert_array_equal(mixed.seen().images, whole.images[:-50])
    np.testing.assert_array_equal(mixed.held_out[0].images, whole.images[-50:])
    assert mixed.seen().sha256 == mixed.held_out[0].sha256 == whole.sha256


@pytest.mark.parametrize(("validation", "count"), [(30, 30), (5_000, 50)])
def test_of_another_collection_at_most_a_sixth_is_held_out(collections, validation, count):
    mixed = mix(dataclasses.replace(RECIPE, validation=validation), ["usps"], progress=Ears())
    assert names_of(mixed.learned) == [("usps", 300 - count)]
    np.testing.assert_array_equal(mixed.held_out[0].images, collections["usps"].images[-count:])


def test_a_folder_is_parted_class_by_class_by_the_seed(folder):
    mixed, again, other = (
        mix(dataclasses.replace(RECIPE, seed=seed), [folder.path], progress=Ears()) for seed in (1, 1, 2)
    )
    assert set(mixed.held_out[0].labels) == set(range(10))
    assert len(mixed.learned[0]) + len(mixed.held_out[0]) == 60
    np.testing.assert_array_equal(mixed.held_out[0].images, again.held_out[0].images)
    assert not np.array_equal(mixed.held_out[0].labels, other.held_out[0].labels)


def test_all_that_is_named_is_seen_as_often_as_mnist_and_each_name_counts_once(collections, folder):
    recipe = dataclasses.replace(RECIPE, mnist_passes=2)
    mixed = mix(recipe, ["corrections", folder.path, "usps", "mnist", "usps"], progress=Ears())
    assert [glyphs.name for glyphs in mixed.learned] == ["mnist", "mine", "usps", "corrections"]
    assert mixed.passes == (2, 2, 2, 2)
    assert len(mixed.seen()) == 2 * sum(len(glyphs) for glyphs in mixed.learned)
    assert [glyphs.name for glyphs in mixed.held_out] == ["mnist", "mine", "usps"]
    assert [(entry["name"], entry["split"]) for entry in mixed.described()] == [
        ("mnist", "train"), ("mine", "train"), ("usps", "train"), ("corrections", "train"),
        ("mnist", "validation"), ("mine", "validation"), ("usps", "validation"),
    ]  # fmt: skip


def test_corrections_alone_are_learned_with_mnist_and_only_what_has_a_class_there(collections):
    labels = collections["corrections"].labels.copy()
    labels[:5] = NOT_A_DIGIT_CLASS
    collections["corrections"] = dataclasses.replace(collections["corrections"], labels=labels)
    mixed = mix(RECIPE, ["corrections"], progress=Ears())
    assert names_of(mixed.learned) == [("mnist", 250), ("corrections", 15)]
    assert names_of(mixed.held_out) == [("mnist", 50)]


def test_non_digits_in_a_folder_become_a_class_and_their_corrections_are_kept(collections, folder):
    for sets, key in ((collections, "corrections"), (folder.__dict__, "glyphs")):
        labels = np.where(sets[key].labels == 3, NOT_A_DIGIT_CLASS, sets[key].labels).astype(np.uint8)
        sets[key] = dataclasses.replace(sets[key], labels=labels)
    mixed = mix(RECIPE, ["mnist", folder.path, "corrections"], progress=Ears())
    assert names_of(mixed.learned)[-1] == ("corrections", 20)
    assert NOT_A_DIGIT_CLASS in mixed.seen().labels


def test_pictures_left_out_and_classes_that_a_folder_lacks_are_reported(collections, folder, tmp_path):
    folder.glyphs = folder.glyphs.subset(folder.glyphs.labels % 4 != 3)
    folder.skipped = (Skipped(tmp_path / "a.png", "is truncated"),)
    ears = Ears()
    mix(RECIPE, ["mnist", folder.path], progress=ears)
    assert len(ears.notes) == 2
    assert f"{folder.path}: 1 of " in ears.notes[0]
    assert "a.png is truncated" in ears.notes[0]
    assert ears.notes[1].startswith(f"{folder.path} has no picture of 3, 7: ")


def test_a_class_without_any_picture_is_an_error_where_nothing_else_has_it(folder):
    folder.glyphs = folder.glyphs.subset(folder.glyphs.labels % 4 != 3)
    with pytest.raises(DatasetFormatError, match=r"has no glyph of 3, 7; .*--data mnist"):
        mix(RECIPE, [folder.path], progress=Ears())


def test_a_folder_of_one_picture_a_class_is_learned_with_others_but_not_alone(collections, folder):
    _, first = np.unique(folder.glyphs.labels, return_index=True)
    folder.glyphs = folder.glyphs.subset(first)
    mixed = mix(RECIPE, ["mnist", folder.path], progress=Ears())
    assert (names_of(mixed.learned)[1], names_of(mixed.held_out)) == (("mine", 10), [("mnist", 50)])
    with pytest.raises(DatasetFormatError, match="too few glyphs to hold any out"):
        mix(RECIPE, [folder.path], progress=Ears())


def test_other_classes_are_not_mixed_with_digits(collections):
    with pytest.raises(
        DatasetFormatError, match=r"mnist \+ fashion-mnist: have different classes \(0, 1, 2, …; a, b, c, …\)"
    ):
        mix(RECIPE, ["mnist", "fashion-mnist"], progress=Ears())


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        (["mnist", "kmnits"], "did you mean 'kmnist'"),
        (["no/such/folder"], "neither a collection nor a folder"),
    ],
)
def test_a_name_that_is_neither_is_an_error_before_anything_is_loaded(monkeypatch, names, problem):
    monkeypatch.setattr(workflow, "load_named", None)
    with pytest.raises(OptionError, match=problem):
        mix(RECIPE, names, progress=Ears())


def test_the_material_of_other_hands_goes_with_mnist_only(collections):
    with pytest.raises(OptionError, match=r'--data usps: .*"writing".*; add --data mnist'):
        mix(dataclasses.replace(RECIPE, material="writing"), ["usps"], progress=Ears())


def test_other_material_comes_after_what_is_named_and_before_corrections(collections, draw, monkeypatch):
    written = ([draw(30, seed=7, name="pens")], [draw(10, seed=8, name="pens")])
    monkeypatch.setattr(workflow, "load_glyph_corpus", lambda mnist, **_: {"mnist": written}[mnist.name])
    recipe = dataclasses.replace(RECIPE, material="writing", mnist_passes=2)
    mixed = mix(recipe, ["usps", "corrections", "mnist"], progress=Ears())
    assert [glyphs.name for glyphs in mixed.learned] == ["mnist", "usps", "pens", "corrections"]
    assert mixed.passes == (2, 2, 1, 2)
    assert [glyphs.name for glyphs in mixed.held_out] == ["mnist", "usps", "pens"]


def test_classes_of_any_kind_go_from_the_data_through_the_card_to_the_scores(
    collections, monkeypatch, tmp_path, draw
):
    pytest.importorskip("torch", reason="PyTorch is not installed (extra: train)")
    pytest.importorskip("onnx", reason="ONNX is not installed (extra: train)")
    from inkread.errors import ModelFormatError
    from inkread.evaluation.glyphs import evaluate_glyphs
    from inkread.pipeline.classifier import Classifier
    from inkread.reader import Reader
    from inkread.training import load_run, train

    run = train(RECIPE, out=tmp_path / "run", data=["fashion-mnist"])
    assert run.card.labels == GARMENTS
    assert run.card.geometry == {"side": 28}
    assert run.card.background_logit_adjustment == 0
    assert set(run.card.scores) == {
        "fashion_mnist_validation", "validation_accuracy", "validation_loss", "validation_ece"
    }  # fmt: skip
    assert load_run(run.out).card.labels == GARMENTS
    tested = dataclasses.replace(draw(100, seed=5), classes=GARMENTS)
    report = evaluate_glyphs(Classifier(run.out), tested)
    assert report.labels == GARMENTS
    assert report.accuracy == report.accuracy_with_rejections > 0.3
    with pytest.raises(ModelFormatError, match="not the ten digits"):
        Reader(run.out)
