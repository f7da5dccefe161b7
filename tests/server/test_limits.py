"""Every limit, at its boundary and beyond."""

from __future__ import annotations

import contextlib
import json
import logging
import socket
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from processes import CRASHING, FAILING, GREEDY, HANGING, PATIENCE
from serving import BLANK, SEVEN, held, parts, png, serving, seven, slug

from inkread.server import pool
from inkread.server.glyph_bodies import LARGEST_JSON
from inkread.server.limits import MOST_CLIENTS, TokenBucket
from inkread.server.problems import Problem
from inkread.server.protocol import HEAD_BYTES, HEAD_FIELDS

KEY = "correct-horse"


def padded(size):
    """Makes a picture of a given size in bytes: data after its end is ignored."""
    return SEVEN + bytes(size - len(SEVEN))


def chunks(data, size=100):
    """Yields the data without announcing its length."""
    for start in range(0, len(data), size):
        yield data[start : start + size]


# Bytes ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("told", [True, False])
def test_as_many_bytes_as_allowed_are_read_and_one_more_is_rejected(told):
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


def test_too_large_a_body_is_rejected_before_it_is_sent():
    with serving(max_bytes=1000) as server, connection(server) as wire:
        head = b"POST /v1/read HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1001\r\n"
        wire.sendall(head + b"Expect: 100-continue\r\n\r\n")
        assert wire.recv(100).startswith(b"HTTP/1.1 413 ")


def test_all_bodies_together_have_a_limit_and_are_forgotten_when_answered():
    size = 1000
    with (
        held(max_bytes=size, max_held_bytes=2 * size, workers=2) as (server, reader),
        ThreadPoolExecutor() as clients,
    ):
        running = [clients.submit(server.post, "/v1/read", content=padded(size)) for _ in range(2)]
        reader.wait_for(2)
        refused = server.post("/v1/read", content=SEVEN)
        assert (slug(refused), refused.headers["retry-after"]) == ("busy", "1")
        reader.let_go()
        assert [one.result().status_code for one in running] == [200, 200]
        assert server.post("/v1/read", content=padded(size)).status_code == 200


def test_a_body_that_does_not_come_is_given_up():
    with serving(max_upload_seconds=0.05) as server, connection(server) as wire:
        wire.sendall(b"POST /v1/read HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\nhalf")
        assert wire.recv(100).startswith(b"HTTP/1.1 408 ")


def test_a_correction_needs_few_bytes(collecting):
    answer = collecting.post("/v1/corrections", content=b" " * 70_000)
    assert slug(answer) == "too-large"


# Heads ------------------------------------------------------------------------------------------------------

LINE = b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n"
CHUNKED = b"POST /v1/read HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n"


def status_of(server, request):
    """Returns the status of the response to these bytes; sends no more once it arrives."""
    with connection(server) as wire:
        wire.sendall(request)
        return int(wire.recv(100).split()[1])


def fields(count, size=1):
    return b"".join(b"x-%d: %b\r\n" % (number, b"v" * size) for number in range(count))


def test_as_many_header_fields_as_allowed_are_taken_and_one_more_is_rejected(server):
    assert status_of(server, LINE + fields(HEAD_FIELDS - 1) + b"\r\n") == 200
    assert status_of(server, LINE + fields(HEAD_FIELDS) + b"\r\n") == 431
    answer = server.get("/livez", headers={f"x-{number}": "v" for number in range(HEAD_FIELDS)})
    assert slug(answer) == "head-too-large"
    assert answer.headers["content-security-policy"]


def test_as_many_bytes_of_a_head_as_allowed_are_taken_and_no_more(server):
    assert status_of(server, LINE + b"x: %b\r\n\r\n" % (b"v" * (HEAD_BYTES - 100))) == 200
    assert status_of(server, LINE + b"x: %b\r\n\r\n" % (b"v" * HEAD_BYTES)) == 431
    assert status_of(server, LINE + fields(17, 1000) + b"\r\n") == 431
    assert status_of(server, b"GET /%b HTTP/1.1\r\n" % (b"a" * HEAD_BYTES)) == 431


