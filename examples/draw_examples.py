"""Draws the example pictures: digits of a hand-made alphabet, as ink on paper in uneven light.

Usage: python examples/draw_examples.py [FOLDER]     (default: this folder)
       python examples/draw_examples.py --page       small copies of some, for the web page

The pictures and ``labels.csv`` are the same each time, with the same library versions.
"""

from __future__ import annotations

import csv
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from _letters import LETTERS
from PIL import Image

from inkread.datasets import page_rendering
from inkread.datasets.stroke_font import (
    ALPHABET,
    WriterStyle,
    parsed,
    shape_of,
    spline,
    with_pressure,
    write_row,
    write_shapes,
)
from inkread.datasets.stroke_rendering import rasterise

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from inkread.datasets.page_rendering import Colour, Light, Page
    from inkread.datasets.stroke_font import Strokes

Box = tuple[float, float, float, float]
"""x0, y0, x1, y1."""
Picture = tuple[Image.Image, str]
"""A picture and its label: rows joined by "/"."""

WHITE, CREAM, GREYISH = (0.95, 0.95, 0.94), (0.95, 0.92, 0.85), (0.90, 0.90, 0.89)
PALE_BLUE, ORANGE = (0.66, 0.77, 0.90), (0.96, 0.60, 0.30)
EXIF_ORIENTATION, TURNED_RIGHT = 0x0112, 6
JPEG_QUALITY = 80
SHIFT = 4
"""Fixed-point bits for the coordinates of printed lines."""

ON_PAGE = ("phone_number.jpg", "pencil_rows.jpg", "column_sum.jpg", "drawing.png", "note.jpg")
"""The examples that the web page offers."""
PAGE_FOLDER = Path(__file__).parents[1] / "src/inkread/server/static/examples"
PAGE_SIDE, PAGE_QUALITY = 720, 72
"""The longer side in pixels, and the JPEG quality: about 25 kB a picture."""


def phone_number(rng: np.random.Generator) -> Picture:
    """Draws a telephone number in blue ballpoint on white paper, in the shadow of a hand."""
    shape = (640, 1040)
    page = page_rendering.plain_paper(shape, rng, colour=WHITE)
    style = replace(WriterStyle.random(rng), shapes=_shapes({"1": 1, "7": 1, "4": 0}), spacing=0.27)
    row = page_rendering.place(write_row("0176 5553 8042", style, rng), at=(80, 300), height=70, slope=2.0)
    page = page_rendering.write(page, rasterise(row, shape, 4.8), page_rendering.BLUE_PEN, rng)
    page = page * page_rendering.uneven_light(shape, direction=20, fall=0.22, vignette=0.12, level=0.97)
    shadow = [(0.52, 1.2), (0.60, 0.72), (0.72, 0.52), (0.84, 0.50), (1.2, 0.62), (1.2, 1.2)]
    page = page * soft_shadow(shape, shadow, depth=0.34, blur=34)
    return _photo(page, page_rendering.Camera(tilt=0.04, cast=(1.0, 0.985, 0.95)), rng), "017655538042"


def pencil_rows(rng: np.random.Generator) -> Picture:
    """Draws three rows in pencil on ruled paper."""
    shape = (780, 900)
    page = page_rendering.plain_paper(shape, rng, colour=WHITE)
    page = ruled(page, spacing=92, start=70, colour=PALE_BLUE, margin=128)
    style = replace(WriterStyle.random(rng), slant=0.05)
    rows = ("2718", "28459", "0452")
    for number, text in enumerate(rows):
        # The digits stand on every second line.
        strokes = page_rendering.place(
            write_row(text, style, rng), at=(178 + rng.normal(0, 9), 150 + 184 * number), height=100
        )
        page = page_rendering.write(page, rasterise(strokes, shape, 6.5), page_rendering.PENCIL, rng)
    page = page * page_rendering.uneven_light(shape, direction=130, fall=0.3, vignette=0.15, level=0.98)
    return _photo(page, page_rendering.Camera(tilt=0.04, turn=-1.2, cast=(1.0, 0.97, 0.92)), rng), "/".join(
        rows
    )


