"""Every limit at its border and past it."""

from __future__ import annotations

import json
import logging
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np
import pytest
from serving import BLANK, PATIENCE, SEVEN, held, parts, png, serving, seven, slug

from inkread.server.limits import MOST_CLIENTS, Rates
from inkread.server.problems import Problem
from inkread.server.routes.glyphs import LARGEST_JSON

KEY = "correct-horse"


def padded(size):
    """A picture of so many bytes: what follows its end is not looked at."""
    return SEVEN + bytes(size - len(SEVEN))


def chunks(data, size=100):
    """The data without a length told beforehand."""
    for start in range(0, len(data), size):
        yield data[start : start + size]


# Bytes -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("told", [True, False])
def test_as_many_bytes_as_allowed_are_read_and_one_more_is_refused(told):
    with serving(max_bytes=1000) as server:
        for size, status in ((1000, 200), (1001, 413)):
            data = padded(size)
            answer = server.post("/v1/read", content=data if told else chunks(data))
            assert answer.status_code == status
        assert slug(answer) == "too-large"


def test_a_form_counts_with_all_its_bytes():
    with serving(max_bytes=1000) as server:
        assert server.post("/v1/read", files=parts(SEVEN)).status_code == 200
        assert slug(server.post("/v1/read", files=parts(padded(1000)))) == "too-large"
        assert slug(server.post("/v1/read-batch", files=parts(*[SEVEN] * 8))) == "too-large"


def test_a_body_without_end_is_cut_off():
    with serving(max_bytes=10_000) as server, connection(server) as wire:
        wire.sendall(b"POST /v1/read HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n")
        chunk = b"3e8\r\n" + bytes(1000) + b"\r\n"
        wire.sendall(chunk * 11)
        assert b" 413 " in wire.recv(100)
        assert server.app.middleware_stack is not None


def test_too_large_a_body_is_refused_before_it_is_sent():
    with serving(max_bytes=1000) as server, connection(server) as wire:
        head = b"POST /v1/read HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1001\r\n"
        wire.sendall(head + b"Expect: 100-continue\r\n\r\n")
        assert wire.recv(100).startswith(b"HTTP/1.1 413 ")


def test_all_bodies_together_have_a_limit_and_are_forgotten_when_answered():
    size = 1000
    with (
        serving(max_bytes=size, max_held_bytes=2 * size, workers=4) as server,
        held(server) as reader,
        ThreadPoolExecutor() as clients,
    ):
        running = [clients.submit(server.post, "/v1/read", content=padded(size)) for _ in range(2)]
        reader.wait_for(2)
        refused = server.post("/v1/read", content=SEVEN)
        assert (slug(refused), refused.headers["retry-after"]) == ("busy", "1")
        reader.go.set()
        assert [one.result().status_code for one in running] == [200, 200]
        assert server.post("/v1/read", content=padded(size)).status_code == 200


def test_a_body_that_does_not_come_is_given_up():
    with serving(max_upload_seconds=0.05) as server, connection(server) as wire:
        wire.sendall(b"POST /v1/read HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\nhalf")
        assert wire.recv(100).startswith(b"HTTP/1.1 408 ")


def test_a_correction_needs_few_bytes(collecting):
    answer = collecting.post("/v1/corrections", content=b" " * 70_000)
    assert slug(answer) == "too-large"


# Pixels, files, rows -----------------------------------------------------------------------------------------------


def test_as_many_pixels_as_allowed_are_read_and_one_row_more_is_refused():
    with serving(max_pixels=28 * 30) as server:
        for height, status in ((30, 200), (31, 413)):
            answer = server.post("/v1/read", content=png(np.zeros((height, 28), np.uint8)))
            assert answer.status_code == status
        assert slug(answer) == "too-large"
        assert "28×31 pixels" in answer.json()["detail"]
        assert "PictureLimits" not in answer.text


