"""Editing a row's text and marking a missed digit; the reading is made up, so nothing has to be read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from browser.test_access import axe, serious
from playwright.sync_api import expect
from serving import png

from inkread.store import Correction, Mark, NewDigit, NewReading, Store

if TYPE_CHECKING:
    from browser.visit import Visit
    from playwright.sync_api import Route

__all__ = ["axe"]

WIDTH, HEIGHT = 400, 200
ROWS = ("123", "45")
PHONE = {"viewport": {"width": 360, "height": 780}, "has_touch": True, "is_mobile": True}


def box_of(line: int, position: int) -> list[int]:
    return [100 + 30 * position, 40 + 60 * line, 120 + 30 * position, 70 + 60 * line]


def picture() -> bytes:
    pixels = np.full((HEIGHT, WIDTH), 255, np.uint8)
    for line, row in enumerate(ROWS):
        for position in range(len(row)):
            x0, y0, x1, y1 = box_of(line, position)
            pixels[y0:y1, x0:x1] = 90
    return png(pixels)


def answer(identity: str | None) -> str:
    """Makes a reading of two rows as in a server's response."""
    lines = [
        {
            "text": row,
            "written": row,
            "signs": [],
            "digits": [
                {"label": label, "probability": 0.9, "box": box_of(line, position), "alternatives": []}
                for position, label in enumerate(row)
            ],
        }
        for line, row in enumerate(ROWS)
    ]
    text = "\n".join(ROWS)
    size = {"width": WIDTH, "height": HEIGHT}
    about = {"source": "a.png", "model": "default", "milliseconds": 5.0, "error": None}
    return json.dumps({"id": identity, "text": text, "written": text, "lines": lines} | size | about)


@pytest.fixture
def stored(store: str) -> str:
    """The id of that reading in the store of ``collecting``."""
    lines = tuple(
        tuple(
            NewDigit(label, 0.9, tuple(box_of(line, position)), (0.1,) * 10, bytes(784), b"")
            for position, label in enumerate(row)
        )
        for line, row in enumerate(ROWS)
    )
    with Store.open(store) as opened:
        new = NewReading("a.png", WIDTH, HEIGHT, "\n".join(ROWS), "default", "ab" * 32, lines, None)
        return opened.add_reading(new)


def show(person: Visit, identity: str | None = None) -> None:
    """Uploads the picture and returns the made-up reading for it."""

    def fulfil(route: Route) -> None:
        route.fulfill(body=answer(identity), content_type="application/json")

    person.page.route("**/v1/read?*", fulfil)
    person.upload({"name": "a.png", "mimeType": "image/png", "buffer": picture()})
    person.expect_text("12345", "upload")


def kept(store: str) -> list[Correction | Mark]:
    """Returns the stored corrections and marks, oldest first."""
    with Store.open(store) as opened:
        return list(opened.corrections().items)[::-1]


def at(person: Visit, x: float, y: float) -> tuple[float, float]:
    """Converts a point of the picture to the window."""
    frame = person.page.locator("#preview-stage .marker").bounding_box()
    return frame["x"] + x / WIDTH * frame["width"], frame["y"] + y / HEIGHT * frame["height"]


def drag(person: Visit, box: list[int]) -> None:
    person.page.mouse.move(*at(person, *box[:2]))
    person.page.mouse.down()
    person.page.mouse.move(*at(person, *box[2:]), steps=3)
    person.page.mouse.up()


def begin(person: Visit) -> None:
    person.page.get_by_role("button", name="Mark a missed digit").click()
    expect(person.page.locator("#preview-stage .marker")).to_be_focused()


def edit(person: Visit, row: int, text: str, key: str = "Enter") -> None:
    person.page.get_by_role("button", name=f"Edit row {row}").click()
    field = person.page.get_by_role("textbox", name=f"Digits of row {row}")
    expect(field).to_be_focused()
    field.fill(text)
    person.page.keyboard.press(key)


def note(person: Visit):
    return person.page.locator("#upload-reading .note")


def test_a_row_is_edited_and_what_changed_is_stored(collecting, store, stored, visit):
    person = visit("#upload", address=collecting)
    show(person, stored)
    edit(person, 1, "7263")
    person.expect_text("726345", "upload")
    expect(person.page.get_by_role("button", name="Edit row 1: 7 2 6 3")).to_be_focused()
    expect(person.page.locator("#upload-reading .digit.corrected")).to_have_text(["7", "6"])
    expect(person.page.locator("#preview-stage .box")).to_have_count(6)
    person.page.wait_for_function(
        "() => !document.querySelector('#upload-reading .note').textContent.includes('Storing')"
    )
    correction, mark = sorted(kept(store), key=lambda one: isinstance(one, Mark))
    assert (correction.line, correction.position, correction.label) == (0, 0, "7")
    assert (mark.label, mark.box) == ("6", (145, 40, 165, 70))


def test_a_text_that_is_edited_again_or_taken_back_leaves_nothing_behind(collecting, store, stored, visit):
    person = visit("#upload", address=collecting)
    show(person, stored)
    edit(person, 2, "4565")
    person.expect_text("1234565", "upload")
    edit(person, 2, "45")
    person.expect_text("12345", "upload")
    expect(person.page.locator("#preview-stage .box")).to_have_count(5)
    person.page.wait_for_load_state("networkidle")
    assert kept(store) == []


