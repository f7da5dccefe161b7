"""Draws what is read of two notes, ``text.jpg``: ``python figures/notes.py [FOLDER]``.

The second one is in a connected hand of the 19th century, whose i, m, n, and u are rows of the same stroke.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from _place import EXAMPLES, below, save
from PIL import Image

from inkread.datasets import page_rendering
from inkread.datasets.stroke_font import spline, with_pressure
from inkread.datasets.stroke_rendering import rasterise
from inkread.pipeline.text import TextReader

if TYPE_CHECKING:
    from inkread.datasets.stroke_font import Strokes

NOTE = EXAMPLES / "note.jpg"
DOWNSTROKES = {"i": 1, "m": 3, "n": 2, "u": 2}
WIDTH, SLANT, PITCH = 640, 0.7, 0.42
"""Of the figure, in pixels; and of the connected hand, in heights of a small letter."""


def main() -> None:
    """Writes the picture."""
    reader = TextReader("text")
    notes = [Image.open(NOTE).convert("RGB"), connected("minimum", "nummi")]
    shown = [reader.read(note).draw(note) for note in notes]
    save(below([_wide(picture) for picture in shown]), "text.jpg")


def connected(*words: str) -> Image.Image:
    """Writes words in a connected hand on old paper, one below the other."""
    rng = np.random.default_rng(0)
    shape = (120 + 150 * len(words), 1000)
    page = page_rendering.plain_paper(shape, rng, colour=(0.90, 0.84, 0.72), fibre=0.016)
    for number, word in enumerate(words):
        placed = page_rendering.place(_joined(word), at=(120, 95 + 150 * number), height=56)
        page = page_rendering.write(page, rasterise(placed, shape, 4.5), page_rendering.BLACK_PEN, rng)
    page = page * page_rendering.uneven_light(shape, direction=40, fall=0.2, vignette=0.1)
    return Image.fromarray(page_rendering.photograph(page, page_rendering.Camera(tilt=0.02), rng))


def _joined(word: str) -> Strokes:
    """Writes a word of the letters i, m, n, and u in one stroke of height 1, and its dots and hooks."""
    strokes: Strokes = []
    x, points = 0.0, [(0.0, 0.8)]
    for letter in word:
        start = x
        for _ in range(DOWNSTROKES[letter]):
            x += PITCH
            points += [(x + SLANT / 2, 0.0), (x + SLANT / 2, 0.0), (x, 1.0), (x, 1.0)]
        middle = (start + x + PITCH) / 2 + SLANT
        if letter == "i":
            strokes.append(with_pressure(spline(np.array([(middle, -0.5), (middle + 0.05, -0.4)])), 0.0))
        if letter == "u":
            hook = np.array([(middle - 0.2, -0.45), (middle, -0.25), (middle + 0.25, -0.5)])
            strokes.append(with_pressure(spline(hook), 0.5))
    points.append((x + PITCH, 0.5))
    return [*strokes, with_pressure(spline(np.array(points)), 1.0)]


def _wide(picture: Image.Image) -> Image.Image:
    return picture.resize((WIDTH, WIDTH * picture.height // picture.width), Image.Resampling.LANCZOS)


if __name__ == "__main__":
    main()
