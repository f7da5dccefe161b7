"""One look for all plots: colors, type, the few marks of a panel, scales, and files or parts of a page.

The colors are Okabe and Ito's (2008), distinguishable with any color vision; blue is for right or normal,
orange for wrong. Nothing here changes matplotlib's global settings.
"""

from __future__ import annotations

import io
import re
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import LogLocator, NullLocator

from inkread.errors import OptionError
from inkread.system.files import write_whole, writing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.container import Container

    from inkread.system.files import AnyPath

    Grid = Literal["x", "y", "both"]

PAPER, INK, FAINT, LINE, FRAME = "#ffffff", "#1c1e24", "#5d616c", "#e3e1d9", "#c9c7c0"
BLUE, ORANGE = "#0072b2", "#d55e00"
CLASS_COLOURS = (
    "#2a7fc0", "#e69f00", "#009e73", "#d9640f", "#a6694f", "#cc79a7", "#56b4e9", "#80838c", "#8d6bd0",
    "#a6a000",
)  # fmt: skip
"""One color per digit: near Okabe and Ito's, and three more; the name always appears beside them.

None of them is ``BLUE`` or ``ORANGE``, which a dark page changes.
"""

WIDTH = 9.0
"""Width of every plot in inches: the column of a report."""

DPI = 200
"""Resolution of a saved PNG: twice a page's, for dense screens and print."""

PAGE_DPI = 100

PAD = 0.08
"""Padding around each panel, in inches."""

TITLE_ROOM = 0.4
"""Space above the panels, in inches."""

TITLE, BODY, SMALL, TINY = 12.0, 10.0, 8.5, 7.5
"""Font sizes, in points."""

SUFFIXES = (".png", ".svg")

TICKS = (0.1, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995)
"""Accuracies that may be labeled."""

ROOM = 1.4
"""Factor by which a scale extends beyond its highest and lowest error."""

WIDE = 100

TOKENS = {
    PAPER: "--card",
    INK: "--ink",
    FAINT: "--faint",
    LINE: "--line",
    FRAME: "--frame",
    BLUE: "--accent",
    ORANGE: "--wrong",
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


class Plot(Figure):
    """A matplotlib ``Figure`` that displays itself in a notebook without pyplot."""

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        """Returns the PNG, with its display size in a notebook, which is half of the resolution."""
        width, height = self.get_size_inches() * PAGE_DPI
        return self.to_png(), {"width": round(width), "height": round(height)}

    def to_png(self) -> bytes:
        """Returns the plot as PNG."""
        return self._rendered("png")

    def to_svg(self, *, text: bool = False) -> str:
        """Returns the plot as SVG, with the same bytes each time; its letters are outlines, or stay text."""
        with rc_context({"svg.fonttype": "none" if text else "path", "svg.hashsalt": "inkread"}):
            return self._rendered("svg", Date=None).decode("utf-8")

    def _rendered(self, kind: str, **metadata: Any) -> bytes:
        buffer = io.BytesIO()
        self.savefig(buffer, format=kind, dpi=DPI, metadata=metadata)
        return buffer.getvalue()


def require_suffix(path: AnyPath) -> None:
    """Raises an ``OptionError`` for a file name that is neither PNG nor SVG, before anything is computed."""
    if Path(path).suffix.lower() not in SUFFIXES:
        raise OptionError(str(path), "has a suffix that is not a plot format", "use .png or .svg")


def save(plot: Plot, path: AnyPath) -> None:
    """Writes the plot as PNG or SVG, by the file's suffix; creates its folder if necessary.

    Raises:
        OptionError: the suffix is neither.
        OutputError: the file cannot be written.
    """
    require_suffix(path)
    path = Path(path)
    content = plot.to_png() if path.suffix.lower() == ".png" else plot.to_svg().encode("utf-8")
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, content)


def inline(plot: Plot, title: str) -> str:
    """Returns the plot as an HTML element, with the page's font and color names."""
    svg = SUPERFLUOUS.sub("", plot.to_svg(text=True))
    svg = svg.replace("<svg", f'<svg role="img" aria-label="{escape(title)}"', 1)
    for colour, token in TOKENS.items():
        svg = svg.replace(colour, f"var({token})")
    return svg


def figure(height: float, title: str = "") -> Plot:
    """Returns an empty plot of this height in inches, with a left-aligned title."""
    layout = ConstrainedLayoutEngine(w_pad=PAD, h_pad=PAD)
    plot = Plot(figsize=(WIDTH, height), dpi=PAGE_DPI, facecolor=PAPER, layout=layout)
    if title:
        plot.suptitle(title, x=0.008, ha="left", size=TITLE, weight="bold", color=INK)
    return plot


def panel(axes: Axes, title: str = "", *, x: str = "", y: str = "", grid: Grid | None = "y") -> Axes:
    """Styles a panel with axes: no frame, a title of any text, labels, and pale grid lines."""
    axes.set_facecolor("none")
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(LINE)
    axes.tick_params(length=0, labelsize=SMALL, labelcolor=FAINT, pad=5)
    if grid:
        axes.grid(axis=grid, color=LINE, linewidth=0.8)
        axes.set_axisbelow(True)
    if title:
        axes.set_title(title, loc="left", size=BODY, color=INK, pad=10, parse_math=False)
    axes.set_xlabel(x, size=SMALL, color=FAINT)
    axes.set_ylabel(y, size=SMALL, color=FAINT)
    return axes


def bare(axes: Axes, title: str = "") -> Axes:
    """Styles a panel that contains an image: nothing around it."""
    axes.set_axis_off()
    if title:
        axes.set_title(title, loc="left", size=BODY, color=INK, pad=8)
    return axes


def legend(plot: Plot, marks: Sequence[Artist | Container], *, columns: int = 6) -> None:
    """Adds a legend below the panels, with each mark's label, which may be any text."""
    shown = plot.legend(
        handles=marks, labels=[" "] * len(marks), loc="outside lower left", ncols=columns, frameon=False,
        fontsize=SMALL, labelcolor=INK,
    )  # fmt: skip
    for text, mark in zip(shown.get_texts(), marks, strict=True):
        text.set_parse_math(False)  # a dollar sign in a file name is not a formula
        text.set_text(mark.get_label())  # only now, because a name that begins with "_" would be left out


def percent(share: float, _place: float | None = None) -> str:
    """Formats a share of 0..1 as a percentage, with no more decimals than it has."""
    return f"{100 * share:.4g}%"


def accuracy_axis(axes: Axes, errors: Iterable[float]) -> None:
    """Turns the vertical axis, on which error rates are drawn, into one of accuracies.

    99 % is as far from 98 % as 98 % is from 96 %. The given errors, each above 0, are visible.
    """
    seen = list(errors)
    low, high = min(seen) / ROOM, min(max(seen) * ROOM, 1.0)
    axes.set_yscale("log")
    axes.set_ylim(high, low)
    shown = [tick for tick in TICKS if low <= 1 - tick <= high]
    axes.set_yticks([1 - tick for tick in shown], [percent(tick) for tick in shown])
    axes.yaxis.set_minor_locator(NullLocator())


def logarithmic_axis(
    axis: Axis, shown: Callable[[float], str] = "{:g}".format, *, wide: float = WIDE
) -> None:
    """Labels a logarithmic axis with plain numbers, formatted by ``shown``, once its limits are known.

    If its ends differ by at least the factor ``wide``, it is labeled at powers of ten only.
    """
    low, high = axis.get_view_interval()
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < wide * low else (1,)))
    axis.set_major_formatter(lambda value, _place: shown(value))
    axis.set_minor_locator(NullLocator())