def test_escape_leaves_a_row_as_it_was_and_other_signs_are_not_taken(visit):
    person = visit("#upload")
    show(person)
    edit(person, 1, "999", key="Escape")
    person.expect_text("12345", "upload")
    expect(person.page.get_by_role("button", name="Edit row 1")).to_be_focused()
    edit(person, 1, "12a")
    expect(person.page.get_by_role("textbox", name="Digits of row 1")).to_be_visible()
    person.page.get_by_role("textbox", name="Digits of row 1").fill("1-2.8")
    person.page.get_by_role("button", name="Save").click()
    person.expect_text("12845", "upload")


def test_a_missed_digit_is_marked_with_the_mouse_corrected_and_withdrawn(collecting, store, stored, visit):
    person = visit("#upload", address=collecting)
    show(person, stored)
    begin(person)
    keys = person.page.locator("#upload-reading .key")
    expect(keys.first).to_be_disabled()  # there is no box yet
    drag(person, [200, 40, 222, 70])
    expect(note(person)).to_have_text("Choose the digit in the box.")
    person.page.get_by_role("button", name="It is six").click()
    person.expect_text("123645", "upload")
    expect(note(person)).to_have_text("Marked as 6. Stored for training.")
    (mark,) = kept(store)
    assert mark.label == "6"
    assert np.abs(np.subtract(mark.box, (200, 40, 222, 70))).max() <= 1
    expect(person.page.locator("#upload-reading .digit", has_text="6")).to_be_focused()
    person.page.keyboard.press("8")
    expect(note(person)).to_have_text("Marked as 8. Stored for training.")
    assert [one.label for one in kept(store)] == ["8"]
    person.page.get_by_role("button", name="Withdraw").click()
    person.expect_text("12345", "upload")
    assert kept(store) == []


def test_a_missed_digit_is_marked_by_keys_alone(collecting, store, stored, visit):
    person = visit("#upload", address=collecting)
    show(person, stored)
    page = person.page
    page.get_by_role("button", name="Mark a missed digit").focus()
    page.keyboard.press("Enter")
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "Shift+ArrowRight", "Shift+ArrowDown", "7"):
        page.keyboard.press(key)
    expect(note(person)).to_have_text("Marked as 7. Stored for training.")
    (mark,) = kept(store)
    assert mark.box == (194, 89, 218, 123)  # from the center, of the usual size
    begin(person)
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Mark a missed digit")).to_be_focused()
    expect(page.locator("#preview-stage .marker")).to_have_count(0)


def test_a_missed_digit_is_marked_by_a_tap(visit):
    person = visit("#upload", **PHONE)
    show(person)
    person.page.get_by_role("button", name="Mark a missed digit").tap()
    person.page.locator("#preview-stage").scroll_into_view_if_needed()
    person.page.touchscreen.tap(*at(person, 210, 55))
    person.page.get_by_role("button", name="It is nine").tap()
    person.expect_text("123945", "upload")


def test_a_box_over_a_digit_that_was_read_corrects_it(collecting, store, stored, visit):
    person = visit("#upload", address=collecting)
    show(person, stored)
    begin(person)
    x0, y0, x1, y1 = box_of(1, 0)
    drag(person, [x0 - 2, y0 - 2, x1 + 2, y1 + 2])
    person.page.keyboard.press("9")
    person.expect_text("12395", "upload")
    expect(note(person)).to_have_text("4 corrected to 9. Stored for training.")
    (correction,) = kept(store)
    assert (correction.line, correction.position, correction.label) == (1, 0, "9")


def test_a_digit_far_from_every_row_is_a_row_of_its_own(visit):
    person = visit("#upload")
    show(person)
    begin(person)
    drag(person, [20, 150, 40, 180])
    person.page.keyboard.press("6")
    person.expect_text("123456", "upload")
    expect(person.page.locator("#upload-reading .line")).to_have_count(3)


def test_without_collect_marks_and_rows_show_here_only(visit):
    person = visit("#upload")
    asked = []
    person.page.on("request", lambda request: "/v1/corrections" in request.url and asked.append(request))
    show(person)
    edit(person, 1, "1234")
    person.expect_text("123445", "upload")
    begin(person)
    drag(person, [300, 100, 320, 130])
    person.page.keyboard.press("6")
    person.expect_text("1234456", "upload")
    expect(note(person)).to_have_text("Marked as 6. Shown here only; this server does not store corrections.")
    assert asked == []


def test_a_mark_that_cannot_be_stored_is_taken_away_again(collecting, stored, visit):
    person = visit("#upload", address=collecting)
    person.expected = ["507"]
    show(person, stored)
    problem = {
        "title": "x",
        "status": 507,
        "detail": "There is no space left to store anything.",
        "remedy": "Free some.",
    }
    person.page.route("**/v1/corrections", lambda route: route.fulfill(status=507, body=json.dumps(problem)))
    begin(person)
    drag(person, [200, 40, 222, 70])
    person.page.keyboard.press("6")
    expect(note(person)).to_contain_text("Not stored: There is no space left to store anything.")
    person.expect_text("12345", "upload")


