"""``inkread recipes``: shows the recipes of ``inkread train``."""

import json
from dataclasses import fields
from typing import TYPE_CHECKING, Annotated, Any

from typer import Argument

from inkread.cli.console import show, table, write
from inkread.errors import OptionError, nearest

if TYPE_CHECKING:
    from inkread.training.recipe import TrainingConfig


def recipe_names() -> list[str]:
    """Returns the names that the shell completes."""
    from inkread.training.recipe import RECIPES

    return list(RECIPES)


def list_recipes(
    name: Annotated[
        str | None,
        Argument(metavar="NAME", help="Show the settings of this recipe.", autocompletion=recipe_names),
    ] = None,
) -> None:
    """List the recipes of inkread train, or print one as TOML.

    Save the TOML to a file, change it, and train with --recipe FILE.
    """
    from inkread.training.recipe import RECIPES

    if name in RECIPES:
        write(_toml(RECIPES[name]))
        return
    if name is not None:
        raise OptionError(name, "is not a recipe", nearest(name, RECIPES))
    rows = table("Recipe", "Network", "Length")
    for each, recipe in RECIPES.items():
        steps = getattr(recipe, "steps", None)
        rows.add_row(each, recipe.network, f"{steps:,} steps" if steps else f"{recipe.epochs} epochs")
    show(rows)


def _toml(recipe: "TrainingConfig") -> str:
    """Returns a recipe as TOML: plain values first, because a table takes all lines after it."""
    plain, tables = [], []
    for field in fields(recipe):
        value = getattr(recipe, field.name)
        if field.name == "layers":
            tables += ["", *(line for layer in value for line in ("[[layers]]", *_lines(layer), ""))]
        elif hasattr(value, "to_dict"):
            tables += ["", f"[{field.name}]", *_lines(value.to_dict())]
        else:
            plain += _lines({field.name: value})
    return "\n".join([*plain, *tables]).rstrip() + "\n"


def _lines(values: dict[str, Any]) -> list[str]:
    return [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in values.items()]
