"""The brush is soft, the eraser clean, and everything can be undone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from inkread.desktop.canvas import Brush, Canvas

BRUSH, ERASER = Brush(radius=1.2, softness=1.4), Brush(radius=2.4, softness=1.0)
points = st.tuples(st.floats(-40, 70), st.floats(-40, 70))
strokes = st.lists(st.tuples(st.lists(points, min_size=1, max_size=5), st.booleans()), max_size=6)


@pytest.fixture
def canvas() -> Canvas:
    return Canvas((28, 20), BRUSH, ERASER)


def draw(canvas: Canvas, stroke: list[tuple[float, float]], *, erase: bool = False) -> None:
    first, *others = stroke
    canvas.begin(first, erase=erase)
    for point in others:
        canvas.extend(point)
    canvas.end()


def test_a_line_is_full_in_its_middle_fades_at_its_edge_and_has_round_ends(canvas) -> None:
    draw(canvas, [(6, 10), (20, 10)])
    across = canvas.ink[:, 13].astype(int)
    assert across.max() == 255
    assert ((across > 0) & (across < 255)).sum() >= 2, "a soft edge on both sides"
    assert across.sum() / 255 == pytest.approx(2 * BRUSH.radius, rel=0.15)
    assert canvas.ink[10, 3] == 0
    assert canvas.ink[10, 5] > canvas.ink[8, 5], "the end is round"


def test_a_click_leaves_a_dot(canvas) -> None:
    draw(canvas, [(10.5, 10.5)])
    assert canvas.ink[10, 10] == 255
    np.testing.assert_array_equal(canvas.ink[8:13, 8:13], canvas.ink[8:13, 8:13].T)


def test_crossing_a_line_adds_nothing_to_it(canvas) -> None:
    draw(canvas, [(6, 10), (20, 10)])
    once = canvas.ink.copy()
    draw(canvas, [(20, 10), (6, 10), (20, 10)])
    np.testing.assert_array_equal(canvas.ink, once)


def test_erasing_along_a_line_leaves_nothing_of_it(canvas) -> None:
    draw(canvas, [(3, 3), (20, 15)])
    draw(canvas, [(3, 3), (20, 15)], erase=True)
    assert canvas.is_empty


@example([([(0.0, 0.0), (0.0, 1.2e-38)], False)])
@given(strokes)
def test_undoing_every_stroke_ends_at_the_empty_sheet_by_way_of_every_state_before(drawn) -> None:
    canvas = Canvas((28, 20), BRUSH, ERASER)
    states = []
    for stroke, erase in drawn:
        before = canvas.ink.copy()
        draw(canvas, stroke, erase=erase)
        if not np.array_equal(before, canvas.ink):
            states.append(before)
    while states:
        assert canvas.can_undo
        canvas.undo()
        np.testing.assert_array_equal(canvas.ink, states.pop())
    assert not canvas.can_undo
    assert canvas.is_empty


def test_undo_in_the_middle_of_a_stroke_takes_that_stroke_back(canvas) -> None:
    canvas.begin((5, 5))
    canvas.extend((9, 9))
    assert canvas.can_undo
    canvas.undo()
    assert canvas.is_empty
    canvas.extend((20, 9))
    assert canvas.is_empty, "the brush was lifted"


def test_every_change_of_the_ink_has_its_own_number(canvas) -> None:
    numbers = [canvas.changes]
    for act in (
        lambda: draw(canvas, [(5, 5), (9, 9)]),
        canvas.undo,
        lambda: draw(canvas, [(5, 5)]),
        canvas.clear,
        canvas.restart,
    ):
        act()
        numbers.append(canvas.changes)
    assert numbers == sorted(set(numbers))
