"""A page in progress: layers of ink, and the box of every digit and sign."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from inkread.synthetic.fonts import font_glyph
from inkread.synthetic.row_layout import Style, lay_out
from inkread.synthetic.vectors import compose, transform

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inkread.synthetic.vectors import Layer, Matrix, VectorGlyph
    from inkread.synthetic.writers import Writer

CLASSES = ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9", ".", ",", "-", "/", ":")
"""The detector's classes: ten digits and five signs."""
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
    pen: Layer
    rules: Layer
    print: Layer
    patches: list[tuple[NDArray[np.uint8], NDArray[np.float64]]] = field(default_factory=list)
    boxes: list[NDArray[np.float64]] = field(default_factory=list)
    classes: list[int] = field(default_factory=list)
    heights: list[float] = field(default_factory=list)
    taken: list[tuple[float, float, float, float]] = field(default_factory=list)

    def style(self, characters: int, **changes: float) -> Style:
        """Returns this writer's style for a row here."""
        style = Style.random(self.rng, characters=max(1, characters))
        return replace(style, height=self.unit, pen=self.pen_width, slope=0.0, pitch=0.0, **changes)

    def write(
        self,
        text: str,
        x: float,
        y: float,
        *,
        anchor: float = 0.0,
        style: Style | None = None,
        unit: float = 0.0,
    ) -> tuple[float, float]:
        """Writes a row whose baseline begins at x, y; returns its left and right ends.

        Args:
            text: see ``row_text``.
            x: position of the row's ``anchor``, page pixels.
            y: position of the baseline.
            anchor: 0 places the left end at x, 1 the right end, 0.5 the center.
            style: replaces this sheet's style.
            unit: replaces this sheet's height of digits.
        """
        height = unit or self.unit
        style = style or self.style(len(text))
        style = replace(style, height=height)
        writing = lay_out(text, self.writer, style, self.rng)
        if not writing.placed:
            return x, x
        extent = writing.extent(digits=False)
        slope = self.rng.normal(0, 0.02)
        shift = np.array([x - extent[0] - anchor * (extent[2] - extent[0]), y])
        level = compose(self.view, np.array([[1, 0, 0], [slope, 1, -slope * x]]))
        for one in writing.placed:
            matrix = compose(level, one.moved(shift).matrix)
            self.add(one.glyph, matrix, height, one.character)
        self.pen.stroke([transform(stroke + shift, level) for stroke in writing.strokes], style.pen)
        return float(extent[0] + shift[0]), float(extent[2] + shift[0])

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
        if dashes:
            steps = np.linalg.norm(np.diff(path, axis=0), axis=1).sum()
            count = max(2, round(steps / dashes))
            t = np.linspace(0, 1, 2 * count)
            along = np.interp(t, np.linspace(0, 1, len(path)), path[:, 0])
            down = np.interp(t, np.linspace(0, 1, len(path)), path[:, 1])
            points = np.stack([along, down], axis=1)
            pieces = [transform(points[i : i + 2], self.view) for i in range(0, 2 * count - 1, 2)]
            self.rules.stroke(pieces, width)
        else:
            self.rules.stroke([transform(path, self.view)], width)

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
            self.print.glyph(
                glyph, compose(self.view, np.array([[height, 0, x + half], [0, height, y]])), 1.0
            )
            x += 2 * half + 0.14 * height
        return x
