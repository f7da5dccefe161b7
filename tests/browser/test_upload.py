from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from inkread.datasets.stroke_font import WriterStyle, write_row
from inkread.datasets.stroke_rendering import rasterise

if TYPE_CHECKING:
    from browser.visit import Visit
    from playwright.sync_api import Download, Route

EXAMPLES = Path(__file__).parents[2] / "examples"
BROKEN = {"name": "broken.png", "mimeType": "image/png", "buffer": b"\x89PNG\r\n\x1a\nand then nothing"}


def picture_of(text: str, kind: str = "PNG") -> bytes:
    """Draws digits into a file."""
    strokes = [
        60 * stroke[:, :2] + 20
        for stroke in write_row(text, WriterStyle((0,) * 10), np.random.default_rng(7))
    ]
    width = int(max(stroke[:, 0].max() for stroke in strokes)) + 20
    ink = rasterise(strokes, (100, width), 5.0)
    file = io.BytesIO()
    Image.fromarray((255 - 255 * ink).astype(np.uint8)).save(file, kind)
    return file.getvalue()


def file_of(text: str, name: str) -> dict[str, Any]:
    return {"name": name, "mimeType": "image/png", "buffer": picture_of(text)}


def put(person: Visit, event: str, name: str, content: bytes) -> None:
    """Pastes or drops a file with the events of a browser."""
    person.page.evaluate(
        """([event, name, bytes]) => {
          const transfer = new DataTransfer();
          transfer.items.add(new File([new Uint8Array(bytes)], name, { type: "image/png" }));
          const data = event === "paste" ? { clipboardData: transfer } : { dataTransfer: transfer };
          const kind = event === "paste" ? ClipboardEvent : DragEvent;
          document.body.dispatchEvent(new kind(event, { ...data, bubbles: true, cancelable: true }));
        }""",
        [event, name, list(content)],
    )


def content_of(download: Download) -> str:
    return Path(download.path()).read_bytes().decode()


def expect_all_read(person: Visit, words: str) -> None:
    expect(person.page.locator("#batch-title")).to_have_text(words)


def test_a_picture_is_read_with_a_box_over_each_digit(uploaded):
    person = uploaded("pencil_rows.jpg")
    boxes = person.page.locator("#preview-stage .box")
    expect(boxes).to_have_count(13)
    picture, first = person.page.locator("#preview-stage img").bounding_box(), boxes.first.bounding_box()
    assert picture["x"] < first["x"] < picture["x"] + picture["width"] / 2
    assert picture["y"] < first["y"] < picture["y"] + picture["height"] / 2


def test_the_digit_under_the_pointer_or_the_focus_is_shown(uploaded):
    person = uploaded("postcode.jpg")
    best = person.page.locator("#upload-reading .bar.best .bar-digit")
    person.page.locator("#preview-stage .box").nth(1).hover()
    expect(best).to_have_text("0")
    person.page.locator("#preview-stage .box").nth(2).focus()
    expect(best).to_have_text("3")
    person.page.keyboard.press("ArrowRight")
    person.page.keyboard.press("ArrowRight")
    expect(best).to_have_text("1")


def test_the_stages_are_shown_on_demand(uploaded):
    person = uploaded("marker_seven.jpg")
    expect(person.page.locator("#stages img")).to_have_count(0)
    person.page.get_by_role("button", name="How it was read").click()
    stages = person.page.locator("#stages img")
    expect(stages).to_have_count(5)
    person.page.wait_for_function(
        "() => [...document.querySelectorAll('#stages img')].every((image) => image.naturalWidth > 0)"
    )


def test_of_fifty_pictures_one_is_broken_and_stops_no_other(visit):
    texts = [str(number) for number in range(10, 59)]
    person = visit("#upload")
    files = [file_of(text, f"{text}.png") for text in texts]
    person.upload(*files[:20], BROKEN, *files[20:])
    expect_all_read(person, "50 pictures, 1 with an error")
    rows = person.page.locator("#batch-rows tr")
    expect(rows).to_have_count(50)
    broken = rows.filter(has_text="broken.png")
    expect(broken.locator(".state")).to_contain_text("damaged")
    person.expected = ["422"]
    found = dict(
        zip(
            rows.locator(".name").all_text_contents(),
            rows.locator(".reading-cell").all_text_contents(),
            strict=True,
        )
    )
    wrong = {text: found[f"{text}.png"] for text in texts if found[f"{text}.png"] != text}
    assert len(wrong) <= 2, wrong


