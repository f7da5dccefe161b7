"""Turns any source into upright RGB pixels, safely. Only this package decodes image files.

Pillow decodes, from an allow-list of formats; OpenCV only ever sees arrays. Every failure is a
``PictureError``.

The steps: limit the number of bytes, strip everything but the pixels (``inkread.picture.containers``), read
the header, limit the number of pixels and the memory to decode them, decode (large JPEGs at a half, quarter,
or eighth of their size), convert to 8 bits and reduce block by block, reduce to the working size by area
averaging, composite transparent pixels onto a backdrop, and last, when few pixels are left, rotate upright.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image

from inkread.errors import OptionError
from inkread.picture.compositing import Pixels, composite
from inkread.picture.decoding import decode, load, no_such_page, pillow_errors
from inkread.picture.formats import identify
from inkread.picture.limits import DEFAULT_LIMITS, PictureLimits
from inkread.picture.pages import count_pages
from inkread.picture.sources import Source, describe_source, read_source
from inkread.picture.values import split_array, split_image
from inkread.picture.working_size import WORKING_SIDE

if TYPE_CHECKING:
    from collections.abc import Callable

_UPRIGHT: Final[dict[object, Callable[[Pixels], Pixels]]] = {
    2: lambda pixels: pixels[:, ::-1],
    3: lambda pixels: pixels[::-1, ::-1],
    4: lambda pixels: pixels[::-1],
    5: lambda pixels: pixels.transpose(1, 0, 2),
    6: lambda pixels: pixels[::-1].transpose(1, 0, 2),
    7: lambda pixels: pixels[::-1, ::-1].transpose(1, 0, 2),
    8: lambda pixels: pixels[:, ::-1].transpose(1, 0, 2),
}
"""The transform to upright, by EXIF orientation (Exif 2.32, 4.6.4 A); other values change nothing."""
_SIDEWAYS: Final = (5, 6, 7, 8)


@dataclass(frozen=True, slots=True)
class Picture:
    """An upright picture, ready to be processed.

    Attributes:
        source: the path, or a description such as ``"array (28, 28) uint8"``.
        pixels: H×W×3 uint8 RGB, upright, C-contiguous, in its own memory; may be smaller than the source.
        width: width of the upright source picture in pixels, before reduction.
        height: its height.
    """

    source: str
    pixels: Pixels
    width: int
    height: int

    @property
    def scale(self) -> tuple[float, float]:
        """Source pixels per working pixel, ``(x, y)``, each at least 1."""
        rows, columns = self.pixels.shape[:2]
        return self.width / columns, self.height / rows


def load_picture(
    source: Source, *, limits: PictureLimits = DEFAULT_LIMITS, max_side: int = WORKING_SIDE, page: int = 1
) -> Picture:
    """Reads any source, or one page of a PDF or TIFF document, as an upright RGB picture.

    Transparent pictures are composited onto a backdrop that shows both dark and light ink; see
    ``inkread.picture.compositing``.

    Args:
        source: a path of a regular file; an encoded picture as bytes; a binary file object, which is rewound
            if possible and read to its end; a PIL image of any mode, as it is; or an array H×W, H×W×1, H×W×3
            (RGB) or H×W×4 (RGBA, straight alpha). Only the first frame is read. Values of more than 8 bits:
            integers are scaled from the smallest bit depth that holds them, so that 12-bit data in 16 bits
            keeps its contrast, and one channel of only 0 and 1 is a mask; floats are read as 0..1 if all are
            in that range, else as 0..255 if all are in that range; any others, including negative values, are
            stretched from their minimum and maximum.
        limits: maximum bytes, pixels, and memory; a larger source raises an error.
        max_side: a picture whose longer side exceeds this is reduced to it by area averaging; a smaller one
            is kept. Of a picture more than 32 times as long as high, the shorter side keeps a 32nd of this,
            and the longer side at most 10 times this. A page of a PDF is rendered at 200 dpi, or at this size
            if that is smaller.
        page: the page's number, from 1; see ``page_count``.

    Returns:
        The picture. Its pixels share no memory with the source, which stays unchanged.

    Raises:
        PictureError: the subclass that fits; the message names the source, the problem, and the remedy.
        OptionError: ``max_side`` is below 1.
    """
    if max_side < 1:
        raise OptionError("max_side", f"is {max_side}", "use a positive number of pixels")
    name = describe_source(source)
    orientation: object = None
    if page != 1 and isinstance(source, (np.ndarray, Image.Image)):
        raise no_such_page(name, 1, page)
    if isinstance(source, np.ndarray):
        colour, alpha = split_array(name, source, limits)
        height, width = source.shape[:2]
    else:
        with pillow_errors(name):
            if isinstance(source, Image.Image):
                image, orientation = load(name, source, limits)
                width, height = image.size
            else:
                image, orientation, (width, height) = decode(name, source, limits, max_side, page)
            colour, alpha = split_image(name, image, max_side)
    pixels = composite(colour, alpha, max_side=max_side)
    if orientation in _UPRIGHT:
        pixels = np.ascontiguousarray(_UPRIGHT[orientation](pixels))
    if orientation in _SIDEWAYS:
        width, height = height, width
    return Picture(name, pixels, width, height)


def page_count(source: Source, *, limits: PictureLimits = DEFAULT_LIMITS) -> int:
    """Returns how many pages a source has: of a PDF or TIFF document, its pages; of anything else, 1.

    Args:
        source: see ``load_picture``. A file object is read to its end.
        limits: a larger source raises an error.

    Raises:
        PictureError: the source is not a picture, is damaged, or has too many pages.
    """
    name = describe_source(source)
    if isinstance(source, (np.ndarray, Image.Image)):
        return 1
    with pillow_errors(name):
        data = read_source(name, source, limits)
        return count_pages(name, identify(name, data), data)
