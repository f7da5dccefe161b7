"""Shows every error of a reader on one HTML page, with its intermediate results, for a person to inspect.

The page is one file. It embeds its pictures as data URIs, and its content security policy forbids external
resources.
"""

from __future__ import annotations

import base64
import io
import math
from html import escape
from importlib import resources
from typing import TYPE_CHECKING

from PIL import Image

from inkread.evaluation.pictures import KINDS
from inkread.evaluation.reports.confusions import NO_DIGIT, SingleConfusions
from inkread.evaluation.reports.reliability import reliability_diagram
from inkread.pipeline import explain
from inkread.results.annotate import draw_reading

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from inkread.datasets.pictures import LabelledPicture
    from inkread.evaluation.pictures import Kind, PictureReport, PictureResult, Rate
    from inkread.pipeline.trace import Trace
    from inkread.reader import Reader

LONGEST = 640
"""Longer side of a stage's picture on the page, in pixels."""
JPEG_QUALITY = 80
MOST_GLYPHS = 40
"""Maximum number of glyphs per picture; those read as digits are always included."""
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
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

    Args:
        report: the results.
        pictures: the pictures in the report, in its order. The wrong ones are read again, for their stages.
        reader: the reader that produced the report.
        title: any text, such as ``"default on my_pictures"``.

    Raises:
        PictureError: a picture that could be read before can no longer be read.
    """
    errors: dict[str, list[str]] = {group: [] for group in GROUPS}
    singles = SingleConfusions(report.results)
    for result, picture in sorted(
        zip(report.results, pictures, strict=True), key=lambda p: singles.key(p[0])
    ):
        if not result.correct:
            trace = None if result.error else reader.trace(picture.source, single=result.kind == "single")
            errors[_group(result)].append(_article(result, trace, singles.target(result)))
    found = {group: articles for group, articles in errors.items() if articles}
    style = stylesheet("page.css", "confusion.css")
    wrong = len(report.wrong)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{style}</style></head><body>\n"
        f"<header><h1>{escape(title)}</h1><p>{len(report.results):,} pictures, {wrong:,} wrong</p>"
        f"{_links(found)}</header>\n<main>{_overview(report)}{singles.section()}\n"
        + "\n".join(_section(group, articles) for group, articles in found.items())
        + "</main></body></html>\n"
    )


def stylesheet(*names: str) -> str:
    """Returns these files of this package as one style sheet."""
    folder = resources.files("inkread.evaluation.reports")
    return "".join(folder.joinpath(name).read_text(encoding="utf-8") for name in names)


def _group(result: PictureResult) -> str:
    """Returns the kind of error, a key of ``GROUPS``."""
    if result.error:
        return "unreadable"
    if result.kind == "single":
        return "misread" if result.got else "rejected"
    return result.kind


def _links(found: Mapping[str, Sequence[str]]) -> str:
    items = (
        f'<li><a href="#{group}">{GROUPS[group]}</a> {len(articles):,}</li>'
        for group, articles in found.items()
    )
    return f"<nav><ul>{''.join(items)}</ul></nav>"


def _section(group: str, articles: Sequence[str]) -> str:
    heading = f"<h2>{GROUPS[group]} <small>{len(articles):,}</small></h2>"
    return f'<section id="{group}">{heading}\n' + "\n".join(articles) + "</section>"


def _overview(report: PictureReport) -> str:
    """Shows the scores, side by side if there is room."""
    figures = [(RATES[kind], *_rate(rate)) for kind, rate in report.rates.items() if rate.total]
    if report.kept.total:
        figures.append(("Single digits not rejected", *_rate(report.kept)))
    if report.rejected.total:
        figures.append(("Empty pictures rejected as one digit", *_rate(report.rejected)))
    for name, value, digits in (
        ("Character error rate", report.character_error_rate, 2),
        ("AUROC, digit against empty", report.auroc, 4),
        ("Expected calibration error of single digits", report.calibration_error, 2),
    ):
        if not math.isnan(value):
            figures.append((name, "", f"{value:.4f}" if digits == 4 else f"{value:.2%}"))
    slow = [(r.file, f"{r.seconds:.2f} s") for r in report.slowest()]
    blocks = [("Figures", table(figures)), ("Slowest", table(slow))]
    if any(b.count for b in report.calibration):
        blocks.insert(1, ("Reliability of single digits", reliability_diagram(report.calibration)))
    sections = "".join(f"<section><h3>{name}</h3>{block}</section>" for name, block in blocks)
    return f'<div class="overview">{sections}</div>{_groups(report)}'


def _groups(report: PictureReport) -> str:
    """Shows the rates by the label file's columns, collapsed because there may be many."""
    folded = ""
    for column in ("subtype", "source"):
        rows = [(value, *_shares(rates)) for value, rates in report.by(column).items()]
        if rows:
            shown = table(rows, heading=(column, *KINDS))
            folded += f"<details><summary>By {column}</summary>{shown}</details>"
    return folded


