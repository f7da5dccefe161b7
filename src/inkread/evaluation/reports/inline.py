"""A plot within a page: SVG that uses the surrounding page's font and colors, light or dark."""

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
"""The page's CSS variable for each plot color."""

SUPERFLUOUS = re.compile(
    r"""^.*?(?=<svg\ ) | <metadata>.*?</metadata>    # everything before the drawing, and metadata
    | \ (?:xmlns(?::\w+)?|version)="[^"]*"         # attributes that are implied in HTML
    | \ (?:width|height)="[^"]*pt"                 # its size, which the page chooses
    | \ id="[a-zA-Z]+[a-zA-Z0-9]*_\d+"             # numbered groups, which would repeat for each plot
    """,
    re.DOTALL | re.VERBOSE,
)
"""Parts of an SVG file that are superfluous within a page."""


def inline(plot: Plot, title: str) -> str:
    """Returns the plot as an HTML element, with the page's font and color names."""
    svg = SUPERFLUOUS.sub("", plot.to_svg(text=True))
    svg = svg.replace("<svg", f'<svg role="img" aria-label="{escape(title)}"', 1)
    for colour, token in TOKENS.items():
        svg = svg.replace(colour, f"var({token})")
    return svg
