"""Every code block in the README, the guide, and the documentation works."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
from pathlib import Path

import pytest
from documents import (
    BLOCKS,
    DATA,
    DOCUMENTS,
    ELSEWHERE,
    NOT_RUN,
    ROOT,
    SHELL,
    SHOWN,
    Block,
    blocks_in,
    commands_in,
    matches,
    reason_not_to_run,
)

from inkread.models import TEXT, load_model

ADDRESS = "http://127.0.0.1:8000"
QUICK = ("README.md", "docs/index.md")
"""Documents whose Python and console blocks belong to the fast tests."""

COMMANDS = [(block, *each) for block in BLOCKS if block.language in SHELL for each in commands_in(block)]
MADE_BY_THE_SITE = ("models.md",)
"""Pages that exist only on the site, see ``website/hooks.py``."""

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def marked(block: Block) -> object:
    quick = block.document in QUICK and block.language != "sh"
    return pytest.param(block, id=str(block), marks=() if quick else pytest.mark.slow)


RUN_PYTHON = [marked(block) for block in BLOCKS if block.language == "python" and not block.elsewhere]
RUN_SHELL = [
    marked(block)
    for block in BLOCKS
    if block.language in SHELL
    and not block.elsewhere
    and any(not reason_not_to_run(command) for command, _ in commands_in(block))
]


def test_every_block_is_run_or_says_why_not():
    known = {*SHELL, *DATA, *SHOWN, "python"}
    assert [str(block) for block in BLOCKS if block.language not in known] == []
    assert len(RUN_PYTHON) + len(RUN_SHELL) > 20


def test_no_reason_is_left_over():
    shown = [command for _, command, _ in COMMANDS]
    assert [start for start in NOT_RUN if not any(re.match(start, command) for command in shown)] == []
    assert [each for each in ELSEWHERE if not any(block.elsewhere for block in BLOCKS)] == []
    for (document, _), test in ELSEWHERE.items():
        assert Path(document).name in (ROOT / test).read_text(encoding="utf-8")


@pytest.mark.parametrize("block", [each for each in BLOCKS if each.language == "python"], ids=str)
def test_every_python_block_compiles(block):
    compile(block.text, str(block), "exec")


@pytest.mark.parametrize("block", [each for each in BLOCKS if each.language in DATA], ids=str)
def test_every_block_of_data_can_be_loaded(block, tmp_path):
    if block.language == "json":
        assert json.loads(block.text)
        return
    file = tmp_path / "mine.toml"
    file.write_text(block.text, encoding="utf-8")
    if "[[layers]]" in block.text:
        from inkread.training.architecture import load_architecture

        assert load_architecture(file)[1]
    else:
        from inkread.cli.recipes import recipe_of

        assert recipe_of(None, str(file), {}).network == "cnn"


def test_every_extra_that_is_shown_exists():
    shown = [extra for _, command, _ in COMMANDS for extra in re.findall(r"'\.\[([\w,]+)\]'", command)]
    assert shown
    assert {name for extras in shown for name in extras.split(",")} <= {*PROJECT["optional-dependencies"]}


def test_every_target_and_file_of_a_command_that_is_not_run_exists():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for _, command, _ in COMMANDS:
        bare = command.partition("#")[0]
        if made := re.match(r"(?:\w+=\S+ )*make ((?:[a-z-]+ ?)+)", bare):
            assert set(made[1].split()) <= targets, command
        if reason_not_to_run(command):
            named = re.findall(r"(?<![\w/])(?:benchmarks|deploy|tests)/[\w./-]*\w", bare)
            assert [name for name in named if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(document):
    text = re.sub(r"```.*?```", "", document.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(((?!http)[^)\s]+)\)", text):
        name, _, section = target.partition("#")
        file = (document.parent / name) if name else document
        if file.name in MADE_BY_THE_SITE and file.parent == ROOT / "docs":
            continue
        assert file.exists(), target
        if section:
            headings = re.findall(r"^#+ (.*)$", file.read_text(encoding="utf-8"), re.MULTILINE)
            slugs = {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings}
            assert section in slugs, target


def test_a_block_and_its_commands_are_found():
    text = (
        "Look:\n\n```console\n$ inkread read a.png\n12\n3…\n$ cut -d, -f1 a.csv\n```\n\n"
        "```sh\none |\n  two\n```\n"
    )
    console, shell = blocks_in(text)
    assert (console.language, console.line) == ("console", 3)
    assert commands_in(console) == [("inkread read a.png", "12\n3…\n"), ("cut -d, -f1 a.csv", "")]
    assert [command for command, _ in commands_in(shell)] == ["one | two"]
    assert matches("12\n34\n", "12\n3…\n")
    assert not matches("12\n4\n", "12\n3…\n")


@pytest.fixture
def workplace(tmp_path, monkeypatch) -> Path:
    """A folder with the files that the documents name, and the command on the path."""
    examples = tmp_path / "examples"
    shutil.copytree(ROOT / "examples", examples)
    for name in ("README.md", "CHANGELOG.md"):
        shutil.copy(ROOT / name, tmp_path)
    for name, source in {
        "photo.jpg": "postcode.jpg",
        "note.jpg": "postcode.jpg",
        "form.png": "drawing.png",
        "seven.png": "drawing.png",
        "letter.png": "drawing.png",
        "plate.jpg": "postcode.jpg",
        "names.jpg": "postcode.jpg",
    }.items():
        shutil.copy(examples / source, tmp_path / name)
    (tmp_path / "names.txt").write_text("Ada\nGrace\n", encoding="utf-8")
    for folder, names in {
        "scans/monday": ["drawing.png"],
        "scans": ["drawing.png", "marker_seven.jpg"],
        "my_pictures": ["marker_seven.jpg", "doodle.jpg"],
        "more": ["postcode.jpg"],
    }.items():
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        for name in names:
            shutil.copy(examples / name, tmp_path / folder)
    labels = "file,label\nmarker_seven.jpg,7\ndoodle.jpg,\n"
    (tmp_path / "my_pictures/labels.csv").write_text(labels, encoding="utf-8")
    (tmp_path / "more/labels.csv").write_text("file,label\npostcode.jpg,80331\n", encoding="utf-8")
    with tarfile.open(tmp_path / "archive.tar", "w") as archive:
        archive.add(examples / "drawing.png", "drawing.png")
    commands = tmp_path / ".commands"
    commands.mkdir()
    (commands / "inkread").write_text(
        f'#!/bin/sh\nexec "{sys.executable}" -m inkread "$@"\n', encoding="utf-8"
    )
    (commands / "inkread").chmod(0o755)
    monkeypatch.setenv("PATH", f"{commands}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / ".cache"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def address():
    """The address of a server, started when a block first needs one."""
    serving = pytest.importorskip("serving", reason="needs the extra serve").serving
    with serving() as server:
        yield server.url


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory):
    """A small training run, made when a block first needs one."""
    pytest.importorskip("torch", reason="PyTorch is not installed (extra: train)")
    from PIL import Image

    from inkread.datasets.synthetic_digits import synthetic_digits
    from inkread.training import RECIPES, train

    folder = tmp_path_factory.mktemp("run")
    glyphs = synthetic_digits(100)
    for number, (image, label) in enumerate(zip(glyphs.images, glyphs.labels, strict=True)):
        (folder / "mine" / str(label)).mkdir(parents=True, exist_ok=True)
        Image.fromarray(255 - image).save(folder / "mine" / str(label) / f"{number}.png")
    recipe = dataclasses.replace(RECIPES["linear"], epochs=1)
    train(recipe, out=folder / "run", data=[str(folder / "mine")])
    return folder / "run"


def with_what_it_names(text: str, request: pytest.FixtureRequest, workplace: Path) -> str:
    """Starts a server or trains a run for a block that names one, and returns the block with its address."""
    for name in sorted(set(re.findall(r"\bruns/(\w+)", text))):
        run = load_model(TEXT).path.parent if name == TEXT else request.getfixturevalue("run_folder")
        shutil.copytree(run, workplace / "runs" / name, dirs_exist_ok=True)
    return text.replace(ADDRESS, request.getfixturevalue("address")) if ADDRESS in text else text


def skip_without_extra(output: str) -> None:
    if needed := re.search(r"\S+: is not installed; run this in inkread's folder: .*", output):
        pytest.skip(needed[0])


@pytest.mark.parametrize("block", RUN_PYTHON)
def test_every_python_block_runs(block, workplace, request):
    program = with_what_it_names(block.text, request, workplace)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=False
    )
    skip_without_extra(done.stderr)
    assert done.returncode == 0, done.stderr
    if block.document == "README.md":
        assert "28459" in done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="the blocks are for a POSIX shell")
@pytest.mark.parametrize("block", RUN_SHELL)
def test_every_command_runs_and_prints_what_is_shown(block, workplace, request):
    for command, shown in commands_in(block):
        if reason_not_to_run(command):
            continue
        words = with_what_it_names(command, request, workplace).replace(
            "curl ", "curl --silent --fail-with-body "
        )
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", words],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
            env=os.environ | {"COLUMNS": "80", "TERM": "dumb"},
        )  # fmt: skip
        skip_without_extra(done.stdout)
        if block.language == "console":
            assert matches(done.stdout, shown), f"$ {command}\n{done.stdout}"
        else:
            assert done.returncode == 0, f"$ {command}\n{done.stdout}"
