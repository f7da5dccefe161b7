"""Acknowledged data survive crashes and concurrent writers."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import create_engine, func, select

from inkread.errors import StoreError, StoreNotFoundError
from inkread.store import Store
from inkread.store.tables import Corrections, Digits

WRITER = Path(__file__).with_name("write_corrections.py")


class Writer:
    """Another process that opens the store on request and adds corrections.

    Its output has one channel, so its errors count as acknowledged corrections, which are then missing.
    """

    def __init__(self, url: str, *arguments: str) -> None:
        command = [sys.executable, "-W", "error", str(WRITER), url, *arguments]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        assert self.process.stdout.readline() == "ready\n"

    def go(self) -> None:
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def acknowledged(self, count: int) -> list[str]:
        return [self.process.stdout.readline().strip() for _ in range(count)]

    def kill(self) -> list[str]:
        """Returns the acknowledged lines not read yet, without an incomplete one."""
        self.process.kill()
        return [line.strip() for line in self.process.stdout if line.endswith("\n")]

    def finish(self) -> list[str]:
        acknowledged = self.process.stdout.read().split()
        assert self.process.wait() == 0, acknowledged
        return acknowledged

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


@pytest.fixture
def start_writer(url):
    with ExitStack() as writers:

        def start(*arguments: str) -> Writer:
            writer = Writer(url, *arguments)
            writers.callback(writer.close)
            return writer

        yield start


def every_correction(store: Store) -> list[str]:
    found, before = [], None
    while True:
        page = store.corrections(limit=200, before=before)
        found += [correction.id for correction in page.items]
        before = page.next
        if before is None:
            return found


@pytest.mark.parametrize("count", [1, 10, 60])
def test_every_acknowledged_correction_outlives_the_kill_of_its_process(
    url, start_writer, make_reading, count
):
    writer = start_writer()
    writer.go()
    acknowledged = writer.acknowledged(count) + writer.kill()
    assert all(acknowledged)
    with Store.open(url) as store:
        assert set(acknowledged) <= set(every_correction(store))
        assert len(store.corrected_glyphs()) - len(acknowledged) in (0, 1)  # one may have been in progress
        reading = store.add_reading(make_reading())
        store.add_correction(reading=reading, line=0, position=0, label="1", by=None)


def test_every_acknowledged_correction_outlives_the_kill_of_a_process_beside_others(url, start_writer):
    writers = [start_writer(), start_writer(), start_writer("30")]
    for writer in writers:
        writer.go()
    killed = [identity for writer in writers[:2] for identity in writer.acknowledged(10) + writer.kill()]
    finished = writers[2].finish()
    assert len(finished) == 30
    with Store.open(url) as store:
        assert {*killed, *finished} <= set(every_correction(store))


def test_every_acknowledged_correction_outlives_a_crash_of_the_server(cluster, schema, make_reading):
    with Store.open(schema) as store:
        reading = store.add_reading(make_reading("7" * 20))
        acknowledged = [
            store.add_correction(reading=reading, line=0, position=position, label="1", by=None).id
            for position in range(20)
        ]
        cluster.stop("immediate")
        try:
            with pytest.raises(StoreError, match=r"cannot be (reached|used) .*; (check|try)"):
                store.corrections()
        finally:
            cluster.start()
        assert every_correction(store) == acknowledged[::-1]


def test_processes_that_make_the_same_store_at_once_lose_nothing(url, start_writer):
    writers = [start_writer("20") for _ in range(3)]
    for writer in writers:
        writer.go()
    acknowledged = [identity for writer in writers for identity in writer.finish()]
    assert len(set(acknowledged)) == 60
    with Store.open(url) as store:
        assert set(every_correction(store)) == set(acknowledged)


def test_threads_that_write_at_once_lose_nothing(store, make_reading):
    readings = [store.add_reading(make_reading("7" * 10)) for _ in range(8)]

    def correct(reading: str) -> list[str]:
        return [
            store.add_correction(reading=reading, line=0, position=position, label="1", by=reading).id
            for position in range(10)
        ]

    with ThreadPoolExecutor(len(readings)) as pool:
        acknowledged = [identity for identities in pool.map(correct, readings) for identity in identities]
    assert Counter(every_correction(store)) == Counter(acknowledged)
    assert all(store.reading(reading).corrections == 10 for reading in readings)


def test_of_simultaneous_corrections_of_one_digit_exactly_one_stays_active(store, make_reading):
    reading = store.add_reading(make_reading())
    together = Barrier(6)

    def correct(label: int) -> str:
        together.wait()
        return store.add_correction(reading=reading, line=0, position=0, label=str(label), by=None).id

    with ThreadPoolExecutor(6) as pool:
        acknowledged = set(pool.map(correct, range(6)))
    assert len(acknowledged) == 6
    assert len(standing := every_correction(store)) == 1
    assert set(standing) < acknowledged


def test_a_reading_removed_while_it_is_corrected_leaves_nothing(store, url, make_reading):
    together = Barrier(2)

    def correct(reading: str) -> bool:
        together.wait()
        try:
            store.add_correction(reading=reading, line=0, position=0, label="1", by=None)
        except StoreNotFoundError:
            return False
        return True

    def remove(reading: str) -> bool:
        together.wait()
        return store.remove_reading(reading)

    with ThreadPoolExecutor(2) as pool:
        for _ in range(10):
            reading = store.add_reading(make_reading())
            corrected, removed = pool.submit(correct, reading), pool.submit(remove, reading)
            assert corrected.result() in (True, False)
            assert removed.result()
    engine = create_engine(url)
    with engine.connect() as connection:
        for table in (Digits, Corrections):
            assert connection.execute(select(func.count()).select_from(table)).scalar_one() == 0
    engine.dispose()


@pytest.mark.parametrize("size", [0, 3_500_000])  # a noise picture's JPEG
def test_on_a_full_disk_readings_are_removed_and_make_room_for_others(tmp_path, size):
    program = Path(__file__).with_name("full_disk.py")
    inside = 'mount -t tmpfs -o size=40m tmpfs "$1" && exec "$2" "$3" "$1" "$4"'
    command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", inside, "sh"]
    try:
        subprocess.run([*command, tmp_path, "true", "", ""], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs a file system of its own: unshare and mount")
    done = subprocess.run(
        [*command, tmp_path, sys.executable, program, str(size)], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("full\nTrue\n" + "full\n[True, True, True]\n" * 3, "")
