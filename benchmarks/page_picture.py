"""Takes the picture of the web page in the README: ``python benchmarks/page_picture.py``.

Starts ``inkread serve`` and Chromium (Debian's, or the one in ``INKREAD_CHROMIUM``), draws three digits, and
writes ``docs/page.png``.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Page, sync_playwright

from inkread.datasets.stroke_font import WriterStyle, write_row

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
        path = [(float(x), float(y)) for x, y in (stroke - center) * scale + middle]
        page.mouse.move(*path[0])
        page.mouse.down()
        for point in path[1:]:
            page.mouse.move(*point)
        page.mouse.up()


def main() -> None:
    """Writes the picture."""
    command = [sys.executable, "-m", "inkread", "serve", "--port", "0", "--log-level", "error"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server, sync_playwright() as play:
        try:
            address = re.search(r"http://\S+:\d+", server.stdout.readline() if server.stdout else "")
            chromium = os.environ.get("INKREAD_CHROMIUM", "/usr/bin/chromium")
            browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
            page = browser.new_page(viewport={"width": 1280, "height": 860}, reduced_motion="reduce")
            page.goto(address[0] if address else "")
            page.wait_for_load_state("networkidle")
            draw(page, DIGITS)
            shown = "(text) => document.querySelector('#draw-reading .text').textContent === text"
            page.wait_for_function(shown, arg=DIGITS, timeout=PATIENCE)
            page.wait_for_selector("#draw-reading .reading[aria-busy=false]", timeout=PATIENCE)
            page.screenshot(path=PICTURE)
            browser.close()
        finally:
            server.terminate()


if __name__ == "__main__":
    main()
