"""Page content other than digits: words, print, scribbles, sketches, and ruling."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import cv2
import numpy as np

from inkread.datasets.page_rendering import noise
from inkread.synthetic.sheet import THINNEST
from inkread.synthetic.vectors import font_glyph, rotation, transform
from inkread.synthetic.writers import LETTERS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inkread.synthetic.sheet import Sheet
    from inkread.synthetic.vectors import VectorGlyph

SAFE = "ACEFHKLMNPQRTUVWXYacdefhkmnprtuvwxy"
"""Letters that do not look like a digit without context."""
ALIKE = ("slash", "dot", "minus", "z")
"""BHMSDS's symbols that look like a digit: a slash is a 1."""
SYLLABLES = ("na", "me", "da", "te", "to", "tal", "No", "Nr", "sum", "re", "gi", "on", "Bo", "ard", "Ad",
             "dress", "pro", "vin", "ce", "of", "th", "er", "fee", "Tax", "km", "St", "rass", "an", "née",
             "le", "Art", "ikel", "Preis", "Ein", "heit")  # fmt: skip


def label(rng: np.random.Generator) -> str:
    """Returns a word or two, as on forms, and sometimes a printed number."""
    label = "".join(rng.choice(SYLLABLES, int(rng.integers(1, 4))))
    if rng.random() < 0.25:
        label = str(rng.integers(1, 3000)) + (" " + label if rng.random() < 0.7 else "")
    return label + str(rng.choice([":", "", ".", " ("]))


SCRIPTS = (
    (0x391, 0x3C9), (0x410, 0x44F), (0x531, 0x556), (0x561, 0x586), (0x5D0, 0x5EA), (0x621, 0x64A),
    (0x10D0, 0x10F0),
)  # fmt: skip
"""First and last letters of Greek, Cyrillic, Armenian (upper and lower case), Hebrew, Arabic and Georgian."""
FOREIGN = 0.25
"""Share of print in non-Latin scripts."""


def foreign_glyph(font: str, rng: np.random.Generator) -> VectorGlyph | None:
    """Returns a letter of a non-Latin script, if a typeface with many scripts is available."""
    first, last = SCRIPTS[int(rng.integers(len(SCRIPTS)))]
    return font_glyph(font, chr(int(rng.integers(first, last + 1))))


def sentence(rng: np.random.Generator) -> str:
    """Returns a few labels in a row, sometimes in a non-Latin script."""
    if rng.random() < FOREIGN:
        first, last = SCRIPTS[int(rng.integers(len(SCRIPTS)))]
        lengths = rng.integers(1, 9, int(rng.integers(1, 5)))
        words = (rng.integers(first, last + 1, length) for length in lengths)
        return " ".join("".join(map(chr, letters)) for letters in words)
    return " ".join(label(rng) for _ in range(int(rng.integers(1, 5))))


def random_rule(sheet: Sheet) -> tuple[float, float]:
    """Returns the width of a rule, and the length of its dashes or 0."""
    width = max(0.5, sheet.unit * float(np.clip(0.04 * math.exp(sheet.rng.normal(0, 0.6)), 0.01, 0.16)))
    dashes = sheet.unit * sheet.rng.uniform(0.08, 0.4) if sheet.rng.random() < 0.2 else 0.0
    return width, dashes


def word(sheet: Sheet, x: float, y: float) -> float:
    """Draws a handwritten word, by a UNIPEN writer or in a font; returns its right end."""
    rng = sheet.rng
    if rng.random() < 0.7:
        return _after(sheet, sheet.writer.word(), x, y)
    font = str(rng.choice(sheet.writer.stock.hand_fonts))
    for character in "".join(rng.choice([*LETTERS[26:]], int(rng.integers(2, 9)))):
        if glyph := font_glyph(font, character):
            x = _after(sheet, glyph, x, y, gap=0.02 * sheet.unit)
    return x


def _after(sheet: Sheet, glyph: VectorGlyph, x: float, y: float, *, gap: float = 0.0) -> float:
    """Draws a glyph whose left end is at x; returns its right end, plus a gap."""
    half = float(glyph.points[:, 0].max()) * sheet.unit
    sheet.glyph_at(glyph, x + half, y, sheet.unit, "")
    return x + (2 * half + gap)


def bitmap(sheet: Sheet, x: float, y: float) -> None:
    """Draws a letter or operator from BHMSDS, or a scribble."""
    rng, stock = sheet.rng, sheet.writer.stock
    if rng.random() < 0.5:
        image = rng.choice(stock.scribbles)
    else:
        symbols = [name for name in stock.symbols if not name.isdigit() and name not in ALIKE]
        image = rng.choice(stock.symbols[str(rng.choice(symbols))])
    sheet.glyph_at(sheet.writer.from_bitmap(image), x, y, sheet.unit * rng.uniform(0.6, 2.5), "")


