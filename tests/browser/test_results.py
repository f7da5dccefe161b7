"""What a person does with a reading: copy it, download it, and choose how it is read."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from browser.test_upload import content_of, file_of
from PIL import Image, ImageChops
from playwright.sync_api import expect

EXAMPLES = Path(__file__).parents[2] / "examples"


def open_options(person, panel: str) -> None:
    person.page.locator(f"#{panel}-reading .options summary").click()


def slide(person, panel: str, percent: int) -> None:
    person.page.locator(f"#{panel}-reading .least input").fill(str(percent))


def test_the_text_of_a_drawing_is_copied(visit):
    person = visit(permissions=["clipboard-read", "clipboard-write"])
    person.write("47")
    person.expect_text("47")
    person.page.locator("#draw-reading").get_by_role("button", name="Copy").click()
    expect(person.page.locator("#draw-reading .results button").first).to_have_text("Copied")
    assert person.page.evaluate("navigator.clipboard.readText()") == "47"


def test_one_picture_is_downloaded_as_csv_json_and_picture(uploaded):
    person = uploaded("postcode.jpg")
    panel = person.page.locator("#upload-reading .results")
    with person.page.expect_download() as download:
        panel.get_by_role("button", name="CSV").click()
    assert download.value.suggested_filename == "postcode.csv"
    (row,) = csv.DictReader(io.StringIO(content_of(download.value), newline=""))
    assert (row["source"], row["text"]) == ("postcode.jpg", "80331")
    with person.page.expect_download() as download:
        panel.get_by_role("button", name="JSON").click()
    assert json.loads(content_of(download.value))[0]["text"] == "80331"
    with person.page.expect_download() as download:
        panel.get_by_role("button", name="Picture").click()
    assert download.value.suggested_filename == "postcode-read.png"
    with Image.open(download.value.path()) as drawn, Image.open(EXAMPLES / "postcode.jpg") as picture:
        assert drawn.size == picture.size
        difference = ImageChops.difference(drawn.convert("L"), picture.convert("L"))
        changed = difference.point(lambda value: 255 * (value > 40)).getbbox()
    left, _, right, _ = changed
    assert left < 0.2 * picture.width < 0.6 * picture.width < right  # boxes from the first digit to the last


def test_digits_that_are_less_probable_than_asked_for_become_question_marks(visit):
    person = visit("#upload")
    answer = {
        "id": None, "source": "a.png", "width": 90, "height": 30, "text": "12", "written": "12",
        "model": "default", "milliseconds": 5, "page": 1, "pages": 1, "error": None,
        "lines": [{"text": "12", "written": "12", "signs": [], "digits": [
            {"label": "1", "probability": 0.99, "box": [5, 5, 25, 25], "alternatives": []},
            {"label": "2", "probability": 0.55, "box": [45, 5, 65, 25], "alternatives": []},
        ]}],
    }  # fmt: skip
    person.page.route("**/v1/read?*", lambda route: route.fulfill(json=answer))
    person.upload(file_of("12", "a.png"))
    person.expect_text("12", "upload")
    expect(person.page.locator("#upload-reading .digit.doubt")).to_have_text("2")
    open_options(person, "upload")
    slide(person, "upload", 80)
    person.expect_text("1?", "upload")
    expect(person.page.locator("#preview-stage .box-label")).to_have_text(["1", "?"])
    slide(person, "upload", 0)
    person.expect_text("12", "upload")


def test_one_digit_is_asked_of_the_server_and_remembered(visit):
    person = visit()
    person.write("47")
    person.expect_text("47")
    open_options(person, "draw")
    with person.page.expect_request("**/v1/read?*single=true*"):
        person.page.get_by_role("switch", name="One digit").check()
    expect(person.page.locator("#draw-reading .digit")).to_have_count(1)
    person.page.reload()
    open_options(person, "draw")
    expect(person.page.get_by_role("switch", name="One digit")).to_be_checked()


def test_signs_are_shown_and_copied_unless_switched_off(visit):
    person = visit("#upload", permissions=["clipboard-read", "clipboard-write"])
    digits = [
        {"label": label, "probability": 0.99, "box": [x, 5, x + 15, 25], "alternatives": []}
        for label, x in (("1", 5), ("2", 25), ("5", 55), ("0", 75))
    ]
    sign = {"label": ".", "probability": 0.98, "box": [44, 20, 48, 25]}
    answer = {
        "id": None, "source": "a.png", "width": 90, "height": 30, "text": "1250", "written": "12.50",
        "model": "default", "milliseconds": 5, "page": 1, "pages": 1, "error": None,
        "lines": [{"text": "1250", "written": "12.50", "signs": [sign], "digits": digits}],
    }  # fmt: skip
    person.page.route("**/v1/read?*", lambda route: route.fulfill(json=answer))
    person.upload(file_of("12", "a.png"))
    person.expect_text("12.50", "upload")
    copy = person.page.locator("#upload-reading .results button").first
    copy.click()
    expect(copy).to_have_text("Copied")
    assert person.page.evaluate("navigator.clipboard.readText()") == "12.50"
    open_options(person, "upload")
    person.page.locator("#upload-reading").get_by_role("switch", name="Signs").uncheck()
    person.expect_text("1250", "upload")
    expect(copy).to_have_text("Copy")
    copy.click()
    expect(copy).to_have_text("Copied")
    assert person.page.evaluate("navigator.clipboard.readText()") == "1250"


@pytest.mark.parametrize("place", [0, 3])
def test_the_bars_name_the_digit_that_they_belong_to(uploaded, place):
    person = uploaded("postcode.jpg")
    person.page.locator("#upload-reading .digit").nth(place).click()
    title = person.page.locator("#upload-reading .bars-box h3")
    expect(title).to_have_text(f"Probabilities: {'80331'[place]} (digit {place + 1} of 5)")
    expect(person.page.locator("#upload-reading .bar.best .bar-digit")).to_have_text("80331"[place])


def test_a_stage_is_enlarged_and_closed_again(uploaded):
    person = uploaded("marker_seven.jpg")
    person.page.get_by_role("button", name="How it was read").click()
    stage = person.page.locator("#stages .enlarge").first
    stage.click()
    large = person.page.get_by_role("dialog")
    expect(large.locator("img")).to_be_visible()
    assert large.locator("img").bounding_box()["height"] > 1.2 * stage.bounding_box()["height"]
    person.page.keyboard.press("Escape")
    expect(large).to_have_count(0)


def test_a_picture_is_cropped_and_restored(uploaded):
    person = uploaded("postcode.jpg")
    page = person.page
    page.get_by_role("button", name="Crop").click()
    box = page.locator("#preview-stage .marker").bounding_box()
    page.mouse.move(box["x"] + 3, box["y"] + 3)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.42 * box["width"], box["y"] + box["height"] - 3)
    page.mouse.up()
    page.get_by_role("button", name="Read this part").click()
    person.expect_text("80", "upload")
    page.get_by_role("button", name="Original").click()
    person.expect_text("80331", "upload")
    expect(page.get_by_role("button", name="Original")).to_be_hidden()


def test_a_picture_is_cropped_with_the_keyboard_alone(uploaded):
    person = uploaded("postcode.jpg")
    page = person.page
    page.get_by_role("button", name="Crop").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowLeft")  # a box in the middle
    expect(page.get_by_role("button", name="Read this part")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Original")).to_be_visible()
    expect(page.locator("#upload-reading .reading")).to_have_attribute("aria-busy", "false")
    assert page.locator("#preview-stage img").evaluate("(image) => image.naturalWidth") == 450


def test_a_picture_is_turned_before_it_is_read(visit):
    lying = io.BytesIO()
    with Image.open(EXAMPLES / "postcode.jpg") as picture:
        picture.transpose(Image.Transpose.ROTATE_90).save(lying, "PNG")
        upright = list(picture.size)
    person = visit("#upload")
    person.upload({"name": "lying.png", "mimeType": "image/png", "buffer": lying.getvalue()})
    expect(person.page.locator("#upload-reading .reading")).to_have_attribute("aria-busy", "false")
    person.page.get_by_role("button", name="Turn").click()
    person.expect_text("80331", "upload")
    size = "(image) => [image.naturalWidth, image.naturalHeight]"
    assert person.page.locator("#preview-stage img").evaluate(size) == upright
    expect(person.page.get_by_role("button", name="Original")).to_be_visible()
