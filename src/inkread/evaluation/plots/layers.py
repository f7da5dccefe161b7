"""Plots of a network's inner workings: first filters, activations of its layers, and decisive pixels.

Glyphs, labels, and probabilities are as in ``inkread.evaluation.plots.grids``.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from inkread.errors import OptionError
from inkread.evaluation.plots import image_grid
from inkread.evaluation.plots import network as inside
from inkread.evaluation.plots.grids import name_of, read_tile
from inkread.models.card import DIGIT_CLASSES
from inkread.pipeline.glyph import SIDE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import nn

    from inkread.evaluation.plots.image_grid import Tile
    from inkread.evaluation.plots.style import Plot

FILTER_COLUMNS, MOST_FILTERS = 12, 60
CHANNELS = 12
SALIENT = 10

SALIENT_FROM = 99.5
"""Percentile of a map at which a pixel has full color."""

PALER = 99.5
"""Percentile of a layer's activations at full color, so that one outlier does not make all others pale."""


def filters(network: nn.Sequential, *, count: int = MOST_FILTERS) -> Plot:
    """Plots the weights of the first layer: blue if ink activates a filter, orange if ink inhibits it."""
    weights = inside.first_filters(network)
    largest = float(np.abs(weights).max())
    shown = [image_grid.Tile(_enlarged(image_grid.signed(each, largest))) for each in weights[:count]]
    rows = image_grid.in_rows(shown, FILTER_COLUMNS)
    size = "×".join(map(str, weights.shape[1:]))
    which = "" if len(weights) <= count else f", the first {count}"
    title = f"{len(weights)} filters of {size} pixels{which}: blue responds to ink, orange to its absence"
    return image_grid.plot(rows, FILTER_COLUMNS, title)


def features(network: nn.Sequential, glyph: NDArray[Any], *, channels: int = CHANNELS) -> Plot:
    """Plots the hidden layers' activations for a glyph, bluer for more active.

    Of many channels, only the most active are shown.

    Raises:
        OptionError: the network has no hidden layer.
    """
    found = inside.activations(network, glyph)
    if not found:
        raise OptionError("features", "are of hidden layers, but this network has none", "plot its filters")
    rows = [
        [image_grid.Tile(image_grid.paper(glyph))],
        *(feature_row(each, count=channels, columns=channels) for each in found.values()),
    ]
    title = "Activations of the hidden layers (the most active channels)"
    return image_grid.plot(rows, channels, title, names=["glyph", *found])


def feature_row(values: NDArray[np.float32], *, count: int, columns: int) -> list[Tile]:
    """Converts a layer's activations to tiles.

    Args:
        values: filters×h×w of a convolution, or the units of a dense layer, which become one tile.
        count: maximum number of tiles, of the most active channels.
        columns: number of tiles in a row, which is the width of a dense layer's tile.
    """
    largest = float(np.percentile(values, PALER)) or float(values.max())
    if values.ndim == 1:
        width = columns * (SIDE + image_grid.GAP) - image_grid.GAP
        rows = math.ceil(math.sqrt(len(values) * SIDE / width))
        across = math.ceil(len(values) / rows)
        cells = np.zeros(rows * across, np.float32)
        cells[: len(values)] = values
        return [image_grid.Tile(_enlarged(image_grid.signed(cells.reshape(-1, across), largest), width))]
    strongest = np.argsort(-values.std(axis=(1, 2)), kind="stable")[:count]
    return [image_grid.Tile(_enlarged(image_grid.signed(values[i], largest))) for i in sorted(strongest)]


def saliency(
    network: nn.Sequential,
    images: NDArray[Any],
    labels: NDArray[np.integer],
    probabilities: NDArray[np.floating],
    *,
    classes: Sequence[str] = DIGIT_CLASSES,
) -> Plot:
    """Plots the pixels that matter most to a reading, in orange; of at most ten glyphs.

    See ``inkread.evaluation.plots.network.saliency_map``.
    """
    originals, marks = [], []
    for image, label, shares in zip(images[:SALIENT], labels, probabilities, strict=False):
        originals.append(read_tile(image, label, shares, classes))
        mark = inside.saliency_map(network, image)
        marks.append(image_grid.Tile(image_grid.marked(image, mark / np.percentile(mark, SALIENT_FROM))))
    rows = [originals, marks] if len(originals) > 1 else [[*originals, *marks]]
    return image_grid.plot(rows, max(len(originals), SALIENT // 2), "The decisive pixels, in orange")


def gradcam(
    network: nn.Sequential,
    images: NDArray[Any],
    labels: NDArray[np.integer],
    probabilities: NDArray[np.floating],
    *,
    classes: Sequence[str] = DIGIT_CLASSES,
) -> Plot:
    """Plots the evidence for each reading, and for the next most probable class, in orange.

    See ``inkread.evaluation.plots.network.class_activation_map``.

    Raises:
        OptionError: the network has no convolution.
    """
    rows: list[list[Tile]] = [[], [], []]
    for image, label, shares in zip(images[:SALIENT], labels, probabilities, strict=False):
        rows[0].append(read_tile(image, label, shares, classes))
        for row, candidate in zip(rows[1:], np.argsort(-shares, kind="stable"), strict=False):
            found = inside.class_activation_map(network, image, int(candidate))
            row.append(image_grid.Tile(image_grid.marked(image, found), f"for {name_of(candidate, classes)}"))
    title = "Evidence in the last convolution (Grad-CAM), in orange"
    if len(rows[0]) > 1:
        return image_grid.plot(rows, len(rows[0]), title, names=["glyph", "reading", "runner-up"])
    return image_grid.plot([[tile for row in rows for tile in row]], SALIENT // 2, title)


def _enlarged(image: NDArray[np.float32], width: int = SIDE) -> NDArray[np.float32]:
    return np.asarray(cv2.resize(image, (width, SIDE), interpolation=cv2.INTER_NEAREST))
