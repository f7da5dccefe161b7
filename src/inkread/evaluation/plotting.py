"""What the plots of comparisons and sweeps share: their colours, a scale of accuracies, and the way to a file."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from inkread.errors import MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK = "#1c1d22"
"""The colour of text and axes; inside a page, it is exchanged for that of the page."""

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
"""Of Okabe and Ito (2008), to be told apart whatever one's eyes."""

TICKS = (0.1, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995)
"""Accuracies at which a scale may have a label."""

ROOM = 1.4
"""A scale goes on by this factor beyond its highest and its lowest error."""

RESOLUTION = 160

STYLE: Any = {
    "font.size": 9,
    "svg.fonttype": "none",  # text stays text, and takes the page's font
    "svg.hashsalt": "inkread",  # equal results give equal files
    "axes.spines.top": False,
    "axes.spines.right": False,
    "text.color": INK,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
}


def new_figure(width: float, height: float) -> Figure:
    """An empty figure of so many inches; draw it, and turn it into a file, within ``rc_context(STYLE)``.

    Raises:
        MissingExtraError: Matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise MissingExtraError("matplotlib", "plot") from error
    return Figure(figsize=(width, height), layout="constrained")


def scale_accuracy(axis: Axes, errors: Iterable[float]) -> None:
    """Makes the vertical scale, on which shares of errors are drawn, one of accuracies, in which 99 % is as far from 98 % as that from 96 %.

    Args:
        axis: where errors are drawn.
        errors: that must be seen, each above 0.
    """
    seen = list(errors)
    low, high = min(seen) / ROOM, min(max(seen) * ROOM, 1.0)
    axis.set_yscale("log")
    axis.set_ylim(high, low)
    shown = [tick for tick in TICKS if low <= 1 - tick <= high]
    axis.set_yticks([1 - tick for tick in shown], [f"{100 * tick:.4g} %" for tick in shown])
    axis.yaxis.set_tick_params(which="minor", left=False, labelleft=False)
    axis.grid(visible=True, color=INK, alpha=0.12, linewidth=0.7)


def figure_file(figure: Figure, kind: str, *, transparent: bool = False) -> bytes:
    """The figure as a file, ``"svg"`` or ``"png"``."""
    from matplotlib import rc_context

    page = io.BytesIO()
    metadata = {"Date": None} if kind == "svg" else {}
    with rc_context(STYLE):
        figure.savefig(page, format=kind, dpi=RESOLUTION, transparent=transparent, metadata=metadata)
    return page.getvalue()
