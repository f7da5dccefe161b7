"""The model card: all that must be known of a set of weights, kept beside them as ``card.json``."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from inkread.errors import ModelFormatError

if TYPE_CHECKING:
    from pathlib import Path

CARD_FILE = "card.json"
MODEL_FILE = "model.onnx"
NOT_A_DIGIT = ""
"""The label of the class for what is no single digit; the text of an empty reading."""


@dataclass(frozen=True, slots=True)
class Card:
    """What a model is, where it comes from and what it scored.

    Attributes:
        name: the model's name, e.g. ``"cnn"``.
        created: ISO date of the training's end, UTC.
        sha256: of ``model.onnx``, lower-case hexadecimal.
        labels: one a class in the order of the logits; ``""`` stands for "not a single digit".
        temperature: logits are divided by it before the softmax (Guo et al. 2017, fitted on held-out glyphs).
        parameters: number of trained parameters.
        geometry: how a glyph is made, see ``inkread.glyph.GEOMETRY``.
        data: one dict a data set: name, split, count, sha256, licence, attribution.
        recipe: every setting of the training, enough to repeat it.
        command: the command that reproduces the weights.
        seed: of the training.
        scores: measured figures, e.g. ``{"mnist_validation": 0.9971, "mnist_test": 0.9967}``.
        licence: SPDX identifier of the weights.
    """

    name: str
    created: str
    sha256: str
    labels: tuple[str, ...]
    temperature: float
    parameters: int
    geometry: dict[str, Any] = field(default_factory=dict)
    data: tuple[dict[str, Any], ...] = ()
    recipe: dict[str, Any] = field(default_factory=dict)
    command: str = ""
    seed: int = 0
    scores: dict[str, Any] = field(default_factory=dict)
    licence: str = "MIT"

    def to_json(self) -> str:
        """The card as indented JSON, ending with a newline."""
        return json.dumps(dataclasses.asdict(self), indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def load(cls, path: Path) -> Card:
        """Reads a card; a ``ModelFormatError`` says what is missing or of the wrong type."""
        try:
            raw = json.loads(path.read_text(encoding="utf-8"))
            card = cls(**(raw | {"labels": tuple(raw["labels"]), "data": tuple(raw.get("data", ()))}))
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise ModelFormatError(
                str(path), f"is no readable model card ({error})", "train or export the model again"
            ) from error
        temperature: object = raw["temperature"]
        if not (isinstance(temperature, int | float) and temperature > 0):
            raise ModelFormatError(
                str(path), "has no positive temperature", "train or export the model again"
            )
        known = {str(digit) for digit in range(10)} | {NOT_A_DIGIT}
        if len(card.labels) != len(set(card.labels)) or not set(card.labels) <= known:
            raise ModelFormatError(
                str(path), f"has labels {card.labels}, not digits", "use a model trained to read digits"
            )
        return card
