"""Accessibility: screen readers, keyboards, small screens, both themes."""

from __future__ import annotations

import json
import re
import shutil
from importlib import resources
from pathlib import Path

import pytest
from browser.conftest import serving
from playwright.sync_api import expect

from inkread.models import load_model

EXAMPLES = Path(__file__).parents[2] / "examples"
TABS = ("Draw", "Upload", "Camera", "History", "Models", "API", "About")


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core."""
    pytest.importorskip("axe_playwright_python", reason="needs axe-core: pip install axe-playwright-python")
    return (resources.files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")


def serious(page, axe: str) -> list[str]:
    """Returns the serious and critical violations that axe finds, with their locations."""
    page.evaluate(axe)
    violations = page.evaluate("axe.run().then((result) => result.violations)")
    return [
        f"{each['id']}: {', '.join(node['target'][0] for node in each['nodes'][:3])}"
        for each in violations
        if each["impact"] in ("serious", "critical")
    ]


def with_figures(page):
    """Opens the figures of the models."""
    page.locator(".figures summary").click()
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_on_any_tab(visit, axe, scheme):
    person = visit(color_scheme=scheme, reduced_motion="reduce")
    found = {}
    for name in TABS:
        person.tab(name)
        if name == "Draw":
            person.write("47")
            person.expect_text("47")
        if name == "Upload":
            person.upload(EXAMPLES / "postcode.jpg", EXAMPLES / "doodle.jpg")
            expect(person.page.locator("#batch-title")).to_have_text("2 pictures")
            person.page.locator("#upload-reading .options summary").click()
            person.page.get_by_role("button", name="How it was read").click()
            expect(person.page.locator("#stages .enlarge")).not_to_have_count(0)
        if name == "Models":
            person.page.locator(".figures summary").click()
            expect(person.page.get_by_role("region", name="Models side by side")).to_be_visible()
        if name == "API":
            person.page.locator(".operation summary").first.click()
        found[name] = serious(person.page, axe)
    person.tab("Draw")
    person.page.locator("#surface label", has_text="28 × 28").click()
    found["grid"] = serious(person.page, axe)
    assert {name: words for name, words in found.items() if words} == {}


def test_axe_finds_nothing_serious_in_the_history_and_the_key_dialog(
    collecting, guarded, visit, axe, uploaded
):
    person = uploaded("postcode.jpg", address=collecting)
    person.page.locator("#preview-stage .box").first.focus()
    person.page.keyboard.press("6")
    expect(person.page.locator("#upload-reading .note")).to_contain_text("Stored")
    assert serious(person.page, axe) == []
    person.tab("History")
    person.page.locator("button.entry-open").click()
    expect(person.page.locator(".entry-details .box")).to_have_count(5)
    assert serious(person.page, axe) == []
    stranger = visit(address=guarded)
    expect(stranger.page.get_by_role("dialog")).to_be_visible()
    assert serious(stranger.page, axe) == []


@pytest.mark.parametrize("width", [360, 768, 970, 1280, 2200])
def test_no_tab_is_wider_than_the_screen(visit, width):
    person = visit(viewport={"width": width, "height": 780})
    too_wide = []
    for name in TABS:
        person.tab(name)
        if name == "Upload":
            person.upload(EXAMPLES / "postcode.jpg", EXAMPLES / "phone_number.jpg")
            expect(person.page.locator("#batch-title")).to_have_text("2 pictures")
        if name == "Models":
            person.page.locator(".figures summary").click()
            expect(person.page.get_by_role("region", name="Models side by side")).to_be_visible()
        if name == "API":
            person.page.locator(".operation summary").first.click()
        if person.page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            too_wide.append(name)
    assert too_wide == []


def test_tabs_follow_the_address_the_keys_and_the_way_back(visit):
    person = visit("#models")
    page = person.page
    expect(page.get_by_role("tabpanel", name="Models")).to_be_visible()
    page.get_by_role("tab", name="Models").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tabpanel", name="API")).to_be_visible()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Draw")).to_be_focused()
    page.keyboard.press("End")
    expect(page).to_have_url(f"{person.address}/#about")
    page.go_back()
    expect(page.get_by_role("tabpanel", name="Draw")).to_be_visible()
    assert page.get_by_role("tabpanel").count() == 1


def test_the_theme_follows_the_system_until_one_is_chosen(visit):
    person = visit(color_scheme="dark")
    page = person.page
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    dark = page.evaluate(ground)
    page.emulate_media(color_scheme="light")
    light = page.evaluate(ground)
    assert dark != light
    button = page.get_by_role("button", name="Theme")
    button.click()
    button.click()
    expect(button).to_have_text("Theme: dark")
    assert page.evaluate(ground) == dark
    page.reload()
    assert page.evaluate(ground) == dark


def test_screen_readers_announce_a_reading_digit_by_digit(visit):
    person = visit()
    person.write("42")
    person.expect_text("42")
    expect(person.page.locator("#draw-reading").get_by_role("status")).to_contain_text("Read: 4 2.")


def test_the_models_stand_side_by_side_and_one_can_be_chosen(visit):
    person = visit("#models")
    page = person.page
    expect(page.locator(".model-name")).to_contain_text(["default", "characters", "detector", "text"])
    expect(page.get_by_role("radio")).to_have_count(
        1
    )  # the detector is part of every reading and cannot be chosen
    expect(page.locator(".model-card").first).to_contain_text(
        "Of the 10,000 digits in the MNIST test, it names 9,965"
    )
    expect(page.get_by_role("row", name="MNIST test, which digit")).to_have_count(0)  # figures come second
    page.locator(".figures summary").click()
    expect(page.get_by_role("row", name="MNIST test, which digit")).to_contain_text("99.65 %")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The folder of a run with a complete card and a report."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    shutil.copytree(load_model().path.parent, folder)
    card = json.loads((folder / "card.json").read_text())
    counts = [[90 if row == column else (row + column) % 2 for column in range(11)] for row in range(11)]
    bins = [[0, 0, 0], [10, 4, 0.5], [90, 87, 0.95]]
    (folder / "card.json").write_text(json.dumps(card | {"confusion": counts, "reliability": bins}))
    (folder / "history.csv").write_text("epoch,train_loss,validation_accuracy\n1,0.5,0.9\n2,0.25,0.97\n")
    style = "<style>h1 { color: rgb(1, 2, 3) }</style>"
    (folder / "report.html").write_text(f"<!doctype html>{style}<script>alert()</script><h1>All of it</h1>")
    return folder


@pytest.fixture(scope="module")
def with_run(run):
    """A server with that run."""
    with serving("--model", f"mine={run}") as address:
        yield address


def test_a_run_shows_its_figures_and_its_plots(visit, with_run):
    page = with_figures(visit("#models", address=with_run).page)
    expect(page.get_by_role("radio")).to_have_count(2)
    expect(page.get_by_role("region", name="Confusion matrix of mine").get_by_role("row")).to_have_count(12)
    scores = page.get_by_role("region", name="Scores per class of mine").get_by_role("row")
    expect(scores).to_have_count(12)
    expect(scores.last).to_have_text(re.compile(r"^none95\s*94.74 %94.74 %94.74 %$"))
    diagram = page.get_by_role("img", name="Reliability of 100 glyphs, expected calibration error 2.50 %")
    expect(diagram.locator("rect")).to_have_count(2)  # an empty bin has no bar
    expect(page.locator("figure.curve")).to_have_count(2)
    expect(page.locator("figure.curve").first).to_contain_text("0.2500")
    expect(page.locator(".closer")).to_have_count(2)  # of the run and of the bundled glyph model


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_plots_of_a_run_are_for_everybody(visit, axe, with_run, scheme):
    context = {"color_scheme": scheme, "viewport": {"width": 360, "height": 780}}
    page = with_figures(visit("#models", address=with_run, **context).page)
    expect(page.locator("svg.reliability")).to_have_count(2)
    expect(page.locator("svg.reliability").last).to_be_visible()
    assert serious(page, axe) == []
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")


def test_the_report_of_a_run_opens_beside_the_page_and_runs_no_script(visit, with_run):
    page = with_figures(visit("#models", address=with_run).page)
    with page.expect_popup() as opened:
        page.get_by_role("link", name="Open the report").click()
    heading = opened.value.get_by_role("heading", name="All of it")
    expect(heading).to_have_css("color", "rgb(1, 2, 3)")
    assert opened.value.url == f"{with_run}/v1/models/mine/report"


def test_behind_a_key_the_report_of_a_run_is_a_file(visit, run):
    with serving("--api-key", "open-sesame", "--model", f"mine={run}") as address:
        page = visit("#models", address=address).page
        page.get_by_role("textbox", name="Key").fill("open-sesame")
        page.keyboard.press("Enter")
        with_figures(page)
        with page.expect_download() as download:
            page.get_by_role("link", name="Open the report").click()
    assert download.value.suggested_filename == "mine-report.html"


def test_about_tells_what_is_kept(collecting, visit):
    expect(visit("#about").page.locator("#about-privacy")).to_contain_text("nothing is stored")
    expect(visit("#about", address=collecting).page.locator("#about-privacy")).to_contain_text(
        "This server collects"
    )
