"""A plot is a matplotlib figure that displays itself, and is saved in the format of its suffix."""

from __future__ import annotations

import io
from xml.etree import ElementTree as ET

import pytest

mpl = pytest.importorskip("matplotlib", reason="matplotlib is not installed (extra: plot)")
from matplotlib.figure import Figure
from PIL import Image

from inkread.errors import OptionError, OutputError
from inkread.evaluation.plots import curves, save

HISTORY = [{"epoch": 1.0, "train_loss": 0.5, "validation_accuracy": 0.9}]


@pytest.fixture
def plot():
    return curves({"run": HISTORY})


def test_a_png_has_twice_the_pixels_that_a_notebook_shows(plot, tmp_path):
    assert isinstance(plot, Figure)
    content, shown = plot._repr_png_()
    save(plot, tmp_path / "new" / "plot.png")
    for picture in (io.BytesIO(content), tmp_path / "new" / "plot.png"):
        with Image.open(picture) as image:
            assert image.format == "PNG"
            assert image.size == (2 * shown["width"], 2 * shown["height"])


def test_an_svg_is_the_same_each_time(tmp_path):
    for name in ("a.svg", "b.SVG"):
        save(curves({"run": HISTORY}), tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.SVG").read_bytes()
    assert ET.parse(tmp_path / "a.svg").getroot().tag.endswith("svg")


@pytest.mark.parametrize("name", ["plot.gif", "plot", "plot.png.txt"])
def test_another_suffix_is_rejected(plot, tmp_path, name):
    with pytest.raises(OptionError, match=r"use \.png or \.svg"):
        save(plot, tmp_path / name)


def test_a_place_that_cannot_be_written_to_is_reported(plot, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        save(plot, tmp_path / "file" / "plot.png")


def test_settings_of_matplotlib_stay_as_they_were(plot):
    before = dict(mpl.rcParams)
    plot.to_svg(text=True)
    assert dict(mpl.rcParams) == before
