"""One look for all plots: colours, type, and the few marks that a panel has.

Colours are those of Okabe and Ito (2008), told apart with any colour vision; blue is what is right or usual, orange what is
wrong. Nothing here changes matplotlib's global settings.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from inkread.errors import OptionError, OutputError

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
    "#2a7fc0", "#e69f00", "#009e73", "#d9640f", "#a6694f", "#cc79a7", "#56b4e9", "#80838c", "#8d6bd0", "#a6a000",
)  # fmt: skip
"""One a digit: near Okabe and Ito's, and three more; where they are used, the name stands beside. None is ``BLUE`` or
``ORANGE``, which a dark page changes."""

WIDTH = 9.0
"""Inches, of every plot: the column of a report."""

DPI = 200
"""Pixels an inch of a saved PNG: twice what a page shows, for dense screens and for print."""

PAGE_DPI = 100

PAD = 0.08
"""Inches around each panel."""

TITLE_ROOM = 0.4
"""Inches above the panels."""

TITLE, BODY, SMALL, TINY = 12.0, 10.0, 8.5, 7.5
"""Sizes of type, points."""

SUFFIXES = (".png", ".svg")


class Plot(Figure):
    """A matplotlib ``Figure`` that shows itself in a notebook without pyplot."""

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        """The PNG at twice the size at which the notebook shall show it."""
        width, height = self.get_size_inches() * PAGE_DPI
        return self.to_png(), {"width": round(width), "height": round(height)}

    def to_png(self) -> bytes:
        """The plot as PNG."""
        return _rendered(self, "png")

    def to_svg(self, *, text: bool = False) -> str:
        """The plot as SVG, the same bytes each time.

        Args:
            text: keep letters as text in the font of the page around, instead of as outlines.
        """
        with rc_context({"svg.fonttype": "none" if text else "path", "svg.hashsalt": "inkread"}):
            return _rendered(self, "svg").decode("utf-8")


def _rendered(figure: Figure, kind: str) -> bytes:
    buffer = io.BytesIO()
    metadata: dict[str, Any] = {"Date": None} if kind == "svg" else {}
    figure.savefig(buffer, format=kind, dpi=DPI, metadata=metadata)
    return buffer.getvalue()


def require_suffix(path: AnyPath) -> None:
    """Refuses a file that is to be neither PNG nor SVG, before anything is computed.

    Raises:
        OptionError: it is neither.
    """
    if Path(path).suffix.lower() not in SUFFIXES:
        raise OptionError(str(path), "has a suffix that names no format of plots", "end it in .png or .svg")


def save(plot: Plot, path: AnyPath) -> None:
    """Writes the plot as PNG or SVG, as the file's suffix says; its folder is made if need be.

    Raises:
        OptionError: the suffix is another.
        OutputError: the file cannot be written.
    """
    require_suffix(path)
    path = Path(path)
    content = plot.to_png() if path.suffix.lower() == ".png" else plot.to_svg().encode("utf-8")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        problem = f"cannot be written ({error.strerror or error})"
        raise OutputError(str(path), problem, "choose another place, or make room there") from error


def figure(height: float, title: str = "", *, width: float = WIDTH) -> Plot:
    """An empty plot of that height in inches, its title at the left."""
    layout = ConstrainedLayoutEngine(w_pad=PAD, h_pad=PAD)
    plot = Plot(figsize=(width, height), dpi=PAGE_DPI, facecolor=PAPER, layout=layout)
    if title:
        plot.suptitle(title, x=0.008, ha="left", size=TITLE, weight="bold", color=INK)
    return plot


def panel(axes: Axes, title: str = "", *, x: str = "", y: str = "", grid: Grid | None = "y") -> Axes:
    """Gives a panel with scales its look: no frame, pale lines to read values by.

    Args:
        axes: the panel.
        title: what it shows, above it; any text.
        x: what its horizontal scale measures.
        y: what its vertical one does.
        grid: which scale has lines.
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
    """Gives a panel that holds a picture its look: nothing around it."""
    axes.set_axis_off()
    if title:
        axes.set_title(title, loc="left", size=BODY, color=INK, pad=8)
    return axes


def legend(plot: Plot, marks: Sequence[Artist | Container], *, columns: int = 6) -> None:
    """Says below the panels what each mark stands for, by its label, which may be any text."""
    shown = plot.legend(
        handles=marks, labels=[" "] * len(marks), loc="outside lower left", ncols=columns, frameon=False,
        fontsize=SMALL, labelcolor=INK,
    )  # fmt: skip
    for text, mark in zip(shown.get_texts(), marks, strict=True):
        text.set_parse_math(False)  # a dollar in a file's name is no formula
        text.set_text(mark.get_label())  # only now, as a name that begins with "_" would be left out


def percent(share: float, _place: float | None = None) -> str:
    """Writes a share of 0..1 on a scale as a percentage, with no more decimals than it has."""
    return f"{100 * share:.4g}%"
