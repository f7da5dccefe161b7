"""The whole way from a picture to its digits, on one screen."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache, partial
from typing import TYPE_CHECKING

import cv2
import numpy as np

from inkread import decoder, glyph, layout
from inkread.classifier import DIGITS, Classifier
from inkread.errors import ModelFormatError, PictureError
from inkread.ink import Ink, find_ink, polarity
from inkread.models import DIGIT_CLASSES, NOT_A_DIGIT
from inkread.picture import Picture, PictureLimits, load_picture
from inkread.reading import Box, Digit, Line, Reading, require_probability
from inkread.recognizer import ROWS, Recognizer
from inkread.rowwise import MOST_PIXELS, read_rows, read_whole
from inkread.rules import without_rules

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from inkread.decoder import Choice
    from inkread.layout import Candidate, Row, Segment
    from inkread.picture import Source

TINY, SMALL = 40, 800
"""Pictures whose longer side lies between these, in pixels, are enlarged before they are looked at."""

MOST_ENLARGED = 4

POOR = 0.7
"""A page is turned if the evidence for digits is less than this for each of its pieces of ink that are high enough for one."""

SENSE = 0.4
"""A page stays turned only if that gives at least this evidence for each piece."""

LEAST_PIECES, MOST_PIECES = 4, 400
"""Pieces of ink that a page has to have to be turned: with fewer, chance decides; with more, unless they make sense, it is texture, or a
photo of things, of which no row is worth a second reading either."""

MUCH_MORE = 1.4
"""Another way of looking at a picture must make this many times as much sense as the first."""

AS_ONE = 0.8
"""A page is read as one row if that gives more evidence for digits than this share of what its rows give."""

SURE = 0.9
"""From this probability on, a digit that stands alone on its page needs no second reading."""

CLEAR = 0.9
"""From this polarity on, there is no doubt whether the ink is darker or lighter than the paper."""

AGAIN = 3
"""A further way of looking at a picture has so many times less to spend on candidates and rows than the first."""

FIRST_SIGHT = [0, 2, 3, 4, 5, 6, 7, 8, 9]
"""The digits that tell the size of the writing; any bar, a shadow's edge too, reads as a 1."""


@dataclass(frozen=True, slots=True)
class Trace:
    """Every stage of one reading, for whoever asks what the reader saw.

    Attributes:
        picture: upright RGB, enlarged if it was small.
        ink: the ink map, as found.
        turns: quarters, counter-clockwise, by which the page had to be turned to make sense; what follows is turned.
        written: H×W float32, the ink map without rules, boxes and grids.
        rows: the rows with their candidates: those of the layout, then those that the recognizer found.
        glyphs: for each row C×28×28 uint8, what the classifier saw of each candidate.
        probabilities: for each row C×11 float32.
        choices: for each row the candidates read as digits.
        reading: the result.
    """

    picture: Picture
    ink: Ink
    turns: int
    written: NDArray[np.float32]
    rows: tuple[Row, ...]
    glyphs: tuple[NDArray[np.uint8], ...]
    probabilities: tuple[NDArray[np.float32], ...]
    choices: tuple[tuple[Choice, ...], ...]
    reading: Reading

    @property
    def evidence(self) -> float:
        """How much speaks for there being digits, about 1 for each, see ``decoder.evidence``.

        Nothing speaks for more digits than a row has pieces of ink: on its side, an 8 reads as two 0s.
        """
        read = zip(self.rows, self.choices, strict=True)
        return sum(max(0.0, min(decoder.evidence(row, chosen), float(_whole(row)))) for row, chosen in read)

    @property
    def digit_score(self) -> float:
        """How probable it is that a picture read as ``single`` shows a digit, see ``Reader.digit_score``."""
        scores = (decoder.single_score(r, p) for r, p in zip(self.rows, self.probabilities, strict=True))
        return max(scores, default=0.0)

    @property
    def is_poor(self) -> bool:
        """There is some writing, and hardly half of it reads as digits."""
        high = sum(_whole(row, high=True) for row in self.rows)
        return LEAST_PIECES <= self.pieces <= MOST_PIECES and self.evidence < POOR * high

    @property
    def pieces(self) -> int:
        """How many pieces of ink are writing."""
        return sum(len(row.segments) for row in self.rows)


