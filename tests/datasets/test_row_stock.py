"""Blocks of rows are the same however and whenever they are made, and are made once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from functools import partial

import numpy as np
import pytest

from inkread.datasets import row_stock
from inkread.datasets.row_stock import RowBlock, RowStock
from inkread.datasets.rows import ink_row, load_material, make_row
from inkread.errors import DatasetFormatError, OutputError


@pytest.fixture
def make(material, monkeypatch):
    """Makes a small block with the hand-made alphabet."""
    monkeypatch.setattr(row_stock, "load_material", lambda *, data_dir, held_out: material)
    return partial(RowBlock.make, data_dir=None, size=4)


def written(*texts):
    """A block of rows 8 pixels wide a digit."""
    lengths = np.array([len(text) for text in texts])
    starts = np.concatenate([np.arange(length) for length in lengths])
    boxes = np.array([1.0, 4, 7, 36]) + np.outer(8 * starts, [1, 0, 1, 0])
    ends = np.cumsum(8 * lengths)
    ink = (np.arange(40 * ends[-1]) % 251).astype(np.uint8).reshape(40, -1)
    return RowBlock(ink, ends, np.array(texts), boxes.astype(np.float32), np.cumsum(lengths))


def same(one, other):
    return all(np.array_equal(getattr(one, field.name), getattr(other, field.name)) for field in fields(one))


def test_seed_number_and_what_is_held_out_decide_the_rows(make):
    block = make(seed=1, number=2, held_out=False)
    assert same(block, make(seed=1, number=2, held_out=False))
    assert not same(block, make(seed=0, number=2, held_out=False))
    assert not same(block, make(seed=1, number=3, held_out=False))
    assert not same(block, make(seed=1, number=2, held_out=True))


def agree(block, material, *, seed, number, held_out):
    """Asserts that a block's rows are those of the material."""
    for index in range(len(block)):
        sample = make_row(material, np.random.default_rng([seed, held_out, number, index]))
        ink, text, boxes = block.row(index)
        np.testing.assert_allclose(ink / 255, ink_row(sample.pixels), atol=0.5 / 255 + 1e-6)
        assert text == sample.text
        across, down = ink.shape[1] / sample.pixels.shape[1], 40 / sample.pixels.shape[0]
        np.testing.assert_allclose(boxes, sample.boxes * np.array([across, down] * 2), rtol=1e-5)


def test_a_rows_ink_is_that_of_its_picture_and_its_boxes_are_where_its_digits_are(make, material):
    block = make(seed=1, number=2, held_out=False, size=12)
    assert len(block) == 12
    assert (block.ink.dtype, block.boxes.dtype) == (np.uint8, np.float32)
    assert "" in block.texts.tolist()
    agree(block, material, seed=1, number=2, held_out=False)


def test_the_collections_are_what_rows_are_written_with(data_dir):
    block = RowBlock.make(seed=0, number=5, held_out=True, data_dir=data_dir, size=6)
    material = load_material(data_dir=data_dir, held_out=True)
    agree(block, material, seed=0, number=5, held_out=True)


def test_a_block_comes_back_from_its_file(make, tmp_path):
    block = make(seed=0, number=0, held_out=False)
    block.save(tmp_path / "rows.npz")
    assert same(RowBlock.load(tmp_path / "rows.npz"), block)
    assert [path.name for path in tmp_path.iterdir()] == ["rows.npz"]


def test_a_block_that_could_not_be_written_whole_is_not_there(tmp_path, monkeypatch):
    def full(file, **_):
        file.write(b"half")
        raise OSError("no space left")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OSError, match="no space"):
        written("12").save(tmp_path / "rows.npz")
    assert not (tmp_path / "rows.npz").exists()


@pytest.mark.parametrize("content", [b"", b"no block", None], ids=["empty", "text", "truncated"])
def test_a_damaged_file_is_refused(content, tmp_path):
    path = tmp_path / "rows.npz"
    written("12", "3").save(path)
    path.write_bytes(path.read_bytes()[:-100] if content is None else content)
    with pytest.raises(DatasetFormatError, match=r"rows\.npz: is no block of rows .*; remove it"):
        RowBlock.load(path)


def test_a_changed_byte_is_noticed(tmp_path):
    path = tmp_path / "rows.npz"
    written("12", "3").save(path)
    content = bytearray(path.read_bytes())
    content[500] ^= 1
    path.write_bytes(content)
    with pytest.raises(DatasetFormatError, match="is no block"):
        RowBlock.load(path)


@pytest.mark.parametrize(("change", "problem"), [({"ends": None}, "no block"), ({"ink": 1}, "damaged")])
def test_a_file_of_other_arrays_is_refused(change, problem, tmp_path):
    block = written("12", "3")
    arrays = {field.name: getattr(block, field.name) for field in fields(block)}
    for name, columns in change.items():
        if columns is None:
            del arrays[name]
        else:
            arrays[name] = arrays[name][:, columns:]
    np.savez(tmp_path / "rows.npz", **arrays)
    with pytest.raises(DatasetFormatError, match=problem):
        RowBlock.load(tmp_path / "rows.npz")


class Threads(ThreadPoolExecutor):
    """Stands in for the processes, which would know nothing of what the test has replaced."""

    def __init__(self, processes, *, mp_context, initializer):
        super().__init__(processes)


@pytest.mark.parametrize("processes", [1, 3])
def test_blocks_come_in_order_and_only_those_that_are_missing_are_made(
    processes, make, tmp_path, monkeypatch
):
    monkeypatch.setattr(row_stock, "ProcessPoolExecutor", Threads)
    monkeypatch.setattr(RowBlock, "make", make)
    stock = RowStock(tmp_path / "new" / "rows", seed=3)
    stock.folder.mkdir(parents=True)
    for number in (1, 4):
        written(str(number)).save(stock.folder / f"rows-{number:04}.npz")
    blocks = list(stock.blocks(6, processes=processes))
    assert len(blocks) == 6
    for number, block in enumerate(blocks):
        expected = written(str(number)) if number in {1, 4} else make(seed=3, number=number, held_out=False)
        assert same(block, expected)
    again = RowStock(stock.folder, seed=3).blocks(6)
    assert all(same(*pair) for pair in zip(again, blocks, strict=True))


def test_what_is_held_out_is_made_once(make, tmp_path, monkeypatch):
    stock = RowStock(tmp_path / "rows", seed=3)
    with monkeypatch.context() as patch:
        patch.setattr(RowBlock, "make", make)
        block = stock.held_out()
    assert same(block, make(seed=3, number=0, held_out=True))
    monkeypatch.delattr(RowBlock, "make")
    assert same(stock.held_out(), block)


def test_what_a_process_cannot_load_is_the_callers_error(tmp_path):
    (tmp_path / "train-images-idx3-ubyte").write_text("not MNIST")
    blocks = RowStock(tmp_path / "rows", data_dir=tmp_path).blocks(1)
    with pytest.raises(DatasetFormatError, match="is not MNIST's"):
        next(blocks)


def test_a_damaged_block_of_a_stock_is_named(tmp_path):
    (tmp_path / "rows-0000.npz").write_text("damaged")
    with pytest.raises(DatasetFormatError, match=r"rows-0000\.npz"):
        next(RowStock(tmp_path).blocks(1))


@pytest.mark.parametrize(
    "ask", [lambda stock: next(stock.blocks(1)), RowStock.held_out], ids=["blocks", "held out"]
)
def test_a_folder_that_cannot_be_made_is_an_output_error(ask, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="cannot be made"):
        ask(RowStock(tmp_path / "file" / "rows"))
