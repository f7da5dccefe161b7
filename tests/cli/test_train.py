from __future__ import annotations

import importlib.util
import json
from types import SimpleNamespace

import pytest

import inkread.training
from inkread.cli.train import Network
from inkread.training.recipe import NETWORKS, RECIPES

EPOCH = SimpleNamespace(
    epoch=1, train_loss=0.5, train_accuracy=0.9, validation_loss=0.1, validation_accuracy=0.97, seconds=3.0
)


@pytest.fixture
def trained(monkeypatch):
    """Stands in for the training; collects what it is called with."""
    calls = []

    def train(recipe, *, out, progress, **options):
        calls.append(SimpleNamespace(recipe=recipe, out=out, **options))
        if recipe.seed == 13:
            raise KeyboardInterrupt
        progress.on_download("train-images", 5, 10)
        progress.on_batch(1, 2)
        progress.on_epoch(EPOCH)
        card = SimpleNamespace(parameters=1234, temperature=1.1)
        return SimpleNamespace(recipe=recipe, out=out, history=(EPOCH,), card=card)

    monkeypatch.setattr(inkread.training, "train", train, raising=False)
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name == "torch" or find_spec(name))
    return calls


def test_every_network_has_its_option():
    assert [network.value for network in Network] == list(NETWORKS)


def test_a_network_is_trained_by_its_own_recipe(run, trained, tmp_path):
    result = run("train", "--network", "mlp", "--out", tmp_path / "run")
    assert result.code == 0
    assert trained[0].recipe == RECIPES["mlp"]
    assert trained[0].out == tmp_path / "run"
    assert not trained[0].resume
    assert "97.00%" in result.out
    assert result.err == ""


def test_options_override_the_recipe_and_are_kept_as_the_command(run, trained, tmp_path):
    run("train", "--out", tmp_path, "--epochs", 3, "--batch-size", 64, "--learning-rate", 0.01, "--seed", 5)
    recipe = trained[0].recipe
    assert (recipe.network, recipe.epochs, recipe.batch_size, recipe.learning_rate, recipe.seed) == (
        "cnn", 3, 64, 0.01, 5,
    )  # fmt: skip
    assert trained[0].command == (
        f"inkread train --network cnn --epochs 3 --batch-size 64 --learning-rate 0.01 --seed 5 --out {tmp_path}"
    )


def test_a_recipe_file_sets_what_it_names(run, trained, tmp_path):
    file = tmp_path / "recipe.json"
    file.write_text(json.dumps({"network": "mlp", "epochs": 7}))
    run("train", "--recipe", file, "--out", tmp_path / "run", "--seed", 2)
    assert (trained[0].recipe.network, trained[0].recipe.epochs, trained[0].recipe.seed) == ("mlp", 7, 2)


@pytest.mark.parametrize("name", list(RECIPES))
def test_a_bundled_recipe_can_be_named(run, trained, tmp_path, name):
    run("train", "--recipe", name, "--out", tmp_path)
    assert trained[0].recipe == RECIPES[name]
    assert trained[0].command == f"inkread train --recipe {name} --out {tmp_path}"


@pytest.mark.parametrize("content", ["not json", "[1]", '{"nonsense": 1}', '{"epochs": 0}'])
def test_a_wrong_recipe_file_is_an_error(run, trained, tmp_path, content):
    file = tmp_path / "recipe.json"
    file.write_text(content)
    result = run("train", "--recipe", file, "--out", tmp_path / "run")
    assert result.code == 1
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
    assert result.err == "error: torch: is not installed; install it with: pip install 'inkread[train]'\n"
