"""Exports models: each file is written, reloaded, compared on real digits, and only then moved into place."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from inkread.errors import ModelFormatError, OptionError
from inkread.export.formats import Exported, formats_of
from inkread.export.line_network import export_lines, reads_lines
from inkread.export.parity import (
    LEAST,
    LEAST_IN_8_BITS,
    moved_rejection_threshold,
    parity_of,
    probabilities_of,
)
from inkread.export.parity_data import load_parity_data
from inkread.export.source import Source, interface
from inkread.models import CARD_FILE, Card, bundled, load_model
from inkread.pipeline.classifier import Classifier
from inkread.system.files import whole_folder
from inkread.system.locks import working_in

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from inkread.datasets.glyphs import LabelledGlyphs
    from inkread.export.formats import Format
    from inkread.export.parity import Parity
    from inkread.export.parity_data import ParityData
    from inkread.models import Model
    from inkread.system.files import AnyPath

EXPORTS = "export"
"""Subfolder of a run for its exports."""

VECTORS_FILE = "vectors.npz"


def export_model(
    model: str | os.PathLike[str],
    *,
    to: Sequence[str],
    out: AnyPath | None = None,
    data_dir: AnyPath | None = None,
    digits: ParityData | None = None,
    on_format: Callable[[], None] = lambda: None,
) -> list[Exported]:
    """Exports a glyph model, or the network that reads lines (see ``export_lines``), to one or more formats.

    Each format gets a folder in ``out``: the model, its card as JSON, and ``vectors.npz`` with ``glyphs``
    (uint8, one per digit), their ``labels``, and the exported model's output for them, under the name of that
    output. The ONNX folders can be loaded as inkread models.

    Args:
        model: the folder of a run, or the name of a bundled model.
        to: names in ``FORMATS``; ``"all"`` for every format.
        out: a folder; for a run, "export" in its folder by default.
        data_dir: where to find MNIST, on which the files are compared with their source.
        digits: digits to compare on instead; see ``load_parity_data`` for the default.
        on_format: called after each format.

    Returns:
        One entry per format, in the order of ``FORMATS``.

    Raises:
        OptionError: a format is unknown, or ``out`` is missing for a bundled model.
        MissingExtraError: a format needs a package that is not installed; nothing was exported.
        ModelError: the model does not exist, or does not read glyphs.
        ExportError: a file gives different results than its source; it was not saved.
        OutputError: a file cannot be written, or another process is exporting there; existing files are kept.
    """
    formats = formats_of(to)
    codecs = [each.codec() for each in formats]
    if out is None:
        if str(model) in bundled():
            raise OptionError(
                str(model), "is bundled, so it has no folder for exports", "pass one with --out"
            )
        out = Path(model) / EXPORTS
    out = Path(out)
    loaded = dataclasses.replace(load_model(model), quantized=None)
    if reads_lines(loaded.card):
        with working_in(out):
            return export_lines(loaded, formats, out, on_format=on_format)
    classifier = _classifier(loaded)
    digits = digits or load_parity_data(data_dir)
    expected = probabilities_of(classifier.logits(digits.held_out.images), loaded.card)
    source = Source(loaded, digits.calibration)
    exported = []
    with working_in(out):
        for each, codec in zip(formats, codecs, strict=True):
            exported.append(_export(each, codec, source, digits, expected=expected, folder=out / each.name))
            on_format()
    return exported


def _classifier(model: Model) -> Classifier:
    try:
        return Classifier(model)
    except ModelFormatError as error:
        remedy = "export a model of glyphs or lines; only inkread can use the output of a detector"
        raise ModelFormatError(error.source, error.problem, remedy) from error


def _export(
    format_: Format,
    codec: Any,
    source: Source,
    digits: ParityData,
    *,
    expected: NDArray[np.float32],
    folder: Path,
) -> Exported:
    """Exports one format: all files are complete and compared before the first is moved into place."""
    card = source.model.card
    with whole_folder(folder) as parts:
        path = parts / format_.file
        outputs, probabilities = _written(codec, source, path, format_, digits)
        least = LEAST_IN_8_BITS if format_.dtype == "int8" else LEAST
        rejection_threshold = card.rejection_threshold
        if format_.changed:
            rejection_threshold = moved_rejection_threshold(probabilities, expected, card, least=least)
        if rejection_threshold != card.rejection_threshold:  # the file contains it too
            card = dataclasses.replace(card, rejection_threshold=rejection_threshold)
            changed = dataclasses.replace(source, model=dataclasses.replace(source.model, card=card))
            outputs, probabilities = _written(codec, changed, path, format_, digits)
        found = parity_of(probabilities, expected, digits.held_out)
        found.require(
            str(folder / format_.file),
            largest_difference=format_.largest_difference,
            changed=format_.changed,
        )
        content = path.read_bytes()
        (parts / format_.card_file).write_text(_card(card, content, format_, found), encoding="utf-8")
        _write_vectors(parts / VECTORS_FILE, digits.held_out, format_.gives, outputs)
    return Exported(format_, folder / format_.file, len(content), found)


def _written(
    codec: Any, source: Source, path: Path, format_: Format, digits: ParityData
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Writes and reloads the file; returns its output for the held-out digits, and their probabilities."""
    codec.write(source, path)
    outputs = codec.load(path)(digits.held_out.images.astype(np.float32) / np.float32(255))
    card = source.model.card
    return outputs, outputs if format_.gives == "probabilities" else probabilities_of(outputs, card)


def _card(card: Card, content: bytes, format_: Format, found: Parity) -> str:
    """Builds the card of an exported file, with its own hash and scores.

    The source's scores are included only if the arithmetic is the same.
    """
    export = {"format": format_.name, "source_sha256": card.sha256} | found.to_dict()
    scores = {} if format_.changed else card.scores
    mine = dataclasses.replace(
        card, sha256=hashlib.sha256(content).hexdigest(), scores=scores | {"export": export}
    )
    if format_.card_file == CARD_FILE:
        return mine.to_json()
    described = dataclasses.asdict(mine) | interface(format_, card)
    return json.dumps(described, indent=2, ensure_ascii=False) + "\n"


def _write_vectors(path: Path, digits: LabelledGlyphs, gives: str, outputs: NDArray[np.float32]) -> None:
    """Writes the first digit of each class, with the exported model's output for it."""
    labels, first = np.unique(digits.labels, return_index=True)
    arrays: dict[str, Any] = {"glyphs": digits.images[first], "labels": labels, gives: outputs[first]}
    np.savez(path, **arrays)
