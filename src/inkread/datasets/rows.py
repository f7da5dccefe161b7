"""Rows of digits as photos, forms and cheques have them: training material for a reader of whole rows.

A row is by one hand and one pen: its size, slant and spacing are drawn once, then varied from digit to digit. Digits touch,
overlap and are linked; what is no digit (separators, words, lines, the edges of other rows) is drawn too, but is not in the
text. Lengths are shares of a digit's height unless a name says pixels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from inkread.datasets import backgrounds, paper
from inkread.datasets.row_layout import Style, Writing, between, draw, lay_out
from inkread.datasets.row_text import random_digits, random_text
from inkread.datasets.scribe import Material, Scribe, load_material
from inkread.ink import find_ink
from inkread.strip import make_strip

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inkread.datasets.paper import Page

__all__ = ["Material", "RowSample", "ink_row", "load_material", "make_row"]

WIDEST = 640
"""Pixels of a strip to learn from: few rows would be wider, and memory has its price."""

MARGINS = ((0.3, 0.0, 0.08), (0.5, 0.05, 0.35), (0.2, 0.25, 0.9))
"""Paper around the digits: how often, from, to."""
NEIGHBOUR_SHARE, NEIGHBOUR_SEEN = 0.1, (0.04, 0.28)
"""Rows with parts of others at an edge, and the part that is seen."""
SHOW_THROUGH_SHARE, LIGHT_ON_DARK_SHARE = 0.05, 0.05
FAINTEST, FAINT_SHARE = 0.22, 0.08
"""Contrast of the faintest pencil to blank paper, of 1, and how often it is that faint."""
PRINT_MARGIN = 3.0
"""On printed paper, ink has more contrast, by this many standard deviations of the print."""

TOOLS = (
    (0.42, paper.BLACK_PEN),
    (0.25, paper.BLUE_PEN),
    (0.15, paper.PENCIL),
    (0.1, paper.MARKER),
    (0.04, paper.RED_MARKER),
    (0.04, paper.Tool((0.08, 0.4, 0.2), grain=0.1)),
)


@dataclass(frozen=True, slots=True)
class RowSample:
    """A picture of a row and what is written there.

    Attributes:
        pixels: uint8 H×W×3, RGB.
        text: the digits from left to right; may be empty.
        boxes: int32 len(text)×4, x0, y0, x1, y1 around each digit's own ink, within the picture.
    """

    pixels: NDArray[np.uint8]
    text: str
    boxes: NDArray[np.int32]


def make_row(material: Material, rng: np.random.Generator) -> RowSample:
    """Makes a row of digits by anybody, on anything, taken in any way.

    Args:
        material: what it is written with, see ``load_material``.
        rng: all that is random comes from it; equal generators make equal rows.
    """
    text = random_text(rng)
    style = Style.random(rng, characters=max(1, len(text)))
    scribe = Scribe.random(material, rng)
    writing = lay_out(text, scribe, style, rng)
    writing, shape = _framed(writing, style, rng)
    page = _guided(backgrounds.sheet(shape, style.height, rng), writing, style, rng)
    tool, page = _tool(page, rng)
    if rng.random() < SHOW_THROUGH_SHARE:
        page = _shown_through(page, scribe, style, tool, rng)
    ink, boxes = draw(writing, shape, style.pen)
    if rng.random() < NEIGHBOUR_SHARE:
        ink = np.maximum(ink, _neighbour(writing, scribe, style, shape, rng))
    page = backgrounds.lit(paper.write(page, ink, tool, rng), rng)
    if rng.random() < LIGHT_ON_DARK_SHARE:
        page = 1 - page
    pixels = backgrounds.captured(page, style.height, rng)
    return RowSample(pixels, "".join(character for character in text if character.isdigit()), boxes)


def ink_row(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """What a reader of rows is given: the strip of a picture of one row, 40×W float32 in 0..1, W at most 640.

    Args:
        pixels: uint8 H×W×3.
    """
    return make_strip(find_ink(pixels).map, widest=WIDEST)


def _framed(writing: Writing, style: Style, rng: np.random.Generator) -> tuple[Writing, tuple[int, int]]:
    """The writing moved into a frame around its digits, and the frame's height and width in pixels."""
    x0, y0, x1, y1 = writing.extent(digits=True)
    left, _, right, _ = writing.extent(digits=rng.random() < 0.2)
    reach = style.pen / 2
    margins = np.array([between(MARGINS, rng) for _ in range(4)]) * style.height + reach
    x0, x1 = min(x0, left) - margins[0], max(x1, right) + margins[1]
    y0, y1 = y0 - margins[2], y1 + margins[3]
    if not any(one.character.isdigit() for one in writing.placed):
        # Where there is no digit, a frame is as large as one of digits, and what there is lies anywhere in it.
        spare = np.array([rng.uniform(1, 5), rng.uniform(0.9, 1.6)]) * style.height - [x1 - x0, y1 - y0]
        spare, part = np.maximum(spare, 0), rng.random(2)
        x0, y0 = x0 - part[0] * spare[0], y0 - part[1] * spare[1]
        x1, y1 = x1 + (1 - part[0]) * spare[0], y1 + (1 - part[1]) * spare[1]
    shape = (math.ceil(y1 - y0), math.ceil(x1 - x0))
    return writing.moved(np.array([-x0, -y0])), shape


