"""From the probabilities of a line's columns to its text (Graves et al. 2006, section 3.2)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from inkread.models.card import TEXT_CLASSES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

BLANK = len(TEXT_CLASSES) - 1
SPACE = TEXT_CLASSES.index(" ")
NOT_SPACE = np.arange(len(TEXT_CLASSES)) != SPACE
ALTERNATIVES = 3
"""Alternatives of each character."""


@dataclass(frozen=True, slots=True)
class Character:
    """A character of a line.

    Attributes:
        label: the character.
        probability: in 0..1.
        start: the column at which it begins.
        end: the column after its last.
        alternatives: other characters with their probabilities, most probable first.
    """

    label: str
    probability: float
    start: float
    end: float
    alternatives: tuple[tuple[str, float], ...]


def greedy(best: Sequence[int]) -> str:
    """Returns the text of the best class of each column: repeated characters once, without blanks."""
    return "".join(TEXT_CLASSES[label] for label, _ in groupby(int(each) for each in best) if label != BLANK)


def allowed(characters: str) -> NDArray[np.bool_]:
    """Returns which classes a line may have: these characters, spaces, and blanks."""
    return np.array([label in characters for label in TEXT_CLASSES[:-1]] + [True]) | (
        np.arange(len(TEXT_CLASSES)) == SPACE
    )


def restricted(columns: NDArray[np.float32], classes: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Gives all probability to some classes."""
    kept = np.where(classes, columns, 0)
    return np.asarray(kept / np.maximum(kept.sum(axis=1, keepdims=True), 1e-9), np.float32)


def characters_of(columns: NDArray[np.float32], path: NDArray[np.intp] | None = None) -> list[Character]:
    """Returns the characters of a path through the columns, spaces included.

    Args:
        columns: T×C, the probabilities of each column.
        path: the class of each column; by default the most probable one.
    """
    best = columns.argmax(axis=1) if path is None else path
    starts = np.flatnonzero(np.diff(best, prepend=-1))
    ends = np.append(starts[1:], len(best))
    shown = best[starts] != BLANK
    starts, ends = starts[shown], ends[shown]
    # Neighbors share the columns between them.
    middle = (starts[1:] + ends[:-1]) / 2
    width = float(np.median(ends - starts)) if len(starts) else 0.0
    left = np.maximum(np.append(starts[:1] - 2.0, middle), starts - 2 - width)
    right = np.minimum(np.append(middle, ends[-1:] + 2.0), ends + 2 + width)
    return [
        _character(columns[start:end], int(best[start]), x0, x1)
        for start, end, x0, x1 in zip(starts, ends, left.tolist(), right.tolist(), strict=True)
    ]


def _character(columns: NDArray[np.float32], label: int, start: float, end: float) -> Character:
    peak = columns[int(columns[:, label].argmax())]
    alternatives = tuple(
        (TEXT_CLASSES[other], float(peak[other]))
        for other in np.argsort(-peak)[: ALTERNATIVES + 3].tolist()
        if other not in (label, BLANK, SPACE) and peak[other] > 0
    )
    return Character(TEXT_CLASSES[label], float(peak[label]), start, end, alternatives[:ALTERNATIVES])


def words_of(characters: Sequence[Character]) -> list[list[Character]]:
    """Divides a line at its spaces."""
    parts = groupby(characters, key=lambda character: character.label == " ")
    return [list(word) for is_space, word in parts if not is_space]


def score(columns: NDArray[np.float32], text: str) -> float:
    """Returns the log probability of a text: the sum over all its paths through the columns.

    Args:
        columns: T×C, the probabilities of each column.
        text: characters of ``TEXT_CLASSES``.
    """
    labels, skip = _states(text)
    logs = _logs(columns)[:, labels]
    paths = _first(logs)
    for column in logs[1:]:
        one, two = _before(paths, skip)
        paths = np.logaddexp(np.logaddexp(paths, one), two) + column
    return float(np.logaddexp.reduce(paths[-2:]))


def alone(columns: NDArray[np.float32]) -> NDArray[np.float64]:
    """Returns the probability of each class that it is all that a line says: the sum over all its paths.

    Args:
        columns: T×C, the probabilities of each column.
    """
    before, within, after = np.ones(1), np.zeros(columns.shape[1]), np.zeros(columns.shape[1])
    for column in columns.astype(np.float64):
        after = (after + within) * column[BLANK]
        within = (within + before) * column
        before = before * column[BLANK]
    return within + after


def aligned(columns: NDArray[np.float32], text: str) -> NDArray[np.intp]:
    """Returns the class of each column on the most probable path of a text (Viterbi 1967).

    Args:
        columns: T×C, the probabilities of each column.
        text: characters of ``TEXT_CLASSES``, not more than there are columns for.
    """
    labels, skip = _states(text)
    logs = _logs(columns)[:, labels]
    jump = np.where(skip, 0.0, -np.inf)
    # Two states that no path comes from stand before the first.
    paths = np.full((len(logs), 2 + len(labels)), -np.inf)
    paths[:1, 2:4] = logs[:1, :2]
    for before, now, column in zip(paths[:-1], paths[1:], logs[1:], strict=True):
        now[2:] = np.maximum(np.maximum(before[2:], before[1:-1]), before[:-2] + jump) + column
    state = len(labels) - 1 - int(paths[-1, -1] < paths[-1, -2])
    path = np.empty(len(logs), np.intp)
    path[-1] = labels[state]
    for at in range(len(logs) - 2, -1, -1):
        two, one, same = paths[at, state : state + 3].tolist()
        two += jump[state]
        if same < max(one, two):
            state -= 1 if one >= two else 2
        path[at] = labels[state]
    return path


def _states(text: str) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Returns the classes of a text with blanks around them, and which states may follow the last but one."""
    labels = np.full(2 * len(text) + 1, BLANK)
    labels[1::2] = [TEXT_CLASSES.index(character) for character in text]
    skip = np.zeros(len(labels), bool)
    skip[2:] = (labels[2:] != BLANK) & (labels[2:] != labels[:-2])
    return labels, skip


def _logs(columns: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(np.log(np.maximum(columns, 1e-12)), np.float32)


def _first(logs: NDArray[np.float32]) -> NDArray[np.float64]:
    paths = np.full(logs.shape[1], -np.inf)
    paths[:2] = logs[0, :2]
    return paths


def _before(
    paths: NDArray[np.float64], skip: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Returns the log probabilities of the states one and two before each, if they may precede it."""
    padded = np.concatenate([[-np.inf, -np.inf], paths])
    return padded[1:-1], np.where(skip, padded[:-2], -np.inf)
