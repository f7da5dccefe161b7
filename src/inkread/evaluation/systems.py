"""Who is compared: bundled models, runs and foreign ONNX files, each asked which of the ten digits a glyph is."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from inkread.evaluation.external_onnx import (
    KERAS_SUFFIXES,
    SUFFIX,
    Convention,
    ExternalClassifier,
    ExternalNetwork,
    find_convention,
)
from inkread.models import CARD_FILE, DEFAULT, MODEL_FILE, bundled
from inkread.pipeline.classifier import DIGITS, Classifier

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from inkread.datasets.glyphs import LabelledGlyphs

BUNDLED = "bundled"
"""What stands for the default model, as a person may not know its name."""


@dataclass(frozen=True, slots=True)
class System:
    """A model that takes part in a comparison.

    Attributes:
        name: as it was given; numbered where it was given before.
        note: how it takes glyphs and what it gives.
        probabilities: of the ten digits, N×10 float32, rows summing to 1, for glyphs N×28×28 uint8, ink bright.
        content: of the ONNX file.
        layout: the shape of one glyph as the model takes it.
        identity: what a fresh process needs to read with it, see ``read_first``; its entry ``model`` is the file or the folder.
    """

    name: str
    note: str
    probabilities: Callable[[NDArray[np.uint8]], NDArray[np.float32]]
    content: bytes
    layout: tuple[int, ...]
    identity: dict[str, Any]


def open_systems(
    models: Sequence[str], probes: Callable[[], LabelledGlyphs], *, threads: int = 0
) -> list[System]:
    """The systems, in the order given.

    Args:
        models: ``"bundled"``, the name of a bundled model, the folder of a run, or an ONNX file.
        probes: gives labelled digits; called once, if there is a foreign model.
        threads: of one call of a model; 0 lets the runtime take one a core.

    Raises:
        ModelError: a model cannot be loaded, or reads no glyphs.
    """
    digits: list[LabelledGlyphs] = []
    opened = []
    for number, model in enumerate(models):
        before = models[:number].count(model)
        name = f"{model} ({before + 1})" if before else model
        if is_external(model):
            digits = digits or [probes()]
            opened.append(_external(name, Path(model), digits[0], threads))
        else:
            opened.append(_own(name, DEFAULT if model == BUNDLED else _folder(model), threads))
    return opened


def is_external(model: str) -> bool:
    """Whether a model is a file by somebody else, rather than a bundled one or a run."""
    path = Path(_folder(model))
    if model in (BUNDLED, *bundled()) or (path / CARD_FILE).is_file():
        return False
    return path.is_file() or path.suffix.lower() in (SUFFIX, *KERAS_SUFFIXES)


def _folder(model: str) -> str:
    """The folder of a run, or of an export, whose ``model.onnx`` was named; any other model as it is."""
    path = Path(model)
    return str(path.parent) if path.name == MODEL_FILE and (path.parent / CARD_FILE).is_file() else model


def read_first(identity: str) -> None:
    """Loads a system by its identity (as JSON) and reads one blank glyph: what a cold start is timed on."""
    given = json.loads(identity)
    blank = np.zeros((1, 28, 28), np.uint8)
    if "convention" not in given:
        which_digit(Classifier(given["model"]), blank)
        return
    convention = Convention(**(given["convention"] | {"layout": tuple(given["convention"]["layout"])}))
    ExternalClassifier(ExternalNetwork(Path(given["model"])), convention).probabilities(blank)


def which_digit(classifier: Classifier, glyphs: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Probabilities of the ten digits, given that it is one: N×10 float32, rows summing to 1."""
    return classifier.probabilities(glyphs, background_logit_adjustment=-math.inf)[:, : len(DIGITS)]


def _own(name: str, model: str, threads: int) -> System:
    classifier = Classifier(model, threads=threads)
    asked = "" if len(classifier.labels) == len(DIGITS) else ", asked for digits only"
    return System(
        name,
        f"{classifier.model.card.name} by inkread, calibrated{asked}",
        lambda glyphs: which_digit(classifier, glyphs),
        classifier.model.content,
        (28, 28),
        {"model": model},
    )


def _external(name: str, path: Path, probes: LabelledGlyphs, threads: int) -> System:
    network = ExternalNetwork(path, threads=threads)
    convention = find_convention(network, probes)
    fixed = f"; always {network.batch} at a time" if network.batch else ""
    return System(
        name,
        f"{convention}{fixed}",
        ExternalClassifier(network, convention).probabilities,
        network.content,
        convention.layout,
        {"model": str(path), "convention": asdict(convention)},
    )
