"""The first five seconds of a visitor, on any screen."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

EXAMPLES = Path(__file__).parents[2] / "examples"
PHONE = {"has_touch": True, "is_mobile": True}
SCREENS = {
    "phone": {"viewport": {"width": 360, "height": 740}, **PHONE},
    "phone held sideways": {"viewport": {"width": 740, "height": 360}, **PHONE},
    "tablet": {"viewport": {"width": 768, "height": 1024}},
    "laptop": {"viewport": {"width": 1280, "height": 720}},
    "large screen": {"viewport": {"width": 1920, "height": 1080}},
}


def written_on(file: str) -> str:
    """Returns the digits on an example picture."""
    with (EXAMPLES / "labels.csv").open(encoding="utf-8", newline="") as stream:
        return {row["file"]: row["label"] for row in csv.DictReader(stream)}[file].replace("/", "")


@pytest.mark.parametrize("screen", SCREENS)
def test_headline_examples_sheet_and_result_are_on_the_first_screen(visit, screen):
    page = visit(**SCREENS[screen]).page
    expect(page.get_by_role("heading", level=1)).to_have_text("Read handwritten numbers")
    shown = [
        page.get_by_role("heading", level=1),
        page.locator(".hero .example >> nth=0"),
        page.locator("#canvas"),
    ]
    for each in [*shown, page.locator("#draw-reading .text")]:
        expect(each).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("screen", SCREENS)
def test_what_is_drawn_and_what_is_read_are_both_in_sight(visit, screen):
    person = visit(**SCREENS[screen])
    person.write("47")
    person.expect_text("47")
    bar = person.page.get_by_role("tablist").bounding_box()
    lowest = bar["y"] if bar["y"] > 100 else SCREENS[screen]["viewport"]["height"]
    for where in ("#canvas", "#draw-reading .text", "#draw-reading .verdict"):
        box = person.page.locator(where).bounding_box()
        assert box["y"] >= 0, where
        assert box["y"] + box["height"] <= lowest, where


@pytest.mark.parametrize("screen", ["phone", "phone held sideways"])
def test_a_phone_has_the_tabs_at_the_bottom(visit, screen):
    page = visit(**SCREENS[screen]).page
    bar, height = page.get_by_role("tablist").bounding_box(), SCREENS[screen]["viewport"]["height"]
    assert bar["y"] + bar["height"] == pytest.approx(height, abs=1)
    assert bar["height"] < 0.2 * height


def test_a_large_screen_is_used(visit):
    page = visit(**SCREENS["large screen"]).page
    sheet, panel = (page.locator(where).bounding_box() for where in ("#sheet", "#draw-reading .reading"))
    assert panel["x"] + panel["width"] - sheet["x"] > 0.85 * 1920
    assert sheet["height"] > 0.6 * 1080


def test_each_example_is_read_with_one_click(visit):
    person = visit()
    names = person.page.locator(".hero .example").count()
    assert 3 <= names <= 4
    for number in range(names):
        person.tab("Draw")
        person.page.locator(".hero .example").nth(number).click()
        expect(person.page.get_by_role("tab", name="Upload")).to_have_attribute("aria-selected", "true")
        expect(person.page.locator("#preview-name")).not_to_have_text("")
        file = person.page.locator("#preview-name").inner_text()
        person.expect_text(written_on(file), "upload")


def test_with_text_the_first_example_is_a_note(visit):
    person = visit()
    person.page.select_option("#alphabet", "text")
    assert person.page.locator(".hero .example").count() == 4
    person.page.locator(".hero .example").first.click()
    expect(person.page.locator("#upload-reading .line")).to_have_count(3)
    expect(person.page.locator("#upload-reading .line").first).to_have_text(
        re.compile(r"Meet\s*Anna\s*at\s*the")
    )


def test_the_upload_tab_offers_the_examples_until_there_is_a_picture(visit):
    person = visit("#upload")
    person.page.locator("#drop .example").first.click()
    person.expect_text(written_on("phone_number.jpg"), "upload")
    expect(person.page.locator("#drop .example").first).to_be_hidden()


def test_before_anything_is_read_there_are_no_empty_bars_and_no_dead_buttons(visit):
    person = visit()
    panel = person.page.locator("#draw-reading")
    expect(panel.locator(".text")).to_be_visible()
    expect(panel.locator(".bar").first).to_be_hidden()
    expect(panel.get_by_role("button", disabled=True)).to_have_count(0)
    person.write("3")
    person.expect_text("3")
    expect(panel.locator(".bar").first).to_be_visible()
    expect(panel.get_by_role("button", name="It is three")).to_be_enabled()
