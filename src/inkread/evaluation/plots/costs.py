"""A plot of a comparison: accuracy against cost, over operations per digit and over latency."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from inkread.evaluation.figures import count, duration
from inkread.evaluation.plots import style

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from matplotlib.axes import Axes
    from matplotlib.container import ErrorbarContainer

    from inkread.evaluation.comparison import Comparison, Entry, Score
    from inkread.evaluation.plots.style import Plot

    Cost = tuple[str, Callable[[Entry], float | None], Callable[[float], str]]

MARKERS = "osD^vPX"
"""Markers, in turn; their number and that of the colors are coprime, so 70 models look different."""

HEIGHT = 3.2
"""Height of a row of panels, in inches."""

OPERATIONS: Cost = (
    "multiplications per digit",
    lambda entry: entry.graph.operations,
    lambda x: count(round(x)),
)
LATENCY: Cost = (
    "latency of one digit",
    lambda entry: entry.timing.single if entry.timing else None,
    duration,
)


def against_cost(comparison: Comparison) -> Plot:
    """Draws a point per model with the 95 % interval of its accuracy; one row of panels per collection.

    Accuracy is spaced by error rate, because 99 % is twice as good as 98 %. A model with unknown cost appears
    only in the legend.
    """
    costs = [OPERATIONS, *([LATENCY] if all(entry.timing for entry in comparison.entries) else [])]
    rows = len(comparison.collections)
    title = f"{len(comparison.entries)} models: accuracy against cost, with 95% intervals"
    plot = style.figure(HEIGHT * rows + 0.8, title)
    panels = plot.subplots(rows, len(costs), squeeze=False, sharex="col", sharey="row")
    for row, collection in zip(panels, comparison.collections, strict=True):
        for axes, (_, cost, _) in zip(row, costs, strict=True):
            style.panel(axes, collection, grid="both")
            marks = list(_points(axes, comparison, collection, cost))
        ends = [end for entry in comparison.entries for end in _errors(entry.scores[collection])]
        style.accuracy_axis(row[0], ends)
    for axes, (title, _, shown) in zip(panels[-1], costs, strict=True):  # panels above share the axis
        axes.set_xscale("log")
        axes.margins(x=0.15)
        axes.set_xlabel(title)
        style.logarithmic_axis(axes.xaxis, shown)
    style.legend(plot, marks, columns=4)
    return plot


def _points(
    axes: Axes, comparison: Comparison, collection: str, cost: Callable[[Entry], float | None]
) -> Iterator[ErrorbarContainer]:
    """Draws a point per model, with the ends of its interval above and below."""
    for number, entry in enumerate(comparison.entries):
        best, error, worst = _errors(entry.scores[collection])
        yield axes.errorbar(
            [cost(entry) or math.nan], [error], yerr=[[error - best], [worst - error]],
            fmt=MARKERS[number % len(MARKERS)], markersize=7, markeredgewidth=1.6,
            markerfacecolor="none",  # models of equal cost overlap
            color=style.CLASS_COLOURS[number % len(style.CLASS_COLOURS)], label=entry.name,
        )  # fmt: skip


def _errors(score: Score) -> tuple[float, float, float]:
    """Returns the error rates at the interval's ends, best first; zero errors are drawn as half an error."""
    least = 0.5 / score.total
    low, high = score.interval
    return max(1 - high, least), max(1 - score.accuracy, least), max(1 - low, least)
