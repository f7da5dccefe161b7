"""Takes the picture of ``inkread camera``, ``camera.png``: ``python figures/camera_window.py [FOLDER]``.

The camera sees an example picture; the window is frozen, as after the space bar.
"""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
import pygame
from _place import EXAMPLES, picture_of, save
from PIL import Image

from inkread.desktop.camera import CameraScene
from inkread.desktop.capture import Frame
from inkread.desktop.reader_process import ReaderProcess

if TYPE_CHECKING:
    from inkread.desktop.capture import Capture

PHOTO, TEXT = EXAMPLES / "chalkboard.jpg", "1947\n58"
PATIENCE = 120.0


class Still:
    """A camera that always sees the same picture."""

    name, ended = "camera 0", False

    def __init__(self, picture: Path) -> None:
        self._pixels, self._number = np.asarray(Image.open(picture).convert("RGB")), 0

    def newest(self) -> Frame:
        """Takes the picture again."""
        self._number += 1
        return Frame(self._pixels, self._number, time.perf_counter())

    def hold(self, held: bool) -> None:
        """Does nothing: the picture stands still anyway."""


class Figure(CameraScene):
    """The camera window, without the time of its last reading."""

    def _rates(self) -> str:
        return super()._rates().partition("  ·  ")[0]


def main() -> None:
    """Writes the picture."""
    pygame.font.init()
    with closing(ReaderProcess()) as reader:
        scene = Figure(cast("Capture", Still(PHOTO)), reader, save_to=Path())
        scene.handle(pygame.event.Event(pygame.KEYDOWN, key=pygame.K_SPACE, mod=0, unicode=" "))
        until = time.monotonic() + PATIENCE
        while scene.live_view.text != TEXT and time.monotonic() < until:
            scene.tick()
            time.sleep(0.01)
        if scene.live_view.text != TEXT:
            raise SystemExit(f"camera.png: was read as {scene.live_view.text!r}, not as {TEXT!r}")
        surface = pygame.Surface(scene.size)
        scene.draw(surface)
        save(picture_of(surface), "camera.png")


if __name__ == "__main__":
    main()
