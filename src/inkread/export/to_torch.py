"""PyTorch: weights as safetensors, or weights and layers as TorchScript."""

from __future__ import annotations

import io
import json
import warnings
from contextlib import contextmanager
from dataclasses import fields
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save
from torch import nn

from inkread.models.layers import Layer, layers_of
from inkread.training.to_torch import WEIGHTS, network_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from inkread.export.source import Source

METADATA = "inkread.json"
"""The name of the metadata in a TorchScript file."""

SCRIPT = ".pt"


def write(source: Source, path: Path) -> None:
    """Writes TorchScript if the path ends in ".pt", else safetensors.

    The tensors are named as in an ``nn.Sequential`` of the layers; the metadata lists these in order.
    """
    layers = layers_of(source.model)
    network = network_of(layers)
    if path.suffix == SCRIPT:
        file = io.BytesIO()  # PyTorch's own writer reports a full disk as an internal error
        with _in_spite_of_age():
            extra = {METADATA: json.dumps(source.metadata, ensure_ascii=False)}
            torch.jit.save(torch.jit.script(network), file, _extra_files=extra)
        path.write_bytes(file.getvalue())
    else:
        metadata = source.metadata | {"layers": json.dumps([_description(layer) for layer in layers])}
        path.write_bytes(save(network.state_dict(), metadata=metadata))


def load(path: Path) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    """Loads the file as a function from glyphs (N, 28, 28) to logits (N, labels)."""
    network = _scripted(path) if path.suffix == SCRIPT else _from_tensors(path)

    def predict(glyphs: NDArray[np.float32]) -> NDArray[np.float32]:
        with torch.no_grad():
            return np.asarray(network(torch.from_numpy(glyphs)).numpy())

    return predict


def _scripted(path: Path) -> nn.Module:
    with _in_spite_of_age():
        return torch.jit.load(path).eval()  # type: ignore[no-untyped-call]


def _from_tensors(path: Path) -> nn.Module:
    """Builds the layers listed in the metadata, with the file's tensors."""
    with safe_open(path, framework="np") as file:
        described = json.loads(file.metadata()["layers"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - it is not a dict
    return network_of(_described_layer(index, each, tensors) for index, each in enumerate(described))


def _description(layer: Layer) -> dict[str, Any]:
    """Describes a layer without its weights, for JSON."""
    settings = {field.name: getattr(layer, field.name) for field in fields(layer)}
    kept = {name: value for name, value in settings.items() if name not in WEIGHTS}
    return {"type": type(layer).__name__} | kept


def _described_layer(index: int, description: dict[str, Any], tensors: dict[str, Any]) -> Layer:
    """Inverts ``_description``, for the layer at this index."""
    kind = next(kind for kind in get_args(Layer) if kind.__name__ == description["type"])
    settings = {
        name: tuple(value) if isinstance(value, list) else value for name, value in description.items()
    }
    del settings["type"]
    weights = {name: tensors[f"{index}.{name}"] for name in WEIGHTS if f"{index}.{name}" in tensors}
    return kind(**settings, **weights)


@contextmanager
def _in_spite_of_age() -> Iterator[None]:
    """Silences TorchScript's deprecation warning: anyone who asks for it has a program that needs it."""
    with warnings.catch_warnings():
        warnings.filterwarnings(
            "ignore", message=r".torch\.jit\.\w+. is deprecated", category=DeprecationWarning
        )
        yield
