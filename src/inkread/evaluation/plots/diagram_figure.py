"""A diagram of a network: its layers from left to right, as large as their outputs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from matplotlib.patches import FancyArrowPatch, Rectangle

from inkread.evaluation.plots import style
from inkread.evaluation.summary import LayerRow

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from inkread.evaluation.plots.style import Plot
    from inkread.evaluation.summary import Summary

HEIGHT, ROW_HEIGHT = 0.8, 2.1  # inches: of the title, and of a row
PER_ROW = 8
"""Most layers of a row."""

GAP, THICKEST = 0.55, 1.0
"""Space between layers, and the width of one with ``MOST_CHANNELS`` channels."""
MOST_CHANNELS, THINNEST = 512, 0.14

OPACITY = 0.15
"""Of a layer's color: a dark page shows through."""


def diagram(summary: Summary) -> Plot:
    """Draws a network's layers, see ``inkread.evaluation.summary.summarize``.

    A layer is as high as the pictures that it gives, and the wider the more of them there are; a vector is as
    high as the input. Layers with weights are blue.
    """
    layers = [LayerRow(summary.source, "input", summary.shape, 0, 0), *summary.rows]
    count = math.ceil(len(layers) / math.ceil(len(layers) / PER_ROW))  # rows of equal length
    rows = [layers[start : start + count] for start in range(0, len(layers), count)]
    title = f"{len(summary.rows)} layers, {summary.parameters:,} parameters"
    plot = style.figure(HEIGHT + ROW_HEIGHT * len(rows), title)
    grid = plot.subplots(len(rows), 1, squeeze=False)
    tallest = max(_size(layer.shape) for layer in layers)
    for axes, row in zip(grid[:, 0], rows, strict=True):
        style.bare(axes)
        _draw_row(axes, row, tallest)
    return plot


def _draw_row(axes: Axes, row: list[LayerRow], tallest: float) -> None:
    for place, layer in enumerate(row):
        middle = place * (THICKEST + GAP)
        wide, high = _width(layer.shape), _size(layer.shape) / tallest
        color = style.BLUE if layer.parameters else style.FAINT
        corner = (middle - wide / 2, -high / 2)
        axes.add_patch(Rectangle(corner, wide, high, facecolor=color, alpha=OPACITY, linewidth=0))
        axes.add_patch(Rectangle(corner, wide, high, fill=False, edgecolor=color, linewidth=1))
        if place:
            before = middle - THICKEST - GAP + _width(row[place - 1].shape) / 2
            ends = (before + 0.06, 0), (middle - wide / 2 - 0.06, 0)
            axes.add_patch(FancyArrowPatch(*ends, arrowstyle="-|>", mutation_scale=7, color=style.FAINT))
        axes.text(middle, 0.62, layer.name, ha="center", size=style.SMALL, color=style.INK, parse_math=False)
        weights = f"{layer.parameters:,} weights" if layer.parameters else ""
        below = [_kind(layer.kind), "×".join(map(str, layer.shape)), weights]
        axes.text(
            middle, -0.62, "\n".join(below), ha="center", va="top", size=style.TINY, color=style.FAINT,
            parse_math=False,
        )  # fmt: skip
    axes.set(xlim=(-0.8, PER_ROW * (THICKEST + GAP) - GAP), ylim=(-1.15, 0.8))


def _kind(kind: str) -> str:
    return kind.replace("convolution", "conv").replace("maximum pooling", "max pool").replace(", ", "\n", 1)


def _size(shape: tuple[int, ...]) -> float:
    """Returns the height of a layer: that of its pictures; a vector is as high as a picture of 28 pixels."""
    return float(shape[-2]) if len(shape) > 1 else 28.0


def _width(shape: tuple[int, ...]) -> float:
    """Returns the width of a layer, by its number of pictures; a vector is thin."""
    channels = shape[0] if len(shape) == 3 else 1
    share = math.log2(max(1, channels)) / math.log2(MOST_CHANNELS)
    return THINNEST + (THICKEST - THINNEST) * min(1.0, share)
