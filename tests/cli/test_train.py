from __future__ import annotations

import dataclasses
import importlib.util
import json
import re
import sys
from functools import partial
from types import SimpleNamespace

import pytest

import inkread.training
from inkread.training.recipe import (
    NETWORKS,
    RECIPES,
    SGD_RATE,
    Augmentation,
    DetectorRecipe,
    FineTuneConfig,
    Recipe,
    TextRecipe,
)

EPOCH = SimpleNamespace(
    epoch=1,
    train_loss=0.1,
    validation_accuracy=0.97,
    seconds=3.0,
    summary=lambda: {"Validation loss, accuracy": "0.1, 97.00%"},
)


@pytest.fixture
def trained(monkeypatch):
    """Replaces the training and records its arguments."""
    calls = []

    def train(recipe, *, out, progress, by="train", **options):
        calls.append(SimpleNamespace(recipe=recipe, out=out, by=by, **options))
        if recipe.seed == 13:
            raise KeyboardInterrupt
        progress.on_download("train-images", 5, 10)
        progress.on_batch(1, 2)
        progress.on_epoch(EPOCH)
        scores = {"validation_accuracy": round(0.9 + recipe.seed / 100, 2)}
        card = SimpleNamespace(parameters=1234, temperature=1.1, scores=scores)
        return SimpleNamespace(recipe=recipe, out=out, history=(EPOCH,), card=card)

    for name in ("train", "train_detector", "train_text"):
        monkeypatch.setitem(vars(inkread.training), name, partial(train, by=name))  # imports no PyTorch
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name == "torch" or find_spec(name))
    return calls


@pytest.mark.parametrize("name", [*NETWORKS, "detector"])
def test_a_network_is_trained_by_its_own_recipe(run, trained, tmp_path, name):
    result = run("train", "--network", name, "--out", tmp_path / "run")
    assert result.code == 0
    assert trained[0].recipe == RECIPES[name]
    assert trained[0].recipe.network == name
    assert trained[0].out == tmp_path / "run"
    assert not trained[0].resume
    assert "97.00%" in result.out
    assert re.fullmatch(
        r"Training \w+, epoch 1 of \d+: loss 0.1000(, validation accuracy 97.00%)?\n", result.err
    )


def test_a_detector_is_trained_by_the_settings_given(run, trained, tmp_path):
    result = run(
        "train", "--network", "detector", "--steps", 3, "--batch-size", 32, "--seed", 5, "--out", tmp_path
    )
    assert result.code == 0
    assert "97.00%" in result.out
    assert trained[0].by == "train_detector"
    assert trained[0].recipe == DetectorRecipe(steps=3, batch_size=32, seed=5)
    assert trained[0].command == (
        f"inkread train --network detector --batch-size 32 --seed 5 --steps 3 --out {tmp_path}"
    )


def test_the_detector_continues_from_its_weights_with_corrected_pages(run, trained, tmp_path):
    result = run(
        "train", "--network", "detector", "--data", "corrections", "--store", "x.sqlite", "--out", tmp_path
    )
    assert result.code == 0
    (call,) = trained
    assert (call.by, call.recipe) == ("train_detector", RECIPES["corrections"])
    assert (call.data, call.store) == (["corrections"], "x.sqlite")
    assert call.recipe.weights == "bundled"


def test_options_override_the_recipe_and_are_kept_as_the_command(run, trained, tmp_path):
    run("train", "--out", tmp_path, "--epochs", 3, "--batch-size", 64, "--learning-rate", 0.01, "--seed", 5)
    recipe = trained[0].recipe
    assert (recipe.network, recipe.epochs, recipe.batch_size, recipe.learning_rate, recipe.seed) == (
        "cnn", 3, 64, 0.01, 5,
    )  # fmt: skip
    assert trained[0].command == (
        "inkread train --network cnn --batch-size 64 --learning-rate 0.01 --seed 5 --epochs 3 "
        f"--out {tmp_path}"
    )


def test_a_recipe_file_sets_what_it_names(run, trained, tmp_path):
    file = tmp_path / "recipe.json"
    file.write_text(json.dumps({"network": "mlp", "epochs": 7}))
    run("train", "--recipe", file, "--out", tmp_path / "run", "--seed", 2)
    assert (trained[0].recipe.network, trained[0].recipe.epochs, trained[0].recipe.seed) == ("mlp", 7, 2)


@pytest.mark.parametrize(
    ("content", "options"),
    [({"network": "detector", "echo": 4}, []), ({"echo": 4}, ["--network", "detector"])],
    ids=["in the file", "as an option"],
)
def test_a_recipe_file_of_a_detector_is_one(run, trained, tmp_path, content, options):
    file = tmp_path / "recipe.json"
    file.write_text(json.dumps(content))
    run("train", "--recipe", file, *options, "--out", tmp_path / "run", "--learning-rate", 0.01)
    assert [call.recipe for call in trained] == [DetectorRecipe(echo=4, learning_rate=0.01)]
    assert trained[0].by == "train_detector"


