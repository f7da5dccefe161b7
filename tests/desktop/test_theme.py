"""Buttons react only to real clicks, and text stays in its place."""

from __future__ import annotations

import pytest

pygame = pytest.importorskip("pygame", reason="needs the extra desktop")

from inkread.desktop import theme, widgets


@pytest.fixture
def pressed() -> list[str]:
    return []


@pytest.fixture
def button(pressed) -> widgets.Button:
    button = widgets.Button("Save", lambda: pressed.append("save"), (pygame.K_s,), "S")
    button.rect = pygame.Rect(10, 10, 100, 40)
    return button


def mouse(kind: int, x: int, y: int, button: int = 1) -> pygame.event.Event:
    return pygame.event.Event(kind, pos=(x, y), button=button)


DOWN, UP = pygame.MOUSEBUTTONDOWN, pygame.MOUSEBUTTONUP


@pytest.mark.parametrize(
    ("events", "times"),
    [
        ([mouse(DOWN, 20, 20), mouse(UP, 30, 20)], 1),
        ([mouse(DOWN, 20, 20), mouse(UP, 300, 20)], 0),
        ([mouse(DOWN, 300, 20), mouse(UP, 20, 20)], 0),
        ([mouse(DOWN, 20, 20, 3), mouse(UP, 20, 20, 3)], 0),
        ([pygame.event.Event(pygame.KEYDOWN, key=pygame.K_s)], 1),
        ([pygame.event.Event(pygame.KEYDOWN, key=pygame.K_x)], 0),
    ],
)
def test_a_button_acts_when_it_is_pressed_and_let_go_or_its_key_is(button, pressed, events, times) -> None:
    for event in events:
        button.handle(event)
    assert len(pressed) == times


def test_a_button_that_is_not_enabled_does_nothing_but_keeps_what_is_meant_for_it(button, pressed) -> None:
    button.enabled = False
    assert button.handle(mouse(DOWN, 20, 20))
    assert button.handle(mouse(UP, 20, 20))
    assert not pressed


@pytest.mark.parametrize("width", [0, 5, 40, 90, 1000])
def test_a_line_is_not_wider_than_allowed(width) -> None:
    text = "a/rather/long/path/to/drawing-001.png"
    shown = theme.shortened(text, 16, width)
    assert theme.width_of(shown, 16) <= max(width, theme.width_of(theme.ELLIPSIS, 16))
    assert shown == text or shown.endswith(theme.ELLIPSIS)


def test_wrapped_lines_have_every_word_and_fit() -> None:
    text = "Then press Enter, or turn on Live."
    lines = theme.wrapped(text, 16, 120)
    assert len(lines) > 1
    assert " ".join(lines) == text
    assert all(theme.width_of(line, 16) <= 120 for line in lines)


@pytest.mark.parametrize(
    ("probability", "words"), [(0.0, "< 0.1 %"), (0.4567, "45.7 %"), (0.9987, "99.9 %"), (1.0, "> 99.9 %")]
)
def test_no_probability_is_written_as_certain(probability, words) -> None:
    assert theme.percent(probability) == words


def test_buttons_flow_into_as_many_rows_as_they_need() -> None:
    buttons = [widgets.Button(f"Button {number}", lambda: None) for number in range(7)]
    area = pygame.Rect(5, 5, 300, 500)
    bottom = widgets.flow(buttons, area, 1.0)
    assert all(area.contains(button.rect) for button in buttons)
    assert max(button.rect.bottom for button in buttons) == bottom
    assert all(
        not one.rect.colliderect(other.rect) for one in buttons for other in buttons if one is not other
    )
