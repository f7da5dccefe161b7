"""Answers requests for timings on standard input; needs only Python, so that any environment can run it.

Each line of the input is JSON: the name of a case, seconds, and the least number of calls. Each line of the
output is a JSON list of the seconds of each call. The first call of a case is a warm-up, and not in the list.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def serve(cases: Mapping[str, Callable[[], object]]) -> None:
    """Times the cases asked for until the input ends; libraries may print, which goes to standard error."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    warm = set[str]()
    for line in sys.stdin:
        name, seconds, least = json.loads(line)
        call = cases[name]
        if name not in warm:
            call()
            warm.add(name)
        answers.write(json.dumps(timed(call, seconds, least)) + "\n")
        answers.flush()


def timed(call: Callable[[], object], seconds: float, least: int) -> list[float]:
    """Returns the seconds of calls made for about ``seconds``, at least ``least`` of them."""
    times: list[float] = []
    end = time.perf_counter() + seconds
    while len(times) < least or time.perf_counter() < end:
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return times