class Reader:
    """Reads digits from pictures; loads its model once, and is safe to share between threads and processes.

    Args:
        model: the name of a bundled model, or the folder of a training run.
        rows: the same of the model that reads rows as a whole, or of several, which read together better than each; ``None`` leaves
            every row to the lattice.
        limits: on the bytes and pixels of a picture.
        threads: of one call of a model; 0 lets the runtime take one a core, which is best for one picture at a time.

    Raises:
        ModelError: a model cannot be loaded, or knows other classes than the ten digits.
    """

    def __init__(
        self,
        model: str | os.PathLike[str] = "default",
        *,
        rows: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] | None = ROWS,
        limits: PictureLimits | None = None,
        threads: int = 0,
    ) -> None:
        self.classifier = Classifier(model, threads=threads)
        if self.classifier.classes != DIGIT_CLASSES:
            known = ", ".join(self.classifier.labels[:3])
            raise ModelFormatError(
                str(model),
                f"knows {len(self.classifier.labels)} classes ({known}, …), not the ten digits",
                "read with a model of digits; this one can be scored with inkread evaluate --data",
            )
        self._rows = () if rows is None else (rows,) if isinstance(rows, str | os.PathLike) else tuple(rows)
        self._model, self._threads = model, threads
        # A network that knows digits only is asked which; whether it is one at all, the bundled model judges.
        self._judge = None if NOT_A_DIGIT in self.classifier.labels else Classifier(threads=threads)
        self.limits = limits or PictureLimits()

    def __reduce__(self) -> tuple[partial[Reader], tuple[()]]:
        """Pickles as its arguments; whoever unpickles it loads the models again."""
        return partial(
            type(self), self._model, rows=self._rows, limits=self.limits, threads=self._threads
        ), ()

    @cached_property
    def recognizers(self) -> tuple[Recognizer, ...]:
        """The models that read rows as a whole, loaded when the first page is read."""
        return tuple(Recognizer(rows, threads=self._threads) for rows in self._rows)

    @property
    def refusal(self) -> float:
        """How probable "not a single digit" may be for a picture of one digit, in shares of the likeliest digit's: see the card."""
        return (self._judge or self.classifier).refusal

    def read(self, source: Source, *, min_probability: float = 0.0) -> Reading:
        """Reads every digit in the picture, row by row.

        Args:
            source: a path, bytes, a file object, a PIL image, or an array H×W, H×W×3 or H×W×4.
            min_probability: 0..1; a digit that is less probable is labelled ``"?"``, see ``Reading.doubted``.

        Raises:
            PictureError: the source cannot be read as a picture.
            OptionError: ``min_probability`` is outside 0..1.
        """
        return self.trace(source, min_probability=min_probability).reading

    def read_digit(self, source: Source, *, min_probability: float = 0.0) -> Digit | None:
        """Reads the picture as one digit; ``None`` where it shows no digit."""
        digits = self.trace(source, single=True, min_probability=min_probability).reading.digits
        return digits[0] if digits else None

    def digit_score(self, source: Source) -> float:
        """How probable it is that the picture shows one digit, whichever, 0..1; also where ``read_digit`` refuses it.

        It is one less the calibrated probability of "not a single digit", and 0 where there is no ink: the score to
        choose a threshold of refusal by.
        """
        return self.trace(source, single=True).digit_score

    def read_many(
        self, sources: Iterable[Source], *, single: bool = False, min_probability: float = 0.0
    ) -> Iterator[Reading | PictureError]:
        """Reads picture after picture, in order; one that cannot be read yields its error and stops no other."""
        require_probability(min_probability)  # at the call, not when the first reading is asked for

        def read(source: Source) -> Reading | PictureError:
            try:
                return self.trace(source, single=single, min_probability=min_probability).reading
            except PictureError as error:
                return error

        return map(read, sources)

    def probabilities(
        self, glyphs: NDArray[np.uint8], *, none_bias: float | None = None
    ) -> NDArray[np.float32]:
        """What the reader makes of glyphs: the ten digits by its model, and "not a single digit".

        Args:
            glyphs: N×28×28 uint8, ink bright, in the geometry of ``inkread.glyph``.
            none_bias: see ``Classifier.probabilities``.

        Returns:
            N×11 float32, rows summing to 1.
        """
        probabilities = self.classifier.probabilities(glyphs, none_bias=none_bias)
        if self._judge is not None:
            none = self._judge.probabilities(glyphs, none_bias=none_bias)[:, -1:]
            probabilities = np.concatenate([probabilities[:, :-1] * (1 - none), none], axis=1)
        return probabilities

    def trace(self, source: Source, *, single: bool = False, min_probability: float = 0.0) -> Trace:
        """Reads the picture and keeps every stage; ``single`` reads it as one digit.

        Only the reading names doubtful digits ``"?"``: the stages before it are the same for any ``min_probability``.
        Where it is hard to say whether the ink is darker or lighter than the paper, both are tried; a page that makes little
        sense upright is tried in the other three orientations.
        """
        require_probability(min_probability)
        picture = _enlarged(load_picture(source, limits=self.limits))
        lighter = polarity(picture.pixels)
        best = self._look(picture, find_ink(picture.pixels, light_on_dark=lighter > 0), single=single)
        if abs(lighter) < CLEAR and best.pieces <= MOST_PIECES:
            ink = find_ink(picture.pixels, light_on_dark=lighter <= 0)
            other = self._look(picture, ink, single=single, share=AGAIN)
            best = _better(best, other, at_least=decoder.ENOUGH)
        if not single and best.is_poor:
            upright = best
            for turns in (1, 3, 2):
                turned = self._look(picture, upright.ink, written=upright.written, turns=turns, share=AGAIN)
                if turned.evidence >= SENSE * turned.pieces:
                    best = _better(best, turned, at_least=LEAST_PIECES)
        return replace(best, reading=best.reading.doubted(min_probability))

    def _look(
        self,
        picture: Picture,
        ink: Ink,
        *,
        written: NDArray[np.float32] | None = None,
        single: bool = False,
        turns: int = 0,
        share: int = 1,
    ) -> Trace:
        """One way of looking at the picture: with this ink, turned by so many quarters counter-clockwise.

        Of the ink, ``written`` is without rules, where that is known. What bounds candidates and rows is divided by ``share``.
        """
        if written is None:
            written = without_rules(ink.map, picture.pixels)
        written, traced = (np.ascontiguousarray(np.rot90(each, turns)) for each in (written, ink.map))
        segments, contrast = layout.find_segments(written), np.rot90(ink.contrast, turns)
        if single:
            rows = layout.find_single(segments, layout.find_segments(ink.map), size=_size(written))
        else:
            sureness = self._sureness(segments) * layout.is_strong(segments, contrast)
            most = layout.MOST_CANDIDATES // share
            rows = layout.find_rows(segments, sureness, _size(written), most=most)
        glyphs = _glyphs(rows)
        probabilities = self._classify(glyphs, none_bias=None if single else 0.0)
        decode = partial(decoder.decode_single, refusal=self.refusal) if single else decoder.decode
        choices = tuple(tuple(decode(row, p)) for row, p in zip(rows, probabilities, strict=True))
        if not single:
            choices = tuple(
                decoder.without_cut_off(
                    row, decoder.without_faint_bars(row, chosen, contrast), contrast.shape[1]
                )
                for row, chosen in zip(rows, choices, strict=True)
            )
            settled = _is_one_digit(rows, choices) or _is_texture(rows, choices)
            if not settled and self.recognizers:
                maps = (traced, written)
                rows, probabilities, choices = read_rows(
                    self.recognizers, rows, probabilities, choices, maps, most=MOST_PIXELS // share
                )
                glyphs = _grown(glyphs, rows)
                as_one = read_whole(
                    self.recognizers,
                    segments,
                    maps,
                    other_than=_text(choices),
                    at_least=AS_ONE * _evidence(rows, choices),
                )
                if as_one:
                    row, table, chosen = as_one
                    rows, probabilities, choices = (row,), (table,), (chosen,)
                    glyphs = _glyphs(rows)
            choices = decoder.plausible(rows, choices)
        to_source = _Frame(picture, turns)
        lines = (
            Line(tuple(_digit(row.candidates[choice.index], choice, to_source) for choice in chosen))
            for row, chosen in zip(rows, choices, strict=True)
            if chosen
        )
        reading = Reading(picture.source, picture.width, picture.height, tuple(lines))
        return Trace(picture, ink, turns, written, rows, glyphs, probabilities, choices, reading)

    def _sureness(self, segments: list[Segment]) -> NDArray[np.float64]:
        """How surely each piece of ink is a digit at first sight."""
        glyphs = glyph.normalize_all([segment.ink for segment in segments])
        return self.probabilities(glyphs, none_bias=0.0)[:, FIRST_SIGHT].max(axis=1).astype(np.float64)

    def _classify(
        self, glyphs: tuple[NDArray[np.uint8], ...], *, none_bias: float | None
    ) -> tuple[NDArray[np.float32], ...]:
        """The probabilities of all rows' glyphs by one call of the classifier."""
        if not glyphs:
            return ()
        together = self.probabilities(np.concatenate(glyphs), none_bias=none_bias)
        return tuple(np.split(together, np.cumsum([len(part) for part in glyphs])[:-1]))


