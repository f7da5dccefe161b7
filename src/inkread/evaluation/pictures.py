"""How well whole pictures are read: a folder of labelled pictures against a reader."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from inkread.errors import PictureError
from inkread.evaluation.metrics import character_error_rate
from inkread.evaluation.naive import naive_read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from inkread.classifier import Classifier
    from inkread.datasets.pictures import LabelledPicture
    from inkread.reader import Reader

Kind = Literal["single", "multi", "empty"]
"""What a picture holds: one digit (and is read as such), rows of digits, or nothing to read."""

KINDS: tuple[Kind, ...] = ("single", "multi", "empty")
ROW_SEPARATOR = "/"


@dataclass(frozen=True, slots=True)
class PictureResult:
    """What was read from one labelled picture.

    Attributes:
        file: path relative to the folder.
        kind: ``"single"``, ``"multi"`` or ``"empty"``.
        expected: the label, rows joined by ``"/"``; ``""`` where there is nothing to read.
        got: what was read, in the same form.
        columns: the further columns of the label file.
        error: why the picture could not be read; ``""`` if it could.
    """

    file: str
    kind: Kind
    expected: str
    got: str
    columns: dict[str, str]
    error: str = ""

    @property
    def correct(self) -> bool:
        """Whether every row is exactly as expected."""
        return not self.error and self.got == self.expected

    def to_dict(self) -> dict[str, Any]:
        """A plain dict, ready for JSON."""
        return {
            "file": self.file,
            "kind": self.kind,
            "expected": self.expected,
            "got": self.got,
            "error": self.error or None,
        }


@dataclass(frozen=True, slots=True)
class Rate:
    """A count of successes out of a total."""

    correct: int
    total: int

    @property
    def share(self) -> float:
        """In 0..1; ``nan`` of nothing."""
        return self.correct / self.total if self.total else float("nan")

    def to_dict(self) -> dict[str, Any]:
        """A plain dict; the share of nothing is ``None``."""
        return {
            "correct": self.correct,
            "total": self.total,
            "share": round(self.share, 6) if self.total else None,
        }


@dataclass(frozen=True, slots=True)
class PictureReport:
    """Scores over a labelled folder, computed from the results of its pictures."""

    results: tuple[PictureResult, ...]

    @property
    def rates(self) -> dict[Kind, Rate]:
        """For every kind: single digits right, multi-digit pictures exact, empty pictures refused."""
        return {kind: _rate(r for r in self.results if r.kind == kind) for kind in KINDS}

    @property
    def character_error_rate(self) -> float:
        """Over all pictures with something to read; ``nan`` where there are none."""
        return character_error_rate((r.expected, r.got) for r in self.results if r.kind != "empty")

    @property
    def wrong(self) -> tuple[PictureResult, ...]:
        """The pictures that were misread, could not be read, or should have been refused."""
        return tuple(result for result in self.results if not result.correct)

    def by(self, column: str) -> dict[str, dict[Kind, Rate]]:
        """The rates of every value of a column, sorted; empty where the label file has no such column."""
        groups: dict[str, list[PictureResult]] = defaultdict(list)
        for result in self.results:
            if result.columns.get(column):
                groups[result.columns[column]].append(result)
        return {value: PictureReport(tuple(groups[value])).rates for value in sorted(groups)}

    def macro_average(self, column: str) -> dict[Kind, float]:
        """Mean of the shares over a column's values, so that a large group counts no more than a small one."""
        groups = self.by(column).values()
        shares = {kind: [rates[kind].share for rates in groups if rates[kind].total] for kind in KINDS}
        return {kind: sum(found) / len(found) for kind, found in shares.items() if found}

    def to_dict(self) -> dict[str, Any]:
        """A plain dict with the rates, the groups and the wrong pictures, ready for JSON."""
        cer = self.character_error_rate
        return {
            "count": len(self.results),
            "errors": sum(bool(result.error) for result in self.results),
            **{kind: rate.to_dict() for kind, rate in self.rates.items()},
            "character_error_rate": None if math.isnan(cer) else round(cer, 6),
            "by_subtype": {
                value: {kind: rate.to_dict() for kind, rate in rates.items() if rate.total}
                for value, rates in self.by("subtype").items()
            },
            "macro_by_source": {kind: round(v, 6) for kind, v in self.macro_average("source").items()},
            "wrong": [result.to_dict() for result in self.wrong],
        }


def evaluate_pictures(
    pictures: Iterable[LabelledPicture],
    reader: Reader,
    *,
    folder: Path = Path(),
    on_picture: Callable[[], None] | None = None,
) -> PictureReport:
    """Reads labelled pictures; one that cannot be read counts as wrong and stops nothing.

    Args:
        pictures: see ``inkread.datasets.pictures.load_labelled_folder``.
        reader: reads them.
        folder: the results name files relative to it.
        on_picture: called after each.
    """

    def read(path: Path, kind: Kind) -> str:
        if kind == "single":
            digit = reader.read_digit(path)
            return digit.label if digit else ""
        return reader.read(path).text.replace("\n", ROW_SEPARATOR)

    return _evaluate(pictures, read, folder, on_picture)


def evaluate_naively(
    pictures: Iterable[LabelledPicture],
    classifier: Classifier,
    *,
    folder: Path = Path(),
    on_picture: Callable[[], None] | None = None,
) -> PictureReport:
    """The same with the usual recipe of ``inkread.evaluation.naive`` instead of a reader."""
    return _evaluate(pictures, lambda path, _kind: naive_read(path, classifier), folder, on_picture)


def kind_of(picture: LabelledPicture) -> Kind:
    """What a picture holds, by its label and its ``category`` column.

    Without the column, a label of one character is a single digit.
    """
    if not picture.label:
        return "empty"
    category = picture.columns.get("category")
    is_single = category == "single" if category else len(picture.label) == 1
    return "single" if is_single else "multi"


def _evaluate(
    pictures: Iterable[LabelledPicture],
    read: Callable[[Path, Kind], str],
    folder: Path,
    on_picture: Callable[[], None] | None,
) -> PictureReport:
    results = []
    for picture in pictures:
        path, kind, got, problem = picture.path, kind_of(picture), "", ""
        try:
            got = read(path, kind)
        except PictureError as error:
            problem = f"{error.problem}; {error.remedy}"
        results.append(
            PictureResult(
                file=(path.relative_to(folder) if path.is_relative_to(folder) else path).as_posix(),
                kind=kind,
                expected=picture.label,
                got=got,
                columns=picture.columns,
                error=problem,
            )
        )
        if on_picture:
            on_picture()
    return PictureReport(tuple(results))


def _rate(results: Iterable[PictureResult]) -> Rate:
    outcomes = [result.correct for result in results]
    return Rate(sum(outcomes), len(outcomes))
