"""RGB pixels -> ink map: how surely each pixel is ink, whatever the paper, the light and the pen.

The paper's own brightness is estimated without the ink and divided out, so that shadows and light pools vanish; contrast is
then compared with the strongest ink nearby, so that a faint pencil and a black marker both give 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from inkread.glyph import stroke_width

if TYPE_CHECKING:
    from numpy.typing import NDArray

OVERVIEW = 400
"""Longer side, in pixels, of the reduced picture on which the paper is estimated."""

GLANCE = 200
"""The same where only the polarity is judged."""

WIDEST_STROKE = 0.3
"""The widest stroke looked for, as a share of the picture's shorter side: a thick marker that fills the frame."""

TWO_TONED, MOSTLY = 0.93, 0.6
"""A picture is of two tones if these explain this share of its variance: drawn on a screen, or scanned to black and white; the
lighter one is the paper if it covers at least so much of it."""

REACH = 3.0
"""How far the paper is looked for beside a stroke, in stroke widths."""

LARGEST_DISC = 15
"""Pixels; a larger brush is square, as a disc takes time by its area, and the smoothing rounds what it leaves anyway."""

DARKEST_PAPER = 48
"""Contrast is taken relative to the paper's brightness, but to no less than this, so that night stays night."""

FAINTEST = 12
"""Contrast to the paper, of 255, below which nothing counts as ink."""

NOISE_LEVELS = 4.0
"""Ink must stand out from the paper's noise by this many standard deviations."""

EDGE_SHARE = 0.4
"""The edge of a stroke, as a share of the contrast of the ink around it."""

TINY, HAIRLINE = 64, 1.6
"""In pictures whose longer side is up to so many pixels, strokes narrower than so many are fainter wherever they fall between
two rows or columns of pixels."""

HAIRLINE_EDGE = 0.22
"""``EDGE_SHARE`` for these."""

FAINT_SHARE = 0.6
"""Ink may be this much fainter than the strongest ink of the picture and still be measured by its own contrast."""


@dataclass(frozen=True, slots=True)
class Ink:
    """An ink map.

    Attributes:
        map: H×W float32 in 0..1; 0.5 is the edge of a stroke.
        contrast: H×W uint8, the contrast to the paper before it was made relative to the ink around: how hard the pen wrote.
        light_on_dark: the ink is lighter than the paper (chalk, a screen's dark mode, MNIST itself).
    """

    map: NDArray[np.float32]
    contrast: NDArray[np.uint8]
    light_on_dark: bool


def find_ink(pixels: NDArray[np.uint8], *, light_on_dark: bool | None = None) -> Ink:
    """The ink map of an upright picture.

    Args:
        pixels: H×W×3 uint8 RGB.
        light_on_dark: the polarity; judged from the picture when ``None``.

    Returns:
        The ink map, of the size of the picture; all zero where nothing stands out from the paper.
    """
    if light_on_dark is None:
        light_on_dark = polarity(pixels) > 0
    if light_on_dark:
        pixels = cv2.bitwise_not(pixels)
    contrast = _contrast(pixels)
    return Ink(_normalise(contrast), contrast, light_on_dark)


def polarity(pixels: NDArray[np.uint8]) -> float:
    """Which way the ink differs from the paper, -1 for all darker to 1 for all lighter; near 0 it is hard to say.

    Ink is the minority, so that it skews the brightness to its side: the third moment of the difference to the local median,
    over the third absolute moment.
    """
    grey = cv2.cvtColor(_overview(pixels, GLANCE), cv2.COLOR_RGB2GRAY)
    window = max(3, int(min(grey.shape) * WIDEST_STROKE * 2) | 1)
    paper = cv2.medianBlur(grey, min(window, 255)) if min(grey.shape) > 2 else np.median(grey)
    cubes = (grey.astype(np.float32) - paper) ** 3
    total = float(np.abs(cubes).sum())
    return float(cubes.sum()) / total if total else 0.0


def _contrast(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """H×W uint8, 255 for black on white: how much darker than the paper, in the channel where it shows most.

    Whole numbers of a byte are precise enough, and several times as fast as floating point.
    """
    paper = cv2.resize(
        _paper(_overview(pixels)), (pixels.shape[1], pixels.shape[0]), interpolation=cv2.INTER_LINEAR
    )
    drop = cv2.subtract(paper, pixels)
    drop = cv2.divide(drop, np.maximum(paper, np.uint8(DARKEST_PAPER)), scale=255)
    contrast = cv2.max(cv2.max(drop[:, :, 0], drop[:, :, 1]), drop[:, :, 2])
    if max(contrast.shape) > 2 * OVERVIEW:
        # Sensor noise and the blocks of JPEG's colour are finer than any stroke of a picture this large.
        contrast = cv2.GaussianBlur(contrast, (3, 3), 0)
    return np.asarray(contrast, np.uint8)


def _overview(pixels: NDArray[np.uint8], side: int = OVERVIEW) -> NDArray[np.uint8]:
    scale = side / max(pixels.shape[:2])
    if scale >= 1:
        return pixels
    size = (max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale)))
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)