def sketch(sheet: Sheet) -> None:
    """Draws curves, ellipses, polygons, hatching, bubbles, or check boxes."""
    rng, size = sheet.rng, sheet.shape[0]
    at, reach = rng.uniform(0, size, 2), sheet.unit * math.exp(rng.normal(0.8, 0.7))
    layer = sheet.pen if rng.random() < 0.6 else sheet.rules
    width = max(THINNEST, sheet.pen_width * math.exp(rng.normal(0, 0.4)))
    kind = int(rng.integers(7))
    if kind == 0:
        steps = rng.normal(0, reach * 0.3, (int(rng.integers(5, 25)), 2)).cumsum(axis=0)
        layer.stroke([transform(_curve(at + steps), sheet.view)], width)
    elif kind == 1:
        # Not a full circle, which would be a 0.
        turns = rng.uniform(0.2, 0.7) if rng.random() < 0.5 else rng.uniform(1.6, 3)
        t = np.linspace(0, 2 * math.pi * turns, 60) + rng.uniform(0, 2 * math.pi)
        spiral = np.stack([np.cos(t), np.sin(t)], 1)
        spiral *= reach * np.linspace(1, rng.uniform(0.2, 1.1), 60)[:, None]
        layer.stroke([transform(at + spiral * rng.uniform(0.3, 1, 2), sheet.view)], width)
    elif kind == 2:
        corners = at + rng.normal(0, reach, (int(rng.integers(3, 6)), 2))
        path = transform(np.vstack([corners, corners[:1]]), sheet.view)
        layer.fill([path], strength=int(rng.integers(60, 256))) if rng.random() < 0.4 else layer.stroke(
            [path], width
        )
    elif kind == 3:
        angle, step = rng.uniform(0, math.pi), max(2.5, reach * rng.uniform(0.05, 0.3))
        along = np.array([math.cos(angle), math.sin(angle)])
        across = np.array([-along[1], along[0]])
        for i in range(int(rng.integers(3, 14))):
            middle = at + across * i * step
            ends = np.stack([middle - along * reach, middle + along * reach]) + rng.normal(0, 0.5, (2, 2))
            layer.stroke([transform(ends, sheet.view)], width)
    elif kind == 4:
        side = sheet.unit * rng.uniform(0.4, 1.0)
        for i in range(int(rng.integers(1, 7))):
            left = at + np.array([i * side * 2, 0])
            square = left + np.array([[0, 0], [side, 0], [side, side], [0, side], [0, 0]])
            sheet.rules.stroke([transform(square, sheet.view)], max(0.6, 0.06 * side))
            if rng.random() < 0.4:
                cross = left + np.array([[0.1, 0.1], [0.9, 0.9]]) * side
                mirrored = left + (cross - left) * [1, -1] + [0, side]
                sheet.pen.stroke([transform(cross, sheet.view), transform(mirrored, sheet.view)], width)
    elif kind == 5:
        radius = sheet.unit * rng.uniform(0.3, 0.8)
        for i in range(int(rng.integers(2, 8))):
            t = np.linspace(0, 2 * math.pi, 30)
            ring = np.stack([np.cos(t), np.sin(t) * rng.uniform(0.6, 1)], 1) * radius
            middle = at + np.array([i * radius * 2.6, 0])
            path = transform(middle + ring, sheet.view)
            sheet.rules.stroke([path], max(0.6, 0.1 * radius))
            if rng.random() < 0.3:
                sheet.pen.fill([path])
    else:
        steps = rng.normal(0, 1, (12, 2)).cumsum(axis=0) * [reach * 0.25, reach * 0.06]
        layer.stroke([transform(_curve(at + steps), sheet.view)], width)


def clutter(sheet: Sheet) -> None:
    """Draws objects next to the writing: a stamp, print, a word, a sketch, a crossing-out."""
    rng, size = sheet.rng, sheet.shape[0]
    choice = rng.random()
    if choice < 0.3:
        font = str(rng.choice(sheet.writer.stock.print_fonts))
        x, y = rng.uniform(-0.2, 0.8) * size, rng.uniform(0, 1) * size
        sheet.typeset(sentence(rng), x, y, sheet.unit * rng.uniform(0.3, 1.2), font)
    elif choice < 0.5:
        word(sheet, rng.uniform(-0.3, 0.9) * size, rng.uniform(0, 1) * size)
    elif choice < 0.62:
        at, t = rng.uniform(0, size, 2), np.linspace(0, 2 * math.pi, 60)
        ring = np.stack([np.cos(t), np.sin(t)], 1) * sheet.unit * rng.uniform(1, 4)
        rings = [transform(at + ring * scale, sheet.view) for scale in (1.0, 0.8)]
        for each in rings:
            sheet.rules.stroke([each], max(0.7, 0.05 * sheet.unit), strength=140)
    else:
        sketch(sheet)


