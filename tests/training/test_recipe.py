"""Recipes say everything, and refuse what they do not know."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys

import pytest

from inkread.errors import MissingExtraError, OptionError
from inkread.training.recipe import RECIPES, Augmentation, Recipe


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_comes_back_from_json_as_it_was(name):
    recipe = RECIPES[name]
    assert Recipe.from_dict(json.loads(json.dumps(recipe.to_dict()))) == recipe


def test_a_setting_left_out_keeps_its_default():
    recipe = Recipe.from_dict({"network": "mlp", "augmentation": {"rotation": 3}})
    assert recipe == Recipe(network="mlp", augmentation=Augmentation(rotation=3))


@pytest.mark.parametrize(
    "values",
    [
        {"epoch": 3},
        {"augmentation": {"rotate": 3}},
        {"augmentation": 3},
        {"network": "resnet"},
        {"network": ["cnn"]},
        {"precision": "float16"},
        {"epochs": 0},
        {"epochs": 2.5},
        {"epochs": True},
        {"epochs": "5"},
        {"learning_rate": float("nan")},
        {"learning_rate": -1e-3},
        {"dropout": 1.0},
        {"seed": -1},
    ],
    ids=str,
)
def test_an_unknown_or_impossible_setting_is_an_option_error_that_names_it(values):
    with pytest.raises(OptionError, match=r"Recipe\.|Augmentation\.") as caught:
        Recipe.from_dict(values)
    assert next(iter(values)) in str(caught.value) or "rotate" in str(caught.value)


@pytest.mark.parametrize("settings", [Recipe, Augmentation])
def test_every_setting_is_explained_in_the_source(settings):
    import inspect

    lines = [line.strip() for line in inspect.getsource(settings).splitlines()]
    for field in dataclasses.fields(settings):
        declared = next(number for number, line in enumerate(lines) if line.startswith(f"{field.name}:"))
        assert lines[declared + 1].startswith('"""'), field.name


def test_recipes_are_read_without_loading_pytorch():
    code = "import sys, inkread.training; inkread.training.RECIPES; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_training_without_pytorch_names_the_extra_to_install():
    code = "import sys; sys.modules['torch'] = None\nimport inkread.training\ninkread.training.train"
    result = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert str(MissingExtraError("torch", "train")) in result.stderr
