"""The loop stops early, keeps the best epoch, and tells several programs how it goes."""

from __future__ import annotations

import dataclasses
import sys
from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra: train)")

from training_runs import interrupt_at, weights

from inkread.errors import TrainingError
from inkread.training.digits import class_weights, fit
from inkread.training.progress import Progress, logged
from inkread.training.recipe import Recipe
from inkread.training.run import save_seeds, spread
from inkread.training.trainer import Passed, Plan, train

RECIPE = Recipe(network="linear", epochs=3, threads=1, precision="float32")


@dataclasses.dataclass(frozen=True)
class Row:
    epoch: int
    validation_loss: float


class Scripted:
    """A task whose validation losses are known beforehand."""

    def __init__(self, losses, *, loss=1.0):
        self.losses, self.value, self.seen = losses, loss, []

    def batches(self, _epoch):
        return [torch.ones(1, 1)] * 5

    def loss(self, answer, batch):
        return (answer(batch) * self.value).sum(), (2.0,)

    def end_epoch(self, averaged, passed):
        self.seen.append(averaged.weight.item())
        assert isinstance(passed, Passed)
        assert passed.means[1] == 2.0
        return Row(passed.epoch, self.losses[passed.epoch - 1])


def plan(**changes):
    settings = {"steps": 10, "epoch": 2, "learning_rate": 0.1, "schedule": lambda _progress: 1.0, "seed": 0}
    return Plan(**settings | changes)


def test_it_stops_once_the_loss_has_not_fallen_for_as_many_epochs_as_it_has_patience():
    task = Scripted([3.0, 2.0, 2.5, 2.1, 1.0])
    state = train(torch.nn.Linear(1, 1), task, plan(patience=2))
    assert [row.epoch for row in state.history] == [1, 2, 3, 4]
    assert state.averaged.weight.item() == task.seen[-1]


def test_the_best_epoch_is_kept_on_request():
    task = Scripted([3.0, 1.0, 2.5, 2.1, 2.0])
    state = train(torch.nn.Linear(1, 1), task, plan(keep="best"))
    assert len(state.history) == 5
    assert state.averaged.weight.item() == task.seen[1] != task.seen[-1]


def test_the_last_epoch_may_be_shorter():
    task = Scripted([1.0] * 3)
    done = []
    train(torch.nn.Linear(1, 1), task, plan(steps=5), on_batch=lambda *at: done.append(at))
    assert done == [(1, 2), (2, 2), (1, 2), (2, 2), (1, 1)]


def test_a_step_whose_gradient_is_not_a_number_is_left_out_and_ends_the_run():
    with pytest.raises(TrainingError, match="no longer a number"):
        train(torch.nn.Linear(1, 1), Scripted([1.0], loss=float("nan")), plan(clip=1.0))


def test_a_resumed_run_keeps_its_best_epoch(glyphs, held_out, tmp_path):
    recipe = dataclasses.replace(
        RECIPE, keep="best", schedule="constant", learning_rate=0.05, patience=2, epochs=6
    )
    whole = fit(recipe, glyphs.subset(slice(0, 200)), held_out, out=tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        fit(recipe, glyphs.subset(slice(0, 200)), held_out, out=tmp_path / "part", on_epoch=interrupt_at(3))
    resumed = fit(recipe, glyphs.subset(slice(0, 200)), held_out, out=tmp_path / "part", resume=True)
    assert weights(resumed) == weights(whole)


def test_rare_classes_weigh_as_much_as_others(glyphs, held_out, tmp_path):
    labels = np.array([0] * 90 + [1] * 10, np.uint8)
    found = class_weights(labels, 3).tolist()
    assert found == pytest.approx([100 / 180, 100 / 20, 0.0])
    rare = glyphs.subset((glyphs.labels != 4) | (np.arange(len(glyphs)) % 12 == 0))
    runs = [
        fit(dataclasses.replace(RECIPE, class_weight=kind), rare, held_out, out=tmp_path / kind)
        for kind in ("none", "balanced")
    ]
    assert weights(runs[0]) != weights(runs[1])


def test_the_spread_of_seeds_is_that_of_the_scores_that_all_have(tmp_path):
    scores = {0: {"accuracy": 0.9, "ece": 0.01}, 1: {"accuracy": 0.8, "ece": 0.03}, 2: {"accuracy": 1.0}}
    found = spread(list(scores.values()))
    assert list(found) == ["accuracy"]
    assert found["accuracy"].mean == pytest.approx(0.9)
    assert found["accuracy"].deviation == pytest.approx(0.1)
    assert (found["accuracy"].low, found["accuracy"].high) == (0.8, 1.0)
    assert save_seeds(tmp_path, scores).read_text().splitlines()[3] == "2,1.0,"
    assert spread([{"accuracy": 0.5}])["accuracy"].deviation == 0


class FakeMlflow(SimpleNamespace):
    """Records what is called."""

    def __init__(self):
        super().__init__(calls=[])

    def __getattr__(self, name):
        return lambda *args, **options: self.calls.append((name, args, options))


def test_each_epoch_is_logged_once_and_the_log_ends_even_if_the_run_is_interrupted(
    glyphs, held_out, tmp_path, monkeypatch
):
    fake = FakeMlflow()
    monkeypatch.setitem(sys.modules, "mlflow", fake)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    progress = Progress()
    progress.on_epoch = interrupt_at(3)

    def run():
        with logged(progress, ["mlflow", "mlflow"], tmp_path, RECIPE) as watched:
            fit(RECIPE, glyphs, held_out, out=tmp_path / "run", on_epoch=watched.on_epoch)

    with pytest.raises(KeyboardInterrupt):
        run()
    metrics = [(args, options) for name, args, options in fake.calls if name == "log_metrics"]
    assert [options["step"] for _, options in metrics] == [1, 2]
    assert set(metrics[0][0][0]) >= {"train_loss", "validation_accuracy", "learning_rate"}
    assert [name for name, *_ in fake.calls].count("start_run") == 1
    assert fake.calls[-1][0] == "end_run"


def test_tensorboard_gets_event_files(glyphs, held_out, tmp_path):
    pytest.importorskip("tensorboard", reason="TensorBoard is not installed (extra: tensorboard)")
    with logged(Progress(), ["tensorboard"], tmp_path, RECIPE) as watched:
        fit(RECIPE, glyphs, held_out, out=tmp_path / "run", on_epoch=watched.on_epoch)
    assert list((tmp_path / "tensorboard").glob("events.out.tfevents*"))
