"""The examples in docs/export.md work, and its table lists every format."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("onnx", reason="ONNX is not installed (extra: export)")
pytest.importorskip("torch", reason="PyTorch is not installed (extra: train)")

from export_runs import NOT_OURS, needs

from inkread.export import FORMATS, export_model

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "export.md").read_text(encoding="utf-8")
KERAS, OURS = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)


def run(block, folder, **environment):
    result = subprocess.run(
        [sys.executable, "-c", block],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.mark.filterwarnings(NOT_OURS)
def test_plain_keras_reads_the_test_vectors_as_shown(tmp_path, digits):
    needs("keras")
    (done,) = export_model("default", to=["keras"], out=tmp_path, digits=digits)
    assert "[0 1 2 3 4 5 6 7 8 9]" in run(KERAS, done.path.parent, KERAS_BACKEND="torch")


def test_the_export_from_python_runs_as_shown(tmp_path):
    out = run(OURS, tmp_path, INKREAD_DATA=str(tmp_path), XDG_CACHE_HOME=str(tmp_path))
    assert out.split() == ["onnx", str(Path("exports/onnx/model.onnx")), "0.0"]


def test_the_table_of_formats_is_that_of_the_code():
    rows = re.findall(r"^\| `([\w-]+)` \| `([\w.]+)` \| (\w+) \|.*\| `(\w+)` \|$", TEXT, re.MULTILINE)
    assert rows == [(each.name, each.file, each.gives, each.extra) for each in FORMATS.values()]