def test_three_pictures_are_read_at_a_time(visit):
    person = visit("#upload")
    held: list[Route] = []
    holds = [True]

    def hold(route: Route) -> None:
        if holds:
            held.append(route)
        else:
            route.continue_()

    person.page.route("**/v1/read?*", hold)
    person.upload(*(file_of("7", f"{index}.png") for index in range(12)))
    expect(person.page.locator("#batch-rows .state[data-state=waiting]")).to_have_count(9)
    reading = person.page.locator("#batch-rows .state[data-state=reading]")
    assert reading.count() == 3
    looks = "(cell) => [getComputedStyle(cell).display, getComputedStyle(cell).boxShadow]"
    assert reading.first.evaluate(looks) == ["table-cell", "none"]  # a cell like the others, not a card
    holds.clear()
    for route in held:
        route.continue_()
    expect_all_read(person, "12 pictures")


def test_every_page_of_a_document_is_read_and_shown(visit):
    person = visit("#upload")
    pages = [Image.open(io.BytesIO(picture_of(text))).convert("L") for text in ("31", "7", "204")]
    document = io.BytesIO()
    pages[0].save(document, "TIFF", save_all=True, append_images=pages[1:])
    person.upload({"name": "scan.tiff", "mimeType": "image/tiff", "buffer": document.getvalue()})
    expect_all_read(person, "3 pictures")
    rows = person.page.locator("#batch-rows tr")
    assert rows.locator(".name").all_text_contents() == ["scan.tiff#1", "scan.tiff#2", "scan.tiff#3"]
    rows.nth(2).get_by_role("button").first.click()
    expect(person.page.locator("#preview-name")).to_have_text("scan.tiff#3")
    person.expect_text("204", "upload")
    assert rows.locator("td:first-child").all_text_contents() == ["1", "1", "1"]
    expect(person.page.locator("#preview-stage img")).to_have_js_property("naturalWidth", pages[2].width)
    person.tab("API")
    expect(person.page.locator("#snippet")).to_contain_text("page=")
    expect(person.page.locator("#snippet")).to_contain_text("@scan.tiff'")


def test_the_table_is_sorted_by_any_column(visit):
    person = visit("#upload")
    person.upload(file_of("31", "b.png"), file_of("7", "c.png"), file_of("250", "a.png"))
    expect_all_read(person, "3 pictures")
    names = person.page.locator("#batch-rows .name")
    for column, order in (
        ("File", "abc"),
        ("Digits", "cba"),
        ("Digits", "abc"),
        ("Reading", "cba"),
        ("#", "bca"),
    ):
        head = person.page.locator("#batch thead").get_by_role("button", name=column, exact=True)
        head.click()
        expect(names).to_have_text([f"{letter}.png" for letter in order])
    expect(person.page.locator("#batch th").first).to_have_attribute("aria-sort", "ascending")


def test_readings_are_exported_as_csv_and_json(visit):
    person = visit("#upload")
    person.expected = ["422"]
    person.upload(EXAMPLES / "pencil_rows.jpg", BROKEN, file_of("42", "=1+1.png"))
    expect_all_read(person, "3 pictures, 1 with an error")
    with person.page.expect_download() as download:
        person.page.locator("#export-csv").click()
    assert download.value.suggested_filename == "inkread.csv"
    rows = list(csv.DictReader(io.StringIO(content_of(download.value), newline="")))
    assert [row["source"] for row in rows] == ["pencil_rows.jpg", "broken.png", "./=1+1.png"]
    assert [row["text"] for row in rows] == ["2718/28459/0452", "", "42"]
    assert "damaged" in rows[1]["error"]
    with person.page.expect_download() as download:
        person.page.locator("#export-json").click()
    first, second, third = json.loads(content_of(download.value))
    assert first["text"] == "2718\n28459\n0452"
    assert [len(line["digits"]) for line in first["lines"]] == [4, 5, 4]
    assert second["text"] is None
    assert third["source"] == "=1+1.png"


