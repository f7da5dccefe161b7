"""Axis scales that several plots share: accuracy by error rate, and logarithmic cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.ticker import LogLocator, NullLocator

from inkread.evaluation.plots import style

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

TICKS = (0.1, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995)
"""Accuracies that may be labeled."""

ROOM = 1.4
"""Factor by which a scale extends beyond its highest and lowest error."""

WIDE = 100


def accuracy(axes: Axes, errors: Iterable[float]) -> None:
    """Turns the vertical axis, on which error rates are drawn, into one of accuracies.

    99 % is as far from 98 % as 98 % is from 96 %.

    Args:
        axes: the panel with the errors.
        errors: the error rates that must be visible, each above 0.
    """
    seen = list(errors)
    low, high = min(seen) / ROOM, min(max(seen) * ROOM, 1.0)
    axes.set_yscale("log")
    axes.set_ylim(high, low)
    shown = [tick for tick in TICKS if low <= 1 - tick <= high]
    axes.set_yticks([1 - tick for tick in shown], [style.percent(tick) for tick in shown])
    axes.yaxis.set_minor_locator(NullLocator())


def logarithmic(axis: Axis, shown: Callable[[float], str] = "{:g}".format, *, wide: float = WIDE) -> None:
    """Labels a logarithmic axis with plain numbers, once its limits are known.

    Args:
        axis: a logarithmic axis.
        shown: formats a number.
        wide: an axis whose ends differ by at least this factor is labeled at powers of ten only.
    """
    low, high = axis.get_view_interval()
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < wide * low else (1,)))
    axis.set_major_formatter(lambda value, _place: shown(value))
    axis.set_minor_locator(NullLocator())
