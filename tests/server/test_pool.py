"""The pool by itself."""

from __future__ import annotations

import asyncio
import operator
import os
from functools import partial

import pytest
from processes import PATIENCE, Doer, fail_with, hang

from inkread.errors import WorkerError
from inkread.server.pool import Pool
from inkread.server.problems import Problem


def in_pool(test, **settings):
    """Runs a coroutine function with a pool, which is closed at the end, and the hold on its tasks."""

    async def run():
        doer = Doer()
        pool = Pool(doer.itself, **{"workers": 1, "queue": 1, "max_seconds": PATIENCE} | settings)
        pool.start()
        try:
            return await asyncio.wait_for(test(pool, doer), PATIENCE)
        finally:
            pool.close()

    return asyncio.run(run())


async def started(pool):
    while not pool.has_started:
        await asyncio.sleep(0)


async def holding(pool, doer, **options):
    """A task that stops a worker."""
    task = asyncio.create_task(pool.run("hold", **options))
    await asyncio.to_thread(doer.wait_for)
    return task


async def emptied(pool, left=0):
    while pool.admitted > left:
        await asyncio.sleep(0)


def slug_of(caught):
    return caught.value.slug


def test_a_task_gives_what_it_gives_and_raises_what_it_raises():
    async def test(pool, doer):
        assert await pool.run(partial(operator.add, 3, 4)) == 7
        with pytest.raises(ZeroDivisionError):
            await pool.run(partial(fail_with, ZeroDivisionError()))
        with pytest.raises(Problem) as caught:
            await pool.run(partial(fail_with, Problem("too-large", "a.", "b.", headers={"c": "d"})))
        assert (slug_of(caught), caught.value.status_code, caught.value.headers) == (
            "too-large",
            413,
            {"c": "d"},
        )
        assert pool.admitted == 0

    in_pool(test)


def test_tasks_are_done_in_as_many_processes_as_there_are_workers():
    async def test(pool, doer):
        tasks = [asyncio.create_task(pool.run("hold")) for _ in range(2)]
        await asyncio.to_thread(doer.wait_for, 2)
        doer.let_go()
        assert await asyncio.gather(*tasks) == ["let go"] * 2
        assert await pool.run(os.getpid) != os.getpid()

    in_pool(test, workers=2)


def test_there_are_as_many_places_as_workers_and_queue():
    async def test(pool, doer):
        tasks = [asyncio.create_task(pool.run("hold")) for _ in range(5)]
        await asyncio.sleep(0)
        assert (pool.running, pool.waiting, pool.is_full) == (2, 3, True)
        with pytest.raises(Problem) as caught:
            await pool.run(os.getpid)
        assert slug_of(caught) == "busy"
        doer.let_go()
        assert await asyncio.gather(*tasks) == ["let go"] * 5
        assert (pool.running, pool.waiting, pool.is_full) == (0, 0, False)

    in_pool(test, workers=2, queue=3)


def test_the_patient_wait_for_a_place():
    async def test(pool, doer):
        first = await holding(pool, doer)
        second = asyncio.create_task(pool.run(partial(str, "at last"), patiently=True))
        await asyncio.sleep(0)
        assert pool.admitted == 1
        doer.let_go()
        assert await second == "at last"
        await first

    in_pool(test, queue=0)


def test_a_task_that_takes_too_long_is_ended_with_its_worker_and_the_next_one_is_done():
    async def test(pool, doer):
        await started(pool)
        times = []
        with pytest.raises(Problem) as caught:
            await pool.run(hang, timed=times.append)
        assert slug_of(caught) == "too-slow"
        assert times[0] >= pool.max_seconds
        await emptied(pool)
        pool.max_seconds = PATIENCE  # the new worker may take its time to start
        assert await pool.run(partial(str, 7)) == "7"

    in_pool(test, max_seconds=0.5)


def test_others_are_done_while_a_task_hangs():
    async def test(pool, doer):
        hanging = asyncio.create_task(pool.run(hang))
        assert [await pool.run(partial(str, n)) for n in range(3)] == ["0", "1", "2"]
        assert not hanging.done()
        assert not pool.is_stuck
        hanging.cancel()

    in_pool(test, workers=2)


def test_a_task_that_waits_for_a_worker_too_long_is_given_up_and_never_done(tmp_path):
    async def test(pool, doer):
        first = await holding(pool, doer)
        pool.max_seconds = 0.05
        with pytest.raises(Problem) as caught:
            await pool.run(partial(os.mkdir, tmp_path / "done"))
        assert slug_of(caught) == "busy"
        pool.max_seconds = PATIENCE
        doer.let_go()
        assert await first == "let go"
        await pool.run(os.getpid)
        assert not (tmp_path / "done").exists()

    in_pool(test)


def test_nobody_need_wait_for_the_end():
    async def test(pool, doer):
        running = await holding(pool, doer)
        queued = asyncio.create_task(pool.run(hang))
        await asyncio.sleep(0)
        for task in (queued, running):
            task.cancel()
        await asyncio.gather(running, queued, return_exceptions=True)
        await emptied(pool, left=1)  # the slot of the one that had not begun is free
        assert pool.admitted == 1
        doer.let_go()
        await emptied(pool)

    in_pool(test)


def test_a_worker_that_ends_is_an_error_and_is_replaced():
    async def test(pool, doer):
        with pytest.raises(WorkerError, match="exited unexpectedly"):
            await pool.run(partial(os._exit, 3))
        assert await pool.run(partial(str, 7)) == "7"

    in_pool(test)


def test_it_is_stuck_while_no_worker_has_been_free_for_long(monkeypatch):
    async def test(pool, doer):
        await started(pool)
        assert not pool.is_stuck
        task = await holding(pool, doer)
        assert not pool.is_stuck
        monkeypatch.setattr("inkread.server.pool.STUCK_SECONDS", 0.0)
        assert pool.is_stuck
        doer.let_go()
        await task
        while pool.is_stuck:  # until the worker's thread is back for the next task
            await asyncio.sleep(0)

    in_pool(test)


@pytest.mark.parametrize("task", [hang, "hold"])
def test_closing_waits_for_no_task(task):
    async def test(pool, doer):
        await started(pool)
        running = asyncio.create_task(pool.run(task))
        queued = asyncio.create_task(pool.run(task))
        await asyncio.sleep(0)
        await asyncio.to_thread(pool.close)
        for waiting in (running, queued):
            with pytest.raises(WorkerError):
                await waiting
        with pytest.raises(WorkerError, match="has been stopped"):
            await pool.run(task)

    in_pool(test)


def test_an_error_that_nobody_waits_for_is_silent(recwarn):
    async def test(pool, doer):
        await started(pool)
        task = asyncio.create_task(pool.run(partial(fail_with, ValueError())))
        await asyncio.sleep(0)
        task.cancel()
        await emptied(pool)

    in_pool(test)
