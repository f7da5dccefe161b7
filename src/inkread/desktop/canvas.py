"""A canvas that one draws on: a soft brush, an eraser, and the way back."""

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
"""Ink without gaps."""


SHORTEST = 1e-12
"""Square of a line's length, pixels, from which on it has a direction; a mouse that hardly moved makes a dot."""


@dataclass(frozen=True, slots=True)
class Brush:
    """A round brush.

    Attributes:
        radius: in pixels, where it leaves half of its ink.
        softness: in pixels, over which its edge fades from full ink to none.
    """

    radius: float
    softness: float

    @property
    def reach(self) -> float:
        """How far from its middle it leaves ink, in pixels."""
        return self.radius + self.softness / 2

    def line(
        self, start: Point, stop: Point, xs: NDArray[np.float32], ys: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Ink 0..1 float32 of a line, at places given as 1×W and H×1: it falls off with the distance from the line."""
        dx, dy = stop[0] - start[0], stop[1] - start[1]
        length = dx * dx + dy * dy
        nearest = np.clip(((xs - start[0]) * dx + (ys - start[1]) * dy) / max(length, SHORTEST), 0, 1)
        distance = np.hypot(xs - start[0] - nearest * dx, ys - start[1] - nearest * dy)
        return np.clip((self.reach - distance) / self.softness, 0, 1).astype(np.float32)


@dataclass(frozen=True, slots=True)
class _Patch:
    """What an area of the canvas was before it was changed."""

    area: Area
    ink: NDArray[np.uint8]


class Canvas:
    """A canvas and what is drawn on it.

    Args:
        size: width and height in pixels.
        brush: leaves ink.
        eraser: takes ink away.

    Attributes:
        ink: uint8 H×W, ink bright.
        changes: grows with every change of the ink, so that nobody looks twice at the same.
    """

    def __init__(self, size: tuple[int, int], brush: Brush, eraser: Brush) -> None:
        self.size = size
        self.ink = np.zeros(size[::-1], np.uint8)
        self.changes = 0
        self._brush, self._eraser = brush, eraser
        self._past: list[_Patch] = []
        self._before: NDArray[np.uint8] | None = None  # while a stroke is being drawn
        self._tool, self._at = brush, (0.0, 0.0)

    @property
    def is_empty(self) -> bool:
        """Whether there is no ink at all."""
        return not self.ink.any()

    @property
    def can_undo(self) -> bool:
        """Whether there is anything to take back."""
        return bool(self._past) or self._before is not None

    def begin(self, point: Point, *, erase: bool = False) -> None:
        """Sets the brush down, or the eraser; a stroke that has not ended ends."""
        self.end()
        self._before = self.ink.copy()
        self._tool, self._at = (self._eraser if erase else self._brush), point
        self._draw(point)

    def extend(self, point: Point) -> None:
        """Moves it in a straight line; nothing if it is not set down."""
        if self._before is not None:
            self._draw(point)

    def end(self) -> None:
        """Lifts it: what was drawn since it was set down is one stroke, and is taken back as one."""
        before, self._before = self._before, None
        if before is not None:
            self._remember(before)

    def clear(self) -> None:
        """Takes all ink away, which can be taken back."""
        self.end()
        before = self.ink.copy()
        self.ink[:] = 0
        self._remember(before)
        self.changes += 1

    def undo(self) -> None:
        """Takes the last stroke back, the last erasing, or the last clearing."""
        self.end()
        if self._past:
            patch = self._past.pop()
            self.ink[patch.area] = patch.ink
            self.changes += 1

    def restart(self) -> None:
        """An empty canvas without a past."""
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
        erases = self._tool is self._eraser
        self.ink[area] = np.minimum(there, FULL - drawn) if erases else np.maximum(there, drawn)
        self._at = to
        self.changes += 1

    def _around(self, start: Point, stop: Point) -> Area:
        """The area that a line can touch."""
        reach = self._tool.reach

        def extent(axis: int) -> slice:
            low, high = sorted((start[axis], stop[axis]))
            within = np.clip([np.floor(low - reach), np.ceil(high + reach)], 0, self.size[axis])
            return slice(int(within[0]), int(within[1]))

        return extent(1), extent(0)

    def _remember(self, before: NDArray[np.uint8]) -> None:
        """Keeps what the present differs in from ``before``."""
        different = before != self.ink
        rows, columns = np.flatnonzero(different.any(axis=1)), np.flatnonzero(different.any(axis=0))
        if rows.size:
            area = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
            self._past.append(_Patch(area, before[area].copy()))
