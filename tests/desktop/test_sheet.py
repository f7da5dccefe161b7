"""The brush is soft, the eraser clean, and everything can be taken back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from inkread.desktop.sheet import Brush, Sheet

BRUSH, ERASER = Brush(radius=1.2, softness=1.4), Brush(radius=2.4, softness=1.0)
points = st.tuples(st.floats(-40, 70), st.floats(-40, 70))
strokes = st.lists(st.tuples(st.lists(points, min_size=1, max_size=5), st.booleans()), max_size=6)


@pytest.fixture
def sheet() -> Sheet:
    return Sheet((28, 20), BRUSH, ERASER)


def draw(sheet: Sheet, stroke: list[tuple[float, float]], *, erase: bool = False) -> None:
    first, *others = stroke
    sheet.begin(first, erase=erase)
    for point in others:
        sheet.extend(point)
    sheet.end()


def test_a_line_is_full_in_its_middle_fades_at_its_edge_and_has_round_ends(sheet) -> None:
    draw(sheet, [(6, 10), (20, 10)])
    across = sheet.ink[:, 13].astype(int)
    assert across.max() == 255
    assert ((across > 0) & (across < 255)).sum() >= 2, "a soft edge on both sides"
    assert across.sum() / 255 == pytest.approx(2 * BRUSH.radius, rel=0.15)
    assert sheet.ink[10, 3] == 0
    assert sheet.ink[10, 5] > sheet.ink[8, 5], "the end is round"


def test_a_click_leaves_a_dot(sheet) -> None:
    draw(sheet, [(10.5, 10.5)])
    assert sheet.ink[10, 10] == 255
    np.testing.assert_array_equal(sheet.ink[8:13, 8:13], sheet.ink[8:13, 8:13].T)


def test_crossing_a_line_adds_nothing_to_it(sheet) -> None:
    draw(sheet, [(6, 10), (20, 10)])
    once = sheet.ink.copy()
    draw(sheet, [(20, 10), (6, 10), (20, 10)])
    np.testing.assert_array_equal(sheet.ink, once)


def test_erasing_along_a_line_leaves_nothing_of_it(sheet) -> None:
    draw(sheet, [(3, 3), (20, 15)])
    draw(sheet, [(3, 3), (20, 15)], erase=True)
    assert sheet.is_empty


@example([([(0.0, 0.0), (0.0, 1.2e-38)], False)])
@given(strokes)
def test_undoing_every_stroke_ends_at_the_empty_sheet_by_way_of_every_state_before(drawn) -> None:
    sheet = Sheet((28, 20), BRUSH, ERASER)
    states = []
    for stroke, erase in drawn:
        before = sheet.ink.copy()
        draw(sheet, stroke, erase=erase)
        if not np.array_equal(before, sheet.ink):
            states.append(before)
    while states:
        assert sheet.can_undo
        sheet.undo()
        np.testing.assert_array_equal(sheet.ink, states.pop())
    assert not sheet.can_undo
    assert sheet.is_empty


def test_undo_in_the_middle_of_a_stroke_takes_that_stroke_back(sheet) -> None:
    sheet.begin((5, 5))
    sheet.extend((9, 9))
    assert sheet.can_undo
    sheet.undo()
    assert sheet.is_empty
    sheet.extend((20, 9))
    assert sheet.is_empty, "the brush was lifted"


def test_every_change_of_the_ink_can_be_told_by_its_number(sheet) -> None:
    numbers = [sheet.changes]
    for act in (
        lambda: draw(sheet, [(5, 5), (9, 9)]),
        sheet.undo,
        lambda: draw(sheet, [(5, 5)]),
        sheet.clear,
        sheet.restart,
    ):
        act()
        numbers.append(sheet.changes)
    assert numbers == sorted(set(numbers))