def test_readings_are_copied_for_a_spreadsheet(visit):
    person = visit("#upload", permissions=["clipboard-read", "clipboard-write"])
    person.upload(file_of("31", "one.png"), file_of("7", "two.png"))
    expect_all_read(person, "2 pictures")
    person.page.locator("#export-copy").click()
    expect(person.page.locator("#export-copy")).to_have_text("Copied")
    lines = person.page.evaluate("navigator.clipboard.readText()").splitlines()
    assert [line.split("\t")[:2] for line in lines] == [
        ["source", "text"],
        ["one.png", "31"],
        ["two.png", "7"],
    ]


@pytest.mark.parametrize("event", ["paste", "drop"])
def test_a_picture_pasted_or_dropped_on_any_tab_is_read(visit, event):
    person = visit("#about")
    put(person, event, "note.png", picture_of("63"))
    person.expect_text("63", "upload")
    expect(person.page.get_by_role("tab", name="Upload")).to_have_attribute("aria-selected", "true")


def test_a_picture_that_the_browser_cannot_show_is_drawn_by_the_server(visit):
    person = visit("#upload")
    person.upload({"name": "scan.tif", "mimeType": "image/tiff", "buffer": picture_of("58", "TIFF")})
    person.expect_text("58", "upload")
    expect(person.page.locator("#preview-stage img")).to_have_js_property("complete", True)
    person.page.wait_for_selector("#preview-stage img[src^='blob:']")
    expect(person.page.locator("#preview-stage .box")).to_have_count(2)
    expect(person.page.locator("#preview-stage .drawn .box-label").first).to_be_hidden()


def test_the_page_of_a_document_is_named(visit):
    pages = [Image.open(io.BytesIO(picture_of(text))).convert("L") for text in ("58", "31")]
    file = io.BytesIO()
    pages[0].save(file, "TIFF", save_all=True, append_images=pages[1:])
    person = visit("#upload")
    person.upload({"name": "scan.tif", "mimeType": "image/tiff", "buffer": file.getvalue()})
    person.expect_text("58", "upload")
    expect(person.page.locator("#upload-reading .verdict")).to_contain_text("Page 1 of 2.")


def test_a_file_that_is_too_large_is_refused_before_it_is_sent(visit):
    person = visit("#upload")
    person.upload({"name": "huge.png", "mimeType": "image/png", "buffer": b"\0" * (33 * 2**20)})
    expect(person.page.locator("#upload-reading .verdict")).to_contain_text("limit of 32 MiB")


def test_a_file_chosen_before_the_limits_of_the_server_are_known_waits_for_them(visit):
    person = visit("#upload")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    person.page.route("**/v1/info", hold)
    person.page.reload(wait_until="commit")
    expect(person.page.get_by_role("tab", name="Upload")).to_have_attribute("aria-selected", "true")
    person.upload({"name": "huge.png", "mimeType": "image/png", "buffer": b"\0" * (33 * 2**20)})
    expect(person.page.locator("#preview-name")).to_have_text("huge.png")
    sent: list[str] = []
    person.page.on("request", lambda request: sent.append(request.url))
    held.pop().continue_()
    expect(person.page.locator("#upload-reading .verdict")).to_contain_text("limit of 32 MiB")
    expect(person.page.locator("#preview-stage")).to_contain_text("cannot be shown")
    assert not [url for url in sent if "/v1/read" in url]  # neither to read it nor to show it


def test_a_file_that_is_not_a_picture_is_rejected_in_whole_sentences(visit):
    person = visit("#upload")
    person.expected = ["415"]
    person.upload({"name": "a.psd", "mimeType": "image/vnd.adobe.photoshop", "buffer": b"8BPS\n"})
    words = "a.psd is a Photoshop file, which is not accepted. Export it as PNG or JPEG."
    expect(person.page.locator("#upload-reading .verdict")).to_have_text(words)


def test_pictures_are_removed(visit):
    person = visit("#upload")
    person.upload(file_of("31", "one.png"), file_of("7", "two.png"))
    expect_all_read(person, "2 pictures")
    person.page.get_by_role("button", name="Remove all").click()
    expect(person.page.locator("#preview")).to_be_hidden()
    expect(person.page.locator("#batch")).to_be_hidden()
