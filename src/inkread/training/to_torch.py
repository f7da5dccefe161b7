"""Builds networks in PyTorch: new ones from the layers of ``training.architecture``, and those of models.

Glyphs are (N, 28, 28), float32, 0..1, ink bright; logits (N, classes). A model's batch norms stay folded.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from inkread.errors import ModelFormatError
from inkread.models.layers import (
    Activation,
    AddChannel,
    Convolution,
    Dense,
    Flatten,
    Pooling,
    Rectifier,
    layers_of,
)
from inkread.pipeline.glyph import SIDE
from inkread.training.architecture import NAMED, check_layers, padding, shapes
from inkread.training.recipe import Recipe

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from inkread.models import Model
    from inkread.models.layers import Layer
    from inkread.training.recipe import FineTuneConfig

WEIGHTS = ("weight", "bias")
REMEDY = "name a model of glyphs that inkread trained"


def build(recipe: Recipe | FineTuneConfig, classes: int) -> nn.Sequential:
    """Builds the recipe's network with random weights from PyTorch's global generator."""
    if isinstance(recipe, Recipe) and not recipe.layers:
        network = named(recipe.network, classes, recipe.dropout)
    else:
        network = own(recipe.layers, classes)
    # Measured 1.4 to 3 times as fast on a CPU; the overload is missing from PyTorch's types.
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network


def named(name: str, classes: int = 10, dropout: float = 0.0) -> nn.Sequential:
    """Builds a named network of ``training.architecture``."""
    return own(check_layers([*NAMED[name](), {"type": "dropout", "rate": dropout}]), classes)


def own(layers: Sequence[Mapping[str, Any]], classes: int) -> nn.Sequential:
    """Builds a network of checked layers, see ``training.architecture``, and adds the last layer."""
    made: list[nn.Module] = []
    last = {"type": "dense", "units": classes, "activation": "none"}
    for layer, shape in zip((*layers, last), shapes(layers), strict=True):
        if layer["type"] in ("conv", "pool") and not any(isinstance(each, nn.Unflatten) for each in made):
            made.append(nn.Unflatten(1, (1, SIDE)))
        if layer["type"] == "dense" and len(shape) > 1:
            made.append(nn.Flatten())
        made += _modules(layer, shape)
    return nn.Sequential(*made)


def _modules(layer: Mapping[str, Any], shape: tuple[int, ...]) -> list[nn.Module]:
    """Builds a checked layer for an input of that shape."""
    match layer["type"]:
        case "conv":
            filters, norm = layer["filters"], layer["batch_norm"]
            made: list[nn.Module] = [
                nn.Conv2d(shape[0], filters, layer["size"], layer["stride"], padding(layer), bias=not norm)
            ]
            made += [nn.BatchNorm2d(filters)] if norm else []
        case "pool":
            return [(nn.MaxPool2d if layer["kind"] == "max" else nn.AvgPool2d)(layer["size"])]
        case "dense":
            made = [nn.Linear(math.prod(shape), layer["units"])]
        case "dropout":
            return [nn.Dropout(layer["rate"])]
        case _:
            return [nn.Flatten()]
    return made + ([nn.ReLU()] if layer["activation"] == "relu" else [])


def open_network(model: Model) -> tuple[tuple[dict[str, Any], ...], nn.Sequential]:
    """Returns a glyph model's layers as in ``training.architecture``, without the last, and the network.

    Raises:
        ModelFormatError: it has layers that an architecture cannot have.
    """
    layers = layers_of(model)
    tables: list[dict[str, Any]] = []
    for layer in layers:
        match layer:
            case Convolution():
                tables.append(_convolution(layer, str(model.path)))
            case Pooling(kind=kind, size=(size, other)) if size == other and layer.strides == layer.size:
                tables.append({"type": "pool", "size": size, "kind": kind})
            case Dense():
                tables.append({"type": "dense", "units": len(layer.weight), "activation": "none"})
            case Rectifier() if tables and "activation" in tables[-1]:
                tables[-1]["activation"] = "relu"
            case AddChannel() | Flatten():
                pass  # made where they are needed
            case _:
                raise _unknown(layer, str(model.path))
    if not tables or tables.pop()["type"] != "dense":
        raise ModelFormatError(str(model.path), "does not end with a dense layer", REMEDY)
    return check_layers(tables, source=str(model.path)), network_of(layers)


def _convolution(layer: Convolution, source: str) -> dict[str, Any]:
    (size, other), (stride, along), (padding, beside) = layer.size, layer.strides, layer.padding
    if (size, stride, padding) != (other, along, beside) or layer.size != layer.kernel:
        raise _unknown(layer, source)
    window = {"size": size, "stride": stride, "padding": padding}
    return {"type": "conv", "filters": len(layer.weight), **window, "batch_norm": False, "activation": "none"}


def _unknown(layer: Layer, source: str) -> ModelFormatError:
    problem = f"has a layer ({type(layer).__name__}) that no recipe describes"
    return ModelFormatError(source, problem, REMEDY)


def network_of(layers: Iterable[Layer]) -> nn.Sequential:
    """Converts layers to PyTorch, in evaluation mode: glyphs (N, 28, 28) to logits (N, labels)."""
    return nn.Sequential(*(_module(layer) for layer in layers)).eval()


def _module(layer: Layer) -> nn.Module:
    match layer:
        case AddChannel():
            return nn.Unflatten(1, (1, SIDE))
        case Convolution():
            filters, channels, *_ = layer.weight.shape
            window = layer.kernel, layer.strides, layer.padding, layer.dilations
            made: nn.Module = nn.Conv2d(channels, filters, *window)
        case Pooling():
            return (nn.MaxPool2d if layer.kind == "max" else nn.AvgPool2d)(layer.size, layer.strides)
        case Rectifier():
            return nn.ReLU()
        case Activation():
            plain = {"tanh": nn.Tanh, "sigmoid": nn.Sigmoid, "elu": nn.ELU}
            return plain[layer.kind]() if layer.kind in plain else nn.LeakyReLU(layer.slope)
        case Flatten():
            return nn.Flatten()
        case Dense():
            outputs, inputs = layer.weight.shape
            made = nn.Linear(inputs, outputs)
    made.load_state_dict({name: torch.tensor(getattr(layer, name)) for name in WEIGHTS})
    return made