@pytest.mark.parametrize(
    "endless",
    [
        LINE + b"x: ",
        LINE,
        b"GET /",
        CHUNKED + b"1;x=",
        CHUNKED + b"1\r\na\r\n0\r\nx: ",
        b"\r\n",
    ],
)
def test_an_endless_head_is_cut_off(server, endless):
    with connection(server) as wire:
        wire.sendall(endless)
        sent, filling = 0, b"\r\n" * 512 if endless == b"\r\n" else b"a" * 1024
        with contextlib.suppress(ConnectionError):
            while sent < 64 * HEAD_BYTES:
                wire.sendall(filling)
                sent += len(filling)
            wire.shutdown(socket.SHUT_WR)
            assert wire.recv(100).split()[1] in (b"431", b"400")
            while wire.recv(1000):
                pass
    assert server.get("/livez").status_code == 200


@given(st.lists(st.integers(1, 70_000), max_size=5))
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_requests_are_understood_wherever_their_bytes_are_parted(server, cuts):
    body = padded(60_000)
    request = b"POST /v1/read?single=true HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n" % len(body)
    request += fields(90, 100) + b"\r\n" + body
    with connection(server) as wire:
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for start, end in pairwise([0, *sorted(cuts), len(request)]):
            wire.sendall(request[start:end])
        wire.sendall(LINE + b"Connection: close\r\n\r\n")
        answers = b""
        while part := wire.recv(10_000):
            answers += part
    assert answers.count(b"HTTP/1.1 200 ") == 2


def test_a_request_that_is_not_http_is_a_problem(server):
    with connection(server) as wire:
        wire.sendall(b"what?\r\n\r\n")
        answer = wire.recv(10_000)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert json.loads(body)["type"] == "urn:inkread:problem:bad-request"


# Pixels, files, rows ----------------------------------------------------------------------------------------


def test_as_many_pixels_as_allowed_are_read_and_one_row_more_is_rejected():
    with serving(max_pixels=28 * 30) as server:
        for height, status in ((30, 200), (31, 413)):
            answer = server.post("/v1/read", content=png(np.zeros((height, 28), np.uint8)))
            assert answer.status_code == status
        assert slug(answer) == "too-large"
        assert "28×31 pixels" in answer.json()["detail"]
        assert "PictureLimits" not in answer.text


def test_as_many_files_as_allowed_are_read_and_one_more_is_rejected():
    with serving(max_files=3) as server:
        assert len(server.post("/v1/read-batch", files=parts(*[BLANK] * 3)).text.splitlines()) == 3
        assert slug(server.post("/v1/read-batch", files=parts(*[BLANK] * 4))) == "too-large"


def test_as_many_glyphs_as_allowed_are_classified_and_one_more_is_rejected():
    with serving(max_rows=2) as server:
        for count, status in ((2, 200), (3, 413)):
            answer = server.post("/v1/glyphs", json={"glyphs": [seven().tolist()] * count})
            assert answer.status_code == status


def test_json_that_would_hold_up_everybody_is_rejected(server):
    body = json.dumps({"glyphs": [seven().tolist()]})
    for size, status in ((LARGEST_JSON, 200), (LARGEST_JSON + 1, 413)):
        assert server.post("/v1/glyphs", content=body.ljust(size).encode()).status_code == status


# Time and concurrent work -----------------------------------------------------------------------------------


def test_a_picture_that_takes_too_long_is_given_up_and_the_next_one_is_read():
    with serving(reader=HANGING, max_seconds=1.0) as server:
        wait_until_ready(server)
        answer = server.post("/v1/read?single=true", content=SEVEN)
        assert (answer.status_code, slug(answer)) == (504, "too-slow")
        assert 'inkread_reading_seconds_count{model="default"} 1.0' in server.get("/metrics").text
        wait_until_ready(server)
        assert read_patiently(server).json()["text"] == "7"


