"""Accuracy on letters, words, and lines: ``python benchmarks/text.py [--write docs/text.md] [--every N]``.

No writer was seen by the network that reads them, except in the last table, see docs/text.md: UNIPEN's
held-out contributors and word collections, the evaluation splits of Copiste d'un jour and DHSD, photographed
characters, and French wills of 1914 to 1918.
Words and lines are read as pictures, from finding the line to the text: greedily, with regard to spelling as
by default, and with a lexicon. CER is edits per character; case is counted. "Expected" is the share of
exactly right pictures by the reader's own probabilities: the mean product of those of a picture's words. On
made pages, only the lines are found. ``--time`` adds the median time of a picture, which only means something
on an otherwise idle core.

The next one is about pages that are sideways or upside down: an eighth of all pictures, in four orientations.
The last table is about the alphabet ``digits`` on an eighth of these words and lines: nothing is to be read
in a text without digits, and else exactly those. It shows the reader with and without its look at the letters
beside a digit.
"""

from __future__ import annotations

import argparse
import math
import tempfile
import time
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from _text_pages import right_lines

from inkread import Reader
from inkread.datasets.array_files import load_npz
from inkread.datasets.data_dirs import require_file
from inkread.datasets.pen_strokes import HELD_OUT_CONTRIBUTORS, load_pen_words, load_unipen
from inkread.datasets.strips import load_copiste_lines, load_copiste_words, load_dhsd, load_pack
from inkread.errors import DatasetNotFoundError
from inkread.evaluation.metrics import edit_distance
from inkread.evaluation.reports.markdown import fill, table
from inkread.models import CHARACTERS
from inkread.pipeline.classifier import Classifier
from inkread.pipeline.config import ReaderConfig
from inkread.pipeline.ink import ink_of
from inkread.pipeline.text import TextReader
from inkread.pipeline.text_lines import owners_of
from inkread.synthetic.text_lines import load_text_stock, pen_line, plain
from inkread.synthetic.text_pages import make_page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from inkread.datasets.strips import Strips

Sample = tuple["NDArray[np.uint8]", str]
WILLS = "https://github.com/HTR-United/CREMMA-AN-TestamentsDePoilus"
MARGIN = 12
"""Pixels of paper around a strip."""
EIGHTH = 8
"""One in so many pictures is read in four orientations, and twice with the alphabet of digits."""
PAGES, PAGES_SEED = 200, 7
"""Made pages, and their seed."""


class NeverRejecting(Classifier):
    """A classifier for which every glyph is one of its characters."""

    rejection_threshold = math.inf


def main() -> None:
    """Prints the tables in Markdown, and writes them into a document if one is named."""
    parser = argparse.ArgumentParser(description="Measure the accuracy on letters, words, and lines.")
    parser.add_argument("--write", type=Path, metavar="FILE", help="the document to write the tables into")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="read one in N")
    parser.add_argument("--time", action="store_true", help="add the median time of a picture")
    options = parser.parse_args()
    parts = [characters(options.every), words(options.every, timed=options.time), pages(options.every)]
    parts.append(turned(EIGHTH * options.every))
    parts.append(digits(EIGHTH * options.every))
    figures = "\n\n".join(part for part in parts if part)
    print(figures)
    if options.write:
        document = options.write.read_text(encoding="utf-8")
        options.write.write_text(fill(document, figures), encoding="utf-8")


def characters(every: int) -> str:
    """Returns the table of single characters."""
    reader, letters = TextReader("alnum"), TextReader("letters")
    keeping = TextReader("letters")
    keeping.classifier = NeverRejecting(CHARACTERS)
    photographed, held_out = "photographed letters (handwritten62)", "UNIPEN letters, held-out contributors"
    rows = []
    for name, used, load in (
        ("photographed characters (handwritten62)", reader, _photographed),
        (photographed, letters, _photographed_letters),
        (f"{photographed}, none rejected", keeping, _photographed_letters),
        (held_out, letters, _pen_letters),
        (f"{held_out}, none rejected", keeping, _pen_letters),
    ):
        samples = _available(load, every)
        if samples:
            read = [used.read_digit(picture) for picture, _ in samples]
            texts = [digit.label if digit else "" for digit in read]
            rows.append([name, f"{len(samples):,}", *_shares(texts, [text for _, text in samples])])
    header = ["single characters", "pictures", "right", "case folded", "rejected"]
    return table(header, rows) if rows else ""


