"""Learning rates over the course of a training, as shares of the highest.

Each function takes the share of the steps that are done, 0..1, and the share during which the rate rises.
"""

from __future__ import annotations

import math


def one_cycle(progress: float, warmup: float) -> float:
    """Half a cosine up, half a cosine down (Smith 2018)."""
    if progress < warmup:
        return (1 - math.cos(math.pi * progress / warmup)) / 2
    return (1 + math.cos(math.pi * (progress - warmup) / (1 - warmup))) / 2


def linear(progress: float, warmup: float) -> float:
    """Half a cosine up, a line down to zero."""
    return one_cycle(progress, warmup) if progress < warmup else (1 - progress) / (1 - warmup)


def constant(progress: float, warmup: float) -> float:
    """Half a cosine up, and no further change."""
    return one_cycle(progress, warmup) if progress < warmup else 1.0


def trapezoid(progress: float, warmup: float, decay: float) -> float:
    """A line up, a plateau, and over the last ``decay`` of the steps a line down to zero.

    After Hägele et al., "Scaling laws and compute-optimal training beyond fixed durations", 2024: a training
    that turns out to be too short can continue from its plateau.
    """
    rise = progress / warmup if warmup else 1.0
    fall = (1 - progress) / decay if decay else 1.0
    return min(1.0, rise, fall)


SCHEDULES = {"one-cycle": one_cycle, "linear": linear, "constant": constant}
"""By the names that recipes have for them."""
