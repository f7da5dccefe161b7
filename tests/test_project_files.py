"""The project's own files name only what exists: links, paths, make targets, versions, the sdist."""

from __future__ import annotations

import re
import tarfile
import tomllib
from pathlib import Path

import pytest

import inkread

ROOT = Path(__file__).resolve().parents[1]
PAGES = ["CONTRIBUTING.md", "CODE_OF_CONDUCT.md", "SECURITY.md"]
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page):
    links = re.findall(r"\]\(((?!http)[^)#]+)", (ROOT / page).read_text(encoding="utf-8"))
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_every_path_in_the_guide_is_there():
    paths = re.findall(r"\b((?:src|tests|benchmarks|docs)/[\w./-]*\w)", CONTRIBUTING)
    made_up = {"src/inkread/export/to_NAME.py"}
    assert {path for path in paths if not (ROOT / path).exists()} == made_up


def test_every_target_in_the_guide_is_in_the_makefile():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    commands = re.findall(r"(?:^|`)make ([a-z -]+)", CONTRIBUTING, re.MULTILINE)
    assert {target for command in commands for target in command.split()} <= targets


def test_all_files_state_one_version():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (cited,) = re.findall(
        r"^version: (.+)$", (ROOT / "CITATION.cff").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert project["version"] == cited == inkread.__version__
    tagged = [
        *(ROOT / "deploy").rglob("*.yaml"),
        *(ROOT / "deploy").rglob("Containerfile"),
        ROOT / "docs/scaling.md",
    ]
    tags = re.findall(
        r"(?:\binkread(?:-\w+)?:|newTag: )(\d+\.\d+\.\d+)",
        "".join(path.read_text("utf-8") for path in tagged),
    )
    assert set(tags) == {cited}


def test_the_newest_release_in_the_changelog_is_the_version():
    headings = re.findall(r"^## \[(.+)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert headings[:2] == ["Unreleased", inkread.__version__]


@pytest.mark.slow
def test_the_sdist_contains_docs_examples_tests_and_their_data(tmp_path, monkeypatch):
    build = pytest.importorskip("hatchling.build", reason="hatchling is not installed")
    monkeypatch.chdir(ROOT)
    with tarfile.open(tmp_path / build.build_sdist(str(tmp_path))) as archive:
        held = {name.partition("/")[2] for name in archive.getnames()}
    for folder in (
        "deploy",
        "docs",
        "examples",
        "tests",
        "benchmarks",
        "figures",
        "notebooks",
        "src",
        "website",
    ):
        files = (path for path in (ROOT / folder).rglob("*.*") if "__pycache__" not in path.parts)
        kept = {
            ".py",
            ".md",
            ".png",
            ".jpg",
            ".csv",
            ".yaml",
            ".ipynb",
            ".onnx",
            ".safetensors",
            ".html",
            ".css",
            ".js",
        }
        assert {str(path.relative_to(ROOT)) for path in files if path.suffix in kept} <= held
    assert {
        "Makefile",
        "mkdocs.yml",
        "LICENSE",
        "README.md",
        "CHANGELOG.md",
        *PAGES,
        "CITATION.cff",
        "pyproject.toml",
    } <= held
    assert not any(name.startswith(("runs", ".venv", ".github")) for name in held)
