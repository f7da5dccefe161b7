"""Scenes match their boxes, and are the same for the same seed."""

from pathlib import Path

import numpy as np
import pytest

from inkread.synthetic.layouts import LAYOUTS
from inkread.synthetic.scenes import CLASSES, HEIGHTS, IGNORED, Scene, make_scene
from inkread.synthetic.writers import Stock, load_stock


@pytest.fixture(scope="module")
def stock(data_dir: Path) -> Stock:
    return load_stock(data_dir=data_dir, held_out=True)


@pytest.fixture(scope="module")
def scenes(stock: Stock) -> list[Scene]:
    return [make_scene(stock, np.random.default_rng([3, seed])) for seed in range(80)]


def test_equal_seeds_make_equal_scenes(stock: Stock, scenes: list[Scene]) -> None:
    again = make_scene(stock, np.random.default_rng([3, 5]))
    assert np.array_equal(again.pixels, scenes[5].pixels)
    assert np.array_equal(again.boxes, scenes[5].boxes)


def test_every_layout_occurs_and_most_scenes_have_digits(scenes: list[Scene]) -> None:
    assert len({scene.kind for scene in scenes}) >= len(LAYOUTS) - 2
    assert np.mean([(scene.classes >= 0).any() for scene in scenes]) > 0.5


def test_boxes_are_inside_the_picture_and_have_classes(scenes: list[Scene]) -> None:
    for scene in scenes:
        assert scene.pixels.shape == (256, 256)
        assert scene.pixels.dtype == np.uint8
        assert ((scene.boxes >= 0) & (scene.boxes <= 256)).all()
        assert (scene.boxes[:, 2:] > scene.boxes[:, :2]).all()
        assert ((scene.classes >= IGNORED) & (scene.classes < len(CLASSES))).all()


def test_only_digits_of_the_requested_heights_count(scenes: list[Scene]) -> None:
    for scene in scenes:
        digits = (scene.classes >= 0) & (scene.classes < 10)
        heights = scene.boxes[digits, 3] - scene.boxes[digits, 1]
        assert (heights <= HEIGHTS.counted[1] + 1e-3).all()


def test_the_ink_of_most_digits_differs_from_the_paper_around(scenes: list[Scene]) -> None:
    spreads = []
    for scene in scenes:
        for box in scene.boxes[(scene.classes >= 0) & (scene.classes < 10)].round().astype(int):
            crop = scene.pixels[box[1] : box[3] + 1, box[0] : box[2] + 1]
            spreads.append(int(crop.max()) - int(crop.min()))
    assert np.median(spreads) > 60
    assert np.mean(np.array(spreads) > 8) > 0.9


def test_training_and_held_out_scenes_share_no_writer(stock: Stock, data_dir: Path) -> None:
    learned = load_stock(data_dir=data_dir, held_out=False)
    assert not {*stock.hand_fonts} & {*learned.hand_fonts}
    for name in ("unipen", "pendigits"):
        ours, theirs = (getattr(one, name).by_character for one in (stock, learned))
        assert not {*np.concatenate([*ours.values()])} & {*np.concatenate([*theirs.values()])}
