"""Plots of a classifier's scores: confusion matrix, scores of each class, reliability.

Labels are N indices into ``classes``, the class names; probabilities are N×classes with rows summing to 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.patches import Rectangle

from inkread.evaluation import metrics
from inkread.evaluation.plots import style
from inkread.evaluation.plots.grids import LONGEST_NAME, name_of
from inkread.models.card import DIGIT_CLASSES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from inkread.evaluation.metrics import CalibrationBin
    from inkread.evaluation.plots.style import Plot

PALEST = 0.12
"""Opacity of the smallest nonzero share."""

LIGHT_ON = 0.75
"""Opacity above which light text is more legible."""

SCORES = ("Precision", "Recall", "F1")


def confusion(
    labels: NDArray[np.integer], predicted: NDArray[np.integer], *, classes: Sequence[str] = DIGIT_CLASSES
) -> Plot:
    """Plots how often each class was read as each other: right in blue, errors in orange, darker for more.

    Raises:
        OptionError: the shapes differ, or an entry is not a class.
    """
    matrix = metrics.confusion_matrix(labels, predicted, classes=len(classes))
    seen = np.flatnonzero(matrix.sum(axis=0) + matrix.sum(axis=1))
    matrix = matrix[np.ix_(seen, seen)]
    total, right = int(matrix.sum()), int(np.trace(matrix))
    plot = style.figure(6.6, f"{total - right:,} of {total:,} glyphs misread ({right / total:.2%} right)")
    axes = style.panel(plot.subplots(), x="read as", y="label", grid=None)
    axes.set_aspect("equal")
    axes.spines["bottom"].set_visible(False)
    names = [name_of(label, classes) for label in seen]
    axes.set(xlim=(0, len(seen)), ylim=(len(seen), 0))
    turn = 0 if max(map(len, names)) <= LONGEST_NAME else 90
    axes.set_xticks(np.arange(len(seen)) + 0.5, names, rotation=turn)
    axes.set_yticks(np.arange(len(seen)) + 0.5, names)
    axes.tick_params(labelsize=style.BODY, labelcolor=style.INK)
    largest = np.array([max(matrix.diagonal().max(), 1), max((matrix - np.diag(matrix.diagonal())).max(), 1)])
    for (i, j), count in np.ndenumerate(matrix):
        _cell(axes, i, j, int(count), count / largest[int(i != j)])
    return plot


def _cell(axes: Axes, row: int, column: int, count: int, share: float) -> None:
    """Draws a square with its count; ``share`` is relative to the largest count of its kind."""
    colour = style.BLUE if row == column else style.ORANGE
    opacity = (PALEST + (1 - PALEST) * share) * bool(count)
    place = (column + 0.03, row + 0.03)
    axes.add_patch(Rectangle(place, 0.94, 0.94, facecolor=style.LINE, alpha=0.35, linewidth=0))
    if count:
        axes.add_patch(Rectangle(place, 0.94, 0.94, facecolor=colour, alpha=opacity, linewidth=0))
        axes.text(
            column + 0.5, row + 0.5, f"{count:,}", ha="center", va="center_baseline", size=style.BODY,
            color=style.PAPER if opacity > LIGHT_ON else style.INK,
        )  # fmt: skip


def classes(
    labels: NDArray[np.integer], predicted: NDArray[np.integer], *, classes: Sequence[str] = DIGIT_CLASSES
) -> Plot:
    """Plots precision, recall, and F1 of every class that occurs, as scikit-learn computes them."""
    present = np.unique(np.concatenate([labels, predicted]))
    matrix = metrics.confusion_matrix(labels, predicted, classes=len(classes))
    every = metrics.per_class(matrix, classes)
    found = [every[label] for label in present]
    scores = np.array([(each.precision, each.recall, each.f1) for each in found]).T
    plot = style.figure(4.2, f"Mean F1 of {scores[2].mean():.2%} over {len(present)} classes")
    panels = plot.subplots(1, 3, sharey=True)
    low = min(0.995, float(scores.min()) - 0.1 * (1 - float(scores.min())))
    rows = np.arange(len(present))
    for axes, name, values in zip(panels, SCORES, scores, strict=True):
        style.panel(axes, name, grid=None)
        axes.hlines(rows, low, values, color=style.LINE, linewidth=1)
        axes.scatter(values, rows, s=36, color=style.BLUE, zorder=3)
        for row, value in zip(rows, values, strict=True):
            axes.annotate(
                f"{value:.2%}", (value, row), (7, 0), textcoords="offset points", va="center_baseline",
                size=style.SMALL, color=style.INK,
            )  # fmt: skip
        axes.set(xlim=(low, 1 + 0.3 * (1 - low)), ylim=(len(present) - 0.5, -0.5))
        axes.spines["bottom"].set_visible(False)
        axes.set_xticks([])
    panels[0].set_yticks(rows, [f"{each.label or 'none'}  ({each.support:,})" for each in found])
    panels[0].tick_params(labelcolor=style.INK, labelsize=style.BODY)
    return plot


def reliability(labels: NDArray[np.integer], probabilities: NDArray[np.floating]) -> Plot:
    """Plots whether readings with 90 % confidence are right nine times in ten (DeGroot and Fienberg 1983)."""
    sure, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    bins = metrics.calibration_bins(sure, right)
    error = metrics.expected_calibration_error(sure, right)
    plot = style.figure(5.4, f"Expected calibration error {error:.2%} over {len(labels):,} glyphs")
    upper, lower = plot.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    _accuracies(upper, [b for b in bins if b.count])
    style.panel(lower, x="confidence, the probability of the reading", y="glyphs")
    middles, width = [(b.low + b.high) / 2 for b in bins], bins[0].high
    lower.bar(middles, [b.count for b in bins], 0.92 * width, color=style.FAINT, alpha=0.45)
    lower.set_yscale("symlog", linthresh=1)
    lower.set_ylim(bottom=0)
    lower.yaxis.set_major_formatter("{x:,.0f}")
    lower.xaxis.set_major_formatter(style.percent)
    return plot


def _accuracies(axes: Axes, bins: list[CalibrationBin]) -> None:
    """Draws one bar per bin, as high as its accuracy, and a dot at its mean confidence on the diagonal."""
    style.panel(axes, y="right")
    for found in bins:
        axes.bar(
            (found.low + found.high) / 2, found.accuracy, 0.92 * (found.high - found.low),
            color=style.BLUE, alpha=0.75
        )  # fmt: skip
    axes.plot([0, 1], [0, 1], color=style.INK, linewidth=1, linestyle=(0, (4, 4)), alpha=0.6)
    sure = [b.confidence for b in bins]
    axes.scatter(sure, sure, s=26, color=style.INK, zorder=3, clip_on=False)
    axes.set(xlim=(0, 1), ylim=(0, 1.02))
    axes.yaxis.set_major_formatter(style.percent)
    axes.annotate(
        "bars level with their dots\nare well calibrated", (0.02, 0.97), va="top", size=style.SMALL,
        color=style.FAINT
    )  # fmt: skip