def grid_number(rng: np.random.Generator) -> Picture:
    """Draws a number on graph paper."""
    shape = (560, 900)
    page = page_rendering.plain_paper(shape, rng, colour=GREYISH)
    page = grid(page, spacing=46, start=(20, 13), colour=(0.72, 0.80, 0.86))
    style = replace(WriterStyle.random(rng), shapes=_shapes({"4": 0, "7": 1, "2": 0}), spacing=0.3)
    row = page_rendering.place(write_row("60742", style, rng), at=(170, 205), height=138, slope=-1.0)
    page = page_rendering.write(page, rasterise(row, shape, 7), page_rendering.BLACK_PEN, rng)
    page = page * page_rendering.uneven_light(shape, direction=-60, fall=0.25, vignette=0.1)
    return _photo(page, page_rendering.Camera(tilt=0.05, turn=1.0), rng), "60742"


def postcode(rng: np.random.Generator) -> Picture:
    """Draws a postal code in the orange boxes of an envelope."""
    shape, text = (420, 900), "80331"
    page = page_rendering.plain_paper(shape, rng, colour=CREAM, fibre=0.016)
    frames = [(130 + 130 * number, 130, 238 + 130 * number, 282) for number in range(len(text))]
    page = boxes(page, frames, colour=ORANGE, thickness=3)
    style = replace(WriterStyle.random(rng), shapes=_shapes({"1": 1, "3": 0}), unevenness=0.04)
    strokes: Strokes = []
    for digit, (x0, y0, x1, _) in zip(text, frames, strict=True):
        written = write_row(digit, style, rng)
        middle = (x0 + x1) / 2 - 98 * max(float(stroke[:, 0].max()) for stroke in written) / 2
        strokes += page_rendering.place(
            written, at=(middle + rng.normal(0, 4), y0 + 26 + rng.normal(0, 4)), height=98
        )
    page = page_rendering.write(page, rasterise(strokes, shape, 5.5), page_rendering.BLUE_PEN, rng)
    page = page * page_rendering.uneven_light(shape, direction=180, fall=0.18, vignette=0.12)
    return _photo(page, page_rendering.Camera(tilt=0.03, turn=-1.5, cast=(1.0, 0.99, 0.96)), rng), text


def chalkboard(rng: np.random.Generator) -> Picture:
    """Draws white chalk on a blackboard."""
    shape, rows = (680, 900), ("1947", "58")
    page = board(shape, rng)
    style = replace(WriterStyle.random(rng), shapes=_shapes({"1": 1, "4": 1, "9": 0}), spacing=0.34)
    for text, at in zip(rows, ((150, 130), (330, 390)), strict=True):
        strokes = page_rendering.place(write_row(text, style, rng), at=at, height=172, slope=1.5)
        page = page_rendering.write(page, rasterise(strokes, shape, 14), page_rendering.CHALK, rng)
    page = page * page_rendering.uneven_light(shape, direction=30, fall=0.35, vignette=0.2)
    return _photo(page, page_rendering.Camera(tilt=0.03), rng), "/".join(rows)


def marker_digit(rng: np.random.Generator) -> Picture:
    """Draws one crossed seven with a thick marker."""
    shape = (600, 600)
    page = page_rendering.plain_paper(shape, rng, colour=WHITE)
    style = replace(WriterStyle.random(rng), shapes=_shapes({"7": 1}), pressure=0.4)
    strokes = page_rendering.place(write_row("7", style, rng), at=(190, 130), height=330)
    page = page_rendering.write(page, rasterise(strokes, shape, 34), page_rendering.RED_MARKER, rng)
    page = page * page_rendering.uneven_light(shape, direction=60, fall=0.3, vignette=0.15)
    shadow = [(-0.2, -0.2), (0.62, -0.2), (0.25, 0.35), (-0.2, 0.62)]
    page = page * soft_shadow(shape, shadow, depth=0.25, blur=40)
    return _photo(page, page_rendering.Camera(tilt=0.05, turn=3), rng), "7"


