"""A comparison as one HTML page: the table, the plot, the pairs, and the glyphs on which models disagree."""

from __future__ import annotations

from dataclasses import astuple
from typing import TYPE_CHECKING

from PIL import Image

from inkread.evaluation.figures import count, duration, p_value
from inkread.evaluation.plots.costs import against_cost
from inkread.evaluation.plots.style import inline
from inkread.evaluation.reports.page import data_uri, render

if TYPE_CHECKING:
    from inkread.evaluation.comparison import Comparison

COSTS = "Accuracy against cost"

MOST_SHOWN = 120
"""Maximum number of glyphs per collection: the most confident contradictions."""


def comparison_page(comparison: Comparison) -> str:
    """Returns the page: one file, whose content security policy forbids external resources."""
    differing = [
        {
            "collection": name,
            "found": [one for one in comparison.disagreements if one.collection == name],
            "total": comparison.entries[0].scores[name].total,
        }
        for name in comparison.collections
    ]
    return render(
        "comparison.html",
        title=" · ".join(entry.name for entry in comparison.entries),
        entries=comparison.entries,
        models=_models(comparison),
        costs=COSTS,
        drawing=inline(against_cost(comparison), COSTS),
        pairs=_pairs(comparison),
        differing=differing,
        most=MOST_SHOWN,
        uri=lambda one: data_uri(Image.fromarray(255 - one.glyph)),
        notes=comparison.notes,
    )


def _models(comparison: Comparison) -> list[list[str]]:
    """Returns the heading and the rows of the table of all results."""
    heading = ["Model", "Parameters", "Size", "Operations"]
    for name in comparison.collections:
        heading += [f"{name} accuracy", "ECE"]
    heading += ["Latency", "In batches", "Cold start"]
    rows = [heading]
    for entry in comparison.entries:
        graph, timing = entry.graph, entry.timing
        row = [entry.name, f"{graph.parameters:,}", f"{count(graph.size)}B", count(graph.operations)]
        for name in comparison.collections:
            score = entry.scores[name]
            low, high = (f"{100 * end:.2f}" for end in score.interval)
            row += [f"{score.accuracy:.2%} ({low}–{high})", f"{score.calibration_error:.2%}"]
        rows.append(row + ([duration(value) for value in astuple(timing)] if timing else [""] * 3))
    return rows


def _pairs(comparison: Comparison) -> list[list[str]]:
    return [
        [
            f"{pair.one} against {pair.other}",
            pair.collection,
            *(f"{number:,}" for number in (pair.only_one, pair.only_other, pair.differing)),
            *(p_value(p) for p in (pair.p, pair.adjusted)),
        ]
        for pair in comparison.pairs
    ]
