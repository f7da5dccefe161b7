"""Shows every misread picture of text on one HTML page, with its lines, for a person to inspect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inkread.evaluation.metrics import edits
from inkread.evaluation.reports.page import data_uri, render, sized
from inkread.evaluation.text import named
from inkread.pipeline import explain
from inkread.results.annotate import draw_reading

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inkread.datasets.pictures import LabelledPicture
    from inkread.evaluation.text import ReadText, TextReport
    from inkread.pipeline.source_reader import SourceReader
    from inkread.pipeline.symbols import TextTrace


def text_error_page(
    report: TextReport,
    pictures: Sequence[LabelledPicture],
    reader: SourceReader[Any],
    *,
    title: str,
) -> str:
    """Returns one HTML page: the error rates, the most frequent confusions, and every wrong picture.

    The pictures are those of the report, in its order; the wrong ones are read again, for their lines. The
    worst come first: those with the most edits.

    Raises:
        PictureError: a picture that could be read before can no longer be read.
    """
    wrong = [pair for pair in zip(report.pictures, pictures, strict=True) if not pair[0].correct]
    wrong.sort(key=lambda pair: -sum(one != other for one, other in edits(pair[0].label, pair[0].text)))
    return render(
        "text_errors.html",
        title=title,
        count=len(report.pictures),
        figures=report.figures(),
        confusions=[(named(one), named(other), times) for one, other, times in report.confusions],
        errors=[
            _article(read, None if read.error else reader.trace(picture.source)) for read, picture in wrong
        ],
    )


def _article(read: ReadText, trace: TextTrace | None) -> dict[str, Any]:
    """Describes one wrong picture; of both texts, whether each character is in the other one."""
    pairs = edits(read.label, read.text)
    article: dict[str, Any] = {
        "read": read,
        "label": [(one, one != other) for one, other in pairs if one],
        "text": [(other, one != other) for one, other in pairs if other],
        "stages": [],
    }
    if trace:
        stages = {"reading": draw_reading(trace.reading, trace.picture.pixels)}
        if trace.found:
            stages["its lines, and what was read in each"] = explain.draw_lines(trace)
        article["stages"] = [(name, data_uri(sized(image))) for name, image in stages.items()]
    return article
