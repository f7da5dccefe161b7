"""Pairs of boxes that are near each other, found by sorting: thousands of boxes have few of them, and their square is never made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def overlapping_pairs(
    low: NDArray[np.floating], high: NDArray[np.floating]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Every pair of intervals that share more than a point, once.

    Args:
        low: N, where each interval begins.
        high: N, where it ends.

    Returns:
        For each pair the indices of both, first the one that begins first.
    """
    order = np.argsort(low, kind="stable")
    place = np.arange(len(order))
    # Those that begin within an interval follow it directly.
    following = np.maximum(np.searchsorted(low[order], high[order]) - place - 1, 0)
    first = np.repeat(place, following)
    second = first + 1 + np.arange(len(first)) - np.repeat(np.cumsum(following) - following, following)
    return order[first], order[second]
