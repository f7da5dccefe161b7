"""Vector glyphs from strokes, bitmaps, and fonts, and how they become ink.

A glyph consists of pen strokes (open paths, drawn with a pen of some width) and outlines (closed paths,
filled). One unit is the height of a digit; the baseline is y = 0, y points down, and the glyph is centered on
x = 0. Whatever a glyph's source (pen strokes, a bitmap, a font), the same affine maps place it on the page.
"""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from inkread.datasets.data_dirs import require_file
from inkread.pipeline.glyph import normalize

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from inkread.system.files import AnyPath

    Points = NDArray[np.float32]
    """K×2 points of a path, x and y."""
    Matrix = NDArray[np.float64]
    """2×3, from units to pixels."""

SUPERSAMPLING = 3
"""Ink is drawn at this multiple of the resolution, and averaged."""
SHIFT = 4
"""Fractional bits of the coordinates for OpenCV's drawing functions."""
FINE = 4
"""Bitmaps are enlarged by this factor before their outlines are traced."""
FONT_PIXELS = 96
NO_CHARACTER = "\U0010ffff"
"""A character that no font has."""
CASED = "abdeghnqrt"
"""Letters whose capitals have another shape."""
SAME_SHAPE = 0.75
"""A font whose small letters overlap this much with its capitals, on average, has only capitals."""


@dataclass(frozen=True)
class VectorGlyph:
    """A character to draw.

    Attributes:
        strokes: the pen's paths.
        outlines: closed paths, filled by the even-odd rule.
    """

    strokes: tuple[Points, ...] = ()
    outlines: tuple[Points, ...] = ()

    @cached_property
    def points(self) -> Points:
        """K×2 points of the ink; at least one."""
        paths = [*self.strokes, *self.outlines]
        return np.concatenate(paths) if paths else np.zeros((1, 2), np.float32)


def normalised(
    strokes: Sequence[Points] = (),
    outlines: Sequence[Points] = (),
    *,
    height: float = 1.0,
    foot: float = 0.0,
    widest: float = 2.0,
    least: float = 1e-6,
) -> VectorGlyph:
    """Scales a glyph to ``height``, centered on x = 0, with its lower end ``foot`` below the baseline.

    A glyph wider than its height times ``widest`` is scaled by its width; else dashes would become beams. One
    smaller than ``least`` is scaled as if it had that height.
    """
    paths = [np.asarray(path, np.float32)[:, :2] for path in (*strokes, *outlines)]
    if not paths:
        return VectorGlyph()
    points = np.concatenate(paths)
    low, high = points.min(axis=0), points.max(axis=0)
    size = max(float(high[1] - low[1]), float(high[0] - low[0]) / widest, least)
    scale = np.float32(height / size)
    origin = np.array([(low[0] + high[0]) / 2, high[1]], np.float32)
    moved = [(path - origin) * scale + np.array([0, foot], np.float32) for path in paths]
    return VectorGlyph(tuple(moved[: len(strokes)]), tuple(moved[len(strokes) :]))


