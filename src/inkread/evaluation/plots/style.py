"""One look for all plots: colors, type, and the few marks of a panel.

The colors are Okabe and Ito's (2008), distinguishable with any color vision; blue is for right or normal,
orange for wrong. Nothing here changes matplotlib's global settings.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from inkread.errors import OptionError
from inkread.system.files import write_whole, writing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
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


class Plot(Figure):
    """A matplotlib ``Figure`` that displays itself in a notebook without pyplot."""

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        """Returns the PNG, with its display size in a notebook, which is half of the resolution."""
        width, height = self.get_size_inches() * PAGE_DPI
        return self.to_png(), {"width": round(width), "height": round(height)}

    def to_png(self) -> bytes:
        """Returns the plot as PNG."""
        return _rendered(self, "png")

    def to_svg(self, *, text: bool = False) -> str:
        """Returns the plot as SVG, with the same bytes each time.

        Args:
            text: keep letters as text in the surrounding page's font, instead of outlines.
        """
        with rc_context({"svg.fonttype": "none" if text else "path", "svg.hashsalt": "inkread"}):
            return _rendered(self, "svg").decode("utf-8")


def _rendered(figure: Figure, kind: str) -> bytes:
    buffer = io.BytesIO()
    metadata: dict[str, Any] = {"Date": None} if kind == "svg" else {}
    figure.savefig(buffer, format=kind, dpi=DPI, metadata=metadata)
    return buffer.getvalue()


def require_suffix(path: AnyPath) -> None:
    """Rejects a file name that is neither PNG nor SVG, before anything is computed.

    Raises:
        OptionError: the suffix is neither.
    """
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


def figure(height: float, title: str = "", *, width: float = WIDTH) -> Plot:
    """Returns an empty plot of this height in inches, with a left-aligned title."""
    layout = ConstrainedLayoutEngine(w_pad=PAD, h_pad=PAD)
    plot = Plot(figsize=(width, height), dpi=PAGE_DPI, facecolor=PAPER, layout=layout)
    if title:
        plot.suptitle(title, x=0.008, ha="left", size=TITLE, weight="bold", color=INK)
    return plot


def panel(axes: Axes, title: str = "", *, x: str = "", y: str = "", grid: Grid | None = "y") -> Axes:
    """Styles a panel with axes: no frame, pale grid lines.

    Args:
        axes: the panel.
        title: text above it; any text.
        x: label of the horizontal axis.
        y: label of the vertical axis.
        grid: the axis with grid lines.
    """
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
