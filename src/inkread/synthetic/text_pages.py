"""Made pages of text whose lines are known: words that people wrote, and fonts, on all kinds of paper."""

from __future__ import annotations

import string
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inkread.synthetic.text_lines import TextStock

WIDE = (14.0, 40.0)
"""Width of a character, pixels."""
PITCH = (1.05, 2.2)
"""Distance of lines, in the median height of their ink."""
WIDEST, TALLEST = 4_000, 400
"""Largest line, pixels."""


@dataclass(frozen=True, slots=True)
class TextPage:
    """A page.

    Attributes:
        grey: uint8 H×W.
        owner: uint8 H×W, the number of the line, from 1, whose ink each pixel is; 0 for paper.
        lines: how many there are.
    """

    grey: NDArray[np.uint8]
    owner: NDArray[np.uint8]
    lines: int


def make_page(stock: TextStock, rng: np.random.Generator) -> TextPage:
    """Makes a page of one to eight lines by one writer or in one font; some are ruled, sloping, or grainy."""
    inks = _lines(stock, rng)
    tall = float(np.median([len(ink) for ink in inks]))
    pitch, border = tall * float(rng.uniform(*PITCH)), int(rng.integers(10, 120))
    starts = [border + int(rng.integers(0, 60 if rng.random() < 0.7 else 400)) for _ in inks]
    width = max(left + ink.shape[1] for left, ink in zip(starts, inks, strict=True)) + border
    height = int(pitch * (len(inks) - 1) + max(map(len, inks))) + 2 * border
    page, owner = np.zeros((height, width), np.float32), np.zeros((height, width), np.uint8)
    for number, (left, ink) in enumerate(zip(starts, inks, strict=True)):
        top = int(np.clip(border + tall / 2 + pitch * number - len(ink) / 2, 0, height - len(ink)))
        place = slice(top, top + len(ink)), slice(left, left + ink.shape[1])
        owner[place][(ink > page[place]) & (ink > 0.3)] = number + 1
        np.maximum(page[place], ink, out=page[place])
    if rng.random() < 0.25:
        page = np.maximum(page, _rules(page.shape, pitch, border + 0.8 * tall, rng))
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), float(rng.normal(0, 1.2)), 1)
    page = np.asarray(cv2.warpAffine(page, turn, (width, height)), np.float32)
    owner = np.asarray(cv2.warpAffine(owner, turn, (width, height), flags=cv2.INTER_NEAREST), np.uint8)
    return TextPage(_photographed(page, rng), owner, len(inks))


def _lines(stock: TextStock, rng: np.random.Generator) -> list[NDArray[np.float32]]:
    """Draws the lines, float32 h×w in 0..1 each."""
    count, wide, by_pen = (
        int(rng.integers(1, 9)),
        float(rng.uniform(*WIDE)),
        rng.random() < 0.6 or not stock.fonts,
    )
    writer = int(stock.words.writers[int(rng.integers(len(stock.words)))])
    file, pen = str(rng.choice(stock.fonts or ("",))), float(rng.uniform(1.5, 0.14 * wide + 1.6))
    inks: list[NDArray[np.float32]] = []
    while len(inks) < count:
        ink = _written(stock, writer, wide, pen, rng) if by_pen else _printed(stock, file, int(2 * wide), rng)
        if ink.any() and len(ink) <= TALLEST and ink.shape[1] <= WIDEST:
            inks.append(ink)
    return inks


def _written(
    stock: TextStock, writer: int, wide: float, pen: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Draws one to five words of a writer, whose characters are equally wide."""
    words, right = stock.words, 0.0
    paths: list[NDArray[np.float32]] = []
    for each in rng.choice(stock.by_writer[writer], int(rng.integers(1, 6))).tolist():
        strokes = words.strokes(each)
        points = np.concatenate(strokes)
        unit = np.float32(max(float(np.ptp(points[:, 0])), 1.0) / max(1, len(str(words.labels[each]))))
        origin = np.array([points[:, 0].min(), points[:, 1].mean()], np.float32)
        paths += [(stroke - origin) / unit + np.array([right, 0], np.float32) for stroke in strokes]
        right = max(float(path[:, 0].max()) for path in paths) + float(rng.uniform(0.6, 2.2))
    points = np.concatenate(paths) * wide
    low, high = points.min(axis=0) - pen, points.max(axis=0) + pen
    width, height = (max(1, min(2 * WIDEST, int(np.ceil(side)))) for side in high - low)
    ink = np.zeros((2 * min(height, 2 * TALLEST), 2 * width), np.uint8)
    for path in paths:
        fixed = np.round((path * wide - low) * 32).astype(np.int32)
        cv2.polylines(ink, [fixed], False, 255, max(1, round(2 * pen)), cv2.LINE_AA, 4)
    small = cv2.resize(ink, (width, len(ink) // 2), interpolation=cv2.INTER_AREA)
    return small.astype(np.float32) / 255


def _printed(stock: TextStock, file: str, size: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Renders one to five words or numbers in a handwriting font."""
    count = int(rng.integers(1, 6))
    if rng.random() < 0.3:
        words = ["".join(rng.choice([*string.digits], int(rng.integers(1, 7)))) for _ in range(count)]
    else:
        words = rng.choice(stock.vocabulary, count).tolist()
    text = " ".join(words).upper() if rng.random() < 0.15 else " ".join(words)
    font = ImageFont.truetype(file, size)
    left, top, right, below = (int(side) for side in font.getbbox(text))
    image = Image.new("L", (max(1, min(2 * WIDEST, right - left)) + 8, max(1, below - top) + 8), 0)
    ImageDraw.Draw(image).text((4 - left, 4 - top), text, fill=255, font=font)
    return np.asarray(image, np.float32) / np.float32(255)


def _rules(
    shape: tuple[int, ...], pitch: float, baseline: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Draws the lines of an exercise book, under the writing or not."""
    height, width = shape
    apart = pitch if rng.random() < 0.5 else float(rng.uniform(15, 60))
    slope, dark = float(rng.normal(0, 0.003)), float(rng.uniform(0.15, 0.6))
    rules = np.zeros((height, width), np.float32)
    for y in np.arange(baseline % apart - apart, height, apart):
        ends = (0, int(y)), (width, int(y + slope * width))
        cv2.line(rules, *ends, dark, int(rng.choice([1, 1, 2])), cv2.LINE_AA)
    return rules


def _photographed(ink: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Puts ink, 0..1, on paper in some light, with grain, before a camera."""
    height, width = ink.shape
    page = np.float32(rng.uniform(0.55, 0.98)) * (1 - np.float32(0.9 * rng.uniform(0.2, 1) ** 0.7) * ink)
    if rng.random() < 0.6:
        along = np.linspace(0, float(rng.uniform(0, 0.4)), width if rng.random() < 0.5 else height)
        page = page * (1 - (along[None] if len(along) == width else along[:, None]).astype(np.float32))
    if rng.random() < 2 / 3:
        grain, size = rng.standard_normal(ink.shape, np.float32), float(rng.uniform(0.3, 1.6))
        grain = np.asarray(cv2.GaussianBlur(grain, (0, 0), size), np.float32)
        page = page + np.float32(rng.uniform(0, 0.04)) * grain / grain.std()
    if rng.random() < 0.3:
        page = np.asarray(cv2.GaussianBlur(page, (0, 0), float(rng.uniform(0.5, 1.5))), np.float32)
    if rng.random() < 0.1:
        page = 1 - page
    return np.asarray(np.clip(page, 0, 1) * 255, np.uint8)
