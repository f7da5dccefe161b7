"""The models in a comparison: bundled ones, runs, and external ONNX files, which classify digits."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from inkread.evaluation.external_onnx import (
    KERAS_SUFFIXES,
    SUFFIX,
    Convention,
    ExternalNetwork,
    find_convention,
)
from inkread.models import CARD_FILE, DEFAULT, MODEL_FILE, NOT_A_DIGIT, bundled
from inkread.models.card import HELD_OUT_FILE
from inkread.pipeline.classifier import DIGITS, Classifier

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from inkread.datasets.glyphs import LabelledGlyphs

BUNDLED = "bundled"
"""A name for the default model, whose actual name a user may not know."""


@dataclass(frozen=True, slots=True)
class System:
    """A model in a comparison.

    Attributes:
        name: the name as given; numbered if repeated.
        note: its input and output conventions.
        probabilities: returns probabilities of the classes, N×classes float32, rows summing to 1, for N×28×28
            uint8 glyphs, bright ink.
        content: the bytes of the ONNX file.
        layout: the model's input shape of one glyph.
        identity: what a fresh process needs to run it, see ``read_first``; its entry ``model`` is the file or
            the folder.
        classes: what it can answer: the ten digits, or a run's own classes; without "not a digit".
        data: the titles of the collections that it learned from, as far as they are known.
        held_out: the file of the glyphs that a run held out of its training, if there is one.
    """

    name: str
    note: str
    probabilities: Callable[[NDArray[np.uint8]], NDArray[np.float32]]
    content: bytes
    layout: tuple[int, ...]
    identity: dict[str, Any]
    classes: tuple[str, ...] = DIGITS
    data: tuple[str, ...] = ()
    held_out: Path | None = None


def open_systems(models: Sequence[str], probes: Callable[[], LabelledGlyphs]) -> list[System]:
    """Opens the systems, in the given order; ``probes`` is called once, if there is an external model.

    Each model is ``"bundled"``, the name of a bundled model, the folder of a run, or an ONNX file.

    Raises:
        ModelError: a model cannot be loaded, or does not read glyphs.
    """
    digits: list[LabelledGlyphs] = []
    opened = []
    for number, model in enumerate(models):
        before = models[:number].count(model)
        name = f"{model} ({before + 1})" if before else model
        if is_external(model):
            digits = digits or [probes()]
            opened.append(_external(name, Path(model), digits[0]))
        else:
            opened.append(_own(name, DEFAULT if model == BUNDLED else _folder(model)))
    return opened


def is_external(model: str) -> bool:
    """Returns whether a model is an external file, not a bundled model or a run."""
    path = Path(_folder(model))
    if model in (BUNDLED, *bundled()) or (path / CARD_FILE).is_file():
        return False
    return path.is_file() or path.suffix.lower() in (SUFFIX, *KERAS_SUFFIXES)


def _folder(model: str) -> str:
    """Returns the folder of a run or export if its ``model.onnx`` was named; any other model as it is."""
    path = Path(model)
    return str(path.parent) if path.name == MODEL_FILE and (path.parent / CARD_FILE).is_file() else model


def read_first(identity: str) -> None:
    """Loads a system by its identity (JSON) and reads one blank glyph; used to time a cold start."""
    given = json.loads(identity)
    blank = np.zeros((1, 28, 28), np.uint8)
    if "convention" not in given:
        which_class(Classifier(given["model"]), blank)
        return
    convention = Convention(**(given["convention"] | {"layout": tuple(given["convention"]["layout"])}))
    ExternalNetwork(Path(given["model"])).probabilities(convention, blank)


def which_class(classifier: Classifier, glyphs: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Returns probabilities of the classes, given that it is one: N×classes float32, rows summing to 1."""
    probabilities = classifier.probabilities(glyphs, background_logit_adjustment=-math.inf)
    return probabilities[:, : len(_named(classifier))]


def _named(classifier: Classifier) -> tuple[str, ...]:
    return tuple(name for name in classifier.classes if name != NOT_A_DIGIT)


def _own(name: str, model: str) -> System:
    classifier = Classifier(model)
    asked = "" if NOT_A_DIGIT not in classifier.labels else ", asked for digits only"
    kept = classifier.model.path.parent / HELD_OUT_FILE
    return System(
        name,
        f"{classifier.model.card.name} by inkread, calibrated{asked}",
        lambda glyphs: which_class(classifier, glyphs),
        classifier.model.content,
        (28, 28),
        {"model": model},
        _named(classifier),
        tuple(str(entry.get("name")) for entry in classifier.model.card.data),
        kept if kept.is_file() else None,
    )


def _external(name: str, path: Path, probes: LabelledGlyphs) -> System:
    network = ExternalNetwork(path)
    convention = find_convention(network, probes)
    fixed = f"; always {network.batch} at a time" if network.batch else ""
    return System(
        name,
        f"{convention}{fixed}",
        partial(network.probabilities, convention),
        network.content,
        convention.layout,
        {"model": str(path), "convention": asdict(convention)},
    )
