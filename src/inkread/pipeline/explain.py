"""Images of every stage of a reading, to show what the reader saw."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image, ImageDraw

from inkread.errors import OutputError
from inkread.pipeline.classifier import DIGITS
from inkread.pipeline.symbols import TextTrace
from inkread.pipeline.text_lines import HEIGHT
from inkread.results.annotate import draw_reading
from inkread.results.fonts import font_for
from inkread.system.files import whole

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inkread.pipeline.trace import Trace
    from inkread.system.files import AnyPath

PAPER = (250, 250, 247)
INK = (25, 25, 30)
CHOSEN = (0, 114, 178)
PASSED_OVER = (150, 150, 150)
HOT = (230, 97, 0)

ENLARGED = 3
"""Factor by which a 28×28 glyph is shown."""

MOST_GLYPHS = 120
"""Maximum glyphs shown; the candidates of a textured page would fill many sheets."""

SHEET_WIDTH = 1400

LABELS = ("", "detector", "closeup", "strip", "glyph")
"""The predictions under a glyph: combined, then each network's."""

NAMES = {"picture": "upright"}
"""Name of a stage's file, if it is not the stage's."""


def save_stages(trace: Trace | TextTrace, directory: AnyPath) -> list[Path]:
    """Writes one PNG per stage, see ``draw_stages`` and ``draw_text_stages``, to the directory.

    The directory is created if needed.

    Returns:
        The files, in the order of the stages.

    Raises:
        OutputError: the directory or a file cannot be written.
    """
    images = stages_of(trace)
    directory = Path(directory)
    paths = [directory / f"{number}-{NAMES.get(stage, stage)}.png" for number, stage in enumerate(images, 1)]
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for path, image in zip(paths, images.values(), strict=True):
            with whole(path) as partial:
                image.save(partial, "PNG")
    except OSError as error:
        problem = f"the stages cannot be written ({error.strerror or error})"
        raise OutputError(str(directory), problem, "use a directory that can be written to") from error
    return paths


def stages_of(trace: Trace | TextTrace) -> dict[str, Image.Image]:
    """Draws an RGB image of each stage of any reading, by name, in order."""
    return draw_text_stages(trace) if isinstance(trace, TextTrace) else draw_stages(trace)


def draw_stages(trace: Trace) -> dict[str, Image.Image]:
    """Draws an RGB image of each stage, by name, in order.

    The stages are ``picture``, upright; ``heat``, the detector's probabilities of digit centers, in orange;
    ``candidates``, a box around each, blue if it was read as a digit; ``glyphs``, the ink of each with every
    network's prediction; ``reading``.
    """
    return {
        "picture": Image.fromarray(np.rot90(trace.picture.pixels, trace.turns)),
        "heat": draw_heat(trace),
        "candidates": draw_candidates(trace),
        "glyphs": draw_glyphs(trace),
        "reading": draw_reading(trace.reading, trace.picture.pixels),
    }


def draw_text_stages(trace: TextTrace) -> dict[str, Image.Image]:
    """Draws an RGB image of each stage of a reading of text, by name, in order.

    The stages are ``picture``, upright; ``lines``, each as the recognizer sees it, above its text; instead,
    for one character, ``glyphs``; ``reading``.
    """
    stages = {"picture": Image.fromarray(np.rot90(trace.picture.pixels, trace.turns))}
    if trace.found:
        stages["lines"] = draw_lines(trace)
    if trace.glyphs:
        side = 28 * ENLARGED
        tile = Image.fromarray(255 - trace.glyphs[0]).resize((side, side), Image.Resampling.NEAREST)
        stages["glyphs"] = tile.convert("RGB")
    return stages | {"reading": draw_reading(trace.reading, trace.picture.pixels)}


def draw_lines(trace: TextTrace) -> Image.Image:
    """Draws the strip of each line above what was read."""
    width = max(line.pixels.shape[1] for line in trace.found)
    tall = HEIGHT + 22
    canvas = Image.new("RGB", (max(width, 200) + 10, tall * len(trace.found) + 5), PAPER)
    painter = ImageDraw.Draw(canvas)
    for index, (line, read) in enumerate(zip(trace.found, trace.texts, strict=True)):
        canvas.paste(Image.fromarray(line.pixels), (5, 5 + tall * index))
        below = (5, 5 + tall * index + HEIGHT + 1)
        painter.text(below, read or "-", fill=CHOSEN, font=font_for(read, 14))
    return canvas


