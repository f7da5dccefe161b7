"""The tables of ``inkread compare``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from inkread.cli.console import show, table
from inkread.evaluation.figures import count, duration, p_value

if TYPE_CHECKING:
    from rich.table import Table

    from inkread.evaluation.comparison import Comparison, Pair, Score

SIGNIFICANT = 0.05
"""Significance level for p-values after Holm's correction."""


def print_comparison(comparison: Comparison) -> None:
    """Prints the models, their input and output conventions, the pairwise tests, and the notes."""
    conventions = table("Model", "Input and output")
    for entry in comparison.entries:
        conventions.add_row(entry.name, entry.note)
    show(_models(comparison), "", conventions, "", _pairs(comparison), "")
    for collection in comparison.collections:
        found = sum(one.collection == collection for one in comparison.disagreements)
        total = comparison.entries[0].scores[collection].total
        hint = "; --out page.html shows them" if found else ""
        show(f"{collection}: the models differ on {found:,} of {total:,} glyphs{hint}.")
    show(*(Text(f"{note}.") for note in comparison.notes))


def _models(comparison: Comparison) -> Table:
    """Builds a table with one row per model, with the 95 % interval below each accuracy."""
    scores = [heading for name in comparison.collections for heading in (f">{name}\naccuracy", ">\nECE")]
    times = (">\nLatency", ">in\nbatches", ">Cold\nstart") if comparison.entries[0].timing else ()
    rows = table("\nModel", ">\nParams", ">\nSize", ">\nOps", *scores, *times)
    for entry in comparison.entries:
        cells = (cell for name in comparison.collections for cell in _score(entry.scores[name]))
        graph = entry.graph
        sizes = (count(graph.parameters), f"{count(graph.size)}B", count(graph.operations))
        timing = entry.timing
        seconds = (timing.single, timing.batch, timing.cold_start) if timing is not None else ()
        rows.add_row(entry.name, *sizes, *cells, *map(duration, seconds))
    return rows


def _score(score: Score) -> tuple[str, str]:
    low, high = score.interval
    accuracy = f"{score.accuracy:.2%}\n{100 * low:.2f}–{100 * high:.2f}"
    return accuracy, f"{score.calibration_error:.1%}"


def _pairs(comparison: Comparison) -> Table:
    """Builds the table of McNemar's test for each pair of models, with its verdict in words."""
    rows = table("On", "A", "B", ">Only A right", ">Only B", ">McNemar p", ">Holm", "")
    for pair in comparison.pairs:
        counts = (f"{number:,}" for number in (pair.only_one, pair.only_other))
        values = (p_value(p) for p in (pair.p, pair.adjusted))
        rows.add_row(pair.collection, pair.one, pair.other, *counts, *values, _verdict(pair))
    return rows


def _verdict(pair: Pair) -> str:
    """States which of the two is better, if the difference is significant."""
    if pair.adjusted >= SIGNIFICANT:
        return "undecided"
    return "A is better" if pair.only_one > pair.only_other else "B is better"
