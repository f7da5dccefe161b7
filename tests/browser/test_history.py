"""The history of a server that collects: thumbnails, corrections, export, and clearing it."""

from __future__ import annotations

import csv
import io
import json

import pytest
from browser.test_upload import content_of
from playwright.sync_api import expect


@pytest.fixture
def person(collecting, uploaded):
    """A person who has uploaded two pictures and opened the history."""
    person = uploaded("postcode.jpg", address=collecting)
    person.upload_example("marker_seven.jpg")
    person.tab("History")
    expect(person.page.locator("#history-list .entry-text")).to_have_text(["7", "80331"])
    return person


def test_each_reading_has_a_thumbnail(person):
    thumbnails = person.page.locator("#history-list img.thumbnail")
    expect(thumbnails).to_have_count(2)
    for number in range(2):
        expect(thumbnails.nth(number)).to_be_visible()
        person.page.wait_for_function(
            "(image) => image.naturalWidth > 0 && Math.max(image.naturalWidth, image.naturalHeight) <= 160",
            arg=thumbnails.nth(number).element_handle(),
        )


def test_a_reading_is_corrected_in_the_history_and_shows_it_there(person):
    page = person.page
    page.locator("button.entry-open").last.click()
    boxes = page.locator(".entry-details .box")
    expect(boxes).to_have_count(5)
    boxes.first.focus()
    page.keyboard.press("6")
    expect(page.locator(".entry-details .note")).to_contain_text("8 corrected to 6. Stored for training.")
    texts = page.locator("#history-list .entry-text")
    expect(texts).to_have_text(["7", "60331", "8 → 6"])
    page.reload()
    expect(texts).to_have_text(["7", "60331", "8 → 6"])
    expect(page.locator(".entry-facts").nth(1)).to_contain_text("1 correction")
    page.locator("button.entry-open").last.click()
    expect(page.locator(".entry-details .digit.corrected")).to_have_text("6")
    page.locator(".entry-details .digit.corrected").click()
    page.locator(".entry-details").get_by_role("button", name="Withdraw").click()
    expect(texts).to_have_text(["7", "80331"])


def test_a_missed_digit_that_was_marked_is_shown_in_the_history(person, collecting):
    page = person.page
    reading = page.evaluate("fetch('v1/readings').then((answer) => answer.json())")["readings"][1]["id"]
    page.evaluate(
        """(reading) => fetch("v1/corrections", {
          method: "POST", headers: { "Content-Type": "application/json" },
          body: JSON.stringify({ reading, box: [740, 130, 800, 240], label: "4" }),
        })""",
        reading,
    )
    page.reload()
    expect(page.locator("#history-list .entry-text").nth(1)).to_have_text("803314")


def test_the_history_is_exported_with_its_corrections(person):
    page = person.page
    page.locator("button.entry-open").last.click()
    page.locator(".entry-details .box").first.focus()
    page.keyboard.press("6")
    expect(page.locator(".entry-details .note")).to_contain_text("Stored for training.")
    with page.expect_download() as download:
        page.locator("#history-csv").click()
    rows = list(csv.DictReader(io.StringIO(content_of(download.value), newline="")))
    assert [(row["source"], row["text"]) for row in rows] == [
        ("marker_seven.jpg", "7"),
        ("postcode.jpg", "60331"),
    ]
    with page.expect_download() as download:
        page.locator("#history-json").click()
    assert [each["text"] for each in json.loads(content_of(download.value))] == ["7", "60331"]


def test_the_history_is_cleared_only_after_a_second_press(person):
    page = person.page
    page.get_by_role("button", name="Delete all readings").click()
    expect(page.locator("#history-list .entry-text")).to_have_text(["7", "80331"])
    page.get_by_role("button", name="Delete all readings: press again to confirm").click()
    expect(page.locator("#history-list")).to_contain_text("No readings yet")
    expect(page.get_by_role("button", name="Delete all readings")).to_be_hidden()