def test_others_are_served_while_a_reading_hangs():
    with serving(reader=HANGING, workers=2) as server, connection(server) as wire:
        wait_until_ready(server)
        head = b"POST /v1/read?single=true HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\n"
        wire.sendall(head % len(SEVEN) + SEVEN)
        while server.service.pool.admitted < 1:
            assert server.get("/livez").status_code == 200
        assert [server.post("/v1/read", content=SEVEN).json()["text"] for _ in range(3)] == ["7"] * 3
        assert server.get("/readyz").status_code == 200
        assert server.service.pool.admitted == 1


def test_a_server_without_a_free_reader_for_long_is_not_ready(monkeypatch):
    monkeypatch.setattr(pool, "STUCK_SECONDS", 0.0)
    with held() as (server, reader), ThreadPoolExecutor() as clients:
        wait_until_ready(server)
        running = clients.submit(server.post, "/v1/read", content=SEVEN)
        reader.wait_for()
        answer = server.get("/readyz")
        assert (answer.status_code, slug(answer)) == (503, "not-ready")
        assert "No reader has been free" in answer.json()["detail"]
        reader.let_go()
        assert running.result().status_code == 200
        wait_until_ready(server)


@pytest.mark.parametrize(
    ("reader", "status", "found"),
    [(CRASHING, 500, "internal"), (GREEDY, 413, "too-large"), (FAILING, 500, "internal")],
)
def test_a_reading_that_fails_is_a_problem_and_the_next_picture_is_read(reader, status, found, caplog):
    if reader is GREEDY and sys.platform != "linux":
        pytest.skip("the limit of memory is Linux's")
    with serving(reader=reader) as server:
        answer = server.post("/v1/read?single=true", content=SEVEN)
        assert (answer.status_code, slug(answer)) == (status, found)
        assert "secret" not in answer.text
        assert server.post("/v1/read", content=SEVEN).json()["text"] == "7"
    assert ("failed" in caplog.text) is (status == 500)


def test_a_worker_that_was_ended_while_it_had_nothing_to_do_costs_nobody_an_answer():
    with serving() as server:
        assert server.post("/v1/read", content=SEVEN).status_code == 200
        (worker,) = server.service.pool._workers
        process = worker._worker._process
        process.kill()
        process.join()
        assert server.post("/v1/read", content=SEVEN).json()["text"] == "7"


def test_a_batch_says_which_of_its_pictures_took_too_long():
    with serving(reader=HANGING, max_seconds=1.0) as server:
        wait_until_ready(server)
        answer = server.post("/v1/read-batch?single=true", files=parts(SEVEN))
        assert json.loads(answer.text.splitlines()[0])["error"]["status"] == 504


def wait_until_ready(server):
    while server.get("/readyz").status_code != 200:
        pass


def read_patiently(server):
    """Returns the response once the worker is up: on a busy machine, that may exceed ``max_seconds``."""
    while (answer := server.post("/v1/read", content=SEVEN)).status_code == 503:
        pass
    return answer


def test_a_full_queue_is_answered_at_once_and_what_was_taken_in_is_read():
    with held(workers=2, queue=3) as (server, reader), ThreadPoolExecutor(8) as clients:
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
        reader.let_go()
        assert [one.result().json()["text"] for one in taken] == ["7"] * 5


def test_many_clients_are_each_answered_with_the_reading_or_busy():
    with serving(workers=2, queue=6) as server, ThreadPoolExecutor(40) as clients:
        answers = list(clients.map(lambda _: server.post("/v1/read", content=SEVEN), range(80)))
        assert {answer.status_code for answer in answers} <= {200, 503}
        assert {answer.json()["text"] for answer in answers if answer.status_code == 200} == {"7"}


def test_a_server_that_stops_finishes_what_is_running():
    with ThreadPoolExecutor() as clients, held() as (server, reader):
        running = clients.submit(server.post, "/v1/read", content=SEVEN)
        reader.wait_for()
        server.server.should_exit = True
        while listens(server):
            pass
        reader.let_go()
        assert running.result().json()["text"] == "7"


def listens(server):
    try:
        with connection(server):
            return True
    except OSError:
        return False


