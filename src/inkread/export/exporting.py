"""Exports models: each file is written, reloaded, compared on real digits, and only then moved into place."""

from __future__ import annotations

import dataclasses
import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from inkread.errors import ModelFormatError, OptionError
from inkread.export.formats import formats_of
from inkread.export.line_network import line_exporter, reads_lines
from inkread.export.parity import (
    LEAST,
    LEAST_IN_8_BITS,
    load_parity_data,
    moved_rejection_threshold,
    parity_of,
    probabilities_of,
)
from inkread.export.source import Source, finished, interface
from inkread.models import bundled, load_model
from inkread.pipeline.classifier import Classifier
from inkread.system.files import whole_folder
from inkread.system.locks import working_in

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from inkread.export.formats import Exported, Format
    from inkread.export.parity import ParityData
    from inkread.models import Model
    from inkread.system.files import AnyPath

EXPORTS = "export"
"""Subfolder of a run for its exports."""


def export_model(
    model: str | os.PathLike[str],
    *,
    to: Sequence[str],
    out: AnyPath | None = None,
    data_dir: AnyPath | None = None,
    digits: ParityData | None = None,
    on_format: Callable[[], None] = lambda: None,
) -> list[Exported]:
    """Exports a glyph model, or the network that reads lines, to one or more formats.

    Each format gets a folder in ``out``: the model, its card as JSON, and ``vectors.npz`` with ``glyphs``
    (uint8, one per digit), their ``labels``, and the exported model's output for them, under the name of that
    output. The ONNX folders can be loaded as inkread models. For the network that reads lines, the vectors
    are drawn ``line_0`` (uint8 48×W) and so on, their ``texts``, and the probabilities of their columns,
    ``columns_0`` and so on.

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
        OptionError: a format is unknown, or ``out`` is missing for a bundled model, or holds an export of a
            model of another name.
        MissingExtraError: a format needs a package that is not installed; nothing was exported.
        ModelError: the model does not exist, or does not read glyphs.
        ExportError: a file gives different results than its source; it was not saved.
        OutputError: a file cannot be written, or another process is exporting there; existing files are kept.
    """
    formats = formats_of(to)
    for each in formats:
        each.codec()  # all that they need is installed
    if out is None:
        if str(model) in bundled():
            problem = "is bundled, so it has no folder for exports"
            raise OptionError(str(model), problem, "pass one with --out")
        out = Path(model) / EXPORTS
    out = Path(out)
    loaded = dataclasses.replace(load_model(model), quantized=None)
    for each in formats:
        _require_own(out / each.name / each.card_file, loaded.card.name)
    if reads_lines(loaded.card):
        export = line_exporter(loaded, formats)
    else:
        classifier = _classifier(loaded)
        digits = digits or load_parity_data(data_dir)
        expected = probabilities_of(classifier.logits(digits.held_out.images), loaded.card)
        export = partial(_export, Source(loaded, digits.calibration), digits, expected)
    exported = []
    with working_in(out):
        for each in formats:
            exported.append(export(each, out / each.name))
            on_format()
    return exported


def _require_own(card: Path, name: str) -> None:
    """Raises an ``OptionError`` if there is an export of another model."""
    try:
        other = json.loads(card.read_bytes())["name"]
    except (OSError, ValueError, KeyError, TypeError):  # there is none
        return
    if other != name:
        problem = f"holds an export of {other!r}, which one of {name!r} would replace"
        raise OptionError(str(card.parent), problem, "choose another folder with --out, or remove it")


def _classifier(model: Model) -> Classifier:
    try:
        return Classifier(model)
    except ModelFormatError as error:
        remedy = "export a model of glyphs or lines; only inkread can use the output of a detector"
        raise ModelFormatError(error.source, error.problem, remedy) from error


def _export(
    source: Source, digits: ParityData, expected: NDArray[np.float32], format_: Format, folder: Path
) -> Exported:
    """Exports one format: all files are complete and compared before the first is moved into place."""
    card = source.model.card
    with whole_folder(folder) as parts:
        path = parts / format_.file
        outputs, probabilities = _written(source, path, format_, digits)
        least = LEAST_IN_8_BITS if format_.dtype == "int8" else LEAST
        rejection_threshold = card.rejection_threshold
        if format_.changed:
            rejection_threshold = moved_rejection_threshold(probabilities, expected, card, least=least)
        if rejection_threshold != card.rejection_threshold:  # the file contains it too
            card = dataclasses.replace(card, rejection_threshold=rejection_threshold)
            changed = dataclasses.replace(source, model=dataclasses.replace(source.model, card=card))
            outputs, probabilities = _written(changed, path, format_, digits)
        found = parity_of(probabilities, expected, digits.held_out)
        found.require(str(folder / format_.file), format_.largest_difference, format_.changed)
        labels, first = np.unique(digits.held_out.labels, return_index=True)  # the first digit of each class
        vectors = {"glyphs": digits.held_out.images[first], "labels": labels, format_.gives: outputs[first]}
        about = interface(format_, card)
        return finished(format_, card, found, parts, folder, interface=about, vectors=vectors)


def _written(
    source: Source, path: Path, format_: Format, digits: ParityData
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Writes and reloads the file; returns its output for the held-out digits, and their probabilities."""
    codec = format_.codec()
    codec.write(source, path)
    outputs = codec.load(path)(digits.held_out.images.astype(np.float32) / np.float32(255))
    card = source.model.card
    return outputs, outputs if format_.gives == "probabilities" else probabilities_of(outputs, card)
