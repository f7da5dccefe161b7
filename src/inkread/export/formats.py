"""The formats that a model can be exported to, by their names."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from inkread.errors import MissingExtraError, OptionError, nearest
from inkread.models.card import CARD_FILE, MODEL_FILE

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import ModuleType

EVERY = "all"
"""Stands for all formats at once."""

LARGEST_DIFFERENCE = 1e-3
"""Of a probability, between a file and its source, where both calculate in 32 bits; 1e-6 is usual, 1e-4 where logits are hundreds."""

CHANGED_BY_ROUNDING = 0.01
"""Share of the answers that 8 bits may change; 0.002 is usual."""

OPTIONAL = ("onnx", "torch", "safetensors", "keras", "h5py", "ai_edge_litert", "flatbuffers")
"""Packages that may be missing."""


@dataclass(frozen=True, slots=True)
class Format:
    """A format.

    Attributes:
        name: on the command line, and of the folder.
        file: the name of the model's file.
        module: of ``inkread.export``, that writes and loads it.
        extra: that installs what it needs.
        gives: what its output is, and is called.
        largest_difference: of a probability, between the file and its source.
        changed: largest share of digits that are answered otherwise.
        dtype: the numbers that it takes and gives.
    """

    name: str
    file: str
    module: str
    extra: str
    gives: Literal["logits", "probabilities"]
    largest_difference: float = LARGEST_DIFFERENCE
    changed: float = 0.0
    dtype: Literal["float32", "int8"] = "float32"

    @property
    def card_file(self) -> str:
        """An ONNX file has the card of a model, so that its folder is one; the others' are as detailed, but not for us."""
        return CARD_FILE if self.file == MODEL_FILE else "model.json"

    def codec(self) -> Any:
        """The module that writes and loads it.

        Raises:
            MissingExtraError: what it needs is not installed.
        """
        return module_of(self.module, self.extra)


FORMATS = {
    each.name: each
    for each in (
        Format("onnx", MODEL_FILE, "to_onnx", "export", "logits"),
        Format(
            "int8",
            MODEL_FILE,
            "to_int8",
            "export",
            "logits",
            largest_difference=1.0,
            changed=CHANGED_BY_ROUNDING,
        ),
        Format("keras", "model.keras", "to_keras", "keras", "probabilities"),
        Format("h5", "model.h5", "to_keras", "keras", "probabilities"),
        Format("litert", "model.tflite", "to_litert", "litert", "probabilities"),
        Format(
            "litert-int8",
            "model.tflite",
            "to_litert_int8",
            "litert",
            "probabilities",
            largest_difference=1.0,
            changed=CHANGED_BY_ROUNDING,
            dtype="int8",
        ),
        Format("safetensors", "model.safetensors", "to_torch", "train", "logits"),
        Format("torchscript", "model.pt", "to_torch", "train", "logits"),
    )
}
"""All formats."""


def formats_of(names: Iterable[str]) -> list[Format]:
    """The formats of these names, each once, in the order of ``FORMATS``; ``"all"`` stands for every one.

    Raises:
        OptionError: a name is unknown, or there is none.
    """
    wanted = set(names)
    for name in wanted - {EVERY, *FORMATS}:
        raise OptionError(f"--to {name}", "is no format", nearest(name, [*FORMATS, EVERY]))
    if not wanted:
        raise OptionError("--to", "is missing", f"give one or more of {', '.join([*FORMATS, EVERY])}")
    return [each for each in FORMATS.values() if wanted & {each.name, EVERY}]


def module_of(name: str, extra: str) -> ModuleType:
    """A module of this package that needs an extra.

    Raises:
        MissingExtraError: the extra is not installed.
    """
    try:
        return importlib.import_module(f"inkread.export.{name}")
    except ModuleNotFoundError as error:
        package = (error.name or "").split(".")[0]
        if package in OPTIONAL:
            raise MissingExtraError(package, extra) from error
        raise
