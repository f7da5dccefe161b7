"""Tasks of worker processes in tests; light, because each worker imports it."""

from __future__ import annotations

import multiprocessing
import os
import re
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np

from inkread.picture import load_picture
from inkread.reader import Reader
from inkread.results import Digit, Line, Reading
from inkread.system.worker import Worker

PATIENCE = 120.0
"""Seconds after which an immediate event counts as missing."""

SPAWN = multiprocessing.get_context("spawn")


def hang() -> None:
    """Never ends, and blocks all other threads of its process: the worst that a library can do."""
    re.fullmatch("(a|a)*b", "a" * 1000)


class Doer:
    """Runs tasks: calls them, or waits at ``"hold"`` until it is released.

    It is a worker's function. The test controls it with semaphores, which survive if a waiting process is
    killed.
    """

    def __init__(self) -> None:
        self.entered, self.go = SPAWN.Semaphore(0), SPAWN.Semaphore(0)

    def __call__(self, task: Any) -> Any:
        if task == "hold":
            self.hold()
            return "let go"
        return task()

    def itself(self) -> Doer:
        """For ``make``."""
        return self

    def hold(self) -> None:
        """In the process: waits to be released."""
        self.entered.release()
        assert self.go.acquire(timeout=PATIENCE)

    def wait_for(self, count: int = 1) -> None:
        """In the test: returns when a number of further tasks are waiting."""
        for _ in range(count):
            assert self.entered.acquire(timeout=PATIENCE)

    def let_go(self, count: int = 100) -> None:
        """In the test: releases a number of tasks."""
        for _ in range(count):
            self.go.release()


class HeldReader(Reader):
    """Reads a client's picture after its release."""

    def __init__(self, doer: Doer, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.doer = doer

    def trace(self, source: Any, **options: Any) -> Any:
        if isinstance(source, bytes | bytearray):
            self.doer.hold()
        return super().trace(source, **options)


class SlowlyStarted(Reader):
    """Becomes ready after its release."""

    def __init__(self, doer: Doer, *arguments: Any, **options: Any) -> None:
        doer.hold()
        super().__init__(*arguments, **options)


class Faulty(Reader):
    """Reads ``single`` pictures in the given way, and others normally."""

    def __init__(self, fault: Any, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fault = fault

    def trace(self, source: Any, *, single: bool = False, **options: Any) -> Any:
        if single:
            self.fault()
        return super().trace(source, single=single, **options)


class MadeUp:
    """Reads a 7 in the left half of every picture, without a model."""

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def read(self, source: Any) -> None:
        """Returns at once."""

    def trace(self, source: Any, **_: Any) -> Any:
        picture = load_picture(source)
        digit = Digit("7", 0.9, (0, 0, picture.width // 2, picture.height))
        reading = Reading("x", picture.width, picture.height, (Line((digit,)),))
        shares, glyph = np.full(10, 0.1, np.float32), np.zeros((28, 28), np.uint8)
        return SimpleNamespace(picture=picture, reading=reading, digits=[[shares]], glyphs=[[glyph]])


def fail_with(error: Exception) -> None:
    """Raises the error."""
    raise error


class Unpicklable(Exception):  # noqa: N818
    """Cannot be rebuilt from its arguments."""

    def __init__(self, one: int, two: int) -> None:
        super().__init__(f"{one}{two}")


def fail_unpicklably() -> None:
    """Raises an error that cannot be pickled."""
    raise Unpicklable(1, 2)


def never_ready(*_: Any, **__: Any) -> Reader:
    """Cannot be constructed."""
    raise RuntimeError("no model")


def take_memory() -> None:
    """Needs more memory than a task may use."""
    np.ones(2**33, np.uint8)


def worker_that_hangs() -> None:
    """A program with a busy worker; prints that it has one, and waits to be killed."""
    doer = Doer()
    worker = Worker(doer.itself)
    worker.await_start()
    worker.send("hold")
    print("started", flush=True)  # noqa: T201
    worker.receive()


HANGING, CRASHING = partial(Faulty, hang), partial(Faulty, partial(os._exit, 3))
FAILING, GREEDY = (
    partial(Faulty, partial(fail_with, RuntimeError("secret in /srv/app.py"))),
    partial(Faulty, take_memory),
)
