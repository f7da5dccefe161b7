"""``inkread serve`` as typed by a user."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from time import monotonic

import httpx
import pytest
from processes import PATIENCE
from serving import SEVEN

from inkread.cli import main


@contextmanager
def command(*arguments, program=None, **environment):
    """Starts the server, or another program, and returns it with the line it printed."""
    itself = ["-m", "inkread", "serve", "--port", "0"]
    process = subprocess.Popen(
        [sys.executable, *(itself if program is None else ["-c", program]), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | environment,
    )
    try:
        yield process, process.stdout.readline()
    finally:
        process.kill()
        process.communicate()


def address(line):
    return next(word for word in line.split() if word.startswith("http://")).rstrip(",")


@pytest.fixture
def run(capsys, monkeypatch):
    """Runs the command if it ends by itself."""
    monkeypatch.delenv("INKREAD_DEBUG", raising=False)

    def call(*arguments):
        code = main(["serve", *map(str, arguments)])
        return code, *capsys.readouterr()

    return call


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_it_says_where_it_is_serves_and_ends_quietly(stop):
    with command("--log-level", "warning") as (process, line):
        assert line.startswith("inkread is running at http://127.0.0.1:")
        assert "stores" not in line
        assert httpx.post(f"{address(line)}/v1/read", content=SEVEN, timeout=PATIENCE).json()["text"] == "7"
        assert "server" not in httpx.get(f"{address(line)}/livez").headers
        process.send_signal(stop)
        out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out, err) == (0, "", "")


def test_it_ends_within_ten_seconds_while_a_reading_hangs():
    program = (
        "import sys, processes, inkread.server\n"
        "from functools import partial\n"
        "from inkread.cli import main\n"
        "inkread.server.create_app = partial(inkread.server.create_app, reader=processes.HANGING)\n"
        "if __name__ == '__main__': main(['serve', '--port', '0', '--log-level', 'error', '--workers', '1'])"
    )
    with command(program=program, PYTHONPATH=os.pathsep.join(sys.path)) as (process, line):
        base = address(line)
        while httpx.get(f"{base}/readyz", timeout=PATIENCE).status_code != 200:
            pass
        with ThreadPoolExecutor() as clients:
            hanging = clients.submit(
                httpx.post, f"{base}/v1/read?single=true", content=SEVEN, timeout=PATIENCE
            )
            while "inkread_readers_busy 1.0" not in httpx.get(f"{base}/metrics", timeout=PATIENCE).text:
                pass
            process.terminate()
            start = monotonic()
            _, err = process.communicate(timeout=PATIENCE)
            assert monotonic() - start < 10
            assert hanging.result().json()["detail"] == "The server is shutting down."
    assert process.returncode == 0
    assert "traceback" not in err.lower()


def test_connections_beyond_the_limit_are_told_to_come_back():
    program = (
        "import inkread.cli.serve\n"
        "from inkread.cli import main\n"
        "inkread.cli.serve.MOST_CONNECTIONS = 3\n"
        "if __name__ == '__main__': main(['serve', '--port', '0', '--log-level', 'error', '--workers', '1'])"
    )
    with command(program=program) as (_, line):
        base = address(line)
        assert httpx.get(f"{base}/livez", timeout=PATIENCE).status_code == 200
        place = ("127.0.0.1", int(base.rpartition(":")[2]))
        with socket.create_connection(place), socket.create_connection(place):
            assert httpx.get(f"{base}/livez", timeout=PATIENCE).status_code == 503


def test_it_says_where_it_stores_and_hides_nothing_but_the_password(tmp_path):
    store = tmp_path / "new" / "store.sqlite"
    with command("--collect", "--store", f"sqlite:///{store}") as (_, line):
        assert f"stores readings and corrections in {store}" in line
        assert httpx.get(f"{address(line)}/v1/info").json()["collect"] is True


def test_its_log_is_json_with_a_line_for_each_request():
    with command() as (process, line):
        httpx.get(f"{address(line)}/livez")
        process.terminate()
        _, err = process.communicate(timeout=PATIENCE)
    lines = [json.loads(one) for one in err.splitlines()]
    assert [one["route"] for one in lines if one["message"] == "request"] == ["/livez"]


@pytest.mark.parametrize(("key", "warns"), [("", True), ("secret", False)])
def test_listening_wider_without_a_key_is_warned_of(key, warns):
    with command("--host", "0.0.0.0", "--log-level", "error", INKREAD_API_KEY=key) as (process, line):
        base = address(line)
        assert httpx.get(f"{base}/v1/info", headers={"Host": "any.example"}).json()["api_key"] is not warns
        process.terminate()
        _, err = process.communicate(timeout=PATIENCE)
    assert ("warning: 0.0.0.0: anyone who can reach this machine" in err) is warns
    assert "secret" not in line + err


def test_a_port_in_use_is_a_clear_error(run):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, out, err = run("--port", port)
    assert (code, out) == (2, "")
    assert err.startswith(f"error: 127.0.0.1:{port}: cannot be used")
    assert "--port" in err


UNUSABLE = ("is not a model", "is not a supported kind of database")
"""Complaints about what an option names, not about its value."""


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--host", "no.such.host.invalid"), "is not an address"),
        (("--port", "70000"), "--port 70000"),
        (("--model", "mine"), "NAME=FOLDER"),
        (("--model", "mine="), "NAME=FOLDER"),
        (("--model", "a=x", "--model", "a=y"), "repeats a name"),
        (("--model", "mine=/nowhere/at/all"), "is not a model"),
        (("--model", "a/b=/nowhere"), "is not a valid model name"),
        (("--workers", "0"), "--workers 0"),
        (("--max-seconds", "0"), "--max-seconds 0"),
        (("--max-bytes", "0"), "--max-bytes 0"),
        (("--rate", "-1"), "--rate -1"),
        (("--cors", "example.org"), "--cors example.org"),
        (("--api-key", "a b"), "--api-key"),
        (("--collect", "--store", "mysql://x"), "is not a supported kind of database"),
    ],
)
def test_impossible_settings_are_a_clear_error_before_anything_is_served(run, arguments, complaint):
    code, out, err = run("--port", "0", *arguments)
    assert (code, out) == (1 if complaint in UNUSABLE else 2, "")
    assert err.startswith("error: ")
    assert complaint in err
    assert "Traceback" not in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("package", ["fastapi", "uvicorn", "sqlalchemy"])
def test_a_missing_extra_is_named(run, monkeypatch, package):
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *a: None if name == package else found(name, *a)
    )
    code, _, err = run()
    assert code == 1
    assert (
        err == f"error: {package}: is not installed; run this in inkread's folder: pip install '.[serve]'\n"
    )


def test_its_help_loads_no_web_framework():
    program = (
        "import sys\nfrom inkread.cli import main\nmain(['serve', '--help'])\n"
        "print([m for m in ('fastapi', 'uvicorn', 'sqlalchemy', 'numpy', 'httpx') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    for option in ("--host", "--port", "--model", "--collect", "--store", "--api-key", "--cors", "--rate"):
        assert option in done.stdout
