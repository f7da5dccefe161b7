"""The images are small and safe, and agree with the project."""

from __future__ import annotations

import fnmatch
import re
import shlex
import subprocess
import sys
import tomllib

import pytest
from deployment import DEPLOY, ROOT, Containerfile
from typed_commands import problem

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PATHS = sorted(DEPLOY.rglob("Containerfile"))
SERVER = Containerfile.parse(DEPLOY / "Containerfile")
TWO_STAGES = [DEPLOY / "Containerfile", DEPLOY / "serverless" / "Containerfile"]

by_path = pytest.mark.parametrize("path", PATHS, ids=lambda path: str(path.relative_to(DEPLOY)))


def test_all_images_are_tested():
    assert {str(path.relative_to(DEPLOY)) for path in PATHS} == {
        "Containerfile",
        "ray/Containerfile",
        "serverless/Containerfile",
    }


@by_path
def test_what_is_copied_is_in_the_repository_and_not_ignored(path):
    ignored = path.with_name("Containerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    kept = [line[1:] for line in ignored if line.startswith("!")]
    assert "*" in ignored
    copies = [text for stage in Containerfile.parse(path).stages for word, text in stage if word == "COPY"]
    for text in copies:
        words = [word for word in shlex.split(text) if not word.startswith("--chown")]
        if words[0].startswith("--from"):
            continue
        for source in words[:-1]:
            assert (ROOT / source).exists()
            assert any(fnmatch.fnmatch(source, pattern) for pattern in kept)


@by_path
def test_what_is_installed_are_extras_of_the_project_with_wheels_only(path):
    text = path.read_text(encoding="utf-8")
    ((place, extras),) = re.findall(r"install --only-binary :all: .*'(.+?)\[(.+?)\]'", text)
    assert set(extras.split(",")) <= set(PROJECT["optional-dependencies"])
    assert "torch" not in str([PROJECT["optional-dependencies"][each] for each in extras.split(",")])
    assert place in (".", "./inkread")


@pytest.mark.parametrize("path", TWO_STAGES, ids=lambda path: path.parent.name)
def test_the_image_has_an_ordinary_user_and_no_tools_to_build_or_install(path):
    file = Containerfile.parse(path)
    assert len(file.stages) == 2
    assert all(stage[0][1].startswith("docker.io/library/python:3.13-slim") for stage in file.stages)
    (user,) = file.last("USER")
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", user)
    (run,) = file.last("RUN")
    assert run == "python3 -m pip uninstall --yes --root-user-action ignore pip"
    ((_, build),) = [(word, text) for word, text in file.stages[0] if word == "RUN"]
    assert build.endswith("pip uninstall --yes pip")
    assert "--constraint constraints-dev.txt" in build
    assert not re.search(r"apt-get|curl|wget|gcc", " ".join(text for _, text in file.stages[-1]))


def test_the_image_for_ray_has_the_version_of_the_manifest_and_sends_no_statistics():
    (stage,) = Containerfile.parse(DEPLOY / "ray" / "Containerfile").stages
    text = str(stage)
    (base,) = re.findall(r"docker.io/rayproject/ray:([\d.]+)-py3\d+", text)
    assert f"ray=={base}" in text
    assert f"rayVersion: {base}\n" in (DEPLOY / "ray" / "job.yaml").read_text(encoding="utf-8")
    assert "RAY_USAGE_STATS_ENABLED=0" in text


def test_the_entry_point_can_be_typed():
    assert problem(shlex.join(SERVER.entry_point)) == ""


def test_the_entry_point_listens_at_the_exposed_port():
    assert SERVER.last("EXPOSE") == [SERVER.entry_point[SERVER.entry_point.index("--port") + 1]]


@pytest.mark.slow
def test_the_health_check_succeeds_while_the_server_is_ready_and_fails_otherwise():
    pytest.importorskip("fastapi", reason="needs the server: pip install '.[serve]'")
    from serving import serving

    assert SERVER.health_check[0] == "python3"

    def check(port):
        command = [sys.executable, *SERVER.health_check[1:]]
        assert ":8000/" in command[-1]
        command[-1] = command[-1].replace(":8000/", f":{port}/")
        return subprocess.run(command, capture_output=True, check=False).returncode

    with serving(static=False) as server:
        while server.get("/readyz").status_code != 200:
            pass
        assert check(server.port) == 0
    assert check(server.port) == 1
