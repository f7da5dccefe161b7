"""The example pictures, which new users see first."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from inkread.datasets.pictures import load_labelled_folder

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    spec = importlib.util.spec_from_file_location("draw_examples", EXAMPLES / "draw_examples.py")
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(EXAMPLES)
        spec.loader.exec_module(module)
    folder = tmp_path_factory.mktemp("examples")
    module.draw(folder)
    return folder


@pytest.mark.slow
def test_the_shipped_table_and_pictures_are_those_that_the_script_draws(drawn):
    shipped, fresh = load_labelled_folder(EXAMPLES), load_labelled_folder(drawn)
    assert [(one.path.name, one.label) for one in shipped] == [(one.path.name, one.label) for one in fresh]
    for one, other in zip(shipped, fresh, strict=True):
        pixels = [np.asarray(Image.open(path).convert("L"), np.float32) for path in (one.path, other.path)]
        # Other library versions round differently, but draw the same picture.
        assert np.abs(pixels[0] - pixels[1]).mean() < 3, one.path.name


def test_the_shipped_pictures_are_small_enough_for_a_repository():
    assert sum(picture.path.stat().st_size for picture in load_labelled_folder(EXAMPLES)) < 600_000


def test_one_picture_needs_its_exif_flag_and_one_is_transparent():
    with Image.open(EXAMPLES / "sideways.jpg") as picture:
        assert picture.width > picture.height
        upright = ImageOps.exif_transpose(picture)
        assert upright.width < upright.height
    with Image.open(EXAMPLES / "drawing.png") as picture:
        assert picture.mode == "RGBA"
        assert picture.getchannel("A").getextrema() == (0, 255)
