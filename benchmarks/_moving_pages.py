"""Renders a video of handwritten pages that drift, turn and come closer, with the true text of each frame."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from inkread.datasets import page_rendering
from inkread.datasets.stroke_font import WriterStyle, write_digit
from inkread.datasets.stroke_rendering import rasterise
from inkread.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from inkread.datasets.glyphs import LabelledGlyphs

    Writer = Callable[[str], NDArray[np.float32]]
    """Returns the ink of a digit, H×W in 0..1, cropped to it, at its height in pixels."""

WIDTH, HEIGHT, RATE = 640, 480, 30.0
SHEET = (720, 960)
"""Height and width of a page; the camera sees its center."""
ROWS, DIGITS, HEIGHTS = (1, 3), (2, 6), (52.0, 92.0)
"""Ranges of rows per page, digits per row, and digit height in pixels."""
GAPS, LINE = (0.22, 0.4), 1.55
"""Gap between digits (range), and row spacing, in digit heights."""
TOOLS = (page_rendering.BLACK_PEN, page_rendering.BLUE_PEN, page_rendering.MARKER, page_rendering.PENCIL)
PEN = (0.07, 0.12)
PAPERS = ((0.95, 0.95, 0.94), (0.95, 0.92, 0.85), (0.90, 0.90, 0.89))
SWAY, TURN, ZOOM = 26.0, 2.5, 0.07
"""Amplitudes of a page's drift (pixels), rotation (degrees) and zoom."""
PERIODS = (3.0, 7.0)
"""Range of oscillation periods, seconds."""
NOISE, BLUR = 3.0, 0.7
"""Standard deviations of the sensor noise (grey levels) and of the lens blur (pixels)."""


@dataclass(frozen=True, slots=True)
class Page:
    """A handwritten page.

    Attributes:
        pixels: uint8 H×W×3, RGB.
        text: its text, rows joined by newlines.
        middles: K×2, x and y of the center of each digit, row by row.
    """

    pixels: NDArray[np.uint8]
    text: str
    middles: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Moment:
    """The content of a frame: a page, its first frame, and the 2×3 matrix from the page to the frame."""

    page: Page
    first: int
    matrix: NDArray[np.float64]

    def label_in(self, box: tuple[int, int, int, int]) -> str:
        """Returns the digits whose centers are in the box."""
        x, y = (self.page.middles @ self.matrix[:, :2].T + self.matrix[:, 2]).T
        inside = (x > box[0]) & (x < box[2]) & (y > box[1]) & (y < box[3])
        labels = self.page.text.replace("\n", "")
        return "".join(label for label, within in zip(labels, inside, strict=True) if within)


def make_pages(count: int, rng: np.random.Generator, images: LabelledGlyphs | None) -> list[Page]:
    """Makes pages by different writers; every second one with MNIST's digits, if they are given."""
    return [make_page(rng, images if number % 2 else None) for number in range(count)]


def make_page(rng: np.random.Generator, images: LabelledGlyphs | None) -> Page:
    """Makes a page of one to three rows, in strokes of the hand-made alphabet or in MNIST's digits."""
    height = float(rng.uniform(*HEIGHTS))
    writer = _stamper(images, height, rng) if images else _penman(height, rng)
    rows = [
        "".join(str(digit) for digit in rng.integers(0, 10, rng.integers(DIGITS[0], DIGITS[1] + 1)))
        for _ in range(rng.integers(ROWS[0], ROWS[1] + 1))
    ]
    ink, middles = np.zeros(SHEET, np.float32), []
    gap = float(rng.uniform(*GAPS)) * height
    top = (SHEET[0] - LINE * height * (len(rows) - 1) - height) / 2
    for row in rows:
        digits = [writer(digit) for digit in row]
        x = (SHEET[1] - sum(digit.shape[1] + gap for digit in digits)) / 2
        for digit in digits:
            y0, x0 = round(top + rng.normal(0, 0.02) * height), round(x)
            part = ink[y0 : y0 + digit.shape[0], x0 : x0 + digit.shape[1]]
            np.maximum(part, digit, out=part)
            middles.append((x0 + digit.shape[1] / 2, y0 + digit.shape[0] / 2))
            x += digit.shape[1] + gap
        top += LINE * height
    page = page_rendering.plain_paper(SHEET, rng, colour=PAPERS[rng.integers(len(PAPERS))])
    page = page_rendering.write(page, ink, TOOLS[rng.integers(len(TOOLS))], rng)
    page = page * page_rendering.uneven_light(
        SHEET, direction=float(rng.uniform(0, 360)), fall=0.25, vignette=0.1
    )
    return Page(np.round(page * 255).astype(np.uint8), "\n".join(rows), np.array(middles))


def record(pages: list[Page], path: Path, *, seconds: float, rng: np.random.Generator) -> list[Moment]:
    """Films each page for a number of seconds, writes the video, and returns the content of each frame."""
    video = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), RATE, (WIDTH, HEIGHT))
    if not video.isOpened():
        raise OutputError(str(path), "cannot be written as a video", "use an OpenCV with a codec for MJPG")
    moments: list[Moment] = []
    for page in pages:
        first = len(moments)
        periods, phases = rng.uniform(*PERIODS, 4), rng.uniform(0, 2 * math.pi, 4)
        for number in range(round(seconds * RATE)):
            swing = np.sin(2 * math.pi * number / RATE / periods + phases)
            matrix = cv2.getRotationMatrix2D(
                (SHEET[1] / 2, SHEET[0] / 2), TURN * swing[2], 1 + ZOOM * swing[3]
            )
            matrix[:, 2] += SWAY * swing[:2] - [(SHEET[1] - WIDTH) / 2, (SHEET[0] - HEIGHT) / 2]
            frame = cv2.warpAffine(page.pixels, matrix, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REFLECT)
            frame = cv2.GaussianBlur(frame, (0, 0), BLUR) + rng.normal(0, NOISE, (HEIGHT, WIDTH, 1))
            video.write(np.clip(frame, 0, 255).astype(np.uint8)[..., ::-1])
            moments.append(Moment(page, first, matrix))
    video.release()
    return moments


def _penman(height: float, rng: np.random.Generator) -> Writer:
    """Returns a writer that uses pen strokes."""
    style, pen = WriterStyle.random(rng), float(rng.uniform(*PEN)) * height

    def write(digit: str) -> NDArray[np.float32]:
        strokes = page_rendering.place(write_digit(digit, style, rng), at=(height, height), height=height)
        return _cropped(rasterise(strokes, (round(3 * height), round(3 * height)), pen))

    return write


def _stamper(images: LabelledGlyphs, height: float, rng: np.random.Generator) -> Writer:
    """Returns a writer that uses MNIST's digits."""

    def stamp(digit: str) -> NDArray[np.float32]:
        image = images.images[rng.choice(np.flatnonzero(images.labels == int(digit)))]
        scale = height / 20
        ink = cv2.resize(
            image.astype(np.float32) / 255, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC
        )
        return _cropped(np.clip(ink * 2 - 0.5, 0, 1).astype(np.float32))

    return stamp


def _cropped(ink: NDArray[np.float32]) -> NDArray[np.float32]:
    rows, columns = np.flatnonzero(ink.max(axis=1) > 0.1), np.flatnonzero(ink.max(axis=0) > 0.1)
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
