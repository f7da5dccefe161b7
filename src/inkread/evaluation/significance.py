"""Statistical significance of differences: exact intervals and tests for counts, in the standard library."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from inkread.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Sequence

Z = 1.959964
"""Half-width of a normal distribution's central 95 %, in standard deviations."""


def wilson_interval(right: int, total: int, *, z: float = Z) -> tuple[float, float]:
    """Returns the lower and upper end of a share's score interval, 0..1; 0 and 1 if there are no trials.

    It keeps its coverage near 0 and 1 (Wilson 1927; Agresti and Coull 1998). ``z`` is its half-width in
    standard errors; for 95 % by default.

    Raises:
        OptionError: the counts are not a share.
    """
    if not 0 <= right <= total:
        raise OptionError(f"{right} of {total}", "is not a share", "pass 0 ≤ right ≤ total")
    if not total:
        return 0.0, 1.0
    share, spread = right / total, z * z / total
    middle = (share + spread / 2) / (1 + spread)
    half = z / (1 + spread) * math.sqrt(share * (1 - share) / total + spread / (4 * total))
    # At the ends, the formula gives exactly 0 and 1, except for rounding.
    return (0.0 if right == 0 else middle - half), (1.0 if right == total else middle + half)


def mcnemar(only_one: int, only_other: int) -> float:
    """Returns the probability of such an uneven split if both classifiers err equally often: the p-value.

    This is McNemar's exact test, two-sided. Of n results that only one of the two gets right, the number that
    the first gets right has a binomial distribution with p = ½ (McNemar 1947; exact as in Edwards 1948 and
    Fay 2010). Digits that both get right, or both wrong, carry no information about the difference.

    Raises:
        OptionError: a count is negative.
    """
    few, count = min(only_one, only_other), only_one + only_other
    if few < 0:
        counts = f"counts {only_one} and {only_other}"
        raise OptionError(counts, "are not valid counts", "pass numbers from 0")
    term = tail = 1
    for successes in range(few):  # integers, because 2⁻ⁿ underflows in floating point from n = 1,075 on
        term = term * (count - successes) // (successes + 1)
        tail += term
    return min(1.0, 2 * tail / 2**count)


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusts the p-values of several tests.

    One false alarm among all of them becomes as rare as in a single test (Holm 1979).
    """
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    adjusted, highest = [0.0] * len(p_values), 0.0
    for rank, index in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = highest
    return adjusted
