"""Two ways to read drawings of ``inkread draw``: ``python benchmarks/grid_drawing.py [--digits 1000]``.

Draws characters of UNIPEN's held-out contributors with the window's brush, at any size and position, and
reads them directly, as the window does, and as pictures of one digit. The method and the brush were chosen
with this table.
"""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING

import numpy as np

from inkread.datasets.pen_strokes import HELD_OUT_CONTRIBUTORS, PenCharacters, load_unipen
from inkread.desktop.canvas import FULL, Canvas
from inkread.desktop.grid_view import CELLS, GridView
from inkread.errors import DatasetNotFoundError
from inkread.pipeline.classifier import DIGITS
from inkread.pipeline.glyph import SIDE
from inkread.reader import Reader

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

SMALLEST, LARGEST = 12, 24
"""Range of a drawing's longer side, cells."""

MARGIN = 2
"""Minimum margin around the drawing, cells."""

AGREEMENT = 0.5
"""Minimum share of equal labels among a character's neighbors for its label to be trusted."""

NO_DIGITS = list("ABDEFGHKMNRWXkmwx")
"""Letters that do not look like a digit."""


def main() -> None:
    """Prints, for each method, the digits read correctly, the letters rejected, and the time per drawing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--digits", type=int, default=200)
    count = parser.parse_args().digits
    try:
        characters = load_unipen()
    except DatasetNotFoundError as error:
        print(error)
        return
    rng = np.random.default_rng(0)
    held_out = np.isin(characters.contributors, HELD_OUT_CONTRIBUTORS) & (characters.agreement >= AGREEMENT)
    digits = rng.permutation(np.flatnonzero(held_out & np.isin(characters.labels, DIGITS)))[:count]
    letters = rng.permutation(np.flatnonzero(held_out & np.isin(characters.labels, NO_DIGITS)))[: count // 3]
    drawn = [draw(characters, index, rng) for index in (*digits, *letters)]
    labels = np.append(characters.labels[digits].astype(int), np.full(len(letters), len(DIGITS)))
    reader, grid = Reader(threads=1), GridView(min_probability=0.0)

    def as_it_stands(ink: NDArray[np.uint8]) -> int:
        reading = grid.read(reader, ink)
        return int(np.argmax([*reading.shares, reading.none]))

    def as_a_picture(ink: NDArray[np.uint8]) -> int:
        picture = FULL - ink.repeat(CELLS, axis=0).repeat(CELLS, axis=1)
        trace = reader.trace(picture, single=True)
        return len(DIGITS) if trace.main is None else int(trace.choice.probabilities[trace.main].argmax())

    print(f"{len(digits)} digits, {len(letters)} letters; brush {GridView.brush}")
    print(f"{'read':>14}{'digits right':>14}{'letters rejected':>17}{'ms each':>9}")
    for name, way in (("as it stands", as_it_stands), ("as a picture", as_a_picture)):
        right, seconds = score(way, drawn, labels)
        is_digit = labels < len(DIGITS)
        print(
            f"{name:>14}{right[is_digit].mean():>14.2%}{right[~is_digit].mean():>17.1%}{seconds * 1000:>9.2f}"
        )


def draw(characters: PenCharacters, index: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Draws a character on the grid, 28×28, at any size and position."""
    strokes = characters.strokes(index)
    points = np.concatenate(strokes)
    low, high = points.min(axis=0), points.max(axis=0)
    scale = rng.uniform(SMALLEST, LARGEST) / max(1.0, float((high - low).max()))
    corner = MARGIN + rng.uniform(0, 1, 2) * (SIDE - 2 * MARGIN - (high - low) * scale)
    canvas = Canvas(GridView.size, GridView.brush, GridView.eraser)
    for stroke in strokes:
        first, *others = ((float(x), float(y)) for x, y in (stroke - low) * scale + corner)
        canvas.begin(first)
        for point in others:
            canvas.extend(point)
        canvas.end()
    return canvas.ink


def score(
    way: Callable[[NDArray[np.uint8]], int], drawn: list[NDArray[np.uint8]], labels: NDArray[np.int_]
) -> tuple[NDArray[np.bool_], float]:
    """Returns which are read correctly, and the seconds per drawing."""
    start = time.perf_counter()
    read = np.array([way(ink) for ink in drawn])
    return read == labels, (time.perf_counter() - start) / len(drawn)


if __name__ == "__main__":
    main()