def texture(sheet: Sheet) -> None:
    """Draws photo-like clutter over part or all of the page.

    Overlapping shapes of all sizes have the edges and contrasts of photos (Lee, Mumford & Huang, "Occlusion
    models for natural images", 2001); stripes and grains imitate cloth, wood, and grass.
    """
    rng, size = sheet.rng, sheet.shape[0]
    picture = np.full((size, size), rng.integers(0, 256), np.uint8)
    kind = rng.random()
    if kind < 0.6:
        _dead_leaves(picture, rng)
    else:
        grain = noise((size, size), float(math.exp(rng.uniform(0, 2.5))), rng)
        across = rng.uniform(0, math.pi)
        y, x = np.mgrid[:size, :size].astype(np.float32)
        wave = np.sin((x * math.cos(across) + y * math.sin(across)) * rng.uniform(0.1, 1.2) + 2 * grain)
        values = grain if kind < 0.75 else wave.astype(np.float32) + np.float32(rng.uniform(0, 0.6)) * grain
        values = np.tanh(values * np.float32(math.exp(rng.uniform(-0.5, 2))))
        picture = cv2.convertScaleAbs(np.clip(128 + rng.uniform(30, 127) * values, 0, 255))
    if rng.random() < 0.5:
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(0.4, 2))), np.uint8)
    wide, tall = rng.uniform(0.4, 1.2, 2) if rng.random() < 0.5 else (1.3, 1.3)
    left, top = rng.uniform(-0.15, max(-0.15, 1.0 - wide)), rng.uniform(-0.15, max(-0.15, 1.0 - tall))
    sheet.patches.append((picture, np.array([[wide, 0, left * size], [0, tall, top * size]])))


def _dead_leaves(picture: NDArray[np.uint8], rng: np.random.Generator) -> None:
    """Draws overlapping shapes whose sizes follow a power law."""
    size = picture.shape[0]
    sides = int(rng.choice([0, 3, 4, 5]))
    for radius in np.sort(size / 2 / rng.uniform(1, 30, int(rng.integers(20, 250))))[::-1]:
        at, tone = rng.uniform(0, size, 2), int(rng.integers(0, 256))
        turns = np.arange(sides or 24) * (2 * math.pi / (sides or 24))
        reach = radius * (rng.uniform(0.4, 1.2, len(turns)) if sides else 1.0)
        corners = np.stack([np.cos(turns), np.sin(turns) * rng.uniform(0.1, 1)]) * reach
        spun = rotation(rng.uniform(0, 2 * math.pi)) @ corners
        cv2.fillPoly(picture, [np.round(spun.T + at).astype(np.int32)], tone, cv2.LINE_AA)


def ruled_paper(sheet: Sheet) -> None:
    """Draws lines, squares, or dots to write on, and a margin."""
    rng, size = sheet.rng, sheet.shape[0]
    pitch = max(4.0, sheet.unit * rng.uniform(0.5, 2.4))
    width = max(0.5, pitch * rng.uniform(0.02, 0.08))
    kind = rng.random()
    starts = np.arange(-size * 0.3 + rng.uniform(0, pitch), size * 1.3, pitch)
    for y in starts:
        if kind < 0.9:
            sheet.line(-0.3 * size, float(y), 1.3 * size, float(y), width)
    if 0.5 < kind < 0.9:
        for x in starts + rng.uniform(0, pitch):
            sheet.line(float(x), -0.3 * size, float(x), 1.3 * size, width)
    if kind >= 0.9:
        for y in starts:
            sheet.line(-0.3 * size, float(y), 1.3 * size, float(y), width * 1.5, dashes=pitch / 2)
    if rng.random() < 0.2:
        x = rng.uniform(-0.1, 1.1) * size
        sheet.line(x, -0.3 * size, x, 1.3 * size, width * 1.5)


def _curve(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Smooths a path by cutting its corners twice (Chaikin 1974)."""
    for _ in range(2):
        a, b = points[:-1], points[1:]
        points = np.stack([0.75 * a + 0.25 * b, 0.25 * a + 0.75 * b], axis=1).reshape(-1, 2)
    return points
