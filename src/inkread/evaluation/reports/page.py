"""A report as one HTML file, whose content security policy forbids external resources, and its drawings."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from PIL.Image import Resampling

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL.Image import Image

    from inkread.evaluation.metrics import CalibrationBin

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"

JPEG_QUALITY = 80

LONGEST = 640
"""Longer side of a stage's picture on the page, in pixels."""

SIDE = 300
"""Side of a reliability diagram in SVG units; the page determines the displayed width."""
LEFT, BOTTOM, EDGE = 56, 40, 18
"""Space for the two axes, and around the rest."""
TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)


def render(template: str, *, title: str, styles: Sequence[str] = ("page.css",), **values: Any) -> str:
    """Renders a template of ``templates``, which escapes every value, with style sheets from there."""
    templates = Environment(
        loader=PackageLoader("inkread.evaluation.reports"),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    templates.filters |= {"grouped": "{:,}".format, "percent": "{:.0%}".format}
    return templates.get_template(template).render(policy=POLICY, title=title, styles=styles, **values)


def sized(image: Image) -> Image:
    """Resizes a picture for the page: reduces a large one, and makes the pixels of a tiny one visible."""
    sized = image.convert("RGB")
    factor = LONGEST // (2 * max(sized.size))
    if factor > 1:
        return sized.resize((sized.width * factor, sized.height * factor), Resampling.NEAREST)
    sized.thumbnail((LONGEST, LONGEST), Resampling.LANCZOS)
    return sized


def data_uri(image: Image) -> str:
    """Encodes the picture as PNG or JPEG, whichever is smaller."""
    encoded = {}
    for kind, options in (("png", {"optimize": True}), ("jpeg", {"quality": JPEG_QUALITY})):
        buffer = io.BytesIO()
        image.save(buffer, kind, **options)
        encoded[kind] = buffer.getvalue()
    kind, content = min(encoded.items(), key=lambda item: len(item[1]))
    return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"


def reliability_diagram(bins: Sequence[CalibrationBin]) -> str:
    """Returns the diagram of bins with some predictions as an SVG element, ready to be inserted into a page.

    Each bar is a bin of confidence, as high as its accuracy, and more opaque for more predictions; the dot in
    it marks its mean confidence. For a calibrated reader, every bar ends on the diagonal, level with its dot.
    The colors come from the page: ``currentColor``, and ``--accent`` if it is defined.
    """
    most = max((b.count for b in bins), default=0)
    total = sum(b.count for b in bins)
    marks = "".join(_bar(b, most) for b in bins if b.count)
    described = "; ".join(_in_words(b) for b in bins if b.count) or "no digit was read"  # for screen readers
    right, bottom = LEFT + SIDE, EDGE + SIDE
    return (
        f'<svg class="reliability" role="img" viewBox="0 0 {right + EDGE} {bottom + BOTTOM}" font-size="12">'
        f"<title>Reliability diagram of {total:,} digits</title>"
        f"<desc>{described}</desc>"
        f"{''.join(_tick(value) for value in TICKS)}"
        f"{marks}"
        f'<path d="M{LEFT} {bottom}L{right} {EDGE}" stroke="currentColor" '
        'stroke-dasharray="4 4" opacity=".6"/>'
        f'<text x="{LEFT + SIDE / 2:g}" y="{bottom + 34}" '
        'text-anchor="middle" fill="currentColor">confidence</text>'
        f'<text transform="translate(11 {EDGE + SIDE / 2:g}) rotate(-90)" '
        'text-anchor="middle" fill="currentColor">'
        "accuracy</text></svg>"
    )


def _bar(found: CalibrationBin, most: int) -> str:
    """Draws a bin's bar and dot; browsers show the title as a tooltip."""
    width, height = SIDE * (found.high - found.low), SIDE * found.accuracy
    x, y = LEFT + SIDE * found.low, EDGE + SIDE - height
    opacity = 0.3 + 0.6 * found.count / most
    dot_x, dot_y = LEFT + SIDE * found.confidence, EDGE + SIDE * (1 - found.confidence)
    return (
        f"<g><title>{_in_words(found)}</title>"
        f'<rect x="{x + 1:.1f}" y="{y:.1f}" width="{width - 2:.1f}" height="{height:.1f}" '
        f'fill="var(--accent, currentColor)" opacity="{opacity:.2f}"/>'
        f'<circle cx="{dot_x:.1f}" cy="{dot_y:.1f}" r="3.5" fill="currentColor"/></g>'
    )


def _tick(value: float) -> str:
    """Draws a label on both axes, and their grid lines."""
    x, y = LEFT + SIDE * value, EDGE + SIDE * (1 - value)
    return (
        f'<path d="M{LEFT} {y:g}H{LEFT + SIDE}M{x:g} {EDGE}V{EDGE + SIDE}" '
        'stroke="currentColor" opacity=".15"/>'
        f'<text x="{LEFT - 6}" y="{y + 4:g}" text-anchor="end" fill="currentColor">{value:.0%}</text>'
        f'<text x="{x:g}" y="{EDGE + SIDE + 17}" text-anchor="middle" fill="currentColor">{value:.0%}</text>'
    )


def _in_words(found: CalibrationBin) -> str:
    return f"{found.count:,} digits at {found.confidence:.1%} confidence, {found.accuracy:.1%} right"
