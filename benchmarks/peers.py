"""Two general OCR programs on the same pictures: ``python benchmarks/peers.py [--every 4]``.

Needs RapidOCR (``pip install rapidocr onnxruntime``) and Tesseract (``apt install tesseract-ocr``); a missing
one is skipped. Both are configured as their documentation recommends for digits: Tesseract with the page
segmentation mode for one character, one line or a sparse page, and only digits allowed; RapidOCR with its
defaults, counting only the digits of its output. Rows are ordered by their top. Measures the collections in
the folder that ``INKREAD_DATA`` names.
"""

from __future__ import annotations

import argparse
import csv
import io
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import cv2
import numpy as np

from inkread.datasets.benchmarks import BENCHMARKS
from inkread.errors import DatasetNotFoundError, PictureError
from inkread.evaluation.pictures import ROW_SEPARATOR, Rate, kind_of
from inkread.evaluation.reports.markdown import table
from inkread.picture import load_picture
from inkread.reader import Reader

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from inkread.datasets.pictures import LabelledPicture
    from inkread.evaluation.pictures import Kind

    Peer = Callable[[NDArray[np.uint8], Kind], str]

SETS = ("forms", "field", "years_dev", "cheque_dev", "cheque_dev2")
LINES = ("years_dev", "cheque_dev", "cheque_dev2")
"""Collections whose pictures are single lines, for Tesseract's segmentation mode."""
SMALL = 40
"""Minimum line height for Tesseract, which needs capitals of about 30 pixels; lower lines are enlarged."""


def main() -> None:
    """Prints a table of the pictures that each reads exactly right."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--every", type=int, default=1, metavar="N", help="read only every N-th picture of a set"
    )
    every = parser.parse_args().every
    peers: dict[str, Peer] = {"inkread": inkread()}
    if rapid := rapidocr():
        peers["RapidOCR"] = rapid
    if shutil.which("tesseract"):
        peers["Tesseract"] = tesseract
    rows = []
    for name in SETS:
        try:
            pictures = BENCHMARKS[name](None)[::every]
        except DatasetNotFoundError as error:
            print(f"{name}: not measured: {error}", file=sys.stderr)
            continue
        by_kind: dict[Kind, list[LabelledPicture]] = {}
        for picture in pictures:
            by_kind.setdefault(kind_of(picture), []).append(picture)
        for kind, found in by_kind.items():
            rates = [
                Rate.of(is_right(peer, picture, kind, name) for picture in found) for peer in peers.values()
            ]
            rows.append([f"{name}, {kind}", *(f"{rate.correct} of {rate.total}" for rate in rates)])
            print(*rows[-1], file=sys.stderr)
    print(table(["exactly right", *peers], rows))


def is_right(peer: Peer, picture: LabelledPicture, kind: Kind, name: str) -> bool:
    """Tests whether a peer reads exactly the label, rows joined by a slash."""
    try:
        pixels = load_picture(picture.source).pixels
    except PictureError:
        return False
    return peer(pixels, "line" if name in LINES else kind) == picture.label  # type: ignore[arg-type]


def inkread() -> Peer:
    """Returns our own reader."""
    reader = Reader()

    def read(pixels: NDArray[np.uint8], kind: str) -> str:
        return reader.trace(pixels, single=kind == "single").reading.text.replace("\n", ROW_SEPARATOR)

    return read


def rapidocr() -> Peer | None:
    """Returns RapidOCR, if it is installed."""
    try:
        from rapidocr import RapidOCR
    except ImportError:
        return None
    engine = RapidOCR()

    def read(pixels: NDArray[np.uint8], kind: str) -> str:
        result = engine(cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), use_det=kind not in ("single", "line"))
        boxes = getattr(result, "boxes", None)
        texts = list(result.txts or ())
        if boxes is not None and len(boxes) == len(texts):
            return in_rows(
                [
                    (box[:, 0].min(), box[:, 1].min(), box[:, 1].max(), text)
                    for box, text in zip(np.asarray(boxes), texts, strict=True)
                ]
            )
        return ROW_SEPARATOR.join(filter(None, map(digits_of, texts)))

    return read


def tesseract(pixels: NDArray[np.uint8], kind: str) -> str:
    """Reads digits with Tesseract, row by row."""
    mode = {"single": 10, "line": 7}.get(kind, 11)
    if pixels.shape[0] < SMALL:
        pixels = np.asarray(cv2.resize(pixels, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC), np.uint8)
    _, encoded = cv2.imencode(".png", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
    command = ["tesseract", "-", "-", "--psm", str(mode), "-c", "tessedit_char_whitelist=0123456789", "tsv"]
    done = subprocess.run(command, input=encoded.tobytes(), capture_output=True, check=False)
    words = csv.DictReader(io.StringIO(done.stdout.decode()), delimiter="\t", quoting=csv.QUOTE_NONE)
    return in_rows(
        [
            (float(w["left"]), float(w["top"]), float(w["top"]) + float(w["height"]), w["text"] or "")
            for w in words
            if w["text"]
        ]
    )


def in_rows(words: list[tuple[float, float, float, str]]) -> str:
    """Groups words (left, top, bottom, text) with their centers at the same height into rows of digits."""
    rows: list[list[tuple[float, float, float, str]]] = []
    for word in sorted((each for each in words if digits_of(each[3])), key=lambda each: each[1] + each[2]):
        middle = (word[1] + word[2]) / 2
        if rows and rows[-1][-1][1] < middle < rows[-1][-1][2]:
            rows[-1].append(word)
        else:
            rows.append([word])
    return ROW_SEPARATOR.join("".join(digits_of(word[3]) for word in sorted(row)) for row in rows)


def digits_of(text: str) -> str:
    """Returns the digits of a text."""
    return "".join(character for character in text if character in "0123456789")


if __name__ == "__main__":
    main()
