"""Scenes: gray pictures of a page with a known box for every digit; everything else is background.

A scene is the detector's input at one scale. Some digits must be detected at this scale, slightly smaller or
larger ones may be (``HEIGHTS``); all others count as background here, because another scale detects them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from inkread.datasets.page_rendering import noise
from inkread.pipeline.detector import CLASSES
from inkread.synthetic import surfaces
from inkread.synthetic.distractors import clutter, ruled_paper
from inkread.synthetic.layouts import LAYOUTS, SHARES
from inkread.synthetic.real import IGNORED, Heights, corrected_part, counted, real_page
from inkread.synthetic.sheet import THINNEST, Sheet
from inkread.synthetic.vectors import compose, rotation
from inkread.synthetic.writers import Writer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inkread.synthetic.vectors import Matrix
    from inkread.synthetic.writers import Stock

__all__ = ["CLASSES", "IGNORED", "Heights", "Scene", "make_scene"]

HEIGHTS = Heights((13.0, 32.0), (10.0, 42.0))
"""Heights of the digits that one scale detects, and of those that it may detect.

The range is slightly more than an octave, so that a small network has to learn each digit at few sizes only
(Singh & Davis, "An analysis of scale invariance in object detection: SNIP", 2018).
"""

REAL, CORRECTED = 0.25, 0.3
"""Share of scenes from real numbers on real paper, and from corrected pages, if there are any."""
SIZE = 256
PEN, PEN_SPREAD, PEN_LIMITS = 0.085, 0.42, (0.02, 0.26)


CROPPED = {"strip": 0.75, "single": 0.35, "letter": 0.35, "boxes": 0.3, "table": 0.2, "form": 0.3,
           "rows": 0.3, "column": 0.2}  # fmt: skip
"""Share of pictures that are cropped close to the writing."""
ALONE = {"single": 0.5, "letter": 0.3, "nothing": 0.2}
"""Contents of pictures for single-digit reading."""
INKED, NEAR = 0.3, 0.25
"""Coverage at which a pixel counts as ink; and the maximum gap in a piece of ink, in heights of a digit."""
APART, LEAST_ROOM = 16, 48
"""Pixels between the pictures of a combined scene, and the minimum height for another picture."""
RULED = {"rows": 0.4, "column": 0.4, "text": 0.4, "single": 0.25, "letter": 0.25, "scatter": 0.25,
         "strip": 0.1, "nothing": 0.45, "table": 0.03, "boxes": 0.06, "form": 0.03,
         "printed": 0.03}  # fmt: skip
"""Share of each layout's pages with ruled paper."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A picture and its contents.

    Attributes:
        pixels: uint8 H×W.
        boxes: float32 N×4, x0, y0, x1, y1 in pixels.
        classes: int64 N, index into ``CLASSES``, or ``IGNORED``.
        kind: the layout it came from.
    """

    pixels: NDArray[np.uint8]
    boxes: NDArray[np.float32]
    classes: NDArray[np.int64]
    kind: str


def make_scene(
    stock: Stock, rng: np.random.Generator, *, size: int = SIZE, heights: Heights = HEIGHTS
) -> Scene:
    """Makes one random scene: a square of ``size`` pixels, in which digits of some heights must be detected.

    ``stock`` is the material to write with, ``rng`` the source of all randomness.
    """
    if stock.corrected and rng.random() < CORRECTED:
        return Scene(*corrected_part(stock.corrected, rng, size, heights), "corrected")
    if stock.numbers and rng.random() < REAL:
        page, places, tall, digits = real_page(stock.numbers, rng, size)
        return Scene(page, *counted(places, tall, digits, (0, 0, size, size), heights), "real")
    kind = str(rng.choice(list(LAYOUTS), p=np.array(list(SHARES.values())) / sum(SHARES.values())))
    sheet = _written(kind, stock, rng, size)
    pixels = _composed(sheet)
    if rng.random() >= CROPPED.get(kind, 0.1):
        return Scene(pixels, *_labelled(sheet, (0, 0, size, size), heights), kind)
    # A closely cropped picture leaves room for others in the scene.
    pieces = [_piece(sheet, pixels, heights, 0)]
    while size - (top := sum(len(piece.pixels) for piece in pieces)) >= LEAST_ROOM:
        sheet = _written(kind, stock, rng, size)
        pieces.append(_piece(sheet, _composed(sheet), heights, top))
    boxes = np.concatenate([piece.boxes for piece in pieces])
    classes = np.concatenate([piece.classes for piece in pieces])
    classes[boxes[:, 3] > size] = IGNORED
    begins = boxes[:, 1] < size
    pixels = np.concatenate([piece.pixels for piece in pieces])[:size]
    below = size - len(pixels)
    pixels = np.asarray(cv2.copyMakeBorder(pixels, 0, below, 0, 0, cv2.BORDER_REPLICATE), np.uint8)
    return Scene(pixels, np.minimum(boxes[begins], np.float32(size)), classes[begins], kind)


def make_picture(stock: Stock, rng: np.random.Generator, *, heights: Heights) -> Scene:
    """Makes a picture for single-digit reading: cropped close to a digit, or to something else."""
    kind = str(rng.choice(list(ALONE), p=list(ALONE.values())))
    sheet = _written(kind, stock, rng, SIZE)
    x0, y0, x1, y1 = frame = _frame(sheet)
    boxes, classes = _labelled(sheet, frame, heights)
    pixels = np.ascontiguousarray(_composed(sheet)[y0:y1, x0:x1])
    return Scene(pixels, boxes - np.array([x0, y0] * 2, np.float32), classes, kind)


def _written(kind: str, stock: Stock, rng: np.random.Generator, size: int) -> Sheet:
    """Returns a sheet with a layout and clutter next to it."""
    unit = _unit(kind, rng, size)
    pen = unit * float(np.clip(PEN * math.exp(rng.normal(0, PEN_SPREAD)), *PEN_LIMITS))
    sheet = Sheet(rng, Writer.random(stock, rng), unit, max(THINNEST, pen), _view(rng, size), (size, size))
    if rng.random() < RULED.get(kind, 0.2):
        ruled_paper(sheet)
    LAYOUTS[kind](sheet)
    if rng.random() < 0.25 and kind not in ("single", "letter", "nothing"):
        clutter(sheet)
    return sheet


def _frame(sheet: Sheet) -> tuple[int, int, int, int]:
    """Returns the edges of a small picture, close to part of the writing; x0, y0, x1, y1."""
    rng, size = sheet.rng, sheet.shape[0]
    if sheet.boxes:
        x0, y0, x1, y1 = sheet.boxes[int(rng.integers(len(sheet.boxes)))]
        beside = [box for box in sheet.boxes if box[1] < y1 and box[3] > y0]
        x0, x1 = min(box[0] for box in beside), max(box[2] for box in beside)
        y0, y1 = min(box[1] for box in beside), max(box[3] for box in beside)
    elif (ink := sheet.pen.coverage() > INKED).any():
        x0, y0, x1, y1 = _piece_of_ink(ink, sheet.unit, rng)
    else:
        (x0, y0), (x1, y1) = np.sort(rng.uniform(0, size, (2, 2)), axis=0)
    reach = rng.uniform(-0.05, 1.0, 4) ** 2 * sheet.unit
    low = np.clip([x0 - reach[0], y0 - reach[1]], 0, size - 24).astype(int)
    high = np.clip([x1 + reach[2], y1 + reach[3]], low + 12, size).astype(int)
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def _piece_of_ink(ink: NDArray[np.bool_], unit: float, rng: np.random.Generator) -> tuple[int, int, int, int]:
    """Returns the box around a piece of ink and its surroundings."""
    side = max(1, round(NEAR * unit))
    near = cv2.dilate(ink.astype(np.uint8), np.ones((side, side), np.uint8))
    _, pieces = cv2.connectedComponents(near)
    inked = np.argwhere(ink)
    y, x = inked[int(rng.integers(len(inked)))]
    own = np.argwhere(ink & (pieces == pieces[y, x]))
    (y0, x0), (y1, x1) = own.min(axis=0).tolist(), (own.max(axis=0) + 1).tolist()
    return x0, y0, x1, y1


def _piece(sheet: Sheet, pixels: NDArray[np.uint8], heights: Heights, top: int) -> Scene:
    """Crops the sheet close to the writing, and repeats the border around it, like ``pipeline.scales``.

    The boxes are those in a scene in which the picture begins ``top`` pixels from the top.
    """
    x0, y0, x1, y1 = frame = _frame(sheet)
    boxes, classes = _labelled(sheet, frame, heights)
    sides = APART, APART, x0, pixels.shape[1] - x1
    around = cv2.copyMakeBorder(pixels[y0:y1, x0:x1], *sides, cv2.BORDER_REPLICATE)
    down = np.array([0, top + APART - y0] * 2, np.float32)
    return Scene(np.asarray(around, np.uint8), boxes + down, classes, "")


def _unit(kind: str, rng: np.random.Generator, size: int) -> float:
    """Returns the height of a digit."""
    choice = rng.random()
    if kind in ("single", "letter"):
        low, high = (13.0, 40.0) if choice < 0.6 else (40, 0.95 * size)
    elif choice < 0.88:
        low, high = 12, 35
    elif choice < 0.96:
        low, high = 35, 0.8 * size
    else:
        low, high = 6, 12
    return math.exp(rng.uniform(math.log(low), math.log(high)))


def _view(rng: np.random.Generator, size: int) -> Matrix:
    """Returns the map from page to picture: a slight rotation and less shear, about the center."""
    spread = 0.02 if rng.random() < 0.7 else 0.12
    angle, shear = rng.normal(0, spread), rng.normal(0, spread / 3)
    turn = rotation(angle) @ np.array([[1, shear], [0, 1]])
    middle = np.full(2, size / 2)
    return np.column_stack([turn, middle - turn @ middle])


def _labelled(
    sheet: Sheet, frame: tuple[int, int, int, int], heights: Heights
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Returns the boxes within the picture, and which of them count at this scale."""
    boxes, classes = np.array(sheet.boxes).reshape(-1, 4), np.array(sheet.classes, np.int64)
    return counted(boxes, np.array(sheet.heights), classes, frame, heights)