def _paper(small: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """h×w×3 brightness of the paper: first coarsely, then as close to the strokes as their width allows."""
    if (plain := _plain_paper(small)) is not None:
        return plain
    widest = max(3, int(min(small.shape[:2]) * WIDEST_STROKE))
    coarse = _closed(small, widest)
    drop = cv2.subtract(coarse, small).max(axis=2)
    level, _ = cv2.threshold(drop, 0, 255, cv2.THRESH_OTSU)
    inside = cv2.distanceTransform(np.pad((drop > level).astype(np.uint8), 1), cv2.DIST_L2, 3)
    ink = inside[inside > 0]
    width = 2 * float(np.percentile(ink, 95)) if ink.size else 1.0
    near = int(min(widest, max(5, REACH * width)))
    return _closed(small, near) if near < widest else coarse


def _plain_paper(small: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
    """h×w×3 of one colour where the picture is of two tones, the lighter the paper; otherwise ``None``.

    However wide a stroke, it is then no shadow. What the tones explain is Otsu's criterion (1979), between-class variance over total.
    """
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
    level, _ = cv2.threshold(grey, 0, 255, cv2.THRESH_OTSU)
    lighter = grey > level
    total = float(grey.var())
    if not lighter.any() or not total:
        return None
    share = float(lighter.mean())
    between = share * (1 - share) * (float(grey[lighter].mean()) - float(grey[~lighter].mean())) ** 2
    if share < MOSTLY or between < TWO_TONED * total:
        return None
    return np.full_like(small, np.median(small[lighter], axis=0).astype(np.uint8))


def _closed(small: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Morphological closing by a brush of ``size`` pixels, smoothed: what is left when strokes thinner than that go."""
    shape = cv2.MORPH_ELLIPSE if size <= LARGEST_DISC else cv2.MORPH_RECT
    brush = cv2.getStructuringElement(shape, (size | 1, size | 1))
    closed = cv2.morphologyEx(small, cv2.MORPH_CLOSE, brush).astype(np.float32)
    # Continued in a straight line beyond the border, so that a gradient that ends there is not bent, and taken for ink.
    margin = min(size, *(side - 1 for side in small.shape[:2]))
    padded = np.pad(closed, ((margin, margin), (margin, margin), (0, 0)), "reflect", reflect_type="odd")
    smooth = cv2.GaussianBlur(padded, (0, 0), size / 4)
    inner = smooth[margin : margin + small.shape[0], margin : margin + small.shape[1]]
    return np.rint(inner.clip(0, 255)).astype(np.uint8)


def _normalise(contrast: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Contrast in bytes -> 0..1 with 0.5 at the edge of a stroke, relative to the strength of the ink around."""
    sample = contrast[:: max(1, contrast.shape[0] // OVERVIEW), :: max(1, contrast.shape[1] // OVERVIEW)]
    paper = float(np.median(sample))
    noise = 1.4826 * float(np.median(np.abs(sample - paper)))
    floor = paper + max(FAINTEST, NOISE_LEVELS * noise)
    strength = _strength(contrast, floor)
    if strength is None:
        return np.zeros(contrast.shape, np.float32)
    ink = _relative(contrast, np.maximum(EDGE_SHARE * strength, floor))
    if max(contrast.shape) <= TINY and 0 < stroke_width(ink) < HAIRLINE:
        ink = _relative(contrast, np.maximum(HAIRLINE_EDGE * strength, floor))
    return ink


def _relative(contrast: NDArray[np.uint8], edge: NDArray[np.float32]) -> NDArray[np.float32]:
    """Contrast as a multiple of ``edge``, an overview of the contrast at the edge of a stroke, which becomes 0.5."""
    ink = cv2.resize(0.5 / edge.astype(np.float32), contrast.shape[::-1], interpolation=cv2.INTER_LINEAR)
    ink *= contrast
    return np.minimum(ink, 1.0, out=ink)


def _strength(contrast: NDArray[np.uint8], floor: float) -> NDArray[np.float32] | None:
    """h×w, an overview: the contrast of the ink around each pixel; ``None`` where there is no ink at all."""
    scale = min(1.0, OVERVIEW / max(contrast.shape))
    size = (max(1, round(contrast.shape[1] * scale)), max(1, round(contrast.shape[0] * scale)))
    # The strongest pixel of each cell, so that thin strokes count in full.
    cell = int(np.ceil(1 / scale))
    peaks = cv2.dilate(contrast, np.ones((cell, cell), np.uint8)) if cell > 1 else contrast
    peaks = cv2.resize(peaks, size, interpolation=cv2.INTER_NEAREST).astype(np.float32)
    strong = peaks[peaks > floor]
    if strong.size == 0:
        return None
    overall = float(np.percentile(strong, 90))
    window = max(3, min(size) // 4) | 1
    local = cv2.dilate(np.minimum(peaks, overall), np.ones((window, window), np.uint8))
    local = cv2.GaussianBlur(local, (0, 0), window / 3)
    return np.maximum(local, FAINT_SHARE * overall)