def transparent_drawing(rng: np.random.Generator) -> Picture:
    """Draws a digit as with the mouse, black on a transparent background."""
    shape = (280, 280)
    style = replace(WriterStyle.random(rng), shapes=_shapes({"5": 0}), pressure=0.0, wobble=0.015)
    strokes = page_rendering.place(write_row("5", style, rng), at=(85, 45), height=185)
    alpha = np.round(255 * rasterise(strokes, shape, 12)).astype(np.uint8)
    return Image.fromarray(np.dstack([np.zeros((*shape, 3), np.uint8), alpha])), "5"


def column_sum(rng: np.random.Generator) -> Picture:
    """Draws a column of numbers above a line, with their sum below."""
    shape, rows = (900, 640), ("384", "1207", "96", "1687")
    page = page_rendering.plain_paper(shape, rng, colour=CREAM)
    style = replace(
        WriterStyle.random(rng), shapes=_shapes({"1": 0, "7": 0, "9": 1}), spacing=0.3, slant=0.08
    )
    height, right = 104, 500
    strokes: Strokes = []
    for number, text in enumerate(rows):
        written = write_row(text, style, rng)
        width = height * max(float(stroke[:, 0].max()) for stroke in written)
        top = 110 + 160 * number + (40 if number == len(rows) - 1 else 0)
        strokes += page_rendering.place(written, at=(right - width + rng.normal(0, 5), top), height=height)
    strokes.append(with_pressure(spline(np.array([(150, 575), (340, 569), (525, 573)], np.float64)), 0.0))
    page = page_rendering.write(page, rasterise(strokes, shape, 5.5), page_rendering.BLACK_PEN, rng)
    page = page * page_rendering.uneven_light(shape, direction=90, fall=0.3, vignette=0.12)
    shadow = [(-0.2, 0.55), (0.18, 0.72), (0.35, 1.2), (-0.2, 1.2)]
    page = page * soft_shadow(shape, shadow, depth=0.3, blur=36)
    return _photo(page, page_rendering.Camera(tilt=0.04, turn=-2, cast=(1.0, 0.98, 0.94)), rng), "/".join(
        rows
    )


def doodle(rng: np.random.Generator) -> Picture:
    """Draws a star, a zigzag and a wave, with nothing to read."""
    shape = (560, 760)
    page = page_rendering.plain_paper(shape, rng, colour=WHITE)
    angles = np.radians(-90 + 144 * np.arange(6))
    star = np.stack([250 + 150 * np.cos(angles), 270 + 150 * np.sin(angles)], axis=1) + rng.normal(
        0, 6, (6, 2)
    )
    zigzag = np.array([(450 + 38 * step, 190 + 80 * (step % 2)) for step in range(7)]) + rng.normal(
        0, 5, (7, 2)
    )
    wave = np.array([(430 + 24 * step, 400 + 28 * (-1) ** step) for step in range(12)]) + rng.normal(
        0, 3, (12, 2)
    )
    strokes = [
        with_pressure(spline(np.repeat(star, 2, axis=0)[1:-1].astype(np.float64)), 0.0),
        with_pressure(spline(np.repeat(zigzag, 2, axis=0)[1:-1]), 0.0),
        with_pressure(spline(wave), 0.0),
    ]
    page = page_rendering.write(page, rasterise(strokes, shape, 6), page_rendering.BLUE_PEN, rng)
    page = page * page_rendering.uneven_light(shape, direction=200, fall=0.22, vignette=0.12)
    return _photo(page, page_rendering.Camera(tilt=0.04), rng), ""


def sideways(rng: np.random.Generator) -> Picture:
    """Draws a photo taken with the phone upright, stored sideways with the matching EXIF flag."""
    shape = (900, 680)
    page = page_rendering.plain_paper(shape, rng, colour=GREYISH)
    style = replace(WriterStyle.random(rng), shapes=_shapes({"1": 2}), wobble=0.012)
    strokes = page_rendering.place(write_row("6190", style, rng), at=(120, 380), height=150, slope=4)
    page = page_rendering.write(page, rasterise(strokes, shape, 9), page_rendering.MARKER, rng)
    page = page * page_rendering.uneven_light(shape, direction=-100, fall=0.4, vignette=0.15)
    picture = _photo(page, page_rendering.Camera(tilt=0.05, cast=(0.96, 0.99, 1.0)), rng)
    return picture.transpose(Image.Transpose.ROTATE_90), "6190"


