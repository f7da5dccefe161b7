"""How sure a difference between classifiers is: intervals and tests for counts, exact, on the standard library alone."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from inkread.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Sequence

Z = 1.959964
"""Of a normal distribution's middle 95 %."""


def wilson_interval(right: int, total: int, *, z: float = Z) -> tuple[float, float]:
    """The score interval of a share, which keeps its coverage near 0 and 1 (Wilson 1927; Agresti and Coull 1998).

    Args:
        right: successes, 0..total.
        total: trials.
        z: how many standard errors wide on each side; 95 % unless given.

    Returns:
        Lower and upper end, 0..1; 0 and 1 where there are no trials.

    Raises:
        OptionError: the counts make no share.
    """
    if not 0 <= right <= total:
        raise OptionError(f"{right} of {total}", "is no share", "give 0 ≤ right ≤ total")
    if not total:
        return 0.0, 1.0
    share, spread = right / total, z * z / total
    middle = (share + spread / 2) / (1 + spread)
    half = z / (1 + spread) * math.sqrt(share * (1 - share) / total + spread / (4 * total))
    # At the ends the formula gives exactly 0 and 1, but for rounding.
    return (0.0 if right == 0 else middle - half), (1.0 if right == total else middle + half)


def mcnemar(only_one: int, only_other: int) -> float:
    """How probable so uneven a split is if both classifiers err as often: McNemar's exact test, two-sided.

    Given n answers of which one of the two alone is right, the number of one's follows a binomial distribution with p = ½
    (McNemar 1947; exact as in Edwards 1948 and Fay 2010). Digits that both get right, or both wrong, say nothing about the
    difference.

    Args:
        only_one: digits that one classifier alone gets right.
        only_other: those that the other alone gets right.

    Returns:
        The p-value, 0..1; 1 where they never differ.

    Raises:
        OptionError: a count is negative.
    """
    few, count = min(only_one, only_other), only_one + only_other
    if few < 0:
        raise OptionError(f"counts {only_one} and {only_other}", "are no counts", "give numbers from 0")
    term = tail = 1
    for successes in range(few):  # whole numbers, as 2⁻ⁿ vanishes in floating point from n = 1,075 on
        term = term * (count - successes) // (successes + 1)
        tail += term
    return min(1.0, 2 * tail / 2**count)


def holm(p_values: Sequence[float]) -> list[float]:
    """The p-values of several tests, so adjusted that one false alarm among all is as rare as in a single test (Holm 1979)."""
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    adjusted, highest = [0.0] * len(p_values), 0.0
    for rank, index in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = highest
    return adjusted
