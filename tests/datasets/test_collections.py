"""The optional collections, from tiny files in their formats."""

import numpy as np
import pytest

from inkread.datasets.pen_strokes import load_unipen
from inkread.datasets.symbols import load_bhmsds, load_quickdraw
from inkread.errors import DatasetFormatError, DatasetNotFoundError

LOADERS = {"unipen": load_unipen, "bhmsds": load_bhmsds, "quickdraw": load_quickdraw}


@pytest.fixture(autouse=True)
def lonely(monkeypatch, tmp_path):
    monkeypatch.delenv("INKREAD_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def data(tmp_path):
    for name in LOADERS:
        (tmp_path / name).mkdir()
    np.savez(
        tmp_path / "unipen" / "unipen_chars_strokes.npz",
        points=np.array([[0, 0], [0, 1000], [5, 5], [1, 2], [3, 4], [5, 6]], np.int16),
        stroke_start=np.array([0, 2, 3, 6], np.int32),
        sample_start=np.array([0, 2, 3], np.int32),
        label=np.array(["i", "7"]),
        contributor=np.array(["aga", "tos"]),
        writer=np.array([0, 1], np.int32),
    )
    np.save(tmp_path / "unipen" / "unipen_chars_knn_agree.npy", np.array([1, 0.5], np.float16))
    images = np.full((2, 28, 28), 255, np.uint8)
    images[1, 3, 4] = 10
    np.savez(tmp_path / "bhmsds" / "bhmsds.npz", images=images, labels=np.array(["3", "plus"]))
    for number, name in enumerate(("cats1000", "rainbows1000", "trains1000"), start=1):
        (tmp_path / "quickdraw" / f"{name}.bin").write_bytes(bytes([number]) * 784 * number)
    return tmp_path


@pytest.mark.parametrize("name", LOADERS)
def test_a_missing_collection_is_not_found_and_described_as_optional(name, tmp_path):
    with pytest.raises(DatasetNotFoundError, match="optional"):
        LOADERS[name](data_dir=tmp_path)


@pytest.mark.parametrize("name", LOADERS)
def test_a_damaged_collection_is_a_format_error(name, data):
    for file in (data / name).iterdir():
        file.write_bytes(file.read_bytes()[:-30])
    with pytest.raises(DatasetFormatError, match=name):
        LOADERS[name](data_dir=data)


def test_unipen_gives_each_character_its_strokes(data, monkeypatch):
    monkeypatch.setenv("INKREAD_DATA", str(data))
    characters = load_unipen()
    assert [len(characters), *characters.labels] == [2, "i", "7"]
    line, dot = characters.strokes(0)
    assert line.dtype == np.float32
    assert line.tolist() == [[0, 0], [0, 1000]]
    assert dot.tolist() == [[5, 5]]
    assert [stroke.tolist() for stroke in characters.strokes(1)] == [[[1, 2], [3, 4], [5, 6]]]


def test_a_subset_of_unipen_keeps_strokes_and_labels_together(data):
    part = load_unipen(data_dir=data).subset(np.array([1]))
    assert part.labels.tolist() == ["7"]
    assert part.agreement.tolist() == [0.5]
    assert len(part.strokes(0)[0]) == 3
    assert part.describe("train")["count"] == 1


def test_unipen_arrays_that_do_not_belong_together_are_rejected(data):
    np.save(data / "unipen" / "unipen_chars_knn_agree.npy", np.zeros(3, np.float16))
    with pytest.raises(DatasetFormatError, match="do not belong together"):
        load_unipen(data_dir=data)


def test_a_pickle_in_the_place_of_an_array_is_rejected(data):
    np.save(data / "unipen" / "unipen_chars_knn_agree.npy", np.array([{}, {}], object), allow_pickle=True)
    with pytest.raises(DatasetFormatError, match="knn_agree"):
        load_unipen(data_dir=data)


def test_bhmsds_turns_dark_ink_bright(data):
    glyphs = load_bhmsds(data_dir=data)
    assert glyphs.images[0].max() == 0
    assert glyphs.images[1, 3, 4] == 245
    assert glyphs.labelled().labels.tolist() == [3, 10]


def test_quickdraw_names_what_each_scribble_is(data):
    glyphs = load_quickdraw(data_dir=data)
    assert glyphs.symbols.tolist() == ["cat", *["rainbow"] * 2, *["train"] * 3]
    assert glyphs.images[:, 0, 0].tolist() == [1, 2, 2, 3, 3, 3]
    assert set(glyphs.labelled().labels.tolist()) == {10}
