"""Takes the picture of the web page in the README: ``python benchmarks/page_picture.py``.

Starts ``inkread serve`` and Chromium (Debian's, or the one in ``INKREAD_CHROMIUM``), draws three digits, and
writes ``docs/page.png``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from _page import draw_stroke, opened_page

from inkread.datasets.stroke_font import WriterStyle, write_row

if TYPE_CHECKING:
    from playwright.sync_api import Page

PICTURE = Path(__file__).parents[1] / "docs/page.png"
DIGITS = "275"
PATIENCE = 120_000
"""Milliseconds to wait for the reading."""

HEIGHT = 0.55
"""The digits' height as a fraction of the sheet's."""


def draw(page: Page, text: str) -> None:
    """Draws digits in the middle of the sheet with the mouse."""
    box: Any = page.locator("#canvas").bounding_box()
    style = WriterStyle((0,) * 10, slant=0.08)
    strokes = [stroke[::2, :2] for stroke in write_row(text, style, np.random.default_rng(5))]
    points = np.concatenate(strokes)
    scale = HEIGHT * box["height"] / float(np.ptp(points[:, 1]))
    middle = np.array([box["x"] + box["width"] / 2, box["y"] + box["height"] / 2])
    center = (points.min(axis=0) + points.max(axis=0)) / 2
    for stroke in strokes:
        draw_stroke(page, [(float(x), float(y)) for x, y in (stroke - center) * scale + middle])


def main() -> None:
    """Writes the picture."""
    with opened_page(reduced_motion="reduce") as page:
        draw(page, DIGITS)
        shown = "(text) => document.querySelector('#draw-reading .text').textContent === text"
        page.wait_for_function(shown, arg=DIGITS, timeout=PATIENCE)
        page.wait_for_selector("#draw-reading .reading[aria-busy=false]", timeout=PATIENCE)
        page.screenshot(path=PICTURE)


if __name__ == "__main__":
    main()
