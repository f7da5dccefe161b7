"""Words and lines with their text, from pen strokes and from strips of paper."""

from __future__ import annotations

import numpy as np
import pytest

from inkread.datasets.pen_strokes import load_pen_words, load_pendigits
from inkread.datasets.strips import load_copiste_lines, load_copiste_words, load_dhsd
from inkread.errors import DatasetFormatError, DatasetNotFoundError


@pytest.fixture
def copiste(tmp_path):
    """Two lines, one of them held out and one with a crossed-out word; three words."""
    (tmp_path / "copiste").mkdir()
    np.savez(
        tmp_path / "copiste" / "copiste_lines48.npz",
        columns=np.repeat(np.arange(90, dtype=np.uint8)[:, None], 48, axis=1),
        width=np.array([40, 30, 20], np.int32),
        label=np.array(["un mot", "deux", "un >mot<"]),
        split=np.array(["train", "eval", "train"]),
        word_line=np.array([0, 0, 1], np.int32),
        word_x0=np.array([2, 20, 0], np.int32),
        word_x1=np.array([12, 38, 30], np.int32),
        word_label=np.array(["un", "mot", "deux"]),
        word_method=np.array([0, 1, 0], np.uint8),
    )
    return tmp_path


def test_lines_are_cut_from_the_pack_without_crossed_out_ones(copiste):
    (line,) = load_copiste_lines(copiste).strips
    assert (line.text, line.pixels.shape, line.pixels[0, 0], line.pixels[0, -1]) == (
        "un mot",
        (48, 40),
        0,
        39,
    )
    assert [strip.text for strip in load_copiste_lines(copiste, held_out=True).strips] == ["deux"]


def test_words_have_paper_around_them_but_none_of_the_next_line(copiste):
    one, other = load_copiste_words(copiste).strips
    assert (one.pixels[0, 0], one.pixels[0, -1]) == (0, 15)
    assert (other.pixels[0, 0], other.pixels[0, -1]) == (16, 39)
    assert [strip.text for strip in load_copiste_words(copiste, clean=True).strips] == ["un"]


def test_strokes_of_words_begin_where_they_are(tmp_path):
    (tmp_path / "unipen_words").mkdir()
    np.savez(
        tmp_path / "unipen_words" / "unipen_words_strokes.npz",
        dx=np.array([5, 1, 1, 50, 2, 7], np.int16),
        dy=np.array([9, 0, 0, 60, 2, 7], np.int16),
        stroke_len=np.array([3, 2, 1], np.uint16),
        n_strokes=np.array([2, 1], np.uint16),
        label=np.array(["ab", "c"]),
        contributor=np.array(["one", "two"]),
        writer=np.array([1, 2], np.int16),
        split=np.array(["train", "eval"]),
    )
    words = load_pen_words(tmp_path)
    assert words.labels.tolist() == ["ab"]
    assert [stroke.tolist() for stroke in words.strokes(0)] == [
        [[5, 9], [6, 9], [7, 9]],
        [[50, 60], [52, 62]],
    ]
    (held_out,) = load_pen_words(tmp_path, held_out=True).strokes(0)
    assert held_out.tolist() == [[7, 7]]


def test_pen_strokes_without_points_are_left_out(tmp_path):
    (tmp_path / "pendigits_uji").mkdir()
    np.savez(
        tmp_path / "pendigits_uji" / "pendigits_uji_strokes.npz",
        points=np.arange(10, dtype=np.int16).reshape(5, 2),
        stroke_start=np.array([0, 2, 2, 5], np.int32),
        sample_start=np.array([0, 2, 3], np.int32),
        label=np.array(["1", "a"]),
        source=np.array(["pendigits_tra", "uji1"]),
        writer=np.array([1, 1], np.int16),
    )
    characters = load_pendigits(data_dir=tmp_path)
    assert [len(characters.strokes(index)) for index in range(2)] == [1, 1]
    assert characters.strokes(1)[0].tolist() == [[4, 5], [6, 7], [8, 9]]
    assert len(set(characters.writers.tolist())) == 2


def test_a_missing_or_damaged_collection_is_an_error(tmp_path, monkeypatch):
    monkeypatch.delenv("INKREAD_DATA", raising=False)
    with pytest.raises(DatasetNotFoundError):
        load_dhsd(tmp_path)
    (tmp_path / "dhsd").mkdir()
    (tmp_path / "dhsd" / "dhsd.npz").write_bytes(b"not an archive")
    with pytest.raises(DatasetFormatError):
        load_dhsd(tmp_path)
