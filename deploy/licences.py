"""Lists the licences of all dependencies: ``python deploy/licences.py --write docs/licences.md``.

Takes the dependencies from pyproject.toml, and their licences from the metadata of the installed packages,
with what these bring along. Packages that are not installed need an entry in ``STATED``.
"""

from __future__ import annotations

import argparse
import json
import re
import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from inkread.evaluation.reports.markdown import fill

ROOT = Path(__file__).parents[1]

SHORT = 60
"""Longer texts in the field of the licence are the licence itself, not its name."""

STATED = {
    "mlflow-skinny": "Apache-2.0",
    "tensorboard": "Apache-2.0",
    "psycopg-binary": "LGPL-3.0-only",
    "pygame-ce": "LGPL-2.1",
    "pypdfium2": "BSD-3-Clause, Apache-2.0, and those of PDFium's dependencies",
    "optuna": "MIT",
    "jinja2": "BSD-3-Clause",
    "namex": "Apache-2.0",
    "ptyprocess": "ISC",
}
"""Licences of packages that may be absent, or whose metadata do not name it briefly."""

NAMES = {
    "Apache Software License": "Apache-2.0",
    "MIT License": "MIT",
    "BSD License": "BSD",
    "Python Software Foundation License": "PSF",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "ISC License (ISCL)": "ISC",
}
"""Names in classifiers, and their usual abbreviations."""


def groups() -> dict[str, list[str]]:
    """Returns the names of the direct dependencies, of the core and of each extra."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    listed = {"core": project["dependencies"], **project["optional-dependencies"]}
    found = {group: [name_of(each) for each in each_list] for group, each_list in listed.items()}
    return {group: [name for name in names if name != "inkread"] for group, names in found.items()}


def name_of(requirement: str) -> str:
    """Returns a requirement's package, in lower case with hyphens."""
    return re.split(r"[^\w.-]", requirement, maxsplit=1)[0].lower().replace("_", "-")


def licence_of(name: str) -> str:
    """Returns a package's licence; empty if it is not known."""
    if name in STATED:
        return STATED[name]
    try:
        fields: Any = distribution(name).metadata
    except PackageNotFoundError:
        return ""
    text = (fields.get("License-Expression") or fields.get("License") or "").strip()
    if text and len(text) <= SHORT and "\n" not in text:
        return str(text)
    last = [each.split(" :: ")[-1] for each in fields.get_all("Classifier") or () if "License ::" in each]
    if last:
        return ", ".join(NAMES.get(each, each) for each in last)
    return str(fields.get("License-Expression") or "")


def brought_along(names: set[str]) -> set[str]:
    """Returns what the installed ones of these packages require, and what that requires, without extras."""
    found, new = set[str](), set(names)
    while new:
        name = new.pop()
        try:
            required = distribution(name).requires or []
        except PackageNotFoundError:
            continue
        further = {name_of(each) for each in required if "extra ==" not in each} - found - names
        installed = {each for each in further if is_installed(each)}
        found |= installed
        new |= installed
    return found


def is_installed(name: str) -> bool:
    """Returns whether a package is installed; others are for other systems."""
    try:
        distribution(name)
    except PackageNotFoundError:
        return False
    return True


def data() -> dict[str, set[str]]:
    """Returns the data that the bundled models learned from, and their licences, by model."""
    found: dict[str, set[str]] = {}
    for path in sorted((ROOT / "src/inkread/models/bundled").rglob("card.json")):
        for each in json.loads(path.read_text(encoding="utf-8")).get("data", ()):
            found.setdefault(each["name"], set()).add(each["licence"])
    return found


def tables() -> str:
    """Returns the tables in Markdown."""
    listed = groups()
    direct = {name for names in listed.values() for name in names}
    lines = ["| part | package | licence |", "|---|---|---|"]
    lines += [
        f"| {group} | {name} | {licence_of(name) or 'UNKNOWN'} |"
        for group, names in listed.items()
        for name in sorted(names)
    ]
    lines += ["", "What these bring along:", "", "| package | licence |", "|---|---|"]
    lines += [f"| {name} | {licence_of(name) or 'UNKNOWN'} |" for name in sorted(brought_along(direct))]
    lines += ["", "Data that the bundled models learned from:", "", "| data | licence |", "|---|---|"]
    lines += [f"| {name} | {'; '.join(sorted(licences))} |" for name, licences in sorted(data().items())]
    return "\n".join(lines)


def main() -> None:
    """Prints the tables, and writes them into a document if one is named."""
    parser = argparse.ArgumentParser(description="List the licences of all dependencies.")
    parser.add_argument("--write", type=Path, metavar="FILE", help="the document to write them into")
    options = parser.parse_args()
    found = tables()
    print(found)  # noqa: T201
    if options.write:
        text = options.write.read_text(encoding="utf-8")
        options.write.write_text(fill(text, found), encoding="utf-8")


if __name__ == "__main__":
    main()
