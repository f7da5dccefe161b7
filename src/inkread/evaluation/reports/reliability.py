"""A reliability diagram as SVG: a reader's accuracy against its confidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inkread.evaluation.metrics import CalibrationBin

SIDE = 300
"""Side of the plot in SVG units; the page determines the displayed width."""
LEFT, BOTTOM, EDGE = 56, 40, 18
"""Space for the two axes, and around the rest."""
TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)


def reliability_diagram(bins: Sequence[CalibrationBin]) -> str:
    """Returns the SVG element, ready to be inserted into a page.

    Each bar is a bin of confidence, as high as its accuracy, and more opaque for more predictions; the dot in
    it marks its mean confidence. For a calibrated reader, every bar ends on the diagonal, level with its dot.
    The colors come from the page: ``currentColor``, and ``--accent`` if it is defined.

    Args:
        bins: see ``inkread.evaluation.metrics.calibration_bins``; empty bins have no bar.
    """
    most = max((b.count for b in bins), default=0)
    total = sum(b.count for b in bins)
    marks = "".join(_bar(b, most) for b in bins if b.count)
    right, bottom = LEFT + SIDE, EDGE + SIDE
    return (
        f'<svg class="reliability" role="img" viewBox="0 0 {right + EDGE} {bottom + BOTTOM}" font-size="12">'
        f"<title>Reliability diagram of {total:,} digits</title>"
        f"<desc>{_described(bins)}</desc>"
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


def _described(bins: Sequence[CalibrationBin]) -> str:
    """Describes the diagram in words, for screen readers."""
    return "; ".join(_in_words(b) for b in bins if b.count) or "no digit was read"


def _in_words(found: CalibrationBin) -> str:
    return f"{found.count:,} digits at {found.confidence:.1%} confidence, {found.accuracy:.1%} right"