@pytest.mark.parametrize(
    ("suffix", "content"),
    [
        ("json", '{"network": {}}'),
        ("json", '{"network": ["cnn"]}'),
        ("json", '{"augmentation": 3}'),
        ("json", '{"layers": 0.5}'),
        ("json", "[" * 100_000),
        ("json", "7"),
        ("toml", "network = {}"),
        ("toml", "augmentation = [1]"),
        ("toml", "x = " + "[" * 100_000),
    ],
    ids=lambda text: text[:20],
)
def test_a_recipe_file_of_values_of_other_types_is_a_wrong_value(run, trained, tmp_path, suffix, content):
    file = tmp_path / f"recipe.{suffix}"
    file.write_text(content)
    result = run("train", "--recipe", file, "--out", tmp_path / "run", "--rotation", 3)
    assert result.code == 2
    assert result.err.startswith("error: ")
    assert "internal" not in result.err
    assert not trained


def test_a_recipe_of_a_detector_is_for_no_other_network(run, trained, tmp_path):
    result = run("train", "--recipe", "detector", "--network", "cnn", "--out", tmp_path)
    assert result.code == 2
    assert result.err.startswith("error: ")
    assert "internal" not in result.err
    assert not trained


@pytest.mark.parametrize("name", list(RECIPES))
def test_a_bundled_recipe_can_be_named(run, trained, tmp_path, name):
    run("train", "--recipe", name, "--out", tmp_path)
    assert trained[0].recipe == RECIPES[name]
    assert trained[0].by == {
        "detector": "train_detector",
        "corrections": "train_detector",
        "text": "train_text",
    }.get(name, "train")
    assert trained[0].command == f"inkread train --recipe {name} --out {tmp_path}"


def test_every_setting_is_an_option_with_its_words(run, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("TERMINAL_WIDTH", "200")
    shown = " ".join(run("train", "--help").out.replace("│", " ").split())
    for settings in (Recipe, Augmentation, DetectorRecipe, TextRecipe, FineTuneConfig):
        for each in dataclasses.fields(settings):
            if each.name not in ("network", "layers", "augmentation"):
                assert re.search(f"--{each.name.replace('_', '-')}[ ,]", shown)
    assert "Standard deviation of each point's own displacement" in shown
    assert "adamw|adam|sgd" in shown
    assert "Share of the last hidden layer's units dropped in a step. [default: 0.4]" in shown


@pytest.mark.parametrize(
    ("option", "field", "value"),
    [
        (("--optimizer", "Adam"), "optimizer", "adam"),
        (("--loss", "sparse_categorical_crossentropy"), "loss", "cross-entropy"),
        (("--lr", 0.01), "learning_rate", 0.01),
        (("--network", "LeNet-5"), "network", "lenet5"),
        (("--device", "GPU"), "device", "cuda"),
    ],
)
def test_names_that_keras_users_know_are_understood(run, trained, option, field, value):
    assert run("train", *option, "--out", "run").code == 0
    assert getattr(trained[0].recipe, field) == value


def test_several_seeds_are_trained_into_folders_of_their_own(run, trained, tmp_path):
    result = run("train", "--network", "mlp", "--seeds", 3, "--seed", 4, "--out", tmp_path)
    assert result.code == 0
    assert [call.recipe.seed for call in trained] == [4, 5, 6]
    assert [call.out for call in trained] == [tmp_path / f"seed-{seed}" for seed in (4, 5, 6)]
    rows = (tmp_path / "seeds.csv").read_text().splitlines()
    assert rows == ["seed,validation_accuracy", "4,0.94", "5,0.95", "6,0.96"]
    assert "0.9500" in result.out
    assert "0.0100" in result.out


def test_an_unknown_logger_is_rejected_before_anything_is_trained(run, trained, tmp_path):
    result = run("train", "--log", "tensorbord", "--out", tmp_path)
    assert result.code == 2
    assert "did you mean 'tensorboard'" in result.err
    assert not trained


def test_a_logger_that_is_not_installed_names_its_extra(run, trained, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "mlflow", None)
    result = run("train", "--log", "mlflow", "--out", tmp_path / "run")
    assert result.code == 1
    assert "pip install '.[mlflow]'" in result.err
    assert not trained


def test_options_of_the_augmentation_change_it_and_leave_the_rest_of_it(run, trained, tmp_path):
    run(
        "train",
        "--network",
        "mlp",
        "--rotation",
        3,
        "--optimizer",
        "sgd",
        "--momentum",
        0.5,
        "--out",
        tmp_path,
    )
    recipe, usual = trained[0].recipe, RECIPES["mlp"]
    assert recipe.augmentation == dataclasses.replace(usual.augmentation, rotation=3)
    assert (recipe.optimizer, recipe.momentum, recipe.batch_size) == ("sgd", 0.5, usual.batch_size)
    assert "--rotation 3" in trained[0].command


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["detector", "--rotation", 3], "--rotation 3.0: is not a setting"),
        (["mlp", "--echo", 3], "--echo 3: is not a setting"),
        (["mlp", "--optimizer", "adamq"], "did you mean 'adam'"),
        (["mlp", "--epochs", 0], "out of range"),
    ],
)
def test_a_setting_that_the_network_cannot_have_is_rejected(run, trained, tmp_path, options, words):
    result = run("train", "--out", tmp_path / "run", "--network", *options)
    assert result.code == 2
    assert words in result.err
    assert not trained


