"""Letters, words, and lines on the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import pytest
from browser.conftest import serving
from pipeline.test_text_lines import page as picture_of
from playwright.sync_api import expect

from inkread.models import TEXT, load_model

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def test_a_picture_is_read_as_text_and_as_digits_again(visit, tmp_path: Path) -> None:
    file = tmp_path / "note.png"
    cv2.imwrite(str(file), picture_of("hello world", "second line"))
    person = visit("#upload")
    person.page.select_option("#alphabet", "text")
    person.page.set_input_files("#files", file)
    reading = person.page.locator("#upload-reading")
    expect(reading.locator(".line")).to_have_count(2)
    expect(reading.locator(".facts-line")).to_contain_text("text")
    expect(reading.locator(".bars-box")).to_be_hidden()
    expect(reading.locator(".edit")).to_have_count(0)
    assert max(map(len, reading.locator(".digit").all_inner_texts())) > 2  # words, not characters
    person.page.select_option("#alphabet", "digits")
    expect(reading.locator(".facts-line")).to_contain_text("default")


def test_a_letter_in_the_grid_is_classified_with_its_alternatives(visit) -> None:
    person = visit("#draw")
    person.page.select_option("#alphabet", "letters")
    expect(person.page.locator("h1:visible")).to_have_text("Read handwritten letters")
    person.page.get_by_role("radio", name="28 × 28").check()
    grid = person.page.locator("#pixels").bounding_box()
    for stroke in ([(0.3, 0.85), (0.5, 0.15), (0.7, 0.85)], [(0.38, 0.6), (0.62, 0.6)]):
        points = [(grid["x"] + x * grid["width"], grid["y"] + y * grid["height"]) for x, y in stroke]
        person.page.mouse.move(*points[0])
        person.page.mouse.down()
        for point in points[1:]:
            person.page.mouse.move(*point, steps=8)
        person.page.mouse.up()
    person.page.get_by_role("button", name="Classify").click()
    reading = person.page.locator("#draw-reading")
    expect(reading.locator(".digit")).to_have_text("A")
    expect(reading.locator(".choices")).to_contain_text("“A”")
    expect(reading.locator(".bars-box")).to_be_hidden()


@pytest.fixture(scope="module")
def offering() -> Iterator[str]:
    """A server that offers a network of lines of the user's own."""
    with serving("--model", f"mine={load_model(TEXT).path.parent}") as address:
        yield address


def test_a_network_of_lines_given_at_the_start_is_chosen_under_models(offering, visit) -> None:
    person = visit("#models", address=offering)
    person.page.select_option("#alphabet", "text")
    person.page.get_by_role("radio", name="mine").check()
    person.tab("Draw")
    person.write("11")
    reading = person.page.locator("#draw-reading")
    expect(reading.locator(".facts-line")).to_contain_text("mine")
    person.page.select_option("#alphabet", "digits")  # which it does not read
    expect(reading.locator(".facts-line")).to_contain_text("default")


def test_the_choice_of_alphabet_is_remembered(visit) -> None:
    person = visit("#draw")
    person.page.select_option("#alphabet", "letters")
    person.page.reload()
    expect(person.page.locator("#alphabet")).to_have_value("letters")
