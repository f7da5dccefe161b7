"""The formats that a model can be exported to, by name."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from inkread.errors import MissingExtraError, OptionError, nearest
from inkread.models.card import CARD_FILE, MODEL_FILE

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from types import ModuleType

    from inkread.export.parity import Parity

EVERY = "all"
"""Means all formats."""

LARGEST_DIFFERENCE = 1e-3
"""Maximum difference of a probability between a file and its source, both in 32-bit arithmetic.

1e-6 is typical, 1e-4 if logits are in the hundreds.
"""

CHANGED = 0.01
"""Maximum share of results that 8 bits may change; 0.002 is typical."""

OPTIONAL = ("onnx", "torch", "safetensors", "keras", "h5py", "ai_edge_litert", "flatbuffers")
"""Packages that may not be installed."""


@dataclass(frozen=True, slots=True)
class Format:
    """An export format.

    Attributes:
        name: its name on the command line, and of its folder.
        file: the name of the model's file.
        module: the module of ``inkread.export`` that writes and loads it.
        extra: the extra that installs its requirements.
        gives: the kind and name of its output.
        largest_difference: maximum difference of a probability between the file and its source.
        changed: maximum share of digits with a different result.
        dtype: the number type of its input and output.
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
        """The file name of the card.

        ONNX gets an inkread model card, so that its folder is a model; other formats get the same details in
        a file that inkread does not load.
        """
        return CARD_FILE if self.file == MODEL_FILE else "model.json"

    def codec(self) -> Any:
        """Returns the module that writes and loads the format.

        Raises:
            MissingExtraError: a required package is not installed.
        """
        return module_of(self.module, self.extra)


@dataclass(frozen=True, slots=True)
class Exported:
    """An exported file, its size in bytes, and its comparison with the source.

    The card and the test vectors are in the same folder.
    """

    format: Format
    path: Path
    size: int
    parity: Parity


FORMATS = {
    each.name: each
    for each in (
        Format("onnx", MODEL_FILE, "to_onnx", "export", "logits"),
        Format("int8", MODEL_FILE, "to_int8", "export", "logits", 1.0, CHANGED),
        Format("keras", "model.keras", "to_keras", "keras", "probabilities"),
        Format("h5", "model.h5", "to_keras", "keras", "probabilities"),
        Format("litert", "model.tflite", "to_litert", "litert", "probabilities"),
        Format(
            "litert-int8", "model.tflite", "to_litert_int8", "litert", "probabilities", 1.0, CHANGED, "int8"
        ),
        Format("safetensors", "model.safetensors", "to_torch", "train", "logits"),
        Format("torchscript", "model.pt", "to_torch", "train", "logits"),
    )
}
"""All formats."""


def formats_of(names: Iterable[str]) -> list[Format]:
    """Looks up formats by name, each once, in the order of ``FORMATS``; ``"all"`` means every format.

    Raises:
        OptionError: a name is unknown, or there are no names.
    """
    wanted = set(names)
    for name in wanted - {EVERY, *FORMATS}:
        raise OptionError(f"--to {name}", "is not a format", nearest(name, [*FORMATS, EVERY]))
    if not wanted:
        raise OptionError("--to", "is missing", f"pass one or more of {', '.join([*FORMATS, EVERY])}")
    return [each for each in FORMATS.values() if wanted & {each.name, EVERY}]


def module_of(name: str, extra: str) -> ModuleType:
    """Imports a module of this package that needs an extra.

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
