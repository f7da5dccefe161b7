"""Plots of a sweep: its progress, and the best trials' values of each setting."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from inkread.evaluation.plots import style
from inkread.training.space import Choices

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from inkread.evaluation.plots.style import Plot
    from inkread.training.sweep import Sweep, Trial

COLOURS = {"complete": style.BLUE, "pruned": style.ORANGE}

MARKS = (
    Line2D([], [], color=style.BLUE, marker="o", ls="", label="trained to the end"),
    Line2D([], [], color=style.ORANGE, marker="o", ls="", markerfacecolor="none", label="stopped early"),
)

BEST = Line2D([], [], color=style.INK, linewidth=1, label="best so far")

COLUMNS = 4
HEIGHT = 2.2
"""Height of a row of settings, in inches."""

WORST_SHOWN = 20
"""Trials with more than this many times the best trial's errors are drawn at the edge."""

SMALLEST = 1e-4
"""Error rate drawn for zero errors, because a logarithmic scale has no 0."""


def trials(sweep: Sweep) -> Plot:
    """Plots the trials in order with the best so far, and each trial's accuracy by epoch."""
    plot = style.figure(4.2, _title(sweep))
    order, course = plot.subplots(1, 2, sharey=True)
    style.panel(order, "Trial by trial", x="trial")
    style.panel(course, "Epoch by epoch", x="epoch")
    _points(order, sweep, [trial.number for trial in sweep.trials])
    _best_so_far(order, sweep.trials)
    worst = _worst(sweep)
    for trial in sweep.trials:
        errors = [_error(accuracy, worst) for accuracy in trial.curve]
        epochs = range(1, len(errors) + 1)
        course.plot(epochs, errors, color=COLOURS[trial.state], alpha=0.45, linewidth=1, marker=".")
    for axes in (order, course):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    style.accuracy_axis(order, _seen(sweep))
    style.legend(plot, [*MARKS, BEST])
    return plot


def settings(sweep: Sweep) -> Plot:
    """Plots the trials' accuracy by value for each setting that varies; titles show its importance."""
    names = sorted(
        (name for name, entry in sweep.space.items() if len(set(entry.ends)) > 1),
        key=lambda name: -sweep.importance.get(name, 0.0),
    )
    rows = max(1, math.ceil(len(names) / COLUMNS))
    plot = style.figure(HEIGHT * rows + 0.8, "Accuracy on held-out data against each setting")
    panels = plot.subplots(rows, COLUMNS, squeeze=False, sharey=True)
    for axes, name in zip(panels.flat, names, strict=False):
        _setting(axes, sweep, name)
    for axes in panels.flat[len(names) :]:
        axes.set_visible(False)
    style.accuracy_axis(panels[0, 0], _seen(sweep))
    style.legend(plot, MARKS)
    return plot


def _setting(axes: Axes, sweep: Sweep, name: str) -> None:
    share = f" ({sweep.importance[name]:.0%})" if name in sweep.importance else ""
    style.panel(axes, name.replace("augmentation.", "").replace("_", " ") + share, grid="both")
    entry = sweep.space[name]
    values = [trial.values[name] for trial in sweep.trials]
    if isinstance(entry, Choices):
        options = list(entry.values)
        values = [options.index(value) for value in values]
        axes.set_xticks(range(len(options)), [str(option) for option in options])
        axes.margins(x=0.15)
    _points(axes, sweep, values)
    if not isinstance(entry, Choices) and entry.log:
        axes.set_xscale("log")
        style.logarithmic_axis(axes.xaxis, wide=10)  # a panel is narrow


def _title(sweep: Sweep) -> str:
    tried = f"of {len(sweep.trials)} trials"
    if sweep.best is None:
        return f"None {tried} was trained to the end"
    return f"{sweep.best.accuracy:.2%} right on held-out data, the best {tried}"


def _points(axes: Axes, sweep: Sweep, places: Sequence[float]) -> None:
    """Draws every trial as a point: filled if trained to the end, a ring if stopped early."""
    worst = _worst(sweep)
    for place, trial in zip(places, sweep.trials, strict=True):
        colour = COLOURS[trial.state]
        face = colour if trial.state == "complete" else "none"
        axes.scatter(place, _error(trial.accuracy, worst), s=22, edgecolors=colour, facecolors=face)


def _best_so_far(axes: Axes, all_trials: Sequence[Trial]) -> None:
    """Draws a line at the best of the trials that finished so far."""
    best, steps = 0.0, []
    for trial in all_trials:
        if trial.state == "complete":
            best = max(best, trial.accuracy)
        if best:
            steps.append((trial.number, _error(best, 1.0)))
    if steps:
        axes.step(*zip(*steps, strict=True), where="post", color=style.INK, linewidth=1)


def _seen(sweep: Sweep) -> list[float]:
    """Lists the error rates that must be visible."""
    worst = _worst(sweep)
    return [_error(accuracy, worst) for trial in sweep.trials for accuracy in trial.curve] or [0.1, 1.0]


def _worst(sweep: Sweep) -> float:
    """Returns the error rate above which a trial is drawn at the edge."""
    best = sweep.best
    return 1.0 if best is None else min(1.0, WORST_SHOWN * _error(best.accuracy, 1.0))


def _error(accuracy: float, worst: float) -> float:
    """Returns the error rate at which a trial is drawn."""
    return min(max(1 - accuracy, SMALLEST), worst)
