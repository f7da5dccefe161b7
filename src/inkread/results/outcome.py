"""What became of one picture: a reading, or the error that says why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inkread.results.reading import CSV_COLUMNS

if TYPE_CHECKING:
    from inkread.errors import PictureError
    from inkread.results.reading import Reading

ROW_SEPARATOR = "/"

STANDARD_INPUT = "-"

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What spreadsheets take for the beginning of a formula, also behind the blanks that they skip."""


def no_formula(name: str) -> str:
    """A file's name for a table: one that a spreadsheet would take for a formula begins with ``./``, and still names the file."""
    return f"./{name}" if name.startswith(FORMULA) and name != STANDARD_INPUT else name


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one picture: a reading or an error.

    Attributes:
        name: the picture as it was given, ``"-"`` for standard input.
        result: what was read, or why nothing could be.
    """

    name: str
    result: Reading | PictureError

    @property
    def reading(self) -> Reading | None:
        """The reading; ``None`` for a picture that could not be read."""
        return None if isinstance(self.result, Exception) else self.result

    @property
    def error(self) -> str | None:
        """What was wrong and what to do about it; ``None`` for a picture that was read."""
        return f"{self.result.problem}; {self.result.remedy}" if isinstance(self.result, Exception) else None

    def text(self, *, signs: bool = False) -> str:
        """The rows joined by newlines, with the signs if wanted; empty if there is no digit, or no reading."""
        if not self.reading:
            return ""
        return self.reading.written if signs else self.reading.text

    def joined(self, *, signs: bool = False) -> str:
        """The same joined by ``/``."""
        return self.text(signs=signs).replace("\n", ROW_SEPARATOR)

    @property
    def least_probability(self) -> float | None:
        """That of the least certain digit, 0..1; ``None`` where there is no digit, or no reading."""
        return (
            min((digit.probability for digit in self.reading.digits), default=None) if self.reading else None
        )

    def to_dict(self) -> dict[str, Any]:
        """The reading's plain dict; a picture that could not be read has the same keys, and ``error`` set."""
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
        """The reading's flat rows; one with nothing but source and error for a picture that could not be read."""
        source = no_formula(self.name)
        if self.reading:
            return [row | {"source": source} for row in self.reading.to_rows()]
        return [dict.fromkeys(CSV_COLUMNS, "") | {"source": source, "error": self.error}]
