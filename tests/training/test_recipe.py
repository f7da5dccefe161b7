"""Recipes say everything, and refuse what they do not know."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys

import pytest

from inkread.errors import MissingExtraError, OptionError
from inkread.training.recipe import RECIPES, Augmentation, DetectorRecipe, Recipe, recipe_from


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_comes_back_from_json_as_it_was(name):
    recipe = RECIPES[name]
    assert recipe_from(json.loads(json.dumps(recipe.to_dict()))) == recipe


def test_a_setting_left_out_keeps_its_default():
    recipe = Recipe.from_dict({"network": "mlp", "augmentation": {"rotation": 3}})
    assert recipe == Recipe(network="mlp", augmentation=Augmentation(rotation=3))


def test_the_network_determines_the_kind_of_recipe():
    assert recipe_from({"network": "detector", "echo": 3}) == DetectorRecipe(echo=3)
    assert recipe_from({"network": "mlp", "epochs": 2}) == Recipe(network="mlp", epochs=2)
    assert recipe_from({}) == Recipe()


@pytest.mark.parametrize(
    "values",
    [
        {"epoch": 3},
        {"augmentation": {"rotate": 3}},
        {"augmentation": 3},
        {"network": "resnet"},
        {"network": ["cnn"]},
        {"network": {}},
        {"network": 3, "layers": [{"type": "flatten"}]},
        {"layers": 0.5},
        {"layers": "flatten"},
        {"layers": [{"type": {}}]},
        {"layers": [[]]},
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


@pytest.mark.parametrize(
    "values",
    [{"augmentation": {}}, {"echo": 0}, {"echo": 1.5}, {"learning_rate": -1}, {"weights": "mine"}],
    ids=str,
)
def test_a_setting_that_a_detector_does_not_have_or_cannot_have_is_an_option_error_that_names_it(values):
    with pytest.raises(OptionError, match=rf"DetectorRecipe\.{next(iter(values))}"):
        recipe_from({"network": "detector", **values})


@pytest.mark.parametrize("settings", [Recipe, DetectorRecipe, Augmentation])
def test_every_setting_is_explained_in_the_source(settings):
    import inspect

    sources = [inspect.getsource(each) for each in settings.__mro__[:-1]]
    lines = [line.strip() for source in sources for line in source.splitlines()]
    for field in dataclasses.fields(settings):
        below = [lines[number + 1] for number, line in enumerate(lines) if line.startswith(f"{field.name}:")]
        assert any(text.startswith('"""') for text in below), field.name


def test_recipes_are_read_without_loading_pytorch():
    code = "import sys, inkread.training; inkread.training.RECIPES; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_training_without_pytorch_names_the_extra_to_install():
    code = "import sys; sys.modules['torch'] = None\nimport inkread.training\ninkread.training.train"
    result = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert str(MissingExtraError("torch", "train")) in result.stderr
