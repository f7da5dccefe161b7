"""From the end of a stroke to the digit on the page: ``python benchmarks/page_latency.py``.

Starts ``inkread serve`` and Chromium (Debian's, or the one in ``INKREAD_CHROMIUM``), draws digits with the
mouse, and measures the time in the page from lifting the pointer until the digit appears. Browser and server
share the machine.
"""

from __future__ import annotations

from statistics import median, quantiles
from typing import TYPE_CHECKING, Any

import numpy as np
from _page import draw_stroke, opened_page

from inkread.datasets.stroke_font import WriterStyle, write_digit

if TYPE_CHECKING:
    from playwright.sync_api import Page

DIGITS, ROUNDS = "0235689", 6
"""Digits of one stroke, which end when the pointer is first lifted."""

WATCH = """() => {
  window.spans = [];
  let lifted = null;
  const canvas = document.getElementById("canvas");
  canvas.addEventListener("pointerup", () => { lifted = performance.now(); }, true);
  const shown = () => {
    if (lifted !== null && document.querySelector("#draw-reading .digit")) {
      window.spans.push(performance.now() - lifted);
      lifted = null;
    }
  };
  new MutationObserver(shown).observe(document.querySelector("#draw-reading .text"),
                                      { childList: true, subtree: true, characterData: true });
}"""


def draw(page: Page, digit: str, rng: np.random.Generator) -> None:
    """Draws one digit in the middle of the canvas, half as high as it."""
    box: Any = page.locator("#canvas").bounding_box()
    height = box["height"] / 2
    left, top = box["x"] + box["width"] / 2 - height / 3, box["y"] + height / 2
    for stroke in write_digit(digit, WriterStyle.random(rng), rng):
        draw_stroke(page, [(left + float(x) * height, top + float(y) * height) for x, y in stroke[::2, :2]])


def main() -> None:
    """Prints the median and the ninth decile."""
    with opened_page() as page:
        page.evaluate(WATCH)
        rng = np.random.default_rng(0)
        for digit in DIGITS * ROUNDS:
            draw(page, digit, rng)
            page.wait_for_selector("#draw-reading .digit", timeout=10_000)
            page.click("#clear")
            page.wait_for_selector("#draw-reading .digit", state="detached")
        spans = page.evaluate("window.spans")[len(DIGITS) :]
    print(
        f"stroke end to digit: median {median(spans):.0f} ms, "
        f"ninth decile {quantiles(spans, n=10)[-1]:.0f} ms"
    )


if __name__ == "__main__":
    main()
