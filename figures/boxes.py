"""Draws a reading and its stages, ``boxes.jpg`` and ``stages.jpg``: ``python figures/boxes.py [FOLDER]``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from _place import EXAMPLES, save
from PIL import Image

from inkread.pipeline.explain import stages_of
from inkread.reader import Reader

if TYPE_CHECKING:
    from collections.abc import Sequence

BOXES, STAGES = EXAMPLES / "pencil_rows.jpg", EXAMPLES / "column_sum.jpg"
WIDTH = 640
"""Of boxes.jpg, in pixels."""

SHOWN = ("heat", "candidates", "reading")
HEIGHT, GAP = 560, 14
"""Of stages.jpg, in pixels: each stage, and the space between them."""


def main() -> None:
    """Writes both pictures."""
    reader = Reader()
    photo = Image.open(BOXES).convert("RGB")
    save(
        reader.read(BOXES)
        .draw(photo)
        .resize((WIDTH, WIDTH * photo.height // photo.width), Image.Resampling.LANCZOS),
        "boxes.jpg",
    )
    stages = stages_of(reader.trace(STAGES))
    row = beside([_high(stages[name], HEIGHT) for name in SHOWN])
    glyphs = stages["glyphs"].convert("RGB")
    wide = glyphs.resize((row.width, glyphs.height * row.width // glyphs.width), Image.Resampling.LANCZOS)
    save(below([row, wide]), "stages.jpg")


def beside(pictures: Sequence[Image.Image]) -> Image.Image:
    """Puts pictures side by side on white."""
    width = sum(each.width for each in pictures) + GAP * (len(pictures) - 1)
    sheet, x = Image.new("RGB", (width, max(each.height for each in pictures)), "white"), 0
    for each in pictures:
        sheet.paste(each, (x, 0))
        x += each.width + GAP
    return sheet


def below(pictures: Sequence[Image.Image]) -> Image.Image:
    """Puts pictures one below the other on white."""
    height = sum(each.height for each in pictures) + GAP * (len(pictures) - 1)
    sheet, y = Image.new("RGB", (max(each.width for each in pictures), height), "white"), 0
    for each in pictures:
        sheet.paste(each, (0, y))
        y += each.height + GAP
    return sheet


def _high(picture: Image.Image, height: int) -> Image.Image:
    return picture.convert("RGB").resize(
        (picture.width * height // picture.height, height), Image.Resampling.LANCZOS
    )


if __name__ == "__main__":
    main()
