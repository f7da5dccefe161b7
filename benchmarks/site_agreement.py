"""Agreement of the static site with the reader in Python: ``python benchmarks/site_agreement.py FOLDER…``.

Every picture is read by the site in Chromium and by ``inkread.Reader``: first as PNG, so that both see the
same pixels, and if it is a JPEG also as that file, which browsers and Pillow decode a little differently. The
folders are searched for pictures, and as many are taken from each.
"""

from __future__ import annotations

import argparse
import base64
import functools
import http.server
import io
import os
import sys
import tempfile
import threading
from collections import Counter
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from inkread.picture import Source, load_picture
from inkread.picture.folders import pictures_in
from inkread.reader import Reader
from inkread.site import load_runtime, write_site

READ = """async ([data, name]) => {
  const { Api } = await import('./static/js/api.js');
  window.reader ??= new Api({});
  const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
  return window.reader.read(new Blob([bytes]), { name });
}"""
"""Reads a picture in the page."""

NEAR = 0.01
"""A probability differs if it is further away than this."""


def main() -> None:
    """Prints how many readings are equal, and the ones that are not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--count", type=int, default=200, help="pictures in all")
    parser.add_argument("--browser", default=os.environ.get("INKREAD_CHROMIUM", "/usr/bin/chromium"))
    options = parser.parse_args()
    pictures = [
        path
        for folder in options.folders
        for path in spread(sorted(pictures_in(folder, recursive=True)), options.count // len(options.folders))
    ]
    with tempfile.TemporaryDirectory() as folder:
        site = write_site(Path(folder) / "site", load_runtime())
        with serving(site.folder) as address, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=options.browser, args=["--no-sandbox"])
            page = browser.new_page()
            page.goto(f"{address}/")
            compare(page, pictures)
            browser.close()


def compare(page: Page, pictures: list[Path]) -> None:
    """Reads all pictures in both ways, and prints the result."""
    reader = Reader(threads=1)
    counts: Counter[str] = Counter()
    for number, path in enumerate(pictures, start=1):
        sys.stderr.write(f"\r{number} of {len(pictures)}")
        pixels = load_picture(path).pixels
        lossless = io.BytesIO()
        Image.fromarray(pixels).save(lossless, "PNG")
        versions: dict[str, tuple[bytes, Source]] = {"PNG": (lossless.getvalue(), pixels)}
        if path.suffix.lower() in (".jpg", ".jpeg"):
            versions["JPEG"] = path.read_bytes(), path
        for kind, (data, source) in versions.items():
            found = page.evaluate(READ, [base64.b64encode(data).decode(), path.name])
            judge(f"{kind} {path}", found, reader.read(source).to_dict(), counts)
    for kind in ("PNG", "JPEG"):
        if counts[kind]:
            print(
                f"{kind}: {counts[kind]} pictures, {counts[f'{kind} text']} with the same digits and signs; "
                f"of {counts[f'{kind} digits']} digits in these, {counts[f'{kind} boxes']} in the same box "
                f"and {counts[f'{kind} near']} within {NEAR} in probability"
            )


def judge(name: str, found: dict[str, Any], expected: dict[str, Any], counts: Counter[str]) -> None:
    """Counts what is equal in two readings of a picture; prints different texts."""
    kind = name.partition(" ")[0]
    counts[kind] += 1
    if found["written"] != expected["written"]:
        print(f"{name}: site {found['written']!r}, Python {expected['written']!r}", flush=True)
        return
    counts[f"{kind} text"] += 1
    for line, same in zip(found["lines"], expected["lines"], strict=True):
        for digit, other in zip(line["digits"], same["digits"], strict=True):
            counts[f"{kind} digits"] += 1
            counts[f"{kind} boxes"] += digit["box"] == other["box"]
            counts[f"{kind} near"] += abs(digit["probability"] - other["probability"]) <= NEAR


def spread(paths: list[Path], count: int) -> list[Path]:
    """Returns as many of the paths, evenly spaced."""
    return [paths[index * len(paths) // count] for index in range(min(count, len(paths)))]


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Serves files without logging each."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Logs nothing."""


class serving:  # noqa: N801  # used as a function
    """Serves a folder on this machine, and yields the address."""

    def __init__(self, folder: Path) -> None:
        handler = functools.partial(QuietHandler, directory=str(folder))
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)

    def __enter__(self) -> str:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self._server.server_port}"

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


if __name__ == "__main__":
    main()
