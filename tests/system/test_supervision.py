"""A worker is replaced when a task hangs or ends it, and the next task runs."""

from __future__ import annotations

import os
import threading
from contextlib import closing
from functools import partial

import pytest
from processes import PATIENCE, Doer, fail_with, hang

from inkread.errors import ModelError, WorkerError, WorkerTimeoutError
from inkread.system.worker import SupervisedWorker


@pytest.fixture(scope="module")
def doer():
    return Doer()


@pytest.fixture
def worker(doer):
    with closing(SupervisedWorker(doer.itself, name="one")) as worker:
        yield worker


def process_of(worker):
    return worker.run(os.getpid, max_seconds=PATIENCE)


def test_one_process_runs_one_task_after_another(worker):
    assert process_of(worker) == process_of(worker) != os.getpid()


def test_an_error_of_the_task_keeps_the_process(worker):
    before = process_of(worker)
    with pytest.raises(KeyError):
        worker.run(partial(fail_with, KeyError("x")), max_seconds=PATIENCE)
    assert process_of(worker) == before


def test_a_task_that_takes_too_long_is_killed_and_the_next_runs_in_another_process(worker):
    before = process_of(worker)
    with pytest.raises(WorkerTimeoutError, match=r"one: took more than 0\.2 seconds"):
        worker.run(hang, max_seconds=0.2)
    assert not worker.is_ready
    assert process_of(worker) != before


def test_a_task_that_ends_the_process_is_an_error_and_the_next_runs_in_another(worker):
    before = process_of(worker)
    with pytest.raises(WorkerError, match=r"exit code 3\)"):
        worker.run(partial(os._exit, 3), max_seconds=PATIENCE)
    assert process_of(worker) != before


def test_a_process_that_ends_while_idle_is_replaced(worker):
    before = process_of(worker)
    os.kill(before, 9)
    worker._worker._process.join()
    assert process_of(worker) != before


def test_killing_ends_a_running_task_and_starts_no_other_process(doer, worker):
    worker.start()
    stopper = threading.Thread(target=lambda: (doer.wait_for(), worker.kill()))
    stopper.start()
    with pytest.raises(WorkerError, match="exited unexpectedly"):
        worker.run("hold", max_seconds=PATIENCE)
    stopper.join()
    with pytest.raises(WorkerError, match="stopped"):
        process_of(worker)


def test_an_error_that_prevents_the_start_is_raised():
    with (
        closing(SupervisedWorker(partial(fail_with, ModelError("a", "b", "c")))) as worker,
        pytest.raises(ModelError, match="a: b; c"),
    ):
        process_of(worker)
