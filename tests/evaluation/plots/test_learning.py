"""Curves pass through the values of every epoch, on a page and in a line of text."""

from __future__ import annotations

import math

import pytest

pytest.importorskip("matplotlib", reason="matplotlib is not installed (extra: plot)")

from inkread.errors import OptionError
from inkread.evaluation.figures import BLOCKS, sparkline
from inkread.evaluation.plots import curves

FIGURES = ("train_loss", "validation_loss", "train_accuracy", "validation_accuracy")
HISTORY = [{"epoch": e, **{name: 0.1 * e + 0.01 * i for i, name in enumerate(FIGURES)}} for e in (1, 2, 3)]


def lines(plot):
    return [[tuple(line.get_ydata()) for line in axes.lines] for axes in plot.axes]


def test_each_figure_has_its_line():
    expected = [tuple(epoch[name] for epoch in HISTORY) for name in FIGURES]
    assert lines(curves({"run": HISTORY})) == [expected[:2], expected[2:]]


def test_several_runs_are_distinguished():
    plot = curves({"one": HISTORY, "other": HISTORY})
    assert [len(found) for found in lines(plot)] == [4, 4]
    names = [text.get_text() for text in plot.legends[0].get_texts()]
    assert names[-2:] == ["one", "other"]
    assert len({line.get_color() for line in plot.axes[0].lines}) == 2


def test_a_run_may_have_any_name():
    plot = curves({"_first": HISTORY, "$a_b$": HISTORY})
    assert [text.get_text() for text in plot.legends[0].get_texts()][-2:] == ["_first", "$a_b$"]
    assert "$a_b$" in plot.to_svg(text=True)


def test_a_run_of_a_detector_has_the_lines_that_it_has_figures_for():
    epochs = [{"epoch": 1.0, "train_loss": 0.3, "column_loss": 0.2, "validation_accuracy": 0.5}]
    assert lines(curves({"detector": epochs})) == [[(0.3,)], [(0.5,)]]


@pytest.mark.parametrize("histories", [{}, {"run": []}])
def test_nothing_to_draw_is_an_error(histories):
    with pytest.raises(OptionError):
        curves(histories)


def test_a_sparkline_rises_from_the_least_to_the_largest():
    assert sparkline(range(8)) == BLOCKS
    assert sparkline([3.0, 1.0]) == BLOCKS[-1] + BLOCKS[0]
    assert len(set(sparkline([0.5, 0.5]))) == 1
    assert sparkline([]) == ""


def test_a_sparkline_leaves_a_blank_for_missing_numbers():
    assert sparkline([0.0, math.nan, 1.0, math.inf]) == f"{BLOCKS[0]} {BLOCKS[-1]} "


def test_a_long_sparkline_is_cut_to_its_width_and_ends_with_the_last_value():
    found = sparkline([0.0] * 99 + [1.0], width=10)
    assert len(found) == 10
    assert found[-1] == BLOCKS[-1]