def words(every: int, *, timed: bool) -> str:
    """Returns the table of words and lines."""
    row = _timed_row if timed else _row
    readers = {"greedy": TextReader("text", spelling=False), "with spelling": TextReader("text")}
    rows = []
    for name, load in {**_by_people(), "French wills, lines": _wills}.items():
        samples = _available(load, every)
        if samples:
            rows += [[f"{name}, {way}", *row(reader, samples)] for way, reader in readers.items()]
        if samples and load is _pen_words:
            known = sorted({text for _, text in samples})
            rows.append([f"{name}, with a lexicon of {len(known):,}", *row(_with_lexicon(known), samples)])
    header = ["words and lines", "pictures", "CER", "exactly right", "expected", "case folded"]
    header += ["time"] * timed
    return table(header, rows) if rows else ""


def pages(every: int) -> str:
    """Returns the table of lines on made pages."""
    try:
        stock = load_text_stock(held_out=True)
    except DatasetNotFoundError:
        return ""
    numbers = range(0, PAGES, every)
    right = found = known = whole = 0
    for number in numbers:
        page = make_page(stock, np.random.default_rng([PAGES_SEED, number]))
        ink = ink_of(page.grey)
        owner = owners_of(ink)[0] if ink.size else np.zeros(ink.mask.shape, np.int32)
        here, seen = right_lines(page, owner, ink.mask)
        right, found, known = right + here, found + seen, known + page.lines
        whole += here == seen == page.lines
    row = [f"{len(numbers):,}", f"{known:,}", f"{right / known:.1%}", f"{right / max(1, found):.1%}"]
    header = ["made pages of held-out words", "lines", "found", "right of those found", "all lines right"]
    return table(header, [[*row, f"{whole / len(numbers):.1%}"]])


def turned(every: int) -> str:
    """Returns the table of pictures that are given in other orientations."""
    reader, rows = TextReader("text", spelling=False), []
    for name, load in {"made pages": _made_pages, **_by_people()}.items():
        pictures = [picture for picture, _ in _available(load, every)]
        if pictures:
            right = [f"{_upright(reader, pictures, turns):.1%}" for turns in range(4)]
            rows.append([name, f"{len(pictures):,}", *right])
    header = ["read upright if given", "pictures", "upright", "turned left", "upside down", "turned right"]
    return table(header, rows) if rows else ""


def _upright(reader: TextReader, pictures: Sequence[NDArray[np.uint8]], turns: int) -> float:
    traces = (reader.trace(np.rot90(picture, turns)) for picture in pictures)
    return float(np.mean([(trace.turns + turns) % 4 == 0 for trace in traces]))


def digits(every: int) -> str:
    """Returns the table of words and lines that are read as digits."""
    readers = {"without a look at letters": Reader(config=ReaderConfig(sure=0.0)), "as by default": Reader()}
    rows = []
    for name, load in _by_people().items():
        samples = _available(load, every)
        for has_digits in (False, True):
            part = [each for each in samples if any(map(str.isdecimal, each[1])) is has_digits]
            if part:
                kind = "with digits" if has_digits else "without digits"
                rows += [[f"{name} {kind}, {way}", *_digits(reader, part)] for way, reader in readers.items()]
    header = ["read with the alphabet digits, every eighth", "pictures", "right", "digits read"]
    return table(header, rows) if rows else ""


def _digits(reader: Reader, samples: Sequence[Sample]) -> list[str]:
    texts = ["".join(filter(str.isdecimal, reader.read(picture).text)) for picture, _ in samples]
    wanted = ["".join(filter(str.isdecimal, text)) for _, text in samples]
    right = np.mean([text == label for text, label in zip(texts, wanted, strict=True)])
    return [f"{len(samples):,}", f"{right:.1%}", f"{sum(map(len, texts)):,} of {sum(map(len, wanted)):,}"]


