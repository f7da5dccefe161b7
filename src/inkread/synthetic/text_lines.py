"""Text lines to learn from: words of pen strokes, handwriting fonts, and real strips of paper.

Each is drawn anew every time: other pens, slants, sizes, paper, and cameras. A line is 48 pixels high; its
ink fills between half and all of that height, as in reading (``inkread.pipeline.text_lines``).
"""

from __future__ import annotations

import hashlib
import math
import string
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from inkread.datasets.glyphs import describe
from inkread.datasets.pen_strokes import load_pen_words
from inkread.datasets.pictures import ROWS, load_labelled_folder
from inkread.datasets.strips import HEIGHT, Strip, Strips, load_copiste_lines, load_copiste_words, load_dhsd
from inkread.errors import DatasetFormatError
from inkread.models.card import TEXT_CLASSES
from inkread.picture import load_picture
from inkread.pipeline.text_lines import find_lines
from inkread.synthetic.sources import FONTS, digest_of_files, entry
from inkread.synthetic.surfaces import displacements
from inkread.synthetic.vectors import hand_fonts, has_character, has_lower_case, rotation

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from inkread.datasets.pen_strokes import PenCharacters
    from inkread.system.files import AnyPath

OWN, OWN_SHARE = "own", 0.3
"""The kind of a person's own strips, and their share if there are any."""
CUT = "copiste word"
"""The kind of the words that were cut from lines."""
KINDS = {"word": 0.46, "line": 0.1, "font": 0.17, CUT: 0.14, "copiste line": 0.04, "dhsd": 0.09}
"""Share of the lines of each kind."""
CHARACTERS = frozenset(TEXT_CLASSES[:-1])
PLAIN = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "\xa0": " ", "ſ": "s", "_": " "})
"""Characters that look like another, as which they are read."""

WORDS_PER_LINE = (2, 5)
GAPS = (0.6, 2.2)
"""Width of a space, in widths of a character of the line."""
SLANT, TURN, STRETCH = 0.22, 0.02, 0.18
"""Standard deviations of shear, rotation (radians), and the logarithm of width / height."""
FILL = (0.55, 0.97)
"""Share of the line's height that the ink takes."""
MARGINS = (2, 22)
"""Pixels of paper before and after the ink."""
PENS, BROADEST = (0.9, 5.5), 0.33
"""Pen width in pixels, and its largest share of a character's width."""
WOBBLE = 0.35
"""Standard deviation of the displacement of a stroke's points, smoothed along the stroke, in pixels."""
LONGEST = 1_400
"""Width of the widest line in pixels."""
SUPERSAMPLING = 2

RULED, BLURRED, COARSE, INVERTED = 0.22, 0.25, 0.25, 0.12
"""Shares of lines on ruled paper, out of focus, in low resolution, and in bright ink on dark paper."""
GRAIN = 0.12
REACH, ELASTIC = 14, 1.3
"""Distance at which displacements of a strip's points are independent, and their largest standard deviation,
in pixels (Simard et al. 2003)."""

UPPER, CAPITALIZED, NUMBERED, RANDOM = 0.12, 0.2, 0.12, 0.15
"""Shares of words in fonts that are in capitals, capitalized, numbers, and strings of random characters."""
FONT_SIZES = (26, 60)


@dataclass(frozen=True)
class TextStock:
    """The material of text lines.

    Attributes:
        words: UNIPEN's words as pen strokes.
        strips: real strips by kind, see ``KINDS``.
        fonts: files of handwriting fonts; without any, all lines are by people.
    """

    words: PenCharacters
    strips: dict[str, Strips]
    fonts: tuple[str, ...]
    by_writer: dict[int, NDArray[np.intp]] = field(init=False)
    vocabulary: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        order = np.argsort(self.words.writers, kind="stable")
        numbers, starts = np.unique(self.words.writers[order], return_index=True)
        groups = dict(zip(numbers.tolist(), np.split(order, starts[1:]), strict=True))
        object.__setattr__(self, "by_writer", groups)
        texts = {str(label) for label in self.words.labels}
        for strips in self.strips.values():
            texts.update(*(each.text.split() for each in strips.strips))
        object.__setattr__(self, "vocabulary", tuple(sorted(texts)))

    def texts(self) -> Iterator[str]:
        """Yields what people wrote: each text once per writer, without the words that were cut from lines."""
        yield from (plain(str(label)) for label in self.words.labels)
        for kind, strips in self.strips.items():
            if kind != CUT:
                yield from (plain(strip.text) for strip in strips.strips)


