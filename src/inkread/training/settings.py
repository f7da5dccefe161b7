"""Groups of settings: dataclasses whose values are checked, and that become dicts and back.

Reading them needs no PyTorch.
"""

from __future__ import annotations

import dataclasses
from dataclasses import field
from typing import TYPE_CHECKING, Any, Self

from inkread.errors import OptionError, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

OTHER_NAMES = {
    "lr": "learning_rate",
    "dropout_rate": "dropout",
    "batch": "batch_size",
    "class_weights": "class_weight",
}
"""Settings as other programs name them."""


def number(default: float, low: float, high: float, **metadata: Any) -> Any:
    """Declares a numeric setting from ``low`` to ``high``, both allowed."""
    return field(default=default, metadata={"range": (low, high), **metadata})


def choice(default: str, choices: tuple[str, ...], also: Mapping[str, str] | None = None) -> Any:
    """Declares a setting that is one of ``choices``; ``also`` maps other names to them."""
    return field(default=default, metadata={"choices": choices, "also": also or {}})


class Settings:
    """The base class of each group of settings; every subclass is a dataclass."""

    def __post_init__(self) -> None:
        for setting in dataclasses.fields(self):  # type: ignore[arg-type]
            _check(type(self).__name__, setting, getattr(self, setting.name))

    def to_dict(self) -> dict[str, Any]:
        """Returns plain values under the fields' names, as JSON can hold them."""
        return dataclasses.asdict(self)  # type: ignore[call-overload]

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Inverts ``to_dict``; a missing field keeps its default, and other programs' names are understood.

        Raises:
            OptionError: a name is unknown, or a value is of the wrong type or out of range.
        """
        settings = {setting.name: setting for setting in dataclasses.fields(cls)}  # type: ignore[arg-type]
        known = {}
        for given, value in values.items():
            name = given if given in settings else OTHER_NAMES.get(given, given)
            if name not in settings:
                problem = "is not a setting"
                raise OptionError(f"{cls.__name__}.{given}", problem, nearest(given, settings))
            known[name] = _canonical(settings[name], value)
        return cls(**known)


def _canonical(setting: dataclasses.Field[Any], value: Any) -> Any:
    """Replaces another name of a choice, such as Keras', by its own."""
    choices = setting.metadata.get("choices", ())
    if not isinstance(value, str) or value in choices:
        return value
    plain = value.lower().replace("_", "-")
    plain = setting.metadata.get("also", {}).get(plain, plain)
    return plain if plain in choices else value


def _check(group: str, setting: dataclasses.Field[Any], value: object) -> None:
    source = f"{group}.{setting.name} = {value!r}"
    if choices := setting.metadata.get("choices"):
        if value not in choices:
            raise OptionError(source, "is unknown", nearest(str(value), choices))
    elif limits := setting.metadata.get("range"):
        kinds = (int,) if setting.type == "int" else (int, float)
        if isinstance(value, bool) or not isinstance(value, kinds):
            raise OptionError(source, f"is not {_article(str(setting.type))}", "give a number")
        if not limits[0] <= value <= limits[1]:  # NaN fails this, as it should
            raise OptionError(source, "is out of range", f"give a number from {limits[0]} to {limits[1]}")
    elif (kind := setting.metadata.get("kind")) and not isinstance(value, kind):
        raise OptionError(source, f"is not {_article(kind.__name__.lower())}", "give a table of its settings")


def _article(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"
