"""Your own architectures: a short list of layers in a TOML file.

::

    name = "mine"

    [[layers]]
    type = "conv"
    filters = 32

    [[layers]]
    type = "pool"

    [[layers]]
    type = "dense"
    units = 64

Each layer may have the settings in ``LAYERS``; the last layer, with one output per class, is added
automatically. The layers are checked here, without PyTorch, so that mistakes are reported before anything is
loaded.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inkread.errors import OptionError, nearest
from inkread.system.files import load_toml

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from inkread.system.files import AnyPath

SIDE = 28

MOST_LAYERS = 100

MOST_PARAMETERS = 20_000_000
"""More would not fit into a file of 100 MB, and handwritten digits do not need them."""

ACTIVATIONS = ("relu", "none")

KINDS = ("max", "average")


@dataclass(frozen=True, slots=True)
class Setting:
    """The allowed values of a layer's setting: ``choices``, or numbers from ``low`` to ``high``.

    ``default`` is ``None`` if the setting is required.
    """

    default: int | float | bool | str | None
    low: float = 0
    high: float = 0
    choices: tuple[str, ...] = ()


LAYERS: dict[str, dict[str, Setting]] = {
    "conv": {
        "filters": Setting(None, 1, 1024),
        "size": Setting(3, 1, 11),
        "stride": Setting(1, 1, 4),
        "padding": Setting(-1, -1, 5),
        "batch_norm": Setting(True),
        "activation": Setting("relu", choices=ACTIVATIONS),
    },
    "pool": {
        "size": Setting(2, 2, 28),
        "kind": Setting("max", choices=KINDS),
    },
    "flatten": {},
    "dense": {
        "units": Setting(None, 1, 8192),
        "activation": Setting("relu", choices=ACTIVATIONS),
    },
    "dropout": {
        "rate": Setting(0.5, 0.0, 0.95),
    },
}
"""The types of layers and their settings. A convolution's ``padding`` of -1 keeps the size if its stride is
1."""


def load_architecture(path: AnyPath) -> tuple[str, tuple[dict[str, Any], ...]]:
    """Loads the name and the layers of a TOML file.

    Raises:
        OptionError: it is unreadable, or its layers do not make a network; the message says why.
    """
    raw = load_toml(path, "architecture", "give a TOML file of layers")
    for key in raw:
        if key not in ("name", "layers"):
            raise OptionError(
                f"{path}: {key}", "is not a setting of an architecture", nearest(key, ["name", "layers"])
            )
    name = raw.get("name", Path(path).stem)
    if not isinstance(name, str) or not name.strip():
        raise OptionError(
            f"{path}: name = {name!r}", "is not a name", "give a few letters in quotation marks"
        )
    if not isinstance(raw.get("layers"), list) or not raw["layers"]:
        raise OptionError(str(path), "has no layers", 'give some, each under "[[layers]]"')
    return name, check_layers(raw["layers"], source=str(path))


def check_layers(layers: object, *, source: str = "layers") -> tuple[dict[str, Any], ...]:
    """Checks layers, and fills in all settings.

    Args:
        layers: tables with a ``type`` and its settings, from glyph to logits, without the last layer.
        source: where they come from, for errors.

    Raises:
        OptionError: a type or setting is unknown, a value is out of range, or a layer is misplaced.
    """
    if not isinstance(layers, Sequence) or isinstance(layers, str):
        raise OptionError(f"{source} = {layers!r}", "is not a list of layers", 'give each under "[[layers]]"')
    if len(layers) > MOST_LAYERS:
        raise OptionError(source, f"has {len(layers)} layers", f"give at most {MOST_LAYERS}")
    checked = []
    shape: tuple[int, ...] = (1, SIDE, SIDE)
    parameters = 0
    for number, layer in enumerate(layers, 1):
        where = f"{source}: layer {number}"
        table = _filled(layer, where)
        where += f" ({table['type']})"
        shape, new = _after(table, shape, where)
        parameters += new
        if parameters > MOST_PARAMETERS:
            problem = f"brings the network to {parameters:,} parameters"
            raise OptionError(where, problem, "put a pool before it, or give it fewer outputs")
        checked.append(table)
    return tuple(checked)


def _filled(layer: object, where: str) -> dict[str, Any]:
    """Fills in a layer's missing settings, in the order of ``LAYERS``."""
    if not isinstance(layer, dict):
        raise OptionError(where, "is not a table", 'give each layer under "[[layers]]"')
    kind = layer.get("type")
    if not isinstance(kind, str) or kind not in LAYERS:
        raise OptionError(
            f"{where}: type = {kind!r}", "is not a type of layer", nearest(str(kind), [*LAYERS])
        )
    known = LAYERS[kind]
    for key in layer:
        if key != "type" and key not in known:
            remedy = nearest(key, [*known]) if known else "leave it out"
            raise OptionError(f"{where} ({kind}): {key}", "is not a setting of this layer", remedy)
    for key, setting in known.items():
        _check(layer.get(key, setting.default), setting, f"{where} ({kind}): {key}")
    return {"type": kind} | {key: layer.get(key, setting.default) for key, setting in known.items()}


