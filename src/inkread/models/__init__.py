"""The registry of models: folders with ``model.onnx`` and ``card.json``, bundled or from a training run.

A model loads only if its bytes match its card, and only if it is entirely contained in its file. Its folder
may contain a subfolder ``int8`` with the same model in 8 bits, as ``inkread export MODEL --to int8`` writes
it; if so, inference uses that one.
"""

from __future__ import annotations

import dataclasses
import hashlib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from inkread.errors import ModelIntegrityError, ModelNotFoundError
from inkread.models.card import CARD_FILE, DIGIT_CLASSES, MODEL_FILE, NOT_A_DIGIT, Card
from inkread.models.onnx_file import require_whole

if TYPE_CHECKING:
    import os

__all__ = [
    "CARD_FILE",
    "CHARACTERS",
    "CLOSEUP",
    "DEFAULT",
    "DETECTOR",
    "DIGIT_CLASSES",
    "MODEL_FILE",
    "NGRAMS",
    "NOT_A_DIGIT",
    "QUANTIZED",
    "RESCORING",
    "STRIP",
    "TEXT",
    "Card",
    "Model",
    "bundled",
    "load_model",
]

DEFAULT = "default"
DETECTOR = "detector"
"""The bundled model that finds the digits on a page."""
CLOSEUP = "closeup"
"""Subfolder of a detector: the model that looks at each detected box."""
STRIP = "strip"
"""Subfolder of a detector: the model that reads each run of boxes as one strip."""
RESCORING = "rescoring"
"""Subfolder of a detector: the model that rescores each box in the context of its neighbors."""

CHARACTERS, TEXT = "characters", "text"
"""The bundled models that read one character, and lines of text."""
NGRAMS = "ngrams"
"""Subfolder of a model that reads lines: how words are spelled."""

QUANTIZED = "int8"
"""Subfolder of a model: its 8-bit version."""

LARGEST_MODEL = 256 * 2**20
"""Bytes; a larger file cannot be a network for 28×28 glyphs, and is not read into memory."""


@dataclass(frozen=True, slots=True)
class Model:
    """A verified model, contained in one file.

    Attributes:
        name: the name of a bundled model, or the folder of a run.
        path: path of ``model.onnx``.
        card: its model card.
        content: the bytes of ``model.onnx``, whose SHA-256 is on the card.
        quantized: the same model in 8 bits, which reads about twice as many glyphs per second; ``None`` if
            there is none.

    Raises:
        ModelFormatError: the content is not an ONNX model, or keeps weights outside its file.
    """

    name: str
    path: Path
    card: Card
    content: bytes
    quantized: Model | None = None

    def __post_init__(self) -> None:
        require_whole(self.content, str(self.path), "train or export the model again, as one file")

    @property
    def is_default(self) -> bool:
        """Whether this is the bundled model that is used by default."""
        return self.path.parent == _bundle() / DEFAULT

    def __repr__(self) -> str:
        return f"Model({self.name!r}, {len(self.content) / 1e6:.2f} MB, sha256={self.card.sha256[:12]})"


def bundled() -> list[str]:
    """Lists the models that come with the package, the default one first.

    Raises:
        ModelNotFoundError: the package's models are missing.
    """
    try:
        names = sorted(folder.name for folder in _bundle().iterdir() if (folder / CARD_FILE).is_file())
    except OSError as error:
        problem = f"cannot be read ({error.strerror or error})"
        remedy = "reinstall inkread; a frozen program must include inkread's data files"
        raise ModelNotFoundError(str(_bundle()), problem, remedy) from error
    return sorted(names, key=lambda name: name != DEFAULT)


def load_model(name: str | os.PathLike[str] = DEFAULT) -> Model:
    """Loads a bundled model by name, or a run's model by folder.

    Raises:
        ModelNotFoundError: this is neither a bundled model nor a folder with one.
        ModelFormatError: the card is unreadable, or the file is not a self-contained ONNX model.
        ModelIntegrityError: the file does not match its card, or the 8-bit version belongs to another model.
    """
    folder = _folder(name)
    model = _verified(str(name), folder)
    quick = folder / QUANTIZED
    if not (quick / CARD_FILE).is_file():
        return model
    quantized = _verified(str(quick), quick)
    export = quantized.card.scores.get("export")
    if not isinstance(export, dict) or export.get("source_sha256") != model.card.sha256:
        problem, remedy = "belongs to another model", "delete the folder, or export the model to int8 again"
        raise ModelIntegrityError(str(quantized.path), problem, remedy)
    return dataclasses.replace(model, quantized=quantized)


def _verified(name: str, folder: Path) -> Model:
    card = Card.load(folder / CARD_FILE)
    path = folder / MODEL_FILE
    try:
        if path.stat().st_size > LARGEST_MODEL:
            raise ModelIntegrityError(str(path), "is too large for a glyph model", "restore the file")
        content = path.read_bytes()
    except OSError as error:
        problem = f"cannot be read ({error.strerror or error})"
        raise ModelNotFoundError(str(path), problem, "train or export the model again") from error
    found = hashlib.sha256(content).hexdigest()
    if found != card.sha256:
        problem = f"has SHA-256 {found[:12]}…, but its card lists {card.sha256[:12]}…"
        remedy = "restore the file, or train the model again; it was not loaded"
        raise ModelIntegrityError(str(path), problem, remedy)
    return Model(name, path, card, content)


def _bundle() -> Path:
    return Path(str(resources.files("inkread.models"))) / "bundled"


def _folder(name: str | os.PathLike[str]) -> Path:
    if str(name) in bundled():
        return _bundle() / str(name)
    folder = Path(name)
    if (folder / CARD_FILE).is_file():
        return folder
    problem = "is a folder without a card.json" if folder.is_dir() else "is not a model"
    names = ", ".join(repr(known) for known in bundled())
    remedy = f"use a bundled model ({names}) or the folder of a training run"
    raise ModelNotFoundError(str(name), problem, remedy)
