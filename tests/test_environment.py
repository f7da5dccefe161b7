"""An unusual or damaged environment causes one of our errors or none, but never a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from inkread import models
from inkread.errors import InstallationError, ModelNotFoundError, OutputError
from inkread.system.installation import PACKAGES, problem
from inkread.system.user_folders import user_folder

PICTURE = Path(__file__).parents[1] / "examples" / "pencil_rows.jpg"
CLOSING = """
import os, subprocess, sys
for descriptor in {closed}:
    os.close(descriptor)
os.execv(sys.executable, [sys.executable, "-m", "inkread", *{arguments}])
"""


def inkread(
    *arguments: str, closed: tuple[int, ...] = (), **options: object
) -> subprocess.CompletedProcess[str]:
    """Runs the command in a process without some of the three standard streams."""
    program = CLOSING.format(closed=closed, arguments=list(arguments))
    command = [sys.executable, "-c", program]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def shadowing(folder: Path, name: str, code: str) -> dict[str, str]:
    """Makes an environment in which a package is replaced by other code."""
    (folder / f"{name}.py").write_text(code, encoding="utf-8")
    path = os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])
    return {**os.environ, "PYTHONPATH": path}


@pytest.mark.skipif(sys.platform == "win32", reason="descriptors are closed by a POSIX shell's means")
@pytest.mark.parametrize(
    "closed", [*(pytest.param((each,), marks=pytest.mark.slow) for each in range(3)), (0, 1, 2)], ids=str
)
def test_a_process_without_standard_streams_reads_all_the_same(closed, tmp_path):
    result = inkread("read", str(PICTURE), "--draw", str(tmp_path / "out.png"), closed=closed)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == ("" if 1 in closed else "2718\n28459\n0452\n")
    assert (tmp_path / "out.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.skipif(sys.platform == "win32", reason="descriptors are closed by a POSIX shell's means")
def test_a_missing_standard_input_is_an_empty_picture():
    result = inkread("read", "-", closed=(0,))
    assert result.returncode == 1
    assert result.stderr.startswith("error: -: is empty")


@pytest.mark.parametrize("package", ["typer", "inkread/cli", "rich"])
def test_an_interruption_while_the_command_is_loaded_ends_it_in_silence(package, tmp_path):
    program = (
        "import sys, runpy, importlib.abc\n"
        "class Interrupted(importlib.abc.MetaPathFinder):\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name == {package.replace('/', '.')!r}: raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupted())\n"
        "sys.argv = ['inkread', 'models']\n"
        "runpy.run_module('inkread', run_name='__main__', alter_sys=False)\n"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert result.returncode == 130
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("package", "code", "words"),
    [
        ("cv2", "__file__ = None", "is incomplete"),
        (
            "onnxruntime",
            "raise ImportError('libm.so.6: cannot open')",
            "cannot be imported (libm.so.6: cannot open)",
        ),
        ("PIL", "raise OSError('truncated')", "cannot be imported (truncated)"),
        ("typer", "raise ImportError('no')", "cannot be imported (no)"),
    ],
)
def test_a_damaged_package_is_named_with_the_command_that_mends_it(package, code, words, tmp_path):
    result = inkread("read", str(PICTURE), env=shadowing(tmp_path, package, code))
    assert result.returncode == 1
    assert result.stderr == (
        f"error: {package}: {words}; "
        f"reinstall it: pip install --force-reinstall --no-deps {PACKAGES[package]}\n"
    )


@pytest.mark.parametrize("use", ["inkread.read('x.png')", "inkread.Reader()"])
def test_a_damaged_package_is_an_error_of_ours_in_python_too(use, tmp_path):
    program = f"import inkread\ntry: {use}\nexcept inkread.InkreadError as error: print(type(error).__name__)"
    environment = shadowing(tmp_path, "cv2", "raise ImportError('libGL.so.1')")
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment
    )
    assert result.stdout == f"{InstallationError.__name__}\n"


def test_a_whole_installation_has_no_problem():
    assert problem() is None


def test_missing_bundled_models_are_an_error_that_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setattr(models, "_bundle", lambda: tmp_path / "absent")
    with pytest.raises(ModelNotFoundError, match="reinstall inkread"):
        models.load_model()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows always knows a home")
def test_a_user_without_a_home_learns_what_to_set(monkeypatch):
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", lambda: (_ for _ in ()).throw(RuntimeError("no home")))
    with pytest.raises(OutputError, match="set HOME or XDG_CACHE_HOME"):
        user_folder("XDG_CACHE_HOME", ".cache")


def test_a_program_frozen_by_pyinstaller_finds_the_models(tmp_path):
    freeze = pytest.importorskip("PyInstaller.__main__", reason="PyInstaller is not installed").run
    program = tmp_path / "program.py"
    program.write_text("import sys, inkread; print(inkread.read(sys.argv[1]).text)", encoding="utf-8")
    places = [f"--{name}path={tmp_path / name}" for name in ("dist", "work", "spec")]
    freeze(["--noconfirm", "--log-level=ERROR", *places, str(program)])
    result = subprocess.run(
        [tmp_path / "dist" / "program" / "program", PICTURE], capture_output=True, text=True, check=True
    )
    assert result.stdout == "2718\n28459\n0452\n"
