"""The whole way from a picture to its digits, on one screen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import cv2
import numpy as np

from inkread import decoder, glyph, layout
from inkread.classifier import DIGITS, Classifier
from inkread.errors import PictureError
from inkread.ink import Ink, find_ink
from inkread.picture import Picture, PictureLimits, load_picture
from inkread.reading import Box, Digit, Line, Reading
from inkread.rules import without_rules

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from inkread.decoder import Choice
    from inkread.layout import Candidate, Row, Segment
    from inkread.picture import Source


TINY, SMALL = 40, 800
"""Pictures whose longer side lies between these, in pixels, are enlarged before they are looked at."""

MOST_ENLARGED = 4

POOR = 0.4
"""A page is turned if the evidence for digits is less than this for each of its pieces of ink."""

LEAST_TURNED, MOST_TURNED = 4, 400
"""Pieces of ink that a page has to have to be turned: with fewer, chance decides; with more, it is a photo of things."""

MORE_TURNED = 2.0
"""A turned page must make this many times as much sense as the upright one."""

FIRST_SIGHT = [0, 2, 3, 4, 5, 6, 7, 8, 9]
"""The digits that tell the size of the writing; any bar, a shadow's edge too, reads as a 1."""


@dataclass(frozen=True, slots=True)
class Trace:
    """Every stage of one reading, for whoever asks what the reader saw.

    Attributes:
        picture: upright RGB.
        ink: the ink map, as found.
        written: H×W float32, the ink map without rules, boxes and grids.
        rows: the rows with their candidates.
        glyphs: for each row C×28×28 uint8, what the classifier saw of each candidate.
        probabilities: for each row C×11 float32.
        choices: for each row the candidates read as digits.
        reading: the result.
    """

    picture: Picture
    ink: Ink
    written: NDArray[np.float32]
    rows: tuple[Row, ...]
    glyphs: tuple[NDArray[np.uint8], ...]
    probabilities: tuple[NDArray[np.float32], ...]
    choices: tuple[tuple[Choice, ...], ...]
    reading: Reading

    @property
    def evidence(self) -> float:
        """How much speaks for there being digits, about 1 for each, see ``decoder.evidence``."""
        return sum(
            max(0.0, decoder.evidence(row, chosen))
            for row, chosen in zip(self.rows, self.choices, strict=True)
        )

    @property
    def is_poor(self) -> bool:
        """There is some writing, and hardly half of it reads as digits."""
        pieces = sum(len(row.segments) for row in self.rows)
        return LEAST_TURNED <= pieces <= MOST_TURNED and self.evidence < POOR * pieces