def _composed(sheet: Sheet) -> NDArray[np.uint8]:
    """Renders paper, print, rules, and ink together, in some light, with some camera."""
    rng, shape = sheet.rng, sheet.shape
    clean = rng.random() < 0.18
    page = np.ones(shape, np.float32) if clean else surfaces.sheet(shape, sheet.unit, rng)
    for patch, matrix in sheet.patches:
        full = compose(sheet.view, matrix)
        moved = cv2.warpAffine(patch, full, shape[::-1], flags=cv2.INTER_AREA, borderValue=255)
        page = page * (0.15 + 0.85 * moved.astype(np.float32) / 255)
    ink_level = float(rng.uniform(0, 0.35)) if rng.random() < 0.75 else float(rng.uniform(0.3, 0.8))
    ink_level *= float(page.mean())
    same = rng.random() < 0.3
    for layer, level, opacity in (
        (sheet.print, rng.uniform(0, 0.4), rng.uniform(0.7, 1)),
        (sheet.rules, ink_level if same else rng.uniform(0, 0.9), 1.0 if same else rng.uniform(0.3, 1)),
    ):
        mask = layer.coverage() * np.float32(opacity)
        page = page * (1 - mask) + np.float32(level) * mask
    ink = sheet.pen.coverage()
    if not clean and rng.random() < 0.45:
        grain = noise(shape, float(rng.uniform(0.8, 2.5)), rng)
        ink = ink * np.clip(1 - rng.uniform(0.1, 0.9) * (0.4 + 0.5 * grain), 0, 1)
    if not clean and rng.random() < 0.3:
        ink = ink * (1 - rng.uniform(0.1, 0.5) * np.clip(noise(shape, sheet.unit, rng), 0, 1))
    ink = ink.astype(np.float32) * np.float32(1 if clean else rng.uniform(0.6, 1))
    page = page * (1 - ink) + np.float32(ink_level) * ink
    if not clean and rng.random() < 0.1:
        page = _on_a_desk(page, sheet, rng)
    page = page if clean else surfaces.lit(page, rng)
    pixels = surfaces.captured(page, sheet.unit, rng, clean=clean)
    return 255 - pixels if rng.random() < 0.22 else pixels


