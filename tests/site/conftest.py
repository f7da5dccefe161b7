"""The reader in JavaScript, run by Node; skips, with the reason, if Node or onnxruntime-web is missing."""

from __future__ import annotations

import json
import shutil
import subprocess
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from site_runtime import require_runtime

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from inkread.site import Runtime

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def runtime() -> Runtime:
    return require_runtime()


@pytest.fixture(scope="session")
def modules(tmp_path_factory) -> Path:
    """A folder with the reader's modules, which Node recognizes as such, and the scripts of the tests."""
    folder = tmp_path_factory.mktemp("modules")
    for part in ("reader", "page"):
        with resources.as_file(resources.files("inkread") / "site" / part) as source:
            shutil.copytree(source, folder if part == "page" else folder / part, dirs_exist_ok=True)
    for script in HERE.glob("*.mjs"):
        shutil.copy(script, folder)
    (folder / "package.json").write_text('{"type": "module"}')
    return folder


@pytest.fixture
def node(modules: Path, tmp_path: Path) -> Callable[..., Any]:
    """Runs a script with arrays and a value as its input; returns the value that it prints as JSON."""
    program = shutil.which("node")
    if program is None:
        pytest.skip("needs Node: apt-get install nodejs")

    def run(script: str, value: Any, arrays: dict[str, NDArray[np.generic]]) -> Any:
        for name, array in arrays.items():
            (tmp_path / name).write_bytes(array.tobytes())
        (tmp_path / "input.json").write_text(json.dumps(value))
        done = subprocess.run(
            [program, script, str(tmp_path)], cwd=modules, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run
