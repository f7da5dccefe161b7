"""Grids show the glyphs they promise, with their labels and predictions."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="matplotlib is not installed (extra: plot)")

from inkread.errors import OptionError
from inkread.evaluation.plots import augmentation, errors, predictions, samples
from inkread.evaluation.plots.grids import certainty, most_confident_errors
from inkread.training import Augmentation


def captions(plot):
    return [text.get_text() for text in plot.axes[0].texts if "→" in text.get_text()]


def test_samples_have_a_row_for_each_class(glyphs):
    only = glyphs.subset(glyphs.labels < 4)
    plot = samples(only.images, only.labels, columns=5)
    assert [text.get_text() for text in plot.axes[0].texts if text.get_text()] == ["0", "1", "2", "3"]


def test_predictions_are_captioned_with_label_reading_and_certainty(glyphs, probabilities):
    plot = predictions(glyphs.images, glyphs.labels, probabilities, count=len(glyphs))
    found = [caption.split() for caption in captions(plot)]
    assert len(found) == len(glyphs)
    assert sum(label != read for label, _, read, _ in found) == len(
        most_confident_errors(glyphs.labels, probabilities)
    )


def test_errors_are_all_wrong_and_the_most_confident_come_first(glyphs, probabilities):
    ranked = most_confident_errors(glyphs.labels, probabilities)
    sure = probabilities[ranked].max(axis=1)
    assert len(ranked)
    assert (probabilities[ranked].argmax(axis=1) != glyphs.labels[ranked]).all()
    assert (np.diff(sure) <= 0).all()
    shown = captions(errors(glyphs.images, glyphs.labels, probabilities, count=7))
    assert [caption.split()[-1] for caption in shown] == [certainty(p) for p in sure[:7]]


def test_a_reader_without_errors_has_a_plot_that_says_so(glyphs):
    plot = errors(glyphs.images, glyphs.labels, np.eye(11)[glyphs.labels])
    assert plot.get_suptitle() == "0 of 300 glyphs misread"
    assert captions(plot) == []
    plot.to_svg()


def test_near_certainty_is_never_rounded_to_certainty():
    assert [certainty(p) for p in (0.999, 1.0, 0.0)] == ["99%", "100%", "0%"]


def test_an_augmentation_of_nothing_shows_the_glyph_as_it_is(glyphs):
    pytest.importorskip("torch", reason="PyTorch is not installed (extra: train)")

    def tiles(strengths):
        canvas = augmentation(glyphs.images, strengths, glyphs=1, variants=1).axes[0].images[0].get_array()
        return canvas[3:31, 3:31], canvas[3:31, 34:62]

    assert np.array_equal(*tiles(Augmentation()))
    assert not np.array_equal(*tiles(Augmentation(rotation=45.0)))


@pytest.mark.parametrize("plot", [samples, predictions, errors])
def test_no_glyphs_are_an_error(plot):
    arguments = [np.zeros((0, 28, 28), np.uint8), np.zeros(0, np.uint8), np.zeros((0, 11))]
    with pytest.raises(OptionError, match="there are none"):
        plot(*arguments[: 2 if plot is samples else 3])
