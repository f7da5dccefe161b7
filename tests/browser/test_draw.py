from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Request, Route

PHONE = {"viewport": {"width": 360, "height": 780}, "has_touch": True, "is_mobile": True}


@pytest.mark.parametrize("digit", "0123456789")
def test_a_drawn_digit_is_read(visit, digit):
    person = visit()
    person.write(digit)
    person.expect_text(digit)
    expect(person.page.locator("#draw-reading .bar.best .bar-digit")).to_have_text(digit)


def test_two_digits_on_one_sheet_are_read_each_with_its_box(visit):
    person = visit()
    person.write("4", at=(0.1, 0.2, 0.4, 0.8))
    person.expect_text("4")
    person.write("7", at=(0.6, 0.2, 0.9, 0.8))
    person.expect_text("47")
    expect(person.page.locator("#sheet .box-label")).to_have_text(["4", "7"])


def test_a_stroke_is_read_before_the_pen_is_lifted(visit):
    person = visit()
    (stroke,) = person.strokes("3")
    person.page.mouse.move(*stroke[0])
    person.page.mouse.down()
    for point in stroke[1:]:
        person.page.mouse.move(*point)
    person.expect_text("3")
    person.page.mouse.up()


def test_undo_and_redo_change_the_reading(visit):
    person = visit()
    person.write("2", at=(0.1, 0.2, 0.4, 0.8))
    person.write("3", at=(0.6, 0.2, 0.9, 0.8))
    person.expect_text("23")
    person.page.get_by_role("button", name="Undo").click()
    person.expect_text("2")
    person.page.get_by_role("button", name="Redo").click()
    person.expect_text("23")
    person.page.keyboard.press("Control+z")
    person.page.keyboard.press("Control+z")
    person.expect_text("")
    expect(person.page.get_by_role("button", name="Undo")).to_be_disabled()


def test_clear_can_be_undone(visit):
    person = visit()
    person.write("6")
    person.expect_text("6")
    person.page.get_by_role("button", name="Clear").click()
    person.expect_text("")
    expect(person.page.locator("#sheet .box")).to_have_count(0)
    person.page.get_by_role("button", name="Undo").click()
    person.expect_text("6")


def test_the_eraser_takes_a_digit_away(visit):
    person = visit()
    person.write("8", at=(0.1, 0.25, 0.35, 0.75))
    person.write("5", at=(0.65, 0.25, 0.9, 0.75))
    person.expect_text("85")
    person.page.locator("#tool label", has_text="Eraser").click()
    person.page.locator("#width").fill("40")
    box = person.page.locator("#canvas").bounding_box()
    left, right = box["x"] + 0.55 * box["width"], box["x"] + box["width"] - 5
    person.page.mouse.move(left, box["y"] + 5)
    person.page.mouse.down()
    for row in range(5, int(box["height"]) - 5, 30):
        person.page.mouse.move(left, box["y"] + row)
        person.page.mouse.move(right, box["y"] + row)
    person.page.mouse.up()
    person.expect_text("8")


def test_a_doodle_is_not_a_digit_and_the_page_says_so(visit):
    person = visit()
    box = person.page.locator("#canvas").bounding_box()
    person.page.mouse.click(box["x"] + 200, box["y"] + 100)
    expect(person.page.locator("#draw-reading .verdict")).to_have_text("No digits found.")
    person.expect_text("")


def test_an_older_answer_is_never_shown_over_a_newer_one(visit):
    person = visit()
    held: list[Route] = []

    def hold_the_first(route: Route) -> None:
        if held:
            route.continue_()
        else:
            held.append(route)

    stopped: list[Request] = []
    person.page.on("requestfailed", lambda request: stopped.append(request))  # noqa: PLW0108
    person.page.route("**/v1/read?*", hold_the_first)
    with person.page.expect_request("**/v1/read?*"):
        person.write("3", at=(0.1, 0.2, 0.4, 0.8))
    person.write("5", at=(0.6, 0.2, 0.9, 0.8))
    person.expect_text("35")
    assert held[0].request in stopped  # by a newer request
    held[0].abort()


def test_every_bar_tells_its_exact_value(visit):
    person = visit()
    person.write("0")
    person.expect_text("0")
    bars = person.page.get_by_label("Probability of each digit").get_by_role("listitem")
    assert bars.count() == 10
    exact = [float(re.search(r"([\d.]+) %$", words)[1]) for words in bars.all_text_contents()]
    assert sum(exact) == pytest.approx(100, abs=1)  # the rest belongs to "not a digit"
    assert exact[0] == max(exact)
    bars.nth(0).hover()
    expect(bars.nth(0).locator(".bar-exact")).to_be_in_viewport()
    bars.nth(0).focus()
    person.page.keyboard.press("ArrowDown")
    expect(bars.nth(1)).to_be_focused()


