"""The model to export, and the metadata in every exported file."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inkread import __version__

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from inkread.export.formats import Format
    from inkread.models import Card, Model

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
    """A verified glyph model, and glyphs to calibrate 8-bit formats.

    Attributes:
        model: the model with its card.
        calibration: glyphs, uint8, N×28×28.
    """

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
    """Describes the input and output of an exported file, for its card."""
    limits, step = PIXELS[format_.dtype]
    return {
        "format": format_.name,
        "file": format_.file,
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
