"""The registry of models: a folder with ``model.onnx`` and ``card.json``, bundled or of a training run.

A model is loaded only if its bytes are those its card names, and only if it keeps nothing outside its file. Beside it, in a folder
``int8``, may lie the same in 8 bits, as ``inkread export MODEL --to int8`` writes it: that is what then reads.
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
    "CLOSEUP",
    "DEFAULT",
    "DETECTOR",
    "DIGIT_CLASSES",
    "MODEL_FILE",
    "NOT_A_DIGIT",
    "QUANTIZED",
    "RESCORING",
    "STRIP",
    "Card",
    "Model",
    "bundled",
    "load_model",
]

DEFAULT = "default"
DETECTOR = "detector"
"""The bundled model that finds the digits of a page."""
CLOSEUP = "closeup"
"""The folder, within that of a detector, of the model that looks at each box that it found."""
STRIP = "strip"
"""The same of the model that reads each run of them as one."""
RESCORING = "rescoring"
"""The same of the model that judges each of them among its neighbors."""

QUANTIZED = "int8"
"""The folder of a model in 8 bits, within that of the model it was made of."""

LARGEST_MODEL = 256 * 2**20
"""Bytes; a larger file is no network for 28×28 glyphs, and is not read into memory."""


@dataclass(frozen=True, slots=True)
class Model:
    """A verified model, whole in itself.

    Attributes:
        name: of the bundled model, or the folder of the run.
        path: of ``model.onnx``.
        card: what the model is.
        content: the bytes of ``model.onnx``, whose SHA-256 is the card's.
        quantized: the same in 8 bits, which reads about twice as many glyphs a second; ``None`` where there is none.

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
        """Whether it is the bundled model that reads unless another is named."""
        return self.path.parent == _bundle() / DEFAULT

    def __repr__(self) -> str:
        return f"Model({self.name!r}, {len(self.content) / 1e6:.2f} MB, sha256={self.card.sha256[:12]})"


def bundled() -> list[str]:
    """The names of the models that come with the package, the default one first.

    Raises:
        ModelNotFoundError: they are not there.
    """
    try:
        names = sorted(folder.name for folder in _bundle().iterdir() if (folder / CARD_FILE).is_file())
    except OSError as error:
        problem = f"cannot be read ({error.strerror or error})"
        raise ModelNotFoundError(
            str(_bundle()), problem, "install inkread again; a frozen program must bring inkread's data files"
        ) from error
    return sorted(names, key=lambda name: name != DEFAULT)


def load_model(name: str | os.PathLike[str] = DEFAULT) -> Model:
    """A bundled model by its name, or the model of a run by its folder.

    Raises:
        ModelNotFoundError: neither a bundled model nor a folder that holds one.
        ModelFormatError: the card cannot be read, or the file is not an ONNX model that is whole in itself.
        ModelIntegrityError: the file is not the one that the card names, or what lies beside it in 8 bits is of another model.
    """
    folder = _folder(name)
    model = _verified(str(name), folder)
    quick = folder / QUANTIZED
    if not (quick / CARD_FILE).is_file():
        return model
    quantized = _verified(str(quick), quick)
    if quantized.card.scores.get("export", {}).get("source_sha256") != model.card.sha256:
        problem, remedy = "is of another model", "remove the folder, or export the model to int8 again"
        raise ModelIntegrityError(str(quantized.path), problem, remedy)
    return dataclasses.replace(model, quantized=quantized)


def _verified(name: str, folder: Path) -> Model:
    card = Card.load(folder / CARD_FILE)
    path = folder / MODEL_FILE
    try:
        if path.stat().st_size > LARGEST_MODEL:
            raise ModelIntegrityError(str(path), "is too large for a model of glyphs", "restore the file")
        content = path.read_bytes()
    except OSError as error:
        problem = f"cannot be read ({error.strerror or error})"
        raise ModelNotFoundError(str(path), problem, "train or export the model again") from error
    found = hashlib.sha256(content).hexdigest()
    if found != card.sha256:
        raise ModelIntegrityError(
            str(path),
            f"has SHA-256 {found[:12]}…, but its card says {card.sha256[:12]}…",
            "restore the file, or train the model again; it is not loaded",
        )
    return Model(name, path, card, content)


def _bundle() -> Path:
    return Path(str(resources.files("inkread.models"))) / "bundled"


def _folder(name: str | os.PathLike[str]) -> Path:
    if str(name) in bundled():
        return _bundle() / str(name)
    folder = Path(name)
    if (folder / CARD_FILE).is_file():
        return folder
    problem = "is a folder without a card.json" if folder.is_dir() else "is no model"
    names = ", ".join(repr(known) for known in bundled())
    raise ModelNotFoundError(
        str(name), problem, f"name a bundled model ({names}) or the folder of a training run"
    )
