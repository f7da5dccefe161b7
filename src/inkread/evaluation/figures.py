"""Numbers as a person reads them."""

from __future__ import annotations


def count(number: int | None) -> str:
    """A large number in three digits, such as "9.41 M"; "?" where it is not known."""
    if number is None:
        return "?"
    for limit, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= 0.9995 * limit:
            return f"{number / limit:.3g} {unit}"
    return f"{number} "


def duration(seconds: float) -> str:
    """A time in three digits, in the unit that suits it."""
    for limit, unit in ((1, "s"), (1e-3, "ms")):
        if seconds >= 0.9995 * limit:
            return f"{seconds / limit:.3g} {unit}"
    return f"{seconds * 1e6:.3g} µs"


def p_value(p: float) -> str:
    """A p-value in three decimals."""
    return f"{p:.3f}" if p >= 0.0005 else "< 0.001"
