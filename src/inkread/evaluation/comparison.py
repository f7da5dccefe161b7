"""Compares classifiers on the same glyphs: scores, costs, significance, and disagreements.

Each model chooses one of the ten digits, or of the same classes of their own, for every glyph; rejections are
ignored.
"""

from __future__ import annotations

import os
import platform
from dataclasses import astuple, dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from inkread.errors import OptionError
from inkread.evaluation import cost
from inkread.evaluation.figures import rounded
from inkread.evaluation.metrics import expected_calibration_error
from inkread.evaluation.significance import holm, mcnemar, wilson_interval
from inkread.pipeline.classifier import DIGITS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from inkread.datasets.glyphs import LabelledGlyphs
    from inkread.evaluation.cost import Graph, Timing
    from inkread.evaluation.systems import System

STEPS = 2
"""Number of steps that ``compare`` reports besides each system's results: latency and cold start."""


LEGEND = (
    "Accuracy: which of the classes it is, with Wilson's 95 % interval; "
    "ECE: expected calibration error, 15 bins; "
    "operations: multiplications for one digit"
)


@dataclass(frozen=True, slots=True)
class Score:
    """How many glyphs of a collection a classifier gets right, and its calibration error, 15 bins, 0..1."""

    right: int
    total: int
    calibration_error: float

    @property
    def accuracy(self) -> float:
        """Accuracy in 0..1."""
        return self.right / self.total

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval of the accuracy."""
        return wilson_interval(self.right, self.total)

    def to_dict(self) -> dict[str, Any]:
        """Returns a plain dict, ready for JSON."""
        counts = {"right": self.right, "total": self.total, "accuracy": self.accuracy}
        ends = dict(zip(("low", "high"), self.interval, strict=True))
        return rounded(counts | ends | {"calibration_error": self.calibration_error})


@dataclass(frozen=True, slots=True)
class Entry:
    """One system's row: ``note`` describes its conventions, and ``timing`` is ``None`` if not requested."""

    name: str
    note: str
    graph: Graph
    timing: Timing | None
    scores: dict[str, Score]

    def to_dict(self) -> dict[str, Any]:
        """Returns a plain dict, ready for JSON; times are in milliseconds."""
        seconds = astuple(self.timing) if self.timing else (None,) * 3
        single, batch, cold_start = (value and round(1e3 * value, 6) for value in seconds)
        return {
            "model": self.name,
            "note": self.note,
            "parameters": self.graph.parameters,
            "size": self.graph.size,
            "operations": self.graph.operations,
            "latency_ms": single,
            "batch_latency_ms": batch,
            "cold_start_ms": cold_start,
            "scores": {name: score.to_dict() for name, score in self.scores.items()},
        }


