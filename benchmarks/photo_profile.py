"""Where the time of reading a phone photo goes: ``python benchmarks/photo_profile.py [--readings 5]``.

Profiles CPU time on one thread, in which other load on the machine hardly shows, and adds it up by stage.
The profiler makes stages of many small calls, such as cutting glyphs, look slower than they are; the total
without it is printed too.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import cv2
from _measure import ROOT, Spread, circumstances, milliseconds, percent
from _pictures import photo, save_picture

from inkread import Reader
from inkread.evaluation.reports.markdown import table

READINGS: Final = 5
STAGES: Final = {
    "decoding the picture": (("loading.py", "load_picture"),),
    "scales of the page": (("scales.py", "_level"), ("contrast.py", "planes")),
    "cutting glyphs": (("glyphs.py", "cut_glyphs"),),
    "lines of words": (("text_lines.py", "find_lines"),),
}
"""Functions by stage: the end of the file's name, and the name."""
NETWORKS: Final = {
    "detector.py": "detector network",
    "closeups.py": "close-up network",
    "classifier.py": "glyph network",
    "columns.py": "strip network",
    "rescoring.py": "rescoring network",
}
"""Networks by the file of the function that runs them."""


def main() -> None:
    """Prints circumstances, the three largest costs, and a table."""
    parser = argparse.ArgumentParser(description="Profile the reading of a phone photo.")
    parser.add_argument("--readings", type=int, default=READINGS)
    readings = parser.parse_args().readings
    print(figures(f"python benchmarks/photo_profile.py --readings {readings}", readings=readings))


def figures(command: str, *, readings: int = READINGS) -> str:
    """Profiles, and returns the result in Markdown."""
    cv2.setNumThreads(1)
    reader = Reader(threads=1)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "photo.jpg"
        save_picture(photo(4000, 3000), file)
        reader.read(ROOT / "examples" / "marker_seven.jpg")
        reader.read(file)
        plain = Spread(tuple(processor_seconds(reader, file) for _ in range(readings)))
        profile = cProfile.Profile(time.process_time)
        for _ in range(readings):
            profile.runcall(reader.read, file)
    statistics: Any = pstats.Stats(profile)
    total = statistics.total_tt / readings
    shares = {name: seconds / readings / total for name, seconds in by_stage(statistics.stats).items()}
    shares["everything else"] = 1 - sum(shares.values())
    ordered = sorted(shares, key=lambda name: -shares[name])
    named = [name for name in ordered if name != "everything else"][:3]
    return "\n".join(
        [
            circumstances(command),
            f"A 12-megapixel photo of 50 digits takes {milliseconds(plain)} of CPU time on one thread.",
            f"The three largest costs: {', '.join(f'{name} ({percent(shares[name])})' for name in named)}.\n",
            table(["stage", "of the CPU time"], [[name, percent(shares[name])] for name in ordered]),
        ]
    )


def processor_seconds(reader: Reader, file: Path) -> float:
    """Returns the CPU seconds of one reading."""
    start = time.process_time()
    reader.read(file)
    return time.process_time() - start


def by_stage(stats: dict[tuple[str, int, str], tuple[Any, ...]]) -> dict[str, float]:
    """Adds up the seconds of each stage, from the profiler's table of functions and their callers."""
    found: dict[str, float] = {}
    for (file, _, name), (_, _, _, cumulative, callers) in stats.items():
        for stage, functions in STAGES.items():
            if any(file.endswith(f"/{end}") and name == function for end, function in functions):
                found[stage] = found.get(stage, 0.0) + cumulative
        if name == "_run" and file.endswith("onnx_session.py"):
            for (caller, _, _), (_, _, _, seconds) in callers.items():
                stage = NETWORKS.get(Path(caller).name, f"network run by {caller}")
                found[stage] = found.get(stage, 0.0) + seconds
    missing = {*NETWORKS.values()} - found.keys()
    if missing:
        raise LookupError(
            f"no {', '.join(sorted(missing))} in the profile; was a file or a function renamed?"
        )
    return found


if __name__ == "__main__":
    main()
