"""Ray sends usage statistics to its makers by default; the engine's Ray does not."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

PRINT_AS_RAY = """
import os
print(os.environ["RAY_USAGE_STATS_ENABLED"])
raise SystemExit
"""


def output_of(program, **variables):
    """What a program prints in a process without a choice about statistics."""
    environment = {name: value for name, value in os.environ.items() if name != "RAY_USAGE_STATS_ENABLED"}
    command = [sys.executable, "-c", program]
    return subprocess.run(
        command, env=environment | variables, capture_output=True, text=True, check=True
    ).stdout.strip()


def test_statistics_are_off_before_ray_is_imported(tmp_path):
    (tmp_path / "ray.py").write_text(PRINT_AS_RAY)
    path = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    assert output_of("from inkread.batch import RayEngine", PYTHONPATH=path) == "0"


FOUND_BY_RAY = """
import inkread.batch.engine_ray
try:
    from ray._common.usage import usage_lib
except ImportError:  # older versions
    from ray._private.usage import usage_lib
print(usage_lib.usage_stats_enabled())
"""


@pytest.mark.slow
def test_ray_itself_finds_them_off():
    pytest.importorskip("ray", reason="Ray is not installed")
    assert output_of(FOUND_BY_RAY) == "False"
