"""Scores a reader on whole pictures: a folder of labeled pictures."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, Literal

from inkread.errors import PictureError
from inkread.evaluation import metrics
from inkread.evaluation.figures import rounded
from inkread.evaluation.naive import naive_read
from inkread.results.outcome import no_formula
from inkread.system.files import csv_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from inkread.datasets.pictures import LabelledPicture
    from inkread.picture import Source
    from inkread.pipeline.classifier import Classifier
    from inkread.reader import Reader
    from inkread.system.files import AnyPath

Kind = Literal["single", "multi", "empty"]
"""The contents of a picture: one digit (and it is read as one), rows of digits, or nothing to read."""

KINDS: tuple[Kind, ...] = ("single", "multi", "empty")
ROW_SEPARATOR = "/"
SURE = 0.99
"""A digit with at least this probability should hardly ever be wrong."""
SLOWEST = 5
"""Number of slowest pictures in a report."""


@dataclass(frozen=True, slots=True)
class PictureResult:
    """The result of reading one labeled picture.

    Attributes:
        file: path relative to the folder.
        kind: ``"single"``, ``"multi"`` or ``"empty"``.
        expected: the label, rows joined by ``"/"``; ``""`` if there is nothing to read.
        got: the reading, in the same form.
        columns: the other columns of the label file.
        seconds: the time it took.
        probability: probability of the digit, if the picture was read as one and not rejected.
        score: probability that the picture shows one digit, 0..1, for single digits and empty pictures alike;
            ``None`` for others, or if not requested.
        as_digit: the result of reading an empty picture as one digit; ``None`` for others.
        error: why the picture could not be read; ``""`` if it could.
        probabilities: probability of each digit in the reading, row by row.
    """

    file: str
    kind: Kind
    expected: str
    got: str
    columns: dict[str, str]
    seconds: float = 0.0
    probability: float | None = None
    score: float | None = None
    as_digit: str | None = None
    error: str = ""
    probabilities: tuple[float, ...] = ()

    @property
    def correct(self) -> bool:
        """Whether every row is exactly as expected."""
        return not self.error and self.got == self.expected

    @property
    def digits_right(self) -> tuple[bool, ...]:
        """For each digit in the reading, row by row, whether it matches the label."""
        right = metrics.matched(self.expected, self.got)
        return tuple(each for each, name in zip(right, self.got, strict=True) if name != ROW_SEPARATOR)

    def to_dict(self) -> dict[str, Any]:
        """Returns a plain dict, ready for JSON."""
        shown = ("file", "kind", "expected", "got", "seconds", "probability", "score", "error")
        plain = rounded({name: getattr(self, name) for name in shown})
        return plain | {"seconds": round(self.seconds, 4), "error": self.error or None}


@dataclass(frozen=True, slots=True)
class Rate:
    """A number of successes out of a total."""

    correct: int
    total: int

    @classmethod
    def of(cls, outcomes: Iterable[bool]) -> Rate:
        """Returns the rate of true outcomes."""
        found = list(outcomes)
        return cls(sum(found), len(found))

    @property
    def share(self) -> float:
        """Share in 0..1; ``nan`` if the total is 0."""
        return self.correct / self.total if self.total else float("nan")

    def to_dict(self) -> dict[str, Any]:
        """Returns a plain dict; an undefined share is ``None``."""
        return rounded(asdict(self) | {"share": self.share})


@dataclass(frozen=True, slots=True)
class PictureReport:
    """Scores on a labeled folder, computed from the results of its pictures."""

    results: tuple[PictureResult, ...]

    @property
    def rates(self) -> dict[Kind, Rate]:
        """For each kind: single digits right, multi-digit pictures exact, empty pictures rejected."""
        return {kind: Rate.of(r.correct for r in self.results if r.kind == kind) for kind in KINDS}

    @property
    def character_error_rate(self) -> float:
        """Over all pictures with something to read; ``nan`` if there are none."""
        return metrics.character_error_rate((r.expected, r.got) for r in self.results if r.kind != "empty")

    @property
    def wrong(self) -> tuple[PictureResult, ...]:
        """The pictures that were misread, could not be read, or should have been rejected."""
        return tuple(result for result in self.results if not result.correct)

    @property
    def kept(self) -> Rate:
        """Single digits read as some digit, right or wrong, rather than rejected."""
        return Rate.of(bool(r.got) for r in self.results if r.kind == "single")

    @property
    def rejected(self) -> Rate:
        """Empty pictures rejected when read as one digit, in the same way as single digits."""
        return Rate.of(not r.as_digit for r in self.results if r.as_digit is not None)

    @property
    def auroc(self) -> float:
        """How well the single-digit score separates digits from empty pictures; ``nan`` without both."""
        scored = [(r.score, r.kind == "single") for r in self.results if r.score is not None]
        return metrics.auroc([score for score, _ in scored], [positive for _, positive in scored])

    @property
    def calibration_error(self) -> float:
        """Expected calibration error of the single digits not rejected, 0..1; ``nan`` without any."""
        return metrics.expected_calibration_error(*self._confidence())

    @property
    def calibration(self) -> tuple[metrics.CalibrationBin, ...]:
        """Accuracy of these digits by confidence."""
        return metrics.calibration_bins(*self._confidence())

    @property
    def digits(self) -> tuple[list[float], list[bool]]:
        """Probability of each digit read, in pictures of all kinds, and whether it is right.

        Empty without probabilities.
        """
        with_digits = [r for r in self.results if r.probabilities]
        read = [pair for r in with_digits for pair in zip(r.probabilities, r.digits_right, strict=True)]
        return [probability for probability, _ in read], [right for _, right in read]

    @property
    def sure(self) -> Rate:
        """Digits read with a probability of at least ``SURE``, and how many of them are right."""
        return Rate.of(right for p, right in zip(*self.digits, strict=True) if p >= SURE)

    def slowest(self, most: int = SLOWEST) -> tuple[PictureResult, ...]:
        """Returns the pictures that took the longest, slowest first."""
        return tuple(sorted(self.results, key=lambda result: -result.seconds)[:most])

    def _confidence(self) -> tuple[list[float], list[bool]]:
        read = [(r.probability, r.correct) for r in self.results if r.probability is not None]
        return [probability for probability, _ in read], [correct for _, correct in read]

    def by(self, column: str) -> dict[str, dict[Kind, Rate]]:
        """Returns the rates by value of a column, sorted; empty if the label file has no such column."""
        groups: dict[str, list[PictureResult]] = defaultdict(list)
        for result in self.results:
            if result.columns.get(column):
                groups[result.columns[column]].append(result)
        return {value: PictureReport(tuple(groups[value])).rates for value in sorted(groups)}

    def macro_average(self, column: str) -> dict[Kind, float]:
        """Returns the mean share over a column's values, so that large groups do not outweigh small ones."""
        groups = self.by(column).values()
        shares = {kind: [rates[kind].share for rates in groups if rates[kind].total] for kind in KINDS}
        return {kind: sum(found) / len(found) for kind, found in shares.items() if found}

    def to_dict(self) -> dict[str, Any]:
        """Returns a plain dict with the rates, the groups, and the wrong pictures, ready for JSON."""
        plain: dict[str, Any] = {
            "count": len(self.results),
            "errors": sum(bool(result.error) for result in self.results),
            **{kind: rate.to_dict() for kind, rate in self.rates.items()},
            "character_error_rate": self.character_error_rate,
            "kept": self.kept.to_dict(),
            "refused_as_digit": self.rejected.to_dict(),
            "auroc": self.auroc,
            "calibration_error": self.calibration_error,
            "calibration": [b.to_dict() for b in self.calibration if b.count],
            "by_subtype": self._groups("subtype"),
            "by_source": self._groups("source"),
            "macro_by_source": rounded(self.macro_average("source")),
            "slowest": [{"file": r.file, "seconds": round(r.seconds, 4)} for r in self.slowest()],
            "wrong": [result.to_dict() for result in self.wrong],
        }
        return rounded(plain)

    def to_csv(self) -> str:
        """Returns CSV with the columns ``file, label, reading, probabilities, error``, in folder order.

        Rows of digits are joined by "/"; ``probabilities`` has one per digit of the reading, separated by
        spaces.
        """
        rows = (
            {
                "file": no_formula(result.file),
                "label": result.expected,
                "reading": result.got,
                "probabilities": " ".join(f"{share:.6f}" for share in result.probabilities),
                "error": result.error,
            }
            for result in self.results
        )
        return csv_of(("file", "label", "reading", "probabilities", "error"), rows)

    def _groups(self, column: str) -> dict[str, Any]:
        return {
            value: {kind: rate.to_dict() for kind, rate in rates.items() if rate.total}
            for value, rates in self.by(column).items()
        }


