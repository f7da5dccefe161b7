"""Tests the camera window on a video of moving pages.

``python benchmarks/camera.py [--pages 16] [--seconds 4] [--video FILE]``

Renders handwritten pages with the hand-made alphabet and, if available, MNIST's held-out training digits, and
plays the video through the real window. Uses SDL's dummy driver unless ``SDL_VIDEODRIVER`` or ``DISPLAY`` is
set.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from inkread.datasets.mnist import HELD_OUT, load_mnist
from inkread.errors import DatasetNotFoundError

if TYPE_CHECKING:
    import pygame
    from _moving_pages import Moment

    from inkread.datasets.glyphs import LabelledGlyphs
    from inkread.results import Digit


@dataclass(frozen=True, slots=True)
class Shown:
    """What the window showed for a frame: time, frame, text, digits, and the age of the newest reading."""

    at: float
    frame: int
    text: str
    digits: tuple[Digit, ...]
    latency: float | None


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description="Measure the camera window on a video of moving pages.")
    parser.add_argument("--pages", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=4.0, help="seconds per page")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--video", type=Path, help="save the video here (.avi)")
    parser.add_argument("--verbose", action="store_true", help="print every wrong text")
    options = parser.parse_args()
    if not os.environ.get("DISPLAY"):
        os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
    from _moving_pages import make_pages, record

    rng = np.random.default_rng(options.seed)
    with tempfile.TemporaryDirectory() as folder:
        path = options.video or Path(folder) / "pages.avi"
        moments = record(
            make_pages(options.pages, rng, digits_of_mnist()), path, seconds=options.seconds, rng=rng
        )
        shown = play(path)
    report(moments, shown, verbose=options.verbose)


def digits_of_mnist() -> LabelledGlyphs | None:
    """Returns the held-out training digits, or none if MNIST is unavailable."""
    try:
        return load_mnist("train", download=False).subset(HELD_OUT)
    except DatasetNotFoundError:
        return None


def play(path: Path) -> list[Shown]:
    """Plays the video through the window and closes it at the end."""
    from inkread.desktop.camera import CameraScene
    from inkread.desktop.capture import open_video
    from inkread.desktop.reader_process import ReaderProcess
    from inkread.desktop.window import show

    shown: list[Shown] = []

    class Watched(CameraScene):
        def tick(self) -> bool:
            changed = super().tick()
            self.done = self.done or self.live_view.frozen
            return changed

        def draw(self, surface: pygame.Surface) -> None:
            super().draw(surface)
            sight = self.live_view
            now = perf_counter()
            shown.append(Shown(now, sight.frame.number, sight.text, sight.digits, sight.latency))

    with closing(ReaderProcess()) as reader, closing(open_video(path)) as source:
        scene = Watched(source, reader, save_to=Path())
        show(scene, size=scene.size)
    if scene.failure is not None:
        raise scene.failure
    return shown


def report(moments: list[Moment], shown: list[Shown], *, verbose: bool) -> None:
    """Compares the displayed text with the true text."""
    frames = {one.frame for one in shown}
    rate = len(frames) / (shown[-1].at - shown[0].at)
    latencies = [one.latency for one in shown if one.latency is not None]
    latencies = [one for one, before in zip(latencies[1:], latencies, strict=False) if one != before]
    texts = [(one.text, moments[one.frame].page.text) for one in shown if one.text]
    digits = [(digit.label, moments[one.frame].label_in(digit.box)) for one in shown for digit in one.digits]
    waits = []
    for first in sorted({moment.first for moment in moments}):
        wanted = moments[first].page.text
        mine = [one for one in shown if moments[one.frame].first == first]
        right = [one.at for one in mine if one.text == wanted]
        if right:
            waits.append(right[0] - mine[0].at)
        elif verbose:
            print(f"never read: {wanted!r}, but {sorted({one.text for one in mine})}")
    print(f"{len(frames)} frames of {len(moments)}, {rate:.1f} shown per second")
    print(f"{len(latencies)} readings, {seconds(latencies)} after their frame was taken")
    print(f"steady digits right: {share(digits):.2%} of {len(digits)}")
    print(f"steady texts right: {share(texts):.2%} of {len(texts)} frames that had one")
    print(
        f"pages read: {len(waits)} of {len({m.first for m in moments})}, {seconds(waits)} after they appeared"
    )
    if verbose:
        for pair in sorted({pair for pair in texts if pair[0] != pair[1]}):
            print(f"wrong: {pair[0]!r} for {pair[1]!r}, {texts.count(pair)} frames")


def share(pairs: list[tuple[str, str]]) -> float:
    """Returns the share of equal pairs."""
    return sum(one == other for one, other in pairs) / max(1, len(pairs))


def seconds(spans: list[float]) -> str:
    """Formats the median and the ninth decile."""
    return (
        f"median {median(spans):.2f} s, ninth decile {quantiles(spans, n=10)[-1]:.2f} s"
        if len(spans) > 1
        else "-"
    )


if __name__ == "__main__":
    main()