def test_marks_are_exported_at_their_place_in_the_row(visit):
    person = visit("#about")
    digit = {"label": "1", "probability": 0.9, "box": [100, 0, 120, 30], "alternatives": []}
    mark = {"marked": True, "label": "", "corrected": "7", "probability": 1, "box": [60, 0, 80, 30]}
    item = {"name": "a.png", "reading": {"lines": [{"digits": [digit, mark], "signs": []}]}, "error": None}
    (found,) = json.loads(person.evaluate("exports", f"m.toJson([{json.dumps(item)}])"))
    assert (found["text"], found["lines"][0]["text"]) == ("71", "71")
    assert found["lines"][0]["digits"][0] == {"label": "7", "box": [60, 0, 80, 30], "marked": True}


def test_on_the_sheet_a_box_is_drawn_around_a_missed_digit_and_not_a_stroke(collecting, store, stored, visit):
    person = visit(address=collecting)
    person.page.route(
        "**/v1/read?*",
        lambda route: route.fulfill(body=answer(stored), content_type="application/json"),
    )
    person.write("1", at=(0.1, 0.1, 0.3, 0.3))
    person.expect_text("12345")
    person.page.get_by_role("button", name="Mark a missed digit").click()
    frame = person.page.locator("#sheet .marker").bounding_box()
    person.page.mouse.move(frame["x"] + 0.5 * frame["width"], frame["y"] + 0.2 * frame["height"])
    person.page.mouse.down()
    person.page.mouse.move(frame["x"] + 0.55 * frame["width"], frame["y"] + 0.35 * frame["height"])
    person.page.mouse.up()
    person.page.keyboard.press("6")
    person.expect_text("123645")
    expect(person.page.locator("#draw-reading .note")).to_have_text("Marked as 6. Stored for training.")
    (mark,) = kept(store)
    assert np.abs(np.subtract(mark.box, (200, 40, 220, 70))).max() <= 1
    person.page.get_by_role("button", name="Undo").click()
    person.expect_text("")  # there was one stroke


def test_marks_are_listed_and_withdrawn_in_the_history(collecting, stored, visit):
    person = visit("#upload", address=collecting)
    show(person, stored)
    begin(person)
    drag(person, [200, 40, 222, 70])
    person.page.keyboard.press("6")
    expect(note(person)).to_contain_text("Stored for training")
    person.tab("History")
    expect(person.page.locator("#history-list .entry-text").last).to_have_text("□ → 6")
    withdraw = person.page.get_by_role("button", name="Withdraw the box marked as 6")
    withdraw.click()
    withdraw.click()
    expect(person.page.locator("#history-list")).not_to_contain_text("□ → 6")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_while_a_row_is_edited_or_a_box_drawn(visit, axe, scheme):
    person = visit("#upload", color_scheme=scheme, reduced_motion="reduce")
    show(person)
    person.page.get_by_role("button", name="Edit row 2").click()
    assert serious(person.page, axe) == []
    person.page.keyboard.press("Escape")
    begin(person)
    drag(person, [200, 40, 222, 70])
    assert serious(person.page, axe) == []
    person.page.keyboard.press("6")
    assert serious(person.page, axe) == []


# The page aligns like the server.


@pytest.mark.parametrize("seed", range(4))
def test_the_page_aligns_a_text_as_the_server_does(visit, seed):
    from inkread.store.rows import Item, NoRoomError, changes

    rng = np.random.default_rng(seed)
    person = visit("#about")
    cases, expected = [], []
    for _ in range(40):
        left, row = int(rng.integers(0, 60)), []
        for _ in range(int(rng.integers(1, 7))):
            label = str(rng.choice([*"0123", ""]))
            row.append(Item(label, (left, 10, left + 20, 40), probability=float(rng.integers(1, 9)) / 8))
            left += int(rng.integers(22, 80))
        text = "".join(rng.choice([*"0123"], int(rng.integers(0, 8))))
        items = [{"label": one.label, "box": one.box, "probability": one.probability} for one in row]
        cases.append([items, text])
        try:
            found = changes(row, text, width=500, height=100)
        except NoRoomError:
            expected.append(None)
        else:
            expected.append(
                [[row.index(one.item) if one.item else None, one.label, one.box[0]] for one in found]
            )
    done = person.evaluate(
        "rows",
        f"{json.dumps(cases)}.map(([row, text]) => {{ try {{"
        " return m.edits(row, text, { width: 500, height: 100 })"
        ".map(({ index, box, label }) => [index, label, box[0]]); } catch { return null; } })",
    )
    assert len(done) == len(expected)
    for found, wanted, (_, text) in zip(done, expected, cases, strict=True):
        if wanted is None:
            assert found is None, text
            continue
        assert [each[:2] for each in found] == [each[:2] for each in wanted], text
        assert all(abs(a[2] - b[2]) <= 1 for a, b in zip(found, wanted, strict=True)), text
