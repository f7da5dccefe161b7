"""Training gives the same network for the same recipe, whatever happens in between."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra: train)")

from training_runs import figures, interrupt_at, weights

from inkread.datasets.mnist import load_mnist
from inkread.errors import DatasetNotFoundError, OutputError, TrainingError
from inkread.models.card import CARD_FILE
from inkread.training.checkpoint import CHECKPOINT_FILE
from inkread.training.digits import fit, loss_of
from inkread.training.recipe import OPTIMIZERS, RECIPES, Augmentation, Recipe
from inkread.training.to_torch import named
from inkread.training.trainer import SCHEDULES, one_cycle

MILD = Augmentation(rotation=3, shift=0.5, elastic=0.3, thicken=0.2)
SHORT = Recipe(
    network="mlp",
    epochs=3,
    batch_size=64,
    dropout=0.1,
    averaging=0.9,
    augmentation=MILD,
    threads=1,
    precision="float32",
)
SHORT_CNN = dataclasses.replace(SHORT, network="cnn", epochs=2, averaging=0.5, precision="auto")


@pytest.mark.parametrize("recipe", [SHORT, SHORT_CNN], ids=["mlp", "cnn"])
def test_it_learns(recipe, glyphs, held_out, tmp_path):
    run = fit(recipe, glyphs, held_out, out=tmp_path)
    assert run.history[-1].validation_accuracy > 0.6
    assert run.history[-1].train_loss < run.history[0].train_loss
    assert [epoch.epoch for epoch in run.history] == list(range(1, recipe.epochs + 1))
    assert f"{run.history[-1].validation_accuracy:.2%}" in str(run.history[-1].summary())


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_it_learns_by_every_optimiser_and_schedule(optimizer, schedule, glyphs, held_out, tmp_path):
    recipe = dataclasses.replace(SHORT, schedule=schedule).by(optimizer)
    rate = recipe.learning_rate
    run = fit(recipe, glyphs, held_out, out=tmp_path)
    assert run.history[-1].validation_accuracy > 0.5
    last = run.history[-1].learning_rate
    assert last == pytest.approx(rate) if schedule == "constant" else last < 1e-9


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_the_decay_is_what_the_optimizer_means_by_it(optimizer, glyphs, held_out, tmp_path):
    def trained(name, **changes):
        recipe = dataclasses.replace(SHORT, epochs=1, **changes).by(optimizer)
        return weights(fit(recipe, glyphs.subset(slice(0, 100)), held_out, out=tmp_path / name))

    plain = trained("plain", weight_decay=0.0)
    assert (trained("decoupled", weight_decay=0.5) != plain) == (optimizer == "adamw")
    assert (trained("penalised", weight_decay=0.0, l2=0.5) != plain) == (optimizer != "adamw")


@pytest.mark.parametrize("name", ["mlp", "lenet5", "linear"])
def test_adam_takes_no_decoupled_decay_as_a_penalty(name):
    assert RECIPES[name].optimizer_decay > 0
    assert RECIPES[name].by("adam").optimizer_decay == RECIPES[name].by("sgd").optimizer_decay == 0


def test_both_ways_to_the_cross_entropy_are_one_value():
    torch.manual_seed(0)
    logits, labels = torch.randn(20, 11), torch.arange(20) % 11
    recipe = dataclasses.replace(SHORT, label_smoothing=0.1)
    other = dataclasses.replace(recipe, loss="one-hot")
    assert loss_of(logits, labels, recipe).item() == pytest.approx(loss_of(logits, labels, other).item())


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a graphics card")
def test_a_device_that_is_not_there_is_rejected_before_anything_is_written(glyphs, held_out, tmp_path):
    with pytest.raises(TrainingError, match="cuda: is not a device of this machine"):
        fit(dataclasses.replace(SHORT, device="cuda"), glyphs, held_out, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.fixture(scope="module")
def learn(glyphs, held_out):
    """Trains with 200 glyphs: four steps an epoch."""
    few = glyphs.subset(slice(0, 200))
    return lambda recipe, out, **options: fit(recipe, few, held_out, out=out, **options)


@pytest.fixture(scope="module", params=[SHORT, SHORT_CNN], ids=["mlp", "cnn"])
def short(request):
    """A recipe."""
    return request.param


@pytest.fixture(scope="module")
def whole(short, learn, tmp_path_factory):
    """A run that was not interrupted."""
    return learn(short, tmp_path_factory.mktemp("whole"))


def test_the_seed_decides_the_weights(short, whole, learn, tmp_path):
    again = learn(short, tmp_path / "again")
    other = learn(dataclasses.replace(short, seed=1), tmp_path / "other")
    assert weights(again) == weights(whole)
    assert figures(again) == figures(whole)
    assert weights(other) != weights(whole)


def test_training_leaves_the_callers_random_numbers_and_threads_alone(glyphs, held_out, tmp_path):
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    fit(dataclasses.replace(SHORT, epochs=1, threads=2), glyphs.subset(slice(0, 100)), held_out, out=tmp_path)
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_num_threads() == threads


@pytest.mark.parametrize(
    "interruption", [{"on_batch": 2}, {"on_batch": 6}, {"on_epoch": 1}, {"on_epoch": 2}], ids=str
)
def test_a_resumed_run_ends_as_an_uninterrupted_one(short, whole, interruption, learn, tmp_path):
    callbacks = {name: interrupt_at(calls) for name, calls in interruption.items()}
    with pytest.raises(KeyboardInterrupt):
        learn(short, tmp_path / "broken", **callbacks)
    resumed = learn(short, tmp_path / "broken", resume=True)
    assert weights(resumed) == weights(whole)
    assert figures(resumed) == figures(whole)


@pytest.fixture
def interrupted(glyphs, held_out, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        fit(SHORT, glyphs, held_out, out=tmp_path, on_epoch=interrupt_at(1))
    return tmp_path


def test_an_interrupted_run_is_neither_overwritten_nor_forgotten(interrupted, glyphs, held_out):
    with pytest.raises(TrainingError, match="interrupted run; resume it"):
        fit(SHORT, glyphs, held_out, out=interrupted)


def test_a_run_of_another_recipe_is_not_resumed_and_the_difference_is_named(interrupted, glyphs, held_out):
    with pytest.raises(TrainingError, match=r"label_smoothing was 0\.0, is 0\.1"):
        fit(dataclasses.replace(SHORT, label_smoothing=0.1), glyphs, held_out, out=interrupted, resume=True)
    stronger = dataclasses.replace(SHORT, augmentation=dataclasses.replace(MILD, rotation=9))
    with pytest.raises(TrainingError, match=r"augmentation\.rotation was 3, is 9"):
        fit(stronger, glyphs, held_out, out=interrupted, resume=True)


def test_a_run_on_other_data_is_not_resumed(interrupted, glyphs, held_out):
    with pytest.raises(TrainingError, match="training data"):
        fit(SHORT, glyphs.subset(slice(0, 500)), held_out, out=interrupted, resume=True)


@pytest.mark.parametrize("damage", [b"", b"not a checkpoint", None], ids=["empty", "text", "truncated"])
def test_a_damaged_checkpoint_is_rejected(damage, interrupted, glyphs, held_out):
    path = interrupted / CHECKPOINT_FILE
    path.write_bytes(path.read_bytes()[:-1000] if damage is None else damage)
    with pytest.raises(TrainingError, match="not a readable checkpoint"):
        fit(SHORT, glyphs, held_out, out=interrupted, resume=True)


def test_there_must_be_something_to_resume(glyphs, held_out, tmp_path):
    with pytest.raises(TrainingError, match="no interrupted run"):
        fit(SHORT, glyphs, held_out, out=tmp_path, resume=True)


@pytest.mark.parametrize("resume", [False, True])
def test_a_finished_run_is_not_overwritten(resume, glyphs, held_out, tmp_path):
    (tmp_path / CARD_FILE).write_text("{}")
    with pytest.raises(TrainingError, match="finished run; choose another folder"):
        fit(SHORT, glyphs, held_out, out=tmp_path, resume=resume)


def test_a_folder_that_cannot_be_made_is_an_output_error(glyphs, held_out, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="cannot be written"):
        fit(SHORT, glyphs, held_out, out=tmp_path / "file" / "run")


def test_nothing_to_learn_from_is_an_error(glyphs, held_out, tmp_path):
    with pytest.raises(TrainingError, match="has no glyphs"):
        fit(SHORT, glyphs.subset(slice(0, 0)), held_out, out=tmp_path)


def test_a_class_that_is_held_out_but_not_learned_is_an_error(glyphs, held_out, tmp_path):
    letters = dataclasses.replace(held_out, labels=np.full_like(held_out.labels, 10))
    with pytest.raises(TrainingError, match="holds out a class"):
        fit(SHORT, glyphs, letters, out=tmp_path)


def test_glyphs_that_may_not_be_written_to_can_be_learned_from(glyphs, held_out, tmp_path):
    images = glyphs.images.copy()
    images.flags.writeable = False
    fit(
        dataclasses.replace(SHORT, epochs=1),
        dataclasses.replace(glyphs, images=images),
        held_out,
        out=tmp_path,
    )


def test_a_loss_that_is_no_longer_a_number_ends_the_run(glyphs, held_out, tmp_path):
    with pytest.raises(TrainingError, match="lower learning rate"):
        fit(
            dataclasses.replace(SHORT, learning_rate=10.0, weight_decay=10.0, warmup=0.0, epochs=50),
            glyphs,
            held_out,
            out=tmp_path,
        )


def test_the_learning_rate_rises_to_its_peak_and_ends_at_nothing():
    assert one_cycle(0.0, 0.25) == 0
    assert one_cycle(0.25, 0.25) == 1
    assert one_cycle(0.0, 0.0) == 1
    assert one_cycle(1.0, 0.25) == pytest.approx(0)
    rates = [one_cycle(step / 100, 0.25) for step in range(101)]
    assert rates == sorted(rates[:25]) + sorted(rates[25:], reverse=True)


@pytest.mark.parametrize(("network", "most"), [("small", 450_000), ("mlp", 120_000)])
@pytest.mark.parametrize("classes", [10, 11])
def test_the_networks_have_their_classes_and_keep_within_their_size(network, most, classes):
    layers = named(network, classes).eval()
    assert layers(torch.rand(3, 28, 28)).shape == (3, classes)
    assert sum(weight.numel() for weight in layers.parameters()) <= most


def test_real_digits_are_learned_in_seconds_but_not_by_heart(tmp_path):
    folder = Path(os.environ.get("INKREAD_DATA", Path(__file__).parents[3] / "shared" / "data"))
    try:
        mnist = load_mnist("train", data_dir=folder, download=False)
    except DatasetNotFoundError:
        pytest.skip(f"MNIST is not in {folder}; set INKREAD_DATA")
    recipe = dataclasses.replace(RECIPES["cnn"], epochs=2, averaging=0.9, batch_size=128, threads=1)
    run = fit(recipe, mnist.subset(slice(0, 6_000)), mnist.subset(slice(-2_000, None)), out=tmp_path)
    assert 0.96 < run.history[-1].validation_accuracy < 1.0


def test_glyphs_of_non_digits_make_eleven_classes(glyphs, held_out, tmp_path):
    labels = np.where(glyphs.labels == 3, 10, glyphs.labels).astype(np.uint8)
    mixed = dataclasses.replace(glyphs, labels=labels)
    run = fit(dataclasses.replace(SHORT, epochs=1), mixed, held_out, out=tmp_path)
    assert run.network(torch.zeros(1, 28, 28)).shape == (1, 11)
