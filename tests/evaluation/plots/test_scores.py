"""Plots of scores contain the numbers of the metrics."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="matplotlib is not installed (extra: plot)")
pytest.importorskip("sklearn", reason="scikit-learn is not installed (extra: plot)")

from sklearn.metrics import precision_recall_fscore_support

from inkread.evaluation import metrics
from inkread.evaluation.plots import classes, confusion, reliability


def test_the_cells_of_the_confusion_matrix_sum_to_the_number_of_glyphs(glyphs, probabilities):
    plot = confusion(glyphs.labels, probabilities.argmax(axis=1))
    counts = {text.get_position(): int(text.get_text().replace(",", "")) for text in plot.axes[0].texts}
    assert sum(counts.values()) == len(glyphs)
    right = sum(count for (x, y), count in counts.items() if x == y)
    assert right == (probabilities.argmax(axis=1) == glyphs.labels).sum()
    assert plot.get_suptitle().startswith(f"{len(glyphs) - right} of 300 glyphs misread")


def test_rejections_have_a_column_of_their_own():
    plot = confusion(np.array([0, 1, 1]), np.array([0, 1, 10]))
    assert [label.get_text() for label in plot.axes[0].get_xticklabels()] == ["0", "1", "none"]


def test_scikit_learn_and_the_metrics_agree(glyphs, probabilities):
    read = probabilities.argmax(axis=1)
    expected = precision_recall_fscore_support(glyphs.labels, read, labels=np.arange(10), zero_division=0)
    matrix = metrics.confusion_matrix(glyphs.labels, read, classes=10)
    found = [(c.precision, c.recall, c.f1) for c in metrics.per_class(matrix, "0123456789")]
    assert pytest.approx(np.array(expected[:3]).T) == np.array(found)


def test_every_class_that_occurs_has_its_three_scores(glyphs, probabilities):
    plot = classes(glyphs.labels, probabilities.argmax(axis=1))
    assert [len(axes.texts) for axes in plot.axes] == [10, 10, 10]
    assert [axes.get_title(loc="left") for axes in plot.axes] == ["Precision", "Recall", "F1"]


def test_bars_of_reliability_are_as_high_as_the_accuracy_of_their_bins(glyphs, probabilities):
    sure, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == glyphs.labels
    bins = metrics.calibration_bins(sure, right)
    upper, lower = reliability(glyphs.labels, probabilities).axes
    assert [bar.get_height() for bar in upper.patches] == [b.accuracy for b in bins if b.count]
    assert sum(bar.get_height() for bar in lower.patches) == len(glyphs)
