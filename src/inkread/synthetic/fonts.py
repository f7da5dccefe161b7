"""Characters of fonts as vector glyphs: handwriting fonts of the collection, and installed typefaces."""

from __future__ import annotations

import csv
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from inkread.datasets.data_dirs import require_file
from inkread.pipeline.glyph import normalize
from inkread.synthetic.vectors import VectorGlyph

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inkread.system.files import AnyPath

FONT_PIXELS = 96
NO_CHARACTER = "\U0010ffff"
"""A character that no font has."""
CASED = "abdeghnqrt"
"""Letters whose capitals have another shape."""
SAME_SHAPE = 0.75
"""A font whose small letters overlap this much with its capitals, on average, has only capitals."""


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
