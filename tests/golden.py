"""The readings of the project's own pictures, pinned: ``python tests/golden.py --renew`` writes them anew.

The pictures are the examples, and pages and digits drawn by the synthetic writer. Only renew them for a
change that is meant to change readings, look at ``git diff tests/golden.json``, and say why in the commit.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from inkread.datasets.stroke_font import WriterStyle, write_row
from inkread.datasets.stroke_rendering import draw_strokes

EXAMPLES = Path(__file__).parents[1] / "examples"
PINNED = Path(__file__).with_name("golden.json")

PIXELS = 3
"""How far a side of a box may move: decoders of other versions differ by a few grey values."""

PROBABILITY = 0.02
"""How far a probability may move, for the same reason."""


def drawn(seed: int, rows: int, digits: int) -> np.ndarray:
    """Draws rows of digits in one hand on grainy paper, uint8."""
    rng = np.random.default_rng(seed)
    style, page = WriterStyle.random(rng), np.zeros((40 + 70 * rows, 60 + 50 * digits), np.float32)
    for row in range(rows):
        text = "".join(map(str, rng.integers(0, 10, digits)))
        strokes = [stroke[:, :2] for stroke in write_row(text, style, rng)]
        ink = draw_strokes(strokes, height=44, pen_width=3.5)
        place = page[20 + 70 * row :, 25:][: ink.shape[0], : ink.shape[1]]
        np.maximum(place, ink[: place.shape[0], : place.shape[1]], out=place)
    return np.clip(225 - 170 * page + rng.normal(0, 3, page.shape), 0, 255).astype(np.uint8)


def pictures() -> dict[str, Any]:
    """Returns each picture's path or pixels, by name."""
    examples = sorted([*EXAMPLES.glob("*.jpg"), *EXAMPLES.glob("*.png")])
    pages = {f"drawn page {seed}": drawn(seed, 3, 5) for seed in range(3)}
    glyphs = {f"drawn digit {seed}": drawn(seed, 1, 1) for seed in range(3)}
    return {path.name: path for path in examples} | pages | glyphs


def reading_of(reader: Any, picture: Any, *, single: bool) -> dict[str, Any]:
    """Reads a picture; returns what is pinned of it."""
    reading = reader.trace(picture, single=single).reading
    digits = [[digit.label, round(digit.probability, 4), list(digit.box)] for digit in reading.digits]
    return {
        "text": reading.text,
        "written": reading.written,
        "size": [reading.width, reading.height],
        "digits": digits,
    }


def differences(pinned: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """Returns what differs by more than the tolerances, one line each."""
    changed = [
        f"{name}: was {pinned[name]!r}, is {now[name]!r}"
        for name in ("text", "written", "size")
        if pinned[name] != now[name]
    ]
    for number, (before, after) in enumerate(zip(pinned["digits"], now["digits"], strict=False), 1):
        label, probability, box = before
        moved = max(abs(one - other) for one, other in zip(box, after[2], strict=True))
        if label != after[0]:
            changed.append(f"digit {number}: was {label}, is {after[0]}")
        if abs(probability - after[1]) > PROBABILITY:
            changed.append(f"digit {number} ({label}): probability was {probability}, is {after[1]}")
        if moved > PIXELS:
            changed.append(f"digit {number} ({label}): box was {box}, is {after[2]}, {moved} pixels off")
    return changed


def main() -> None:
    """Writes the pinned readings."""
    from inkread import Reader

    if sys.argv[1:] != ["--renew"]:
        sys.exit(str(__doc__))
    reader = Reader(threads=1)
    found = {
        name: reading_of(reader, picture, single="digit" in name) for name, picture in pictures().items()
    }
    lines = (f"{json.dumps(name)}: {json.dumps(value)}" for name, value in found.items())
    PINNED.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