def draw_heat(trace: Trace) -> Image.Image:
    """Draws the pale page, and in orange the probability of a digit's center at each place."""
    page = _pale(trace)
    height, width = trace.grey.shape
    heat = cv2.resize(trace.opinions.heat, (width, height), interpolation=cv2.INTER_LINEAR)[:, :, None]
    image = page * (1 - heat) + np.array(HOT, np.float32) * heat
    return Image.fromarray(image.clip(0, 255).astype(np.uint8))


def draw_candidates(trace: Trace) -> Image.Image:
    """Draws the pale page with a box around every candidate."""
    canvas = Image.fromarray(_pale(trace).astype(np.uint8))
    painter = ImageDraw.Draw(canvas)
    line = max(1, round(max(canvas.size) / 600))
    boxes, read = trace.opinions.found.boxes, set(trace.choice.digits)
    for index in trace.choice.kept.tolist():
        if index not in read:
            painter.rectangle(_corners(boxes[index]), outline=PASSED_OVER, width=line)
    for index in read:
        painter.rectangle(_corners(boxes[index]), outline=CHOSEN, width=line + 1)
    return canvas


def _pale(trace: Trace) -> NDArray[np.float32]:
    """Returns the grey page with little contrast, H×W×3."""
    pale = 255 - (255 - trace.grey.astype(np.float32)) * 0.45
    return np.repeat(pale[:, :, None], 3, axis=2)


def _corners(box: NDArray[np.float32]) -> tuple[float, float, float, float]:
    """Returns the box with both corners inside, as Pillow draws it."""
    x0, y0, x1, y1 = (float(value) for value in box)
    return x0, y0, max(x0, x1 - 1), max(y0, y1 - 1)


def shown_candidates(trace: Trace, most: int = MOST_GLYPHS) -> list[int]:
    """Returns the indices of the digits in reading order, then of the most probable other candidates."""
    read, kept = trace.choice.digits, trace.choice.kept
    others = [i for i in kept[trace.opinions.found.is_digit[kept]].tolist() if i not in read]
    others.sort(key=lambda index: float(trace.choice.probabilities[index, -1]))
    return [*read, *others][: max(most, len(read))]


def opinions_on(trace: Trace, index: int) -> list[tuple[str, str]]:
    """Returns the combined and each network's prediction for a candidate, e.g. ``("closeup", "7 98%")``."""
    opinions = trace.opinions
    logits = opinions.found.logits[index, : len(DIGITS)]
    place = 1 / (1 + np.exp(-logits))
    parts = (trace.choice.probabilities, opinions.closeup, opinions.strip, opinions.classifier)
    fused, *others = (meaning_of(part[index]) for part in parts)
    return list(zip(LABELS, [fused, meaning_of(place), *others], strict=True))


def draw_glyphs(trace: Trace) -> Image.Image:
    """Draws the glyph of each candidate above its predictions; candidates read as digits in blue."""
    side = 28 * ENLARGED
    cell = (side + 40, side + 14 + 15 * len(LABELS))
    columns = max(1, SHEET_WIDTH // cell[0])
    chosen, read = shown_candidates(trace), set(trace.choice.digits)
    tiles = [chosen[start : start + columns] for start in range(0, len(chosen), columns)]
    canvas = Image.new(
        "RGB", (cell[0] * max(1, min(columns, len(chosen))), cell[1] * max(1, len(tiles))), PAPER
    )
    painter, font = ImageDraw.Draw(canvas), font_for("", 12)
    for y, row in enumerate(tiles):
        for x, index in enumerate(row):
            left, top = x * cell[0] + 5, y * cell[1] + 5
            tile = Image.fromarray(255 - trace.opinions.glyphs[index])
            canvas.paste(tile.resize((side, side), Image.Resampling.NEAREST), (left, top))
            colour = CHOSEN if index in read else PASSED_OVER
            line = 1 + (index in read)  # outside the tile, which shows exactly what was classified
            painter.rectangle(
                (left - line, top - line, left + side + line - 1, top + side + line - 1),
                outline=colour,
                width=line,
            )
            for number, (label, meaning) in enumerate(opinions_on(trace, index)):
                ink = INK if number else colour
                painter.text(
                    (left, top + side + 3 + 15 * number), f"{label} {meaning}".strip(), fill=ink, font=font
                )
    return canvas


def meaning_of(probabilities: NDArray[np.floating]) -> str:
    """Formats the most probable class, e.g. ``"7 98%"`` or ``"none 80%"``; ``"-"`` if all are equal."""
    if np.ptp(probabilities) < 1e-6:
        return "-"
    best = int(np.argmax(probabilities))
    name = DIGITS[best] if best < len(DIGITS) else "none"
    return f"{name} {round(100 * float(probabilities[best]))}%"
