"""A comparison as one HTML page: the table, the plot, the pairs, and the glyphs on which models disagree."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from PIL import Image

from inkread.evaluation.figures import count, duration, p_value
from inkread.evaluation.plots.costs import against_cost
from inkread.evaluation.reports.errors import POLICY, data_uri, stylesheet, table
from inkread.evaluation.reports.inline import inline

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inkread.evaluation.comparison import Comparison, Disagreement

COSTS = "Accuracy against cost"

MOST_SHOWN = 120
"""Maximum number of glyphs per collection: the most confident contradictions."""


def comparison_page(comparison: Comparison) -> str:
    """Returns the page: one file, whose content security policy forbids external resources."""
    names = [entry.name for entry in comparison.entries]
    style = stylesheet("page.css")
    title = " · ".join(names)
    sections = [
        _section("Models", _models(comparison)),
        _section(
            COSTS,
            f'<div class="plot" tabindex="0" role="group" aria-label="{COSTS}">'
            f"{inline(against_cost(comparison), COSTS)}</div>",
        ),
        _section("Pairs", _pairs(comparison)),
        *(
            _section(f"Where they differ: {name}", _differing(comparison, name))
            for name in comparison.collections
        ),
    ]
    notes = "".join(f"<li>{escape(note)}.</li>" for note in comparison.notes)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{style}</style></head><body>\n"
        f"<header><h1>{escape(title)}</h1><p>{len(names)} models compared by inkread</p></header>\n<main>"
        + "\n".join(sections)
        + f'<section><h2>Notes</h2><ul class="faint">{notes}</ul></section></main></body></html>\n'
    )


def _section(title: str, content: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{content}</section>"


def _models(comparison: Comparison) -> str:
    """Returns the table of all results, and each model's input and output conventions."""
    heading = ["Model", "Parameters", "Size", "Operations"]
    for name in comparison.collections:
        heading += [f"{name} accuracy", "ECE"]
    heading += ["Latency", "In batches", "Cold start"]
    rows = []
    for entry in comparison.entries:
        graph, timing = entry.graph, entry.timing
        row = [entry.name, f"{graph.parameters:,}", f"{count(graph.size)}B", count(graph.operations)]
        for name in comparison.collections:
            score = entry.scores[name]
            low, high = score.interval
            row += [
                f"{score.accuracy:.2%} ({100 * low:.2f}–{100 * high:.2f})",
                f"{score.calibration_error:.2%}",
            ]
        seconds = (timing.single, timing.batch, timing.cold_start) if timing else ()
        rows.append(row + ([duration(value) for value in seconds] or [""] * 3))
    conventions = "".join(
        f"<div><dt>{escape(entry.name)}</dt><dd>{escape(entry.note)}</dd></div>"
        for entry in comparison.entries
    )
    return f'{table(rows, heading=heading)}<h3>Input and output</h3><dl class="list">{conventions}</dl>'


def _pairs(comparison: Comparison) -> str:
    heading = [
        "A against B", "On", "Only A right", "Only B right", "Results differ", "McNemar p", "After Holm",
    ]  # fmt: skip
    rows = [
        [
            f"{pair.one} against {pair.other}",
            pair.collection,
            *(f"{number:,}" for number in (pair.only_one, pair.only_other, pair.differing)),
            *(p_value(p) for p in (pair.p, pair.adjusted)),
        ]
        for pair in comparison.pairs
    ]
    return table(rows, heading=heading)


def _differing(comparison: Comparison, collection: str) -> str:
    """Shows the glyphs on which the models disagree, with each model's result."""
    found = [one for one in comparison.disagreements if one.collection == collection]
    total = comparison.entries[0].scores[collection].total
    if not found:
        return f"<p>All models agree on all of the {total:,} digits.</p>"
    names = [entry.name for entry in comparison.entries]
    shown = found[:MOST_SHOWN]
    told = f"{len(found):,} of {total:,} digits, most confident contradictions first"
    more = f"; {len(shown)} are shown" if len(shown) < len(found) else ""
    cards = "".join(_card(one, names) for one in shown)
    return f'<p class="faint">{told}{more}.</p><ul class="differing">{cards}</ul>'


def _card(one: Disagreement, names: Sequence[str]) -> str:
    answers = "".join(
        f"<div><dt>{escape(name)}</dt><dd{'' if answer == one.label else ' class=wrong'}>"
        f"{answer} <small>{probability:.0%}</small></dd></div>"
        for name, answer, probability in zip(names, one.answers, one.probabilities, strict=True)
    )
    picture = data_uri(Image.fromarray(255 - one.glyph))
    return (
        f'<li><img loading="lazy" alt="glyph {one.index}" src="{picture}">'
        f"<div><p>{one.label} <small>no. {one.index:,}</small></p><dl>{answers}</dl></div></li>"
    )