def _on_a_desk(page: NDArray[np.float32], sheet: Sheet, rng: np.random.Generator) -> NDArray[np.float32]:
    """Puts a dark scan margin, or the table under the paper, next to the writing."""
    height, width = page.shape
    free = [0.0, 0.0, float(width), float(height)]
    if sheet.boxes:
        all_boxes = np.array(sheet.boxes)
        free = [*all_boxes[:, :2].min(axis=0), *all_boxes[:, 2:].max(axis=0)]
    side = int(rng.integers(4))
    room = (free[0], free[1], width - free[2], height - free[3])[side]
    if room < 3:
        return page
    depth = float(rng.uniform(0.2, 1)) * room
    desk = np.full(page.shape, rng.uniform(0, 1), np.float32)
    if rng.random() < 0.6:
        desk += noise(page.shape, float(rng.uniform(1, 20)), rng) * np.float32(rng.uniform(0, 0.15))
    y, x = np.mgrid[:height, :width].astype(np.float32)
    lean = rng.normal(0, 0.03)
    distance = (x - lean * y, y - lean * x, width - x - lean * y, height - y - lean * x)[side]
    share = np.clip((depth - distance) / rng.uniform(0.5, 3) + 0.5, 0, 1).astype(np.float32)
    return page * (1 - share) + np.clip(desk, 0, 1) * share
