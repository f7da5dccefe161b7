"""Metrics that need only NumPy: how often a classifier or reader is right, and how well calibrated it is."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from inkread.errors import OptionError
from inkread.evaluation.figures import rounded

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import ArrayLike, NDArray

CALIBRATION_BINS = 15
"""Number of equal-width confidence bins, as in Guo et al. 2017."""


@dataclass(frozen=True, slots=True)
class ClassScores:
    """Scores of one class, which has ``support`` examples; an undefined score is 0."""

    label: str
    support: int
    precision: float
    recall: float
    f1: float

    def to_dict(self) -> dict[str, Any]:
        """Returns a plain dict of the attributes, ready for JSON."""
        return rounded(asdict(self))


@dataclass(frozen=True, slots=True)
class CalibrationBin:
    """The predictions with a confidence in ``(low, high]``; the first bin includes 0.

    Their mean confidence, and their accuracy, are in 0..1; ``nan`` if there are none.
    """

    low: float
    high: float
    count: int
    confidence: float
    accuracy: float

    def to_dict(self) -> dict[str, Any]:
        """Returns a plain dict of the attributes, ready for JSON; undefined means are ``None``."""
        return rounded(asdict(self))


def accuracy(expected: ArrayLike, predicted: ArrayLike) -> float:
    """Returns the share of equal entries of N labels each, 0..1; ``nan`` if there are none.

    Raises:
        OptionError: the shapes differ.
    """
    truth, guess = _paired(expected, predicted)
    return float(np.mean(truth == guess)) if truth.size else float("nan")


def confusion_matrix(expected: ArrayLike, predicted: ArrayLike, *, classes: int) -> NDArray[np.int64]:
    """Counts every pair of N class indices each: ``matrix[i, j]`` examples of class i were read as class j.

    Returns:
        classes×classes int64, summing to N.

    Raises:
        OptionError: the shapes differ, or an index is out of range.
    """
    truth, guess = (np.asarray(side, dtype=np.int64) for side in _paired(expected, predicted))
    both = np.concatenate((truth, guess))
    if both.size and (both.min() < 0 or both.max() >= classes):
        raise OptionError("class index", f"is outside 0..{classes - 1}", "pass class indices, not labels")
    return np.bincount(truth * classes + guess, minlength=classes * classes).reshape(classes, classes)


def per_class(matrix: NDArray[np.int64], labels: Sequence[str]) -> tuple[ClassScores, ...]:
    """Computes precision, recall, and F1 of every class from the matrix of ``confusion_matrix``."""
    hits, support, claimed = np.diag(matrix), matrix.sum(axis=1), matrix.sum(axis=0)
    return tuple(
        ClassScores(label, int(n), precision=_ratio(tp, c), recall=_ratio(tp, n), f1=_ratio(2 * tp, n + c))
        for label, tp, n, c in zip(labels, hits, support, claimed, strict=True)
    )


def expected_calibration_error(
    confidence: ArrayLike, correct: ArrayLike, *, bins: int = CALIBRATION_BINS
) -> float:
    """Returns the mean gap between confidence and accuracy, weighted by bin size, 0..1; ``nan`` without data.

    ECE = Σ_b (n_b / N) · |acc(b) − conf(b)| over equal-width bins of the winning class's probability:
    Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, eq. 3. ``confidence`` has N of these
    probabilities, 0..1, and ``correct`` N booleans. Each bin holds its upper edge.

    Raises:
        OptionError: the shapes differ.
    """
    found = [b for b in calibration_bins(confidence, correct, bins=bins) if b.count]
    if not found:
        return float("nan")
    return sum(b.count * abs(b.accuracy - b.confidence) for b in found) / sum(b.count for b in found)


def calibration_bins(
    confidence: ArrayLike, correct: ArrayLike, *, bins: int = CALIBRATION_BINS
) -> tuple[CalibrationBin, ...]:
    """Computes a reliability diagram: accuracy against confidence, in equal-width bins of confidence.

    DeGroot and Fienberg, "The Comparison and Evaluation of Forecasters", 1983. The arguments and the error
    are those of ``expected_calibration_error``.

    Returns:
        All bins from 0 to 1, including empty ones.
    """
    given, right = _paired(confidence, correct)
    p, hit = given.astype(np.float64), right.astype(np.float64)
    index = np.clip(np.ceil(p * bins).astype(np.int64) - 1, 0, bins - 1)
    counts = np.bincount(index, minlength=bins)
    sums = (np.bincount(index, weights=values, minlength=bins) for values in (p, hit))
    means = (np.where(counts > 0, total / np.maximum(counts, 1), np.nan) for total in sums)
    return tuple(
        CalibrationBin(i / bins, (i + 1) / bins, int(n), float(mean), float(share))
        for i, (n, mean, share) in enumerate(zip(counts, *means, strict=True))
    )


def edit_distance(expected: Sequence[str], got: Sequence[str]) -> int:
    """Counts the fewest insertions, deletions, and substitutions between two texts, or lists of words."""
    return _distances(expected, got)[-1][-1]


def _distances(expected: Sequence[str], got: Sequence[str]) -> list[list[int]]:
    """Returns Levenshtein's (1966) distance of the first i elements from the first j, for all i and j."""
    distance = [[*range(len(got) + 1)]]
    for i, wanted in enumerate(expected, start=1):
        above, row = distance[-1], [i]
        for j, found in enumerate(got, start=1):
            row.append(min(above[j] + 1, row[-1] + 1, above[j - 1] + (wanted != found)))
        distance.append(row)
    return distance


