"""Servers at a socket of this process, and clients that do not stop asking."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections import Counter
from contextlib import contextmanager

import httpx
import pytest
from processes import PATIENCE
from serving import SEVEN

posix = pytest.mark.skipif(os.name != "posix", reason="sockets are inherited by POSIX's means")


def url_of(listener):
    return "http://127.0.0.1:{1}".format(*listener.getsockname())


@contextmanager
def server_at(listener, *options):
    """Starts a server at the socket; returns it when it is about to serve."""
    fd = str(listener.fileno())
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "inkread",
            "serve",
            "--fd",
            fd,
            "--workers",
            "1",
            "--max-seconds",
            "100",
            *options,
        ],
        pass_fds=[listener.fileno()],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert url_of(listener) in process.stdout.readline()
        yield process
    finally:
        process.kill()
        process.communicate()


class Visitors:
    """Clients that read one picture after the other, some of them on connections that stay open."""

    def __init__(self, url):
        self.url, self.answers, self.errors = url, Counter(), []
        self._stop = threading.Event()
        self._more = threading.Condition()
        self._threads = [threading.Thread(target=self._visit, args=(keep,)) for keep in (True, True, False)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def wait_for(self, count):
        """Returns when this many further answers have come, or a client has failed."""
        with self._more:
            wanted = self.answers.total() + count
            assert self._more.wait_for(
                lambda: self.answers.total() >= wanted or self.errors, timeout=PATIENCE
            )

    def _visit(self, keep):
        client = httpx.Client(timeout=PATIENCE, headers={} if keep else {"Connection": "close"})
        with client:
            while not (self._stop.is_set() or self.errors):
                try:
                    status = client.post(f"{self.url}/v1/read?single=true", content=SEVEN).status_code
                except httpx.HTTPError as error:
                    self.errors.append(error)
                    status = None
                with self._more:
                    self.answers[status] += 1
                    self._more.notify_all()
