from __future__ import annotations

import pytest
from playwright.sync_api import expect

from inkread.datasets.corrections import load_corrections
from inkread.errors import DatasetNotFoundError


def test_a_correction_of_a_drawing_is_found_by_the_trainer_until_it_is_withdrawn(collecting, store, visit):
    person = visit(address=collecting)
    person.write("3")
    person.expect_text("3")
    note = person.page.locator("#draw-reading .note")
    expect(note).to_contain_text("stored on this server")
    person.page.locator("#draw-reading .digit").click()
    person.page.keyboard.press("8")
    expect(note).to_contain_text("3 corrected to 8. Stored for training.")
    found = load_corrections(store)
    assert found.labels.tolist() == [8]
    assert found.images.shape == (1, 28, 28)
    person.page.get_by_role("button", name="Withdraw").click()
    person.expect_text("3")
    expect(note).to_contain_text("Corrections are stored")
    with pytest.raises(DatasetNotFoundError):
        load_corrections(store)


def test_what_is_drawn_is_kept_only_when_a_digit_of_it_is_corrected(collecting, visit):
    person = visit(address=collecting)
    person.write("3")
    person.expect_text("3")
    person.tab("History")
    expect(person.page.locator("#history-list")).to_contain_text("No readings yet")
    person.tab("Draw")
    person.page.get_by_role("button", name="It is not a digit").click()
    expect(person.page.locator("#draw-reading .note")).to_contain_text("Stored for training")
    person.tab("History")
    expect(person.page.locator("#history-list .entry-text")).to_have_text(["no digit", "3 → no digit"])


def test_an_upload_is_in_the_history_and_can_be_searched_and_deleted(collecting, uploaded):
    person = uploaded("postcode.jpg", address=collecting)
    person.upload_example("marker_seven.jpg")
    person.tab("History")
    readings = person.page.locator("#history-list .entry-text")
    expect(readings).to_have_text(["7", "80331"])
    person.page.get_by_label("Search readings").fill("803")
    expect(readings).to_have_text(["80331"])
    person.page.locator("button.entry-open").click()
    expect(person.page.locator(".entry-details .box")).to_have_count(5)
    person.page.get_by_role("button", name="Delete the reading 80331").click()
    expect(readings).to_have_text(["80331"])  # the page asks first
    person.page.get_by_role("button", name="press again to confirm").click()
    expect(person.page.locator("#history-list")).to_contain_text("No readings match “803”")
    person.page.get_by_label("Search readings").fill("")
    expect(readings).to_have_text(["7"])


def test_a_correction_is_withdrawn_in_the_history(collecting, store, uploaded):
    person = uploaded("marker_seven.jpg", address=collecting)
    person.page.locator("#preview-stage .box").click()
    person.page.keyboard.press("1")
    expect(person.page.locator("#upload-reading .note")).to_contain_text("Stored for training")
    assert load_corrections(store).labels.tolist() == [1]
    person.tab("History")
    withdraw = person.page.get_by_role("button", name="Withdraw the correction 7 to 1")
    withdraw.click()
    withdraw.click()
    expect(person.page.locator("#history-list")).not_to_contain_text("7 → 1")
    with pytest.raises(DatasetNotFoundError):
        load_corrections(store)


def test_without_collect_the_history_says_how_to_switch_it_on(visit):
    person = visit("#history")
    expect(person.page.locator("#history-list")).to_contain_text("inkread serve --collect")
    expect(person.page.locator("#history-search")).to_be_hidden()


def test_a_key_is_asked_for_and_kept_in_the_tab(guarded, visit):
    person = visit(address=guarded)
    person.expected = ["401"]
    dialog = person.page.get_by_role("dialog")
    dialog.get_by_label("Key").fill("wrong")
    dialog.get_by_role("button", name="Use this key").click()
    person.write("3")
    expect(dialog).to_contain_text("rejected this key")
    dialog.get_by_label("Key").fill("open-sesame")
    person.page.keyboard.press("Enter")
    person.expect_text("3")
    person.page.reload()
    person.write("5")
    person.expect_text("5")
    expect(dialog).to_be_hidden()
