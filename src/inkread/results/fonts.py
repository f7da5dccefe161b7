"""Fonts for drawing what was read.

Pillow's own font, which is everywhere, has little beyond ASCII; letters such as é, ü and ß need a font of the
system.
"""

from __future__ import annotations

from functools import cache

from PIL import ImageFont

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

NAMES = (
    "DejaVuSans.ttf",
    "LiberationSans-Regular.ttf",
    "NotoSans-Regular.ttf",
    "Arial.ttf",
    "arial.ttf",
    "segoeui.ttf",
    "Helvetica.ttc",
)
"""Fonts with the letters of Western Europe, by the names that Linux, macOS and Windows know."""


def font_for(text: str, size: int) -> Font:
    """Returns a font for a text: Pillow's own for ASCII, or else the first of ``NAMES`` that is installed.

    If none is, it is Pillow's own again, which draws a box for each letter that it lacks.

    Args:
        text: what will be drawn.
        size: in pixels.
    """
    file = None if text.isascii() else _installed()
    return ImageFont.truetype(file, size) if file else ImageFont.load_default(size)


@cache
def _installed() -> str | None:
    for name in NAMES:
        try:
            return str(ImageFont.truetype(name).path)
        except OSError:
            continue
    return None