def test_as_many_files_as_allowed_are_read_and_one_more_is_refused():
    with serving(max_files=3) as server:
        assert len(server.post("/v1/read-batch", files=parts(*[BLANK] * 3)).text.splitlines()) == 3
        assert slug(server.post("/v1/read-batch", files=parts(*[BLANK] * 4))) == "too-large"


def test_as_many_glyphs_as_allowed_are_classified_and_one_more_is_refused():
    with serving(max_rows=2) as server:
        for count, status in ((2, 200), (3, 413)):
            answer = server.post("/v1/glyphs", json={"glyphs": [seven().tolist()] * count})
            assert answer.status_code == status


def test_json_that_would_hold_up_everybody_is_refused(server):
    body = json.dumps({"glyphs": [seven().tolist()]})
    for size, status in ((LARGEST_JSON, 200), (LARGEST_JSON + 1, 413)):
        assert server.post("/v1/glyphs", content=body.ljust(size).encode()).status_code == status


# Time and concurrent work ------------------------------------------------------------------------------------------


def test_a_picture_that_takes_too_long_is_given_up_and_its_reader_stays_busy_until_it_ends():
    with serving(workers=1, queue=0, max_seconds=0.05) as server, held(server) as reader:
        assert slug(server.post("/v1/read", content=SEVEN)) == "too-slow"
        assert slug(server.post("/v1/read", content=SEVEN)) == "busy"
        assert "inkread_readers_busy 1.0" in server.get("/metrics").text
        reader.wait_for()
        reader.go.set()
        while server.service.pool.admitted:
            assert server.get("/livez").status_code == 200
        assert server.post("/v1/read", content=SEVEN).json()["text"] == "7"


def test_a_batch_says_which_of_its_pictures_took_too_long():
    with serving(workers=1, max_seconds=0.05) as server, held(server):
        lines = server.post("/v1/read-batch", files=parts(SEVEN)).text.splitlines()
        assert json.loads(lines[0])["error"]["status"] == 504


def test_a_full_queue_is_answered_at_once_and_what_was_taken_in_is_read():
    with (
        serving(workers=2, queue=3) as server,
        held(server) as reader,
        ThreadPoolExecutor(8) as clients,
    ):
        taken = [clients.submit(server.post, "/v1/read", content=SEVEN) for _ in range(5)]
        reader.wait_for(2)
        while server.service.pool.admitted < 5:
            assert server.get("/livez").status_code == 200  # the event loop is free
        for path, body in (
            ("/v1/read", {"content": SEVEN}),
            ("/v1/read-batch", {"files": parts(SEVEN)}),
            ("/v1/glyphs", {"json": {"glyphs": [seven().tolist()]}}),
        ):
            answer = server.post(path, **body)
            assert (slug(answer), answer.headers["retry-after"]) == ("busy", "1")
        figures = server.get("/metrics").text
        assert "inkread_readers_busy 2.0" in figures
        assert "inkread_queue_length 3.0" in figures
        reader.go.set()
        assert [one.result().json()["text"] for one in taken] == ["7"] * 5


def test_many_clients_are_each_answered_with_the_reading_or_busy():
    with serving(workers=2, queue=6) as server, ThreadPoolExecutor(40) as clients:
        answers = list(clients.map(lambda _: server.post("/v1/read", content=SEVEN), range(80)))
        assert {answer.status_code for answer in answers} <= {200, 503}
        assert {answer.json()["text"] for answer in answers if answer.status_code == 200} == {"7"}


def test_a_server_that_stops_finishes_what_is_running():
    with ThreadPoolExecutor() as clients, serving(workers=1) as server, held(server) as reader:
        running = clients.submit(server.post, "/v1/read", content=SEVEN)
        reader.wait_for()
        server.server.should_exit = True
        while listens(server):
            pass
        reader.go.set()
        assert running.result().json()["text"] == "7"


def listens(server):
    try:
        with connection(server):
            return True
    except OSError:
        return False


# Clients -----------------------------------------------------------------------------------------------------------


