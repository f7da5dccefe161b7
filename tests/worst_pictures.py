"""Pictures that are slow to read: full of things that look like writing.

Each is drawn for a width and a height in pixels, H×W uint8 grey, dark on light, with fixed random numbers.
``python benchmarks/reading_time.py`` prints how long each takes to read, and with ``--search`` looks for
worse ones among the pictures of ``SPACE``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

Picture = np.ndarray


def digits(width: int, height: int, *, size: int = 24, gap: float = 0.3, text: str = "0123456789") -> Picture:
    """Draws rows of digits of that height in pixels, as dense as possible; negative gaps make them touch."""
    rng = np.random.default_rng(size)
    page = np.full((height, width), 255, np.uint8)
    scale, pen = size / 21, max(1, size // 10)
    across, down = max(4, round(size * (0.75 + gap))), round(size * 1.45)
    for y in range(size + 4, height - 4, down):
        for x in range(4, width - size, across):
            place = x + int(rng.integers(-1, 2)), y + int(rng.integers(-2, 3))
            cv2.putText(page, str(rng.choice(list(text))), place, cv2.FONT_HERSHEY_SIMPLEX, scale, 20, pen)
    return page


def letters(width: int, height: int) -> Picture:
    """Draws a page of text."""
    return digits(width, height, size=22, gap=0.05, text="abcdefghijklmnopqrstuvwxyz,.0123456789")


def print_page(width: int, height: int, *, size: int = 20) -> Picture:
    """Draws a page of small print: words and numbers in a proportional font."""
    rng = np.random.default_rng(6)
    page = Image.new("L", (width, height), 250)
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(size)
    letters = list("etaoinshrdlucmfwypvbgkjqxz")
    for y in range(size, height - 2 * size, round(1.3 * size)):
        words = []
        for _ in range(width // (3 * size)):
            source = list("0123456789") if rng.random() < 0.25 else letters
            words.append("".join(rng.choice(source, int(rng.integers(2, 9)))))
        draw.text((size, y), " ".join(words), fill=30, font=font)
    return np.asarray(page, np.uint8)


def hatching(width: int, height: int, *, pitch: int = 12) -> Picture:
    """Draws slanted parallel strokes, broken every few pixels."""
    down, across = np.mgrid[:height, :width]
    stroke = (across + down // 3) % pitch < pitch // 4
    return np.where(stroke & (down % 37 > 5), 20, 255).astype(np.uint8)


def noise(width: int, height: int, *, grain: int = 6) -> Picture:
    """Draws randomly shaped blots."""
    rng = np.random.default_rng(1)
    field = rng.random((height // grain + 1, width // grain + 1)).astype(np.float32)
    field = cv2.resize(field, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.where(field > 0.62, 20, 255).astype(np.uint8)


def blocks(width: int, height: int, *, module: int = 8) -> Picture:
    """Draws random black and white squares, as in a QR code."""
    rng = np.random.default_rng(2)
    code = rng.integers(0, 2, (height // module + 1, width // module + 1), np.uint8) * 235 + 20
    return code.repeat(module, 0).repeat(module, 1)[:height, :width].astype(np.uint8)


def mark_table(width: int, height: int, *, cell: tuple[int, int] = (46, 34)) -> Picture:
    """Draws a ruled table with a digit, a tick or a cross in nearly every cell."""
    rng = np.random.default_rng(4)
    page = np.full((height, width), 250, np.uint8)
    for x in range(2, width, cell[0]):
        cv2.line(page, (x, 0), (x, height), 90, 1)
    for y in range(2, height, cell[1]):
        cv2.line(page, (0, y), (width, y), 90, 1)
    for y in range(2, height - cell[1], cell[1]):
        for x in range(2, width - cell[0], cell[0]):
            mark = str(rng.choice(list("0123456789xv/-| ")))
            place = x + int(rng.integers(6, 18)), y + cell[1] - int(rng.integers(6, 10))
            cv2.putText(page, mark, place, cv2.FONT_HERSHEY_SIMPLEX, 0.8, 30, 2)
    return page


def diagram(width: int, height: int) -> Picture:
    """Draws boxes with numbers in them, joined by lines."""
    rng = np.random.default_rng(5)
    page = np.full((height, width), 255, np.uint8)
    last = (0, 0)
    for y in range(10, height - 40, 60):
        for x in range(10, width - 60, 80):
            cv2.rectangle(page, (x, y), (x + 56, y + 36), 40, 1)
            cv2.putText(
                page, str(rng.integers(0, 100)), (x + 8, y + 26), cv2.FONT_HERSHEY_SIMPLEX, 0.7, 40, 1
            )
            cv2.line(page, last, (x, y + 18), 40, 1)
            last = x + 56, y + 18
    return page


def maze(width: int, height: int, *, pitch: int = 16) -> Picture:
    """Draws a maze of cells with walls that slant one way or the other."""
    rng = np.random.default_rng(6)
    page = np.full((height, width), 255, np.uint8)
    for y in range(0, height, pitch):
        for x in range(0, width, pitch):
            a, b = (
                ((x, y), (x + pitch, y + pitch)) if rng.random() < 0.5 else ((x + pitch, y), (x, y + pitch))
            )
            cv2.line(page, a, b, 20, 2)
    return page


def chain(width: int, height: int) -> Picture:
    """Draws rows of touching loops, each row one component with many cuts."""
    page = np.full((height, width), 255, np.uint8)
    for y in range(24, height - 24, 44):
        for x in range(16, width - 16, 22):
            cv2.ellipse(page, (x, y), (12, 16), 0, 0, 360, 20, 2)
    return page


def ones(width: int, height: int, *, size: int = 24, pitch: int = 9) -> Picture:
    """Draws rows of vertical strokes, each of which may be a digit or part of one."""
    page = np.full((height, width), 255, np.uint8)
    for y in range(4, height - size, size + 6):
        page[y : y + size, 4 : width - 4 : pitch] = 20
        page[y : y + size, 5 : width - 4 : pitch] = 20
    return page


def on_its_side(width: int, height: int, *, text: Callable[[int, int], Picture]) -> Picture:
    """Draws a page turned on its side."""
    return np.ascontiguousarray(np.rot90(text(height, width)))


def sparse(width: int, height: int, *, text: Callable[[int, int], Picture], filled: float) -> Picture:
    """Draws a share of a page, in its middle; the rest is blank."""
    page = np.full((height, width), 255, np.uint8)
    x, y = (round(side * (1 - filled**0.5) / 2) for side in (width, height))
    page[y : height - y, x : width - x] = text(width - 2 * x, height - 2 * y)
    return page


SPACE: Final[dict[str, tuple[Callable[..., Picture], dict[str, tuple[float, float]]]]] = {
    "digits": (digits, {"size": (8, 64), "gap": (-0.4, 1.0)}),
    "print": (print_page, {"size": (8, 48)}),
    "hatching": (hatching, {"pitch": (4, 40)}),
    "noise": (noise, {"grain": (2, 40)}),
    "blocks": (blocks, {"module": (3, 60)}),
    "maze": (maze, {"pitch": (5, 60)}),
    "ones": (ones, {"size": (8, 60), "pitch": (4, 40)}),
}
"""The pictures that are searched for the worst: a generator, and the ranges of its parameters; whole numbers
where its defaults are. The share of the page that is drawn on (``FILLED``) and the page's sides vary too."""

