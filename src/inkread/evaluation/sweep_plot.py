"""A sweep as plots: how it went, and where in each range the good trials lie."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from inkread.evaluation.plotting import COLOURS, INK, STYLE, new_figure, scale_accuracy
from inkread.training.space import Choices

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from inkread.training.sweep import Sweep, Trial

COMPLETE, PRUNED = COLOURS[0], COLOURS[1]
COLUMNS = 4
PANEL = (2.4, 2.1)
"""Inches, of the panel of one setting."""

WORST_SHOWN = 20
"""Trials with this many times the errors of the best are drawn at the edge."""


def history_plot(sweep: Sweep) -> Figure:
    """The trials in their order with the best so far, and the course of each over its epochs.

    Raises:
        MissingExtraError: Matplotlib is not installed.
    """
    figure = new_figure(9.0, 3.6)
    from matplotlib import rc_context

    worst = _worst(sweep)
    with rc_context(STYLE):
        left, right = figure.subplots(1, 2)
        _scatter(left, sweep, [trial.number for trial in sweep.trials])
        _best_so_far(left, sweep)
        left.set_xlabel("Trial")
        left.set_ylabel("Validation accuracy")
        for trial in sweep.trials:
            errors = [_error(accuracy, worst) for accuracy in trial.curve]
            colour = COMPLETE if trial.state == "complete" else PRUNED
            right.plot(range(1, len(errors) + 1), errors, color=colour, alpha=0.45, linewidth=1, marker=".")
        right.set_xlabel("Epoch")
        for axis in (left, right):
            axis.xaxis.get_major_locator().set_params(integer=True)
            scale_accuracy(axis, _seen(sweep))
        handles, names = left.get_legend_handles_labels()
        figure.legend(handles, names, loc="outside upper left", ncols=3, frameon=False)
    return figure


def settings_plot(sweep: Sweep) -> Figure:
    """A panel for each setting that varies: the accuracy of each trial over its value; the title has the setting's importance.

    Raises:
        MissingExtraError: Matplotlib is not installed.
    """
    names = sorted(
        (name for name, entry in sweep.space.items() if len(set(entry.ends)) > 1),
        key=lambda name: -sweep.importance.get(name, 0.0),
    )
    rows = max(1, math.ceil(len(names) / COLUMNS))
    figure = new_figure(PANEL[0] * COLUMNS, PANEL[1] * rows)
    from matplotlib import rc_context

    with rc_context(STYLE):
        axes = figure.subplots(rows, COLUMNS, squeeze=False).ravel()
        for axis, name in zip(axes, names, strict=False):
            _panel(axis, sweep, name)
        for axis in axes[len(names) :]:
            axis.set_visible(False)
    return figure


def _panel(axis: Axes, sweep: Sweep, name: str) -> None:
    entry = sweep.space[name]
    values = [trial.values[name] for trial in sweep.trials]
    if isinstance(entry, Choices):
        options = list(entry.values)
        values = [options.index(value) for value in values]
        axis.set_xticks(range(len(options)), [str(option) for option in options])
    elif entry.log:
        axis.set_xscale("log")
    _scatter(axis, sweep, values)
    share = f" ({sweep.importance[name]:.0%})" if name in sweep.importance else ""
    axis.set_title(name.replace("augmentation.", "").replace("_", " ") + share, fontsize=9, color=INK)
    scale_accuracy(axis, _seen(sweep))


def _scatter(axis: Axes, sweep: Sweep, places: list[float]) -> None:
    """Every trial as a point: filled if it was trained to its end, a ring if it was given up."""
    worst = _worst(sweep)
    for state, colour, face, label in (
        ("complete", COMPLETE, COMPLETE, "trained to the end"),
        ("pruned", PRUNED, "none", "given up early"),
    ):
        points = [
            (x, _error(t.accuracy, worst))
            for x, t in zip(places, sweep.trials, strict=True)
            if t.state == state
        ]
        if points:
            across, up = zip(*points, strict=True)
            axis.scatter(across, up, s=22, edgecolors=colour, facecolors=face, label=label)


def _best_so_far(axis: Axes, sweep: Sweep) -> None:
    best: Trial | None = None
    steps = []
    for trial in sweep.trials:
        if trial.state == "complete" and (best is None or trial.accuracy > best.accuracy):
            best = trial
        if best is not None:
            steps.append((trial.number, _error(best.accuracy, 1.0)))
    if steps:
        axis.step(*zip(*steps, strict=True), where="post", color=INK, linewidth=1, label="best so far")


def _seen(sweep: Sweep) -> list[float]:
    """The errors that a scale must reach."""
    worst = _worst(sweep)
    return [_error(accuracy, worst) for trial in sweep.trials for accuracy in trial.curve] or [0.1, 1.0]


def _worst(sweep: Sweep) -> float:
    """Share of errors above which a trial is drawn as if it had so many."""
    best = sweep.best
    return 1.0 if best is None else min(1.0, WORST_SHOWN * _error(best.accuracy, 1.0))


def _error(accuracy: float, worst: float) -> float:
    """Share of errors on a logarithmic scale, which has no 0."""
    return min(max(1 - accuracy, 1e-4), worst)
