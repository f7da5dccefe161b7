"""The model to export, the metadata in every exported file, and what lies beside it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from inkread import __version__
from inkread.export.formats import Exported
from inkread.models.card import CARD_FILE

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from inkread.export.formats import Format
    from inkread.export.parity import Parity
    from inkread.models import Card, Model

VECTORS_FILE = "vectors.npz"

PREPROCESSING = (
    "The ink of one digit, upright and bright on 0, placed in 28x28 pixels as described by 'geometry' "
    "(MNIST's: 20x20 in the middle, by its center of mass); pixels 0..255 "
)

PIXELS: dict[str, tuple[list[int], str]] = {
    "float32": ([0, 1], "divided by 255."),
    "int8": ([-128, 127], "less 128."),
}
"""The input range, and how to convert a pixel to it, by the file's number type."""

WHOLE = " A probability is (value + 128) / 256."
"""Note on 8-bit outputs."""

MEANING = {
    "logits": "Divide by 'temperature', add 'none_bias' to that of the label '', and apply the softmax.",
    "probabilities": "Calibrated: temperature, bias and softmax are part of the model.",
}


@dataclass(frozen=True, slots=True)
class Source:
    """A verified glyph model, and glyphs to calibrate 8-bit formats, uint8 N×28×28."""

    model: Model
    calibration: NDArray[np.uint8]

    @property
    def name(self) -> str:
        """A name for graphs and classes, of letters, digits, and underscores."""
        return "inkread_" + "".join(c if c.isascii() and c.isalnum() else "_" for c in self.model.card.name)

    @property
    def metadata(self) -> dict[str, str]:
        """The metadata in a file, each entry as JSON."""
        card = self.model.card
        entries = {
            "labels": card.labels,
            "temperature": card.temperature,
            "none_bias": card.background_logit_adjustment,
            "refusal": card.rejection_threshold,
            "geometry": card.geometry,
            "licence": card.licence,
            "source_sha256": card.sha256,
            "inkread": __version__,
        }
        return {name: json.dumps(value, ensure_ascii=False) for name, value in entries.items()}


def interface(format_: Format, card: Card) -> dict[str, Any]:
    """Describes the input and output of an exported file of a glyph model, for its card."""
    limits, step = PIXELS[format_.dtype]
    return {
        "input": {
            "name": "glyphs",
            "shape": ["N", 28, 28],
            "dtype": format_.dtype,
            "range": limits,
            "preprocessing": PREPROCESSING + step,
        },
        "output": {
            "name": format_.gives,
            "shape": ["N", len(card.labels)],
            "dtype": format_.dtype,
            "meaning": MEANING[format_.gives] + (WHOLE if format_.dtype == "int8" else ""),
        },
    }


def finished(
    format_: Format,
    card: Card,
    parity: Parity,
    parts: Path,
    folder: Path,
    *,
    interface: dict[str, Any],
    vectors: dict[str, Any],
) -> Exported:
    """Adds the card, with the file's own hash and scores, and the test vectors to a file in ``parts``.

    The source's scores are included only if the arithmetic is the same.
    """
    content = (parts / format_.file).read_bytes()
    export = {"format": format_.name, "source_sha256": card.sha256} | parity.to_dict()
    scores = ({} if format_.changed else card.scores) | {"export": export}
    mine = replace(card, sha256=hashlib.sha256(content).hexdigest(), scores=scores)
    if format_.card_file == CARD_FILE:
        text = mine.to_json()
    else:
        described = asdict(mine) | {"format": format_.name, "file": format_.file} | interface
        text = json.dumps(described, indent=2, ensure_ascii=False) + "\n"
    (parts / format_.card_file).write_text(text, encoding="utf-8")
    np.savez(parts / VECTORS_FILE, **vectors)
    return Exported(format_, folder / format_.file, len(content), parity)
