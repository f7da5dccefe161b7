"""The space that a sweep searches: a range or some choices for each setting, by default or from a TOML file.

::

    dropout = 0.3                  # fixed

    [learning_rate]
    low = 1e-3
    high = 1e-2
    log = true

    [batch_size]
    choices = [128, 256]

    [augmentation.rotation]
    low = 0
    high = 15

Settings that a file does not name keep their defaults. The file is checked here, without PyTorch and Optuna,
so that mistakes are reported before anything is loaded.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, TypeGuard

from inkread.errors import OptionError, nearest
from inkread.system.files import load_toml
from inkread.training.recipe import Augmentation, Recipe

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inkread.system.files import AnyPath

GROUP = "augmentation"

REMEDY = "give low and high, or choices, or a single value"


@dataclass(frozen=True, slots=True)
class Range:
    """The numbers from ``low`` to ``high``, on a logarithmic scale if ``log``."""

    low: float
    high: float
    log: bool = False

    def __str__(self) -> str:
        return f"{self.low:g} to {self.high:g}{', log' if self.log else ''}"

    @property
    def ends(self) -> tuple[Any, ...]:
        """The values that a recipe must accept."""
        return (self.low, self.high)


@dataclass(frozen=True, slots=True)
class Choices:
    """One of some values."""

    values: tuple[Any, ...]

    def __str__(self) -> str:
        return ", ".join(map(str, self.values))

    @property
    def ends(self) -> tuple[Any, ...]:
        """The values that a recipe must accept."""
        return self.values


Space: TypeAlias = "dict[str, Range | Choices]"
"""Ranges and choices by setting, such as ``"dropout"`` or ``"augmentation.rotation"``."""

SETTINGS = (
    "network", "batch_size", "learning_rate", "warmup", "weight_decay", "label_smoothing", "dropout",
    "averaging",
    *(f"{GROUP}.{field.name}" for field in dataclasses.fields(Augmentation)),
)  # fmt: skip
"""The settings that can be searched."""

WHOLE = ("batch_size",)
"""The settings among them that are whole numbers."""

DEFAULT_SPACE: Space = {
    "learning_rate": Range(5e-4, 2e-2, log=True),
    "batch_size": Choices((64, 128, 256, 512)),
    "weight_decay": Range(1e-3, 0.3, log=True),
    "label_smoothing": Range(0.0, 0.15),
    "dropout": Range(0.0, 0.6),
    "augmentation.rotation": Range(0.0, 20.0),
    "augmentation.shear": Range(0.0, 0.3),
    "augmentation.scale": Range(0.0, 0.2),
    "augmentation.shift": Range(0.0, 2.5),
    "augmentation.elastic": Range(0.0, 1.5),
    "augmentation.thicken": Range(0.0, 0.6),
    "augmentation.thin": Range(0.0, 0.5),
}
"""About twice as far in each direction as the bundled recipes go."""


def load_space(path: AnyPath) -> Space:
    """Loads a TOML file, and applies it on top of the default space.

    Raises:
        OptionError: the file is unreadable, or names something that cannot be searched; the message says
            which entry.
    """
    raw = load_toml(path, "space", "give a TOML file of ranges")
    group = raw.pop(GROUP, {})
    if not isinstance(group, dict):
        raise OptionError(f"{path}: {GROUP}", "is not a table", f"give [{GROUP}.rotation] and the like")
    flat = raw | {f"{GROUP}.{name}": entry for name, entry in group.items()}
    return DEFAULT_SPACE | {name: _entry(name, entry, str(path)) for name, entry in flat.items()}


def recipe_at(base: Recipe, values: Mapping[str, Any]) -> Recipe:
    """Returns the recipe with these settings, by the names of a space.

    Raises:
        OptionError: a value is outside the recipe's own range.
    """
    top = {name: value for name, value in values.items() if "." not in name}
    inner = {name.partition(".")[2]: value for name, value in values.items() if "." in name}
    return dataclasses.replace(base, **top, augmentation=dataclasses.replace(base.augmentation, **inner))


def _entry(name: str, entry: object, path: str) -> Range | Choices:
    where = f"{path}: {name}"
    if name not in SETTINGS:
        raise OptionError(where, "is not a setting that can be searched", nearest(name, SETTINGS))
    found = _parsed(entry, name, where)
    for value in found.ends:
        try:
            recipe_at(Recipe(), {name: value})
        except OptionError as error:
            raise OptionError(f"{where} = {value!r}", error.problem, error.remedy) from error
    return found


def _parsed(entry: object, name: str, where: str) -> Range | Choices:
    if not isinstance(entry, dict):
        return Choices((entry,))
    allowed = ("choices",) if "choices" in entry else ("low", "high", "log")
    for key in entry:
        if key not in allowed:
            remedy = nearest(key, ("low", "high", "log", "choices"))
            raise OptionError(f"{where}.{key}", "is not part of it", remedy)
    if "choices" in entry:
        if not isinstance(entry["choices"], list) or not entry["choices"]:
            raise OptionError(f"{where}.choices", "is not a list of values", "give some in square brackets")
        return Choices(tuple(entry["choices"]))
    low, high, log = entry.get("low"), entry.get("high"), entry.get("log", False)
    if not (_is_number(low, whole=name in WHOLE) and _is_number(high, whole=name in WHOLE)):
        kind = "whole numbers" if name in WHOLE else "numbers"
        raise OptionError(where, "has no low and high", f"{REMEDY}; low and high are {kind}")
    if not isinstance(log, bool):
        raise OptionError(f"{where}.log = {log!r}", "is neither true nor false", "give one of them")
    if not low < high:
        raise OptionError(where, f"has low {low} and high {high}", "give a low below the high")
    if log and low <= 0:
        raise OptionError(f"{where}.low = {low}", "has no logarithm", "give one above 0, or leave log out")
    return Range(low, high, log)


def _is_number(value: object, *, whole: bool) -> TypeGuard[float]:
    return isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)
