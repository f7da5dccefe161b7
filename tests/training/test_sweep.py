"""A sweep finds better settings, goes on where it was, and keeps the best run."""

from __future__ import annotations

import csv
import json

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed (extra: train)")
pytest.importorskip("optuna", reason="Optuna is not installed (extra: sweep)")

import inkread.training.sweep
from inkread.errors import OutputError, TrainingError
from inkread.models import load_model
from inkread.pipeline.classifier import Classifier
from inkread.training.recipe import Recipe
from inkread.training.space import Choices, Range
from inkread.training.sweep import STORAGE, sweep

BASE = Recipe(network="linear", epochs=2, batch_size=64, averaging=0.9, threads=1, precision="float32")
SPACE = {
    "learning_rate": Range(1e-5, 1e-1, log=True),
    "batch_size": Choices((64, 128)),
    "augmentation.rotation": Range(0.0, 5.0),
}


class Counting:
    """Counts what it is told, and is interrupted at the ``stop_at``-th epoch."""

    def __init__(self, stop_at=0):
        self.epochs, self.trials, self.stop_at = 0, [], stop_at

    def on_batch(self, done, total):
        pass

    def on_epoch(self, epoch):
        self.epochs += 1
        if self.epochs == self.stop_at:
            raise KeyboardInterrupt

    def on_trial(self, done, best):
        self.trials.append((done, best))


@pytest.fixture
def search(glyphs, held_out, tmp_path):
    """Runs a sweep in a folder of the test."""

    def run(trials, *, base=BASE, space=SPACE, out="sweep", watch=None, **options):
        return sweep(
            base,
            space,
            glyphs,
            held_out,
            out=tmp_path / out,
            trials=trials,
            watch=watch or Counting(),
            **options,
        )

    return run


def test_the_best_run_is_kept_finished_with_its_recipe(search, held_out, tmp_path):
    found = search(4, pruning="none")
    assert [trial.state for trial in found.trials] == ["complete"] * 4
    assert found.best.accuracy == max(trial.accuracy for trial in found.trials)
    model = load_model(tmp_path / "sweep" / "best")
    assert model.card.recipe["learning_rate"] == found.best.values["learning_rate"]
    assert model.card.recipe["augmentation"]["rotation"] == found.best.values["augmentation.rotation"]
    classifier = Classifier(model)
    right = classifier.probabilities(held_out.images)[:, :10].argmax(axis=1) == held_out.labels
    assert right.mean() == pytest.approx(found.best.accuracy, abs=0.01)
    kept = json.loads((tmp_path / "sweep" / "best.json").read_text())
    assert Recipe.from_dict(kept).to_dict() == Recipe.from_dict(model.card.recipe).to_dict()
    assert not (tmp_path / "sweep" / "trial").exists()


def test_every_trial_is_in_the_table(search, tmp_path):
    found = search(3, pruning="none")
    rows = list(csv.DictReader((tmp_path / "sweep" / "trials.csv").read_text("utf-8").splitlines()))
    assert [float(row["validation_accuracy"]) for row in rows] == [t.accuracy for t in found.trials]
    assert {row["batch_size"] for row in rows} <= {"64", "128"}


def test_a_sweep_goes_on_up_to_the_number_of_trials(search):
    first = search(2)
    watch = Counting()
    whole = search(4, watch=watch)
    assert [trial.values for trial in whole.trials[:2]] == [trial.values for trial in first.trials]
    assert len({trial.values["learning_rate"] for trial in whole.trials}) == 4
    assert [done for done, _ in watch.trials] == [2, 3, 4]
    again = Counting()
    assert search(3, watch=again).trials == whole.trials
    assert again.epochs == 0


def test_an_interrupted_trial_is_run_again_with_its_settings(search):
    with pytest.raises(KeyboardInterrupt):
        search(3, out="broken", pruning="none", watch=Counting(stop_at=3))
    resumed = search(3, out="broken", pruning="none")
    whole = search(3, out="whole", pruning="none")
    assert len(resumed.trials) == 3
    assert [trial.values for trial in resumed.trials[:2]] == [trial.values for trial in whole.trials[:2]]
    assert [trial.curve for trial in resumed.trials[:2]] == [trial.curve for trial in whole.trials[:2]]


@pytest.mark.parametrize("pruning", ["median", "halving"])
def test_unpromising_trials_are_pruned(search, monkeypatch, pruning):
    monkeypatch.setattr(inkread.training.sweep, "BEFORE_PRUNING", 1)
    slow_and_fast = SPACE | {"learning_rate": Choices((1e-7, 1e-2, 2e-2, 3e-2))}
    base = Recipe(**(BASE.to_dict() | {"augmentation": BASE.augmentation, "epochs": 4}))
    found = search(10, base=base, space=slow_and_fast, pruning=pruning)
    given_up = [trial for trial in found.trials if trial.state == "pruned"]
    assert given_up
    assert all(len(trial.curve) < 4 for trial in given_up)
    assert found.best.values["learning_rate"] > 1e-7
    assert sum(found.importance.values()) == pytest.approx(1) or not found.importance


def test_a_trial_that_diverges_stops_nothing(search):
    space = {"learning_rate": Choices((10.0,)), "weight_decay": Choices((10.0,)), "warmup": Choices((0.0,))}
    base = Recipe(**(BASE.to_dict() | {"augmentation": BASE.augmentation, "network": "mlp", "epochs": 50}))
    found = search(1, base=base, space=space)
    assert found.trials[0].state == "pruned"
    assert found.best is None


def test_a_folder_of_another_sweep_is_rejected_with_the_difference(search, glyphs, held_out, tmp_path):
    search(1)
    with pytest.raises(TrainingError, match=r"learning_rate was 1e-05 to 0\.1, log, is 0\.001 to 0\.1"):
        search(2, space=SPACE | {"learning_rate": Range(1e-3, 1e-1)})
    with pytest.raises(TrainingError, match=r"dropout was 0\.0, is 0 to 0\.5"):
        search(2, space=SPACE | {"dropout": Range(0.0, 0.5)})
    with pytest.raises(TrainingError, match="training data"):
        sweep(
            BASE,
            SPACE,
            glyphs.subset(slice(300)),
            held_out,
            out=tmp_path / "sweep",
            trials=2,
            watch=Counting(),
        )


def test_a_folder_that_is_not_a_sweep_is_not_overwritten(search, tmp_path):
    (tmp_path / "sweep").mkdir()
    (tmp_path / "sweep" / STORAGE).write_text("a letter to somebody, of some length, and no database" * 40)
    with pytest.raises(TrainingError, match="not a readable sweep"):
        search(1)
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="cannot be written"):
        search(1, out="file/sweep")


def test_a_folder_may_have_any_name(search, tmp_path):
    assert search(1, out="50% {of} what? #1").best is not None
    assert (tmp_path / "50% {of} what? #1" / STORAGE).is_file()
