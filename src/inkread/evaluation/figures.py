"""Formats numbers: for people, as a curve in a line of text, and for JSON."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

BLOCKS = "▁▂▃▄▅▆▇█"


def count(number: int | None) -> str:
    """Formats a large number with three digits, such as "9.41 M"; "?" if it is unknown."""
    if number is None:
        return "?"
    for limit, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= 0.9995 * limit:
            return f"{number / limit:.3g} {unit}"
    return f"{number} "


def duration(seconds: float) -> str:
    """Formats a time with three digits, in a suitable unit."""
    for limit, unit in ((1, "s"), (1e-3, "ms")):
        if seconds >= 0.9995 * limit:
            return f"{seconds / limit:.3g} {unit}"
    return f"{seconds * 1e6:.3g} µs"


def p_value(p: float) -> str:
    """Formats a p-value with three decimals."""
    return f"{p:.3f}" if p >= 0.0005 else "< 0.001"


def sparkline(values: Sequence[float], *, width: int = 24) -> str:
    """Draws the values as blocks, from the minimum at the bottom to the maximum at the top.

    Tufte, Beautiful Evidence, 2006. A value that is not finite leaves a blank. If there are more values than
    the width, in characters, each character shows the last value that falls on it.
    """
    length = min(len(values), width)
    shown = [values[(i + 1) * len(values) // length - 1] for i in range(length)]
    finite = [value for value in shown if math.isfinite(value)]
    low, high = min(finite, default=0.0), max(finite, default=0.0)
    step = (high - low) / (len(BLOCKS) - 1) or 1.0
    return "".join(BLOCKS[round((v - low) / step)] if math.isfinite(v) else " " for v in shown)


def rounded(values: Mapping[Any, Any], digits: int = 6) -> dict[str, Any]:
    """Rounds the real numbers for JSON, which has no ``nan``: that becomes ``None``."""
    plain = dict(values)
    for name, value in values.items():
        if isinstance(value, float):
            plain[name] = None if math.isnan(value) else round(value, digits)
    return plain
