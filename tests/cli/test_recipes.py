"""Recipes are listed, and printed as TOML that gives the same recipe again."""

from __future__ import annotations

import tomllib

import pytest

from inkread.training.recipe import RECIPES, recipe_from


def test_all_recipes_are_listed(run):
    out = run("recipes").out
    assert [line.split()[0] for line in out.splitlines()[1:]] == list(RECIPES)
    assert "32,000 steps" in out


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_is_printed_as_toml_that_gives_the_same_recipe(run, name):
    assert recipe_from(tomllib.loads(run("recipes", name).out)) == RECIPES[name]


def test_an_unknown_recipe_is_a_wrong_value(run):
    result = run("recipes", "brisck")
    assert result.code == 2
    assert "did you mean 'brisk'" in result.err
