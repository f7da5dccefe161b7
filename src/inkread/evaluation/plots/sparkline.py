"""Curves in a line of text, for a terminal."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

BLOCKS = "▁▂▃▄▅▆▇█"

WIDTH = 24


def sparkline(values: Sequence[float], *, width: int = WIDTH) -> str:
    """Draws the values as blocks, from the minimum at the bottom to the maximum at the top.

    Tufte, Beautiful Evidence, 2006.

    Args:
        values: in order; one that is not finite leaves a blank.
        width: maximum number of characters; with more values, each character shows the last value that falls
            on it.
    """
    count = min(len(values), width)
    shown = [values[(i + 1) * len(values) // count - 1] for i in range(count)]
    finite = [value for value in shown if math.isfinite(value)]
    low, high = min(finite, default=0.0), max(finite, default=0.0)
    step = (high - low) / (len(BLOCKS) - 1) or 1.0
    return "".join(BLOCKS[round((v - low) / step)] if math.isfinite(v) else " " for v in shown)
