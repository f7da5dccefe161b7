"""The same job in a Ray cluster: the same rows, whatever is lost."""

from __future__ import annotations

import os
import signal
import sys
import threading

import pytest
from batch_jobs import BUG, CRASHES, HELD, job_of, rows_in, write_pictures

ray = pytest.importorskip("ray", reason="Ray is not installed")

from inkread.batch import LocalEngine, RayEngine, run

MANY = [*range(20, 40), HELD, *range(40, 60), CRASHES, BUG]

pytestmark = pytest.mark.filterwarnings("ignore")  # Ray's own


STARTS = 5
"""A machine of Ray gives up if its processes have not started after 15 seconds, as on a busy machine."""


@pytest.fixture(scope="module")
def cluster():
    """Two machines with one core each, in processes of this one."""
    from ray.cluster_utils import Cluster

    before = signal.getsignal(signal.SIGTERM)
    cluster = Cluster()
    for _ in range(2):
        add_machine(cluster)
    modules = {"PYTHONPATH": os.pathsep.join(sys.path)}  # so that actors find the tests' own
    ray.init(cluster.address, runtime_env={"env_vars": modules}, log_to_driver=False)
    yield cluster
    ray.shutdown()
    cluster.shutdown()
    signal.signal(signal.SIGTERM, before)  # Ray leaves its own handler


def add_machine(cluster):
    """Adds a machine with one core."""
    for _ in range(STARTS - 1):
        try:
            return cluster.add_node(num_cpus=1, include_dashboard=False)
        except Exception:  # noqa: BLE001  # Ray has no other
            continue
    return cluster.add_node(num_cpus=1, include_dashboard=False)


@pytest.fixture
def pipe(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    return tmp_path / "pipe"


def undisturbed(scans, out):
    for _ in run(job_of(scans, out=out), LocalEngine(1)):
        pass
    return rows_in(out)


def test_the_rows_are_those_of_the_local_engine_though_an_actor_is_killed(cluster, tmp_path, pipe):
    scans = write_pictures(tmp_path / "scans", MANY)

    def kill_actor():
        with pipe.open("wb"):  # returns when a picture waits
            pipe.unlink()
            os.kill(int(pipe.with_suffix(".parent").read_text()), signal.SIGKILL)

    killer = threading.Thread(target=kill_actor)
    killer.start()
    for _ in run(job_of(scans, out=tmp_path / "out", pipe=pipe), RayEngine()):
        pass
    killer.join()
    assert rows_in(tmp_path / "out") == undisturbed(scans, tmp_path / "local")


def test_a_lost_machine_costs_no_row(cluster, tmp_path):
    scans = write_pictures(tmp_path / "scans", MANY)
    third = add_machine(cluster)
    steps = run(job_of(scans, out=tmp_path / "out", part_size=2), RayEngine())
    for _ in range(4):
        next(steps)
    cluster.remove_node(third)
    for last in steps:
        assert last.shards
    assert rows_in(tmp_path / "out") == undisturbed(scans, tmp_path / "local")


def test_one_picture_in_a_hundred_that_is_damaged_costs_no_other(cluster, tmp_path):
    scans = write_pictures(tmp_path / "scans", [20 + number % 80 for number in range(300)])
    damaged = [scans / f"{number:04d}.png" for number in (7, 140, 299)]
    for picture, content in zip(damaged, (b"", b"\x00" * 100, damaged[2].read_bytes()[:40]), strict=True):
        picture.write_bytes(content)
    *_, last = run(job_of(scans, out=tmp_path / "out", part_size=40), RayEngine())
    assert (last.done.rows, last.done.errors) == (300, 3)
    rows = rows_in(tmp_path / "out")
    assert [row["source"] for row in rows if row["error"]] == [str(picture) for picture in damaged]
    assert rows == undisturbed(scans, tmp_path / "local")
