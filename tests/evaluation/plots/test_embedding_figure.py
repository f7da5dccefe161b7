"""An embedding keeps separate classes apart."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="matplotlib is not installed (extra: plot)")
pytest.importorskip("sklearn", reason="scikit-learn is not installed (extra: plot)")

from inkread.errors import OptionError
from inkread.evaluation.plots import embedding
from inkread.evaluation.plots.embedding_figure import is_stray, plane

LABELS = np.repeat([2, 7], 20)
VECTORS = np.random.default_rng(0).normal(size=(40, 6)) + 30.0 * (LABELS == 7)[:, None]


@pytest.mark.parametrize("method", ["tsne", "pca"])
def test_every_glyph_has_its_place_near_its_like(method):
    points = plane(VECTORS, method=method)
    assert points.shape == (40, 2)
    assert np.isfinite(points).all()
    assert not is_stray(points, LABELS).any()
    assert np.array_equal(points, plane(VECTORS, method=method))


def test_a_glyph_among_others_is_astray():
    points = np.array([[0.0, 0], [0, 1], [0, 2], [9, 0], [9, 1], [0, 1.5]])
    assert is_stray(points, np.array([0, 0, 0, 1, 1, 1])).tolist() == [False] * 5 + [True]


def test_each_class_is_named():
    plot = embedding(VECTORS, LABELS, method="pca")
    assert [text.get_text() for text in plot.axes[0].texts] == ["2", "7"]


def test_a_handful_is_too_few():
    with pytest.raises(OptionError, match="too few"):
        embedding(VECTORS[:3], LABELS[:3])
