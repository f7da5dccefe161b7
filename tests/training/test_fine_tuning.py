"""Training on from a model learns the new, keeps the old, and says honestly whether it helped."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra: train)")
pytest.importorskip("onnx", reason="ONNX is not installed (extra: train)")

from training_runs import weights

from inkread.datasets.glyphs import LabelledGlyphs
from inkread.errors import TrainingError
from inkread.models import load_model
from inkread.pipeline.classifier import Classifier
from inkread.training import fine_tuning, load_run
from inkread.training.digits import fit
from inkread.training.export import export
from inkread.training.fine_tuning import FineTuned, folds_of, tune
from inkread.training.recipe import Augmentation, FineTuneConfig, Recipe, recipe_from

QUICK = FineTuneConfig(
    steps=150, folds=2, rehearsal=200, batch_size=32, own_share=0.5, validation=150, threads=1,
    learning_rate=3e-3,
    augmentation=Augmentation(),
)  # fmt: skip


@pytest.fixture(scope="module")
def start(draw, tmp_path_factory):
    """A model of bars."""
    recipe = Recipe(network="mlp", epochs=12, batch_size=64, averaging=0.9, threads=1, precision="float32")
    out, held_out = tmp_path_factory.mktemp("start"), draw(200, seed=1)
    run = fit(recipe, draw(1200), held_out, out=out)
    export(run, [held_out], data=[], geometry={"side": 28})
    return load_model(out)


@pytest.fixture(autouse=True)
def _bars_for_mnist(monkeypatch, draw):
    monkeypatch.setattr(fine_tuning, "load_mnist", lambda _split, **_: draw(700, seed=5))


def shifted(draw, count, *, seed=2):
    """Bars as somebody else draws them: faint, and beside the middle."""
    glyphs = draw(count, seed=seed, name="mine")
    return dataclasses.replace(glyphs, images=np.roll(glyphs.images, 5, axis=2) // 3)


def test_new_glyphs_are_learned_and_known_ones_not_forgotten(start, draw, tmp_path):
    tuned = tune(QUICK, start, shifted(draw, 120), out=tmp_path)
    assert tuned.own[1] > tuned.own[0] + 30
    assert tuned.mnist[1] > tuned.mnist[0] - 0.05
    assert sum(fold.glyphs for fold in tuned.run.history) == tuned.glyphs == 120
    unseen = shifted(draw, 200, seed=3)
    classes = Classifier(tmp_path).probabilities(unseen.images).argmax(axis=1)
    assert (classes == unseen.labels).mean() > 0.6


def test_the_run_is_a_model_like_any_other(start, draw, tmp_path):
    own = shifted(draw, 30)
    tuned = tune(QUICK, start, own, out=tmp_path, command="inkread train --init-from")
    card = tuned.run.card
    assert (card.labels, card.temperature) == (start.card.labels, start.card.temperature)
    assert card.data[-1]["count"] == 30
    assert card.scores["own_before"] == pytest.approx(tuned.own[0] / 30, abs=1e-5)
    assert card.scores["own_after"] == pytest.approx(tuned.own[1] / 30, abs=1e-5)
    assert recipe_from(card.recipe) == tuned.run.recipe
    assert weights(load_run(tmp_path)) == weights(tuned.run)
    with pytest.raises(TrainingError, match="finished run"):
        tune(QUICK, start, own, out=tmp_path)


def test_the_same_glyphs_and_seed_give_the_same_weights(start, draw, tmp_path):
    one, other = (tune(QUICK, start, shifted(draw, 20), out=tmp_path / name) for name in "ab")
    assert weights(one.run) == weights(other.run)
    assert one.own == other.own


def test_glyphs_that_are_read_right_already_make_nothing_better(start, draw, tmp_path):
    own = draw(60, seed=8)
    network = Classifier(start)
    right = network.probabilities(own.images).argmax(axis=1) == own.labels
    tuned = tune(QUICK, start, own.subset(right), out=tmp_path)
    assert tuned.own[0] == tuned.glyphs
    assert not tuned.is_better


@pytest.mark.parametrize(
    ("own", "mnist", "rejected", "better"),
    [
        ((5, 9), (0.99, 0.99), None, True),
        ((5, 9), (0.99, 0.9898), (0.97, 0.98), False),
        ((5, 9), (0.99, 0.99), (0.97, 0.9698), False),
        ((5, 9), (0.99, 0.991), (0.97, 0.97), True),
        ((5, 5), (0.99, 0.995), None, False),
        ((5, 9), (0.99, 0.985), None, False),
        ((5, 9), (0.99, 0.99), (0.97, 0.95), False),
    ],
)
def test_it_is_better_only_if_more_is_read_and_nothing_is_forgotten(own, mnist, rejected, better):
    assert FineTuned(None, 10, own, mnist, rejected).is_better is better


def test_too_few_glyphs_and_classes_that_the_model_has_not_are_rejected(start, draw, tmp_path):
    with pytest.raises(TrainingError, match="give 5 or more"):
        tune(QUICK, start, draw(4), out=tmp_path)
    junk = LabelledGlyphs(
        "mine", np.zeros((9, 28, 28), np.uint8), np.full(9, 10, np.uint8), "0" * 64, "CC0-1.0", "the test"
    )
    with pytest.raises(TrainingError, match="no digit"):
        tune(QUICK, start, junk, out=tmp_path)
    assert not list(tmp_path.iterdir())


@given(st.lists(st.integers(0, 9), min_size=5, max_size=60), st.integers(2, 5), st.integers(0, 9))
def test_every_fold_has_as_many_of_each_class(labels, count, seed):
    labels = np.array(labels, np.uint8)
    folds = folds_of(labels, count, np.random.default_rng(seed))
    sizes = np.bincount(folds, minlength=count)
    assert np.ptp(sizes) <= 1
    for label in set(labels.tolist()):
        each = np.bincount(folds[labels == label], minlength=count)
        assert np.ptp(each) <= 1
