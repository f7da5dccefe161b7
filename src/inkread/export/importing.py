"""Imports a Keras file as an inkread model: a folder with ``model.onnx`` and its card."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from inkread.datasets.synthetic_digits import SYNTHETIC
from inkread.errors import ModelNotFoundError, OptionError, OutputError
from inkread.evaluation.external_onnx import KERAS_SUFFIXES
from inkread.export.formats import LARGEST_DIFFERENCE, module_of
from inkread.export.parity import load_parity_data, parity_of
from inkread.models import CARD_FILE, MODEL_FILE, Card, Model
from inkread.pipeline.classifier import Classifier, softmax
from inkread.pipeline.glyph import GEOMETRY
from inkread.system.files import whole_folder
from inkread.training.calibration import fit_temperature

if TYPE_CHECKING:
    import os

    from inkread.export.parity import Parity, ParityData
    from inkread.system.files import AnyPath

EXTRA = "keras"

NO_ASSERTION = "NOASSERTION"
"""SPDX's expression for an unstated license."""


@dataclass(frozen=True, slots=True)
class Imported:
    """An imported model: its folder for ``inkread.Reader``, its card, and its comparison with the file."""

    folder: Path
    card: Card
    parity: Parity


def import_keras(
    file: str | os.PathLike[str],
    *,
    trust: bool = False,
    out: AnyPath | None = None,
    data_dir: AnyPath | None = None,
    digits: ParityData | None = None,
) -> Imported:
    """Converts a Keras file with a classifier of the ten digits to an inkread model.

    The classifier must take (N, 28, 28), (N, 28, 28, 1), (N, 1, 28, 28) or (N, 784), with bright ink, from 0
    to 1, or from 0 to 255 if its first layer is a ``Rescaling`` by a small factor; and it may have only the
    layers that ``inkread.export.keras_layers`` lists. Its temperature is fitted on held-out training images
    of MNIST, or is 1 if they are not on this machine.

    Args:
        file: ``.keras`` or ``.h5``.
        trust: whether the file may be opened; Keras files can run code when opened.
        out: a new folder; by default the file's name without its suffix.
        data_dir: where to find MNIST.
        digits: digits to compare on instead; see ``load_parity_data`` for the default.

    Raises:
        OptionError: ``trust`` is not set, or the suffix is different.
        MissingExtraError: Keras is not installed.
        ModelNotFoundError: the file does not exist.
        ModelFormatError: it is not a Keras file, or has a layer that cannot be imported.
        ExportError: the result differs from the file's; nothing was saved.
        OutputError: the folder already contains a model, or cannot be written to.
    """
    path = Path(file)
    folder = path.with_suffix("") if out is None else Path(out)
    _check(path, folder, trust=trust)
    from_keras = module_of("from_keras", EXTRA)
    opened = from_keras.open_keras(path)
    content = opened.content
    card = Card(
        name=path.stem,
        created=dt.datetime.now(dt.UTC).date().isoformat(),
        sha256=hashlib.sha256(content).hexdigest(),
        labels=tuple("0123456789"),
        temperature=1.0,
        parameters=opened.parameters,
        geometry=GEOMETRY,
        command=shlex.join(["inkread", "import", str(path), "--trust", "--out", str(folder)]),
        licence=NO_ASSERTION,
    )
    digits = digits or load_parity_data(data_dir)
    images, labels = digits.held_out.images, digits.held_out.labels
    logits = Classifier(Model(path.stem, path, card, content)).logits(images)
    found = parity_of(softmax(logits), opened.probabilities(images), digits.held_out)
    found.require(str(path), LARGEST_DIFFERENCE)
    if digits.held_out.name != SYNTHETIC:
        data = (digits.held_out.describe("validation"),)
        card = dataclasses.replace(card, temperature=fit_temperature(logits, labels), data=data)
    card = dataclasses.replace(card, scores={"import": found.to_dict()})
    with whole_folder(folder) as parts:
        (parts / MODEL_FILE).write_bytes(content)
        (parts / CARD_FILE).write_text(card.to_json(), encoding="utf-8")
    return Imported(folder, card, found)


def _check(path: Path, folder: Path, *, trust: bool) -> None:
    """Rejects a file for any reason that shows without opening it."""
    if path.suffix.lower() not in KERAS_SUFFIXES:
        remedy = f"pass a file that ends in {', '.join(KERAS_SUFFIXES)}"
        raise OptionError(str(path), "does not have a Keras file's suffix", remedy)
    if not path.is_file():
        raise ModelNotFoundError(str(path), "is not a file", "check the path")
    if not trust:
        problem = "is a Keras file, which can run any code in it when it is opened"
        raise OptionError(str(path), problem, "if you trust its author, add --trust")
    if (folder / CARD_FILE).exists():
        raise OutputError(str(folder), "already contains a model", "choose another folder with --out")