def _evidence(rows: Iterable[Row], choices: Iterable[tuple[Choice, ...]]) -> float:
    """What speaks for digits in all rows together."""
    return sum(max(0.0, decoder.evidence(row, chosen)) for row, chosen in zip(rows, choices, strict=True))


def _whole(row: Row, *, high: bool = False) -> int:
    """How many pieces of ink a row has, what was cut counted once; only those that are high enough for a digit, if asked."""
    return sum(
        not segment.cut_left and (not high or decoder.is_high(segment, row)) for segment in row.segments
    )


def _is_texture(rows: tuple[Row, ...], choices: tuple[tuple[Choice, ...], ...]) -> bool:
    """Whether there are so many pieces of ink, and so few of them digits, that no row of them is worth a second reading."""
    pieces = sum(len(row.segments) for row in rows)
    return pieces > MOST_PIECES and _evidence(rows, choices) < SENSE * pieces


def _is_one_digit(rows: tuple[Row, ...], choices: tuple[tuple[Choice, ...], ...]) -> bool:
    """Whether the page is one piece of ink that surely is a digit, and too narrow for two: no second reading would tell more."""
    if len(rows) != 1 or len(rows[0].segments) != 1 or len(choices[0]) != 1:
        return False
    (segment,), (choice,) = rows[0].segments, choices[0]
    x0, y0, x1, y1 = segment.box
    return float(choice.digits.max()) >= SURE and x1 - x0 <= y1 - y0