def load_text_stock(data_dir: AnyPath | None = None, *, held_out: bool = False) -> TextStock:
    """Loads all collections, or their held-out parts, by whole writers.

    Raises:
        DatasetError: a collection is missing or damaged.
    """
    return TextStock(
        load_pen_words(data_dir, held_out=held_out),
        {
            CUT: load_copiste_words(data_dir, held_out=held_out),
            "copiste line": load_copiste_lines(data_dir, held_out=held_out),
            "dhsd": load_dhsd(data_dir, held_out=held_out),
        },
        tuple(file for index, file in enumerate(hand_fonts(data_dir)) if (index % 20 == 0) == held_out),
    )


def make_line(stock: TextStock, rng: np.random.Generator) -> Strip:
    """Makes a line: uint8 48×W and its text, which has only characters of ``TEXT_CLASSES``."""
    own = OWN_SHARE if OWN in stock.strips else 0.0
    while True:
        kind = OWN if own and rng.random() < own else str(rng.choice(list(KINDS), p=list(KINDS.values())))
        if kind in stock.strips:
            strips = stock.strips[kind].strips
            strip = strips[int(rng.integers(len(strips)))]
            made = Strip(_warped(strip.pixels, rng), strip.text)
        elif kind == "font":
            if not stock.fonts:
                continue
            made = _in_font(stock, rng)
        else:
            made = _by_pen(stock, rng, int(rng.integers(*WORDS_PER_LINE)) if kind == "line" else 1)
        text = plain(made.text)
        if text and set(text) <= CHARACTERS and made.pixels.shape[1] <= LONGEST:
            return Strip(_photographed(made.pixels, rng), text)


def load_line_folder(folder: AnyPath) -> Strips:
    """Loads the lines of a labelled picture folder; a picture's lines are separated by `` / `` in its label.

    Pictures in which another number of lines is found are left out.

    Raises:
        DatasetError: the folder has no labels, or no picture with as many lines as its label has.
    """
    strips = []
    for picture in load_labelled_folder(folder, text=True):
        texts = picture.label.split(ROWS)
        grey = cv2.cvtColor(load_picture(picture.path).pixels, cv2.COLOR_RGB2GRAY)
        found = find_lines(np.asarray(grey, np.uint8))
        if picture.label and len(found) == len(texts):
            strips += [Strip(line.pixels, text) for line, text in zip(found, texts, strict=True)]
    if not strips:
        problem = "has no picture in which as many lines are found as its label has"
        raise DatasetFormatError(str(folder), problem, f"separate the lines of a label by {ROWS!r}")
    digest = hashlib.sha256(b"".join(strip.pixels.tobytes() for strip in strips)).hexdigest()
    return Strips(Path(folder).name, tuple(strips), digest, "those who wrote it", licence="your own")


def described(stock: TextStock, split: str) -> list[dict[str, Any]]:
    """Returns an entry for each collection in the stock, see ``Card.data``."""
    fonts = entry(FONTS, split, len(stock.fonts), digest_of_files(stock.fonts))
    return [stock.words.describe(split), *(describe(each, split) for each in stock.strips.values()), fonts]


def plain(text: str) -> str:
    """Returns the text as it is read: typographic quotes as plain ones, single spaces."""
    return " ".join(text.translate(PLAIN).split())


