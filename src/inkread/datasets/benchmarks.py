"""Pictures by other hands to measure on: optional collections, for evaluation only, never to learn or choose from.

Most have no stated licence, and what is learned from a benchmark no longer measures anything. Each loader looks in the
folders that ``inkread.datasets.data_dirs`` names, and gives labelled pictures for ``inkread.evaluation.pictures``. What is
no digit has an empty label and the category ``junk``, and its subtype tells letters that anybody might take for a digit
(``look-alike``) from all others (``letter``).
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from inkread.datasets.archives import load_npz
from inkread.datasets.data_dirs import require_file, search_folders
from inkread.datasets.idx import read_bytes
from inkread.datasets.pictures import LabelledPicture, load_labelled_folder
from inkread.errors import DatasetFormatError, DatasetNotFoundError
from inkread.picture.folders import is_picture

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from numpy.typing import NDArray

    from inkread.system.files import AnyPath

LOOK_ALIKES = frozenset("BDGIOQSZbgloqszβθδ")
"""Letters that nobody could tell from a digit by their form alone."""

GREEK = {"alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "theta": "θ"}

OPTDIGITS_FILE = "optdigits-orig.windep"
"""The 1,797 digits of the 13 writers who wrote none of the other files."""
SEMEION_FILE, SEMEION_SIDE = "semeion_first796.data", 16
BITMAP_SIDE = 32
BITMAP_ROW = re.compile(rf"[01]{{{BITMAP_SIDE}}}")
MARGIN = 4
"""Paper around a bitmap, in pixels: the file's were cut out at their ink, which no camera does."""

COPY_AGAIN = "copy or download the collection again"


def load_field(data_dir: AnyPath | None = None) -> list[LabelledPicture]:
    """Real pictures that people made to try their own models: single digits, rows, and junk; from 20 sources."""
    return load_labelled_folder(_folder("field", data_dir))


def load_forms(data_dir: AnyPath | None = None) -> list[LabelledPicture]:
    """Real pictures from 14 further sources: cells of forms and tables, boxed digits, marks, ledgers; and nothing to read."""
    return load_labelled_folder(_folder("forms", data_dir))


def load_cheques(data_dir: AnyPath | None = None) -> list[LabelledPicture]:
    """Courtesy amounts of bank cheques (ORAND-CAR-A, Diem et al., ICFHR 2014), each one row of digits."""
    return _rows("cheque_dev", data_dir)


def load_more_cheques(data_dir: AnyPath | None = None) -> list[LabelledPicture]:
    """500 further ones."""
    return _rows("cheque_dev2", data_dir)


def load_years(data_dir: AnyPath | None = None) -> list[LabelledPicture]:
    """Years cut from forms, digits about 10 pixels high on a dotted line."""
    return _rows("years_dev", data_dir)


def _rows(collection: str, data_dir: AnyPath | None) -> list[LabelledPicture]:
    """Pictures of one row of digits each."""
    pictures = load_labelled_folder(_folder(collection, data_dir))
    return [replace(picture, columns=picture.columns | {"category": "multi"}) for picture in pictures]


def load_semeion(data_dir: AnyPath | None = None) -> list[LabelledPicture]:
    """UCI Semeion's 16×16 bitmaps by Italian hands, the first half, black on white, with ``MARGIN`` around."""
    path = require_file("semeion_half", SEMEION_FILE, data_dir, published="UCI Semeion Handwritten Digit")
    pictures = []
    for number, line in enumerate(read_bytes(path).decode("ascii", errors="replace").splitlines(), 1):
        try:
            values = np.array(line.split(), np.float64)
        except ValueError:
            values = np.zeros(0)
        if len(values) < SEMEION_SIDE**2 + 10:
            raise DatasetFormatError(f"{path}, line {number}", "is no bitmap with its label", COPY_AGAIN)
        ink = values[: SEMEION_SIDE**2].reshape(SEMEION_SIDE, SEMEION_SIDE) > 0.5
        label = str(int(values[SEMEION_SIDE**2 : SEMEION_SIDE**2 + 10].argmax()))
        pictures.append(_digit(path / f"{number:04}", label, _on_paper(ink)))
    return _some(pictures, path)


def load_handwritten62(data_dir: AnyPath | None = None) -> list[LabelledPicture]:
    """Photos of single characters by few writers, 40×40 grey; the letters are junk."""
    path = require_file("handwritten62", "handwritten62.npz", data_dir, published="no known place")
    arrays = load_npz(path, ("images", "labels"))
    symbols = [str(symbol) for symbol in arrays["labels"]]
    return _some(
        [
            _digit(path / f"{index:04}", symbol, image)
            if symbol.isdigit()
            else replace(_letter(path / f"{index:04}", symbol), pixels=image)
            for index, (image, symbol) in enumerate(zip(arrays["images"], symbols, strict=True))
        ],
        path,
    )