def _by_people() -> dict[str, Callable[[], Iterable[Sample]]]:
    """Returns what loads each collection of words and lines of today."""
    return {
        "UNIPEN words": _pen_words,
        "Copiste words": lambda: _strips(load_copiste_words(held_out=True, clean=True)),
        "Copiste lines": lambda: _strips(load_copiste_lines(held_out=True)),
        "DHSD names": lambda: _strips(load_dhsd(held_out=True)),
    }


def _made_pages() -> Iterator[Sample]:
    stock = load_text_stock(held_out=True)
    for number in range(PAGES):
        yield make_page(stock, np.random.default_rng([PAGES_SEED, number])).grey, ""


def _with_lexicon(words: Sequence[str]) -> TextReader:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "lexicon.txt"
        file.write_text("\n".join(words), encoding="utf-8")
        return TextReader("text", lexicon=file)


def _row(reader: TextReader, samples: Sequence[Sample]) -> list[str]:
    readings = [reader.read(picture) for picture, _ in samples]
    texts = [" ".join(reading.text.split()) for reading in readings]
    expected = np.mean(
        [np.prod([word.probability for line in reading.lines for word in line.words]) for reading in readings]
    )
    errors, right, folded = _edits(texts, samples)
    return [f"{len(samples):,}", errors, right, f"{expected:.1%}", folded]


def _timed_row(reader: TextReader, samples: Sequence[Sample]) -> list[str]:
    spans = []
    for picture, _ in samples:
        began = time.perf_counter()
        reader.read(picture)
        spans.append(time.perf_counter() - began)
    return [*_row(reader, samples), f"{1000 * np.median(spans):.0f} ms"]


def _available(load: Callable[[], Iterable[Sample]], every: int) -> list[Sample]:
    try:
        return list(islice(load(), 0, None, every))
    except DatasetNotFoundError:
        return []


def _shares(texts: Sequence[str], labels: Sequence[str]) -> list[str]:
    pairs = list(zip(texts, labels, strict=True))
    right = np.mean([text == label for text, label in pairs])
    folded = np.mean([text.casefold() == label.casefold() for text, label in pairs])
    return [f"{right:.1%}", f"{folded:.1%}", f"{np.mean([not text for text in texts]):.1%}"]


def _edits(texts: Sequence[str], samples: Sequence[Sample]) -> tuple[str, str, str]:
    pairs = [(text, label) for text, (_, label) in zip(texts, samples, strict=True)]
    errors = sum(edit_distance(text, label) for text, label in pairs) / sum(len(label) for _, label in pairs)
    right = np.mean([text == label for text, label in pairs])
    folded = np.mean([text.casefold() == label.casefold() for text, label in pairs])
    return f"{errors:.1%}", f"{right:.1%}", f"{folded:.1%}"


def _photographed() -> Iterator[Sample]:
    path = require_file("handwritten62", "handwritten62.npz", None, published="no known place")
    arrays = load_npz(path, ("images", "labels"))
    yield from zip(arrays["images"], map(str, arrays["labels"]), strict=True)


def _photographed_letters() -> Iterator[Sample]:
    return ((picture, text) for picture, text in _photographed() if text.isalpha())


def _pen_letters() -> Iterator[Sample]:
    unipen = load_unipen()
    for index in np.flatnonzero(np.isin(unipen.contributors, HELD_OUT_CONTRIBUTORS)):
        text = str(unipen.labels[index])
        if text.isalpha():
            yield _padded(pen_line(unipen.strokes(int(index)), 4)), text


def _pen_words() -> Iterator[Sample]:
    held_out = load_pen_words(held_out=True)
    for index in range(len(held_out)):
        text = str(held_out.labels[index])
        yield _padded(pen_line(held_out.strokes(index), len(text))), text


def _strips(strips: Strips) -> Iterator[Sample]:
    return ((_padded(strip.pixels), plain(strip.text)) for strip in strips.strips)


def _wills() -> Iterator[Sample]:
    pack = load_pack("eval_lines", "poilus48.npz", None, ("label",), published=WILLS)
    return ((_padded(pack.line(i)), plain(text)) for i, text in enumerate(pack.texts()))


def _padded(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    paper = int(np.median(pixels))
    return np.pad(pixels, MARGIN, constant_values=paper)


if __name__ == "__main__":
    main()