@pytest.mark.parametrize(
    ("options", "rate"),
    [
        (["--optimizer", "sgd"], SGD_RATE),
        (["--optimizer", "sgd", "--learning-rate", 0.2], 0.2),
        (["--optimizer", "adam"], RECIPES["cnn"].learning_rate),
        ([], RECIPES["cnn"].learning_rate),
    ],
)
def test_an_optimizer_comes_with_a_learning_rate_at_which_it_learns(run, trained, tmp_path, options, rate):
    run("train", "--network", "cnn", *options, "--out", tmp_path)
    assert trained[0].recipe.learning_rate == rate


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--optimizer", "adam", "--weight-decay", 0.01], "--weight-decay 0.01: is not a setting of adam"),
        (["--optimizer", "adamw", "--l2", 0.01], "use --optimizer adam or sgd"),
        (["--momentum", 0.5], "--momentum 0.5: is not a setting of adamw"),
    ],
)
def test_a_setting_of_another_optimizer_is_rejected(run, trained, tmp_path, options, words):
    result = run("train", *options, "--out", tmp_path)
    assert result.code == 2
    assert words in result.err
    assert not trained


@pytest.fixture
def tuned(monkeypatch, trained):
    """Records the training data; returns the calls, and how many of ten pictures are read correctly after."""
    pytest.importorskip("torch", reason="PyTorch is not installed (extra: train)")
    from inkread.training.fine_tuning import FineTuned

    calls = SimpleNamespace(made=[], after=9, rejected=0.971)

    def fine_tune(settings, *, progress, out, **options):
        calls.made.append(SimpleNamespace(settings=settings, out=out, **options))
        progress.on_batch(1, 2)
        run = SimpleNamespace(out=out)
        return FineTuned(run, 10, (6, calls.after), (0.99, 0.992), (0.97, calls.rejected))

    monkeypatch.setitem(vars(inkread.training), "fine_tune", fine_tune)
    return calls


def test_a_model_is_fine_tuned_on_your_own_pictures(run, tuned, tmp_path):
    result = run(
        "train",
        "--init-from",
        "bundled",
        "--data",
        tmp_path,
        "--steps",
        9,
        "--rotation",
        3,
        "--out",
        tmp_path / "run",
    )
    assert result.code == 0
    (call,) = tuned.made
    assert (call.start, call.data) == ("default", [str(tmp_path)])
    assert call.settings == FineTuneConfig(
        steps=9, augmentation=dataclasses.replace(FineTuneConfig().augmentation, rotation=3)
    )
    assert call.command.startswith("inkread train --init-from bundled --rotation 3.0 --steps 9 --data ")
    assert "6 correct" in result.out
    assert "9 correct" in result.out
    assert "99.20%" in result.out
    assert f"Better than bundled; to use it, add --model {tmp_path / 'run'}" in " ".join(result.out.split())


def test_a_model_that_reads_something_else_worse_is_not_simply_called_better(run, tuned, tmp_path):
    tuned.rejected = 0.968
    said = " ".join(
        run("train", "--init-from", "bundled", "--data", tmp_path, "--out", tmp_path / "run").out.split()
    )
    assert "Better than bundled on your pictures, but it reads non-digits worse." in said
    assert f"If your pictures matter more, use --model {tmp_path / 'run'}" in said


def test_a_model_that_reads_no_more_is_not_called_better(run, tuned, tmp_path):
    tuned.after = 6
    result = run(
        "train", "--start", "runs/mine", "--data", tmp_path, "--out", tmp_path / "run"
    )  # --init-from's old name
    assert "Not better than runs/mine: keep runs/mine" in result.out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ([], "requires your own pictures"),
        (["--data", ".", "--network", "cnn"], "cannot be used with --init-from"),
        (["--data", ".", "--resume"], "cannot be used with --init-from"),
        (["--data", ".", "--epochs", 3], "--epochs 3: is not a setting of this kind of training"),
        (["--data", ".", "--folds", 1], "out of range"),
    ],
)
def test_options_that_do_not_suit_fine_tuning_are_rejected(run, tuned, tmp_path, options, words):
    result = run("train", "--init-from", "bundled", "--out", tmp_path / "run", *options)
    assert result.code == 2
    assert words in result.err
    assert not tuned.made