def load_optdigits(data_dir: AnyPath | None = None) -> list[LabelledPicture]:
    """UCI optdigits' 32×32 bitmaps by 13 writers (Alpaydin and Kaynak 1995), black on white, with ``MARGIN`` around."""
    path = require_file("optdigits_orig", OPTDIGITS_FILE, data_dir, published="UCI optical digits, original")
    rows: list[str] = []
    pictures: list[LabelledPicture] = []
    for number, line in enumerate(read_bytes(path).decode("ascii", "replace").splitlines(), start=1):
        if len(rows) < BITMAP_SIDE and BITMAP_ROW.fullmatch(line):
            rows.append(line)
        elif len(rows) == BITMAP_SIDE and line.strip() in set("0123456789"):
            pictures.append(_digit(path / f"{len(pictures):04}", line.strip(), _bitmap(rows)))
            rows = []
        elif rows:  # what comes before the first bitmap is a header
            raise DatasetFormatError(f"{path}, line {number}", "is no row and no label", COPY_AGAIN)
    if rows:
        raise DatasetFormatError(str(path), "ends within a digit", COPY_AGAIN)
    return _some(pictures, path)


def load_anzemur(data_dir: AnyPath | None = None) -> list[LabelledPicture]:
    """Scanned digits of about 81 writers, 32×32, with flagged 1 and crossed 7; a few lie on their side."""
    folder = _folder("anzemur_scan32", data_dir)
    return _some(
        [_digit(path, path.relative_to(folder).parts[0]) for path in _pictures_below(folder)], folder
    )


def load_tipe(data_dir: AnyPath | None = None) -> list[LabelledPicture]:
    """Digits that one person drew with the mouse, 48×64; a name's first character is its label."""
    folder = _folder("tipe_images2", data_dir)
    return _some([_digit(path, path.name[0]) for path in _pictures_below(folder)], folder)


def load_choice62(data_dir: AnyPath | None = None) -> list[LabelledPicture]:
    """Cursive digits and letters on paper, 28×28 grey; the letters are junk."""
    path = require_file("choice62", "choice62.npz", data_dir, published="no known place")
    arrays = load_npz(path, ("images", "labels"))
    return _some(
        [
            (_digit if str(symbol).isdecimal() else _letter)(path / f"{i:04}", str(symbol), image)
            for i, (image, symbol) in enumerate(zip(arrays["images"], arrays["labels"], strict=True))
        ],
        path,
    )


def load_letters(data_dir: AnyPath | None = None) -> list[LabelledPicture]:
    """Photos of capital letters on grid paper; a name's first character is the letter."""
    folder = _folder("letters_ansh", data_dir)
    return _some([_letter(path, path.name[0]) for path in _pictures_below(folder)], folder)


def load_greek(data_dir: AnyPath | None = None) -> list[LabelledPicture]:
    """Photos of Greek letters, in a folder for each."""
    folder = _folder("greek_cs5330", data_dir)
    return _some(
        [_letter(path, GREEK.get(path.parent.name, "?")) for path in _pictures_below(folder)], folder
    )


BENCHMARKS: dict[str, Callable[[Path | None], list[LabelledPicture]]] = {
    "field": load_field,
    "forms": load_forms,
    "years_dev": load_years,
    "cheque_dev": load_cheques,
    "cheque_dev2": load_more_cheques,
    "semeion_half": load_semeion,
    "handwritten62": load_handwritten62,
    "optdigits_orig": load_optdigits,
    "anzemur_scan32": load_anzemur,
    "tipe_images2": load_tipe,
    "choice62": load_choice62,
    "letters_ansh": load_letters,
    "greek_cs5330": load_greek,
}
"""The loaders by the name of their folder. Each raises ``DatasetNotFoundError`` where the collection is absent, and
``DatasetFormatError`` where it is damaged."""


def _folder(collection: str, data_dir: AnyPath | None) -> Path:
    """The collection's own folder below one of those that may hold it."""
    for folder in search_folders(collection, data_dir):
        if folder.name == collection and folder.is_dir():
            return folder
    raise DatasetNotFoundError(
        collection, "is not on this machine", "this collection is optional; name its parent in INKREAD_DATA"
    )


def _pictures_below(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if is_picture(path.name))


def _digit(path: Path, label: str, pixels: NDArray[np.uint8] | None = None) -> LabelledPicture:
    if label not in set("0123456789"):
        raise DatasetFormatError(str(path), f"has the label {label!r}, which is no digit", COPY_AGAIN)
    return LabelledPicture(path, label, {"category": "single", "subtype": "digit"}, pixels)


def _letter(path: Path, symbol: str, pixels: NDArray[np.uint8] | None = None) -> LabelledPicture:
    subtype = "look-alike" if symbol in LOOK_ALIKES else "letter"
    return LabelledPicture(path, "", {"category": "junk", "subtype": subtype, "symbol": symbol}, pixels)


def _bitmap(rows: Iterable[str]) -> NDArray[np.uint8]:
    """Rows of 0 and 1 as black ink on white paper."""
    return _on_paper(np.array([[cell == "1" for cell in row] for row in rows]))


def _on_paper(ink: NDArray[np.bool_]) -> NDArray[np.uint8]:
    return np.pad(np.where(ink, 0, 255).astype(np.uint8), MARGIN, constant_values=255)


def _some(pictures: list[LabelledPicture], source: Path) -> list[LabelledPicture]:
    if not pictures:
        raise DatasetFormatError(str(source), "holds no pictures", COPY_AGAIN)
    return pictures
