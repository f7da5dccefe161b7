"""A plot of a comparison: accuracy against cost, over the operations of a digit and over its latency."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from inkread.evaluation.figures import count, duration
from inkread.evaluation.plots import scales, style

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from matplotlib.axes import Axes
    from matplotlib.container import ErrorbarContainer

    from inkread.evaluation.comparison import Comparison, Entry, Score
    from inkread.evaluation.plots.style import Plot

    Cost = tuple[str, Callable[[Entry], float | None], Callable[[float], str]]

MARKERS = "osD^vPX"
"""A model's marker, in turn; as their number and that of the colours have no divisor in common, 70 models differ."""

HEIGHT = 3.2
"""Inches, of a row of panels."""

OPERATIONS: Cost = (
    "multiplications a digit",
    lambda entry: entry.graph.operations,
    lambda x: count(round(x)),
)
LATENCY: Cost = (
    "latency of one digit",
    lambda entry: entry.timing.single if entry.timing else None,
    duration,
)


def against_cost(comparison: Comparison) -> Plot:
    """A point for each model with the 95 % interval of its accuracy; a row of panels for each collection.

    The scale is that of the errors, as 99 % is twice as good as 98 %. A model whose cost is not known is in the legend alone.
    """
    costs = [OPERATIONS, *([LATENCY] if all(entry.timing for entry in comparison.entries) else [])]
    rows = len(comparison.collections)
    plot = style.figure(
        HEIGHT * rows + 0.8, f"{len(comparison.entries)} models: accuracy against cost, with 95% intervals"
    )
    panels = plot.subplots(rows, len(costs), squeeze=False, sharex="col", sharey="row")
    for row, collection in zip(panels, comparison.collections, strict=True):
        for axes, (_, cost, _) in zip(row, costs, strict=True):
            style.panel(axes, collection, grid="both")
            marks = list(_points(axes, comparison, collection, cost))
        ends = [end for entry in comparison.entries for end in _errors(entry.scores[collection])]
        scales.accuracy(row[0], ends)
    for axes, (title, _, shown) in zip(panels[-1], costs, strict=True):  # which all above it follow
        axes.set_xscale("log")
        axes.margins(x=0.15)
        axes.set_xlabel(title)
        scales.logarithmic(axes.xaxis, shown)
    style.legend(plot, marks, columns=4)
    return plot


def _points(
    axes: Axes, comparison: Comparison, collection: str, cost: Callable[[Entry], float | None]
) -> Iterator[ErrorbarContainer]:
    """A point for each model, and above and below it the ends of its interval."""
    for number, entry in enumerate(comparison.entries):
        best, error, worst = _errors(entry.scores[collection])
        yield axes.errorbar(
            [cost(entry) or math.nan],
            [error],
            yerr=[[error - best], [worst - error]],
            fmt=MARKERS[number % len(MARKERS)],
            color=style.CLASS_COLOURS[number % len(style.CLASS_COLOURS)],
            markersize=7,
            markerfacecolor="none",  # models of equal cost lie upon each other
            markeredgewidth=1.6,
            label=entry.name,
        )


def _errors(score: Score) -> tuple[float, float, float]:
    """Share of errors between the ends of its interval, best first; none at all is drawn as half an error."""
    least = 0.5 / score.total
    low, high = score.interval
    return max(1 - high, least), max(1 - score.accuracy, least), max(1 - low, least)
