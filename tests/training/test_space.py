"""What a sweep searches is read from a file, and what makes no sense there is said."""

from __future__ import annotations

import pytest

from inkread.errors import OptionError
from inkread.training.recipe import RECIPES, Recipe
from inkread.training.space import DEFAULT_SPACE, Choices, Range, load_space, recipe_at


@pytest.fixture
def space_of(tmp_path):
    def load(text):
        path = tmp_path / "space.toml"
        path.write_text(text, encoding="utf-8")
        return load_space(path)

    return load


def test_a_file_says_ranges_choices_and_fixed_values_and_leaves_the_rest(space_of):
    space = space_of(
        """
        dropout = 0.3
        network = "tiny"
        [learning_rate]
        low = 1e-3
        high = 1e-2
        log = true
        [batch_size]
        choices = [32, 64]
        [augmentation.rotation]
        low = 0
        high = 15
        [augmentation]
        shear = 0.1
        """
    )
    assert space["dropout"] == Choices((0.3,))
    assert space["learning_rate"] == Range(1e-3, 1e-2, log=True)
    assert space["batch_size"] == Choices((32, 64))
    assert space["augmentation.rotation"] == Range(0, 15)
    assert space["augmentation.shear"] == Choices((0.1,))
    assert space["weight_decay"] == DEFAULT_SPACE["weight_decay"]
    assert set(space) == {*DEFAULT_SPACE, "network"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("learning_rat = 1", "did you mean 'learning_rate'"),
        ("[augmentation]\nrotatio = 1", "did you mean 'augmentation.rotation'"),
        ("epochs = 3", "not a setting that can be searched"),
        ("[dropout]\nlow = 0.5\nhigh = 0.1", "low 0.5 and high 0.1"),
        ("[dropout]\nlow = 0.5\nhi = 0.1", "did you mean 'high'"),
        ("[dropout]\nlow = 0.5", "no low and high"),
        ("[dropout]\nlow = 0\nhigh = 1.5", "dropout = 1.5: is out of range"),
        ("[dropout]\nlow = 0\nhigh = 0.5\nlog = true", "has no logarithm"),
        ("[dropout]\nlow = 0\nhigh = 0.5\nlog = 1", "neither true nor false"),
        ("[batch_size]\nlow = 8.5\nhigh = 64", "whole numbers"),
        ("[batch_size]\nchoices = []", "not a list of values"),
        ("[batch_size]\nchoices = [64]\nlow = 3", "not part of it"),
        ("dropout = 'much'", "dropout = 'much': is not a float"),
        ("network = 'lenet'", "did you mean 'lenet5'"),
        ("augmentation = 3", "is not a table"),
        ("[dropout", "not a readable space"),
    ],
)
def test_a_space_that_makes_no_sense_is_an_error_that_says_where(space_of, text, words):
    with pytest.raises(OptionError) as caught:
        space_of(text)
    assert words in str(caught.value)
    assert "space.toml" in str(caught.value)


def test_a_file_that_is_absent_is_an_error(tmp_path):
    with pytest.raises(OptionError, match="not a readable space"):
        load_space(tmp_path / "absent.toml")


@pytest.mark.parametrize("name", [name for name, recipe in RECIPES.items() if isinstance(recipe, Recipe)])
def test_every_recipe_accepts_the_default_space(name):
    for end in (0, -1):
        values = {setting: entry.ends[end] for setting, entry in DEFAULT_SPACE.items()}
        recipe = recipe_at(RECIPES[name], values)
        assert isinstance(recipe, Recipe)
        assert recipe.augmentation.rotation == values["augmentation.rotation"]
        assert recipe.learning_rate == values["learning_rate"]