def edits(expected: str, got: str) -> list[tuple[str, str]]:
    """Returns the pairs of characters of an alignment with the fewest edits; ``""`` if one is missing."""
    distance = _distances(expected, got)
    pairs, i, j = [], len(expected), len(got)
    while i or j:
        same = bool(i and j) and expected[i - 1] == got[j - 1]
        if i and j and distance[i][j] == distance[i - 1][j - 1] + (not same):
            i, j = i - 1, j - 1
            pairs.append((expected[i], got[j]))
        elif j and distance[i][j] == distance[i][j - 1] + 1:
            j -= 1
            pairs.append(("", got[j]))
        else:
            i -= 1
            pairs.append((expected[i], ""))
    return pairs[::-1]


def matched(expected: str, got: str) -> list[bool]:
    """Returns, for each character of ``got``, whether a minimal edit path matches it to ``expected``."""
    return [wanted == found for wanted, found in edits(expected, got) if found]


def character_error_rate(pairs: Iterable[tuple[str, str]]) -> float:
    """Returns edits per expected character, summed over all pairs; ``nan`` if no character is expected.

    CER = Σ (S + D + I) / Σ N. It exceeds 1 if there are more edits than expected characters. The pairs are
    (expected, got) texts, whose rows are joined by a separator, which counts as a character.
    """
    edits = wanted = 0
    for expected, got in pairs:
        edits += edit_distance(expected, got)
        wanted += len(expected)
    return edits / wanted if wanted else float("nan")


def auroc(scores: ArrayLike, positive: ArrayLike) -> float:
    """Returns the probability that a positive scores above a negative; ties count half.

    This is the Mann–Whitney statistic, equal to the area under the ROC curve (Hanley & McNeil 1982), for N
    scores and N booleans; ``nan`` if there are no positives or no negatives.

    Raises:
        OptionError: the shapes differ.
    """
    values, flags = _paired(scores, positive)
    is_positive = flags.astype(bool)
    p, n = int(is_positive.sum()), int((~is_positive).sum())
    if not p or not n:
        return float("nan")
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    mid_ranks = np.cumsum(counts) - (counts - 1) / 2
    rank_sum = float(mid_ranks[inverse][is_positive].sum())
    return (rank_sum - p * (p + 1) / 2) / (p * n)


def _paired(left: ArrayLike, right: ArrayLike) -> tuple[NDArray[Any], NDArray[Any]]:
    """Returns both as one-dimensional arrays of equal length."""
    a, b = np.asarray(left), np.asarray(right)
    if a.ndim != 1 or a.shape != b.shape:
        problem = "are not two lists of equal length"
        raise OptionError(f"arrays {a.shape} and {b.shape}", problem, "pass one entry per example")
    return a, b


def _ratio(part: np.int64, whole: np.int64) -> float:
    return float(part) / float(whole) if whole else 0.0
