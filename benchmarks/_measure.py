"""What the benchmarks share: timing with its spread, the machine, and the sections of a document."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from _calls import timed

from inkread.evaluation.reports.markdown import fill
from inkread.system.cores import usable_cores

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

ROOT: Final = Path(__file__).resolve().parents[1]
CORE: Final = ("numpy", "opencv-python-headless", "onnxruntime", "pillow")
MATRIX_SIDE: Final = 2048
"""Side of the matrices whose product gives the machine's rate: 34 MB together."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Several measurements of one quantity, in one unit."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle value."""
        return statistics.median(self.values)

    def shown(self, factor: float = 1.0, unit: str = "") -> str:
        """Formats median, least, and most, times ``factor``, such as ``"12.3 (11.9–14.0) ms"``."""
        middle, least, most = (significant(factor * each) for each in self._three())
        around = f" ({least}–{most})" if len(self.values) > 1 else ""
        return f"{middle}{around}{' ' * bool(unit)}{unit}"

    def _three(self) -> tuple[float, float, float]:
        return self.median, min(self.values), max(self.values)


def significant(value: float, digits: int = 3) -> str:
    """Formats a positive number with about three significant digits: ``0.0123``, ``12.3``, ``1,230``."""
    if value <= 0:
        return "0"
    decimals = max(0, digits - 1 - int(np.floor(np.log10(value))))
    return f"{value:,.{decimals}f}"


def percent(share: float, decimals: int = 0) -> str:
    """Formats a share such as ``"99.5 %"``."""
    return f"{100 * share:.{decimals}f} %"


def milliseconds(spread: Spread) -> str:
    """Formats seconds as milliseconds."""
    return spread.shown(1000, "ms")


def clock(call: Callable[[], object], *, seconds: float, least: int = 3) -> Spread:
    """Times calls for about ``seconds``, at least ``least`` of them."""
    return Spread(tuple(timed(call, seconds, least)))


def matrix_rate(seconds: float = 2.0) -> float:
    """Measures how fast NumPy multiplies large float32 matrices: 10⁹ multiplications a second."""
    one = np.random.default_rng(0).random((MATRIX_SIDE, MATRIX_SIDE), np.float32)
    spent = clock(lambda: one @ one, seconds=seconds)
    return MATRIX_SIDE**3 / spent.median / 1e9


def processor() -> str:
    """Returns the processor's name as reported by the system."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown")


def versions(names: Iterable[str] = CORE) -> str:
    """Lists Python, inkread's commit, and the installed versions of some packages."""
    found = [f"Python {platform.python_version()}"]
    for name in names:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return ", ".join(found)


def commit() -> str:
    """Returns the commit of the working copy, marked if it has changes; ``"unknown"`` outside one."""
    command = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--abbrev=10"]
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def circumstances(command: str, others: Iterable[str] = ()) -> str:
    """Says in a line of Markdown by which command, when, on which machine, and under which load.

    Args:
        command: what the reader types to repeat the measurement.
        others: further facts, such as the versions of the peers.
    """
    today = datetime.now(UTC).date().isoformat()
    load = f", load average {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    parts = [
        f"`{command}`, {today}, commit {commit()}",
        f"{processor()}, {usable_cores()} cores{load}, {platform.system()} {platform.machine()}",
        versions(),
        *others,
    ]
    return "; ".join(parts) + ".\n"


def write_section(document: Path, name: str, content: str) -> None:
    """Replaces the part of a document between ``<!-- NAME: begin -->`` and ``<!-- NAME: end -->``."""
    text = document.read_text(encoding="utf-8")
    document.write_text(fill(text, content, name=name), encoding="utf-8")
