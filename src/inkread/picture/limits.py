"""How large a picture may be; all limits are checked before any pixel is decoded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from inkread.errors import OptionError, PictureTooLargeError

READING_BYTES: Final = 256 * 2**20
PIXEL_BYTES: Final = 16
"""Maximum memory of one reading: a fixed part, plus a part per pixel of the largest allowed picture."""


@dataclass(frozen=True, slots=True)
class PictureLimits:
    """Maximum size of a picture; all limits are checked before any pixel is decoded.

    Attributes:
        max_bytes: size of the encoded picture.
        max_pixels: number of pixels at full size. The default admits a 108-megapixel phone photo. Pillow's
            own ``Image.MAX_IMAGE_PIXELS`` still applies, and rejects more than twice its value.
        max_memory: bytes that decoding may take, computed from format, mode, and size. The default is enough
            for a JPEG or PNG of ``max_pixels``; formats whose decoders hold several copies admit fewer
            pixels: WebP 50 million, AVIF 41.
    """

    max_bytes: int = 64 * 1024 * 1024
    max_pixels: int = 120_000_000
    max_memory: int = 1_000_000_000

    def __post_init__(self) -> None:
        if min(self.max_bytes, self.max_pixels, self.max_memory) < 1:
            raise OptionError("PictureLimits", "has a limit below 1", "use positive limits")

    @property
    def reading_memory(self) -> int:
        """Bytes that reading the largest allowed picture may allocate, in all its stages."""
        return READING_BYTES + PIXEL_BYTES * self.max_pixels

    def check_bytes(self, name: str, size: int) -> None:
        """Raises a ``PictureTooLargeError`` if an encoded picture has too many bytes."""
        if size > self.max_bytes:
            problem = f"has more than {self.max_bytes} bytes"
            raise PictureTooLargeError(name, problem, "reduce the picture, or raise PictureLimits.max_bytes")

    def check_pixels(self, name: str, size: tuple[int, int]) -> None:
        """Raises a ``PictureTooLargeError`` if a picture of this width and height has too many pixels."""
        width, height = size
        if width * height > self.max_pixels:
            problem = f"has {width}×{height} pixels, more than {self.max_pixels}"
            raise PictureTooLargeError(name, problem, "reduce the picture, or raise PictureLimits.max_pixels")

    def check_memory(self, name: str, size: tuple[int, int], needed: int) -> None:
        """Raises a ``PictureTooLargeError`` if a picture needs too many bytes of memory to decode."""
        if needed > self.max_memory:
            size_and_memory = f"{size[0]}×{size[1]} pixels in a format that needs {needed:,} bytes of memory"
            raise PictureTooLargeError(
                name,
                f"has {size_and_memory} to decode, more than {self.max_memory:,}",
                "reduce the picture, save it as JPEG, or raise PictureLimits.max_memory",
            )


DEFAULT_LIMITS: Final = PictureLimits()
