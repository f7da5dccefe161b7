"""The notebook runs from top to bottom, and its two files agree."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "notebooks"
NAME = "handwriting_recognition"
PATIENCE = 600
MOST_BYTES = 1_000_000


def cells(suffix: str):
    jupytext = pytest.importorskip("jupytext", reason="jupytext is not installed")
    return [(cell.cell_type, cell.source.strip()) for cell in jupytext.read(FOLDER / f"{NAME}{suffix}").cells]


def test_the_notebook_and_its_script_say_the_same():
    assert cells(".ipynb") == cells(".py")


@pytest.fixture(scope="module")
def stored():
    """The notebook as it is in the repository."""
    nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed")
    return nbformat.read(FOLDER / f"{NAME}.ipynb", 4)


def test_the_notebook_shows_its_outputs_and_reads_a_picture_first(stored):
    first, *others = [cell for cell in stored.cells if cell.cell_type == "code"]
    assert "inkread.read(" in first.source
    assert first.outputs[0].text == "27182\n"
    pictures = [
        output for cell in (first, *others) for output in cell.outputs
        if {"image/png", "image/jpeg"} & {*output.get("data", {})}
    ]  # fmt: skip
    assert len(pictures) >= 12


def test_the_stored_outputs_are_small_and_say_nothing_of_a_machine(stored):
    text = (FOLDER / f"{NAME}.ipynb").read_text(encoding="utf-8")
    assert len(text) < MOST_BYTES
    assert not re.search(r"/(?:tmp|home|root|Users|usr|work)/|\b\d\d:\d\d:\d\d\b|iopub", text)
    assert "widgets" not in stored.metadata
    assert all(not cell.metadata for cell in stored.cells)


def commands(stored):
    text = "\n".join(cell.source for cell in stored.cells if cell.cell_type == "markdown")
    return re.findall(r"`(inkread [^`]+)`", text)


def test_the_notebook_names_a_command_for_each_step(stored):
    named = {command.split()[1] for command in commands(stored)}
    assert named >= {"read", "plot", "recipes", "train", "export", "evaluate"}


def test_every_command_in_the_notebook_runs(stored, data_dir, tmp_path, monkeypatch):
    for package in ("torch", "matplotlib", "sklearn", "onnx"):
        pytest.importorskip(package, reason=f"{package} is not installed (extra: notebook)")
    monkeypatch.setenv("INKREAD_DATA", str(data_dir))
    examples = FOLDER.parent / "examples"
    for name, source in (("photo.jpg", "marker_seven.jpg"), ("note.jpg", "pencil_rows.jpg")):
        (tmp_path / name).write_bytes((examples / source).read_bytes())
    (tmp_path / "words.txt").write_text("milk\nbread\n", encoding="utf-8")
    later = [command for command in commands(stored) if not command.startswith("inkread train")]
    (training,) = {*commands(stored)} - {*later}
    for command in (training, *later):
        done = subprocess.run(
            [sys.executable, "-m", *command.split()],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{command}: {done.stderr}"


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_the_notebook_runs_wherever_it_is_copied_to_and_its_network_learns(data_dir, tmp_path, monkeypatch):
    monkeypatch.setenv("INKREAD_DATA", str(data_dir))
    for package in ("torch", "matplotlib", "sklearn", "onnx", "ipywidgets", "ipykernel"):
        pytest.importorskip(package, reason=f"{package} is not installed (extra: notebook)")
    nbclient = pytest.importorskip("nbclient", reason="nbclient is not installed")
    nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed")
    notebook = nbformat.read(FOLDER / f"{NAME}.ipynb", 4)
    client = nbclient.NotebookClient(notebook, timeout=PATIENCE, resources={"metadata": {"path": tmp_path}})
    client.execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    pictures = [output for output in outputs if "image/png" in output.get("data", {})]
    assert len(pictures) >= 8
    said = "".join(output.get("text", "") for output in outputs)
    (accuracy,) = re.findall(r"([\d.]+)% of 10,000 test images", said)
    assert 98.5 < float(accuracy) < 100