class Reader:
    """Reads digits from pictures; loads its model once, and is safe to share between threads.

    Args:
        model: the name of a bundled model, or the folder of a training run.
        limits: on the bytes and pixels of a picture.
    """

    def __init__(
        self, model: str | os.PathLike[str] = "default", *, limits: PictureLimits | None = None
    ) -> None:
        self.classifier = Classifier(model)
        self.limits = limits or PictureLimits()

    def read(self, source: Source) -> Reading:
        """Reads every digit in the picture, row by row.

        Args:
            source: a path, bytes, a file object, a PIL image, or an array H×W, H×W×3 or H×W×4.

        Raises:
            PictureError: the source cannot be read as a picture.
        """
        return self.trace(source).reading

    def read_digit(self, source: Source) -> Digit | None:
        """Reads the picture as one digit; ``None`` where it shows no digit."""
        digits = self.trace(source, single=True).reading.digits
        return digits[0] if digits else None

    def read_many(
        self, sources: Iterable[Source], *, single: bool = False
    ) -> Iterator[Reading | PictureError]:
        """Reads picture after picture, in order; one that cannot be read yields its error and stops no other."""
        for source in sources:
            try:
                yield self.trace(source, single=single).reading
            except PictureError as error:
                yield error

    def trace(self, source: Source, *, single: bool = False) -> Trace:
        """Reads the picture and keeps every stage; ``single`` reads it as one digit.

        A page that makes little sense upright is also tried in the three other orientations; the trace, and the boxes
        in its reading, are then of the picture turned.
        """
        picture = _enlarged(load_picture(source, limits=self.limits))
        ink = find_ink(picture.pixels)
        written = without_rules(ink.map, picture.pixels)
        upright = self._read_page(picture, ink, written, single=single)
        if single or not upright.is_poor:
            return upright
        turned = [
            self._read_page(
                _turned(picture, turns), _turned_ink(ink, turns), np.rot90(written, turns), single=False
            )
            for turns in (1, 3, 2)
        ]
        best = max(turned, key=lambda trace: trace.evidence)
        return best if best.evidence >= max(LEAST_TURNED, MORE_TURNED * upright.evidence) else upright

    def _read_page(self, picture: Picture, ink: Ink, written: NDArray[np.float32], *, single: bool) -> Trace:
        segments = layout.find_segments(written)
        if single:
            seen = [segments] if written is ink.map else [segments, layout.find_segments(ink.map)]
            rows = layout.find_single(*seen, size=written.shape[::-1])
        else:
            rows = self._find_rows(segments)
        glyphs = tuple(glyph.normalize_all([candidate.ink for candidate in row.candidates]) for row in rows)
        probabilities = self._classify(glyphs)
        decode = decoder.decode_single if single else decoder.decode
        choices = tuple(tuple(decode(row, p)) for row, p in zip(rows, probabilities, strict=True))
        if not single:
            choices = decoder.plausible(rows, choices)
        lines = (
            Line(tuple(_digit(row.candidates[choice.index], choice, picture) for choice in chosen))
            for row, chosen in zip(rows, choices, strict=True)
            if chosen
        )
        reading = Reading(picture.source, picture.width, picture.height, tuple(lines))
        return Trace(picture, ink, written, rows, glyphs, probabilities, choices, reading)

    def _find_rows(self, segments: list[Segment]) -> tuple[Row, ...]:
        """The rows, at the scale of those pieces of ink that are digits at first sight."""
        if not segments:
            return ()
        glyphs = glyph.normalize_all([segment.ink for segment in segments])
        sureness = self.classifier.probabilities(glyphs)[:, FIRST_SIGHT].max(axis=1)
        return layout.find_rows(segments, layout.usual_height(segments, sureness.astype(np.float64)))

    def _classify(self, glyphs: tuple[NDArray[np.uint8], ...]) -> tuple[NDArray[np.float32], ...]:
        """The probabilities of all rows' glyphs by one call of the classifier."""
        if not glyphs:
            return ()
        together = self.classifier.probabilities(np.concatenate(glyphs))
        return tuple(np.split(together, np.cumsum([len(part) for part in glyphs])[:-1]))


def _enlarged(picture: Picture) -> Picture:
    """The picture, enlarged where it is so small that a printed line is no wider than a pixel."""
    longer = max(picture.pixels.shape[:2])
    if not TINY < longer < SMALL:
        return picture
    factor = min(MOST_ENLARGED, -(-SMALL // longer))
    pixels = cv2.resize(picture.pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
    return replace(picture, pixels=pixels)


def _turned(picture: Picture, turns: int) -> Picture:
    """The picture turned by so many quarters, counter-clockwise."""
    pixels = np.ascontiguousarray(np.rot90(picture.pixels, turns))
    width, height = (picture.width, picture.height) if turns == 2 else (picture.height, picture.width)
    return replace(picture, pixels=pixels, width=width, height=height)


def _turned_ink(ink: Ink, turns: int) -> Ink:
    return replace(ink, map=np.rot90(ink.map, turns))


def _digit(candidate: Candidate, choice: Choice, picture: Picture) -> Digit:
    order = np.argsort(-choice.digits)
    label, *others = ((DIGITS[i], float(choice.digits[i])) for i in order)
    return Digit(label[0], label[1], _source_box(candidate.box, picture), tuple(others[:3]))


def _source_box(box: Box, picture: Picture) -> Box:
    """A box on the working pixels, in pixels of the upright source picture."""
    scale_x, scale_y = picture.scale
    x0, y0, x1, y1 = box
    return (
        int(x0 * scale_x),
        int(y0 * scale_y),
        min(picture.width, int(np.ceil(x1 * scale_x))),
        min(picture.height, int(np.ceil(y1 * scale_y))),
    )


@lru_cache(maxsize=1)
def default_reader() -> Reader:
    """A reader with the default model, loaded at the first call and kept."""
    return Reader()