def pen_line(
    strokes: Sequence[NDArray[np.float32]], count: int, rng: np.random.Generator | None = None
) -> NDArray[np.uint8]:
    """Draws strokes as a line in dark ink on white paper, uint8 48×W.

    Args:
        strokes: K×2 each, y down, in any unit.
        count: number of characters, which limits the pen width.
        rng: varies pen, slant, and size; without it, a medium pen draws them as they are.
    """
    points = np.concatenate(strokes)
    matrix = np.eye(2)
    fill, pen, margins, rise = 0.8, 2.4, (8, 8), 0.5
    if rng is not None:
        angle, stretch = rng.normal(0, TURN), math.exp(rng.normal(0, STRETCH))
        matrix = rotation(angle) @ np.array([[stretch, -rng.normal(0, SLANT)], [0, 1]])
        fill, rise = float(rng.uniform(*FILL)), float(rng.random())
        pen = float(np.exp(rng.uniform(*np.log(PENS))))
        margins = tuple(rng.integers(*MARGINS, 2).tolist())
    turned = points @ matrix.T
    low, high = turned.min(axis=0), turned.max(axis=0)
    room = max(4.0, fill * HEIGHT - pen)
    extent = np.maximum(high - low, 1e-3)
    scale = min(room / extent[1], count * room / extent[0])
    pen = min(pen, max(PENS[0], BROADEST * extent[0] * scale / count))
    width = min(2 * LONGEST, math.ceil(extent[0] * scale + pen + sum(margins)))
    top = (HEIGHT - extent[1] * scale - pen) * rise + pen / 2
    offset = np.array([margins[0] + pen / 2, top]) - low * scale
    mask = np.zeros((HEIGHT * SUPERSAMPLING, width * SUPERSAMPLING), np.uint8)
    thickness = max(1, round(pen * SUPERSAMPLING))
    for stroke in strokes:
        path = (stroke @ matrix.T) * scale + offset
        if rng is not None and len(path) > 2:
            path = path + _wobble(len(path), rng)
        fixed = np.round((path * SUPERSAMPLING - 0.5) * 16).astype(np.int32)
        if len(fixed) == 1:
            cv2.circle(mask, tuple(fixed[0].tolist()), thickness * 11, 255, -1, cv2.LINE_AA, 4)
        else:
            cv2.polylines(mask, [fixed], False, 255, thickness, cv2.LINE_AA, 4)
    return np.asarray(255 - cv2.resize(mask, (width, HEIGHT), interpolation=cv2.INTER_AREA), np.uint8)