def _tool(page: Page, rng: np.random.Generator) -> tuple[paper.Tool, Page]:
    """A pen whose ink stands out from the page, and the page, its print softened where no ink would."""
    shares = np.array([share for share, _ in TOOLS])
    tool = TOOLS[int(rng.choice(len(TOOLS), p=shares / shares.sum()))][1]
    # Green, which every ink of ``TOOLS`` darkens, speaks for all.
    seen = page[::2, ::3, 1]
    drop = max(float(seen.mean()) - tool.colour[1], FAINTEST)
    least = (FAINTEST + PRINT_MARGIN * float(seen.std())) / drop
    if least > 1:
        mean = page.mean(axis=(0, 1), keepdims=True)
        page = mean + (page - mean) / np.float32(least)
    least = min(1.0, least)
    most = least if rng.random() < FAINT_SHARE else 1.0
    opacity = most - (most - least) * float(rng.random()) ** 2
    grain, softness = tool.grain * float(rng.random()), float(rng.uniform(0.3, 0.7))
    return replace(tool, opacity=opacity, grain=grain, softness=softness), page


def _guided(page: Page, writing: Writing, style: Style, rng: np.random.Generator) -> Page:
    """The page with the lines that are printed for the writer."""
    height, width = page.shape[:2]
    unit, tilt = style.height, -math.tan(style.slope) * float(rng.uniform(0, 1))
    grey = float(rng.uniform(0.1, 0.8))
    red, green, blue = (
        float(value) for value in np.clip(grey + rng.uniform(0, 0.5) * rng.normal(0, 0.6, 3), 0, 0.9)
    )
    thickness = max(1, round(unit * float(rng.uniform(0, 0.06))))
    x0, y0, x1, y1 = writing.extent(digits=True)
    level = [
        (0.0, y, float(width), y + tilt * width) for y in (y1 + rng.uniform(-0.15, 0.3, 2) * unit).tolist()
    ]
    choice = rng.random()
    lines: list[paper.Box] = []
    if style.pitch:
        lines = _cells(writing, style, rng)
    elif choice < 0.14:
        lines = level[:1]
    elif choice < 0.18:
        lines = [level[0], tuple(np.add(level[0], (0, 0.12 * unit, 0, 0.12 * unit)).tolist())]
    elif choice < 0.25:
        pad = rng.uniform(0.03, 0.4, 4) * unit
        lines = _sides(x0 - pad[0], y0 - pad[1], x1 + pad[2], y1 + pad[3])
    elif choice < 0.31:
        spacing = unit * float(rng.uniform(0.5, 2))
        lines = [
            (0.0, y, float(width), y + tilt * width)
            for y in np.arange(level[0][1] % spacing - spacing, height, spacing)
        ]
    elif choice < 0.37:
        spacing = unit * float(rng.uniform(0.3, 1.2))
        return paper.grid(
            page,
            spacing=spacing,
            start=(rng.uniform(0, spacing), rng.uniform(0, spacing)),
            colour=(red, green, blue),
        )
    elif choice < 0.39:
        x = float(rng.choice([rng.uniform(0, 0.3) * unit, width - rng.uniform(0, 0.3) * unit]))
        lines = [(x, 0.0, x - tilt * height, float(height))]
    return paper.printed(page, lines, colour=(red, green, blue), thickness=thickness) if lines else page


def _sides(x0: float, y0: float, x1: float, y1: float) -> list[paper.Box]:
    return [(x0, y0, x1, y0), (x1, y0, x1, y1), (x1, y1, x0, y1), (x0, y1, x0, y0)]


def _cells(writing: Writing, style: Style, rng: np.random.Generator) -> list[paper.Box]:
    """A printed frame around each character, all on one level or each its own, joined or apart."""
    _, top, _, bottom = writing.extent(digits=True)
    half = style.pitch * style.height * float(rng.uniform(0.4, 0.5) if rng.random() < 0.7 else 0.5)
    above, below = rng.uniform(-0.05, 0.35, 2) * style.height
    return [
        side
        for one in writing.placed
        for side in _sides(one.matrix[0, 2] - half, top - above, one.matrix[0, 2] + half, bottom + below)
    ]


def _neighbour(
    writing: Writing, scribe: Scribe, style: Style, shape: tuple[int, int], rng: np.random.Generator
) -> NDArray[np.float32]:
    """The ink of a row above or below of which only an edge is in the picture."""
    text = random_digits(max(1, len(writing.placed)), rng)
    other = lay_out(text, scribe, replace(style, slope=0.0, pitch=0.0), rng)
    other = replace(other, strokes=())
    _, top, _, bottom = other.extent(digits=True)
    seen = float(rng.uniform(*NEIGHBOUR_SEEN)) * style.height
    y = seen - bottom if rng.random() < 0.5 else shape[0] - seen - top
    ink, _ = draw(other.moved(np.array([rng.normal(0, 0.6) * style.height, y])), shape, style.pen)
    return ink


def _shown_through(
    page: Page, scribe: Scribe, style: Style, tool: paper.Tool, rng: np.random.Generator
) -> Page:
    """The page with the writing of its other side, mirrored, soft and faint."""
    height, width = page.shape[:2]
    other = lay_out(random_digits(5, rng), scribe, replace(style, pitch=0.0), rng)
    shift = np.array([rng.uniform(-1, 1) * style.height, rng.uniform(0.3, 1.4) * height])
    ink, _ = draw(other.moved(shift), (height, width), style.pen)
    faint = replace(
        tool, opacity=tool.opacity * float(rng.uniform(0.06, 0.2)), softness=0.05 * style.height + 0.5
    )
    return paper.write(page, np.ascontiguousarray(ink[:, ::-1]), faint, rng)