def traced(image: NDArray[np.uint8], *, threshold: int = 127, worn: int = 0) -> list[Points]:
    """Traces the outlines of a bitmap's bright ink, in its pixels.

    ``threshold`` is the gray value at the edge of the ink; ``worn`` quarter pixels are removed on every side.
    """
    fine = cv2.resize(np.pad(image, 1), None, fx=FINE, fy=FINE, interpolation=cv2.INTER_CUBIC)
    inside = (fine > threshold).astype(np.uint8)
    if worn:
        thin = cv2.erode(inside, np.ones((3, 3), np.uint8), iterations=worn)
        inside = thin if thin.sum() > 0.3 * inside.sum() else inside
    contours, _ = cv2.findContours(inside, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    return [contour[:, 0].astype(np.float32) / FINE for contour in contours if len(contour) > 2]


@dataclass(slots=True)
class Layer:
    """One kind of ink on its way to a page of this shape, H and W; ``mask`` is its supersampled ink."""

    shape: tuple[int, int]
    mask: NDArray[np.uint8] = field(init=False)

    def __post_init__(self) -> None:
        self.mask = np.zeros((self.shape[0] * SUPERSAMPLING, self.shape[1] * SUPERSAMPLING), np.uint8)

    def stroke(self, paths: Sequence[NDArray[np.floating]], pen: float, *, strength: int = 255) -> None:
        """Draws open paths with a round pen ``pen`` pixels wide."""
        if not paths:
            return
        thickness = max(1, round(pen * SUPERSAMPLING))
        cv2.polylines(self.mask, [_fixed(p) for p in paths], False, strength, thickness, cv2.LINE_AA, SHIFT)

    def fill(self, paths: Sequence[NDArray[np.floating]], *, strength: int = 255) -> None:
        """Fills closed paths by the even-odd rule."""
        if paths:
            cv2.fillPoly(self.mask, [_fixed(p) for p in paths], strength, cv2.LINE_AA, SHIFT)

    def glyph(self, glyph: VectorGlyph, matrix: Matrix, pen: float) -> NDArray[np.float64]:
        """Draws a glyph; returns its box x0, y0, x1, y1 in pixels, not clipped to the page."""
        strokes = [transform(path, matrix) for path in glyph.strokes]
        outlines = [transform(path, matrix) for path in glyph.outlines]
        self.stroke(strokes, pen)
        self.fill(outlines)
        margins = [*((path, pen / 2) for path in strokes), *((path, 0.0) for path in outlines)]
        low = np.min([path.min(axis=0) - margin for path, margin in margins], axis=0)
        high = np.max([path.max(axis=0) + margin for path, margin in margins], axis=0)
        return np.concatenate([low, high])

    def coverage(self) -> NDArray[np.float32]:
        """Returns how much of each pixel is ink, float32 H×W in 0..1."""
        small = cv2.resize(self.mask, self.shape[::-1], interpolation=cv2.INTER_AREA)
        return small.astype(np.float32) / np.float32(255)


def transform(path: NDArray[np.floating], matrix: Matrix) -> NDArray[np.float64]:
    """Maps a path by a 2×3 matrix."""
    return path @ matrix[:, :2].T + matrix[:, 2]


def rotation(angle: float) -> NDArray[np.float64]:
    """Returns the 2×2 matrix that turns clockwise by an angle in radians."""
    cos, sin = math.cos(angle), math.sin(angle)
    return np.array([[cos, -sin], [sin, cos]])


def compose(outer: Matrix, inner: Matrix) -> Matrix:
    """Returns the 2×3 map that applies ``inner`` first."""
    return np.column_stack([outer[:, :2] @ inner[:, :2], outer[:, :2] @ inner[:, 2] + outer[:, 2]])


def _fixed(path: NDArray[np.floating]) -> NDArray[np.int32]:
    # In OpenCV, integer coordinates are pixel centers.
    return np.round((path * SUPERSAMPLING - 0.5) * (1 << SHIFT)).clip(-(2**24), 2**24).astype(np.int32)


def hand_fonts(data_dir: AnyPath | None) -> list[str]:
    """Lists the handwriting fonts whose license allows to learn from them.

    Raises:
        DatasetNotFoundError: the collection is missing; it is optional.
    """
    table = require_file("fonts", "fonts.tsv", data_dir, published="handwriting fonts under free licenses")
    with table.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t") if "SA" not in row["licence"].split("-")]
    return [str(table.parent / row["file"]) for row in rows if row["class"] in ("hand", "script")]


def print_fonts() -> list[str]:
    """Lists the typefaces from Debian and Matplotlib that are installed."""
    folders = [Path("/usr/share/fonts/truetype")]
    try:
        import matplotlib as mpl
    except ImportError:
        pass
    else:
        folders.append(Path(mpl.get_data_path()) / "fonts" / "ttf")
    found = {
        file.name: str(file)
        for folder in folders
        for file in sorted(folder.rglob("*.ttf"))
        if not file.name.startswith(
            ("cm", "STIXSiz", "STIXNonUni", "DejaVuSansDisplay", "DejaVuSerifDisplay", "LastResort")
        )
    }
    return [found[name] for name in sorted(found)]


@lru_cache(maxsize=8192)
def font_glyph(file: str, character: str) -> VectorGlyph | None:
    """Returns a character of a font, scaled so that its digits are 1 high; ``None`` if the font lacks it.

    The baseline is kept, so a lower-case letter is smaller, and a comma hangs below.
    """
    font, height = _font(file)
    if not has_character(file, character):
        return None
    box = font.getbbox(character, anchor="ls")
    width, tall = int(box[2] - box[0]) + 8, int(box[3] - box[1]) + 8
    if min(width, tall) <= 8 or max(width, tall) > 8 * FONT_PIXELS:
        return None
    image = Image.new("L", (width, tall))
    ImageDraw.Draw(image).text((4 - box[0], 4 - box[1]), character, fill=255, font=font, anchor="ls")
    contours, _ = cv2.findContours(
        (np.asarray(image) > 127).astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE
    )
    paths = [c[:, 0].astype(np.float32) + 0.5 for c in contours if len(c) > 2]
    if not paths:
        return None
    origin = np.array([width / 2, 4 - box[1]], np.float32)
    return VectorGlyph((), tuple((path - origin) / np.float32(height) for path in paths))


@lru_cache(maxsize=256)
def _missing(file: str) -> bytes:
    """Returns what a font draws for a missing character."""
    return bytes(_font(file)[0].getmask(NO_CHARACTER))


@lru_cache(maxsize=256)
def _font(file: str) -> tuple[ImageFont.FreeTypeFont, float]:
    font = ImageFont.truetype(file, FONT_PIXELS)
    _, top, _, bottom = font.getbbox("0", anchor="ls")
    return font, max(8.0, float(bottom - top))


@lru_cache(maxsize=65_536)
def has_character(file: str, character: str) -> bool:
    """Returns whether a font has a character."""
    return character == " " or bytes(_font(file)[0].getmask(character)) != _missing(file)


@lru_cache(maxsize=256)
def has_lower_case(file: str) -> bool:
    """Returns whether a font's small letters have shapes of their own."""
    overlaps = []
    for letter in CASED:
        small, capital = (_shape(file, each) for each in (letter, letter.upper()))
        overlaps.append((small & capital).sum() / max(1, (small | capital).sum()))
    return float(np.mean(overlaps)) < SAME_SHAPE


def _shape(file: str, character: str) -> NDArray[np.bool_]:
    font, _ = _font(file)
    left, top, right, bottom = font.getbbox(character)
    image = Image.new("L", (int(right - left) + 4, int(bottom - top) + 4))
    ImageDraw.Draw(image).text((2 - left, 2 - top), character, fill=255, font=font)
    return normalize(np.asarray(image, np.float32) / np.float32(255)) > 100
