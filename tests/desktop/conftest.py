"""Windows that are really opened, with SDL's dummy driver."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from inkread.reader import Reader


@pytest.fixture(scope="session")
def reader() -> Reader:
    return Reader(threads=1)


@pytest.fixture
def visit(reader, monkeypatch, tmp_path):
    """Opens a window and runs a user's script in it; drawings are saved in ``tmp_path``."""
    from person import Person, Visit

    from inkread.desktop.drawing import SIZE, Drawing, DrawingSettings
    from inkread.desktop.window import show

    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    scenes = []

    def run(script: Callable, **settings: object) -> Visit:
        scene = Drawing(reader, DrawingSettings(**{"save_to": tmp_path, **settings}))
        scenes.append(scene)
        person = Person(scene)
        visit = Visit(scene, person, script(person))
        show(visit, size=SIZE, frames_a_second=1000)
        return visit

    yield run
    for scene in scenes:
        scene.close()
