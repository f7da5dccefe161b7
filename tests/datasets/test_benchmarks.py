"""Every evaluation collection loads as labelled pictures; a missing or damaged one raises an error."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inkread.datasets.benchmarks import BENCHMARKS, MARGIN
from inkread.errors import DatasetFormatError, DatasetNotFoundError
from inkread.evaluation.pictures import kind_of

BITMAP = [f"{'1' * 3:0<32}"] + ["0" * 32] * 31


def write_picture(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (32, 32), 255).save(path)


def write_optdigits(root: Path, lines: list[str]) -> None:
    (root / "optdigits_orig").mkdir()
    (root / "optdigits_orig" / "optdigits-orig.windep").write_text("\n".join(lines))


@pytest.mark.parametrize("name", BENCHMARKS)
def test_an_absent_collection_is_named(name, tmp_path, monkeypatch):
    monkeypatch.delenv("INKREAD_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with pytest.raises(DatasetNotFoundError, match=f"{name}.*INKREAD_DATA"):
        BENCHMARKS[name](tmp_path)


def test_optdigits_are_black_ink_on_white_paper_after_a_header(tmp_path):
    write_optdigits(tmp_path, ["a header", "ntot = 2", *BITMAP, " 7", *BITMAP, " 0"])
    seven, zero = BENCHMARKS["optdigits_orig"](tmp_path)
    assert (seven.label, zero.label, kind_of(seven)) == ("7", "0", "single")
    assert seven.pixels.shape == (32 + 2 * MARGIN,) * 2
    assert np.argwhere(seven.pixels == 0).tolist() == [[MARGIN, MARGIN + i] for i in range(3)]
    assert seven.source is seven.pixels


@pytest.mark.parametrize("tail", [[" x"], BITMAP[:1], ["0" * 31]])
def test_damaged_optdigits_are_an_error_with_the_line(tail, tmp_path):
    write_optdigits(tmp_path, [*BITMAP, *tail])
    with pytest.raises(DatasetFormatError, match="line 33"):
        BENCHMARKS["optdigits_orig"](tmp_path)


def test_optdigits_that_end_within_a_digit_are_an_error(tmp_path):
    write_optdigits(tmp_path, [*BITMAP, " 1", *BITMAP[:9]])
    with pytest.raises(DatasetFormatError, match="ends in the middle"):
        BENCHMARKS["optdigits_orig"](tmp_path)


def test_digits_are_labelled_by_folder_or_name(tmp_path):
    write_picture(tmp_path / "anzemur_scan32" / "3" / "training" / "55.png")
    write_picture(tmp_path / "tipe_images2" / "901.png")
    (tmp_path / "tipe_images2" / "README.txt").write_text("words")
    for name, label in (("anzemur_scan32", "3"), ("tipe_images2", "9")):
        (picture,) = BENCHMARKS[name](tmp_path)
        assert (picture.label, kind_of(picture), picture.source) == (label, "single", picture.path)


def test_letters_are_not_read_and_look_alikes_are_distinguished(tmp_path):
    for name in ("letters_ansh/Set_1/A1.png", "letters_ansh/Set_1/S1.png", "greek_cs5330/alpha/alpha_1.png"):
        write_picture(tmp_path / name)
    write_picture(tmp_path / "greek_cs5330/beta/beta_1.png")
    for name in ("letters_ansh", "greek_cs5330"):
        letter, look_alike = BENCHMARKS[name](tmp_path)
        assert (letter.label, letter.columns["subtype"]) == ("", "letter")
        assert (look_alike.label, look_alike.columns["subtype"]) == ("", "look-alike")


def test_choice62_holds_digits_and_letters(tmp_path):
    (tmp_path / "choice62").mkdir()
    images = np.full((3, 28, 28), 255, np.uint8)
    np.savez(tmp_path / "choice62" / "choice62.npz", images=images, labels=np.array(["4", "w", "O"]))
    four, w, o = BENCHMARKS["choice62"](tmp_path)
    assert (four.label, w.label, o.label) == ("4", "", "")
    assert (w.columns["subtype"], o.columns["subtype"]) == ("letter", "look-alike")
    assert four.pixels.shape == (28, 28)


def test_a_cheque_of_any_length_is_a_row_of_digits(tmp_path):
    write_picture(tmp_path / "cheque_dev" / "a.png")
    (tmp_path / "cheque_dev" / "labels.tsv").write_text("file\tlabel\na.png\t5\n")
    (picture,) = BENCHMARKS["cheque_dev"](tmp_path)
    assert kind_of(picture) == "multi"


def test_an_empty_or_mislabelled_collection_is_an_error(tmp_path):
    (tmp_path / "tipe_images2").mkdir()
    with pytest.raises(DatasetFormatError, match="no pictures"):
        BENCHMARKS["tipe_images2"](tmp_path)
    write_picture(tmp_path / "tipe_images2" / "x1.png")
    with pytest.raises(DatasetFormatError, match="not a digit"):
        BENCHMARKS["tipe_images2"](tmp_path)


def semeion(label, ink=(0, 0)):
    """Makes a line of the file."""
    cells = np.zeros((16, 16), int)
    cells[ink] = 1
    return "\t".join(map(str, [*cells.ravel(), *np.eye(10, dtype=int)[label], "0" * 10]))


def test_semeion_is_black_ink_on_white_paper_with_its_label(tmp_path):
    folder = tmp_path / "semeion_half"
    folder.mkdir()
    (folder / "semeion_first796.data").write_text(f"{semeion(3, (2, 5))}\n{semeion(0)}\n")
    first, second = BENCHMARKS["semeion_half"](tmp_path)
    assert (first.label, second.label) == ("3", "0")
    assert first.pixels.shape == (24, 24)
    assert np.argwhere(first.pixels == 0).tolist() == [[2 + 4, 5 + 4]]


def test_a_damaged_line_of_semeion_is_named(tmp_path):
    folder = tmp_path / "semeion_half"
    folder.mkdir()
    (folder / "semeion_first796.data").write_text(f"{semeion(3)}\n0 1 x\n")
    with pytest.raises(DatasetFormatError, match="line 2: is not a bitmap"):
        BENCHMARKS["semeion_half"](tmp_path)


def test_handwritten62_holds_digits_and_letters(tmp_path):
    folder = tmp_path / "handwritten62"
    folder.mkdir()
    images = np.zeros((3, 40, 40), np.uint8)
    np.savez(folder / "handwritten62.npz", images=images, labels=np.array(["7", "a", "O"]))
    found = BENCHMARKS["handwritten62"](tmp_path)
    assert [picture.label for picture in found] == ["7", "", ""]
    assert [picture.columns["subtype"] for picture in found] == ["digit", "letter", "look-alike"]


@pytest.mark.parametrize("name", ["years_dev", "cheque_dev2"])
def test_rows_of_any_length_are_rows(name, tmp_path):
    folder = tmp_path / name
    folder.mkdir()
    Image.new("L", (9, 9)).save(folder / "a.png")
    (folder / "labels.tsv").write_text("file\tlabel\na.png\t2019\n")
    (picture,) = BENCHMARKS[name](tmp_path)
    assert (picture.label, picture.columns["category"]) == ("2019", "multi")
