"""A folder of pictures becomes glyphs; pictures that do not are reported."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from inkread.datasets.folders import load_folder_glyphs
from inkread.datasets.glyphs import NOT_A_DIGIT_CLASS, LabelledGlyphs, split_by_class
from inkread.errors import DatasetFormatError, DatasetNotFoundError
from inkread.reader import Reader


@pytest.fixture(scope="module")
def reader():
    return Reader()


def draw(path: Path, shift: int = 0, ink: str = "black", paper: str = "white") -> None:
    """A 1: an upright stroke."""
    picture = Image.new("RGB", (120, 160), paper)
    ImageDraw.Draw(picture).line([(60 + shift, 30), (60 + shift, 130)], ink, 10)
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path)


@pytest.fixture
def folder(tmp_path):
    """Two ones of opposite polarity, and a stroke labelled as none."""
    draw(tmp_path / "1" / "a.png")
    draw(tmp_path / "1" / "b.png", shift=20, ink="white", paper="black")
    draw(tmp_path / "none" / "c.png", shift=-10)
    return tmp_path


def test_each_picture_becomes_what_the_classifier_sees_of_it(folder, reader):
    told = []
    loaded = load_folder_glyphs(folder, reader=reader, on_picture=lambda *state: told.append(state))
    assert loaded.glyphs.labels.tolist() == [1, 1, NOT_A_DIGIT_CLASS]
    (seen,) = reader.trace(folder / "1" / "a.png", single=True).glyphs
    assert any(np.array_equal(loaded.glyphs.images[0], glyph) for glyph in seen)
    assert np.abs(loaded.glyphs.images[0].astype(int) - loaded.glyphs.images[1]).mean() < 5, "the same stroke"
    assert (loaded.skipped, loaded.summary()) == ((), "")
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_pictures_that_cannot_be_read_or_are_blank_are_counted_and_listed_but_not_fatal(folder, reader):
    for number in range(4):
        (folder / "1" / f"x{number}.png").write_text("no picture")
    Image.new("RGB", (50, 50), "white").save(folder / "none" / "blank.png")
    loaded = load_folder_glyphs(folder, reader=reader)
    assert len(loaded.glyphs) == 3
    assert [path.name for path, _ in loaded.skipped] == ["x0.png", "x1.png", "x2.png", "x3.png", "blank.png"]
    assert loaded.summary().startswith("5 of 8 pictures skipped: x0.png ")
    assert loaded.summary().endswith("; and 2 more")
    assert loaded.skipped[-1].problem == "shows no ink"


def test_where_no_picture_can_be_read_one_reason_is_given(tmp_path, reader):
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "seven.png").write_text("no picture")
    with pytest.raises(DatasetFormatError, match=r"no usable picture \(seven\.png "):
        load_folder_glyphs(tmp_path, reader=reader)


@pytest.mark.parametrize("label", ["12", "1/2"])
def test_a_label_of_several_digits_is_an_error_that_names_the_file(folder, reader, label):
    (folder / "labels.csv").write_text(f"file,label\n1/a.png,1\n1/b.png,{label}\n")
    with pytest.raises(DatasetFormatError, match=rf"b\.png: is labeled '{label}', more than one digit"):
        load_folder_glyphs(folder, reader=reader)


def test_a_label_that_is_not_a_digit_is_an_error_that_names_its_line(folder, reader):
    (folder / "labels.csv").write_text("file,label\n1/a.png,one\n")
    with pytest.raises(DatasetFormatError, match=r"labels\.csv, line 2: has the label 'one', not digits"):
        load_folder_glyphs(folder, reader=reader)


def test_a_missing_folder_is_not_found(tmp_path):
    with pytest.raises(DatasetNotFoundError):
        load_folder_glyphs(tmp_path / "absent")


def test_the_hash_covers_the_training_data_and_the_name_hides_its_folder(folder, reader):
    before = load_folder_glyphs(folder, reader=reader).glyphs
    (folder / "none").rename(folder / "2")
    after = load_folder_glyphs(folder, reader=reader).glyphs
    np.testing.assert_array_equal(before.images, after.images)
    assert before.sha256 != after.sha256
    assert before.name == folder.name


def numbered(labels: list[int]) -> LabelledGlyphs:
    images = np.zeros((len(labels), 28, 28), np.uint8)
    images[:, 0, 0] = range(len(labels))
    return LabelledGlyphs("numbered", images, np.array(labels, np.uint8), "", "", "")


def test_of_each_class_a_share_is_held_out_and_one_of_two_but_not_the_only_one():
    glyphs = numbered([0] * 60 + [1] * 12 + [2] * 2 + [10])
    learned, held_out = split_by_class(glyphs, seed=0)
    assert np.bincount(held_out.labels, minlength=11).tolist() == [10, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0]
    both = np.concatenate([learned.images[:, 0, 0], held_out.images[:, 0, 0]])
    assert sorted(both) == list(range(75))


def test_the_seed_decides_what_is_held_out():
    glyphs = numbered([0, 1] * 30)
    first, again, other = (
        split_by_class(glyphs, seed=seed)[1].images[:, 0, 0].tolist() for seed in (3, 3, 4)
    )
    assert first == again
    assert first != other
