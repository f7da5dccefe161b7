"""A plot within a page: SVG that takes its letters and its colours from the page around, light or dark."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

from inkread.evaluation.plots import style

if TYPE_CHECKING:
    from inkread.evaluation.plots.style import Plot

TOKENS = {
    style.PAPER: "--card",
    style.INK: "--ink",
    style.FAINT: "--faint",
    style.LINE: "--line",
    style.FRAME: "--frame",
    style.BLUE: "--accent",
    style.ORANGE: "--wrong",
}
"""The page's name of each colour of a plot."""

SUPERFLUOUS = re.compile(
    r"""^.*?(?=<svg\ ) | <metadata>.*?</metadata>    # what a file has before and beside the drawing
    | \ (?:xmlns(?::\w+)?|version)="[^"]*"         # names that HTML knows
    | \ (?:width|height)="[^"]*pt"                 # its size, which is the page's to choose
    | \ id="[a-zA-Z]+[a-zA-Z0-9]*_\d+"             # numbered groups, whose names would be there for each plot
    """,
    re.DOTALL | re.VERBOSE,
)
"""Of an SVG file, within a page."""


def inline(plot: Plot, title: str) -> str:
    """The plot as an element of a page: text in the page's font, colours by the page's names."""
    svg = SUPERFLUOUS.sub("", plot.to_svg(text=True))
    svg = svg.replace("<svg", f'<svg role="img" aria-label="{escape(title)}"', 1)
    for colour, token in TOKENS.items():
        svg = svg.replace(colour, f"var({token})")
    return svg
