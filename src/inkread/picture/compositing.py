"""Flattens color and alpha to opaque RGB at working size, keeping dark and light ink both visible."""

from __future__ import annotations

from typing import Final, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from inkread.picture.working_size import longest_side

Pixels = NDArray[np.uint8]

_WHITE: Final = np.full(3, 255, np.float32)
_GREY: Final = np.full(3, 128, np.float32)
_BLACK: Final = np.zeros(3, np.float32)
_LUMA: Final = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601
_FAINT: Final = 16  # alpha below which a pixel's color is mostly rounding error
_MARGIN: Final = 0.1  # share of the frame that is transparent if only its margin is
_PAGE: Final = 0.5  # share of its bounding box that a page fills, and pen strokes do not
_PAGE_CONTRAST: Final = 48  # minimum luma difference between a page and its ink
_PAGE_INK: Final = 0.002  # minimum share of a page that ink covers
_POLARITY: Final = 0.1  # share of all ink that counts as ink of the opposite polarity


def composite(colour: Pixels, alpha: Pixels | None, *, max_side: int) -> Pixels:
    """Returns reduced, opaque RGB in new memory.

    Multiplies color by alpha before averaging, so that hidden pixels do not bleed into visible ones
    (Porter and Duff 1984, section 3).
    """
    if alpha is None or alpha.min() == 255:
        return _to_rgb(_reduce(colour, max_side))
    weight = alpha if colour.ndim == 2 else _to_rgb(alpha)
    seen = cast("Pixels", cv2.multiply(np.ascontiguousarray(colour), weight, scale=1 / 255))
    seen = _to_rgb(_reduce(seen, max_side))
    alpha = _reduce(alpha, max_side)
    hidden = (255 - alpha).astype(np.float32)[..., np.newaxis] / 255
    return np.minimum(np.rint(seen + hidden * _backdrop(seen, alpha)), 255).astype(np.uint8)


def _reduce(pixels: Pixels, max_side: int) -> Pixels:
    """Copies the pixels to contiguous memory, reduced as ``load_picture`` says."""
    height, width = pixels.shape[:2]
    ratio = longest_side((width, height), max_side) / max(height, width)
    if ratio >= 1:
        return np.array(pixels, order="C")
    size = max(1, round(width * ratio)), max(1, round(height * ratio))
    return cast("Pixels", cv2.resize(np.ascontiguousarray(pixels), size, interpolation=cv2.INTER_AREA))


def _to_rgb(pixels: Pixels) -> Pixels:
    if pixels.ndim == 3:
        return pixels
    return cast("Pixels", cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_GRAY2RGB))


def _backdrop(seen: Pixels, alpha: Pixels) -> NDArray[np.float32]:
    """Chooses the color, RGB 0..255, behind a transparent picture.

    Ink must show on it, and no false edge may appear. A page with a transparent margin continues in its own
    color. Dark ink on transparency gets white behind it, light ink black, and a real mix of both mid-gray.

    Args:
        seen: H×W×3 uint8, RGB times alpha.
        alpha: H×W uint8.
    """
    visible = alpha >= _FAINT
    if not visible.any():
        return _WHITE
    weight = alpha[visible].astype(np.float32)
    straight = seen[visible] * (255 / weight)[:, np.newaxis]
    tone = straight @ _LUMA
    solid = weight >= 0.9 * weight.max()
    page: NDArray[np.float32] = np.median(straight[solid], axis=0).astype(np.float32)
    if _is_page(alpha, visible, np.abs(tone[solid] - page @ _LUMA)):
        return page
    light = float(weight[tone >= 128].sum() / weight.sum())
    if _POLARITY <= light <= 1 - _POLARITY:
        return _GREY
    return _BLACK if light > 0.5 else _WHITE


def _is_page(alpha: Pixels, visible: NDArray[np.bool_], contrast: NDArray[np.float32]) -> bool:
    """Returns whether the opaque part is paper: nearly the whole frame, or a full shape with ink on it."""
    total = float(alpha.sum(dtype=np.float64)) / 255
    if total >= (1 - _MARGIN) * alpha.size:
        return True
    rows, columns = np.flatnonzero(visible.any(axis=1)), np.flatnonzero(visible.any(axis=0))
    box = (rows[-1] - rows[0] + 1) * (columns[-1] - columns[0] + 1)
    return total >= _PAGE * box and float(np.mean(contrast > _PAGE_CONTRAST)) >= _PAGE_INK
