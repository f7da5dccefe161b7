"""Decodes encoded pictures with Pillow; all of its errors become a ``PictureError``."""

from __future__ import annotations

import io
import threading
import warnings
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from PIL import Image, UnidentifiedImageError

from inkread.errors import PictureDamagedError, PictureError, PictureFormatError, PictureTooLargeError
from inkread.picture.containers import ORIENTATION, Contents, TooLaboriousError, exif_orientation, pixels_only
from inkread.picture.formats import identify
from inkread.picture.pages import HEIC_PIXEL, count_pages, heic_size, open_heic, render_page
from inkread.picture.sources import read_source
from inkread.picture.working_size import longest_side

if TYPE_CHECKING:
    from collections.abc import Iterator

    from inkread.picture.limits import PictureLimits

_DRAFT_SCALES: Final = (8, 4, 2)  # the reductions of libjpeg's scaled inverse DCT
_PIXEL_BYTES: Final = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16L": 2, "I;16B": 2}
"""Bytes per pixel in Pillow, by mode; 4 in all other modes."""
_LINE_BYTES: Final = 16  # bytes per row in Pillow besides its pixels, and per column in the decoders' buffers

_metadata_lock = threading.Lock()


@contextmanager
def _quiet() -> Iterator[None]:
    """Suppresses Pillow's warnings (``warnings.warn``) about large or odd pictures.

    Before Python 3.14, ``catch_warnings`` replaces a list shared by the whole process, so a lock admits one
    thread at a time. The cost is small: only headers are read under the lock, already stripped of anything
    long. Pixels are decoded outside it, in parallel.
    """
    with _metadata_lock, warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\.")
        yield


@contextmanager
def pillow_errors(name: str) -> Iterator[None]:
    """Turns anything that Pillow raises into a ``PictureError``."""
    try:
        yield
    except PictureError:
        raise
    except TooLaboriousError as error:
        raise PictureTooLargeError(
            name, f"takes too long to decode ({error})", "export it again as PNG or JPEG"
        ) from error
    except (Image.DecompressionBombError, MemoryError) as error:
        raise PictureTooLargeError(
            name, "has more pixels than can be decoded safely", "reduce the picture"
        ) from error
    except Exception as error:  # on a damaged file, Pillow raises errors of nearly every type
        reason = (
            "unreadable header" if isinstance(error, UnidentifiedImageError) else str(error) or "broken data"
        )
        raise PictureDamagedError(
            name, f"is truncated or damaged ({reason})", "copy or export the picture again"
        ) from error


def decode(
    name: str, source: object, limits: PictureLimits, max_side: int, page: int
) -> tuple[Image.Image, int | None, tuple[int, int]]:
    """Decodes a page of the source; returns the image, its orientation, and its size before any reduction."""
    data = read_source(name, source, limits)
    kind = identify(name, data)
    if page != 1 or kind == "PDF":
        count = count_pages(name, kind, data)
        if not 1 <= page <= count:
            raise no_such_page(name, count, page)
    if kind == "PDF":
        image, size = render_page(name, data, page, max_side)
        return image, None, size
    if kind == "HEIC":
        size = heic_size(name, data)
        limits.check_pixels(name, size)
        _check_memory(name, 4 * size[0] * size[1], size, Contents(b"", pixel_bytes=HEIC_PIXEL), limits)
        image = open_heic(name, data)
        limits.check_pixels(name, image.size)
        return image, None, image.size  # which the header of a damaged file may not say
    contents = pixels_only(kind, data, page)
    del data
    if contents.size:
        limits.check_pixels(name, contents.size)
        _check_memory(name, 4 * contents.size[0] * contents.size[1], contents.size, contents, limits)
    with _quiet():
        # Silences Pillow's bomb warning too: the check below is ours. Twice Pillow's limit is still an error.
        image = Image.open(io.BytesIO(contents.data), formats=[kind])
        if kind == "TIFF":
            image.getexif()  # warns of broken tags, and would do so while pixels are decoded
    size = image.size
    limits.check_pixels(name, size)
    if kind == "JPEG":
        for scale in _DRAFT_SCALES:
            if max(size) // scale >= longest_side(size, max_side):
                image.draft(None, (size[0] // scale, size[1] // scale))
                break
    stored = image.width * image.height * _PIXEL_BYTES.get(image.mode, 4)
    _check_memory(name, stored, size, contents, limits)
    orientation = exif_orientation(image.info.get("exif", b"")) if kind == "AVIF" else contents.orientation
    image.load()
    return image, orientation, size


def _check_memory(
    name: str, stored: int, size: tuple[int, int], contents: Contents, limits: PictureLimits
) -> None:
    """Rejects a picture if the loaded image and the decoder's buffers together take too much memory."""
    decoder = size[0] * size[1] * contents.pixel_bytes + contents.block_bytes
    limits.check_memory(name, size, stored + decoder + _LINE_BYTES * sum(size))


def load(name: str, image: Image.Image, limits: PictureLimits) -> tuple[Image.Image, int | None]:
    """Loads a caller's image; returns it with its orientation.

    The orientation is read after loading, because a PNG may store it after the pixels, and Pillow rotates a
    TIFF while loading it.
    """
    if not (image.width and image.height):
        raise PictureFormatError(name, "has no pixels", "pass an image of at least 1×1")
    limits.check_pixels(name, image.size)
    image.load()
    with _quiet(), suppress(Exception):  # the metadata may be corrupt in any way while the picture is fine
        value = image.getexif().get(ORIENTATION)
        return image, value if isinstance(value, int) else None
    return image, None


def no_such_page(name: str, count: int, page: int) -> PictureError:
    """Returns the error of a page beyond the last of ``count``."""
    pages = "only one page" if count == 1 else f"{count} pages"
    return PictureFormatError(name, f"has {pages}, not a page {page}", f"choose a page from 1 to {count}")
