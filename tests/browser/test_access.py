"""What every visitor may count on: screen readers, keyboards, small screens, both themes."""

from __future__ import annotations

import json
import shutil
from importlib import resources
from pathlib import Path

import pytest
from browser.conftest import serving
from playwright.sync_api import expect

from inkread.models import load_model

EXAMPLES = Path(__file__).parents[2] / "examples"
TABS = ("Draw", "Upload", "Camera", "History", "Models", "About")


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core."""
    pytest.importorskip("axe_playwright_python", reason="needs axe-core: pip install axe-playwright-python")
    return (resources.files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")


def serious(page, axe: str) -> list[str]:
    """The serious and critical violations that axe finds, each with where it is."""
    page.evaluate(axe)
    violations = page.evaluate("axe.run().then((result) => result.violations)")
    return [
        f"{each['id']}: {', '.join(node['target'][0] for node in each['nodes'][:3])}"
        for each in violations
        if each["impact"] in ("serious", "critical")
    ]


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
        if name == "Models":
            expect(person.page.locator(".model-card").first).to_be_visible()
        found[name] = serious(person.page, axe)
    person.tab("Draw")
    person.page.locator("#surface label", has_text="28 × 28").click()
    found["grid"] = serious(person.page, axe)
    assert {name: words for name, words in found.items() if words} == {}


def test_axe_finds_nothing_serious_in_the_history_and_the_key_dialog(visit, axe, collecting, guarded):
    person = visit("#upload", address=collecting)
    person.upload(EXAMPLES / "postcode.jpg")
    person.expect_text("80331", "upload")
    person.page.locator("#preview-stage .box").first.focus()
    person.page.keyboard.press("6")
    expect(person.page.locator("#upload-reading .note")).to_contain_text("Stored")
    assert serious(person.page, axe) == []
    person.tab("History")
    person.page.locator("button.entry-open").click()
    expect(person.page.locator(".entry-digits canvas")).to_have_count(5)
    assert serious(person.page, axe) == []
    stranger = visit(address=guarded)
    expect(stranger.page.get_by_role("dialog")).to_be_visible()
    assert serious(stranger.page, axe) == []


@pytest.mark.parametrize("width", [360, 768, 1280, 2200])
def test_no_tab_is_wider_than_the_screen(visit, width):
    person = visit(viewport={"width": width, "height": 780})
    too_wide = []
    for name in TABS:
        person.tab(name)
        if name == "Upload":
            person.upload(EXAMPLES / "postcode.jpg", EXAMPLES / "phone_number.jpg")
            expect(person.page.locator("#batch-title")).to_have_text("2 pictures")
        if name == "Models":
            expect(person.page.locator(".model-card").first).to_be_visible()
        if person.page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            too_wide.append(name)
    assert too_wide == []


def test_tabs_follow_the_address_the_keys_and_the_way_back(visit):
    person = visit("#models")
    page = person.page
    expect(page.get_by_role("tabpanel", name="Models")).to_be_visible()
    page.get_by_role("tab", name="Models").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tabpanel", name="About")).to_be_visible()
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


def test_a_reading_is_told_to_screen_readers_digit_by_digit(visit):
    person = visit()
    person.write("42")
    person.expect_text("42")
    expect(person.page.locator("#draw-reading").get_by_role("status")).to_contain_text("Read: 4 2.")


def test_the_models_stand_side_by_side_and_one_can_be_chosen(visit):
    person = visit("#models")
    page = person.page
    expect(page.locator(".model-name")).to_contain_text(["default", "rows"])
    expect(page.get_by_role("radio")).to_have_count(1)  # the reader of rows helps, and is not chosen
    expect(page.get_by_role("row", name="MNIST test, which digit")).to_contain_text("99.63 %")


def test_a_run_shows_its_confusions_and_its_curves(visit, tmp_path):
    folder = shutil.copytree(load_model().path.parent, tmp_path / "run")
    card = json.loads((folder / "card.json").read_text())
    counts = [[90 if row == column else (row + column) % 2 for column in range(11)] for row in range(11)]
    (folder / "card.json").write_text(json.dumps(card | {"confusion": counts}))
    (folder / "history.csv").write_text("epoch,train_loss,validation_accuracy\n1,0.5,0.9\n2,0.25,0.97\n")
    with serving("--model", f"mine={folder}") as address:
        page = visit("#models", address=address).page
        expect(page.get_by_role("radio")).to_have_count(2)
        expect(page.get_by_role("region", name="Confusions of mine").get_by_role("row")).to_have_count(12)
        expect(page.locator("figure.curve")).to_have_count(2)
        expect(page.locator("figure.curve").first).to_contain_text("0.2500")


def test_about_tells_what_is_kept(visit, collecting):
    expect(visit("#about").page.locator("#about-privacy")).to_contain_text("nothing is stored")
    expect(visit("#about", address=collecting).page.locator("#about-privacy")).to_contain_text(
        "This server collects"
    )