def _text(choices: Iterable[tuple[Choice, ...]]) -> str:
    """The digits of all rows, one row after the other."""
    return "".join(DIGITS[int(choice.digits.argmax())] for chosen in choices for choice in chosen)


def _glyphs(rows: Iterable[Row]) -> tuple[NDArray[np.uint8], ...]:
    """What the classifier sees of each row's candidates."""
    return tuple(glyph.normalize_all([candidate.ink for candidate in row.candidates]) for row in rows)


def _grown(glyphs: Iterable[NDArray[np.uint8]], rows: Iterable[Row]) -> tuple[NDArray[np.uint8], ...]:
    """The glyphs of rows that have further candidates at their end."""
    return tuple(
        np.concatenate([seen, glyph.normalize_all([one.ink for one in row.candidates[len(seen) :]])])
        for seen, row in zip(glyphs, rows, strict=True)
    )


def _enlarged(picture: Picture) -> Picture:
    """The picture, enlarged where it is so small that a printed line is no wider than a pixel."""
    longer = max(picture.pixels.shape[:2])
    if not TINY < longer < SMALL:
        return picture
    factor = min(MOST_ENLARGED, -(-SMALL // longer))
    pixels = cv2.resize(picture.pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
    return replace(picture, pixels=pixels)


def _better(one: Trace, other: Trace, *, at_least: float) -> Trace:
    """The other way of looking only if it makes much more sense."""
    return other if other.evidence >= max(at_least, MUCH_MORE * one.evidence) else one


def _size(plane: NDArray[np.float32]) -> tuple[int, int]:
    """Width and height."""
    return plane.shape[1], plane.shape[0]


@dataclass(frozen=True, slots=True)
class _Frame:
    """The way back from the working pixels, which may be turned, to the upright source picture."""

    picture: Picture
    turns: int

    def box(self, box: Box) -> Box:
        """The same box, in pixels of the source."""
        x0, y0, x1, y1 = box
        height, width = self.picture.pixels.shape[:2]
        if self.turns % 2:
            height, width = width, height
        for _ in range(self.turns):  # each undoes one quarter
            x0, y0, x1, y1 = height - y1, x0, height - y0, x1
            height, width = width, height
        scale_x, scale_y = self.picture.scale
        return (
            int(x0 * scale_x),
            int(y0 * scale_y),
            min(self.picture.width, int(np.ceil(x1 * scale_x))),
            min(self.picture.height, int(np.ceil(y1 * scale_y))),
        )


def _digit(candidate: Candidate, choice: Choice, frame: _Frame) -> Digit:
    order = np.argsort(-choice.digits)
    (label, probability), *others = ((DIGITS[i], float(choice.digits[i])) for i in order)
    return Digit(label, probability, frame.box(candidate.box), tuple(others[:3]))


@lru_cache(maxsize=1)
def default_reader() -> Reader:
    """A reader with the default model, loaded at the first call and kept."""
    return Reader()
