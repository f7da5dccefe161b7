"""Architectures, from glyphs to logits, as lists of layers: the named ones, and your own in a TOML file.

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

The named networks are followed by dropout, at the recipe's rate; the softmax and its temperature are not part
of a network. Their scores are on MNIST's 10,000 test images, from one training with the recipe of the same
name, which did not use them: ``python benchmarks/networks.py --full``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from inkread.errors import OptionError, nearest
from inkread.system.files import load_toml

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from inkread.system.files import AnyPath

Layers: TypeAlias = list[dict[str, Any]]

SIDE = 28
MOST_LAYERS = 100
MOST_PARAMETERS = 20_000_000
"""More would not fit into a file of 100 MB, and handwritten digits do not need them."""

ACTIVATIONS = ("relu", "none")


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
    "pool": {"size": Setting(2, 2, 28), "kind": Setting("max", choices=("max", "average"))},
    "flatten": {},
    "dense": {"units": Setting(None, 1, 8192), "activation": Setting("relu", choices=ACTIVATIONS)},
    "dropout": {"rate": Setting(0.5, 0.0, 0.95)},
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
            remedy = nearest(key, ["name", "layers"])
            raise OptionError(f"{path}: {key}", "is not a setting of an architecture", remedy)
    name = raw.get("name", Path(path).stem)
    if not isinstance(name, str) or not name.strip():
        remedy = "give a few letters in quotation marks"
        raise OptionError(f"{path}: name = {name!r}", "is not a name", remedy)
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
        remedy = nearest(str(kind), [*LAYERS])
        raise OptionError(f"{where}: type = {kind!r}", "is not a type of layer", remedy)
    known = LAYERS[kind]
    for key in layer:
        if key != "type" and key not in known:
            remedy = nearest(key, [*known]) if known else "leave it out"
            raise OptionError(f"{where} ({kind}): {key}", "is not a setting of this layer", remedy)
    for key, setting in known.items():
        _check(layer.get(key, setting.default), setting, f"{where} ({kind}): {key}")
    return {"type": kind} | {key: layer.get(key, setting.default) for key, setting in known.items()}


def _check(value: object, setting: Setting, where: str) -> None:
    low, high = setting.low, setting.high
    if value is None:
        raise OptionError(where, "is missing", f"give a number from {low} to {high}")
    if setting.choices:
        right, problem = value in setting.choices, "is unknown"
        remedy = f"use one of {', '.join(setting.choices)}"
    elif isinstance(setting.default, bool):
        right, problem, remedy = isinstance(value, bool), "is neither true nor false", "give one of them"
    else:
        kinds = (int, float) if isinstance(setting.default, float) else (int,)
        right = isinstance(value, kinds) and not isinstance(value, bool) and low <= value <= high
        number = "number" if float in kinds else "whole number"
        problem, remedy = "is out of range", f"give a {number} from {low} to {high}"
    if not right:
        raise OptionError(f"{where} = {value!r}", problem, remedy)


def _after(layer: Mapping[str, Any], shape: tuple[int, ...], where: str) -> tuple[tuple[int, ...], int]:
    """Returns the shape after a layer, and its number of parameters."""
    match layer["type"]:
        case "conv" | "pool" if len(shape) == 1:
            remedy = "put it before the first flatten or dense"
            raise OptionError(where, "is where the glyph is already flat", remedy)
        case "conv" | "pool" as kind:
            channels, *sides = shape
            size, pad = layer["size"], padding(layer) if kind == "conv" else 0
            if size > min(sides) + 2 * pad:
                remedy = "give a smaller size" if kind == "conv" else "leave it out"
                raise OptionError(where, f"is larger than the {sides[0]}×{sides[1]} that reach it", remedy)
            after = [(side + 2 * pad - size) // layer.get("stride", size) + 1 for side in sides]
            if kind == "pool":
                return (channels, *after), 0
            filters = layer["filters"]
            biases = 2 * filters if layer["batch_norm"] else filters
            return (filters, *after), channels * size * size * filters + biases
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


POOL = {"type": "pool"}
FLATTEN = {"type": "flatten"}


def convolutions(*filters: int, size: int = 3, **settings: Any) -> Layers:
    """Returns convolutions; by default each keeps the size, and has a batch norm and ReLU."""
    return [{"type": "conv", "filters": each, "size": size, **settings} for each in filters]


def dense(*units: int) -> Layers:
    """Returns dense layers with ReLU."""
    return [{"type": "dense", "units": each} for each in units]


def linear() -> Layers:
    """784-10: logistic regression. 7,850 parameters, 7,840 multiplications per digit; 92.69 %."""
    return [FLATTEN]


def mlp() -> Layers:
    """784-128-128-10: the network of every first lesson.

    118,282 parameters, 118,016 multiplications per digit; 99.22 %.
    """
    return dense(128, 128)


def lenet5() -> Layers:
    """LeNet-5 (LeCun et al. 1998), with ReLU, max pooling, and a fully connected second convolution.

    61,706 parameters, 416,520 multiplications per digit; 99.50 %.
    """
    return [
        *[*convolutions(6, size=5, batch_norm=False), POOL],  # 14×14
        *[*convolutions(16, size=5, padding=0, batch_norm=False), POOL],  # 5×5
        *dense(120, 84),
    ]


def cnn() -> Layers:
    """The network of every second lesson: 3×3 convolutions with 32 and 64 filters, and a dense layer.

    468,010 parameters, 18,691,840 multiplications per digit; 99.66 %.
    """
    return [*convolutions(32, 32), POOL, *convolutions(64, 64), POOL, *dense(128)]


def small() -> Layers:
    """The bundled network: three pairs of 3×3 convolutions, each at half the size of the previous pair.

    196,922 parameters, 9,407,360 multiplications per digit; 99.62 %.
    """
    return [
        *[*convolutions(16, 16), POOL],  # 14×14
        *[*convolutions(36, 36), POOL],  # 7×7
        *[*convolutions(80, 80), POOL],  # 3×3
        *dense(128),
    ]


def tiny() -> Layers:
    """For small devices: only convolutions, up to the last layer.

    19,874 parameters, 2,994,624 multiplications per digit; 99.62 %.
    """
    return [*convolutions(8, 16), POOL, *convolutions(24, 24), POOL, *convolutions(32), POOL, FLATTEN]


NAMED = {each.__name__: each for each in (linear, mlp, lenet5, cnn, small, tiny)}
"""The networks by name."""
