"""Outside the window's thread, only the newest work is done."""

from __future__ import annotations

import threading

import pytest

pytest.importorskip("pygame", reason="needs the extra desktop")

from inkread.desktop.recognition import LatestOnlyWorker

PATIENCE = 300.0


@pytest.fixture
def gate():
    """Work that waits at a gate and signals that it has begun."""

    class Gate:
        def __init__(self) -> None:
            self.begun, self.open, self.done = threading.Semaphore(0), threading.Semaphore(0), []

        def __call__(self, work: int) -> int:
            self.begun.release()
            assert self.open.acquire(timeout=PATIENCE)
            self.done.append(work)
            if work < 0:
                raise ValueError("negative")
            return 10 * work

    return Gate()


def taken(newest: LatestOnlyWorker) -> object:
    """Returns the thread's final result."""
    waiting = threading.Event()
    for _ in range(int(PATIENCE / 0.002)):
        result = newest.take()
        if result is not None:
            return result
        waiting.wait(0.002)
    raise AssertionError("nothing came")


def test_what_waits_is_replaced_by_what_is_newer(gate) -> None:
    newest = LatestOnlyWorker(gate)
    newest.give(1)
    assert gate.begun.acquire(timeout=PATIENCE)
    for work in (2, 3, 4):
        newest.give(work)
    assert newest.take() is None, "nobody waits for the thread"
    gate.open.release()
    assert taken(newest) == 10
    gate.open.release()
    assert taken(newest) == 40
    assert gate.done == [1, 4]
    newest.close()


def test_closing_drops_what_waits_and_ends_after_what_is_being_done(gate) -> None:
    newest = LatestOnlyWorker(gate)
    newest.give(1)
    assert gate.begun.acquire(timeout=PATIENCE)
    newest.give(2)
    waiting, closing = newest._given[-1], threading.Thread(target=newest.close)
    closing.start()
    while not waiting.cancelled():
        closing.join(0.002)
    gate.open.release(2)
    closing.join(PATIENCE)
    assert gate.done == [1]


def test_an_error_is_raised_where_the_result_is_taken_and_the_thread_goes_on(gate) -> None:
    newest = LatestOnlyWorker(gate)
    gate.open.release(2)
    newest.give(-1)
    with pytest.raises(ValueError, match="negative"):
        taken(newest)
    newest.give(5)
    assert taken(newest) == 50
    newest.close()