def test_your_own_architecture_is_trained_by_the_default_recipe(run, trained, tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text('[[layers]]\ntype = "dense"\nunits = 32\n')
    assert run("train", "--network", file, "--epochs", 2, "--out", tmp_path / "run").code == 0
    recipe = trained[0].recipe
    assert (recipe.network, recipe.epochs, recipe.learning_rate) == ("mine", 2, RECIPES["cnn"].learning_rate)
    assert recipe.layers == ({"type": "dense", "units": 32, "activation": "relu"},)
    assert trained[0].command == f"inkread train --network {file} --epochs 2 --out {tmp_path / 'run'}"


def test_a_recipe_may_be_toml(run, trained, tmp_path):
    file = tmp_path / "recipe.toml"
    file.write_text('network = "tiny"\nepochs = 3\n[augmentation]\nrotation = 5\n')
    run("train", "--recipe", file, "--out", tmp_path / "run")
    recipe = trained[0].recipe
    assert (recipe.network, recipe.epochs, recipe.augmentation.rotation) == ("tiny", 3, 5)


@pytest.mark.parametrize(
    ("options", "meant"), [(["--network", "lenet55"], "lenet5"), (["--recipe", "defualt"], "default")]
)
def test_of_an_unknown_network_or_recipe_the_nearest_is_named(run, trained, tmp_path, options, meant):
    result = run("train", *options, "--out", tmp_path / "run")
    assert result.code == 2
    assert f"did you mean '{meant}'" in result.err
    assert not trained


@pytest.mark.parametrize(
    "content",
    ["not json", "[1]", '{"nonsense": 1}', '{"epochs": 0}', '{"network": "detector", "material": "mnist"}'],
)
def test_a_wrong_recipe_file_is_an_error(run, trained, tmp_path, content):
    file = tmp_path / "recipe.json"
    file.write_text(content)
    result = run("train", "--recipe", file, "--out", tmp_path / "run")
    assert result.code == 2
    assert result.err.startswith("error: ")
    assert "internal" not in result.err


def test_an_interrupted_training_says_how_to_go_on(run, trained, tmp_path):
    result = run("train", "--out", tmp_path, "--seed", 13)
    assert result.code == 130
    assert "--resume" in result.err


def test_without_pytorch_the_extra_is_named(run, monkeypatch, tmp_path):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    result = run("train", "--out", tmp_path)
    assert result.code == 1
    assert (
        result.err == "error: torch: is not installed; run this in inkread's folder: pip install '.[train]'\n"
    )


def test_named_data_are_learned_and_kept_in_the_command(run, trained, tmp_path):
    out, mine = tmp_path / "run", tmp_path / "mine"
    result = run(
        "train", "--out", out, "--data", "mnist", "--data", mine, "--data", "corrections", "--store", "x"
    )
    assert result.code == 0, result.err
    assert list(trained[0].data) == ["mnist", str(mine), "corrections"]
    assert trained[0].store == "x"
    command = f"inkread train --network cnn --data mnist --data {mine} --data corrections --out {out}"
    assert trained[0].command == command
    run("train", "--out", tmp_path / "plain")
    assert list(trained[1].data) == ["mnist"]
    assert "--data" not in trained[1].command


def test_skipped_pictures_are_reported_beside_the_result(run, trained, monkeypatch, tmp_path):
    train = inkread.training.train

    def telling(recipe, *, progress, **options):
        progress.on_picture(3, 3)
        progress.on_note("mine: 1 of 3 pictures left out: a\nb.png is truncated")
        return train(recipe, progress=progress, **options)

    monkeypatch.setattr(inkread.training, "train", telling)
    result = run("train", "--out", tmp_path)
    assert "note: mine: 1 of 3 pictures left out: a\\nb.png is truncated\n" in result.err
    assert "97.00%" in result.out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--data", "usps", "--network", "detector"], "single glyphs"),
        (["--data", "mnist", "--data", "usps", "--network", "detector"], "--data usps: has single glyphs"),
        (["--store", "sqlite:///x.sqlite"], "--data corrections"),
    ],
)
def test_data_that_cannot_be_used_are_an_error(run, trained, tmp_path, options, words):
    result = run("train", "--out", tmp_path / "run", *options)
    assert result.code == 2
    assert words in result.err
    assert "Traceback" not in result.err
    assert trained == []
