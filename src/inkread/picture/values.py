"""Converts pixels of any mode or data type to 8-bit color and alpha, block by block."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np
from PIL import Image

from inkread.errors import PictureArrayError
from inkread.picture.working_size import longest_side

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from inkread.picture.compositing import Pixels
    from inkread.picture.limits import PictureLimits

_VALUE_BLOCK: Final = (
    1 << 20
)  # values converted to 8 bits at a time, which limits their float64 copies to 16 MiB
_BLOCK_SIDE: Final = 2048  # pixels; side of the blocks in which a decoded picture is converted and reduced
_HUGE: Final = 1e300  # float ranges are clipped to ± this, so that differences stay finite


def split_array(name: str, values: NDArray[Any], limits: PictureLimits) -> tuple[Pixels, Pixels | None]:
    """Splits an array into 8-bit color, H×W or H×W×3, and alpha, H×W or ``None``."""
    remedy = (
        "pass H×W, H×W×1, H×W×3 (RGB) or H×W×4 (RGBA), channels last, "
        "of dtype uint8, uint16, float32, float64 or bool"
    )
    if values.ndim not in (2, 3) or (values.ndim == 3 and values.shape[2] not in (1, 3, 4)):
        raise PictureArrayError(name, "does not have the shape of a picture", remedy)
    if values.size == 0:
        raise PictureArrayError(name, "has no pixels", remedy)
    if values.dtype.kind not in "buif" or values.dtype.itemsize > 8:
        raise PictureArrayError(name, "does not have the dtype of a picture", remedy)
    limits.check_pixels(name, (values.shape[1], values.shape[0]))
    pixels = _to_8_bit(name, np.asarray(values))
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        return pixels[..., 0], None
    return _split_channels(pixels)


_MASK: Final = (0.0, 1.0)
"""The value range of a mask of 0 and 1."""


def split_image(name: str, image: Image.Image, max_side: int) -> tuple[Pixels, Pixels | None]:
    """Splits a loaded image of any mode into 8-bit color, H×W or H×W×3, and alpha, H×W or ``None``.

    Reduces large images. Works block by block, so that a large picture is never copied as a whole.
    """
    ratio = max(1, max(image.size) // longest_side(image.size, max_side))
    factors = min(ratio, image.width), min(ratio, image.height)
    span = _image_span(name, image)
    reduced = np.empty(0, np.uint8)
    for left, top, right, bottom in _blocks(image.size, factors):
        block = image.crop((left, top, right, bottom))
        block = _to_plain_mode(block if span is None else _scaled_image(block, span))
        values = np.asarray(block.reduce(factors) if ratio > 1 else block)
        if not reduced.size:
            size = -(-image.height // factors[1]), -(-image.width // factors[0])
            reduced = np.empty((*size, *values.shape[2:]), np.uint8)
        y, x = top // factors[1], left // factors[0]
        reduced[y : y + values.shape[0], x : x + values.shape[1]] = values
    return _split_channels(reduced)


def _blocks(size: tuple[int, int], factors: tuple[int, int]) -> Iterator[tuple[int, int, int, int]]:
    """Yields boxes of about ``_BLOCK_SIDE`` that cover the image and begin at multiples of the factors."""
    across, down = (factor * max(1, _BLOCK_SIDE // factor) for factor in factors)
    for top in range(0, size[1], down):
        for left in range(0, size[0], across):
            yield left, top, min(left + across, size[0]), min(top + down, size[1])


def _image_span(name: str, image: Image.Image) -> tuple[float, float] | None:
    """Returns the values that map to 0 and 255, for an image of more than 8 bits or a mask; else ``None``."""
    if image.mode.startswith(("I", "F")):
        blocks = (np.asarray(image.crop(box)) for box in _blocks(image.size, (1, 1)))
        extremes = np.array([(block.min(), block.max()) for block in blocks])
        return _MASK if _is_mask(extremes) else _span(name, extremes)
    # Very dark JPEGs can have a maximum of 1 by chance.
    return _MASK if image.mode == "L" and image.format != "JPEG" and image.getextrema() == (0, 1) else None


def _scaled_image(image: Image.Image, span: tuple[float, float]) -> Image.Image:
    """Converts an image of more than 8 bits to mode L, or to LA if one of its values is transparent."""
    values, key = np.asarray(image), image.info.get("transparency")
    scaled = Image.fromarray(_scaled(values, span))
    if isinstance(key, int):
        scaled.putalpha(Image.fromarray((values != key).astype(np.uint8) * np.uint8(255)))
    return scaled


def _to_plain_mode(image: Image.Image) -> Image.Image:
    """Converts the image to mode L, RGB, or RGBA if any of it is transparent."""
    if image.mode == "La":
        image = image.convert("LA")
    if image.has_transparency_data:
        try:
            return image if image.mode == "RGBA" else image.convert("RGBA")
        except (TypeError, ValueError):  # a color key that does not fit the mode hides nothing
            image = image.copy()
            image.info.pop("transparency", None)
    if image.mode in ("L", "RGB"):
        return image
    return image.convert("L" if image.mode == "1" else "RGB")


def _split_channels(pixels: Pixels) -> tuple[Pixels, Pixels | None]:
    if pixels.ndim == 2 or pixels.shape[2] == 3:
        return pixels, None
    return pixels[..., :3], pixels[..., 3]


def _is_mask(values: NDArray[Any]) -> bool:
    """Returns whether a single integer channel contains both 0 and 1, and nothing else.

    Images with more channels come from cameras, in the dark.
    """
    one_channel = values.ndim == 2 or values.shape[2] == 1
    return one_channel and values.dtype.kind in "ui" and values.max() == 1 and values.min() == 0


def _to_8_bit(name: str, values: NDArray[Any]) -> Pixels:
    """Scales values of any real dtype to 0..255 as ``load_picture`` documents; keeps the shape."""
    if _is_mask(values):
        values = values > 0
    if values.dtype == np.uint8:
        return values
    if values.dtype == np.bool_:
        return values.astype(np.uint8) * np.uint8(255)
    return _scaled(values, _span(name, values))


def _span(name: str, values: NDArray[Any]) -> tuple[float, float]:
    """Returns the values that map to 0 and 255; the given values may be just the extremes."""
    with np.errstate(invalid="ignore"):
        low, high = values.min().item(), values.max().item()
    if not (np.isfinite(low) and np.isfinite(high)):
        raise PictureArrayError(
            name, "has NaN or infinite values", "replace them, e.g. with numpy.nan_to_num"
        )
    if low >= 0 and values.dtype.kind in "ui":
        low, high = 0, 2 ** max(8, high.bit_length()) - 1
    elif low >= 0 and high <= 255:
        low, high = 0, 1 if high <= 1 else 255
    return max(low, -_HUGE), min(high, _HUGE)


def _scaled(values: NDArray[Any], span: tuple[float, float]) -> Pixels:
    """Scales values from a range to 0..255; all 0 if the range is empty."""
    if span[1] - span[0] < 1 / _HUGE:
        return np.zeros(values.shape, np.uint8)
    if values.dtype.kind == "u" and values.dtype.itemsize == 2:  # few enough values for a lookup table
        table = np.rint(np.interp(np.arange(1 << 16), span, (0, 255))).astype(np.uint8)
        return cast("Pixels", table[values])
    flat = np.ascontiguousarray(values).reshape(-1)
    scaled = np.empty(flat.shape, np.uint8)
    for start in range(0, flat.size, _VALUE_BLOCK):
        block = slice(start, start + _VALUE_BLOCK)
        scaled[block] = np.rint(np.interp(flat[block], span, (0, 255)))
    return scaled.reshape(values.shape)
