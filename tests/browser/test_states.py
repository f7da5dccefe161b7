"""What the page says while it waits, and when the server is gone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Route

EXAMPLES = Path(__file__).parents[2] / "examples"
READS = "**/v1/read?*"


def test_a_drawing_that_is_being_read_says_so(visit):
    person = visit()
    held: list[Route] = []
    person.page.route(READS, lambda route: held.append(route))  # noqa: PLW0108 - Playwright marks it
    with person.page.expect_request(READS):
        person.write("3")
    panel = person.page.locator("#draw-reading .reading")
    expect(panel.locator(".waiting")).to_be_visible()
    expect(panel.locator(".spinner")).to_be_visible()
    expect(panel).to_have_attribute("aria-busy", "true")
    person.page.unroute(READS)
    person.page.keyboard.press("Control+z")
    person.page.keyboard.press("Control+Shift+z")  # reads again
    person.expect_text("3")
    expect(panel.locator(".waiting")).to_be_hidden()
    expect(panel).to_have_attribute("aria-busy", "false")


def test_an_upload_that_is_being_read_says_so(visit):
    person = visit("#upload")
    held: list[Route] = []
    person.page.route(READS, lambda route: held.append(route))  # noqa: PLW0108 - Playwright marks it
    with person.page.expect_request(READS):
        person.upload(EXAMPLES / "marker_seven.jpg")
    expect(person.page.locator("#upload-reading .waiting")).to_have_text("Reading …")
    held[-1].continue_()
    person.expect_text("7", "upload")
    expect(person.page.locator("#upload-reading .waiting")).to_be_hidden()


def test_a_drawing_is_read_again_when_the_server_is_back(visit):
    person = visit()
    person.expected = ["ERR_FAILED"]
    person.page.route(READS, lambda route: route.abort())
    person.write("3")
    retry = person.page.locator("#draw-reading").get_by_role("button", name="Try again")
    expect(retry).to_be_visible()
    person.page.unroute(READS)
    retry.click()
    person.expect_text("3")
    expect(retry).to_be_hidden()


def test_uploads_are_read_again_when_the_server_is_back(visit):
    person = visit("#upload")
    person.expected = ["ERR_FAILED"]
    person.page.route(READS, lambda route: route.abort())
    person.upload(EXAMPLES / "marker_seven.jpg", EXAMPLES / "postcode.jpg")
    expect(person.page.locator("#batch-title")).to_have_text("2 pictures, 2 with an error")
    person.page.unroute(READS)
    person.page.locator("#retry-failed").click()
    expect(person.page.locator("#batch-title")).to_have_text("2 pictures")
    expect(person.page.locator("#retry-failed")).to_be_hidden()
    person.expect_text("7", "upload")


def test_a_damaged_picture_is_not_offered_again(visit):
    person = visit("#upload")
    person.expected = ["415", "422"]
    person.upload({"name": "a.txt", "mimeType": "image/png", "buffer": b"no picture"})
    expect(person.page.locator("#upload-reading .verdict")).not_to_have_text("")
    expect(person.page.locator("#upload-reading .reading")).to_have_attribute("data-kind", "problem")
    expect(person.page.locator("#upload-reading").get_by_role("button", name="Try again")).to_be_hidden()


def test_the_boxes_are_seen_on_a_black_picture(visit):
    """Each box has a light edge beside its dark line."""
    person = visit("#upload")
    person.upload(EXAMPLES / "chalkboard.jpg")
    expect(person.page.locator("#preview-stage .box")).not_to_have_count(0)
    shadow = person.page.locator("#preview-stage .box").first.evaluate(
        "(box) => getComputedStyle(box).boxShadow"
    )
    assert "rgb(255, 255, 255)" in shadow or "rgba(255, 255, 255" in shadow


def test_the_heads_of_columns_stand_over_their_numbers(visit):
    person = visit("#upload")
    person.upload(EXAMPLES / "marker_seven.jpg", EXAMPLES / "postcode.jpg")
    expect(person.page.locator("#batch-title")).to_have_text("2 pictures")
    edge = """(cell) => {
      const range = document.createRange();
      range.selectNodeContents(cell.querySelector("button")?.firstChild ?? cell);
      return range.getBoundingClientRect().right;
    }"""
    for column in (4, 5):  # digits, lowest confidence
        head = person.page.locator(f"#batch thead th:nth-child({column})").evaluate(edge)
        number = person.page.locator(f"#batch tbody tr:first-child td:nth-child({column})").evaluate(edge)
        assert abs(head - number) < 2, column


def test_without_https_the_camera_says_at_once_what_to_do(visit):
    person = visit("#about")
    person.page.add_init_script("Object.defineProperty(window, 'isSecureContext', { value: false })")
    person.page.reload()
    person.tab("Camera")
    expect(person.page.locator("#camera-words")).to_contain_text("HTTPS")
    expect(person.page.locator("#camera-https")).to_contain_text("inkread serve --tls-self-signed")


def test_a_file_that_is_too_large_is_not_sent_to_be_drawn_either(visit):
    person = visit("#upload")
    sent: list[str] = []
    person.page.on("request", lambda request: "/v1/read" in request.url and sent.append(request.url))
    person.upload({"name": "huge.png", "mimeType": "image/png", "buffer": b"\0" * (33 * 2**20)})
    expect(person.page.locator("#preview-stage .placeholder")).to_have_text("This picture cannot be shown.")
    assert sent == []
