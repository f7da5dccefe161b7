"""Runs the fuzzers: random changes of inputs, guided by the lines of inkread that they reach.

``python fuzz/fuzz_driver.py [--seconds 60] [--keep FOLDER] [TARGET...]``

Each target of ``fuzz_targets`` runs in a process of its own, with libFuzzer by way of atheris. Every input
must give a valid result or an error of ``inkread.errors``: anything else is a finding, as are a warning, more
processor time or memory than the target allows, and a crash. The corpus, the log, and the findings are
written to ``fuzz/corpus``. Prints a line per target; the exit code is 1 if there are findings.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fuzz_checks import Checker, changed_json

if TYPE_CHECKING:
    from fuzz_checks import Target

HERE: Final = Path(__file__).resolve().parent
CORPUS: Final = HERE / "corpus"
INSTRUMENTED: Final = ("inkread", "PIL", "python_multipart", "pypdfium2")
"""Packages in which the fuzzer sees which lines run."""
HANG_SECONDS: Final = 120
"""Seconds after which an input counts as one that never ends."""
MOST_MEMORY: Final = 3_000
"""Megabytes at which libFuzzer ends the process."""


def main() -> int:
    """Runs the targets that are named, each in its own process."""
    from fuzz_targets import TARGETS

    parser = argparse.ArgumentParser(description="Fuzzes inkread.")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)}; default: all")
    parser.add_argument("--seconds", type=int, default=60, help="seconds per target")
    parser.add_argument("--keep", type=Path, default=CORPUS, help="folder of the corpus, logs, and findings")
    parser.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    unknown = [name for name in options.targets if name not in TARGETS]
    if unknown:
        parser.error(f"{unknown[0]} is not a target; use {', '.join(TARGETS)}")
    if options.alone:
        return fuzz(TARGETS[options.targets[0]], options.keep / options.targets[0], options.seconds)
    print(
        f"{'target':12} {'minutes':>7} {'executions':>10} {'per second':>10} {'coverage':>8} {'findings':>8}"
    )
    names = options.targets or list(TARGETS)
    found = [_report(name, options.keep, options.seconds) for name in names]
    return int(any(found))


def fuzz(target: Target, folder: Path, seconds: int) -> int:
    """Fuzzes one target in this process, which ends with it.

    Args:
        target: what runs.
        folder: gets the corpus (``inputs``) and the findings (``found``).
        seconds: how long.
    """
    import atheris

    inputs, found = folder / "inputs", folder / "found"
    for each in (inputs, found):
        each.mkdir(parents=True, exist_ok=True)
    target.run(next(iter(target.seeds())))  # loads what is loaded once
    for seed in target.seeds():
        (inputs / hashlib.sha1(seed, usedforsecurity=False).hexdigest()).write_bytes(seed)
    words = folder / "words"
    words.write_text("".join(f'"{_escaped(word)}"\n' for word in target.words), encoding="ascii")
    checker = Checker(target)

    def one(data: bytes) -> None:
        kind = checker.check(data)
        if kind is not None:
            name = hashlib.sha1(kind.encode(), usedforsecurity=False).hexdigest()[:12]
            (found / f"{name}.input").write_bytes(data)
            (found / f"{name}.txt").write_text(f"{kind}\n\n{checker.found[kind]}", encoding="utf-8")

    def mutate(data: bytes, most: int, seed: int) -> bytes:
        rng = random.Random(seed)  # noqa: S311 - it keeps no secret
        changed = changed_json(data, rng) if rng.random() < 0.5 else None
        return atheris.Mutate(data, most) if changed is None or len(changed) > most else changed

    options = {
        "max_total_time": seconds,
        "max_len": target.longest,
        "timeout": HANG_SECONDS,
        "report_slow_units": HANG_SECONDS,  # of the wall clock; the target's own limit is processor time
        "rss_limit_mb": MOST_MEMORY,
        **({"dict": words} if target.words else {}),
        "artifact_prefix": f"{found}{os.sep}",
        "print_final_stats": 1,
    }
    arguments = [sys.argv[0], *(f"-{name}={value}" for name, value in options.items()), str(inputs)]
    atheris.Setup(arguments, one, **({"custom_mutator": mutate} if target.is_json else {}))
    atheris.Fuzz()
    return 0


def _report(name: str, keep: Path, seconds: int) -> bool:
    """Fuzzes a target in another process, and prints its line; returns whether it has findings."""
    folder = keep / name
    shutil.rmtree(folder / "found", ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    command = [
        sys.executable,
        str(Path(__file__)),
        "--alone",
        name,
        "--seconds",
        str(seconds),
        "--keep",
        str(keep),
    ]
    start = time.monotonic()
    with (folder / "log").open("wb") as log:
        status = subprocess.run(command, stdout=log, stderr=log, check=False).returncode
    minutes = (time.monotonic() - start) / 60
    text = (folder / "log").read_text(encoding="utf-8", errors="replace")
    count = int(_last(r"stat::number_of_executed_units: (\d+)", text) or _last(r"#(\d+)", text) or 0)
    coverage = _last(r"cov: (\d+)", text) or "-"
    found = sorted(path for path in (folder / "found").glob("*") if path.suffix != ".txt")
    rate = count / (60 * minutes) if minutes else 0
    print(f"{name:12} {minutes:7.1f} {count:10,} {rate:10.1f} {coverage:>8} {len(found):8}", flush=True)
    for path in found:
        text_file = path.with_suffix(".txt")
        kind = (
            text_file.read_text(encoding="utf-8").partition("\n")[0] if text_file.is_file() else "see the log"
        )
        print(f"  {path}: {kind}", flush=True)
    if status and not found:
        print(f"  ended with status {status}: see {folder / 'log'}", flush=True)
    return bool(found or status)


def _last(pattern: str, text: str) -> str | None:
    found = re.findall(pattern, text)
    return found[-1] if found else None


def _escaped(word: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word)


if __name__ == "__main__":
    if "--alone" in sys.argv:
        import atheris

        with atheris.instrument_imports(include=list(INSTRUMENTED)):
            import fuzz_targets  # noqa: F401
    sys.exit(main())