def note(rng: np.random.Generator) -> Picture:
    """Draws a note of three lines, with two numbers among the words."""
    shape = (620, 1000)
    page = page_rendering.plain_paper(shape, rng, colour=CREAM)
    style = replace(WriterStyle.random(rng), shapes=_shapes({"1": 1}), spacing=0.14, unevenness=0.03)
    for number, text in enumerate(("Meet Anna at the", "old bridge at 9", "bring 12 candles")):
        at = (110 + rng.normal(0, 8), 105 + 155 * number)
        strokes = page_rendering.place(write_line(text, style, rng), at=at, height=78, slope=-0.6)
        page = page_rendering.write(page, rasterise(strokes, shape, 5.2), page_rendering.BLUE_PEN, rng)
    page = page * page_rendering.uneven_light(shape, direction=40, fall=0.25, vignette=0.12)
    return _photo(page, page_rendering.Camera(tilt=0.03, turn=0.8, cast=(1.0, 0.98, 0.94)), rng), "9/12"


PICTURES: dict[str, Callable[[np.random.Generator], Picture]] = {
    "phone_number.jpg": phone_number,
    "pencil_rows.jpg": pencil_rows,
    "grid_number.jpg": grid_number,
    "postcode.jpg": postcode,
    "chalkboard.jpg": chalkboard,
    "marker_seven.jpg": marker_digit,
    "drawing.png": transparent_drawing,
    "column_sum.jpg": column_sum,
    "doodle.jpg": doodle,
    "sideways.jpg": sideways,
    "note.jpg": note,
}


def write_line(text: str, style: WriterStyle, rng: np.random.Generator) -> Strokes:
    """Writes words and numbers from left to right, like ``write_row``."""
    letters = {letter: parsed(shape) for letter, shape in LETTERS.items()} | {" ": None}
    shapes = (letters[each] if each in letters else shape_of(each, style) for each in text)
    return write_shapes(shapes, style, rng)


