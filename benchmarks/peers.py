"""Peers on the same pictures: ``python benchmarks/peers.py [--every 4]``.

- The usual Keras MLP and CNN, trained on MNIST by ``_keras_script.py`` (5 epochs each), read a picture as
  grey, resized to 28×28, inverted if it is light. They take any picture for one digit, and get only those.
- RapidOCR with its defaults; pictures of one digit or one line go to its recognizer as a whole. Only the
  digits of its output count.
- Tesseract with the page segmentation mode for one character, one line, or a sparse page, and only
  digits allowed; pictures lower than 40 pixels are enlarged three times.

All get the same upright RGB pixels. Rows are ordered by their top. Measures the collections in the folder
that ``INKREAD_DATA`` names, and every tenth of MNIST's test images as pictures of dark ink on white. Peers
are installed into ``.venv-peers``; a missing one is skipped.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from _measure import circumstances
from _peers import MissingPeerError, keras_models, python_of, run_script
from _peers import tesseract as tesseract_command
from fast import mnist, saved
from PIL import Image

from inkread.datasets.benchmarks import BENCHMARKS
from inkread.datasets.mnist import load_mnist
from inkread.datasets.pictures import LabelledPicture
from inkread.errors import DatasetNotFoundError, PictureError
from inkread.evaluation.pictures import ROW_SEPARATOR, Rate, kind_of
from inkread.evaluation.reports.markdown import table
from inkread.picture import load_picture
from inkread.reader import Reader

if TYPE_CHECKING:
    from collections.abc import Iterator


SETS = ("forms", "field", "years_dev", "cheque_dev", "cheque_dev2", "handwritten62")
MNIST, MNIST_EVERY = "MNIST test", 10
LINES = ("years_dev", "cheque_dev", "cheque_dev2")
"""Collections whose pictures are single lines, for Tesseract's segmentation mode."""
SMALL = 40
"""Minimum line height for Tesseract, which needs capitals of about 30 pixels; lower lines are enlarged."""


EVERY = 4


@dataclass(frozen=True, slots=True)
class Asked:
    """A picture in a file.

    Attributes:
        row: the row of the table that it counts for.
        kind: ``"single"``, ``"line"``, or a page.
        label: what it shows, rows joined by a slash.
        file: an upright PNG.
    """

    row: str
    kind: str
    label: str
    file: Path

    @property
    def is_page(self) -> bool:
        """Whether it may have any number of rows."""
        return self.kind not in ("single", "line")


Peer = Callable[[list[Asked]], "list[str | None]"]
"""From pictures to texts; ``None`` where it is not asked."""


def main() -> None:
    """Prints a table of the pictures that each reads exactly right."""
    parser = argparse.ArgumentParser(description="Read the same pictures with inkread and its peers.")
    parser.add_argument(
        "--every", type=int, default=1, metavar="N", help="read only every N-th picture of a set"
    )
    every = parser.parse_args().every
    print(figures(f"python benchmarks/peers.py --every {every}", every=every))


def figures(command: str, *, every: int = EVERY, quick: bool = False) -> str:
    """Reads all pictures with all peers, and returns the result in Markdown."""
    with tempfile.TemporaryDirectory() as name:
        asked = list(pictures(Path(name), every))
        answers: dict[str, list[str | None]] = {}
        for peer, read in peers(Path(name), quick=quick).items():
            try:
                answers[peer] = read(asked)
            except (MissingPeerError, DatasetNotFoundError) as error:
                print(f"not measured: {error}", file=sys.stderr)
    rows, ahead = [], []
    for title in dict.fromkeys(each.row for each in asked):
        rates = {
            peer: Rate.of(
                text == each.label
                for each, text in zip(asked, texts, strict=True)
                if each.row == title and text is not None
            )
            for peer, texts in answers.items()
        }
        ours = rates["inkread"].correct
        ahead += [f"{title}: {peer}" for peer, rate in rates.items() if rate.total and rate.correct > ours]
        rows.append(
            [title, *(f"{rate.correct} of {rate.total}" if rate.total else "" for rate in rates.values())]
        )
    behind = (
        f"A peer is ahead of inkread in {len(ahead)} of these rows{': ' * bool(ahead)}{'; '.join(ahead)}.\n"
    )
    return "\n".join([circumstances(command), behind, table(["exactly right", *answers], rows)])


