"""A plot of the pipeline: every step of the reader from a photo of a digit to its probabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from inkread.datasets import page_rendering
from inkread.datasets.stroke_font import WriterStyle, write_row
from inkread.datasets.stroke_rendering import rasterise
from inkread.errors import OptionError
from inkread.evaluation.plots import image_grid, style
from inkread.evaluation.plots import network as inside
from inkread.evaluation.plots.grids import certainty, name_of
from inkread.evaluation.plots.layers import feature_row
from inkread.models.card import DIGIT_CLASSES
from inkread.pipeline.glyphs import cut_ink

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray
    from torch import nn

    from inkread.evaluation.plots.style import Plot
    from inkread.pipeline.trace import Trace

FEATURE_COLUMNS = 4


def process(trace: Trace, network: nn.Sequential) -> Plot:
    """Plots a picture, its ink, its glyph, the first layer's activations, and each digit's probability.

    Of several digits, the first is shown. The network has the layers of the model that read the picture, see
    ``inkread.evaluation.plots.network.network_of``.

    Raises:
        OptionError: there is no ink in the picture.
    """
    glyph, probabilities, box = first_glyph(trace)
    best = int(probabilities.argmax())
    title = f"From picture to digit: {name_of(best)}, {certainty(probabilities[best])} confidence"
    plot = style.figure(2.45, title)
    pictures = plot.subplots(1, 5, width_ratios=(1, 1, 1, 1, 1.3))
    layers = inside.activations(network, glyph)
    shown = next(iter(layers), "")
    names = ("picture", "ink", "28×28", shown or "no hidden layer", "probabilities")
    for number, (axes, name) in enumerate(zip(pictures, names, strict=True), 1):
        style.bare(axes, f"{number}  {name}")
        axes.set_anchor("N")
    pictures[0].imshow(trace.picture.pixels)
    pictures[1].imshow(image_grid.paper(cut_ink(trace.grey, box)))
    image_grid.draw(pictures[2], [[image_grid.Tile(image_grid.paper(glyph))]], columns=1)
    if shown:
        row = feature_row(layers[shown], count=FEATURE_COLUMNS**2, columns=FEATURE_COLUMNS)
        image_grid.draw(pictures[3], image_grid.in_rows(row, FEATURE_COLUMNS), columns=FEATURE_COLUMNS)
    _bars(pictures[4], probabilities)
    return plot


def first_glyph(trace: Trace) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.float32]]:
    """Returns the glyph, probabilities, and box of the first digit, or of the most probable candidate."""
    index = trace.choice.digits[0] if trace.choice.rows else trace.main
    if index is None:
        raise OptionError(trace.reading.source, "has no ink to show", "use a picture of a digit")
    opinions = trace.opinions
    return opinions.glyphs[index], trace.choice.probabilities[index], opinions.found.boxes[index]


def example_photo(digits: str = "5", *, seed: int = 4) -> NDArray[np.uint8]:
    """Renders a photo of a digit or a few in ballpoint pen on paper in uneven light: H×W×3."""
    rng = np.random.default_rng(seed)
    shape = (300, 300 + 150 * (len(digits) - 1))
    page = page_rendering.plain_paper(shape, rng, colour=(0.95, 0.94, 0.90))
    strokes = page_rendering.place(write_row(digits, WriterStyle.random(rng), rng), at=(110, 66), height=165)
    page = page_rendering.write(page, rasterise(strokes, shape, 9), page_rendering.BLUE_PEN, rng)
    page = page * page_rendering.uneven_light(shape, direction=40, fall=0.35, vignette=0.15)
    return page_rendering.photograph(page, page_rendering.Camera(tilt=0.04, turn=2.0), rng)


def _bars(axes: Axes, probabilities: NDArray[np.float32]) -> None:
    places = np.arange(len(probabilities))
    best = int(probabilities.argmax())
    colours = [style.BLUE if place == best else style.FAINT for place in places]
    axes.set_axis_on()
    style.panel(axes, grid=None)
    axes.barh(places, np.maximum(probabilities, 0.005), height=0.7, color=colours)
    axes.set_yticks(places, [label or "none" for label in DIGIT_CLASSES])
    axes.tick_params(labelcolor=style.INK, labelsize=style.TINY, pad=3)
    axes.set(xlim=(0, 1.35), ylim=(len(places) - 0.4, -0.6), xticks=[], box_aspect=0.78)
    axes.spines["bottom"].set_visible(False)
    axes.text(
        probabilities[best] + 0.04, best, certainty(probabilities[best]), va="center_baseline",
        size=style.SMALL,
        color=style.INK,
    )  # fmt: skip
