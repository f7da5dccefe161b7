"""Installed sizes: ``python benchmarks/sizes.py``.

Adds up the files of inkread and of everything that it needs, for the core and each extra, and of the peers in
``.venv-peers``; and the bytes of the bundled models. A package that is not installed is named, not guessed.
"""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Final

from _measure import circumstances
from _peers import NEEDS, MissingPeerError, python_of

import inkread
from inkread.evaluation.reports.markdown import table

CLOSURE: Final = """
import json, sys
from importlib.metadata import PackageNotFoundError, distribution
try:
    from packaging.requirements import Requirement
except ImportError:
    from pip._vendor.packaging.requirements import Requirement

known = {}


def size(found):
    if found.name not in known:
        places = (found.locate_file(file) for file in found.files or ())
        known[found.name] = sum(place.stat().st_size for place in places if place.is_file())
    return known[found.name]


def closure(own, wanted):
    sizes, missing, seen = {}, set(), set()
    while wanted:
        requirement = wanted.pop()
        key = requirement.name.lower().replace("_", "-"), tuple(sorted(requirement.extras))
        if key in seen:
            continue
        seen.add(key)
        try:
            found = distribution(requirement.name)
        except PackageNotFoundError:
            missing.add(requirement.name)
            continue
        if key[0] != own:
            sizes[key[0]] = size(found)
        for text in found.requires or ():
            further = Requirement(text)
            chosen = [{"extra": ""}, *({"extra": each} for each in requirement.extras)]
            if not further.marker or any(further.marker.evaluate(each) for each in chosen):
                wanted.append(further)
    return sizes, sorted(missing)


own, groups = sys.argv[1], json.loads(sys.argv[2])
print(json.dumps([closure(own, [Requirement(each) for each in group]) for group in groups]))
"""
"""Sizes of all that each group of requirements needs, without the package ``own``; and what is missing."""

LARGEST: Final = 3
"""Packages named for each row."""
MEGA: Final = 1e6


def main() -> None:
    """Prints circumstances and tables."""
    print(figures("python benchmarks/sizes.py"))


def figures(command: str) -> str:
    """Measures everything, and returns it in Markdown."""
    source = Path(inkread.__file__).parent
    own = total(source)
    try:
        extras = sorted(metadata("inkread").get_all("Provides-Extra") or ())
    except PackageNotFoundError:
        extras = []
    groups = {"inkread, core": ["inkread"]}
    groups |= {f"with the extra `{name}`": [f"inkread[{name}]"] for name in extras}
    rows = measured(sys.executable, groups, own)
    for peer, needs in NEEDS.items():
        try:
            rows += measured(python_of(peer), {f"{needs[0]}, with what it needs": list(needs)}, 0)
        except MissingPeerError as error:
            print(f"not measured: {error}", file=sys.stderr)
    bundled = source / "models" / "bundled"
    files = sorted(bundled.rglob("model.onnx"))
    models = [[f"`{file.parent.relative_to(bundled)}`", f"{file.stat().st_size:,}"] for file in files]
    return "\n".join(
        [
            circumstances(command),
            table(["installed", "MB", "its largest packages, MB", "not installed here"], rows),
            table(["bundled model", "bytes"], [*models, ["all files", f"{total(bundled):,}"]]),
        ]
    )


def measured(python: str, groups: dict[str, list[str]], own: int) -> list[list[str]]:
    """Returns a row for each group of requirements: the size of all that it needs, in 10⁶ bytes.

    Args:
        python: the interpreter of the environment.
        groups: requirements by title.
        own: bytes of inkread itself, which may not be installed as files.
    """
    command = [python, "-c", CLOSURE, "inkread", json.dumps(list(groups.values()))]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    rows = []
    for title, (sizes, missing) in zip(groups, json.loads(done.stdout), strict=True):
        largest = sorted(sizes, key=lambda name: -sizes[name])[:LARGEST]
        named = ", ".join(f"{name} {sizes[name] / MEGA:.0f}" for name in largest)
        rows.append([title, f"{(sum(sizes.values()) + own) / MEGA:.0f}", named, ", ".join(missing)])
    return rows


def total(folder: Path) -> int:
    """Returns the bytes of all files in a folder, compiled modules included."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


if __name__ == "__main__":
    main()