# Clients ----------------------------------------------------------------------------------------------------


def test_a_client_that_asks_too_often_learns_when_to_try_again():
    with serving(rate=3) as server:
        answers = [server.get("/v1/info") for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert slug(answers[-1]) == "too-many-requests"
        assert answers[-1].headers["retry-after"] == "1"
        assert server.get("/metrics").status_code == 429
        for path in ("/", "/livez"):
            assert server.get(path).status_code == 200


@pytest.mark.parametrize("path", ["/v1/models", "/metrics", "/v1/nothing"])
def test_guesses_of_the_key_are_rated(path):
    with serving(rate=3, api_key=KEY) as server:
        answers = [server.get(path, headers={"X-API-Key": f"guess-{number}"}) for number in range(4)]
        assert [answer.status_code for answer in answers] == [401, 401, 401, 429]
        assert server.get(path, headers={"X-API-Key": KEY}).status_code == 429


def test_a_rate_is_an_average_with_the_requests_of_one_second_at_once():
    time = [0.0]
    bucket = TokenBucket(2, now=lambda: time[0])
    bucket.spend("a")
    bucket.spend("a")
    bucket.spend("b")  # each client has its own
    with pytest.raises(Problem):
        bucket.spend("a")
    time[0] = 0.49
    with pytest.raises(Problem):
        bucket.spend("a")
    time[0] = 0.5
    bucket.spend("a")
    with pytest.raises(Problem):
        bucket.spend("a")
    time[0] = 100
    bucket.spend("a")
    bucket.spend("a")
    with pytest.raises(Problem):
        bucket.spend("a")


def test_a_slow_rate_says_how_long_to_wait():
    bucket = TokenBucket(0.1, now=lambda: 0.0)
    bucket.spend("a")
    with pytest.raises(Problem) as caught:
        bucket.spend("a")
    assert caught.value.headers["Retry-After"] == "10"


def test_not_more_clients_are_remembered_than_there_is_room_for():
    bucket = TokenBucket(1, now=lambda: 0.0)
    for number in range(MOST_CLIENTS + 1):
        bucket.spend(str(number))
    bucket.spend("0")  # forgotten, because it was silent the longest
    with pytest.raises(Problem):
        bucket.spend(str(MOST_CLIENTS))


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


# Other sites ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "", "[::1"])
def test_a_name_that_another_site_points_here_is_rejected(server, name):
    answer = server.get("/v1/info", headers={"Host": name})
    assert answer.status_code in (400, 421)  # 400 if the header itself is malformed
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


# The event loop ---------------------------------------------------------------------------------------------


def test_health_is_answered_while_every_reader_is_at_work():
    with held(queue=4) as (server, reader), ThreadPoolExecutor() as clients:
        running = clients.submit(server.post, "/v1/read", content=SEVEN)
        reader.wait_for()
        for path in ("/livez", "/readyz", "/metrics", "/v1/info", "/"):
            assert server.get(path).status_code in (200, 503)
        assert not running.done()
        reader.let_go()
        assert running.result().status_code == 200


def test_a_client_that_goes_away_frees_its_place(caplog):
    caplog.set_level(logging.ERROR)
    with held(queue=1) as (server, reader):
        with connection(server) as wire:
            head = b"POST /v1/read HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\n" % len(SEVEN)
            wire.sendall(head + SEVEN)
            reader.wait_for()
        reader.let_go()
        while server.service.pool.admitted:
            assert server.get("/livez").status_code == 200
    assert not caplog.records


def test_a_client_that_goes_away_in_the_middle_of_its_request_is_not_an_error(server, caplog):
    caplog.set_level(logging.INFO)
    with connection(server) as wire:
        wire.sendall(b"POST /v1/read HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\nhalf")
    while not (found := [one for one in caplog.records if one.name == "inkread.server"]):
        pass
    assert [(one.levelname, one.inkread["status"]) for one in found] == [("INFO", 499)]


@contextmanager
def connection(server):
    """Opens a bare connection."""
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
