"""What a folder keeps beside a model's weights: above all its card, ``card.json``; a run's history."""

from __future__ import annotations

import csv
import dataclasses
import json
import re
import shlex
import string
from dataclasses import dataclass, field
from pathlib import PureWindowsPath
from typing import TYPE_CHECKING, Any

from inkread.errors import ModelFormatError

if TYPE_CHECKING:
    from pathlib import Path

CARD_FILE = "card.json"
MODEL_FILE = "model.onnx"
HELD_OUT_FILE = "held_out.npz"
"""The held-out glyphs of a training run, kept so that its report and plots need no other data."""

REPORT_FILE = "report.html"
HISTORY_FILE = "history.csv"
"""The training history of a run, one row per epoch."""

GLYPH_SIDE = 28
"""Pixels per side of a glyph, the input of every classifier."""

NOT_A_DIGIT = ""
"""The label of the class "not a single digit"; the text of an empty reading."""

DIGIT_CLASSES = (*"0123456789", NOT_A_DIGIT)
"""The classes of every digit classifier, in this order."""

CHARACTER_CLASSES = (*"0123456789", *string.ascii_uppercase, *string.ascii_lowercase, NOT_A_DIGIT)
"""The classes of a classifier of digits and letters, in this order; the last is "not a single character"."""

TEXT_CLASSES = (
    *(chr(code) for code in range(32, 127)),
    *"ÀÂÄÇÈÉÊËÎÏÔÖÙÛÜàâäçèéêëîïôöùûüßÆæŒœ«»°€£§",
    NOT_A_DIGIT,
)
"""The characters of a recognizer of text lines, in this order; the last class is the blank between them."""

LONGEST_LABEL = 64

NUMBERS = re.compile(r"\[(\s+[\d.]+,?)+\s+\]")
"""Matches a list of numbers in indented JSON."""

COLDEST, HOTTEST = 1e-3, 1e3
"""Temperatures outside this range make all probabilities 0 or 1, or all equal."""

LARGEST_BIAS = 20
"""Beyond this, the adjustment makes the class certain or impossible."""

LEAST_REJECTION_THRESHOLD = 0.01
"""Below this, digits would be rejected for the slightest doubt."""

KEYS = {"background_logit_adjustment": "none_bias", "rejection_threshold": "refusal"}
"""Keys in ``card.json`` that differ from the attribute's name."""

KINDS: dict[str, type] = {
    **dict.fromkeys(("name", "created", "sha256", "command", "licence"), str),
    **dict.fromkeys(("parameters", "seed"), int),
    **dict.fromkeys(("geometry", "fusion", "recipe", "scores"), dict),
    **dict.fromkeys(("labels", "data", "confusion", "reliability"), list),
}
"""The types of the entries in ``card.json``; temperature and ``LIMITS`` are numbers."""

DATA_KINDS: dict[str, type] = {"name": str, "split": str, "count": int, "licence": str}
"""The types of the entries of each data set, all of which reports show."""

LIMITS = {"none_bias": (0.0, -LARGEST_BIAS, LARGEST_BIAS), "refusal": (1.0, LEAST_REJECTION_THRESHOLD, 1)}
"""The default for a missing entry, its minimum, and its maximum."""