@dataclass(frozen=True, slots=True)
class Pair:
    """Two systems on one collection.

    Attributes:
        collection, one, other: the names of all three.
        only_one, only_other: glyphs that only the first, or only the second, gets right.
        differing: glyphs on which their results differ, including those that both get wrong.
        p: p-value of McNemar's exact test.
        adjusted: the p-value after Holm's correction for all pairs on this collection.
    """

    collection: str
    one: str
    other: str
    only_one: int
    only_other: int
    differing: int
    p: float
    adjusted: float

    def to_dict(self) -> dict[str, Any]:
        """Returns a plain dict, ready for JSON."""
        return {
            "collection": self.collection,
            "models": [self.one, self.other],
            "only_right": [self.only_one, self.only_other],
            "differing": self.differing,
            "p": self.p,
            "p_holm": self.adjusted,
        }


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A glyph on which the systems disagree.

    Attributes:
        collection, index: where the glyph is.
        label: the true class.
        glyph: 28×28 uint8, bright ink.
        answers, probabilities: each system's class, and its probability.
        classes: the names of the classes.
    """

    collection: str
    index: int
    label: int
    glyph: NDArray[np.uint8] = field(repr=False, compare=False)
    answers: tuple[int, ...]
    probabilities: tuple[float, ...]
    classes: tuple[str, ...] = DIGITS

    @property
    def conflict(self) -> float:
        """The highest probability that both systems of a disagreeing pair reach, 0..1."""
        given = zip(self.answers, self.probabilities, strict=True)
        return max(min(p, q) for (a, p), (b, q) in combinations(given, 2) if a != b)

    def to_dict(self) -> dict[str, Any]:
        """Returns a plain dict, ready for JSON, without the glyph."""
        return {
            "collection": self.collection,
            "index": self.index,
            "label": self.classes[self.label],
            "answers": [self.classes[answer] for answer in self.answers],
            "probabilities": [round(p, 6) for p in self.probabilities],
        }


@dataclass(frozen=True, slots=True)
class Comparison:
    """The whole comparison.

    Attributes:
        entries: one per system, in the given order.
        pairs: every pair of systems, on every collection.
        disagreements: on every collection, the most confident contradictions first.
        notes: background for reading the comparison.
    """

    entries: tuple[Entry, ...]
    pairs: tuple[Pair, ...]
    disagreements: tuple[Disagreement, ...]
    notes: tuple[str, ...] = ()

    @property
    def collections(self) -> tuple[str, ...]:
        """The names of the collections."""
        return tuple(self.entries[0].scores)

    def to_dict(self) -> dict[str, Any]:
        """Returns a plain dict, ready for JSON."""
        return {
            "models": [entry.to_dict() for entry in self.entries],
            "pairs": [pair.to_dict() for pair in self.pairs],
            "disagreements": [one.to_dict() for one in self.disagreements],
            "notes": list(self.notes),
        }


def compare(
    systems: Sequence[System],
    collections: Sequence[LabelledGlyphs],
    *,
    timed: bool = True,
    notes: Sequence[str] = (),
    on_step: Callable[[], object] = lambda: None,
) -> Comparison:
    """Compares classifiers on the same glyphs.

    Args:
        systems: at least two, with distinct names.
        collections: at least one set of labeled digits, with distinct names; none may be empty.
        timed: also measure latency and cold start, which takes about 20 seconds.
        notes: notes on the collections, kept with the result.
        on_step: called when a system has finished, and after each of ``STEPS`` measurements.

    Raises:
        OptionError: there are fewer than two systems, or they or the collections have different classes.
        ModelFormatError: a system's graph cannot be examined, or the system cannot be run.
    """
    if len(systems) < 2:
        remedy = 'pass two, such as "bundled" and the folder of a run'
        raise OptionError("models", "are fewer than two", remedy)
    _require_same_classes(systems, collections)
    graphs = [cost.examine(c.content, c.layout, c.name) for c in systems]
    answers = []
    for system in systems:
        answers.append([system.probabilities(glyphs.images) for glyphs in collections])
        on_step()
    timings = _timings(systems, collections[0].images, on_step) if timed else [None] * len(systems)
    entries = []
    for system, graph, timing, given in zip(systems, graphs, timings, answers, strict=True):
        paired = zip(collections, given, strict=True)
        scores = {each.name: _score(results, each.labels) for each, results in paired}
        entries.append(Entry(system.name, system.note, graph, timing, scores))
    names = [system.name for system in systems]
    pairs, disagreements = [], []
    for glyphs, shares in zip(collections, zip(*answers, strict=True), strict=True):
        pairs += _pairs(names, glyphs, shares)
        disagreements += _disagreements(glyphs, shares)
    machine = (_machine(),) if timed else ()
    return Comparison(tuple(entries), tuple(pairs), tuple(disagreements), (*notes, LEGEND, *machine))


def _require_same_classes(systems: Sequence[System], collections: Sequence[LabelledGlyphs]) -> None:
    first = systems[0]
    others = [(each.name, each.classes) for each in systems[1:]]
    others += [(each.name, each.classes[: each.none_class]) for each in collections]
    for name, classes in others:
        if classes != first.classes:
            theirs, known = (", ".join(each[:3]) for each in (classes, first.classes))
            problem = f"has the classes {theirs}, …, but {first.name} has {known}, …"
            raise OptionError(name, problem, "compare models of the same classes")


def _timings(
    systems: Sequence[System], glyphs: NDArray[np.uint8], on_step: Callable[[], object]
) -> list[Timing]:
    readers = [system.probabilities for system in systems]
    batch = np.resize(glyphs, (cost.BATCH, *glyphs.shape[1:]))  # repeated if there are fewer
    single = cost.measure_latency(readers, batch[:1])
    together = [seconds / cost.BATCH for seconds in cost.measure_latency(readers, batch)]
    on_step()
    cold = cost.measure_cold_starts([system.identity for system in systems])
    on_step()
    return [cost.Timing(*seconds) for seconds in zip(single, together, cold, strict=True)]


def _score(shares: NDArray[np.float32], labels: NDArray[np.uint8]) -> Score:
    right = shares.argmax(axis=1) == labels
    return Score(int(right.sum()), len(labels), expected_calibration_error(shares.max(axis=1), right))


def _pairs(names: Sequence[str], glyphs: LabelledGlyphs, given: Sequence[NDArray[np.float32]]) -> list[Pair]:
    digits = [shares.argmax(axis=1) for shares in given]
    counted = []
    for (one, a), (other, b) in combinations(zip(names, digits, strict=True), 2):
        only_one = int(((a == glyphs.labels) & (b != glyphs.labels)).sum())
        only_other = int(((b == glyphs.labels) & (a != glyphs.labels)).sum())
        counted.append((one, other, only_one, only_other, int((a != b).sum()), mcnemar(only_one, only_other)))
    adjusted = holm([p for *_, p in counted])
    return [
        Pair(glyphs.name, *counts, adjusted=value) for counts, value in zip(counted, adjusted, strict=True)
    ]


def _disagreements(glyphs: LabelledGlyphs, given: Sequence[NDArray[np.float32]]) -> list[Disagreement]:
    digits = np.stack([shares.argmax(axis=1) for shares in given], axis=1)
    confidence = np.stack([shares.max(axis=1) for shares in given], axis=1)
    found = [
        Disagreement(
            glyphs.name,
            int(index),
            int(glyphs.labels[index]),
            glyphs.images[index],
            tuple(digits[index].tolist()),
            tuple(confidence[index].tolist()),
            glyphs.classes,
        )
        for index in np.flatnonzero((digits != digits[:, :1]).any(axis=1))
    ]
    return sorted(found, key=lambda one: -one.conflict)


def _machine() -> str:
    count = os.cpu_count() or 1
    processors = f"{count} {'processor' if count == 1 else 'processors'}"
    return (
        f"Latency and cold start: medians on this machine ({platform.machine()}, {processors}), the models "
        f"taking turns; in batches: each of {cost.BATCH}; "
        "a cold start is a fresh process that imports, loads, and reads one glyph"
    )
