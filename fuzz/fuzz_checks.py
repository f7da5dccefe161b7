"""What a fuzzer is: a kind of input, the seeds it starts from, and the promise that every input keeps."""

from __future__ import annotations

import copy
import json
import os
import re
import resource
import sys
import time
import traceback
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from inkread.errors import InkreadError, PictureError

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterable

KILOBYTE: Final = 1 if sys.platform == "darwin" else 1024
"""Unit of ``ru_maxrss``, bytes."""
DISGUISED: Final = (AttributeError, TypeError, NameError, AssertionError, ZeroDivisionError)
"""Errors that only a mistake in inkread itself raises there, even where all errors count as damage."""
ODD_VALUES: Final[tuple[Any, ...]] = (
    *(None, True, False, 0, -1, 1, 0.5, 10**30, 1e999, float("nan"), "", "x", "7", "é\n", "../x", [], {}),
    *([[]], [{}], {"x": {}}, [None], ["x"], [0, 1], [[0, "x"]], "[" * 3000, ["x" * 300]),
)
"""What stands in for a value of JSON."""


@dataclass(frozen=True, slots=True)
class Target:
    """One kind of input.

    Attributes:
        name: its name on the command line.
        run: handles one input; raises only errors of ``inkread.errors``.
        seeds: returns valid inputs, which the fuzzer starts from.
        words: pieces that occur in such inputs.
        is_json: inputs are also changed as JSON: values are exchanged, moved, or left out.
        longest: bytes of the longest input.
        seconds: maximum processor time for one input; it is far above the usual one.
        megabytes: maximum growth of the process for one input.
    """

    name: str
    run: Callable[[bytes], object]
    seeds: Callable[[], Iterable[bytes]]
    words: tuple[bytes, ...] = ()
    is_json: bool = False
    longest: int = 4096
    seconds: float = 2.0
    megabytes: float = 200.0


class BrokenPromise(Exception):  # noqa: N818
    """An input that breaks a promise without an exception; the message says which."""


@dataclass(slots=True)
class Checker:
    """Runs inputs of one target, and keeps the first of each kind of finding.

    Attributes:
        target: what runs.
        found: a description of each finding, by its kind.
    """

    target: Target
    found: dict[str, str] = field(default_factory=dict)

    def check(self, data: bytes) -> str | None:
        """Runs an input; returns the kind of a finding that is new."""
        memory, start = _peak(), time.process_time()
        try:
            # As errors, inkread would take them for damage.
            with warnings.catch_warnings(record=True) as warned:
                warnings.simplefilter("always")
                self._promise(data)
            if warned:
                raise BrokenPromise(f"warned: {warned[0].message}")
            seconds, megabytes = time.process_time() - start, (_peak() - memory) / 1e6
            if seconds > self.target.seconds:
                raise BrokenPromise(f"took {seconds:.1f} s of processor time")
            if megabytes > self.target.megabytes:
                raise BrokenPromise(f"took {megabytes:.0f} MB")
        except Exception as error:  # noqa: BLE001 - whatever it is, it is a finding
            kind = _kind(error)
            if kind in self.found:
                return None
            self.found[kind] = "".join(traceback.format_exception(error))
            return kind
        return None

    def _promise(self, data: bytes) -> None:
        try:
            self.target.run(data)
        except InkreadError as error:
            if not all(isinstance(part, str) and part.strip() for part in error.args[:3]):
                raise BrokenPromise("raised an error without a source, problem, or remedy") from error
            cause = error.__cause__
            if isinstance(error, PictureError) and isinstance(cause, DISGUISED) and _is_ours(cause):
                raise BrokenPromise(f"took a mistake for damage: {cause!r}") from error


def changed_json(data: bytes, rng: random.Random) -> bytes | None:
    """Exchanges, moves, or leaves out one value of the JSON at the end of an input; ``None`` without JSON."""
    start = data.find(b"{")
    try:
        root = json.loads(data[start:])
    except (ValueError, RecursionError):
        return None
    places: list[tuple[Any, Any]] = [(root, key) for key in root] if isinstance(root, dict) else []
    for holder, key in places:  # grows while it is walked
        inside = holder[key]
        if isinstance(inside, dict | list):
            places += [
                (inside, each) for each in (inside if isinstance(inside, dict) else range(len(inside)))
            ]
    if not places:
        return None
    holder, key = rng.choice(places)
    match rng.randrange(4):
        case 0:
            del holder[key]
        case 1:
            other, its = rng.choice(places)
            holder[key] = copy.deepcopy(other[its])
        case 2 if isinstance(holder, dict):
            holder[rng.choice(["", "x", *(str(its) for _, its in places)])] = holder.pop(key)
        case _:
            holder[key] = copy.deepcopy(rng.choice(ODD_VALUES))
    return data[:start] + json.dumps(root).encode()


def _kind(error: Exception) -> str:
    """Returns the kind of a finding: the exception and the last line of inkread that it passed."""
    frames = traceback.extract_tb(error.__traceback__)
    if isinstance(error, BrokenPromise):
        frames = traceback.extract_tb(error.__cause__.__traceback__ if error.__cause__ else None)
        return f"{re.sub(r'[0-9.]+', 'N', str(error))} {_place(frames)}".strip()
    return f"{type(error).__name__} {_place(frames)}"


def _place(frames: Iterable[traceback.FrameSummary]) -> str:
    ours = [frame for frame in frames if f"{os.sep}inkread{os.sep}" in frame.filename]
    return f"in {Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else ""


def _is_ours(error: BaseException) -> bool:
    """Returns whether an error was raised in inkread itself, not in a library that it called."""
    frames = traceback.extract_tb(error.__traceback__)
    return bool(frames) and f"{os.sep}inkread{os.sep}" in frames[-1].filename


def _peak() -> int:
    """Returns the most bytes that this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * KILOBYTE
