"""Shows every error of a reader on one HTML page, with its intermediate results, for a person to inspect."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from PIL import Image

from inkread.evaluation.pictures import KINDS
from inkread.evaluation.reports.confusions import NO_DIGIT, SingleConfusions
from inkread.evaluation.reports.page import data_uri, reliability_diagram, render, sized
from inkread.pipeline import explain
from inkread.results.annotate import draw_reading

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from inkread.datasets.pictures import LabelledPicture
    from inkread.evaluation.pictures import Kind, PictureReport, PictureResult, Rate
    from inkread.pipeline.trace import Trace
    from inkread.reader import Reader

MOST_GLYPHS = 40
"""Maximum number of glyphs per picture; those read as digits are always included."""
RATES: dict[Kind, str] = {
    "single": "Single digits right",
    "multi": "Several digits, exactly right",
    "empty": "Empty pictures rejected",
}
GROUPS = {
    "misread": "Single digits misread",
    "rejected": "Single digits rejected",
    "multi": "Several digits misread",
    "empty": "False readings of empty pictures",
    "unreadable": "Unreadable pictures",
}
"""The kinds of errors, in page order, by link name."""


def error_page(
    report: PictureReport, pictures: Sequence[LabelledPicture], reader: Reader, *, title: str
) -> str:
    """Returns one HTML page: scores, reliability of single digits, the slowest pictures, and every error.

    The pictures are those of the report, in its order; the wrong ones are read again, for their stages.

    Raises:
        PictureError: a picture that could be read before can no longer be read.
    """
    errors: dict[str, list[dict[str, Any]]] = {group: [] for group in GROUPS}
    singles = SingleConfusions(report.results)
    ordered = sorted(zip(report.results, pictures, strict=True), key=lambda pair: singles.key(pair[0]))
    for result, picture in ordered:
        if not result.correct:
            trace = None if result.error else reader.trace(picture.source, single=result.kind == "single")
            errors[_group(result)].append(_article(result, trace) | {"target": singles.target(result)})
    has_bars = any(b.count for b in report.calibration)
    return render(
        "errors.html",
        title=title,
        styles=("page.css", "confusion.css"),
        report=report,
        confusions=singles.section(),
        errors={group: articles for group, articles in errors.items() if articles},
        titles=GROUPS,
        figures=_figures(report),
        reliability=reliability_diagram(report.calibration) if has_bars else "",
        slowest=[(r.file, f"{r.seconds:.2f} s") for r in report.slowest()],
        columns={
            column: [(value, *_shares(rates)) for value, rates in report.by(column).items()]
            for column in ("subtype", "source")
        },
        kinds=KINDS,
    )


def _group(result: PictureResult) -> str:
    """Returns the kind of error, a key of ``GROUPS``."""
    if result.error:
        return "unreadable"
    if result.kind == "single":
        return "misread" if result.got else "rejected"
    return result.kind


def _figures(report: PictureReport) -> list[tuple[str, ...]]:
    """Lists the scores that the report has, each with its name."""
    rates = {RATES[kind]: rate for kind, rate in report.rates.items()} | {
        "Single digits not rejected": report.kept,
        "Empty pictures rejected as one digit": report.rejected,
    }
    others = (
        ("Character error rate", report.character_error_rate, ".2%"),
        ("AUROC, digit against empty", report.auroc, ".4f"),
        ("Expected calibration error of single digits", report.calibration_error, ".2%"),
    )
    return [
        *((name, f"{r.correct:,} of {r.total:,}", f"{r.share:.2%}") for name, r in rates.items() if r.total),
        *((name, "", format(value, spec)) for name, value, spec in others if not math.isnan(value)),
    ]


def _shares(rates: Mapping[Kind, Rate]) -> list[str]:
    return [f"{rates[kind].correct}/{rates[kind].total}" if rates[kind].total else "" for kind in KINDS]


def _article(result: PictureResult, trace: Trace | None) -> dict[str, Any]:
    """Describes one error: the expected and the actual reading, and every stage in between."""
    facts = [
        ("expected", result.expected or NO_DIGIT, "text"),
        ("read", "error" if result.error else result.got or NO_DIGIT, "text wrong"),
    ]
    if result.probability is not None:
        facts.append(("probability", f"{result.probability:.1%}", ""))
    if result.score is not None:
        facts.append(("score as one digit", f"{result.score:.3f}", ""))
    facts.append(("seconds", f"{result.seconds:.3f}", ""))
    facts += [(name, value, "") for name, value in result.columns.items() if value and name != "category"]
    article: dict[str, Any] = {"result": result, "facts": facts}
    return article if trace is None else article | {"stages": _stages(trace), "glyphs": _glyphs(trace)}


def _stages(trace: Trace) -> list[tuple[str, str]]:
    stages = {
        "reading": draw_reading(trace.reading, trace.picture.pixels),
        "where the detector sees digits": explain.draw_heat(trace),
        "candidates": explain.draw_candidates(trace),
    }
    return [(name, data_uri(sized(image))) for name, image in stages.items()]


def _glyphs(trace: Trace) -> list[dict[str, str]]:
    """Describes the candidates' glyphs, with the result of the ensemble and of each network."""
    read, shown = set(trace.choice.digits), explain.shown_candidates(trace, MOST_GLYPHS)
    glyphs = []
    for index in shown:
        (_, caption), *others = explain.opinions_on(trace, index)
        glyphs.append(
            {
                "style": "read" if index in read else "passed",
                "title": ", ".join(f"{name}: {meaning}" for name, meaning in others),
                "uri": data_uri(Image.fromarray(255 - trace.opinions.glyphs[index])),
                "caption": caption,
            }
        )
    found = int(trace.opinions.found.is_digit[trace.choice.kept].sum())
    if found > len(shown):
        glyphs.append({"caption": f"and {found - len(shown):,} more"})
    return glyphs
