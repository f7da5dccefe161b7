"""Draws a reading and its stages, ``boxes.jpg`` and ``stages.jpg``: ``python figures/boxes.py [FOLDER]``."""

from __future__ import annotations

from _place import EXAMPLES, below, beside, save
from PIL import Image

from inkread.pipeline.explain import stages_of
from inkread.reader import Reader

BOXES, STAGES = EXAMPLES / "pencil_rows.jpg", EXAMPLES / "column_sum.jpg"
WIDTH = 640
"""Of boxes.jpg, in pixels."""

SHOWN = ("heat", "candidates", "reading")
HEIGHT = 560
"""Of each stage in stages.jpg, in pixels."""


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


def _high(picture: Image.Image, height: int) -> Image.Image:
    return picture.convert("RGB").resize(
        (picture.width * height // picture.height, height), Image.Resampling.LANCZOS
    )


if __name__ == "__main__":
    main()
