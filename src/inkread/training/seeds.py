"""The spread of scores over runs that differ only in their seed: how much of a difference is luck."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inkread.system.files import csv_of, write_whole

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

SEEDS_FILE = "seeds.csv"


@dataclass(frozen=True, slots=True)
class Spread:
    """A score over several seeds.

    Attributes:
        mean: the mean over all runs.
        deviation: sample standard deviation; 0 for a single one.
        low: the lowest.
        high: the highest.
    """

    mean: float
    deviation: float
    low: float
    high: float


def spread(scores: Sequence[Mapping[str, float]]) -> dict[str, Spread]:
    """Returns the spread of each score that all runs have; ``scores`` are those of a card per run."""
    shared = [name for name in scores[0] if all(name in each for each in scores)]
    found = {}
    for name in shared:
        values = [each[name] for each in scores]
        deviation = statistics.stdev(values) if len(values) > 1 else 0.0
        found[name] = Spread(statistics.fmean(values), deviation, min(values), max(values))
    return found


def save_seeds(folder: Path, scores: Mapping[int, Mapping[str, float]]) -> Path:
    """Writes ``seeds.csv``, one row per seed with its scores; returns its path."""
    path = folder / SEEDS_FILE
    names = list(dict.fromkeys(name for each in scores.values() for name in each))
    rows = ({"seed": seed} | dict(each) for seed, each in scores.items())
    write_whole(path, csv_of(["seed", *names], rows).encode())
    return path
