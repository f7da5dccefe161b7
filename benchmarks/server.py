"""Speed of the server, and its behavior under overload: ``python benchmarks/server.py``.

Starts ``inkread serve`` and sends requests over real connections from this process, so clients and server
share the machine. ``--requests 20000`` measures the memory over the number of requests in the project's goal.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import os
import subprocess
import sys
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Iterator

SEVEN = "7"


@dataclass(frozen=True)
class Answer:
    """A response and its timing."""

    status: int
    text: str | None
    seconds: float


def main() -> None:
    """Prints one line per measurement."""
    parser = argparse.ArgumentParser(description="Measure the server.")
    parser.add_argument(
        "--requests", type=int, default=4000, help="requests to measure throughput and memory"
    )
    options = parser.parse_args()
    start = perf_counter()
    with server() as (port, process):
        asyncio.run(ready(port))
        print(f"ready after {perf_counter() - start:.2f} s")
        asyncio.run(measure(port, process, options.requests))
    with server("--workers", "2", "--queue", "30") as (port, process):
        asyncio.run(overload(port))


@contextmanager
def server(*options: str) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    """Runs a server on a free port, and stops it at the end."""
    command = [sys.executable, "-m", "inkread", "serve", "--port", "0", "--log-level", "warning", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        line = process.stdout.readline() if process.stdout else ""
        port = int(line.split(":")[2].split()[0])
        try:
            yield port, process
        finally:
            process.terminate()


async def measure(port: int, process: subprocess.Popen[str], count: int) -> None:
    """Measures the latency of one client, the throughput of 32, and the memory meanwhile."""
    await ready(port)
    await ask(port, read_request(), clients=4, count=400)  # warms up both workers
    for name, query in (("page", ""), ("single", "?single=true")):
        one = await ask(port, read_request(query), clients=1, count=300)
        print(f"one client, {name}: median {1000 * median(times(one)):.2f} ms")
    before, spent = resident(process), processor_seconds(process)
    start = perf_counter()
    reading = asyncio.create_task(ask(port, read_request(), clients=32, count=count))
    alive = await pulse(port, reading)
    many = await reading
    rate = count / (perf_counter() - start)
    spent = processor_seconds(process) - spent
    percentiles = quantiles(times(many), n=100)
    print(
        f"32 clients: {rate:.0f} requests/s, "
        f"median {1000 * percentiles[49]:.0f} ms, p99 {1000 * percentiles[98]:.0f} ms"
    )
    print(f"            {1000 * spent / count:.2f} ms of CPU time per request")
    print(f"            answers {dict(Counter(one.status for one in many))}, wrong {wrong(many)}")
    print(f"/livez meanwhile: median {1000 * median(alive):.1f} ms, longest {1000 * max(alive):.0f} ms")
    after = resident(process)
    print(f"memory: {before:.0f} MB, after {count} more requests {after:.0f} MB ({after / before - 1:+.1%})")
    glyphs = await ask(port, glyph_request(), clients=8, count=400)
    print(f"/v1/glyphs, one glyph, 8 clients: median {1000 * median(times(glyphs)):.1f} ms")


async def overload(port: int) -> None:
    """Sends 200 requests at once against 32 places, five times."""
    await ready(port)
    found: list[Answer] = []
    for _ in range(5):
        found += await ask(port, read_request(), clients=200, count=200)
    statuses = dict(Counter(one.status for one in found))
    print(
        f"200 clients, 32 places: answers {statuses}, wrong {wrong(found)}, slowest {max(times(found)):.2f} s"
    )


async def ask(port: int, request: bytes, *, clients: int, count: int) -> list[Answer]:
    """Returns the responses to ``count`` requests of several clients, each with its own connection."""
    left = iter(range(count))
    answers: list[Answer] = []

    async def client() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in left:
            start = perf_counter()
            writer.write(request)
            status, body = await answer_of(reader)
            text = json.loads(body).get("text") if body.startswith(b"{") else None
            answers.append(Answer(status, text, perf_counter() - start))
        writer.close()

    async with asyncio.timeout(600), asyncio.TaskGroup() as group:
        for _ in range(clients):
            group.create_task(client())
    return answers


async def pulse(port: int, until: asyncio.Task[list[Answer]]) -> list[float]:
    """Times /livez repeatedly until a task is done."""
    found = []
    while not until.done():
        found += times(await ask(port, head("GET", "/livez"), clients=1, count=1))
        await asyncio.sleep(0.05)
    return found


async def ready(port: int) -> None:
    """Waits for the server's first reading."""
    while (await ask(port, head("GET", "/readyz"), clients=1, count=1))[0].status != 200:
        await asyncio.sleep(0.1)


async def answer_of(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Reads status and body of the next response."""
    lines = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
    length = next(int(line.split(b":")[1]) for line in lines if line.lower().startswith(b"content-length:"))
    return int(lines[0].split()[1]), await reader.readexactly(length)


def head(method: str, path: str, *more: str) -> bytes:
    """Makes the head of a request."""
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *more, "", ""]).encode()


def read_request(query: str = "") -> bytes:
    """Makes a request with a 28×28 PNG of a seven."""
    file = io.BytesIO()
    Image.fromarray(seven()).save(file, "PNG")
    body = file.getvalue()
    return head("POST", f"/v1/read{query}", f"Content-Length: {len(body)}") + body


def glyph_request() -> bytes:
    """Makes a request with the seven as an .npy file."""
    file = io.BytesIO()
    np.save(file, seven()[None])
    body = file.getvalue()
    return head("POST", "/v1/glyphs", f"Content-Length: {len(body)}") + body


def seven() -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Draws a seven, 28×28 uint8, bright on dark."""
    picture = np.zeros((28, 28), np.uint8)
    picture[5:8, 8:20] = 255
    for step in range(16):
        x = 18 - step // 2
        picture[7 + step, x - 1 : x + 2] = 255
    return picture


def times(answers: list[Answer]) -> list[float]:
    """Returns the seconds of each response."""
    return [one.seconds for one in answers]


def wrong(answers: list[Answer]) -> int:
    """Counts the wrong readings."""
    return sum(one.status == 200 and one.text != SEVEN for one in answers)


def resident(process: subprocess.Popen[str]) -> float:
    """Returns the memory of the server and its workers, MB, shared memory once; NaN if unknown."""
    held = 0
    for pid in family(process.pid):
        rollup = Path(f"/proc/{pid}/smaps_rollup")
        if not rollup.is_file():
            return float("nan")
        held += next(
            int(line.split()[1]) for line in rollup.read_text().splitlines() if line.startswith("Pss:")
        )
    return held / 1024


def processor_seconds(process: subprocess.Popen[str]) -> float:
    """Returns the CPU time of the server and its workers; NaN if unknown."""
    ticks = 0
    for pid in family(process.pid):
        status = Path(f"/proc/{pid}/stat")
        if not status.is_file():
            return float("nan")
        user, system = status.read_text().rsplit(")", 1)[1].split()[11:13]
        ticks += int(user) + int(system)
    return ticks / os.sysconf("SC_CLK_TCK")


def family(pid: int) -> list[int]:
    """Returns a process and its descendants; only itself if the system does not report them."""
    children = [
        int(child)
        for file in Path(f"/proc/{pid}/task").glob("*/children")
        for child in file.read_text().split()
    ]
    return [pid, *(each for child in children for each in family(child))]


if __name__ == "__main__":
    main()
