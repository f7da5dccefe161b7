"""Colour and alpha to opaque RGB of working size, so that dark and light ink on transparency both stay visible."""

from __future__ import annotations

from typing import Final, cast

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

_WHITE: Final = np.full(3, 255, np.float32)
_GREY: Final = np.full(3, 128, np.float32)
_BLACK: Final = np.zeros(3, np.float32)
_LUMA: Final = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601
_FAINT: Final = 16  # alpha below which a pixel's colour is mostly rounding error
_MARGIN: Final = 0.1  # share of the frame that is transparent where only its margin is
_PAGE: Final = 0.5  # share of its own box that a page fills, and pen strokes do not
_PAGE_CONTRAST: Final = 48  # luma between a page and the ink on it, at least
_PAGE_INK: Final = 0.002  # share of a page that its ink covers, at least
_POLARITY: Final = 0.1  # share of all ink that counts as ink of another polarity


def composite(colour: Pixels, alpha: Pixels | None, *, max_side: int) -> Pixels:
    """Reduced and opaque RGB, in new memory.

    Colour is multiplied by alpha before it is averaged, so that what is hidden does not bleed into what is seen
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
    """A contiguous copy whose longer side is at most ``max_side``."""
    height, width = pixels.shape[:2]
    ratio = max_side / max(height, width)
    if ratio >= 1:
        return np.array(pixels, order="C")
    size = max(1, round(width * ratio)), max(1, round(height * ratio))
    return cast("Pixels", cv2.resize(np.ascontiguousarray(pixels), size, interpolation=cv2.INTER_AREA))


def _to_rgb(pixels: Pixels) -> Pixels:
    if pixels.ndim == 3:
        return pixels
    return cast("Pixels", cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_GRAY2RGB))


def _backdrop(seen: Pixels, alpha: Pixels) -> NDArray[np.float32]:
    """The colour, RGB 0..255, to put behind a transparent picture so that its ink shows and no false edge arises.

    A page with a transparent margin continues in its own colour. Ink alone gets white behind it if it is dark, black
    if it is light, and mid-grey if there is truly ink of both kinds.

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
    """Whether the opaque part is paper rather than ink: nearly the whole frame, or a full shape with ink on it."""
    total = float(alpha.sum(dtype=np.float64)) / 255
    if total >= (1 - _MARGIN) * alpha.size:
        return True
    rows, columns = np.flatnonzero(visible.any(axis=1)), np.flatnonzero(visible.any(axis=0))
    box = (rows[-1] - rows[0] + 1) * (columns[-1] - columns[0] + 1)
    return total >= _PAGE * box and float(np.mean(contrast > _PAGE_CONTRAST)) >= _PAGE_INK