FILLED: Final = (0.01, 1.0)
SIDES: Final = (200, 2000)


def drawn(name: str, *, width: float, height: float, filled: float, turned: float, **given: float) -> Picture:
    """Draws a picture of ``SPACE`` with these parameters, on its side if ``turned`` is above one half."""
    draw, ranges = SPACE[name]
    defaults = draw.__kwdefaults__
    values = {key: round(given[key]) if isinstance(defaults[key], int) else given[key] for key in ranges}
    page = sparse(round(width), round(height), text=partial(draw, **values), filled=filled)
    return np.ascontiguousarray(np.rot90(page)) if turned > 0.5 else page


FULL: Final = (2000, 2000)
WORST: Final[dict[str, tuple[Callable[[int, int], Picture], tuple[int, int]]]] = {
    "digits 24": (digits, FULL),
    "digits 32": (partial(digits, size=32), FULL),
    "digits 40": (partial(digits, size=40), FULL),
    "digits 24, touching": (partial(digits, gap=-0.15), FULL),
    "digits 14": (partial(digits, size=14), FULL),
    "small page": (partial(digits, size=10), (790, 790)),
    "one row": (partial(digits, gap=-0.05), (2000, 44)),
    "one row of thousands": (partial(digits, size=12, gap=-0.2), (2000, 20)),
    "letters": (letters, FULL),
    "print": (print_page, FULL),
    "fine print": (partial(print_page, size=11), FULL),
    "hatching": (hatching, FULL),
    "fine hatching": (partial(hatching, pitch=8), FULL),
    "noise": (noise, FULL),
    "coarse noise": (partial(noise, grain=14), FULL),
    "blocks": (blocks, FULL),
    "coarse blocks": (partial(blocks, module=24), FULL),
    "mark table": (mark_table, (1964, 1208)),
    "diagram": (diagram, (2000, 1500)),
    "small diagram": (diagram, (382, 240)),
    "maze": (maze, FULL),
    "coarse maze": (partial(maze, pitch=40), FULL),
    "chain": (chain, FULL),
    "ones": (ones, FULL),
    "ones on their side": (partial(on_its_side, text=ones), FULL),
    "digits on their side": (partial(on_its_side, text=partial(digits, size=40)), FULL),
    "found: digits": (partial(on_its_side, text=partial(digits, size=34, gap=0.16)), FULL),
    "found: print": (partial(sparse, text=partial(print_page, size=31), filled=0.8), FULL),
    "found: ones": (partial(on_its_side, text=partial(ones, size=31, pitch=36)), FULL),
}
"""The pictures by name; those that begin with "found" are from the search."""


def worst(name: str, *, share: float = 1.0) -> Picture:
    """Draws one of them at its full size, or at a share of it."""
    draw, (width, height) = WORST[name]
    return draw(width, max(20, round(height * share)))