def test_a_client_that_asks_too_often_is_told_when_to_come_again():
    with serving(rate=3) as server:
        answers = [server.get("/v1/info") for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert slug(answers[-1]) == "too-many-requests"
        assert answers[-1].headers["retry-after"] == "1"
        for path in ("/", "/livez", "/metrics"):
            assert server.get(path).status_code == 200


def test_a_rate_is_an_average_with_the_requests_of_one_second_at_once():
    time = [0.0]
    rates = Rates(2, now=lambda: time[0])
    rates.spend("a")
    rates.spend("a")
    rates.spend("b")  # each client has its own
    with pytest.raises(Problem):
        rates.spend("a")
    time[0] = 0.49
    with pytest.raises(Problem):
        rates.spend("a")
    time[0] = 0.5
    rates.spend("a")
    with pytest.raises(Problem):
        rates.spend("a")
    time[0] = 100
    rates.spend("a")
    rates.spend("a")
    with pytest.raises(Problem):
        rates.spend("a")


def test_a_slow_rate_says_how_long_to_wait():
    rates = Rates(0.1, now=lambda: 0.0)
    rates.spend("a")
    with pytest.raises(Problem) as caught:
        rates.spend("a")
    assert caught.value.headers["Retry-After"] == "10"


def test_not_more_clients_are_remembered_than_there_is_room_for():
    rates = Rates(1, now=lambda: 0.0)
    for number in range(MOST_CLIENTS + 1):
        rates.spend(str(number))
    rates.spend("0")  # forgotten, as it was silent for longest
    with pytest.raises(Problem):
        rates.spend(str(MOST_CLIENTS))


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": f"Basic {KEY}"},
        {"Authorization": KEY},
        {"Authorization": "Bearer"},
        {"X-API-Key": KEY[:-1]},
        {"X-API-Key": KEY + "x"},
        {"X-API-Key": "ü".encode()},
    ],
)
def test_without_the_key_nothing_of_worth_is_answered(headers):
    with serving(api_key=KEY) as server:
        for method, path in (
            ("POST", "/v1/read"),
            ("POST", "/v1/glyphs"),
            ("GET", "/v1/models"),
            ("GET", "/v1/readings"),
            ("GET", "/metrics"),
            ("GET", "/v1/nothing"),
        ):
            answer = server.request(method, path, headers=headers)
            assert (answer.status_code, slug(answer)) == (401, "unauthorized")
            assert answer.headers["www-authenticate"].startswith("Bearer")
            assert KEY not in answer.text


@pytest.mark.parametrize(
    "headers", [{"Authorization": f"Bearer {KEY}"}, {"authorization": f"bearer {KEY}"}, {"X-API-Key": KEY}]
)
def test_with_the_key_all_is_answered(headers):
    with serving(api_key=KEY) as server:
        assert server.post("/v1/read", content=SEVEN, headers=headers).json()["text"] == "7"
        assert server.get("/metrics", headers=headers).status_code == 200


def test_without_the_key_one_learns_that_there_is_one():
    with serving(api_key=KEY) as server:
        assert server.get("/v1/info").json()["api_key"] is True
        for path in ("/", "/livez", "/openapi.json"):
            assert server.get(path).status_code == 200


def test_the_key_can_be_given_in_the_environment(monkeypatch):
    from inkread.server import ServerSettings

    monkeypatch.setenv("INKREAD_API_KEY", KEY)
    assert ServerSettings().api_key == KEY
    assert KEY not in repr(ServerSettings())
    monkeypatch.setenv("INKREAD_API_KEY", "")
    assert ServerSettings().api_key is None


# Other sites -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "", "[::1"])
def test_a_name_that_another_site_points_here_is_refused(server, name):
    answer = server.get("/v1/info", headers={"Host": name})
    assert answer.status_code in (400, 421)  # 400 where the header itself is broken
    assert server.get("/livez", headers={"Host": "10.0.0.7"}).status_code == 200


@pytest.mark.parametrize("name", ["localhost", "localhost:8000", "127.0.0.1", "[::1]:8000", "LOCALHOST"])
def test_the_servers_own_names_are_answered(server, name):
    assert server.get("/v1/info", headers={"Host": name}).status_code == 200