def _rate(rate: Rate) -> tuple[str, str]:
    return f"{rate.correct:,} of {rate.total:,}", f"{rate.share:.2%}"


def _shares(rates: Mapping[Kind, Rate]) -> list[str]:
    return [f"{rates[kind].correct}/{rates[kind].total}" if rates[kind].total else "" for kind in KINDS]


def table(rows: Iterable[Sequence[str]], *, heading: Sequence[str] = ()) -> str:
    """Returns an HTML table of any texts, which scrolls by itself if it is wider than the page."""
    lines = ["".join(f"<td>{escape(cell)}</td>" for cell in row) for row in rows]
    if heading:
        lines.insert(0, "".join(f'<th scope="col">{escape(cell)}</th>' for cell in heading))
    return f'<div class="scroll"><table>{"".join(f"<tr>{line}</tr>" for line in lines)}</table></div>'


def _article(result: PictureResult, trace: Trace | None, target: str = "") -> str:
    """Shows one error, its heading with the id ``target``: expected and actual reading, and every stage."""
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
    listed = "".join(
        f'<div><dt>{escape(name)}</dt><dd class="{style}">{escape(value)}</dd></div>'
        for name, value, style in facts
    )
    shown = _stages(trace) + _glyphs(trace) if trace else f"<p>{escape(result.error)}</p>"
    name = f' id="{target}"' if target else ""
    return f"<article><h3{name}>{escape(result.file)}</h3><dl>{listed}</dl>{shown}</article>"


def _stages(trace: Trace) -> str:
    stages = {
        "reading": draw_reading(trace.reading, trace.picture.pixels),
        "where the detector sees digits": explain.draw_heat(trace),
        "candidates": explain.draw_candidates(trace),
    }
    figures = (
        f'<figure><img loading="lazy" alt="{name}" src="{data_uri(_sized(image))}">'
        f"<figcaption>{name}</figcaption></figure>"
        for name, image in stages.items()
    )
    return f'<div class="stages">{"".join(figures)}</div>'


def _glyphs(trace: Trace) -> str:
    """Shows the candidates' glyphs, with the result of the ensemble and of each network."""
    read, shown = set(trace.choice.digits), explain.shown_candidates(trace, MOST_GLYPHS)
    items = []
    for index in shown:
        (_, caption), *others = explain.opinions_on(trace, index)
        uri = data_uri(Image.fromarray(255 - trace.opinions.glyphs[index]))
        style, title = (
            ("read" if index in read else "passed"),
            ", ".join(f"{name}: {meaning}" for name, meaning in others),
        )
        items.append(f'<li class="{style}" title="{title}"><img alt="glyph" src="{uri}">{caption}</li>')
    found = int(trace.opinions.found.is_digit[trace.choice.kept].sum())
    if found > len(shown):
        items.append(f"<li>and {found - len(shown):,} more</li>")
    return (
        f'<ul class="glyphs" tabindex="0">{"".join(items)}</ul>'
        if items
        else '<p class="faint">Nothing was found.</p>'
    )


def _sized(image: Image.Image) -> Image.Image:
    """Resizes a picture for the page: reduces a large one, and makes the pixels of a tiny one visible."""
    sized = image.convert("RGB")
    factor = LONGEST // (2 * max(sized.size))
    if factor > 1:
        return sized.resize((sized.width * factor, sized.height * factor), Image.Resampling.NEAREST)
    sized.thumbnail((LONGEST, LONGEST), Image.Resampling.LANCZOS)
    return sized


def data_uri(image: Image.Image) -> str:
    """Encodes the picture as PNG or JPEG, whichever is smaller."""
    encoded = {}
    for kind, options in (("png", {"optimize": True}), ("jpeg", {"quality": JPEG_QUALITY})):
        buffer = io.BytesIO()
        image.save(buffer, kind, **options)
        encoded[kind] = buffer.getvalue()
    kind, content = min(encoded.items(), key=lambda item: len(item[1]))
    return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"
