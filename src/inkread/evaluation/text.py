"""Scores readings of text: character and word error rates, and which characters are confused."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from inkread.datasets.pictures import ROWS
from inkread.errors import PictureError
from inkread.evaluation.metrics import edit_distance, edits
from inkread.results.outcome import as_text, no_formula
from inkread.system.files import csv_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from inkread.datasets.pictures import LabelledPicture
    from inkread.pipeline.source_reader import SourceReader

MOST_CONFUSIONS = 20


@dataclass(frozen=True, slots=True)
class ReadText:
    """A picture's label and what was read; ``error`` if it could not be."""

    file: str
    label: str
    text: str
    error: str = ""

    @property
    def correct(self) -> bool:
        """Whether it was read exactly."""
        return not self.error and self.text == self.label


@dataclass(frozen=True, slots=True)
class TextReport:
    """How well a reader reads labelled pictures of text.

    Attributes:
        pictures: each picture, in order.
        character_error_rate: edits per character of the labels; lines are joined by spaces.
        word_error_rate: edits of whole words per word of the labels.
        right: share of pictures read exactly.
        right_folded: the same, but case does not count.
        confusions: the most frequent (expected, read, times); ``""`` for a missing or additional character.
    """

    pictures: tuple[ReadText, ...]
    character_error_rate: float
    word_error_rate: float
    right: float
    right_folded: float
    confusions: tuple[tuple[str, str, int], ...]

    def figures(self) -> list[tuple[str, str]]:
        """Returns the scores with their names, as text."""
        return [
            ("Pictures", f"{len(self.pictures):,}"),
            ("Character error rate", f"{self.character_error_rate:.2%}"),
            ("Word error rate", f"{self.word_error_rate:.2%}"),
            ("Exactly right", f"{self.right:.2%}"),
            ("Exactly right, case folded", f"{self.right_folded:.2%}"),
        ]

    def to_csv(self) -> str:
        """Returns CSV with the columns ``file, label, reading, error``, one row per picture, in order."""
        rows = (
            {
                "file": no_formula(each.file),
                "label": as_text(each.label),
                "reading": as_text(each.text),
                "error": each.error,
            }
            for each in self.pictures
        )
        return csv_of(("file", "label", "reading", "error"), rows)

    def to_dict(self) -> dict[str, Any]:
        """Returns a plain dict, ready for JSON."""
        return {
            "count": len(self.pictures),
            "unreadable": sum(bool(picture.error) for picture in self.pictures),
            "character_error_rate": round(self.character_error_rate, 6),
            "word_error_rate": round(self.word_error_rate, 6),
            "right": round(self.right, 6),
            "right_case_folded": round(self.right_folded, 6),
            "confusions": [
                {"expected": expected, "read": read, "count": count}
                for expected, read, count in self.confusions
            ],
            "wrong": [
                asdict(each) | {"error": each.error or None} for each in self.pictures if not each.correct
            ],
        }


def evaluate_text(
    pictures: Sequence[LabelledPicture],
    reader: SourceReader[Any],
    *,
    on_picture: Callable[[], object] = lambda: None,
) -> TextReport:
    """Reads labelled pictures of text and scores the readings; an unreadable picture counts as empty."""
    read = []
    for picture in pictures:
        label, text, error = " ".join(picture.label.replace(ROWS, " ").split()), "", ""
        try:
            text = " ".join(reader.read(picture.source).text.split())
        except PictureError as problem:
            error = str(problem)
        read.append(ReadText(picture.path.name, label, text, error))
        on_picture()
    return _report_of(read)


def _report_of(read: Sequence[ReadText]) -> TextReport:
    confusions: Counter[tuple[str, str]] = Counter()
    characters = words = character_edits = word_edits = 0
    for each in read:
        pairs = [pair for pair in edits(each.label, each.text) if pair[0] != pair[1]]
        confusions.update(pairs)
        character_edits += len(pairs)
        word_edits += edit_distance(each.label.split(), each.text.split())
        characters += len(each.label)
        words += len(each.label.split())
    count = max(1, len(read))
    return TextReport(
        tuple(read),
        character_edits / max(1, characters),
        word_edits / max(1, words),
        sum(each.text == each.label for each in read) / count,
        sum(each.text.casefold() == each.label.casefold() for each in read) / count,
        tuple((*pair, times) for pair, times in confusions.most_common(MOST_CONFUSIONS)),
    )


def named(character: str) -> str:
    """Returns a character of a confusion as something that can be seen."""
    return {"": "nothing", " ": "space"}.get(character, character)
