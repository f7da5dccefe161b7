"""Draws a photo becoming numbers: ``python figures/reading.py [FOLDER]`` writes ``reading.gif``.

The photo is an example picture. Its boxes and numbers are what ``inkread.read`` returns, digit by digit.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from _place import EXAMPLES, place
from PIL import Image, ImageDraw, ImageFont

import inkread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from inkread.results import Reading


PHOTO = EXAMPLES / "pencil_rows.jpg"

WIDTH, HEIGHT = 540, 468
"""Size of the photo in the animation; its proportions are those of the file."""
PANEL, MARGIN = 260, 22
"""Width of the panel with the numbers, and space around them."""
BACK, TEXT, FAINT = (24, 26, 32), (245, 244, 240), (150, 155, 168)
COMMAND_SIZE, NUMBER_SIZE, ROW = 15, 44, 64
COLORS = 160

FIRST, DIGIT, LAST = 1200, 220, 3200
"""Milliseconds of the photo alone, of each digit, and of the result."""


def main() -> None:
    """Reads the photo and writes the animation."""
    out = place("reading.gif")
    photo = Image.open(PHOTO).convert("RGB")
    reading = inkread.read(PHOTO)
    small = photo.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
    frames = [_frame(small, part) for part in _parts(reading)]
    palette = frames[-1].quantize(COLORS)
    indexed = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]
    durations = [FIRST, *[DIGIT] * (len(frames) - 2), LAST]
    indexed[0].save(
        out, save_all=True, append_images=indexed[1:], duration=durations, loop=0, optimize=True, disposal=1
    )


def _parts(reading: Reading) -> Iterator[Reading]:
    """Yields the reading with none of its digits, with the first, with the first two, and so on."""
    for count in range(len(reading.digits) + 1):
        lines, left = [], count
        for line in reading.lines:
            lines.append(replace(line, digits=line.digits[:left], signs=()))
            left = max(0, left - len(line.digits))
        yield replace(reading, lines=tuple(line for line in lines if line.digits))


def _frame(photo: Image.Image, reading: Reading) -> Image.Image:
    """Draws the photo with its boxes so far, and the numbers so far beside it."""
    frame = Image.new("RGB", (WIDTH + PANEL, HEIGHT), BACK)
    frame.paste(reading.draw(photo) if reading.lines else photo, (0, 0))
    draw = ImageDraw.Draw(frame)
    command, numbers = (ImageFont.load_default(size) for size in (COMMAND_SIZE, NUMBER_SIZE))
    left = WIDTH + MARGIN
    draw.text((left, MARGIN), f"$ inkread read {PHOTO.name}", FAINT, command)
    for row, line in enumerate(reading.lines):
        draw.text((left, MARGIN + ROW * (row + 1)), line.text, TEXT, numbers)
    return frame


if __name__ == "__main__":
    main()