def pictures(folder: Path, every: int) -> Iterator[Asked]:
    """Writes every picture to be read as PNG, and yields it."""
    for name in (*SETS, MNIST):
        try:
            found = mnist_pictures() if name == MNIST else BENCHMARKS[name](None)
        except DatasetNotFoundError as error:
            print(f"{name}: not measured: {error}", file=sys.stderr)
            continue
        if name == "handwritten62":  # its letters are in docs/accuracy.md
            found = [picture for picture in found if kind_of(picture) == "single"]
        for number, picture in enumerate(found[::every]):
            kind = kind_of(picture)
            file = folder / f"{name}-{number}.png"
            try:
                Image.fromarray(load_picture(picture.source).pixels).save(file, compress_level=1)
            except PictureError as error:
                print(f"left out: {error}", file=sys.stderr)
                continue
            yield Asked(f"{name}, {kind}", "line" if name in LINES else kind, picture.label, file)


def mnist_pictures() -> list[LabelledPicture]:
    """Returns some of MNIST's test images as dark ink on white."""
    glyphs = load_mnist("test", download=False).subset(slice(None, None, MNIST_EVERY))
    return [
        LabelledPicture(Path(f"{MNIST}:{number}"), str(label), pixels=255 - image)
        for number, (image, label) in enumerate(zip(glyphs.images, glyphs.labels, strict=True))
    ]


def peers(folder: Path, *, quick: bool) -> dict[str, Peer]:
    """Returns all readers; one that is missing raises an error when it reads."""
    return {
        "inkread": inkread,
        "Keras MLP": lambda asked: keras("mlp", asked, folder, quick=quick),
        "Keras CNN": lambda asked: keras("cnn", asked, folder, quick=quick),
        "RapidOCR": lambda asked: rapidocr(asked, folder),
        "Tesseract": lambda asked: [tesseract(each) for each in asked],
    }


def inkread(asked: list[Asked]) -> list[str | None]:
    """Reads with our own reader."""
    reader = Reader()
    readings = (reader.trace(each.file, single=each.kind == "single").reading for each in asked)
    return [reading.text.replace("\n", ROW_SEPARATOR) for reading in readings]


def keras(network: str, asked: list[Asked], folder: Path, *, quick: bool) -> list[str | None]:
    """Reads the pictures of one digit with a network of the usual lesson."""
    models = keras_models(saved(mnist(), folder / "mnist.npz"), quick=quick)
    single = [str(each.file) for each in asked if each.kind == "single"]
    names = folder / "names.txt"
    names.write_text("\n".join(single), encoding="utf-8")
    found = run_script(
        python_of("keras"), "_keras_script.py", "read", str(models / f"{network}.keras"), f"@{names}"
    )
    digits = dict(zip(single, map(str, found), strict=True))
    return [digits.get(str(each.file)) for each in asked]


def rapidocr(asked: list[Asked], folder: Path) -> list[str | None]:
    """Reads with RapidOCR."""
    names = folder / "names.json"
    names.write_text(json.dumps([[str(each.file), each.is_page] for each in asked]), encoding="utf-8")
    found = run_script(python_of("rapidocr"), "_rapidocr_script.py", "read", str(names))
    return [in_rows([(left, top, below, text) for left, top, below, text in words]) for words in found]


def tesseract(asked: Asked) -> str:
    """Reads with Tesseract, row by row."""
    mode = {"single": 10, "line": 7}.get(asked.kind, 11)
    with Image.open(asked.file) as picture:
        pixels = np.asarray(picture.convert("RGB"))
    if pixels.shape[0] < SMALL:
        pixels = np.asarray(cv2.resize(pixels, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC), np.uint8)
    _, encoded = cv2.imencode(".png", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
    options = ["--psm", str(mode), "-c", "tessedit_char_whitelist=0123456789", "tsv"]
    done = subprocess.run(
        [tesseract_command(), "-", "-", *options], input=encoded.tobytes(), capture_output=True, check=False
    )
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
