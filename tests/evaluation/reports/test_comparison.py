"""A comparison is a plot of accuracy against cost, and one page with the glyphs on which models differ."""

from __future__ import annotations

import numpy as np
import pytest
from outline import Outline

pytest.importorskip("matplotlib", reason="matplotlib is not installed (extra: plot)")

from inkread.evaluation.comparison import Comparison, Disagreement, Entry, Pair, Score
from inkread.evaluation.cost import Graph, Timing
from inkread.evaluation.plots import against_cost
from inkread.evaluation.reports import comparison_page

COLLECTIONS = {"digits": 400, "pictures $1$": 20}
TIMING = Timing(1e-4, 1e-5, 0.1)


def entry(name, wrong, *, operations=1_000, timing=TIMING):
    scores = {
        collection: Score(total - errors, total, 0.01)
        for (collection, total), errors in zip(COLLECTIONS.items(), wrong, strict=True)
    }
    return Entry(name, "(N, 28, 28), 0–1, logits", Graph(7_850, operations, 31_400), timing, scores)


@pytest.fixture(scope="module")
def comparison():
    entries = (entry("_all", (0, 0)), entry("a<b>$x$", (8, 1)), entry("c", (1, 3), operations=None))
    glyph = np.zeros((28, 28), np.uint8)
    differing = tuple(Disagreement("digits", i, 6, glyph, (6, 7, 8), (0.9, 0.8, 0.7)) for i in range(8))
    pairs = (Pair("digits", "_all", "c", 1, 0, 1, 1.0, 1.0),)
    return Comparison(entries, pairs, differing, ("a note",))


def test_each_collection_has_a_panel_for_each_cost(comparison):
    plot = against_cost(comparison)
    assert [axes.get_title(loc="left") for axes in plot.axes] == ["digits", "digits", *["pictures $1$"] * 2]
    assert [axes.get_xlabel() for axes in plot.axes[2:]] == [
        "multiplications per digit",
        "latency of one digit",
    ]


def test_a_model_is_plotted_at_its_cost_and_its_share_of_errors(comparison):
    points = [container[0].get_xydata()[0] for container in against_cost(comparison).axes[0].containers]
    assert points[0] == pytest.approx((1_000, 0.5 / 400))  # no error counts as half an error
    assert points[1] == pytest.approx((1_000, 8 / 400))
    assert np.isnan(points[2][0])


def test_a_model_of_any_name_is_in_the_legend(comparison):
    plot = against_cost(comparison)
    assert [text.get_text() for text in plot.legends[0].get_texts()] == ["_all", "a<b>$x$", "c"]
    words = plot.to_svg(text=True)
    assert "a&lt;b&gt;$x$" in words
    assert "pictures $1$" in words


def test_latency_that_nobody_measured_has_no_panel(comparison):
    entries = (*comparison.entries, entry("untimed", (1, 1), timing=None))
    assert len(against_cost(Comparison(entries, (), ())).axes) == len(COLLECTIONS)


def test_the_page_has_the_table_the_plot_and_the_glyphs_and_nothing_from_elsewhere(comparison):
    page = Outline(comparison_page(comparison))
    assert not page.open
    assert len(page.values("img", "src")) == 8
    assert page.values("svg", "aria-label") == ["Accuracy against cost"]
    assert "98.00% (96.10–98.98)" in page.text
    assert "a&lt;b&gt;" in page.text
    assert "a<b>" not in page.text
    assert not any(word in page.text for word in ("<script", "<link", "@import", "url(http", 'src="http'))


def test_colours_are_the_pages_so_that_it_can_be_dark(comparison):
    body = comparison_page(comparison).partition("</style>")[2]
    assert "var(--ink)" in body
    assert "#1c1e24" not in body
