"""Glyphs side by side: one image of many small ones, with a caption under each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.collections import PatchCollection
from matplotlib.patches import Rectangle

from inkread.evaluation.plots import style
from inkread.pipeline.glyph import SIDE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from inkread.evaluation.plots.style import Plot

GAP = 3
"""Gap between two tiles, in pixels of a glyph's grid."""

MARGIN = 0.3
"""Height in inches of a plot without tiles."""

CAPTION = 9
"""Height in inches of a caption under a tile."""

NAMES = 0.1
"""Width in inches of a letter in a row's name."""


@dataclass(frozen=True, slots=True)
class Tile:
    """One glyph with its caption.

    Attributes:
        image: 28×w×4 float32, RGBA in 0..1, see ``paper``, ``signed`` and ``marked``.
        caption: the text under it; may be empty.
        wrong: whether the caption has the color of errors.
        frame: color of its border.
    """

    image: NDArray[np.float32]
    caption: str = ""
    wrong: bool = False
    frame: str = style.FRAME


def paper(glyph: NDArray[Any]) -> NDArray[np.float32]:
    """Converts a glyph, uint8 or 0..1, to dark ink on white: h×w×4 RGBA."""
    ink = as_ink(glyph)
    return np.dstack([1 - 0.9 * ink] * 3 + [np.ones_like(ink)])


def signed(weights: NDArray[np.floating], largest: float) -> NDArray[np.float32]:
    """Converts weights from ``-largest`` (orange) through 0 (white) to ``largest`` (blue): h×w×4 RGBA."""
    share = np.clip(weights / (largest or 1.0), -1, 1).astype(np.float32)[..., None]
    ends = np.where(share > 0, _rgb(style.BLUE), _rgb(style.ORANGE))
    colours = 1 + np.abs(share) * (ends - 1)
    return np.concatenate([colours, np.ones_like(share)], axis=2).astype(np.float32)


def marked(glyph: NDArray[Any], mark: NDArray[np.floating]) -> NDArray[np.float32]:
    """Overlays a faint glyph with a mark of 0..1 in orange: h×w×4 RGBA."""
    ground = paper(0.3 * as_ink(glyph))
    strength = np.clip(mark, 0, 1).astype(np.float32)[..., None]
    ground[..., :3] += strength * (_rgb(style.ORANGE) - ground[..., :3])
    return ground


def as_ink(glyph: NDArray[Any]) -> NDArray[np.float32]:
    """Converts a glyph, uint8 in 0..255 or float in 0..1, to float32 in 0..1."""
    ink = glyph.astype(np.float32)
    return ink / np.float32(255) if glyph.dtype == np.uint8 else ink.clip(0, 1)


def draw(axes: Axes, rows: Sequence[Sequence[Tile]], *, columns: int, names: Sequence[str] = ()) -> None:
    """Draws rows of at most ``columns`` tiles as one image, with names on the left and captions as text."""
    style.bare(axes)
    below = CAPTION if any(tile.caption for row in rows for tile in row) else 0
    height = len(rows) * (SIDE + GAP + below) + GAP
    width = columns * (SIDE + GAP) + GAP
    canvas, frames = np.zeros((height, width, 4), np.float32), []
    for r, name in enumerate(names):
        y = GAP + r * (SIDE + GAP + below) + SIDE / 2
        axes.text(-GAP, y, name, ha="right", va="center", size=style.BODY, color=style.FAINT)
    for r, row in enumerate(rows):
        for c, tile in enumerate(row):
            y, x = GAP + r * (SIDE + GAP + below), GAP + c * (SIDE + GAP)
            h, w = tile.image.shape[:2]
            canvas[y : y + h, x : x + w] = tile.image
            frames.append(Rectangle((x, y), w, h, facecolor="none", edgecolor=tile.frame))
            axes.text(
                x + w / 2, y + h + 2, tile.caption, ha="center", va="top", size=style.SMALL,
                color=style.ORANGE if tile.wrong else style.INK, weight="bold" if tile.wrong else "normal",
            )  # fmt: skip
    axes.imshow(canvas, interpolation="none", extent=(0, width, height, 0))
    axes.add_collection(PatchCollection(frames, match_original=True, linewidth=0.8))


def plot(rows: Sequence[Sequence[Tile]], columns: int, title: str, *, names: Sequence[str] = ()) -> Plot:
    """Plots rows of tiles that fill the width, as high as necessary; see ``draw``."""
    cell = SIDE + GAP + (CAPTION if any(tile.caption for row in rows for tile in row) else 0)
    width = style.WIDTH - NAMES * max(map(len, names), default=0)
    height = width * (len(rows) * cell + GAP) / (columns * (SIDE + GAP) + GAP)
    canvas = style.figure(max(height, MARGIN) + style.TITLE_ROOM, title)
    draw(canvas.subplots(), rows, columns=columns, names=names)
    return canvas


def in_rows(tiles: Sequence[Tile], columns: int) -> list[Sequence[Tile]]:
    """Splits the tiles into rows of this length."""
    return [tiles[start : start + columns] for start in range(0, len(tiles), columns)]


def _rgb(colour: str) -> NDArray[np.float32]:
    return np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)], np.float32)
