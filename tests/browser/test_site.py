"""The static site in Chromium: it reads without a server, and without a network."""

from __future__ import annotations

import base64
import functools
import http.server
import io
import re
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from browser.visit import Visit
from PIL import Image
from playwright.sync_api import expect
from site_runtime import require_runtime

from inkread.picture import load_picture
from inkread.reader import Reader
from inkread.site import write_site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

EXAMPLES = Path(__file__).parents[2] / "examples"
PHONE = {"viewport": {"width": 360, "height": 780}, "has_touch": True, "is_mobile": True}


class Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


class EncodingHandler(Handler):
    """Announces compressed files as such, like some hosts, so that the browser decompresses them."""

    def end_headers(self) -> None:
        if self.path.endswith(".gz"):
            self.send_header("Content-Encoding", "gzip")
        super().end_headers()


@contextmanager
def hosting(folder: Path, kind: type[Handler] = Handler) -> Iterator[str]:
    """Serves the files of a folder, like any static host."""
    handler = functools.partial(kind, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return write_site(tmp_path_factory.mktemp("host") / "site", require_runtime()).folder


@pytest.fixture
def open_site(browser, folder) -> Iterator[Callable[..., Visit]]:
    """Opens the site in a folder of a static host; at the end, no error may have occurred."""
    visits: list[Visit] = []
    with hosting(folder.parent) as host:

        def open_page(where: str = "", **context: object) -> Visit:
            options = {"viewport": {"width": 1280, "height": 860}, **context}
            visits.append(Visit(browser.new_context(**options), host))
            visits[-1].page.goto(f"{host}/site/{where}")
            return visits[-1]

        yield open_page
        assert [fault for each in visits for fault in each.close()] == []


def read(person: Visit, picture: bytes, **options: object) -> dict[str, Any]:
    """Reads a picture with the page's own client."""
    return person.page.evaluate(
        """async ([data, options]) => {
          const { Api } = await import(new URL('static/js/api.js', document.baseURI));
          window.client ??= new Api({});
          const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
          return window.client.read(new Blob([bytes]), options);
        }""",
        [base64.b64encode(picture).decode(), options],
    )


def png_of(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def test_a_drawn_digit_and_an_uploaded_picture_are_read(open_site):
    person = open_site()
    person.write("7")
    person.expect_text("7")
    person.tab("Upload")
    person.upload(EXAMPLES / "drawing.png")
    person.expect_text(Reader().read(EXAMPLES / "drawing.png").text.replace("\n", ""), "upload")


def test_pictures_are_read_as_by_the_reader_in_python(open_site):
    person, reader = open_site(), Reader()
    ink = np.asarray(Image.open(EXAMPLES / "drawing.png").convert("L"))
    transparent = np.zeros((*ink.shape, 4), np.uint8)
    transparent[..., 3] = 255 - ink
    pictures = [
        transparent,
        *(load_picture(EXAMPLES / f"{name}.jpg").pixels for name in ("doodle", "postcode")),
    ]
    for pixels in pictures:
        found, expected = read(person, png_of(pixels)), reader.read(pixels).to_dict()
        assert (found["written"], found["width"]) == (expected["written"], expected["width"])
        boxes = [
            [digit["box"] for line in made["lines"] for digit in line["digits"]] for made in (found, expected)
        ]
        assert np.abs(np.array(boxes[0]) - np.array(boxes[1])).max(initial=0) <= 1
    digit = reader.read_digit(EXAMPLES / "marker_seven.jpg")
    single = read(person, (EXAMPLES / "marker_seven.jpg").read_bytes(), single=True)
    assert digit is not None
    assert single["text"] == digit.label


def test_a_picture_is_read_upright(open_site):
    person = open_site()
    image = Image.fromarray(load_picture(EXAMPLES / "drawing.png").pixels)
    file, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = 6
    image.transpose(Image.Transpose.ROTATE_90).save(file, "JPEG", quality=95, exif=exif)
    found = read(person, file.getvalue())
    assert (found["width"], found["height"]) == image.size
    assert found["text"] == Reader().read(file.getvalue()).text != ""


def test_the_site_works_without_a_network(open_site):
    person = open_site()
    person.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    expect(person.page.locator("html[data-reader=ready]")).to_be_attached()
    person.page.context.set_offline(True)
    person.page.reload()
    person.write("35")
    person.expect_text("35")
    person.tab("Upload")
    person.upload(EXAMPLES / "drawing.png")
    expect(person.text("upload")).to_have_text(re.compile(r"\d"))


def test_the_28_by_28_grid_is_classified(open_site):
    person = open_site()
    person.page.locator("#surface label", has_text="28 × 28").click()
    person.write("3", on="#pixels", at=(0.25, 0.15, 0.75, 0.85))
    person.page.get_by_role("button", name="Classify").click()
    expect(person.page.locator("#draw-reading .bar.best .bar-digit")).to_have_text("3")


def test_what_is_not_a_picture_is_reported_and_stops_nothing(open_site):
    person = open_site("#upload")
    note = {"name": "note.txt", "mimeType": "text/plain", "buffer": b"a note"}
    person.upload(note, EXAMPLES / "drawing.png")
    rows = person.page.locator("#batch-rows tr")
    expect(rows.nth(0).locator(".state")).to_have_text(
        "note.txt cannot be decoded by this browser; use JPEG or PNG."
    )
    expect(rows.nth(1).locator(".state")).to_have_text("read")


@pytest.mark.parametrize("window", [{}, PHONE], ids=["desk", "phone"])
def test_the_page_offers_nothing_that_needs_a_server(open_site, window):
    person = open_site(**window)
    expect(person.page.get_by_role("tab")).to_have_text(["Draw", "Upload", "Camera", "About"])
    for name in ("Draw", "Upload", "Camera"):
        person.tab(name)
        assert "server" not in person.page.locator("body").inner_text().lower()
    person.tab("About")
    expect(person.page.get_by_role("tabpanel")).to_contain_text("never leave your device")


def test_a_reader_that_cannot_be_loaded_is_reported(open_site):
    person = open_site(service_workers="block")
    person.expected += ["404", "Service Worker registration blocked"]
    person.page.route("**/networks/strip.onnx", lambda route: route.fulfill(status=404))
    person.page.reload()
    expect(person.page.locator("#site-status")).to_contain_text("networks/strip.onnx cannot be loaded (404)")


def test_a_host_may_announce_the_compression_of_the_runtime(browser, folder):
    with hosting(folder.parent, EncodingHandler) as host:
        person = Visit(browser.new_context(service_workers="block"), host)
        person.expected.append("Service Worker registration blocked")
        person.page.goto(f"{host}/site/")
        expect(person.page.locator("html[data-reader=ready]")).to_be_attached()
        assert person.close() == []
