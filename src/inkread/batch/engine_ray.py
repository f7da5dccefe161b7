"""Actors in a Ray cluster: a local one, or any by its address.

An actor is a process that reads shards and writes their parts; only the shards themselves and their counts
travel through Ray. A lost actor is replaced, and its shard is read again; its part appears once either way.
"""

from __future__ import annotations

import logging
import os
import socket
from concurrent.futures import Future
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing leaves the machine

import ray
from ray.exceptions import RayActorError, RayTaskError

from inkread.batch.scheduling import ActorLostError, Schedule
from inkread.batch.shard_reader import Done, ShardReader
from inkread.errors import JobError, OptionError, one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from inkread.batch.page_reader import ReadingSettings
    from inkread.batch.rows import Row
    from inkread.batch.scheduling import Numbered
    from inkread.batch.shards import Shard

CONNECT_SECONDS = 10.0
"""Time for a cluster to answer."""


class RayEngine:
    """Reads shards in a Ray cluster, whose machines must reach the inputs and the output by the same names.

    Args:
        address: the cluster's address; default: ``RAY_ADDRESS``, or a cluster on this machine, which is
            started if there is none.
        workers: number of actors, each with one core. Actors beyond the cluster's cores wait, and an
            autoscaling cluster grows for them. Default: one per core of the cluster.

    Raises:
        OptionError: ``workers`` is below 1.
    """

    def __init__(self, address: str | None = None, workers: int | None = None) -> None:
        if workers is not None and workers < 1:
            raise OptionError(f"--workers {workers}", "is out of range", "use a number of at least 1")
        self._address, self._workers = address, workers

    def read(
        self,
        shards: Iterable[Numbered],
        settings: ReadingSettings,
        out: str,
        style: str,
        on_row: Callable[[Row], object],  # noqa: ARG002  # rows stay where they are read
    ) -> Iterator[Done]:
        """Reads shards like ``LocalEngine.read``, but never calls ``on_row``.

        Raises:
            JobError: the cluster cannot be reached.
        """
        with _connected(self._address):
            remote = ray.remote(num_cpus=1, max_restarts=0, scheduling_strategy="SPREAD")(ShardReader)
            actors = self._workers or int(ray.cluster_resources().get("CPU", 1))
            schedule = Schedule(
                shards, hire=lambda: _RayActor(remote.remote(settings, out, style)), actors=actors
            )
            yield from schedule.run()


class _RayActor:
    def __init__(self, handle: Any) -> None:
        self._handle = handle

    def start(self) -> Future[None]:
        return _future_of(self._handle.start.remote())

    def read(self, number: int, shard: Shard) -> Future[Done]:
        return _future_of(self._handle.read.remote(number, shard))

    def stop(self) -> None:
        ray.kill(self._handle)


@contextmanager
def _connected(address: str | None) -> Iterator[None]:
    """Connects to the cluster, unless this process already is."""
    if ray.is_initialized():
        yield
        return
    try:
        if address and ":" in address:  # Ray itself would try for minutes
            host, _, port = address.rpartition("://")[2].rpartition(":")
            socket.create_connection((host, int(port)), CONNECT_SECONDS).close()
        ray.init(address, logging_level=logging.ERROR, log_to_driver=False)
    except Exception as error:  # Ray raises bare ones too
        if address or "RAY_ADDRESS" in os.environ:
            problem, remedy = "cannot be reached", "check the address with: ray status"
        else:
            problem, remedy = "did not start", "try again when the machine is less busy"
        raise JobError(address or "Ray", f"{problem} ({one_line(str(error))})", remedy) from error
    try:
        yield
    finally:
        ray.shutdown()


def _future_of(reference: Any) -> Future[Any]:
    """Returns a future of a method's result, with our own exceptions."""
    future: Future[Any] = Future()

    def settle(ended: Future[Any]) -> None:
        error = ended.exception()
        if isinstance(error, RayTaskError):  # an exception of the method, which it wraps
            future.set_exception(error.cause)
        elif isinstance(error, RayActorError):
            future.set_exception(ActorLostError(one_line(str(error))))
        elif error:
            future.set_exception(error)
        else:
            future.set_result(ended.result())

    reference.future().add_done_callback(settle)
    return future
