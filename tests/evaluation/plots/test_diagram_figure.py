"""The diagram shows every layer of a network, as large as its output."""

from __future__ import annotations

import pytest

pytest.importorskip("matplotlib", reason="matplotlib is not installed (extra: plot)")
pytest.importorskip("onnx", reason="ONNX is not installed (extra: train)")

from inkread.evaluation.plots import diagram
from inkread.evaluation.summary import summarize
from inkread.models import load_model


@pytest.mark.parametrize("name", ["default", "characters"])
def test_every_layer_is_drawn_with_its_name_and_output(name):
    summary = summarize(load_model(name))
    texts = [text.get_text() for axes in diagram(summary).axes for text in axes.texts]
    assert [text for text in texts if "\n" not in text] == [
        summary.source, *(row.name for row in summary.rows)
    ]  # fmt: skip
    for row in summary.rows:
        assert any("×".join(map(str, row.shape)) in text.splitlines() for text in texts)
        assert not row.parameters or any(f"{row.parameters:,} weights" in text for text in texts)


def test_a_layer_is_as_high_as_its_pictures():
    plot = diagram(summarize(load_model("default")))
    heights = [patch.get_height() for patch in plot.axes[0].patches if hasattr(patch, "get_height")][::2]
    assert heights == [1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.25]