def _check(value: object, setting: Setting, where: str) -> None:
    if value is None:
        raise OptionError(where, "is missing", f"give a number from {setting.low} to {setting.high}")
    if setting.choices:
        if value not in setting.choices:
            raise OptionError(
                f"{where} = {value!r}", "is unknown", f"use one of {', '.join(setting.choices)}"
            )
        return
    if isinstance(setting.default, bool):
        if not isinstance(value, bool):
            raise OptionError(f"{where} = {value!r}", "is neither true nor false", "give one of them")
        return
    kinds = (int, float) if isinstance(setting.default, float) else (int,)
    if isinstance(value, bool) or not isinstance(value, kinds) or not setting.low <= value <= setting.high:
        whole = "number" if float in kinds else "whole number"
        raise OptionError(
            f"{where} = {value!r}", "is out of range", f"give a {whole} from {setting.low} to {setting.high}"
        )


def _after(layer: Mapping[str, Any], shape: tuple[int, ...], where: str) -> tuple[tuple[int, ...], int]:
    """Returns the shape after a layer, and its number of parameters."""
    match layer["type"]:
        case "conv" | "pool" if len(shape) == 1:
            raise OptionError(
                where, "is where the glyph is already flat", "put it before the first flatten or dense"
            )
        case "conv":
            channels, *sides = shape
            size, stride, filters = layer["size"], layer["stride"], layer["filters"]
            pad = padding(layer)
            after = [(side + 2 * pad - size) // stride + 1 for side in sides]
            if min(side + 2 * pad - size for side in sides) < 0:
                raise OptionError(
                    where, f"is larger than the {sides[0]}×{sides[1]} that reach it", "give a smaller size"
                )
            biases = 2 * filters if layer["batch_norm"] else filters
            return (filters, *after), channels * size * size * filters + biases
        case "pool":
            channels, *sides = shape
            if layer["size"] > min(sides):
                raise OptionError(
                    where, f"is larger than the {sides[0]}×{sides[1]} that reach it", "leave it out"
                )
            return (channels, *(side // layer["size"] for side in sides)), 0
        case "flatten":
            return (math.prod(shape),), 0
        case "dense":
            return (layer["units"],), (math.prod(shape) + 1) * layer["units"]
        case _:
            return shape, 0


def shapes(layers: Iterable[Mapping[str, Any]]) -> Iterator[tuple[int, ...]]:
    """Yields the shape before each checked layer, and the shape after the last."""
    shape: tuple[int, ...] = (1, SIDE, SIDE)
    yield shape
    for layer in layers:
        shape, _ = _after(layer, shape, "")
        yield shape


def padding(convolution: Mapping[str, Any]) -> int:
    """Returns the pixels that a convolution adds on each side."""
    return convolution["size"] // 2 if convolution["padding"] < 0 else int(convolution["padding"])
