"""The glyphs behind a confusion matrix, within a page: each error of the matrix links to them."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from inkread.evaluation.metrics import confusion_matrix
from inkread.evaluation.reports.confusions import NO_DIGIT, anchor, confusion_table
from inkread.evaluation.reports.page import data_uri

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inkread.datasets.glyphs import LabelledGlyphs

MOST_IN_CELL = 12
"""Maximum number of glyphs per cell of the matrix: the most confident errors."""

MOST_GLYPHS = 1_500
"""Approximate maximum number of glyphs per page; a cell has at least one."""


def misread(glyphs: LabelledGlyphs, probabilities: NDArray[np.floating]) -> str:
    """Returns the confusion matrix of these glyphs, followed by the misread ones, cell by cell.

    Args:
        glyphs: N glyphs with their labels.
        probabilities: N×classes, rows summing to 1.
    """
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
    """Returns a list of glyphs, N×28×28 uint8, with the confidence of each."""
    items = (
        f'<li><img loading="lazy" alt="{escape(name)}" src="{data_uri(Image.fromarray(255 - image))}">'
        f"{int(100 * float(confidence))}%</li>"
        for image, confidence in zip(images, confidences, strict=True)
    )
    return f"<ul>{''.join(items)}</ul>"
