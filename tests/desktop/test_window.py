"""The window opens on any scene, and closes whatever happens."""

from __future__ import annotations

import pytest

pygame = pytest.importorskip("pygame", reason="needs the extra desktop")

from inkread.desktop.window import show
from inkread.errors import DisplayError


class Still:
    """A scene in which nothing happens for a number of ticks."""

    title = "still"

    def __init__(self, ticks: int) -> None:
        self.left, self.drawn, self.quiet = ticks, [], 0

    @property
    def done(self) -> bool:
        return self.left == 0

    def handle(self, event) -> None:
        pass

    def tick(self) -> bool:
        self.left -= 1
        return False

    def draw(self, surface) -> None:
        self.drawn.append(surface.get_size())


class Broken(Still):
    def draw(self, surface) -> None:
        raise RuntimeError("a wire is loose")


@pytest.fixture
def no_display(monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER"):
        monkeypatch.delenv(name, raising=False)


def test_a_window_in_which_nothing_happens_is_not_drawn_again(monkeypatch) -> None:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    scene = Still(ticks=200)
    show(scene, size=(320, 240), frames_a_second=1000)
    assert set(scene.drawn) == {(320, 240)}
    assert len(scene.drawn) < 20, "only for the events of its opening"


def test_a_window_is_closed_also_where_its_scene_fails(monkeypatch) -> None:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    with pytest.raises(RuntimeError, match="wire"):
        show(Broken(ticks=3), size=(320, 240))
    assert not pygame.display.get_init()


@pytest.mark.usefixtures("no_display")
@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ({}, "display"),
        ({"SDL_VIDEODRIVER": "x11"}, "x11"),
        ({"SDL_VIDEODRIVER": "x11", "DISPLAY": ":4711"}, "x11"),
        ({"DISPLAY": ":4711"}, "4711"),
    ],
)
def test_without_a_display_the_error_says_so_and_no_window_is_left_that_nobody_sees(
    monkeypatch, setting, told
) -> None:
    for name, value in setting.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(DisplayError, match=told):
        show(Still(ticks=3), size=(320, 240))
    assert not pygame.display.get_init()
