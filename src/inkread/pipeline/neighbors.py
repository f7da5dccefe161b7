"""Finds pairs of nearby boxes by sorting, without computing all N² pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def overlapping_pairs(
    low: NDArray[np.floating], high: NDArray[np.floating]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Returns each pair of intervals that share more than a point, once.

    Args:
        low: N, the start of each interval.
        high: N, the end of each interval.

    Returns:
        The indices of both intervals of each pair, first the one that begins first.
    """
    order = np.argsort(low, kind="stable")
    place = np.arange(len(order))
    # Intervals that begin within another one follow it directly.
    following = np.maximum(np.searchsorted(low[order], high[order]) - place - 1, 0)
    first = np.repeat(place, following)
    second = first + 1 + np.arange(len(first)) - np.repeat(np.cumsum(following) - following, following)
    return order[first], order[second]
