"""The engine of Ray without a cluster: its options, and that it sends no usage statistics to Ray's makers."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from batch_jobs import job_of, write_pictures

from inkread.batch import run
from inkread.errors import JobError, OptionError

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


@pytest.fixture
def engine():
    """The engine's class."""
    pytest.importorskip("ray", reason="Ray is not installed")
    from inkread.batch import RayEngine

    return RayEngine


@pytest.mark.filterwarnings("ignore")  # Ray's own
def test_a_cluster_that_is_not_there_is_an_error(engine, tmp_path):
    scans = write_pictures(tmp_path / "scans", [20])
    with pytest.raises(JobError, match="cannot be reached"):
        list(run(job_of(scans, out=tmp_path / "out"), engine("127.0.0.1:1")))


@pytest.mark.filterwarnings("ignore")
def test_a_cluster_that_does_not_start_is_an_error(engine, tmp_path, monkeypatch):
    import ray

    def init(*_, **__):
        raise Exception("The current node timed out during startup.")  # noqa: TRY002  # as Ray does

    monkeypatch.setattr(ray, "init", init)
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    scans = write_pictures(tmp_path / "scans", [20])
    with pytest.raises(JobError, match=r"did not start .*timed out.*; try again"):
        list(run(job_of(scans, out=tmp_path / "out"), engine()))


@pytest.mark.filterwarnings("ignore")
def test_it_needs_an_actor(engine):
    with pytest.raises(OptionError, match="--workers 0"):
        engine(workers=0)
