"""The pool by itself."""

from __future__ import annotations

import asyncio
import threading

import pytest
from serving import PATIENCE

from inkread.server.pool import Pool
from inkread.server.problems import Problem


def in_pool(test, **settings):
    """Runs a coroutine function with a pool, which is closed at the end."""

    async def run():
        pool = Pool(**{"workers": 1, "queue": 1, "max_seconds": PATIENCE} | settings)
        try:
            return await asyncio.wait_for(test(pool), PATIENCE)
        finally:
            pool.close()

    return asyncio.run(run())


def slug_of(caught):
    return caught.value.slug


def test_work_gives_what_it_gives_and_raises_what_it_raises():
    async def test(pool):
        assert await pool.run(lambda: 7) == 7
        with pytest.raises(ZeroDivisionError):
            await pool.run(lambda: 1 / 0)
        assert pool.admitted == 0

    in_pool(test)


def test_work_runs_off_the_event_loop():
    async def test(pool):
        assert await pool.run(threading.get_ident) != threading.get_ident()

    in_pool(test)


def test_there_are_as_many_places_as_workers_and_queue():
    async def test(pool):
        go = threading.Event()
        tasks = [asyncio.create_task(pool.run(lambda: go.wait(PATIENCE))) for _ in range(5)]
        await asyncio.sleep(0)
        assert (pool.running, pool.waiting, pool.is_full) == (2, 3, True)
        with pytest.raises(Problem) as caught:
            await pool.run(lambda: None)
        assert slug_of(caught) == "busy"
        go.set()
        assert await asyncio.gather(*tasks) == [True] * 5
        assert (pool.running, pool.waiting, pool.is_full) == (0, 0, False)

    in_pool(test, workers=2, queue=3)


def test_the_patient_wait_for_a_place():
    async def test(pool):
        go = threading.Event()
        first = asyncio.create_task(pool.run(lambda: go.wait(PATIENCE)))
        await asyncio.sleep(0)
        second = asyncio.create_task(pool.run(lambda: "at last", patiently=True))
        await asyncio.sleep(0)
        assert pool.admitted == 1
        go.set()
        assert await second == "at last"
        await first

    in_pool(test, queue=0)


def test_what_waits_for_a_worker_too_long_is_given_up_and_never_done():
    async def test(pool):
        go, done = threading.Event(), []
        first = asyncio.create_task(pool.run(lambda: go.wait(PATIENCE)))
        await asyncio.sleep(0)
        with pytest.raises(Problem) as caught:
            await pool.run(lambda: done.append(1))
        assert slug_of(caught) == "busy"
        with pytest.raises(Problem) as caught:
            await first
        assert slug_of(caught) == "too-slow"
        while pool.admitted == 2:
            await asyncio.sleep(0)
        assert pool.admitted == 1  # the worker is still at the first
        go.set()
        while pool.admitted:
            await asyncio.sleep(0)
        assert await pool.run(lambda: done) == []

    in_pool(test, max_seconds=0.05)


def test_nobody_need_wait_for_the_end():
    async def test(pool):
        go = threading.Event()
        running = asyncio.create_task(pool.run(lambda: go.wait(PATIENCE)))
        queued = asyncio.create_task(pool.run(lambda: pytest.fail("nobody wants it")))
        await asyncio.sleep(0)
        for task in (queued, running):
            task.cancel()
        await asyncio.gather(running, queued, return_exceptions=True)
        while pool.admitted == 2:
            await asyncio.sleep(0)  # the place of the one that had not begun is free
        assert pool.admitted == 1
        go.set()
        while pool.admitted:
            await asyncio.sleep(0)

    in_pool(test)


def test_an_error_that_nobody_waits_for_is_no_noise(recwarn):
    async def test(pool):
        go = threading.Event()

        def fail():
            go.wait(PATIENCE)
            raise ValueError

        task = asyncio.create_task(pool.run(fail))
        await asyncio.sleep(0)
        task.cancel()
        go.set()
        while pool.admitted:
            await asyncio.sleep(0)

    in_pool(test)
