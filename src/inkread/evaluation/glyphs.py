"""Scores a classifier on glyphs that are already cropped to 28×28, such as MNIST's test set."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from inkread.errors import DatasetFormatError
from inkread.evaluation import metrics
from inkread.evaluation.figures import rounded
from inkread.system.files import csv_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inkread.datasets.glyphs import LabelledGlyphs
    from inkread.evaluation.metrics import ClassScores
    from inkread.pipeline.classifier import Classifier

NO_DIGIT = "none"
"""The heading for the probability of "not a digit", which is empty as a label or reading."""

LEAST = 1e-9
"""Minimum probability in the loss, which would be infinite for a model that rules out a right answer."""


@dataclass(frozen=True, slots=True)
class GlyphReport:
    """Scores on labeled glyphs.

    Attributes:
        count: number of glyphs.
        accuracy: share of the digits whose most probable digit of the ten is right, 0..1, as MNIST accuracy
            is usually defined; for other classes, share of the glyphs whose most probable class is right.
        accuracy_with_rejections: share of all glyphs whose most probable class is right, 0..1: here, calling
            a digit "not a digit" is an error, and so is the reverse.
        rejected: share of glyphs called "not a digit", 0..1.
        loss: mean cross-entropy of the calibrated probabilities, nats; probabilities are clipped to at least
            ``LEAST``.
        calibration_error: expected calibration error over 15 bins, 0..1.
        labels: the classes, in the order of the matrix; ``""`` is "not a digit".
        classes: scores of every class that occurs, expected or predicted.
        confusion: ``confusion[i][j]`` glyphs of class i were read as class j.
        truth: N class numbers.
        probabilities: N×classes, the classifier's output.
    """

    count: int
    accuracy: float
    accuracy_with_rejections: float
    rejected: float
    loss: float
    calibration_error: float
    labels: tuple[str, ...]
    classes: tuple[ClassScores, ...]
    confusion: tuple[tuple[int, ...], ...]
    truth: NDArray[np.int64] = field(repr=False, compare=False)
    probabilities: NDArray[np.float32] = field(repr=False, compare=False)

    @property
    def errors(self) -> int:
        """Number of misread glyphs, including rejections."""
        return self.count - sum(row[i] for i, row in enumerate(self.confusion))

    def to_dict(self) -> dict[str, Any]:
        """Returns a plain dict of the scores, ready for JSON."""
        plain = {
            "count": self.count,
            "errors": self.errors,
            "accuracy": self.accuracy,
            "accuracy_with_refusals": self.accuracy_with_rejections,
            "refused": self.rejected,
            "loss": self.loss,
            "calibration_error": self.calibration_error,
            "labels": list(self.labels),
            "classes": [scores.to_dict() for scores in self.classes],
            "confusion": [list(row) for row in self.confusion],
        }
        return rounded(plain)

    def to_csv(self) -> str:
        """Returns CSV with the columns ``index, label, reading`` and one probability per class."""
        shown = [name or NO_DIGIT for name in self.labels]
        rows = (
            {"index": index, "label": self.labels[label], "reading": self.labels[shares.argmax()]}
            | {name: f"{share:.6f}" for name, share in zip(shown, shares, strict=True)}
            for index, (label, shares) in enumerate(zip(self.truth, self.probabilities, strict=True))
        )
        return csv_of(("index", "label", "reading", *shown), rows)


def evaluate_glyphs(classifier: Classifier, glyphs: LabelledGlyphs) -> GlyphReport:
    """Scores a classifier on labeled glyphs.

    Raises:
        DatasetFormatError: there are no glyphs, or the classifier has other classes.
    """
    if not len(glyphs):
        raise DatasetFormatError(glyphs.name, "has no glyphs", "use data that has some")
    if glyphs.classes != classifier.classes:
        theirs, known = (", ".join(classes[:3]) for classes in (glyphs.classes, classifier.classes))
        problem = f"has the classes {theirs}, …, but the model has {known}, …"
        remedy = "evaluate a model on data with the classes it was trained on"
        raise DatasetFormatError(glyphs.name, problem, remedy)
    truth, none = glyphs.labels.astype(np.int64), glyphs.none_class
    probabilities = classifier.probabilities(glyphs.images)
    predicted = probabilities.argmax(axis=1)
    matrix = metrics.confusion_matrix(truth, predicted, classes=len(glyphs.classes))
    occurring = np.flatnonzero(matrix.sum(axis=0) + matrix.sum(axis=1))
    scores = metrics.per_class(matrix, glyphs.classes)
    named = truth < none
    return GlyphReport(
        count=len(truth),
        accuracy=metrics.accuracy(truth[named], probabilities[named, :none].argmax(axis=1)),
        accuracy_with_rejections=metrics.accuracy(truth, predicted),
        rejected=float((predicted == none).mean()),
        loss=float(np.log(1 / np.maximum(probabilities[np.arange(len(truth)), truth], LEAST)).mean()),
        calibration_error=metrics.expected_calibration_error(probabilities.max(axis=1), truth == predicted),
        labels=glyphs.classes,
        classes=tuple(scores[i] for i in occurring),
        confusion=tuple(tuple(row) for row in matrix.tolist()),
        truth=truth,
        probabilities=probabilities,
    )
