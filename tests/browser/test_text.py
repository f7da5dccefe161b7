"""Letters, words, and lines on the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
from pipeline.test_text_lines import page as picture_of
from playwright.sync_api import expect

if TYPE_CHECKING:
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


def test_the_choice_of_alphabet_is_remembered(visit) -> None:
    person = visit("#draw")
    person.page.select_option("#alphabet", "letters")
    person.page.reload()
    expect(person.page.locator("#alphabet")).to_have_value("letters")
