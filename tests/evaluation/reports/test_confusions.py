"""From every error of a confusion matrix, a link leads to its pictures."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from outline import Outline

from inkread.evaluation.pictures import PictureResult
from inkread.evaluation.reports.confusions import (
    MOST_GLYPHS,
    MOST_IN_CELL,
    SingleConfusions,
    anchor,
    confusion_table,
    misread,
)

NAMES = ["0", "<b>", "none"]


def cells_of(table: str) -> list[str]:
    return [re.sub("<.*?>", "", cell) for cell in re.findall(r"<td.*?</td>", table)]


def test_the_table_has_the_counts_and_links_its_errors():
    table = confusion_table(np.array([[1_234, 2, 0], [0, 5, 1], [0, 0, 0]]), NAMES)
    outline = Outline(table)
    assert not outline.open
    assert cells_of(table) == ["", "1,234", "2", "", "", "5", "1", "", "", ""]
    assert outline.values("a", "href") == [f"#{anchor(0, 1)}", f"#{anchor(1, 2)}"]
    assert outline.values("a", "aria-label") == ["2: 0 read as <b>", "1: <b> read as none"]
    assert outline.values("th", "scope") == [*["col"] * 3, *["row"] * 3]
    assert "<b>" not in table


def test_classes_that_do_not_occur_are_left_out_and_long_names_are_turned():
    matrix = np.diag([3, 0, 2])
    assert cells_of(confusion_table(matrix, NAMES)) == ["", "3", "", "", "2"]
    assert 'class="confusion"' in confusion_table(matrix, NAMES)
    assert 'class="confusion turned"' in confusion_table(matrix, ["0", "1", "Sneaker"])


def test_every_misread_glyph_is_shown_in_its_cell(glyphs, probabilities):
    predicted = probabilities.argmax(axis=1)
    cells = {(t, p) for t, p in zip(glyphs.labels.tolist(), predicted.tolist(), strict=True) if t != p}
    html = misread(glyphs, probabilities)
    outline = Outline(html)
    assert not outline.open
    assert set(outline.values("a", "href")) == {f"#{anchor(*cell)}" for cell in cells}
    assert sorted(filter(None, outline.values("div", "id"))) == sorted(anchor(*cell) for cell in cells)
    assert len(outline.values("img", "src")) == (predicted != glyphs.labels).sum()
    assert all(outline.values("img", "alt"))


def test_of_many_glyphs_in_a_cell_the_most_confident_are_shown_and_the_others_counted(glyphs):
    few = glyphs.subset(np.flatnonzero(glyphs.labels == 3)[: MOST_IN_CELL + 5])
    shares = np.zeros((len(few), 11))
    shares[:, 4] = np.linspace(0.6, 0.99, len(few))
    html = misread(few, shares)
    assert html.count("<img") == MOST_IN_CELL
    assert "3 read as 4 <small>17</small>" in html
    assert "and 5 more" in html
    shown = [int(share) for share in re.findall(r"(\d+)%</li>", html)]
    assert shown[0] == 99
    assert shown == sorted(shown, reverse=True)


def test_the_number_of_glyphs_on_a_page_is_limited(glyphs, monkeypatch):
    wrong = np.eye(11)[(glyphs.labels + 1 + np.arange(len(glyphs)) % 9) % 10]
    monkeypatch.setattr("inkread.evaluation.reports.confusions.MOST_GLYPHS", 100)
    html = misread(glyphs, wrong)
    assert 80 <= html.count("<img") <= 100
    assert MOST_GLYPHS > 100


def test_without_errors_there_is_only_the_matrix(glyphs):
    html = misread(glyphs, np.eye(11)[glyphs.labels])
    assert "All 300 glyphs are read right." in html
    assert "<a " not in html


def single(file: str, expected: str, got: str, **others: str) -> PictureResult:
    return PictureResult(file, "single", expected, got, {}, **others)


def test_a_cell_of_pictures_leads_to_the_first_of_them():
    results = [
        single("a", "4", "9"), single("b", "4", "4"), single("c", "3", ""), single("d", "4", "9"),
        PictureResult("e", "multi", "12", "7", {}), single("f", "4", "", error="damaged"),
    ]  # fmt: skip
    singles = SingleConfusions(results)
    ordered = sorted(results, key=singles.key)
    assert [result.file for result in ordered] == ["e", "c", "f", "b", "a", "d"]
    targets = {result.file: singles.target(result) for result in ordered if not result.correct}
    links = Outline(singles.section()).values("a", "href")
    assert links == [f"#{targets['c']}", f"#{targets['a']}"]
    assert targets["d"] == targets["e"] == targets["f"] == ""


@pytest.mark.parametrize("results", [[], [single("a", "4", "4")]])
def test_without_misread_singles_there_is_no_matrix(results):
    assert SingleConfusions(results).section() == ""


def test_the_confusions_need_no_plots():
    source = Path(__file__).parents[3] / "src" / "inkread" / "evaluation" / "reports"
    assert "plots" not in (source / "confusions.py").read_text(encoding="utf-8")