def evaluate_pictures(
    pictures: Iterable[LabelledPicture],
    reader: Reader,
    *,
    folder: AnyPath = "",
    on_picture: Callable[[], object] = lambda: None,
) -> PictureReport:
    """Reads labeled pictures; an unreadable one counts as wrong and does not stop the rest.

    Empty pictures are read as pages, and again as one digit, so that they get the same score as single
    digits. The results name files relative to ``folder``; ``on_picture`` is called after each picture.
    """
    return _evaluate(pictures, partial(_read, reader), Path(folder), on_picture)


def evaluate_naively(
    pictures: Iterable[LabelledPicture],
    classifier: Classifier,
    *,
    folder: AnyPath = "",
    on_picture: Callable[[], object] = lambda: None,
) -> PictureReport:
    """Scores the naive recipe of ``inkread.evaluation.naive`` instead of a reader; it has no scores."""
    return _evaluate(pictures, partial(_read_naively, classifier), Path(folder), on_picture)


def kind_of(picture: LabelledPicture) -> Kind:
    """Returns the contents of a picture, from its label and its ``category`` column.

    Without the column, a label of one character is a single digit.
    """
    if not picture.label:
        return "empty"
    category = picture.columns.get("category")
    is_single = category == "single" if category else len(picture.label) == 1
    return "single" if is_single else "multi"


