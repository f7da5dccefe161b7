"""Results: a ``Reading`` holds ``Line``s, a ``Line`` holds ``Digit``s or ``Word``s; all are immutable.

A reading renders to text, exports to a plain dict, JSON or CSV rows, and draws itself on its picture.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

from inkread.errors import MissingExtraError, OptionError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray
    from PIL.Image import Image

Box = tuple[int, int, int, int]
"""``(x0, y0, x1, y1)`` in pixels of the upright source picture; x1 and y1 are exclusive."""

UNNAMED = "?"
"""The label of a digit whose probability is too low to name it."""

DIGIT_COLUMNS = ("source", "line", "position", "label", "probability", "x0", "y0", "x1", "y1", "error")
"""The keys of ``Reading.to_rows``, one row per digit; ``results.table`` has those of one row per picture."""


@dataclass(frozen=True, slots=True)
class Digit:
    """One digit, or with another alphabet one character, as read.

    Attributes:
        label: one of ``"0"`` to ``"9"``, with another alphabet a letter or sign; or ``"?"`` if none reaches
            the requested minimum probability.
        probability: calibrated probability in 0..1 that the label is right; for ``"?"``, that of the most
            probable one.
        box: its position, in pixels of the upright source picture.
        alternatives: other labels with their probabilities, most probable first; for ``"?"``, this includes
            the most probable digit.
    """

    label: str
    probability: float
    box: Box
    alternatives: tuple[tuple[str, float], ...] = ()

    def with_min_probability(self, min_probability: float) -> Self:
        """Returns this digit if it is at least this probable, else one labeled ``"?"``.

        The original label becomes the first alternative.
        """
        if self.label == UNNAMED or self.probability >= min_probability:
            return self
        return replace(self, label=UNNAMED, alternatives=((self.label, self.probability), *self.alternatives))

    def __str__(self) -> str:
        return self.label

    def __repr__(self) -> str:
        return f"Digit({self.label!r}, {self.probability:.3f}, box={self.box})"

    def to_dict(self) -> dict[str, Any]:
        """Returns the attributes as a plain dict, ready for JSON."""
        return {
            "label": self.label,
            "probability": round(self.probability, 6),
            "box": list(self.box),
            "alternatives": [
                {"label": label, "probability": round(probability, 6)}
                for label, probability in self.alternatives
            ],
        }


@dataclass(frozen=True, slots=True)
class Sign:
    """A sign between digits or next to them.

    Attributes:
        label: one of ``.``, ``,``, ``-``, ``/`` and ``:``.
        probability: in 0..1.
        box: its position, like a digit's.
    """

    label: str
    probability: float
    box: Box

    def __str__(self) -> str:
        return self.label

    def __repr__(self) -> str:
        return f"Sign({self.label!r}, {self.probability:.3f}, box={self.box})"

    def to_dict(self) -> dict[str, Any]:
        """Returns the attributes as a plain dict, ready for JSON."""
        return {"label": self.label, "probability": round(self.probability, 6), "box": list(self.box)}


class Word(Digit):
    """A word of a line of text; its label is its text, its probability that of the whole word."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"Word({self.label!r}, {self.probability:.3f}, box={self.box})"


@dataclass(frozen=True, slots=True)
class Line:
    """One row of digits or one line of text, from left to right.

    Attributes:
        digits: the digits; in a line of text, all characters except spaces.
        signs: points, commas, minus signs, slashes, and colons between the digits or next to them.
        words: the words of a line of text; none for digits.
    """

    digits: tuple[Digit, ...]
    signs: tuple[Sign, ...] = ()
    words: tuple[Word, ...] = ()

    @property
    def text(self) -> str:
        """The digits of the row, without signs; or the words, separated by spaces."""
        if self.words:
            return " ".join(word.label for word in self.words)
        return "".join(digit.label for digit in self.digits)

    @property
    def parts(self) -> tuple[Digit, ...]:
        """What is listed and drawn: the words of a line of text, or the digits."""
        return self.words or self.digits

    @property
    def written(self) -> str:
        """The row as written, digits and signs: ``"-3.14"``, ``"12/05"``; for words, their text.

        The digits show which way the row runs: on a turned page not from left to right.
        """
        if self.words:
            return self.text
        parts: list[Digit | Sign] = [*self.digits, *self.signs]
        across, down = _way(self.digits)

        def along(part: Digit | Sign) -> float:
            x0, y0, x1, y1 = part.box
            return across * (x0 + x1) + down * (y0 + y1)

        return "".join(part.label for part in sorted(parts, key=along))

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"Line({self.text!r})"

    def to_dict(self) -> dict[str, Any]:
        """Returns a plain dict with ``text``, ``written``, ``digits``, ``signs``, and ``words`` if any."""
        values: dict[str, Any] = {
            "text": self.text,
            "written": self.written,
            "digits": [digit.to_dict() for digit in self.digits],
            "signs": [sign.to_dict() for sign in self.signs],
        }
        return values | ({"words": [word.to_dict() for word in self.words]} if self.words else {})


