"""The API tab: its programs run, and its reference shows every request."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import expect

EXAMPLES = Path(__file__).parents[2] / "examples"
PROGRAMS = {
    "curl": ["bash", "-c"],
    "Python": [sys.executable, "-c"],
    "JavaScript": ["node", "--input-type=module", "-e"],
}


@pytest.mark.parametrize("language", PROGRAMS)
def test_what_was_just_read_is_read_by_the_program_shown(uploaded, language):
    program = PROGRAMS[language]
    if shutil.which("curl" if language == "curl" else program[0]) is None:
        pytest.skip(f"needs {program[0]}")
    person = uploaded("postcode.jpg")
    person.tab("API")
    person.page.locator("#language label", has_text=language).click()
    expect(person.page.locator("#snippet")).to_contain_text("postcode.jpg")
    shown = person.page.locator("#snippet").inner_text()
    done = subprocess.run(
        [*program, shown], cwd=EXAMPLES, capture_output=True, text=True, check=False, timeout=120
    )
    assert "80331" in done.stdout, done.stderr


def test_the_program_has_the_options_that_were_chosen(visit):
    person = visit()
    person.page.locator("#draw-reading .options summary").click()
    person.page.get_by_role("switch", name="One digit").check()
    person.write("3")
    person.expect_text("3")
    person.tab("API")
    expect(person.page.locator("#snippet")).to_contain_text("v1/read?single=true")
    expect(person.page.locator("#snippet")).to_contain_text("drawing.png")


def test_a_correction_is_shown_as_a_program(collecting, uploaded):
    person = uploaded("marker_seven.jpg", address=collecting)
    person.page.locator("#upload-reading .digit").click()
    person.page.keyboard.press("1")
    expect(person.page.locator("#upload-reading .note")).to_contain_text("Stored")
    person.tab("API")
    expect(person.page.locator("#snippet")).to_contain_text("v1/corrections")
    expect(person.page.locator("#snippet")).to_contain_text('"label":"1"')


def test_the_program_is_copied(visit):
    person = visit("#api", permissions=["clipboard-read", "clipboard-write"])
    person.page.locator("#snippet-copy").click()
    expect(person.page.locator("#snippet-copy")).to_have_text("Copied")
    assert (
        person.page.evaluate("navigator.clipboard.readText()") == person.page.locator("#snippet").inner_text()
    )


def test_every_request_of_the_openapi_document_can_be_read(visit):
    person = visit("#api")
    page = person.page
    document = page.evaluate("fetch('openapi.json').then((answer) => answer.json())")
    wanted = {f"{method.upper()} {path}" for path, methods in document["paths"].items() for method in methods}
    expect(page.locator(".operation")).to_have_count(len(wanted))
    shown = {f"{each.locator('b').first.inner_text()} {each.locator('code').first.inner_text()}"
             for each in page.locator(".operation summary").all()}  # fmt: skip
    assert shown == wanted
    page.locator(".operation summary", has_text="Read one picture").click()
    expect(page.get_by_role("row", name="min_probability")).to_contain_text(
        "Less probable digits are labelled ?."
    )
    assert page.evaluate("document.body.innerText").count("[object") == 0
