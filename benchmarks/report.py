"""All benchmarks of speed, size, and accuracy beside the peers, section by section.

``python benchmarks/report.py [--quick] [--only NAME] [--write docs/benchmarks.md]``

Each section is also a command of its own, which its figures name, and is written as soon as it is measured.
``--quick`` shows in a few minutes that everything works; its figures are not worth quoting.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import cold_start
import fast
import latency
import peers
import photo_profile
import sizes
from _measure import write_section

from inkread.errors import InkreadError

if TYPE_CHECKING:
    from collections.abc import Callable

SECTIONS: Final[dict[str, tuple[Callable[..., str], dict[str, Any], dict[str, Any]]]] = {
    "latency": (latency.figures, {}, {"quick": True, "seconds": 0.2, "rounds": 1}),
    "cold-start": (cold_start.figures, {}, {"runs": 1, "quick": True}),
    "profile": (photo_profile.figures, {}, {"readings": 2}),
    "sizes": (sizes.figures, {}, {}),
    "accuracy": (peers.figures, {}, {"every": 60, "quick": True}),
    "training": (fast.figures, {"seeds": 2}, {"seeds": 1, "most": 10.0}),
}
"""Each section's function, and its settings for the report and for a quick one."""


def main() -> None:
    """Prints each section, and writes it into a document if one is named."""
    parser = argparse.ArgumentParser(description="Run the benchmarks, side by side with the peers.")
    parser.add_argument("--only", action="append", choices=SECTIONS, help="may be given several times")
    parser.add_argument("--quick", action="store_true", help="only show that everything works")
    parser.add_argument("--write", type=Path, metavar="FILE", help="the document to write the sections into")
    options = parser.parse_args()
    for name in options.only or SECTIONS:
        measure, full, short = SECTIONS[name]
        command = f"python benchmarks/report.py --only {name}{' --quick' * options.quick}"
        content = measure(command, **(short if options.quick else full))
        print(f"== {name}\n\n{content}", flush=True)
        if options.write:
            write_section(options.write, name, content)


if __name__ == "__main__":
    try:
        main()
    except InkreadError as error:
        sys.exit(f"error: {error}")