def test_further_names_can_be_allowed():
    with serving(hosts=("digits.example",)) as server:
        assert server.get("/v1/info", headers={"Host": "digits.example"}).status_code == 200
        assert slug(server.get("/v1/info", headers={"Host": "other.example"})) == "wrong-host"


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
def test_a_page_of_another_site_can_change_nothing(collecting, origin):
    for method, path in (
        ("POST", "/v1/read"),
        ("POST", "/v1/corrections"),
        ("DELETE", "/v1/readings/x"),
    ):
        answer = collecting.request(method, path, headers={"Origin": origin})
        assert (answer.status_code, slug(answer)) == (403, "foreign-origin")


def test_the_servers_own_page_can(server):
    answer = server.post("/v1/read", content=SEVEN, headers={"Origin": server.url})
    assert answer.status_code == 200


def test_cors_is_off_unless_asked_for(server):
    answer = server.get("/v1/info", headers={"Origin": "https://example.org"})
    assert not [name for name in answer.headers if name.startswith("access-control")]
    preflight = {"Origin": "https://example.org", "Access-Control-Request-Method": "POST"}
    answer = server.options("/v1/read", headers=preflight)
    assert slug(answer) == "method-not-allowed"
    assert "access-control-allow-origin" not in answer.headers


def test_cors_lets_in_the_origins_that_are_named():
    with serving(cors=("https://example.org",), api_key=KEY) as server:
        origin = {"Origin": "https://example.org"}
        preflight = {
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization",
        }
        answer = server.options("/v1/read", headers=origin | preflight)
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == "https://example.org"
        refused = server.post("/v1/read", content=SEVEN, headers=origin)
        assert refused.status_code == 401
        assert refused.headers["access-control-allow-origin"] == "https://example.org"
        answer = server.post("/v1/read", content=SEVEN, headers=origin | {"X-API-Key": KEY})
        assert answer.json()["text"] == "7"
        foreign = {"Origin": "https://evil.example", "X-API-Key": KEY}
        answer = server.post("/v1/read", content=SEVEN, headers=foreign)
        assert slug(answer) == "foreign-origin"
        assert "access-control-allow-origin" not in answer.headers


# The event loop ----------------------------------------------------------------------------------------------------


def test_health_is_answered_while_every_reader_is_at_work():
    with serving(workers=1, queue=4) as server, held(server) as reader, ThreadPoolExecutor() as clients:
        running = clients.submit(server.post, "/v1/read", content=SEVEN)
        reader.wait_for()
        for path in ("/livez", "/readyz", "/metrics", "/v1/info", "/"):
            assert server.get(path).status_code in (200, 503)
        assert not running.done()
        reader.go.set()
        assert running.result().status_code == 200


def test_a_client_that_goes_away_frees_its_place(caplog):
    caplog.set_level(logging.ERROR)
    with serving(workers=1, queue=1) as server, held(server) as reader:
        with connection(server) as wire:
            head = b"POST /v1/read HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\n" % len(SEVEN)
            wire.sendall(head + SEVEN)
            reader.wait_for()
        reader.go.set()
        while server.service.pool.admitted:
            assert server.get("/livez").status_code == 200
    assert not caplog.records


@contextmanager
def connection(server):
    """A bare connection."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as wire:
        yield wire


def test_readings_are_right_whichever_of_many_are_under_way():
    pictures = {"7": SEVEN, "": BLANK, "77": png(np.concatenate([seven(3), seven(3)], axis=1))}
    with serving(workers=3, queue=100) as server, ThreadPoolExecutor(8) as clients:
        start = threading.Barrier(8)

        def client(_):
            start.wait(PATIENCE)
            return [
                (text, server.post("/v1/read", content=data).json()["text"])
                for text, data in pictures.items()
            ]

        for found in clients.map(client, range(8)):
            assert all(expected == text for expected, text in found)
