"""A picture of every stage of a reading, for whoever asks what the reader saw."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from inkread.classifier import DIGITS
from inkread.drawing import draw_reading
from inkread.errors import OutputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inkread.files import AnyPath
    from inkread.reader import Trace

PAPER = (250, 250, 247)
INK = (25, 25, 30)
CHOSEN = (0, 114, 178)
PASSED_OVER = (150, 150, 150)
REMOVED = (230, 159, 0)

ENLARGED = 3
"""Factor by which a 28×28 glyph is shown."""

MOST_GLYPHS = 600
"""Glyphs on one sheet; a page of texture has thousands, which tell nobody anything."""

SHEET_WIDTH = 1400

FILES = {
    "picture": "1-upright.png",
    "ink": "2-ink.png",
    "rows": "3-rows.png",
    "glyphs": "4-glyphs.png",
    "reading": "5-reading.png",
}
"""The file of each stage."""


def save_stages(trace: Trace, directory: AnyPath) -> list[Path]:
    """Writes one PNG a stage into the directory, which is made if need be; the stages are those of ``draw_stages``.

    Returns:
        The files, in the order of the stages.

    Raises:
        OutputError: the directory or a file cannot be written.
    """
    images = draw_stages(trace)
    directory = Path(directory)
    paths = [directory / FILES[stage] for stage in images]
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for path, image in zip(paths, images.values(), strict=True):
            image.save(path)
    except OSError as error:
        problem = f"the stages cannot be written ({error.strerror or error})"
        raise OutputError(str(directory), problem, "name a directory that can be written to") from error
    return paths


def draw_stages(trace: Trace) -> dict[str, Image.Image]:
    """An RGB image of each stage by its name, in their order.

    The stages: ``picture``, upright; ``ink``, the ink map, with what was taken for printed lines in orange; ``rows``, with a
    box around every candidate, blue for those read as digits; ``glyphs``, as the classifier saw them, with what it made of
    each; ``reading``.
    """
    return {
        "picture": Image.fromarray(np.rot90(trace.picture.pixels, trace.turns)),
        "ink": draw_ink(trace),
        "rows": draw_rows(trace),
        "glyphs": draw_glyphs(trace),
        "reading": draw_reading(trace.reading, trace.picture.pixels),
    }


def draw_ink(trace: Trace) -> Image.Image:
    """Ink dark on light; printed lines that were removed in orange."""
    kept = trace.written[:, :, None]
    found = np.rot90(trace.ink.map, trace.turns)
    removed = np.clip(found - trace.written, 0, 1)[:, :, None]
    paper, ink, orange = (np.array(colour, np.float32) for colour in (PAPER, INK, REMOVED))
    image = paper * (1 - kept - removed * (1 - kept)) + ink * kept + orange * (removed * (1 - kept))
    return Image.fromarray(image.clip(0, 255).astype(np.uint8))


def draw_rows(trace: Trace) -> Image.Image:
    """The ink without printed lines, and a box around every candidate."""
    canvas = Image.fromarray((255 - 140 * trace.written).astype(np.uint8)).convert("RGB")
    painter = ImageDraw.Draw(canvas)
    line = max(1, round(max(canvas.size) / 600))
    for row, choices in zip(trace.rows, trace.choices, strict=True):
        for candidate in row.candidates:
            painter.rectangle(_corners(candidate.box), outline=PASSED_OVER, width=1)
        for choice in choices:
            painter.rectangle(_corners(row.candidates[choice.index].box), outline=CHOSEN, width=line + 1)
    return canvas


def _corners(box: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    """The box with both corners inside, as Pillow draws it."""
    return box[0], box[1], box[2] - 1, box[3] - 1


def draw_glyphs(trace: Trace) -> Image.Image:
    """Every candidate's glyph under its most probable meaning, row by row; those read as digits in blue."""
    side = 28 * ENLARGED
    cell = (side + 10, side + 24)
    columns = max(1, SHEET_WIDTH // cell[0])
    tiles: list[list[tuple[NDArray[np.uint8], str, bool]]] = []
    for glyphs, probabilities, choices in zip(trace.glyphs, trace.probabilities, trace.choices, strict=True):
        chosen = {choice.index for choice in choices}
        row = [
            (g, meaning_of(p), i in chosen)
            for i, (g, p) in enumerate(zip(glyphs, probabilities, strict=True))
        ]
        tiles += [row[start : start + columns] for start in range(0, len(row), columns)]
    tiles = tiles[: max(1, MOST_GLYPHS // columns)]
    width = cell[0] * max((len(row) for row in tiles), default=1)
    canvas = Image.new("RGB", (width, cell[1] * max(1, len(tiles))), PAPER)
    painter, font = ImageDraw.Draw(canvas), ImageFont.load_default(13)
    for y, row in enumerate(tiles):
        for x, (glyph, meaning, is_chosen) in enumerate(row):
            left, top = x * cell[0] + 5, y * cell[1] + 19
            tile = Image.fromarray(255 - glyph).resize((side, side), Image.Resampling.NEAREST)
            canvas.paste(tile, (left, top))
            colour = CHOSEN if is_chosen else PASSED_OVER
            line = 1 + is_chosen  # outside the tile, which stays as it was classified
            corners = (left - line, top - line, left + side + line - 1, top + side + line - 1)
            painter.rectangle(corners, outline=colour, width=line)
            painter.text((left, top - 17), meaning, fill=colour if is_chosen else INK, font=font)
    return canvas


def meaning_of(probabilities: NDArray[np.float32]) -> str:
    """The most probable class and its probability, such as ``"7 98%"`` or ``"none 80%"``."""
    best = int(np.argmax(probabilities))
    name = DIGITS[best] if best < len(DIGITS) else "none"
    return f"{name} {round(100 * float(probabilities[best]))}%"
