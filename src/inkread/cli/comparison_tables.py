"""The tables of ``inkread compare``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from inkread.cli.console import show
from inkread.evaluation.figures import count, duration, p_value

if TYPE_CHECKING:
    from inkread.evaluation.comparison import Comparison, Entry, Pair, Score

SIGNIFICANT = 0.05
"""Significance level for p-values after Holm's correction."""


def print_comparison(comparison: Comparison) -> None:
    """Prints the models, their input and output conventions, the pairwise tests, and the notes."""
    show(_models(comparison), "", _conventions(comparison), "", _pairs(comparison), "")
    for collection in comparison.collections:
        found = sum(one.collection == collection for one in comparison.disagreements)
        total = comparison.entries[0].scores[collection].total
        hint = "; --out page.html shows them" if found else ""
        show(f"{collection}: the models differ on {found:,} of {total:,} digits{hint}.")
    show(*(Text(f"{note}.") for note in comparison.notes))


def _models(comparison: Comparison) -> Table:
    """Builds a table with one row per model, with the 95 % interval below each accuracy."""
    table = _table("Model", "Params", "Size", "Ops")
    for name in comparison.collections:
        table.add_column(f"{name}\naccuracy", justify="right", overflow="fold")
        table.add_column("\nECE", justify="right", no_wrap=True)
    if comparison.entries[0].timing:
        for heading in ("\nLatency", "in\nbatches", "Cold\nstart"):
            table.add_column(heading, justify="right", no_wrap=True)
    for entry in comparison.entries:
        scores = (cell for name in comparison.collections for cell in _score(entry.scores[name]))
        graph = entry.graph
        sizes = (count(graph.parameters), f"{count(graph.size)}B", count(graph.operations))
        table.add_row(entry.name, *sizes, *scores, *_times(entry))
    return table


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(f"\n{first}", overflow="fold")
    for heading in others:
        table.add_column(f"\n{heading}", justify="right", no_wrap=True)
    return table


def _score(score: Score) -> tuple[str, str]:
    low, high = score.interval
    accuracy = f"{score.accuracy:.2%}\n{100 * low:.2f}–{100 * high:.2f}"
    return accuracy, f"{score.calibration_error:.1%}"


def _times(entry: Entry) -> tuple[str, ...]:
    timing = entry.timing
    return (
        tuple(map(duration, (timing.single, timing.batch, timing.cold_start))) if timing is not None else ()
    )


def _conventions(comparison: Comparison) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("Model", overflow="fold")
    table.add_column("Input and output", overflow="fold")
    for entry in comparison.entries:
        table.add_row(entry.name, entry.note)
    return table


def _pairs(comparison: Comparison) -> Table:
    """Builds the table of McNemar's test for each pair of models, with its verdict in words."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("On", "A", "B"):
        table.add_column(heading, overflow="fold")
    for heading in ("Only A right", "Only B", "McNemar p", "Holm"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for pair in comparison.pairs:
        counts = (f"{number:,}" for number in (pair.only_one, pair.only_other))
        values = (p_value(p) for p in (pair.p, pair.adjusted))
        table.add_row(pair.collection, pair.one, pair.other, *counts, *values, _verdict(pair))
    return table


def _verdict(pair: Pair) -> str:
    """States which of the two is better, if the difference is significant."""
    if pair.adjusted >= SIGNIFICANT:
        return "undecided"
    return "A is better" if pair.only_one > pair.only_other else "B is better"
