"""Documents that promise something name the tests that hold it, and those exist; licences are listed."""

from __future__ import annotations

import importlib.util
import json
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BUNDLED = ROOT / "src" / "inkread" / "models" / "bundled"
TEST = re.compile(r"`(test_\w+)`")


@cache
def names_of_tests() -> frozenset[str]:
    """The names of all tests, in Python."""
    files = (ROOT / "tests").rglob("test_*.py")
    found = (
        re.findall(r"^\s*def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE) for path in files
    )
    return frozenset(name for names in found for name in names)


def rows_of(document: str, heading: str) -> list[str]:
    """The rows of the table with this heading."""
    lines = (ROOT / "docs" / document).read_text(encoding="utf-8").splitlines()
    start = lines.index(heading) + 2
    end = next(
        (number for number in range(start, len(lines)) if not lines[number].startswith("|")), len(lines)
    )
    return lines[start:end]


@pytest.mark.parametrize("document", ["faults.md", "security.md"])
def test_every_test_that_a_promise_names_exists(document):
    named = set(TEST.findall((ROOT / "docs" / document).read_text(encoding="utf-8")))
    assert len(named) > 30
    assert not named - names_of_tests()


@pytest.mark.parametrize(
    ("document", "heading", "least"),
    [
        ("faults.md", "| fault | command | what is promised | tests |", 20),
        ("security.md", "| threat | countermeasure |", 20),
    ],
)
def test_every_promise_names_a_test(document, heading, least):
    rows = rows_of(document, heading)
    assert len(rows) >= least
    assert [row for row in rows if not TEST.search(row)] == []


def test_every_dependency_has_a_known_licence_in_the_list():
    spec = importlib.util.spec_from_file_location("licences", ROOT / "deploy" / "licences.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    listed = {
        tuple(cell.strip() for cell in row.strip("|").split("|")[:2])
        for row in rows_of("licences.md", "| part | package | licence |")
    }
    wanted = {(group, name) for group, names in module.groups().items() for name in names}
    assert listed == wanted, "run: make licences"
    assert "UNKNOWN" not in (ROOT / "docs/licences.md").read_text(encoding="utf-8")


def test_the_data_of_every_bundled_model_has_its_licence_in_the_list():
    spec = importlib.util.spec_from_file_location("licences", ROOT / "deploy" / "licences.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    rows = rows_of("licences.md", "| data | licence |")
    assert rows == [f"| {name} | {'; '.join(sorted(each))} |" for name, each in sorted(module.data().items())]


def test_the_readme_credits_everyone_whose_data_the_bundled_models_learned_from():
    readme = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    cards = [json.loads(path.read_text(encoding="utf-8")) for path in BUNDLED.rglob("card.json")]
    named = {
        re.split(r"[:(,]", part)[0].strip()
        for card in cards
        for data in card["data"]
        for part in data["attribution"].split(";")
    } - {"inkread", "their designers"}
    assert len(named) >= 10
    assert {name for name in named if name not in readme} == set()
