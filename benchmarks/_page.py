"""The web page in a browser, with its server: shared by the benchmarks that draw on it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from playwright.sync_api import Page, sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    Path = Iterable[tuple[float, float]]


@contextmanager
def opened_page(**options: Any) -> Iterator[Page]:
    """Starts ``inkread serve`` and Chromium (Debian's, or the one in ``INKREAD_CHROMIUM``); ends both.

    Args:
        **options: of the browser's page, see Playwright's ``Browser.new_page``.
    """
    command = [sys.executable, "-m", "inkread", "serve", "--port", "0", "--log-level", "error"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server, sync_playwright() as play:
        try:
            address = re.search(r"http://\S+:\d+", server.stdout.readline() if server.stdout else "")
            chromium = os.environ.get("INKREAD_CHROMIUM", "/usr/bin/chromium")
            browser = play.chromium.launch(
                executable_path=chromium, args=["--no-sandbox", "--disable-gpu", "--no-first-run"]
            )
            page = browser.new_page(viewport={"width": 1280, "height": 860}, **options)
            page.goto(address[0] if address else "")
            page.wait_for_load_state("networkidle")
            yield page
            browser.close()
        finally:
            server.terminate()


def draw_stroke(page: Page, points: Path) -> None:
    """Draws a stroke with the mouse, in pixels of the window."""
    first, *others = points
    page.mouse.move(*first)
    page.mouse.down()
    for point in others:
        page.mouse.move(*point)
    page.mouse.up()
