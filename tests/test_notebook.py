"""The notebook runs from top to bottom, and its two files agree."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "notebooks"
NAME = "handwriting_recognition"
PATIENCE = 600


def cells(suffix: str):
    jupytext = pytest.importorskip("jupytext", reason="jupytext is not installed")
    return [(cell.cell_type, cell.source.strip()) for cell in jupytext.read(FOLDER / f"{NAME}{suffix}").cells]


def test_the_notebook_and_its_script_say_the_same():
    assert cells(".ipynb") == cells(".py")


def test_the_notebook_keeps_no_output():
    nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed")
    notebook = nbformat.read(FOLDER / f"{NAME}.ipynb", 4)
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in notebook.cells)


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
