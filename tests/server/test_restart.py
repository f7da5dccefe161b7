"""Servers take turns at one socket, and no request is lost."""

from __future__ import annotations

import socket
from contextlib import contextmanager

import httpx
import pytest
from processes import PATIENCE
from serving import serving
from visitors import Visitors, posix, server_at, url_of

from inkread.cli import main
from inkread.server import protocol


@pytest.fixture
def listener():
    """A listening socket of this process, which outlives the servers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


@posix
@pytest.mark.slow
def test_servers_that_take_turns_at_a_socket_lose_no_request(listener):
    with Visitors(url_of(listener)) as visitors, server_at(listener) as first:
        visitors.wait_for(5)
        strange = httpx.get(url_of(listener), headers={"Host": "example.org"}, timeout=PATIENCE)
        assert strange.status_code == 421  # as with --host 127.0.0.1
        with server_at(listener) as second:
            first.terminate()
            assert first.wait(PATIENCE) == 0
            visitors.wait_for(5)
            with server_at(listener):
                second.terminate()
                assert second.wait(PATIENCE) == 0
                visitors.wait_for(5)
                visitors.__exit__()
    assert (visitors.errors, set(visitors.answers)) == ([], {200})


@contextmanager
def connected(server):
    """Connects to the server; returns when it knows of the connection."""
    before = len(server.server.server_state.connections)
    with socket.create_connection(("127.0.0.1", server.port), PATIENCE) as connection:
        while len(server.server.server_state.connections) == before:
            pass
        yield connection


def refused(server):
    """Returns when the server accepts no more connections."""
    while True:
        try:
            socket.create_connection(("127.0.0.1", server.port), PATIENCE).close()
        except ConnectionError:
            return


def request(connection):
    connection.sendall(b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    return connection.recv(2**16).decode().lower()


@pytest.mark.parametrize("used", [False, True], ids=["new", "idle"])
def test_a_server_that_stops_answers_a_request_on_its_way_and_says_that_it_is_the_last(used, monkeypatch):
    monkeypatch.setattr(protocol, "LINGER_SECONDS", PATIENCE)
    with serving() as server, connected(server) as connection:
        if used:
            assert "connection: close" not in request(connection)
        server.server.should_exit = True
        refused(server)
        assert "connection: close" in request(connection)
        assert connection.recv(1) == b""


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHo"], ids=["nothing", "half a head"])
def test_a_server_that_stops_hangs_up_on_who_asks_nothing(sent, monkeypatch):
    monkeypatch.setattr(protocol, "LINGER_SECONDS", 0.0)
    with serving() as server, connected(server) as connection:
        request(connection)
        connection.sendall(sent)
        server.server.should_exit = True
        assert connection.recv(1) == b""


@posix
@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--fd", "999"), "--fd 999: is not a listening TCP socket"),
        (("--fd", "-1"), "--fd -1"),
        (("--fd", "FILE"), "is not a listening TCP socket"),
        (("--fd", "UNIX"), "is not a listening TCP socket"),
        (("--fd", "BOUND"), "is not a listening TCP socket"),
        (("--fd", "3", "--port", "8000"), "cannot be combined"),
        (("--host", "::1", "--fd", "3"), "cannot be combined"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_cannot_be_served_at_is_a_clear_error(arguments, complaint, capsys, tmp_path):
    unix = socket.socket(socket.AF_UNIX)
    unix.bind(str(tmp_path / "socket"))
    unix.listen()
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    with unix, bound, (tmp_path / "file").open("w") as file:
        numbers = {"FILE": file.fileno(), "UNIX": unix.fileno(), "BOUND": bound.fileno()}
        code = main(["serve", *(str(numbers.get(word, word)) for word in arguments)])
        assert file.writable()
    assert code == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert complaint in error
