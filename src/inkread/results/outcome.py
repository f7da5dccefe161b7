"""The outcome for one picture: a reading, or the error that explains why there is none."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inkread.results.reading import DIGIT_COLUMNS

if TYPE_CHECKING:
    from inkread.errors import PictureError
    from inkread.results.reading import Reading

ROW_SEPARATOR = "/"

STANDARD_INPUT = "-"

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""Characters that spreadsheets read as the start of a formula, even after blanks that they skip."""


NUMBER = re.compile(r"[-+]?[\d.,:/% ]*")
"""Matches a number, which a spreadsheet may calculate with."""


def no_formula(name: str) -> str:
    """Makes a file name safe for a table.

    A name that a spreadsheet would read as a formula gets the prefix ``./``, and still names the same file.
    """
    return f"./{name}" if name.startswith(FORMULA) and name != STANDARD_INPUT else name


def as_text(read: str) -> str:
    """Makes what was read safe for a table: a formula gets an apostrophe; numbers stay as they are."""
    return f"'{read}" if read.startswith(FORMULA) and not NUMBER.fullmatch(read) else read


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome for one picture: a reading or an error.

    Attributes:
        name: the picture as the caller named it; ``"-"`` for standard input.
        result: the reading, or the error.
    """

    name: str
    result: Reading | PictureError

    @property
    def reading(self) -> Reading | None:
        """The reading; ``None`` if the picture could not be read."""
        return None if isinstance(self.result, Exception) else self.result

    @property
    def error(self) -> str | None:
        """The problem and its remedy; ``None`` if the picture was read."""
        return f"{self.result.problem}; {self.result.remedy}" if isinstance(self.result, Exception) else None

    def text(self, *, signs: bool = False) -> str:
        """Returns the rows joined by newlines, optionally with signs; empty without digits or a reading."""
        if not self.reading:
            return ""
        return self.reading.written if signs else self.reading.text

    def joined(self, *, signs: bool = False) -> str:
        """Returns the rows joined by ``/``."""
        return self.text(signs=signs).replace("\n", ROW_SEPARATOR)

    @property
    def least_probability(self) -> float | None:
        """The lowest probability of any digit or word, 0..1; ``None`` without any or without a reading."""
        lines = self.reading.lines if self.reading else ()
        return min((part.probability for line in lines for part in line.parts), default=None)

    def to_dict(self) -> dict[str, Any]:
        """Returns the reading as a plain dict; a picture that failed has the same keys, and ``error`` set."""
        if self.reading:
            return self.reading.to_dict() | {"source": self.name}
        return {
            "source": self.name,
            "width": None,
            "height": None,
            "text": "",
            "written": "",
            "lines": [],
            "error": self.error,
        }

    def to_rows(self) -> list[dict[str, Any]]:
        """Returns the reading as flat rows; a picture that failed has one row with only source and error."""
        source = no_formula(self.name)
        if self.reading:
            rows = self.reading.to_rows()
            return [row | {"source": source, "label": as_text(row["label"])} for row in rows]
        return [dict.fromkeys(DIGIT_COLUMNS, "") | {"source": source, "error": self.error}]
