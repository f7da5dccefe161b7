"""The peers' own environments, in ``.venv-peers``, made on first use; and workers that run in them."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from _measure import ROOT, Spread

if TYPE_CHECKING:
    from types import TracebackType

FOLDER: Final = ROOT / ".venv-peers"
HERE: Final = Path(__file__).parent
TENSORFLOW: Final = (
    "tensorflow-cpu" if platform.system() == "Linux" and platform.machine() == "x86_64" else "tensorflow"
)
NEEDS: Final = {"keras": (TENSORFLOW, "pillow"), "rapidocr": ("rapidocr", "onnxruntime")}
"""What is installed into each environment."""
FEW, ALL = 2_000, 60_000
"""Digits that the lesson's networks learn from."""
ENVIRONMENT: Final = {
    name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"
} | {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "2", "CUDA_VISIBLE_DEVICES": ""}
"""Of every process: with compiled modules, as they are after an installation, and with less to say."""


class MissingPeerError(Exception):
    """A peer cannot be installed or is not there."""


def python_of(peer: str) -> str:
    """Returns the Python of a peer's environment; makes it if there is none.

    Raises:
        MissingPeerError: its packages cannot be installed.
    """
    folder = FOLDER / peer
    python, done = folder / "bin" / "python", folder / "complete"
    if not done.exists():
        print(f"Installing {', '.join(NEEDS[peer])} into {folder}", file=sys.stderr)
        try:
            subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
            install = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
            subprocess.run([*install, *NEEDS[peer]], check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise MissingPeerError(f"{peer}: cannot be installed ({error})") from error
        done.touch()
    return str(python)


def tesseract() -> str:
    """Returns Tesseract's command.

    Raises:
        MissingPeerError: it is not installed.
    """
    if not (found := shutil.which("tesseract")):
        raise MissingPeerError("Tesseract: is not installed; install the package tesseract-ocr")
    return found


def run_script(python: str, script: str, *arguments: str) -> Any:
    """Runs a script of this folder in an environment, and returns the JSON in its last line."""
    done = subprocess.run(
        [python, str(HERE / script), *arguments],
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


class Worker:
    """A script that times calls on request, see ``_calls``; a context manager that ends it."""

    def __init__(self, python: str, script: str, *arguments: str) -> None:
        self._name = script
        self._process = subprocess.Popen(
            [python, str(HERE / script), "serve", *arguments],
            env=ENVIRONMENT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def __enter__(self) -> Self:
        """Starts nothing: the process runs already."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ends the process."""
        if self._process.stdin:
            self._process.stdin.close()
        self._process.wait()

    def clock(self, case: str, *, seconds: float, least: int) -> Spread:
        """Times calls of a case for about ``seconds``, at least ``least`` of them, after a warm-up.

        Raises:
            MissingPeerError: the script has failed.
        """
        pipe_in, pipe_out = self._process.stdin, self._process.stdout
        if pipe_in is None or pipe_out is None:
            raise RuntimeError("no pipes")
        try:
            pipe_in.write(json.dumps([case, seconds, least]) + "\n")
            pipe_in.flush()
        except BrokenPipeError:
            raise MissingPeerError(f"{self._name}: has ended") from None
        line = pipe_out.readline()
        if not line:
            raise MissingPeerError(f"{self._name}: has ended at {case}")
        return Spread(tuple(json.loads(line)))


def keras_models(data: Path, *, quick: bool = False) -> Path:
    """Returns the folder with the lesson's trained networks; trains them if there are none.

    Args:
        data: MNIST as ``fast.saved`` writes it.
        quick: train on a few digits only, for benchmarks that only show that they work.
    """
    folder, most = FOLDER / ("models-quick" if quick else "models"), FEW if quick else ALL
    if not (folder / "cnn.keras").exists():
        folder.mkdir(parents=True, exist_ok=True)
        given = str(data), str(folder), str(most)
        found = run_script(python_of("keras"), "_keras_script.py", "learn", *given)
        (folder / "accuracy.json").write_text(json.dumps(found), encoding="utf-8")
    return folder
