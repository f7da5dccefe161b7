"""Plots of training: loss and accuracy, epoch by epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

from inkread.errors import OptionError
from inkread.evaluation.plots import style

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes

    from inkread.evaluation.plots.style import Plot

    History = Sequence[Mapping[str, float]]
    Dash = Literal["-", "--"]

TRAINING, HELD_OUT = "training", "held out"

PANELS = {
    "Loss": {TRAINING: "train_loss", HELD_OUT: "validation_loss"},
    "Accuracy": {TRAINING: "train_accuracy", HELD_OUT: "validation_accuracy"},
}
"""The columns of ``history.csv`` in each panel."""

DASHES: dict[str, Dash] = {TRAINING: "--", HELD_OUT: "-"}

MARKED = 30
"""Maximum number of epochs at which each one gets a dot."""


def curves(histories: Mapping[str, History]) -> Plot:
    """Plots loss and accuracy by epoch, for one or more runs.

    Held-out metrics are solid lines, training metrics dashed ones. Training metrics are computed on augmented
    glyphs, with label smoothing and the current weights, and may be lower.

    Args:
        histories: the epochs of each run, as from ``load_history``, by legend name.

    Raises:
        OptionError: there are no runs, or one has no epochs.
    """
    for name, history in histories.items():
        if not history:
            raise OptionError(name, "has no epochs", "use a run that was trained")
    if not histories:
        raise OptionError("curves", "there is no run", "pass at least one")
    plot = style.figure(4.0, _title(histories))
    panels = plot.subplots(1, 2)
    colours = style.CLASS_COLOURS if len(histories) > 1 else (style.BLUE,)
    runs = [(history, colours[i % len(colours)]) for i, history in enumerate(histories.values())]
    for axes, (title, figures) in zip(panels, PANELS.items(), strict=True):
        style.panel(axes, title, x="epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        for history, colour in runs:
            for kind, name in figures.items():
                _line(axes, history, name, colour, DASHES[kind])
    _scales(*panels)
    marks = [Line2D([], [], color=style.FAINT, linestyle=dash, label=kind) for kind, dash in DASHES.items()]
    if len(histories) > 1:
        marks += [Line2D([], [], color=c, lw=3, label=n) for n, (_, c) in zip(histories, runs, strict=True)]
    style.legend(plot, marks)
    return plot


def _line(axes: Axes, history: History, name: str, colour: str, dash: Dash) -> None:
    """Plots one metric of a run, if it has it; a row network lacks some of them."""
    points = [(epoch["epoch"], epoch[name]) for epoch in history if name in epoch]
    if points:
        marker = "o" if len(points) <= MARKED else ""
        axes.plot(*zip(*points, strict=True), color=colour, linestyle=dash, marker=marker, ms=4, lw=1.8)


def _scales(loss: Axes, accuracy: Axes) -> None:
    """Scales the loss logarithmically; otherwise its last epochs would be a flat line at the bottom."""
    loss.set_yscale("log")
    loss.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    loss.yaxis.set_major_formatter("{x:g}")
    loss.yaxis.set_minor_locator(NullLocator())
    accuracy.yaxis.set_major_formatter(style.percent)


def _title(histories: Mapping[str, History]) -> str:
    if len(histories) > 1:
        return f"{len(histories)} runs, epoch by epoch"
    (history,) = histories.values()
    last = history[-1]
    return f"{last['validation_accuracy']:.2%} right on held-out data, after {len(history)} epochs"
