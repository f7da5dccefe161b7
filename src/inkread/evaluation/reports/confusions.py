"""A confusion matrix within a page, as a table whose errors are links to their glyphs or pictures."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from inkread.evaluation.metrics import confusion_matrix
from inkread.evaluation.reports.page import data_uri

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from inkread.datasets.glyphs import LabelledGlyphs
    from inkread.evaluation.pictures import PictureResult

NO_DIGIT = "none"

LONGEST_NAME = 5
"""Longer class names are turned in the heading."""

PALEST, DARKEST = 0.08, 0.5
"""Opacity of the rarest and the most frequent cells; the page's text is legible on both, light or dark."""

MOST_IN_CELL = 12
"""Maximum number of glyphs per cell of the matrix: the most confident errors."""

MOST_GLYPHS = 1_500
"""Approximate maximum number of glyphs per page; a cell has at least one."""


def confusion_table(matrix: NDArray[np.integer], names: Sequence[str]) -> str:
    """Returns the confusion matrix as an HTML table; each error links to the ``anchor`` of its cell.

    Classes that do not occur are left out.
    """
    seen = np.flatnonzero(matrix.sum(axis=0) + matrix.sum(axis=1)).tolist()
    right = matrix.diagonal()
    largest = {True: max(right.max(initial=0), 1), False: max((matrix - np.diag(right)).max(initial=0), 1)}
    heading = "".join(f'<th scope="col"><span>{escape(names[i])}</span></th>' for i in seen)
    lines = [f"<tr><td></td>{heading}</tr>"]
    for row in seen:
        cells = "".join(
            _cell(row, column, int(matrix[row, column]), matrix[row, column] / largest[row == column], names)
            for column in seen
        )
        lines.append(f'<tr><th scope="row">{escape(names[row])}</th>{cells}</tr>')
    turned = " turned" if any(len(names[i]) > LONGEST_NAME for i in seen) else ""
    caption = "Rows are labels, columns are readings. Each error is a link to its pictures."
    return (
        f'<div class="scroll"><table class="confusion{turned}"><caption>{caption}</caption>'
        f"{''.join(lines)}</table></div>"
    )


def anchor(row: int, column: int) -> str:
    """Returns the id of the element with the pictures of a cell."""
    return f"confused-{row}-{column}"


def _cell(row: int, column: int, count: int, share: float, names: Sequence[str]) -> str:
    """Returns a cell; ``share`` is relative to the largest count of its kind."""
    if not count:
        return "<td></td>"
    style = f"--share:{PALEST + (DARKEST - PALEST) * share:.0%}"
    if row == column:
        return f'<td class="right" style="{style}">{count:,}</td>'
    label = escape(f"{count:,}: {names[row]} read as {names[column]}")
    link = f'<a href="#{anchor(row, column)}" aria-label="{label}">{count:,}</a>'
    return f'<td class="wrong" style="{style}">{link}</td>'


def misread(glyphs: LabelledGlyphs, probabilities: NDArray[np.floating]) -> str:
    """Returns the confusion matrix of N glyphs read with probabilities N×classes, and the misread glyphs."""
    predicted = probabilities.argmax(axis=1)
    names = [name or NO_DIGIT for name in glyphs.classes]
    matrix = confusion_matrix(glyphs.labels, predicted, classes=len(names))
    errors = matrix - np.diag(matrix.diagonal())
    cells = sorted(map(tuple, np.argwhere(errors).tolist()), key=lambda cell: -errors[cell])
    if not cells:
        return f"{confusion_table(matrix, names)}<p>All {len(glyphs):,} glyphs are read right.</p>"
    most = max(1, min(MOST_IN_CELL, MOST_GLYPHS // len(cells)))
    groups = []
    for row, column in cells:
        found = np.flatnonzero((glyphs.labels == row) & (predicted == column))
        ranked = found[np.argsort(-probabilities[found, column], kind="stable")]
        title = f"{escape(names[row])} read as {escape(names[column])} <small>{len(found):,}</small>"
        shown = _pictures(glyphs.images[ranked[:most]], probabilities[ranked[:most], column], names[row])
        more = f"<p>and {len(found) - most:,} more</p>" if len(found) > most else ""
        groups.append(f'<div id="{anchor(row, column)}" tabindex="-1"><h3>{title}</h3>{shown}{more}</div>')
    return (
        f"{confusion_table(matrix, names)}<h3>Misread glyphs</h3>"
        "<p>The most frequent errors first, each with the confidence of its reading.</p>"
        '<div class="confused" tabindex="0" role="region" aria-label="Misread glyphs">'
        f"{''.join(groups)}</div>"
    )


def _pictures(images: NDArray[Any], confidences: NDArray[np.floating], name: str) -> str:
    items = (
        f'<li><img loading="lazy" alt="{escape(name)}" src="{data_uri(Image.fromarray(255 - image))}">'
        f"{int(100 * float(confidence))}%</li>"
        for image, confidence in zip(images, confidences, strict=True)
    )
    return f"<ul>{''.join(items)}</ul>"


class SingleConfusions:
    """The confusions of a report's single digits, whose cells link to their first picture on the page.

    Args:
        results: the results of pictures of all kinds.
    """

    def __init__(self, results: Sequence[PictureResult]) -> None:
        self._results = [result for result in results if result.kind == "single" and not result.error]
        texts = {text for result in self._results for text in (result.expected, result.got)}
        self._names = [*sorted(texts - {""}), ""]
        self._given: set[str] = set()

    def section(self) -> str:
        """Returns the confusion matrix with a heading; ``""`` if every digit is right."""
        if all(result.correct for result in self._results):
            return ""
        matrix = np.zeros((len(self._names), len(self._names)), np.int64)
        for result in self._results:
            matrix[self._cell(result)] += 1
        shown = confusion_table(matrix, [name or NO_DIGIT for name in self._names])
        return f"<section><h2>Confusions of single digits</h2>{shown}</section>"

    def target(self, result: PictureResult) -> str:
        """Returns the id of an error, the first time that its cell occurs; ``""`` for other pictures."""
        if result.kind != "single" or result.error:
            return ""
        target = anchor(*self._cell(result))
        if target in self._given:
            return ""
        self._given.add(target)
        return target

    @staticmethod
    def key(result: PictureResult) -> tuple[str, str]:
        """Returns the sort key that puts each cell's pictures after its first one."""
        return (result.expected, result.got) if result.kind == "single" else ("", "")

    def _cell(self, result: PictureResult) -> tuple[int, int]:
        return self._names.index(result.expected), self._names.index(result.got)
