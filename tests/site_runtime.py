"""onnxruntime-web for tests, which download nothing."""

from __future__ import annotations

import pytest

from inkread.datasets.data_dirs import find_file
from inkread.site.runtime import PACKAGE, RUNTIME, Runtime, load_runtime


def require_runtime() -> Runtime:
    """Returns the runtime if it is in the folder of data or in the cache; else the test is skipped."""
    found = find_file(PACKAGE, [RUNTIME.name], None)
    if found is None:
        pytest.skip(f"needs {RUNTIME.name} in the cache: `inkread site --out DIR` downloads it there")
    return load_runtime(found)
