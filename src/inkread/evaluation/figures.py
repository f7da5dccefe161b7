"""Formats numbers for people."""

from __future__ import annotations


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
