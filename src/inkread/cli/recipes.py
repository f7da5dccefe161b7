"""Builds a recipe from names, files, and options."""

from __future__ import annotations

import dataclasses
import json
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inkread.cli.settings import NESTED
from inkread.errors import OptionError, nearest
from inkread.system.files import load_toml
from inkread.training.recipe import (
    DETECTOR,
    NETWORKS,
    OPTIMIZERS,
    OTHER_NETWORKS,
    RECIPES,
    TEXT,
    AnyRecipe,
    Augmentation,
    DetectorRecipe,
    FineTuneConfig,
    Recipe,
    TextRecipe,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

USUAL = "cnn"
"""The default network."""


PAGE_RECIPES: dict[str, type[DetectorRecipe | TextRecipe]] = {DETECTOR: DetectorRecipe, TEXT: TextRecipe}
"""The networks that do not learn from glyphs, and the kinds of their recipes."""


def recipe_of(network: str | None, recipe: str | None, settings: dict[str, Any]) -> AnyRecipe:
    """Returns the recipe of that name, file, or network, with ``settings`` applied on top.

    Raises:
        OptionError: a name or a setting is unknown, or a file is unreadable.
    """
    if network and not network.endswith(".toml"):
        network = OTHER_NETWORKS.get(network.lower(), network.lower())
    own = _own_network(network) if network and network not in (*NETWORKS, *PAGE_RECIPES) else {}
    chosen = own or ({"network": network} if network else {})
    name = recipe or (USUAL if own else network or USUAL)
    base = RECIPES[name].to_dict() if name in RECIPES else _read_settings(name)
    kind = PAGE_RECIPES.get(network or str(base.get("network")))
    with _named_as_options(settings):
        if kind:
            return kind.from_dict(base | settings | chosen)
        made = Recipe.from_dict(_over(base, settings) | chosen)
    _refuse_others(made, settings)
    if "optimizer" in settings and "learning_rate" not in settings:
        rate = Recipe.from_dict(base | chosen).by(made.optimizer).learning_rate
        made = dataclasses.replace(made, learning_rate=rate)
    return made


def _refuse_others(recipe: Recipe, settings: dict[str, Any]) -> None:
    """Rejects settings of optimizers other than the recipe's because they would have no effect."""
    for each in dataclasses.fields(Recipe):
        owners = each.metadata.get("of", OPTIMIZERS)
        if each.name in settings and recipe.optimizer not in owners:
            option = f"--{each.name.replace('_', '-')} {settings[each.name]}"
            remedy = f"remove it, or use --optimizer {' or '.join(owners)}"
            raise OptionError(option, f"is not a setting of {recipe.optimizer}", remedy)


def fine_tune_config_of(recipe: str | None, settings: dict[str, Any]) -> FineTuneConfig:
    """Returns the fine-tuning config: the settings of a file, with ``settings`` applied on top.

    Raises:
        OptionError: a setting is unknown, or the file is unreadable.
    """
    base = _read_settings(recipe) if recipe else {}
    with _named_as_options(settings):
        return FineTuneConfig.from_dict(_over(FineTuneConfig().to_dict() | base, settings))


@contextmanager
def _named_as_options(settings: dict[str, Any]) -> Iterator[None]:
    """Names a wrong setting as the option that was given, not as a field of the recipe."""
    try:
        yield
    except OptionError as error:
        _, _, name = error.source.partition(" = ")[0].rpartition(".")
        if name not in settings:
            raise
        option, problem = f"--{name.replace('_', '-')} {settings[name]}", error.problem
        if problem == "is not a setting":
            problem = "is not a setting of this kind of training"
        raise OptionError(option, problem, error.remedy) from error


def _over(base: dict[str, Any], settings: dict[str, Any]) -> dict[str, Any]:
    """Returns a recipe's values with ``settings`` applied on top; augmentation settings go into its table."""
    names = {each.name for each in dataclasses.fields(Augmentation)}
    inner = {name: value for name, value in settings.items() if name in names}
    outer = {name: value for name, value in settings.items() if name not in names}
    if inner:
        own = base.get(NESTED, {})
        outer[NESTED] = own | inner if isinstance(own, dict) else own
    return base | outer


def _own_network(name: str) -> dict[str, Any]:
    from inkread.training.architecture import load_architecture

    if not name.endswith(".toml"):
        remedy = nearest(name, [*NETWORKS, *PAGE_RECIPES]) + "; or use a TOML file of layers"
        raise OptionError(f"--network {name}", "is not a known network", remedy)
    network, layers = load_architecture(Path(name))
    return {"network": network, "layers": layers}


def _read_settings(name: str) -> dict[str, Any]:
    """Reads the settings from a TOML or JSON file."""
    file = Path(name)
    remedy = "use a TOML or JSON file of settings"
    if file.suffix not in (".toml", ".json") and not file.is_file():
        raise OptionError(f"--recipe {name}", "is not a recipe", f"{nearest(name, RECIPES)}; or {remedy}")
    if file.suffix == ".toml":
        return load_toml(file, "recipe", remedy)
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise OptionError(name, f"is not a readable recipe ({reason})", remedy) from error
    if not isinstance(values, dict):
        raise OptionError(name, "is not a recipe", remedy)
    return values