def draw(folder: Path) -> None:
    """Draws every picture and the table of their labels into ``folder``."""
    rows = []
    for seed, (name, make) in enumerate(PICTURES.items()):
        picture, label = make(np.random.default_rng(seed))
        exif = Image.Exif()
        if make is sideways:
            exif[EXIF_ORIENTATION] = TURNED_RIGHT
        picture.save(folder / name, quality=JPEG_QUALITY, optimize=True, exif=exif)
        rows.append((name, label))
    with (folder / "labels.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows([("file", "label"), *rows])


def shrink(folder: Path, source: Path = Path(__file__).parent) -> None:
    """Writes small copies of the examples that the web page offers."""
    folder.mkdir(exist_ok=True)
    for name in ON_PAGE:
        with Image.open(source / name) as picture:
            picture.thumbnail((PAGE_SIDE, PAGE_SIDE), Image.Resampling.LANCZOS)
            picture.save(folder / name, quality=PAGE_QUALITY, optimize=True)


def board(shape: tuple[int, int], rng: np.random.Generator, *, colour: Colour = (0.15, 0.21, 0.19)) -> Page:
    """Makes a blackboard from which chalk was wiped in broad strokes."""
    page = page_rendering.plain_paper(shape, rng, colour=colour, fibre=0.01)
    height, width = shape
    # A wet sponge leaves tilted noise that is much longer than wide.
    streaks = cv2.resize(
        page_rendering.noise((height, max(2, width // 12)), 14, rng),
        (width, height),
        interpolation=cv2.INTER_CUBIC,
    )
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), float(rng.uniform(8, 20)), 1.0)
    streaks = cv2.warpAffine(streaks, turn, (width, height), borderMode=cv2.BORDER_REFLECT)
    dust = np.clip(0.045 + 0.03 * streaks + 0.012 * page_rendering.noise(shape, 1.5, rng), 0, 1)
    return _within_range(page + (1 - page) * dust[..., None])


def ruled(page: Page, *, spacing: float, start: float, colour: Colour, margin: float | None = None) -> Page:
    """Prints horizontal lines, and a red margin line at x = ``margin`` if there is one."""
    height, width = page.shape[:2]
    lines = [(0.0, y, float(width), y) for y in np.arange(start, height, spacing)]
    page = printed(page, lines, colour=colour, thickness=1)
    if margin is None:
        return page
    return printed(page, [(margin, 0, margin, height)], colour=(0.86, 0.45, 0.47), thickness=1)


def grid(page: Page, *, spacing: float, start: tuple[float, float], colour: Colour) -> Page:
    """Prints squares."""
    height, width = page.shape[:2]
    lines = [(0.0, y, float(width), y) for y in np.arange(start[1], height, spacing)]
    lines += [(x, 0.0, x, float(height)) for x in np.arange(start[0], width, spacing)]
    return printed(page, lines, colour=colour, thickness=1)


def boxes(page: Page, frames: Sequence[Box], *, colour: Colour, thickness: int = 2) -> Page:
    """Prints frames, like the ones for each digit on a form."""
    lines = [
        side
        for x0, y0, x1, y1 in frames
        for side in ((x0, y0, x1, y0), (x1, y0, x1, y1), (x1, y1, x0, y1), (x0, y1, x0, y0))
    ]
    return printed(page, lines, colour=colour, thickness=thickness)


def printed(page: Page, lines: Sequence[Box], *, colour: Colour, thickness: int) -> Page:
    """Prints straight lines in translucent color: ink and paper multiply."""
    mask = np.zeros(page.shape[:2], np.uint8)
    ends = [np.array(line, np.float64).reshape(2, 1, 2) for line in lines]
    cv2.polylines(
        mask,
        [np.round(end * (1 << SHIFT)).astype(np.int32) for end in ends],
        isClosed=False,
        color=255,
        thickness=thickness,
        lineType=cv2.LINE_AA,
        shift=SHIFT,
    )
    strength = mask.astype(np.float32)[..., None] / 255
    return _within_range(page * (1 - strength * (1 - np.array(colour))))


def soft_shadow(
    shape: tuple[int, int], outline: Sequence[tuple[float, float]], *, depth: float, blur: float
) -> Light:
    """Makes the shadow of an object next to the page.

    Args:
        shape: shape of the page.
        outline: corners of the shadow as shares of the page's width and height; they may be outside the page.
        depth: share of the light that it blocks.
        blur: standard deviation of its edge.
    """
    mask = np.zeros(shape, np.float32)
    corners = np.array(outline) * [shape[1], shape[0]]
    cv2.fillPoly(mask, [np.round(corners).astype(np.int32)], 1.0)
    # OpenCV's kernel grows with the blur, so blur a small copy.
    small = cv2.resize(mask, None, fx=1 / 4, fy=1 / 4, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), blur / 4, borderType=cv2.BORDER_REPLICATE)
    return (1 - depth * cv2.resize(small, shape[::-1], interpolation=cv2.INTER_LINEAR))[..., None]


def _within_range(values: NDArray[Any]) -> Page:
    return np.asarray(np.clip(values, 0, 1), np.float32)


def _shapes(chosen: dict[str, int]) -> tuple[int, ...]:
    """Returns a writer's shapes: the first of each digit, except those chosen."""
    return tuple(chosen.get(digit, 0) for digit in ALPHABET)


def _photo(page: NDArray[np.float32], camera: page_rendering.Camera, rng: np.random.Generator) -> Image.Image:
    return Image.fromarray(page_rendering.photograph(page, camera, rng))


if __name__ == "__main__":
    if sys.argv[1:] == ["--page"]:
        shrink(PAGE_FOLDER)
        sys.exit()
    draw(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
