"""Folders of letters, symbols, or anything drawn: their labels become the classes."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from inkread.datasets.folders import load_folder_glyphs
from inkread.errors import DatasetFormatError, OptionError
from inkread.pipeline.symbols import SymbolReader
from inkread.reader import open_reader


def draw(path: Path, kind: str, number: int) -> None:
    """Draws a cross, a ring, or nothing."""
    picture = np.full((80, 80), 245, np.uint8)
    middle = (36 + number % 5, 40 - number % 4)
    if kind == "ring":
        cv2.circle(picture, middle, 22, 30, 3)
    elif kind == "cross":
        for way in (1, -1):
            ends = [(middle[0] - 20, middle[1] - 20 * way), (middle[0] + 20, middle[1] + 20 * way)]
            cv2.line(picture, *ends, 30, 3)
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), picture)


@pytest.fixture
def symbols(tmp_path) -> Path:
    root = tmp_path / "symbols"
    for kind in ("ring", "cross"):
        for number in range(12):
            draw(root / kind / f"{number}.png", kind, number)
    return root


def test_a_folder_per_symbol_gives_its_names_as_classes(symbols):
    glyphs = load_folder_glyphs(symbols).glyphs
    assert glyphs.classes == ("cross", "ring")
    assert np.bincount(glyphs.labels).tolist() == [12, 12]
    assert glyphs.images.any(axis=(1, 2)).all()


def test_a_folder_of_nothing_is_the_last_class(symbols):
    draw(symbols / "none" / "0.png", "cross", 3)
    assert load_folder_glyphs(symbols).glyphs.classes == ("cross", "ring", "")


def test_a_table_may_have_any_labels(symbols):
    rows = "\n".join(f"{kind}/{number}.png,{kind}" for kind in ("ring", "cross") for number in range(12))
    (symbols / "labels.csv").write_text(f"file,label\n{rows}\n", encoding="utf-8")
    assert load_folder_glyphs(symbols).glyphs.classes == ("cross", "ring")


def test_a_mistake_in_a_table_of_digits_stays_an_error(symbols):
    (symbols / "labels.csv").write_text("file,label\nring/0.png,0\nring/1.png,o1\n", encoding="utf-8")
    with pytest.raises(DatasetFormatError, match="has the label 'o1', not digits"):
        load_folder_glyphs(symbols)


def test_a_picture_without_ink_is_skipped_with_its_name(symbols):
    draw(symbols / "ring" / "empty.png", "", 0)
    found = load_folder_glyphs(symbols)
    assert [path.name for path, _ in found.skipped] == ["empty.png"]


def test_a_label_that_is_too_long_is_an_error(symbols):
    draw(symbols / ("x" * 65) / "0.png", "ring", 0)
    with pytest.raises(DatasetFormatError, match="up to 64 characters"):
        load_folder_glyphs(symbols)


@pytest.mark.slow
def test_glyphs_learned_from_a_folder_are_read(symbols, tmp_path):
    training = pytest.importorskip("inkread.training", reason="needs the extra train")
    pytest.importorskip("torch")
    recipe = training.Recipe(network="tiny", epochs=8, batch_size=8, threads=1, precision="float32")
    training.train(recipe, out=tmp_path / "run", data=[str(symbols)])
    reader = open_reader(model=tmp_path / "run")
    assert isinstance(reader, SymbolReader)
    for kind in ("ring", "cross"):
        assert reader.read_digit(symbols / kind / "3.png").label == kind
    with pytest.raises(OptionError, match="reads one symbol per picture"):
        reader.read(symbols / "ring" / "3.png")
    tuned = inkread_command(
        "train", "--init-from", tmp_path / "run", "--data", symbols, "--out", tmp_path / "more"
    )
    assert "does not have the ten digits as its first classes" in tuned.stderr
    assert tuned.returncode != 0
    shutil.rmtree(symbols / "cross")  # a folder to test may lack a class
    scored = inkread_command("evaluate", "--data", symbols, "--model", tmp_path / "run")
    assert "(0 of 12 wrong)" in scored.stdout
    digits = inkread_command("evaluate", "--pictures", symbols, "--model", tmp_path / "run")
    assert (digits.returncode, f"use --data {symbols}" in digits.stderr) == (2, True)


def test_labels_that_a_model_does_not_know_are_an_error(symbols):
    assert set(load_folder_glyphs(symbols, classes=("square", "ring", "cross")).glyphs.labels) == {1, 2}
    with pytest.raises(DatasetFormatError, match="has the label 'cross', which is none of the classes"):
        load_folder_glyphs(symbols, classes=("ring", "square"))


def inkread_command(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "inkread", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)
