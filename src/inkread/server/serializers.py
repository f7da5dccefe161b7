"""Converts readings to responses and to stored records."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Any

from PIL import Image

from inkread.models import TEXT
from inkread.pipeline.explain import stages_of
from inkread.pipeline.symbols import TextTrace
from inkread.store.records import NewDigit, NewReading, StoredPicture

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from inkread.pipeline.trace import Trace
    from inkread.results import Digit
    from inkread.server.work import ReadPicture

TITLES = {
    "picture": "The picture, upright",
    "heat": "Where the detector sees digits",
    "candidates": "Candidates; digits that were read are blue",
    "glyphs": "The glyphs, with the networks' probabilities for each",
    "lines": "The lines, as the recognizer sees them",
    "reading": "The reading",
}

MARGIN = 0.1
"""Margin around a digit's crop, as a fraction of its box."""

JPEG_QUALITY = 90
"""JPEG quality of stored pictures. The detector is trained on such artifacts; 2000×2000 pixels take about 1
MB."""

LONGEST_CROP = 256
"""Longer side of a stored crop in pixels; about ten times the model's input."""

Seen = tuple["Digit", "NDArray[np.float32]", "NDArray[np.uint8]"]
"""A digit, the probabilities of the ten labels, and the classifier's input glyph."""


def seen_lines(trace: Trace) -> list[list[Seen]]:
    """Returns the digits of each line of the reading, with their probabilities and glyphs."""
    rows = zip(trace.reading.lines, trace.digits, trace.glyphs, strict=True)
    return [list(zip(line.digits, shares, glyphs, strict=True)) for line, shares, glyphs in rows]


def reading_answer(
    trace: Trace | TextTrace, task: ReadPicture, milliseconds: float, pages: int
) -> dict[str, Any]:
    """Returns the JSON object of a reading, see ``schemas.Reading``."""
    answer = trace.reading.to_dict() | {
        "id": task.keep,
        "source": task.name,
        "model": TEXT if isinstance(trace, TextTrace) else task.model,
        "milliseconds": round(milliseconds, 2),
        "page": task.page,
        "pages": pages,
    }
    if task.detail and not isinstance(trace, TextTrace):
        for line, seen in zip(answer["lines"], seen_lines(trace), strict=True):
            for digit, (_, shares, glyph) in zip(line["digits"], seen, strict=True):
                digit["probabilities"] = [round(float(p), 6) for p in shares]
                digit["glyph"] = base64.b64encode(glyph.tobytes()).decode()
    if task.stages:
        answer["stages"] = [
            {"name": stage, "title": TITLES[stage], "image": data_url(image)}
            for stage, image in stages_of(trace).items()
        ]
    return answer


def new_reading(trace: Trace, task: ReadPicture) -> NewReading:
    """Converts the reading to its stored record."""
    return NewReading(
        source=task.name,
        width=trace.reading.width,
        height=trace.reading.height,
        text=trace.reading.text,
        model=task.model,
        model_sha256=task.model_sha256,
        lines=tuple(tuple(_new_digits(trace, line)) for line in seen_lines(trace)),
        client=task.client,
        picture=_picture(trace),
    )


def _picture(trace: Trace) -> StoredPicture:
    """Returns the upright working pixels as JPEG, see ``inkread.picture.WORKING_SIDE``."""
    image = Image.fromarray(trace.picture.pixels)
    file = io.BytesIO()
    image.save(file, "JPEG", quality=JPEG_QUALITY)
    return StoredPicture(file.getvalue(), image.width, image.height)


def _new_digits(trace: Trace, line: list[Seen]) -> Iterator[NewDigit]:
    for digit, shares, glyph in line:
        yield NewDigit(
            label=digit.label,
            probability=digit.probability,
            box=digit.box,
            probabilities=tuple(float(p) for p in shares),
            glyph=glyph.tobytes(),
            crop=png(_crop(trace, digit)),
        )


def _crop(trace: Trace, digit: Digit) -> Image.Image:
    """Crops the digit's box from the upright working pixels, with a margin; shrinks large crops."""
    height, width = trace.picture.pixels.shape[:2]
    scale_x, scale_y = trace.picture.scale
    x0, y0, x1, y1 = digit.box
    margin = MARGIN * max(x1 - x0, y1 - y0)
    left, top = max(0, int((x0 - margin) / scale_x)), max(0, int((y0 - margin) / scale_y))
    right, bottom = (
        min(width, int((x1 + margin) / scale_x) + 1),
        min(height, int((y1 + margin) / scale_y) + 1),
    )
    crop = Image.fromarray(trace.picture.pixels[top:bottom, left:right])
    crop.thumbnail((LONGEST_CROP, LONGEST_CROP))
    return crop


def drawing(trace: Trace | TextTrace) -> bytes:
    """Returns the picture with the boxes of its reading, as PNG."""
    return png(trace.reading.draw(trace.picture.pixels))


def png(image: Image.Image) -> bytes:
    """Encodes the image as PNG."""
    file = io.BytesIO()
    image.save(file, "PNG", compress_level=1)
    return file.getvalue()


def data_url(image: Image.Image) -> str:
    """Encodes the image as a data URL."""
    return f"data:image/png;base64,{base64.b64encode(png(image)).decode()}"
