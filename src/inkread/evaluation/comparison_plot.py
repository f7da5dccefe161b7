"""Accuracy against cost, as a plot: for each collection, over the operations of a digit and over its latency."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from inkread.evaluation.figures import count, duration
from inkread.evaluation.plotting import COLOURS, INK, STYLE, figure_file, new_figure, scale_accuracy

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from inkread.evaluation.comparison import Comparison, Entry, Score

MARKERS = "osD^vPX"
"""A model's marker, in turn; there is one more than colours, so that 42 models differ."""

WIDTH, HEIGHT = 9.0, 3.6
"""Inches, of a row of two plots."""

WIDE = 100
"""A scale of costs that reaches this many times as far as it begins has labels at powers of ten only."""


def comparison_plot(comparison: Comparison) -> Figure:
    """A point for each model with the 95 % interval of its accuracy; the scale is that of the errors, as 99 % is twice as good as 98 %.

    Raises:
        MissingExtraError: Matplotlib is not installed.
    """
    rows = len(comparison.collections)
    figure = new_figure(WIDTH, HEIGHT * rows)
    from matplotlib import rc_context
    from matplotlib.ticker import LogLocator

    costs: list[tuple[str, Callable[[Entry], float | None], Callable[[float], str]]] = [
        ("Multiplications a digit", lambda entry: entry.graph.operations, lambda x: count(round(x)))
    ]
    if all(entry.timing for entry in comparison.entries):
        costs.append(("Latency of one digit", _latency, duration))
    with rc_context(STYLE):
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
    return figure_file(comparison_plot(comparison), kind)


def plot_element(comparison: Comparison) -> str:
    """The plot as an SVG element for a page, in the page's colours; the errors are those of ``comparison_plot``."""
    drawing = figure_file(comparison_plot(comparison), "svg", transparent=True).decode("utf-8")
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
    axis.margins(x=0.15)
    axis.xaxis.set_tick_params(which="minor", bottom=False, labelbottom=False)
    scale_accuracy(axis, ends)


def _latency(entry: Entry) -> float | None:
    return entry.timing.single if entry.timing else None


def _errors(score: Score) -> tuple[float, float, float]:
    """Share of errors and the ends of its interval, best first; none at all is drawn as half an error."""
    least = 0.5 / score.total
    low, high = score.interval
    return max(1 - score.accuracy, least), max(1 - high, least), max(1 - low, least)
