"""The pipeline figure shows every step from a picture to its digit."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="matplotlib is not installed (extra: plot)")
pytest.importorskip("torch", reason="PyTorch is not installed (extra: train)")
pytest.importorskip("onnx", reason="ONNX is not installed (extra: train)")

from inkread.errors import OptionError
from inkread.evaluation.plots import Inspection, process
from inkread.evaluation.plots.pipeline_figure import example_photo, first_glyph


@pytest.fixture(scope="module")
def inspection():
    return Inspection("default")


def test_the_example_is_read_as_what_it_is(inspection):
    glyph, probabilities, _ = first_glyph(inspection.trace(None))
    assert glyph.shape == (28, 28)
    assert probabilities.argmax() == 5


def test_every_step_has_its_panel(inspection):
    trace = inspection.trace(None)
    plot = process(trace, inspection.network)
    assert [axes.get_title(loc="left").split("  ")[1] for axes in plot.axes] == [
        "picture", "ink", "28×28", "conv 1", "probabilities",
    ]  # fmt: skip
    widths = [bar.get_width() for bar in plot.axes[-1].patches]
    assert int(np.argmax(widths)) == 5
    assert np.array_equal(plot.axes[0].images[0].get_array(), trace.picture.pixels)


def test_a_picture_without_ink_has_no_way(inspection, tmp_path):
    from PIL import Image

    Image.new("RGB", (60, 60), "white").save(tmp_path / "blank.png")
    with pytest.raises(OptionError, match="no ink"):
        process(inspection.trace(tmp_path / "blank.png"), inspection.network)


def test_the_example_is_the_same_each_time():
    assert np.array_equal(example_photo(), example_photo())