def _way(digits: Sequence[Digit]) -> tuple[int, int]:
    """Returns the direction of a row, along an axis: to the right if it has fewer than two digits."""
    if len(digits) < 2:
        return 1, 0
    (x0, y0, x1, y1), (x2, y2, x3, y3) = digits[0].box, digits[-1].box
    across, down = x2 + x3 - x0 - x1, y2 + y3 - y0 - y1
    if abs(across) >= abs(down):
        return (1 if across >= 0 else -1), 0
    return 0, (1 if down >= 0 else -1)


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything read from one picture.

    Attributes:
        source: the path, or a description if the source has no path.
        width: width of the upright source picture in pixels.
        height: its height in pixels.
        lines: rows from top to bottom; empty if there are no digits.
    """

    source: str
    width: int
    height: int
    lines: tuple[Line, ...] = field(default=())

    @property
    def text(self) -> str:
        """The text of the lines, joined by newlines; ``""`` if there are none."""
        return "\n".join(line.text for line in self.lines)

    @property
    def written(self) -> str:
        """The text with signs, see ``Line.written``."""
        return "\n".join(line.written for line in self.lines)

    @property
    def digits(self) -> tuple[Digit, ...]:
        """All digits, row by row."""
        return tuple(digit for line in self.lines for digit in line.digits)

    def with_min_probability(self, min_probability: float) -> Reading:
        """Returns the same reading with ``"?"`` for every digit below this probability.

        Args:
            min_probability: in 0..1; at 0, every digit keeps its label.

        Raises:
            OptionError: the probability is outside 0..1.
        """
        require_probability(min_probability)
        lines = tuple(
            replace(
                line,
                digits=tuple(d.with_min_probability(min_probability) for d in line.digits),
                words=tuple(word.with_min_probability(min_probability) for word in line.words),
            )
            for line in self.lines
        )
        return replace(self, lines=lines)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        digits = self.digits
        doubt = f", least certain {min(d.probability for d in digits):.3f}" if digits else ""
        return f"Reading({self.text!r}, {len(digits)} digits{doubt}, source={self.source!r})"

    def to_dict(self) -> dict[str, Any]:
        """Returns a plain dict: source, width, height, text, written, lines, error.

        ``error`` is always ``None``, because a picture that failed has no reading.
        """
        return {
            "source": self.source,
            "width": self.width,
            "height": self.height,
            "text": self.text,
            "written": self.written,
            "lines": [line.to_dict() for line in self.lines],
            "error": None,
        }

    def to_json(self, *, indent: int | None = None) -> str:
        """Returns the plain dict as JSON, on one line unless ``indent`` is given."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=indent)

    def to_rows(self) -> list[dict[str, Any]]:
        """Returns one flat dict per digit or word, with the keys of ``DIGIT_COLUMNS``.

        Without any, there is one row without a label.
        """
        rows = [
            dict(
                zip(
                    DIGIT_COLUMNS,
                    (self.source, row, column, d.label, round(d.probability, 6), *d.box, ""),
                    strict=True,
                )
            )
            for row, line in enumerate(self.lines, start=1)
            for column, d in enumerate(line.parts, start=1)
        ]
        return rows or [dict.fromkeys(DIGIT_COLUMNS, "") | {"source": self.source}]

    def to_dataframe(self) -> pd.DataFrame:
        """Returns the rows of ``to_rows`` as a pandas DataFrame.

        Raises:
            MissingExtraError: pandas is not installed.
        """
        try:
            import pandas as pd
        except ModuleNotFoundError as error:
            raise MissingExtraError("pandas", "pandas") from error
        return pd.DataFrame(self.to_rows(), columns=list(DIGIT_COLUMNS))

    def draw(self, picture: Image | NDArray[np.uint8]) -> Image:
        """Draws a box, the label, and the probability for every digit or word.

        Args:
            picture: the upright picture as RGB, a PIL image or H×W×3 uint8, of any size; the boxes are scaled
                to it.

        Returns:
            A new RGB image of the picture's size, or an integer multiple of it if its digits are too small
            for legible labels; ``inkread.results.annotate.draw_reading`` has a parameter for the factor.
        """
        from inkread.results.annotate import draw_reading

        return draw_reading(self, picture)


def require_probability(value: float) -> None:
    """Raises an ``OptionError`` if a minimum probability is not a number in 0..1."""
    try:
        within = 0 <= value <= 1
    except (TypeError, ValueError):  # not a number; or an array, whose truth value is ambiguous
        within = False
    if not within:
        raise OptionError(f"minimum probability {value!r}", "is not a number in 0..1", "use one such as 0.9")
