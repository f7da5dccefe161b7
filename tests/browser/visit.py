"""A user of the page: actions, and errors that must not appear."""

from __future__ import annotations

import mimetypes
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from playwright.sync_api import Page, expect

from inkread.datasets.stroke_font import WriterStyle, write_row

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Locator

EXAMPLES = Path(__file__).parents[2] / "examples"
EXAMPLE_TEXTS = {"postcode.jpg": "80331", "marker_seven.jpg": "7", "pencil_rows.jpg": "2718284590452"}

FIRST_SHAPES = WriterStyle((0,) * 10, slant=0.08)


PATIENCE = 120_000
"""Milliseconds until an action on the page fails; no test depends on the machine's speed."""


class Visit:
    """One page, and all errors on it.

    Attributes:
        page: Playwright's page.
        expected: parts of console errors that the test causes on purpose.
    """

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.address = address
        self.expected: list[str] = []
        self._faults: list[str] = []
        self._context = context
        self.page: Page = context.new_page()
        self.page.set_default_timeout(PATIENCE)
        self.page.on("console", lambda message: self._hear(message.type, message.text))
        self.page.on("pageerror", lambda error: self._faults.append(f"error: {error}"))
        context.on("request", lambda request: self._watch(request.url))

    def open(self, where: str = "") -> Visit:
        with self.page.expect_response("**/v1/info"):
            self.page.goto(f"{self.address}/{where}")
        return self

    def close(self) -> list[str]:
        """Returns everything that went wrong."""
        self._context.close()
        return [fault for fault in self._faults if not any(words in fault for words in self.expected)]

    def tab(self, name: str) -> None:
        self.page.get_by_role("tab", name=name).click()

    def write(
        self,
        text: str,
        *,
        at: tuple[float, float, float, float] = (0.1, 0.15, 0.9, 0.85),
        on: str = "#canvas",
    ) -> None:
        """Writes digits with the mouse in a part of the surface: left, top, right, bottom relative to it."""
        for stroke in self.strokes(text, at=at, on=on):
            self.page.mouse.move(*stroke[0])
            self.page.mouse.down()
            for point in stroke[1:]:
                self.page.mouse.move(*point)
            self.page.mouse.up()

    def strokes(
        self,
        text: str,
        *,
        at: tuple[float, float, float, float] = (0.1, 0.15, 0.9, 0.85),
        on: str = "#canvas",
    ) -> list[list[tuple[float, float]]]:
        """Returns the text's strokes in pixels of the window."""
        box = self.page.locator(on).bounding_box()
        assert box is not None
        left, top, right, bottom = at
        strokes = [
            stroke[:, :2].astype(float) for stroke in write_row(text, FIRST_SHAPES, np.random.default_rng(5))
        ]
        points = np.concatenate(strokes)
        low, high = points.min(axis=0), points.max(axis=0)
        room = np.array([(right - left) * box["width"], (bottom - top) * box["height"]])
        scale = float((room / (high - low)).min())
        corner = np.array([box["x"] + left * box["width"], box["y"] + top * box["height"]])
        corner += (room - scale * (high - low)) / 2
        return [[(float(x), float(y)) for x, y in (stroke[::2] - low) * scale + corner] for stroke in strokes]

    def upload(self, *files: Path | dict[str, Any]) -> None:
        self.page.set_input_files("#files", [_payload(file) for file in files])

    def upload_example(self, name: str) -> None:
        """Uploads an example picture, and waits until it has been read."""
        self.upload(EXAMPLES / name)
        self.expect_text(EXAMPLE_TEXTS[name], "upload")

    def text(self, panel: str = "draw") -> Locator:
        """Returns the digits that were read, in order."""
        return self.page.locator(f"#{panel}-reading .text")

    def expect_text(self, text: str, panel: str = "draw") -> None:
        expect(self.text(panel)).to_have_text(text or "–")

    def evaluate(self, module: str, expression: str) -> Any:
        """Evaluates an expression with a module of the page, called ``m``."""
        return self.page.evaluate(f"import('{self.address}/static/js/{module}.js').then((m) => {expression})")

    def _hear(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self._faults.append(f"console {kind}: {text}")

    def _watch(self, url: str) -> None:
        if not url.startswith((self.address, "data:", f"blob:{self.address}")):
            self._faults.append(f"outside request: {url}")


def _payload(file: Path | dict[str, Any]) -> Any:
    """Makes a file for Playwright that can be mixed with others that are not on disk."""
    if isinstance(file, dict):
        return file
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    return {"name": file.name, "mimeType": kind, "buffer": file.read_bytes()}
