"""A function in a separate process answers task by task, and can be stopped at any time."""

from __future__ import annotations

import operator
import os
import signal
import subprocess
import sys
from contextlib import closing
from functools import partial

import pytest
from processes import PATIENCE, Doer, fail_unpicklably, fail_with, hang, take_memory

from inkread.errors import OptionError, PictureError, WorkerError
from inkread.system.worker import Worker


@pytest.fixture(scope="module")
def doer():
    return Doer()


@pytest.fixture(scope="module")
def worker(doer):
    with closing(Worker(doer.itself, memory=2**30)) as worker:
        worker.await_start()
        yield worker


def done(worker, task):
    worker.send(task)
    assert worker.poll(PATIENCE)
    return worker.receive()


def test_a_task_is_done_in_another_process(worker):
    assert done(worker, os.getpid) != os.getpid()
    assert done(worker, partial(operator.mul, b"7", 3)) == b"777"


@pytest.mark.parametrize(
    ("task", "kind", "text"),
    [
        (partial(fail_with, PictureError("a", "b", "c")), PictureError, "a: b; c"),
        (partial(fail_with, KeyError("x")), KeyError, "x"),
        (fail_unpicklably, RuntimeError, "Unpicklable: 12"),
    ],
)
def test_an_error_comes_back_with_its_traceback_and_the_next_task_is_done(worker, task, kind, text):
    with pytest.raises(kind, match=text) as caught:
        done(worker, task)
    assert "in fail_" in str(caught.value.__cause__)
    assert done(worker, os.getpid)


@pytest.mark.skipif(sys.platform != "linux", reason="the limit is Linux's")
def test_a_task_that_wants_too_much_memory_fails_and_the_next_one_is_done(worker):
    with pytest.raises(MemoryError):
        done(worker, take_memory)
    assert done(worker, os.getpid)


@pytest.mark.parametrize("task", [hang, "hold"])
def test_it_can_be_ended_at_any_time(task):
    doer = Doer()
    with closing(Worker(doer.itself, name="one")) as worker:
        worker.await_start()
        worker.send(task)
        assert not worker.poll()
        worker.kill()
        with pytest.raises(WorkerError, match="one: exited unexpectedly"):
            worker.receive()
        assert worker.is_busy
        with pytest.raises(WorkerError, match="exited unexpectedly"):
            worker.send(os.getpid)


def test_a_task_that_ends_the_process_is_an_error(doer):
    with closing(Worker(doer.itself)) as worker:
        worker.await_start()
        with pytest.raises(WorkerError, match=r"exit code 3\)"):
            done(worker, partial(os._exit, 3))


def test_a_failure_to_create_the_function_is_an_error(monkeypatch):
    monkeypatch.setattr("inkread.system.worker.START_SECONDS", PATIENCE)
    with closing(Worker(partial(fail_with, OptionError("a", "b", "c")))) as worker:
        with pytest.raises(OptionError, match="a: b; c"):
            worker.await_start()
        assert not worker.is_started


def test_a_process_that_does_not_start_in_time_is_an_error(monkeypatch):
    monkeypatch.setattr("inkread.system.worker.START_SECONDS", 0.0)
    doer = Doer()
    with closing(Worker(doer.hold)) as worker, pytest.raises(WorkerError, match="did not start within"):
        worker.await_start()


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
def test_an_interrupt_does_not_reach_it(worker):
    assert done(worker, partial(signal.raise_signal, signal.SIGINT)) is None
    assert done(worker, partial(signal.pthread_sigmask, signal.SIG_BLOCK, ())) == {signal.SIGINT}
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
def test_it_ends_with_the_process_that_started_it_however_that_ended():
    program = "import processes\nif __name__ == '__main__': processes.worker_that_hangs()"
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    ) as process:
        assert process.stdout.readline() == b"started\n"
        process.kill()
        assert process.stdout.read() == b""  # at its end, because the worker has closed it too
