"""Takes the picture of the web page: ``python figures/page.py [FOLDER]``.

Starts ``inkread serve`` and Chromium (Debian's, or the one in ``INKREAD_CHROMIUM``), draws three digits, and
writes ``page.png``.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import Any

from _place import place, strokes
from playwright.sync_api import Page, Route, sync_playwright

DIGITS = "275"
PATIENCE = 120_000
"""Milliseconds to wait for the reading."""

HEIGHT = 0.55
"""The digits' height as a fraction of the sheet's."""


def draw(page: Page, text: str) -> None:
    """Draws digits in the middle of the sheet with the mouse."""
    box: Any = page.locator("#canvas").bounding_box()
    for stroke in strokes(text, (box["x"], box["y"], box["width"], box["height"]), HEIGHT):
        first, *others = [(float(x), float(y)) for x, y in stroke]
        page.mouse.move(*first)
        page.mouse.down()
        for point in others:
            page.mouse.move(*point)
        page.mouse.up()


def untimed(route: Route) -> None:
    """Leaves the time out of a reading, so that the page does not show it."""
    response = route.fetch()
    route.fulfill(response=response, json=response.json() | {"milliseconds": None})


def main() -> None:
    """Writes the picture."""
    command = [sys.executable, "-m", "inkread", "serve", "--port", "0", "--log-level", "error"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server, sync_playwright() as play:
        try:
            address = re.search(r"http://\S+:\d+", server.stdout.readline() if server.stdout else "")
            chromium = os.environ.get("INKREAD_CHROMIUM", "/usr/bin/chromium")
            browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
            page = browser.new_page(viewport={"width": 1280, "height": 860}, reduced_motion="reduce")
            page.route("**/v1/read?*", untimed)
            page.goto(address[0] if address else "")
            page.wait_for_load_state("networkidle")
            draw(page, DIGITS)
            shown = "(text) => document.querySelector('#draw-reading .text').textContent === text"
            page.wait_for_function(shown, arg=DIGITS, timeout=PATIENCE)
            page.wait_for_selector("#draw-reading .reading[aria-busy=false]", timeout=PATIENCE)
            page.screenshot(path=place("page.png"))
            browser.close()
        finally:
            server.terminate()


if __name__ == "__main__":
    main()
