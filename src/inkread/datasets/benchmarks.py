"""Other people's pictures for evaluation: optional collections, never used to train or select a model.

Most state no license, and a benchmark that was trained on no longer measures anything. Each loader searches
the folders that ``inkread.datasets.data_dirs`` lists, and returns labeled pictures for
``inkread.evaluation.pictures``. Anything that is not a digit has an empty label and the category ``junk``;
its subtype distinguishes letters that could pass for a digit (``look-alike``) from all others (``letter``).
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from inkread.datasets.array_files import load_npz, read_bytes
from inkread.datasets.data_dirs import require_file, search_folders
from inkread.datasets.pictures import LabelledPicture, load_labelled_folder
from inkread.errors import DatasetFormatError, DatasetNotFoundError
from inkread.picture.folders import is_picture

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from inkread.system.files import AnyPath

LOOK_ALIKES = frozenset("BDGIOQSZbgloqszβθδ")
"""Letters that cannot be distinguished from a digit by their shape alone."""

GREEK = {"alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "theta": "θ"}

OPTDIGITS_FILE = "optdigits-orig.windep"
"""The 1,797 digits by the 13 writers who contributed to no other file."""
SEMEION_FILE, SEMEION_SIDE = "semeion_first796.data", 16
BITMAP_SIDE = 32
BITMAP_ROW = re.compile(rf"[01]{{{BITMAP_SIDE}}}")
MARGIN = 4
"""Paper added around a bitmap, in pixels: the file's bitmaps are cropped to their ink, unlike any photo."""

COPY_AGAIN = "copy or download the collection again"


def load_rows(collection: str, data_dir: AnyPath | None = None) -> list[LabelledPicture]:
    """Loads a labeled folder whose pictures show one row of digits each."""
    pictures = load_folder(collection, data_dir)
    return [replace(picture, columns=picture.columns | {"category": "multi"}) for picture in pictures]


def load_folder(collection: str, data_dir: AnyPath | None = None) -> list[LabelledPicture]:
    """Loads a labeled folder."""
    return load_labelled_folder(_folder(collection, data_dir))


def load_semeion(data_dir: AnyPath | None = None) -> list[LabelledPicture]:
    """Loads the first half of UCI Semeion: 16×16 bitmaps by Italian writers.

    They are black on white, padded by ``MARGIN``.
    """
    path = require_file("semeion_half", SEMEION_FILE, data_dir, published="UCI Semeion Handwritten Digit")
    pictures = []
    for number, line in enumerate(read_bytes(path).decode("ascii", errors="replace").splitlines(), 1):
        try:
            values = np.array(line.split(), np.float64)
        except ValueError:
            values = np.zeros(0)
        if len(values) < SEMEION_SIDE**2 + 10:
            raise DatasetFormatError(f"{path}, line {number}", "is not a bitmap with its label", COPY_AGAIN)
        ink = values[: SEMEION_SIDE**2].reshape(SEMEION_SIDE, SEMEION_SIDE) > 0.5
        label = str(int(values[SEMEION_SIDE**2 : SEMEION_SIDE**2 + 10].argmax()))
        pictures.append(_digit(path / f"{number:04}", label, _on_paper(ink)))
    return _some(pictures, path)


def load_optdigits(data_dir: AnyPath | None = None) -> list[LabelledPicture]:
    """Loads UCI optdigits: 32×32 bitmaps by 13 writers, black on white, padded by ``MARGIN``.

    Source: Alpaydin and Kaynak 1995.
    """
    path = require_file("optdigits_orig", OPTDIGITS_FILE, data_dir, published="UCI optical digits, original")
    rows: list[str] = []
    pictures: list[LabelledPicture] = []
    for number, line in enumerate(read_bytes(path).decode("ascii", "replace").splitlines(), start=1):
        if len(rows) < BITMAP_SIDE and BITMAP_ROW.fullmatch(line):
            rows.append(line)
        elif len(rows) == BITMAP_SIDE and line.strip() in set("0123456789"):
            ink = np.array([[cell == "1" for cell in row] for row in rows])
            pictures.append(_digit(path / f"{len(pictures):04}", line.strip(), _on_paper(ink)))
            rows = []
        elif rows:  # lines before the first bitmap are a header
            raise DatasetFormatError(f"{path}, line {number}", "is neither a row nor a label", COPY_AGAIN)
    if rows:
        raise DatasetFormatError(str(path), "ends in the middle of a digit", COPY_AGAIN)
    return _some(pictures, path)