def _wobble(count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    knots = max(2, count // 8)
    along = np.linspace(0, knots - 1, count)
    offsets = rng.normal(0, WOBBLE, (knots, 2))
    return np.stack([np.interp(along, np.arange(knots), offsets[:, axis]) for axis in (0, 1)], axis=1)


def _by_pen(stock: TextStock, rng: np.random.Generator, count: int) -> Strip:
    """Draws a word of UNIPEN, or several by the same writer as a line."""
    words = stock.words
    index = int(rng.integers(len(words)))
    own = stock.by_writer[int(words.writers[index])]
    chosen = [index, *rng.choice(own, count - 1).tolist()]
    text = " ".join(str(words.labels[each]) for each in chosen)
    if count == 1:
        return Strip(pen_line(words.strokes(index), len(text), rng), text)
    paths: list[NDArray[np.float32]] = []
    right = 0.0
    for each in chosen:
        strokes = words.strokes(each)
        points = np.concatenate(strokes)
        # Each word was scaled by itself; characters of one writer are about equally wide.
        wide = max(float(np.ptp(points[:, 0])), 1.0) / max(1, len(str(words.labels[each])))
        origin = np.array([points[:, 0].min(), points[:, 1].mean()], np.float32)
        place = np.array([right, 0], np.float32)
        paths += [(stroke - origin) / np.float32(wide) + place for stroke in strokes]
        right = max(float(path[:, 0].max()) for path in paths) + float(rng.uniform(*GAPS))
    return Strip(pen_line(paths, len(text), rng), text)


def _in_font(stock: TextStock, rng: np.random.Generator) -> Strip:
    """Renders words in a handwriting font."""
    file = stock.fonts[int(rng.integers(len(stock.fonts)))]
    text = " ".join(_word(stock, rng) for _ in range(int(rng.choice([1, 1, 1, 2, 3]))))
    font = ImageFont.truetype(file, int(rng.integers(*FONT_SIZES)))
    if not has_lower_case(file):
        text = text.upper()
    text = "".join(character for character in text if has_character(file, character)) or "1"
    left, top, right, bottom = (int(side) for side in font.getbbox(text))
    image = Image.new("L", (max(8, min(4 * LONGEST, right - left)) + 24, max(8, bottom - top) + 8), 255)
    ImageDraw.Draw(image).text((12 - left, 4 - top), text, fill=0, font=font)
    return Strip(_warped(_fitted(np.asarray(image), rng), rng), text)


def _fitted(pixels: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Scales a picture of dark ink so that the ink fills a random share of the line's height."""
    rows = np.flatnonzero((pixels < 128).any(axis=1))
    if len(rows) == 0:
        return np.full((HEIGHT, 16), 255, np.uint8)
    cut = pixels[rows[0] : rows[-1] + 1]
    tall = max(8, round(float(rng.uniform(*FILL)) * HEIGHT))
    wide = max(8, round(cut.shape[1] * tall / len(cut)))
    way = cv2.INTER_AREA if tall < len(cut) else cv2.INTER_CUBIC
    small = cv2.resize(cut, (wide, tall), interpolation=way)
    above = int(rng.integers(0, HEIGHT - tall + 1))
    return np.pad(small, ((above, HEIGHT - tall - above), (0, 0)), constant_values=255)


def _word(stock: TextStock, rng: np.random.Generator) -> str:
    """Returns a word in other case, a number, or random characters."""
    draw = rng.random()
    if draw < RANDOM:
        known = [*string.ascii_letters, *TEXT_CLASSES[:-1]]
        return "".join(rng.choice(known, int(rng.integers(1, 9)))).strip() or "x"
    if draw < RANDOM + NUMBERED:
        digits = "".join(rng.choice([*string.digits], int(rng.integers(1, 8))))
        form = str(rng.choice(["{}", "{}", "{}.", "{},50", "-{}", "{} €", "({})", "{}%", "#{}", "{}/12"]))
        return form.format(digits)
    word = stock.vocabulary[int(rng.integers(len(stock.vocabulary)))]
    draw = rng.random()
    if draw < UPPER:
        return word.upper()
    return word.capitalize() if draw < UPPER + CAPITALIZED else word


def _warped(pixels: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Stretches, scales, slants, moves, and bends a strip."""
    height, width = pixels.shape
    size = math.exp(rng.normal(0, 0.1))
    across = size * math.exp(rng.normal(0, STRETCH))
    slant = float(rng.normal(0, SLANT / 2))
    target = max(12, round(width * across))
    bent = displacements((HEIGHT, target), REACH, rng) * np.float32(ELASTIC * rng.random())
    # The source of each pixel; OpenCV's whole numbers are the middles of pixels.
    rows = (np.arange(HEIGHT, dtype=np.float32)[:, None] + 0.5 - HEIGHT / 2 + rng.normal(0, 1.5)) + bent[1]
    x = (np.arange(target, dtype=np.float32)[None] + 0.5 + bent[0]) / across + slant * rows - 0.5
    places = x.astype(np.float32), (rows / size + height / 2 - 0.5).astype(np.float32)
    warped = cv2.remap(pixels, *places, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(warped, np.uint8)


def _photographed(pixels: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Puts a line of dark ink on other paper, into other light, and before another camera."""
    height, width = pixels.shape
    value = pixels.astype(np.float32) / np.float32(255)
    if rng.random() < RULED:
        value = _ruled(value, rng)
    if rng.random() < COARSE:
        share = float(rng.uniform(0.4, 0.9))
        small = (max(4, round(width * share)), max(8, round(height * share)))
        value = cv2.resize(value, small, interpolation=cv2.INTER_AREA)
        value = cv2.resize(value, (width, height), interpolation=cv2.INTER_CUBIC)
    if rng.random() < BLURRED:
        value = cv2.GaussianBlur(value, (0, 0), float(rng.uniform(0.4, 1.5)))
    value = np.clip(value, 0, 1) ** np.float32(math.exp(rng.normal(0, 0.35)))
    gain = float(rng.uniform(0.35, 1.0))
    value = value * np.float32(gain) + np.float32(rng.random() * (1 - gain))
    if rng.random() < 0.3:  # light that changes along the line
        begin, end = rng.uniform(0.7, 1.0, 2)
        value = value * np.linspace(begin, end, width, dtype=np.float32)
    grain = np.float32(GRAIN * gain * rng.random() ** 3)
    value = value + grain * rng.standard_normal(value.shape, np.float32)
    if rng.random() < INVERTED:
        value = 1 - value
    return np.asarray(np.clip(value, 0, 1) * 255, np.uint8)


def _ruled(value: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Draws the lines or squares of an exercise book, or the box of a form."""
    height, width = value.shape
    lines = np.ones_like(value)
    light = 1 - float(rng.uniform(0.1, 0.7))
    apart, first = int(rng.integers(14, 60)), int(rng.integers(0, height))
    slope = float(rng.normal(0, 0.006))
    thickness = int(rng.choice([1, 1, 2]))
    for row in range(first % apart, height, apart):
        cv2.line(lines, (0, row), (width, round(row + slope * width)), light, thickness, cv2.LINE_AA)
    if rng.random() < 0.3:
        for column in range(int(rng.integers(0, apart)), width, apart if rng.random() < 0.6 else 4 * width):
            cv2.line(lines, (column, 0), (column, height), light, thickness, cv2.LINE_AA)
    return np.asarray(value * lines, np.float32)