def test_the_glyph_is_what_the_model_saw(visit):
    person = visit()
    person.write("1")
    person.expect_text("1")
    ink = person.page.locator("#draw-reading canvas.glyph").evaluate(
        "(canvas) => [...canvas.getContext('2d').getImageData(0, 0, 28, 28).data]"
        ".filter((_, i) => i % 4 === 0)"
    )
    assert len(ink) == 784
    assert max(ink) == 255
    assert max(ink[:28]) == 0  # MNIST's frame leaves the border empty


def test_the_grid_is_filled_and_classified_and_reset(visit):
    person = visit()
    person.page.locator("#surface label", has_text="28 × 28").click()
    expect(person.page.get_by_role("button", name="Classify")).to_be_disabled()
    person.write("3", on="#pixels")
    person.page.get_by_role("button", name="Classify").click()
    person.expect_text("3")
    person.page.get_by_role("button", name="Reset").click()
    person.expect_text("")
    expect(person.page.get_by_role("button", name="Classify")).to_be_disabled()


def test_a_correction_shows_at_once_and_the_page_says_that_it_is_not_kept(visit):
    person = visit()
    person.write("7")
    person.expect_text("7")
    note = person.page.locator("#draw-reading .note")
    expect(note).to_contain_text("does not store")
    person.page.locator("#draw-reading .digit").click()
    person.page.keyboard.press("1")
    person.expect_text("1")
    expect(note).to_contain_text("7 corrected to 1. Shown here only")
    person.page.get_by_role("button", name="Withdraw").click()
    person.expect_text("7")


def test_a_correction_stays_while_one_goes_on_writing(visit):
    person = visit()
    person.write("7", at=(0.1, 0.2, 0.4, 0.8))
    person.expect_text("7")
    person.page.get_by_role("button", name="It is one").click()
    person.expect_text("1")
    person.write("5", at=(0.6, 0.2, 0.9, 0.8))
    person.expect_text("15")


def test_a_finger_writes_on_a_phone(visit):
    person = visit(**PHONE)
    client = person.page.context.new_cdp_session(person.page)
    for stroke in person.strokes("5"):
        for kind, points in (
            ("touchStart", stroke[:1]),
            *(("touchMove", [p]) for p in stroke[1:]),
            ("touchEnd", []),
        ):
            touches = [{"x": x, "y": y} for x, y in points]
            client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})
    person.expect_text("5")


def test_the_keyboard_alone_draws_reads_and_corrects(visit):
    person = visit()
    page = person.page
    page.get_by_role("tab", name="Draw").focus()
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "canvas":
            break
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Space")
    for _ in range(18):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    person.expect_text("1")
    for _ in range(30):
        page.keyboard.press("Tab")
        if "digit" in page.evaluate("document.activeElement.className"):
            break
    page.keyboard.press("7")
    person.expect_text("7")
    page.keyboard.press("Backspace")
    person.expect_text("∅")


def test_a_server_that_is_full_is_asked_again(visit):
    person = visit()
    person.expected = ["503"]
    refused: list[str] = []

    def refuse_once(route: Route) -> None:
        if refused:
            route.continue_()
        else:
            refused.append(route.request.url)
            route.fulfill(status=503, headers={"Retry-After": "0"}, json={"title": "full"})

    person.page.route("**/v1/read?*", refuse_once)
    person.write("3")
    person.expect_text("3")
    assert refused


def test_a_server_that_went_away_is_reported_in_plain_words(visit):
    person = visit()
    person.expected = ["ERR_FAILED"]
    person.page.route("**/v1/read?*", lambda route: route.abort())
    person.write("3")
    expect(person.page.locator("#draw-reading .verdict")).to_contain_text("The server does not respond")


def test_a_drawing_is_not_cut_off_when_the_window_narrows(visit):
    person = visit()
    person.write("275", at=(0.02, 0.02, 0.995, 0.995))
    person.expect_text("275")
    person.page.get_by_role("button", name="Clear").click()
    person.expect_text("")
    person.page.set_viewport_size({"width": 360, "height": 860})
    person.page.get_by_role("button", name="Undo").click()
    person.expect_text("275")
    box, sheet = (person.page.locator(where).bounding_box() for where in ("#sheet .box >> nth=2", "#canvas"))
    assert box["x"] + box["width"] <= sheet["x"] + sheet["width"] + 4  # its border


def test_the_header_stays_as_it_is_under_the_pointer(visit):
    person = visit()
    header = person.page.locator(".top > div")
    header.hover(position={"x": 5, "y": 5})
    assert header.evaluate("(row) => getComputedStyle(row).backgroundColor") == "rgba(0, 0, 0, 0)"
