"""A page in progress: layers of ink, and the box of every digit and sign."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from inkread.pipeline.detector import CLASSES
from inkread.synthetic.row_layout import Style, lay_out
from inkread.synthetic.vectors import Layer, compose, font_glyph, transform

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inkread.synthetic.vectors import Matrix, VectorGlyph
    from inkread.synthetic.writers import Writer

CLASS_OF = {character: index for index, character in enumerate(CLASSES)} | {"—": 12, "~": 12}
THINNEST = 0.7
"""Minimum pen width, pixels."""


@dataclass(slots=True)
class Sheet:
    """A scene in progress: layers of ink, and the boxes of their characters."""

    rng: np.random.Generator
    writer: Writer
    unit: float
    pen_width: float
    view: Matrix
    shape: tuple[int, int]
    pen: Layer = field(init=False)
    rules: Layer = field(init=False)
    print: Layer = field(init=False)
    patches: list[tuple[NDArray[np.uint8], NDArray[np.float64]]] = field(default_factory=list)
    boxes: list[NDArray[np.float64]] = field(default_factory=list)
    classes: list[int] = field(default_factory=list)
    heights: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.pen, self.rules, self.print = Layer(self.shape), Layer(self.shape), Layer(self.shape)

    def style(self) -> Style:
        """Returns a style for a row here."""
        return Style.random(self.rng, height=self.unit, pen=self.pen_width)

    def write(
        self, text: str, x: float, y: float, *, anchor: float = 0.0, style: Style | None = None
    ) -> float:
        """Writes a row on the baseline y, by default in this sheet's style; returns its right end.

        For the text, see ``row_text``. Anchor 0 places the left end at x, 1 the right end, 0.5 the center.
        """
        style = style or self.style()
        placed, strokes = lay_out(text, self.writer, style, self.rng)
        if not placed:
            return x
        across = np.concatenate([one.points() for one in placed])[:, 0]
        left, right = across.min(), across.max()
        slope = self.rng.normal(0, 0.02)
        shift = np.array([x - left - anchor * (right - left), y])
        level = compose(self.view, np.array([[1, 0, 0], [slope, 1, -slope * x]]))
        for one in placed:
            self.add(one.glyph, compose(level, one.moved(shift).matrix), self.unit, one.character)
        self.pen.stroke([transform(stroke + shift, level) for stroke in strokes], style.pen)
        return float(right + shift[0])

    def add(self, glyph: VectorGlyph, matrix: Matrix, height: float, character: str) -> None:
        """Draws a glyph with the pen, and records its box."""
        if not glyph.strokes and not glyph.outlines:
            return
        pen = max(THINNEST, self.pen_width * math.exp(self.rng.normal(0, 0.06)))
        box = self.pen.glyph(glyph, matrix, pen)
        kind = CLASS_OF.get(character)
        if kind is not None:
            self.boxes.append(box)
            self.classes.append(kind)
            # A sign counts as large as the digits next to it, whatever its own box.
            self.heights.append(float(box[3] - box[1]) if kind < 10 else height)

    def glyph_at(
        self, glyph: VectorGlyph, x: float, y: float, height: float, character: str, *, turn: float = 0.0
    ) -> None:
        """Draws a single glyph, with its baseline centered at x, y."""
        cos, sin = math.cos(turn) * height, math.sin(turn) * height
        self.add(glyph, compose(self.view, np.array([[cos, -sin, x], [sin, cos, y]])), height, character)

    def rule(self, path: NDArray[np.float64], width: float, *, dashes: float = 0.0) -> None:
        """Draws a printed or hand-drawn line along a path of page points, optionally dashed."""
        pieces = [path]
        if dashes:
            steps = np.linalg.norm(np.diff(path, axis=0), axis=1).sum()
            count = max(2, round(steps / dashes))
            t, knots = np.linspace(0, 1, 2 * count), np.linspace(0, 1, len(path))
            points = np.stack([np.interp(t, knots, path[:, axis]) for axis in (0, 1)], axis=1)
            pieces = [points[i : i + 2] for i in range(0, 2 * count - 1, 2)]
        self.rules.stroke([transform(piece, self.view) for piece in pieces], width)

    def line(self, x0: float, y0: float, x1: float, y1: float, width: float, *, dashes: float = 0.0) -> None:
        """Draws a rule from point to point, sometimes slightly bent, like paper."""
        bend = self.rng.normal(0, 0.004) * math.hypot(x1 - x0, y1 - y0) if self.rng.random() < 0.3 else 0.0
        path = np.array([[x0, y0], [(x0 + x1) / 2 + bend, (y0 + y1) / 2 + bend], [x1, y1]])
        self.rule(path, width, dashes=dashes)

    def typeset(self, text: str, x: float, y: float, height: float, font: str) -> float:
        """Prints text that must not be read; returns its right end."""
        for character in text:
            glyph = font_glyph(font, character) if character != " " else None
            if glyph is None:
                x += 0.35 * height
                continue
            half = float(glyph.points[:, 0].max() - glyph.points[:, 0].min()) * height / 2
            matrix = np.array([[height, 0, x + half], [0, height, y]])
            self.print.glyph(glyph, compose(self.view, matrix), 1.0)
            x += 2 * half + 0.14 * height
        return x