def _read(reader: Reader, source: Source, result: PictureResult) -> PictureResult:
    start = perf_counter()
    trace = reader.trace(source, single=result.kind == "single")
    seconds = perf_counter() - start
    digits = trace.reading.digits
    result = replace(
        result,
        got=trace.reading.text.replace("\n", ROW_SEPARATOR),
        seconds=seconds,
        probabilities=tuple(digit.probability for digit in digits),
    )
    if result.kind == "single":
        probability = digits[0].probability if digits else None
        return replace(result, probability=probability, score=trace.digit_score)
    if result.kind == "empty":
        alone = reader.trace(source, single=True)
        return replace(result, score=alone.digit_score, as_digit=alone.reading.text)
    return result


def _read_naively(classifier: Classifier, source: Source, result: PictureResult) -> PictureResult:
    start = perf_counter()
    got = naive_read(source, classifier)
    return replace(result, got=got, seconds=perf_counter() - start)


def _evaluate(
    pictures: Iterable[LabelledPicture],
    read: Callable[[Source, PictureResult], PictureResult],
    folder: Path,
    on_picture: Callable[[], object],
) -> PictureReport:
    results = []
    for picture in pictures:
        path = picture.path
        file = (path.relative_to(folder) if path.is_relative_to(folder) else path).as_posix()
        result = PictureResult(file, kind_of(picture), picture.label, "", picture.columns)
        try:
            result = read(picture.source, result)
        except PictureError as error:
            result = replace(result, error=f"{error.problem}; {error.remedy}")
        results.append(result)
        on_picture()
    return PictureReport(tuple(results))