def load_characters(collection: str, data_dir: AnyPath | None = None) -> list[LabelledPicture]:
    """Loads an archive of images and labels, of which the letters are junk."""
    path = require_file(collection, f"{collection}.npz", data_dir, published="no known place")
    arrays = load_npz(path, ("images", "labels"))
    return _some(
        [
            (_digit if str(symbol).isdecimal() else _letter)(path / f"{index:04}", str(symbol), image)
            for index, (image, symbol) in enumerate(zip(arrays["images"], arrays["labels"], strict=True))
        ],
        path,
    )


def load_files(
    collection: str, labelled: Callable[[Path, Path], LabelledPicture], data_dir: AnyPath | None = None
) -> list[LabelledPicture]:
    """Loads all pictures below a folder; ``labelled`` gets the path of each, and the path in the folder."""
    folder = _folder(collection, data_dir)
    paths = sorted(path for path in folder.rglob("*") if is_picture(path.name))
    return _some([labelled(path, path.relative_to(folder)) for path in paths], folder)


def _folder(collection: str, data_dir: AnyPath | None) -> Path:
    for folder in search_folders(collection, data_dir):
        if folder.name == collection and folder.is_dir():
            return folder
    raise DatasetNotFoundError(
        collection,
        "is not on this machine",
        "this collection is optional; set INKREAD_DATA to its parent folder",
    )


def _digit(path: Path, label: str, pixels: NDArray[np.uint8] | None = None) -> LabelledPicture:
    if label not in set("0123456789"):
        raise DatasetFormatError(str(path), f"has the label {label!r}, which is not a digit", COPY_AGAIN)
    return LabelledPicture(path, label, {"category": "single", "subtype": "digit"}, pixels)


def _letter(path: Path, symbol: str, pixels: NDArray[np.uint8] | None = None) -> LabelledPicture:
    subtype = "look-alike" if symbol in LOOK_ALIKES else "letter"
    return LabelledPicture(path, "", {"category": "junk", "subtype": subtype, "symbol": symbol}, pixels)


def _on_paper(ink: NDArray[np.bool_]) -> NDArray[np.uint8]:
    return np.pad(np.where(ink, 0, 255).astype(np.uint8), MARGIN, constant_values=255)


def _some(pictures: list[LabelledPicture], source: Path) -> list[LabelledPicture]:
    if not pictures:
        raise DatasetFormatError(str(source), "contains no pictures", COPY_AGAIN)
    return pictures


BENCHMARKS: dict[str, Callable[[AnyPath | None], list[LabelledPicture]]] = {
    # Real pictures that people took to test their models: digits, rows, and junk, from 20 sources.
    "field": partial(load_folder, "field"),
    # 14 more sources: cells of forms and tables, boxed digits, marks, and ledgers; some have nothing to read.
    "forms": partial(load_folder, "forms"),
    # Years cut from forms: digits about 10 pixels high on a dotted line.
    "years_dev": partial(load_rows, "years_dev"),
    # Amounts of bank checks (ORAND-CAR-A, Diem et al., ICFHR 2014), and 500 more.
    "cheque_dev": partial(load_rows, "cheque_dev"),
    "cheque_dev2": partial(load_rows, "cheque_dev2"),
    "semeion_half": load_semeion,
    # Photos of single characters by a few writers, 40×40 gray.
    "handwritten62": partial(load_characters, "handwritten62"),
    "optdigits_orig": load_optdigits,
    # Scanned digits by about 81 writers, 32×32, with flagged 1s and crossed 7s; a few are sideways.
    "anzemur_scan32": partial(
        load_files, "anzemur_scan32", lambda path, inside: _digit(path, inside.parts[0])
    ),
    # Digits that one person drew with a mouse, 48×64.
    "tipe_images2": partial(load_files, "tipe_images2", lambda path, _: _digit(path, path.name[0])),
    # Cursive digits and letters on paper, 28×28 gray.
    "choice62": partial(load_characters, "choice62"),
    # Photos of capital letters on grid paper.
    "letters_ansh": partial(load_files, "letters_ansh", lambda path, _: _letter(path, path.name[0])),
    # Photos of Greek letters, with one folder per letter.
    "greek_cs5330": partial(
        load_files, "greek_cs5330", lambda path, _: _letter(path, GREEK.get(path.parent.name, "?"))
    ),
}
"""The loaders by folder name.

Each raises ``DatasetNotFoundError`` if the collection is missing, and ``DatasetFormatError`` if it is
damaged.
"""
