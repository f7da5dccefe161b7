"""Accuracy against cost, as a plot: for each collection, over the operations of a digit and over its latency."""

from __future__ import annotations

import io
import math
import re
from typing import TYPE_CHECKING, Any

from inkread.errors import MissingExtraError
from inkread.evaluation.figures import count, duration

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from inkread.evaluation.comparison import Comparison, Entry, Score

INK = "#1c1d22"
"""The colour of text and axes; inside a page, it is exchanged for that of the page."""

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
MARKERS = "osD^vPX"
"""A model's colour and marker, in turn; there is one more of these, so that 42 models differ. Colours of Okabe and Ito (2008)."""

WIDTH, HEIGHT = 9.0, 3.6
"""Inches, of a row of two plots."""

TICKS = (0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995)
"""Accuracies at which the scale may have a label."""

WIDE = 100
"""A scale of costs that reaches this many times as far as it begins has labels at powers of ten only."""

RESOLUTION = 160

STYLE: Any = {
    "font.size": 9,
    "svg.fonttype": "none",  # text stays text, and takes the page's font
    "svg.hashsalt": "inkread",  # equal comparisons give equal files
    "axes.spines.top": False,
    "axes.spines.right": False,
    "text.color": INK,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
}


def comparison_plot(comparison: Comparison) -> Figure:
    """A point for each model with the 95 % interval of its accuracy; the scale is that of the errors, as 99 % is twice as good as 98 %.

    Raises:
        MissingExtraError: Matplotlib is not installed.
    """
    try:
        from matplotlib import rc_context
        from matplotlib.figure import Figure
        from matplotlib.ticker import LogLocator
    except ModuleNotFoundError as error:
        raise MissingExtraError("matplotlib", "plot") from error
    costs: list[tuple[str, Callable[[Entry], float | None], Callable[[float], str]]] = [
        ("Multiplications a digit", lambda entry: entry.graph.operations, lambda x: count(round(x)))
    ]
    if all(entry.timing for entry in comparison.entries):
        costs.append(("Latency of one digit", _latency, duration))
    rows = len(comparison.collections)
    with rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, HEIGHT * rows), layout="constrained")
        axes = figure.subplots(rows, len(costs), squeeze=False)
        for row, collection in zip(axes, comparison.collections, strict=True):
            for axis, (label, cost, shown) in zip(row, costs, strict=True):
                _draw(axis, comparison.entries, collection, cost)
                axis.set_xlabel(label)
                low, high = axis.get_xlim()
                axis.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < WIDE * low else (1,)))
                axis.xaxis.set_major_formatter(lambda x, _, shown=shown: shown(x))
            row[0].set_ylabel(f"{collection} accuracy")
        handles, names = axes[0, 0].get_legend_handles_labels()
        legend = figure.legend(handles, names, loc="outside upper left", ncols=4, frameon=False)
        for text in legend.get_texts():
            text.set_parse_math(False)  # a dollar in a file's name is no formula
    return figure


def plot_file(comparison: Comparison, kind: str) -> bytes:
    """The plot as a file, ``"svg"`` or ``"png"``; the errors are those of ``comparison_plot``."""
    figure = comparison_plot(comparison)
    from matplotlib import rc_context

    page = io.BytesIO()
    metadata = {"Date": None} if kind == "svg" else {}
    with rc_context(STYLE):
        figure.savefig(page, format=kind, dpi=RESOLUTION, metadata=metadata)
    return page.getvalue()


def plot_element(comparison: Comparison) -> str:
    """The plot as an SVG element for a page, in the page's colours; the errors are those of ``comparison_plot``."""
    figure = comparison_plot(comparison)
    from matplotlib import rc_context

    page = io.StringIO()
    with rc_context(STYLE):
        figure.savefig(page, format="svg", transparent=True, metadata={"Date": None})
    drawing = page.getvalue()
    drawing = drawing[drawing.index("<svg") :].replace(INK, "currentColor")
    drawing = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>", "", drawing, flags=re.DOTALL)
    drawing = re.sub(r"""font: ([\d.]+)px [^;"]*""", r"font: \1px system-ui, sans-serif", drawing)
    title = "<title>Accuracy against cost</title>"
    return re.sub(
        r'<svg([^>]*?) width="[^"]*"([^>]*)>',
        rf'<svg class="plot" role="img"\1\2 stroke-linejoin="round">{title}',
        re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", drawing, count=1),
        count=1,
    )


def _draw(
    axis: Axes, entries: Sequence[Entry], collection: str, cost: Callable[[Entry], float | None]
) -> None:
    """One plot; a model whose cost is not known is in its legend alone."""
    ends = []
    for number, entry in enumerate(entries):
        error, best, worst = _errors(entry.scores[collection])
        ends += [best, worst]
        axis.errorbar(
            [cost(entry) or math.nan],
            [error],
            yerr=[[error - best], [worst - error]],
            fmt=MARKERS[number % len(MARKERS)],
            color=COLOURS[number % len(COLOURS)],
            markersize=7,
            markerfacecolor="none",  # models of equal cost lie upon each other
            markeredgewidth=1.6,
            label=f"\u200b{entry.name}",  # a label that begins with "_" would be left out
        )
    axis.set_xscale("log")
    axis.set_yscale("log")
    axis.margins(x=0.15)
    axis.set_ylim(1.4 * max(ends), min(ends) / 1.4)
    shown = [tick for tick in TICKS if min(ends) / 1.4 <= 1 - tick <= 1.4 * max(ends)]
    axis.set_yticks([1 - tick for tick in shown], [f"{100 * tick:.4g} %" for tick in shown])
    axis.minorticks_off()
    axis.grid(visible=True, color=INK, alpha=0.12, linewidth=0.7)


def _latency(entry: Entry) -> float | None:
    return entry.timing.single if entry.timing else None


def _errors(score: Score) -> tuple[float, float, float]:
    """Share of errors and the ends of its interval, best first; none at all is drawn as half an error."""
    least = 0.5 / score.total
    low, high = score.interval
    return max(1 - score.accuracy, least), max(1 - high, least), max(1 - low, least)
