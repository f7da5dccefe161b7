"""Single digits are cropped from their pictures once, as the reader sees them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from inkread.datasets.pictures import LabelledPicture
from inkread.errors import DatasetFormatError
from inkread.evaluation.crops import cut_out


def bar() -> np.ndarray:
    pixels = np.full((60, 60), 255, np.uint8)
    pixels[8:52, 27:33] = 0
    return pixels


def cross() -> np.ndarray:
    """Not a digit: the reader rejects it."""
    return (np.eye(60) + np.eye(60)[::-1] == 0).astype(np.uint8) * 255


def test_each_single_digit_yields_its_glyph_even_if_the_reader_rejects_it() -> None:
    seen = []
    pictures = [
        LabelledPicture(Path("one.png"), "1", {}, bar()),
        LabelledPicture(Path("four.png"), "4", {}, cross()),
        LabelledPicture(Path("blank.png"), "7", {}, np.full((60, 60), 255, np.uint8)),
        LabelledPicture(Path("absent.png"), "3"),
        LabelledPicture(Path("row.png"), "12", {}, bar()),
        LabelledPicture(Path("nothing.png"), "", {}, bar()),
    ]
    glyphs = cut_out(pictures, name="mine", on_picture=lambda: seen.append(1))
    assert glyphs.name == "mine"
    assert glyphs.labels.tolist() == [1, 4]
    assert all(image.max() > 200 for image in glyphs.images)
    assert len(seen) == 4


def test_a_folder_without_single_digits_is_an_error() -> None:
    with pytest.raises(DatasetFormatError, match="no single digit"):
        cut_out([LabelledPicture(Path("row.png"), "12", {}, bar())], name="rows")
