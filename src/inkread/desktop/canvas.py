"""A drawing canvas with a soft brush, an eraser, and undo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Point = tuple[float, float]
"""``(x, y)`` in pixels of the canvas; pixel (row 0, column 0) covers 0 ≤ x < 1, 0 ≤ y < 1."""

Area = tuple[slice, slice]
"""Rows and columns of a canvas."""

FULL = 255
"""The value of full ink."""


SHORTEST = 1e-12
"""Minimum squared length, in pixels, of a line with a direction; shorter lines are dots."""


@dataclass(frozen=True, slots=True)
class Brush:
    """A round brush.

    Attributes:
        radius: distance from the center, in pixels, at which the ink is halved.
        softness: width of the edge, in pixels, over which the ink fades from full to none.
    """

    radius: float
    softness: float

    @property
    def reach(self) -> float:
        """Maximum distance of ink from the center, in pixels."""
        return self.radius + self.softness / 2

    def line(
        self, start: Point, stop: Point, xs: NDArray[np.float32], ys: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Returns a line's ink, float32 0..1, at positions 1×W and H×1; it fades with the distance."""
        dx, dy = stop[0] - start[0], stop[1] - start[1]
        length = dx * dx + dy * dy
        nearest = np.clip(((xs - start[0]) * dx + (ys - start[1]) * dy) / max(length, SHORTEST), 0, 1)
        distance = np.hypot(xs - start[0] - nearest * dx, ys - start[1] - nearest * dy)
        return np.clip((self.reach - distance) / self.softness, 0, 1).astype(np.float32)


class Canvas:
    """A canvas and its drawing.

    Args:
        size: width and height in pixels.
        brush: the brush of the next strokes.
        eraser: the brush that erases.

    Attributes:
        ink: uint8 H×W, ink bright.
        changes: incremented with every change of the ink, so that the same drawing is not processed twice.
    """

    def __init__(self, size: tuple[int, int], brush: Brush, eraser: Brush) -> None:
        self.size = size
        self.ink = np.zeros(size[::-1], np.uint8)
        self.changes = 0
        self.brush, self.eraser = brush, eraser
        self._past: list[tuple[Area, NDArray[np.uint8]]] = []  # areas before each change
        self._before: NDArray[np.uint8] | None = None  # while a stroke is being drawn
        self._tool, self._at, self._erases = brush, (0.0, 0.0), False

    @property
    def is_empty(self) -> bool:
        """Whether there is no ink."""
        return not self.ink.any()

    @property
    def can_undo(self) -> bool:
        """Whether there is anything to undo."""
        return bool(self._past) or self._before is not None

    def begin(self, point: Point, *, erase: bool = False) -> None:
        """Begins a stroke with the brush or the eraser; ends an unfinished one."""
        self.end()
        self._before = self.ink.copy()
        self._tool, self._at = (self.eraser if erase else self.brush), point
        self._erases = erase
        self._draw(point)

    def extend(self, point: Point) -> None:
        """Extends the stroke in a straight line; does nothing without a stroke."""
        if self._before is not None:
            self._draw(point)

    def end(self) -> None:
        """Ends the stroke; undo removes it as a whole."""
        before, self._before = self._before, None
        if before is not None:
            self._remember(before)

    def clear(self) -> None:
        """Removes all ink; can be undone."""
        self.put(np.zeros_like(self.ink))

    def put(self, ink: NDArray[np.uint8]) -> None:
        """Replaces all ink by uint8 H×W, ink bright, of the canvas's size; can be undone."""
        self.end()
        before = self.ink.copy()
        self.ink[:] = ink
        self._remember(before)
        self.changes += 1

    def undo(self) -> None:
        """Undoes the last stroke, erasing, or clearing."""
        self.end()
        if self._past:
            area, ink = self._past.pop()
            self.ink[area] = ink
            self.changes += 1

    def restart(self) -> None:
        """Empties the canvas and its history."""
        self._before = None
        self._past.clear()
        self.ink[:] = 0
        self.changes += 1

    def _draw(self, to: Point) -> None:
        area = self._around(self._at, to)
        rows, columns = area
        xs = np.arange(columns.start, columns.stop, dtype=np.float32)[None, :] + 0.5
        ys = np.arange(rows.start, rows.stop, dtype=np.float32)[:, None] + 0.5
        drawn = np.rint(FULL * self._tool.line(self._at, to, xs, ys)).astype(np.uint8)
        there = self.ink[area]
        self.ink[area] = np.minimum(there, FULL - drawn) if self._erases else np.maximum(there, drawn)
        self._at = to
        self.changes += 1

    def _around(self, start: Point, stop: Point) -> Area:
        """Returns the area that a line can touch."""
        reach = self._tool.reach

        def extent(axis: int) -> slice:
            low, high = sorted((start[axis], stop[axis]))
            within = np.clip([np.floor(low - reach), np.ceil(high + reach)], 0, self.size[axis])
            return slice(int(within[0]), int(within[1]))

        return extent(1), extent(0)

    def _remember(self, before: NDArray[np.uint8]) -> None:
        """Stores the area in which the canvas differs from ``before``."""
        different = before != self.ink
        rows, columns = np.flatnonzero(different.any(axis=1)), np.flatnonzero(different.any(axis=0))
        if rows.size:
            area = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
            self._past.append((area, before[area].copy()))