@dataclass(frozen=True, slots=True)
class Card:
    """Describes a model: its structure, its origin, and its scores.

    Attributes:
        name: the model's name, e.g. ``"cnn"``.
        created: ISO date on which training ended, UTC.
        sha256: SHA-256 of ``model.onnx``, lower-case hexadecimal.
        labels: one per class in the order of the logits, printable, up to ``LONGEST_LABEL`` characters;
            ``""`` means "not a single digit".
        temperature: logits are divided by it before the softmax (Guo et al. 2017, fitted on held-out glyphs).
        background_logit_adjustment: added to the tempered logit of "not a single digit": the logarithm of how
            much rarer this class is in use than in the training data.
        rejection_threshold: a glyph is rejected if "not a single digit" is more than this times as probable
            as the most probable digit, 0..1. For programs that use the network by itself, and for single
            letters, whose probabilities are summed; ``Reader`` weighs several networks instead.
        parameters: number of trained parameters.
        geometry: how glyphs are normalized, see ``inkread.pipeline.glyph.GEOMETRY``.
        fusion: weights beside the layers': for a detector ``inkread.pipeline.fusion.Fusion``, for a network
            of lines its ``turning``, for n-grams ``inkread.pipeline.beam_search.Weights``.
        data: one dict per data set: name, split, count, sha256, licence, attribution.
        recipe: every training setting, enough to repeat the training.
        command: the command that reproduces the weights.
        seed: the random seed of the training.
        scores: measured results, e.g. ``{"mnist_validation": 0.9971, "mnist_test": 0.9967}``.
        confusion: how often held-out glyphs of each label (row) were read as each label (column).
        reliability: for each equal-width bin of confidence from 0 to 1: the number of held-out glyphs in it,
            how many of them were right, and their mean confidence, 0 for an empty bin (Guo et al. 2017,
            figure 1).
        licence: SPDX identifier for the weights.
    """

    name: str
    created: str
    sha256: str
    labels: tuple[str, ...]
    temperature: float
    parameters: int
    background_logit_adjustment: float = 0.0
    rejection_threshold: float = 1.0
    geometry: dict[str, Any] = field(default_factory=dict)
    fusion: dict[str, Any] = field(default_factory=dict)
    data: tuple[dict[str, Any], ...] = ()
    recipe: dict[str, Any] = field(default_factory=dict)
    command: str = ""
    seed: int = 0
    scores: dict[str, Any] = field(default_factory=dict)
    confusion: tuple[tuple[int, ...], ...] = ()
    reliability: tuple[tuple[float, ...], ...] = ()
    licence: str = "MIT"

    @property
    def command_without_places(self) -> str:
        """The command with absolute paths cut to their last part, so that it reveals no local folders."""
        try:
            words = shlex.split(self.command)
        except ValueError:  # not valid shell syntax, so paths cannot be recognized
            return ""
        paths = [PureWindowsPath(word) for word in words]
        return shlex.join(
            path.name if path.root or path.drive else word for path, word in zip(paths, words, strict=True)
        )

    def to_dict(self) -> dict[str, Any]:
        """Returns the card as a dict with the keys of ``card.json``."""
        return {KEYS.get(name, name): value for name, value in dataclasses.asdict(self).items()}

    def to_json(self) -> str:
        """Returns the card as indented JSON, ending with a newline; each list of numbers is on one line."""
        text = json.dumps(self.to_dict(), indent=2, ensure_ascii=False)
        return NUMBERS.sub(lambda row: " ".join(row[0].split()), text) + "\n"

    @classmethod
    def load(cls, path: Path) -> Card:
        """Reads a card; a ``ModelFormatError`` names an entry that is missing or has the wrong type."""
        try:
            raw = json.loads(path.read_text(encoding="utf-8"))
            if problem := _wrong_type(raw):
                raise TypeError(problem)
            lists = {"labels": tuple(raw["labels"]), "data": tuple(raw.get("data", ()))}
            tables = {
                name: tuple(tuple(row) for row in raw.get(name, ())) for name in ("confusion", "reliability")
            }
            renamed = {name: raw[key] for name, key in KEYS.items() if key in raw}
            others = {key: value for key, value in raw.items() if key not in KEYS.values()}
            card = cls(**(others | renamed | lists | tables))
            problem = _problem(raw)
        except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
            problem = f"is not a readable model card ({error})"
        if problem:
            raise ModelFormatError(str(path), problem, "train or export the model again")
        return card


def load_history(folder: Path) -> tuple[dict[str, float], ...]:
    """Reads the metrics of each epoch by name; empty if the folder has no history.

    Raises:
        ModelFormatError: the file is not a table of numbers.
    """
    path = folder / HISTORY_FILE
    if not path.is_file():
        return ()
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return tuple({name: float(value) for name, value in row.items()} for row in csv.DictReader(file))
    except (OSError, ValueError, TypeError, csv.Error) as error:
        raise ModelFormatError(str(path), f"is not a readable history ({error})", "train again") from error


def _problem(raw: dict[str, Any]) -> str:
    """Describes the first invalid entry that inference depends on; ``""`` if all are valid."""
    temperature, labels = raw["temperature"], raw["labels"]
    if not (_is_number(temperature) and COLDEST <= temperature <= HOTTEST):
        return f"has the temperature {temperature}, which is not a number from {COLDEST} to {HOTTEST}"
    if not all(_is(label, str) and len(label) <= LONGEST_LABEL and label.isprintable() for label in labels):
        return f"has labels that are not names of up to {LONGEST_LABEL} characters"
    if not labels or len(labels) != len(set(labels)):
        return f"has labels {labels}, not one for each class"
    for name, (usual, least, most) in LIMITS.items():
        value = raw.get(name, usual)
        if not (_is_number(value) and least <= value <= most):
            return f"has the {name} {value}, which is not a number from {least} to {most}"
    return ""


def _wrong_type(raw: Any) -> str:
    """Describes the first entry of the wrong type; ``""`` if there is none."""
    if not isinstance(raw, dict):
        return "it is not an object"
    for name, key in KEYS.items():
        if name in raw:
            return f"it has an entry {name}, which is called {key} in the file"
    for name, kind in KINDS.items():
        if name in raw and not _is(raw[name], kind):
            return f"its {name} is not of type {kind.__name__}"
    for name in ("confusion", "reliability"):
        if not all(isinstance(row, list) and all(map(_is_number, row)) for row in raw.get(name, ())):
            return f"its {name} is not a table of numbers"
    for name, kind in DATA_KINDS.items():
        if not all(isinstance(entry, dict) and _is(entry.get(name), kind) for entry in raw.get("data", ())):
            return f"its data have no {name} of type {kind.__name__}"
    return ""


def _is(value: object, kind: type) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    return _is(value, int) or _is(value, float)
