"""The client returns and raises the same types as a local reader."""

from __future__ import annotations

import asyncio
import io
import json
import sys
from concurrent.futures import ThreadPoolExecutor

import httpx
import numpy as np
import pytest
from PIL import Image
from processes import never_ready
from serving import BLANK, SEVEN, TRUNCATED, answering, held, serving, seven

from inkread import AsyncClient, Client, Reader
from inkread.client import ServedReading
from inkread.errors import (
    OptionError,
    PictureDamagedError,
    PictureError,
    PictureFormatError,
    PictureNotFoundError,
    PictureTooLargeError,
    ServerBusyError,
    ServerRefusedError,
    ServerUnreachableError,
)
from inkread.store import NewDigit, NewReading


class Awaited:
    """An ``AsyncClient`` whose methods are awaited at once, so both clients pass the same tests."""

    def __init__(self, url, **options):
        self.runner = asyncio.Runner()
        self.client = AsyncClient(url, **options)

    def __getattr__(self, name):
        method = getattr(self.client, name)

        def call(*arguments, **options):
            found = method(*arguments, **options)
            if hasattr(found, "__aiter__"):
                return iter(self.runner.run(self._list(found)))
            return self.runner.run(found)

        return call

    async def _list(self, found):
        return [one async for one in found]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.runner.run(self.client.close())
        self.runner.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    store = tmp_path_factory.mktemp("store") / "store.sqlite"
    with serving(collect=True, store=f"sqlite:///{store}", max_files=5, max_bytes=200_000) as running:
        yield running


@pytest.fixture(params=[Client, Awaited])
def connect(request):
    return request.param


@pytest.fixture
def client(server, connect):
    with connect(server.url) as found:
        yield found


def test_a_reading_is_that_of_a_reader_here(client):
    found, expected = client.read(SEVEN), Reader().read(SEVEN)
    assert isinstance(found, ServedReading)
    assert found.to_dict() == expected.to_dict()
    assert found.source == expected.source
    assert found.milliseconds > 0
    assert found.model == "default"
    assert found.draw(Image.fromarray(seven()).convert("RGB")).mode == "RGB"


@pytest.mark.parametrize("kind", ["path", "str", "file", "image", "array", "bytearray"])
def test_every_source_of_a_reader_is_one(client, kind, tmp_path):
    path = tmp_path / "seven.png"
    path.write_bytes(SEVEN)
    source = {
        "path": path,
        "str": str(path),
        "file": io.BytesIO(SEVEN),
        "image": Image.fromarray(seven()),
        "array": seven(),
        "bytearray": bytearray(SEVEN),
    }[kind]
    found = client.read(source)
    assert found.text == "7"
    if kind in ("path", "str"):
        assert found.source == str(path)


def test_options_are_passed_on(client):
    assert client.read(SEVEN, min_probability=1).text == "?"
    assert client.read(SEVEN, single=True, model="default").text == "7"


@pytest.mark.parametrize(
    ("source", "kind", "words"),
    [
        (b"text", PictureFormatError, "is not a supported image format"),
        (b"", PictureFormatError, "is empty"),
        (TRUNCATED, PictureDamagedError, "is truncated or damaged"),
        (bytes(200_001), PictureTooLargeError, "more than 200000 bytes"),
        ("/nowhere/at/all.png", PictureNotFoundError, "is not a file"),
        ("/", PictureNotFoundError, "is not a file"),
        ("\0", PictureError, "cannot be read"),
    ],
)
def test_a_source_that_is_not_a_picture_is_the_same_error_as_locally(client, source, kind, words):
    with pytest.raises(kind) as caught:
        client.read(source)
    assert words in str(caught.value)
    assert caught.value.remedy


def test_wrong_options_are_errors(client):
    with pytest.raises(OptionError):
        client.read(SEVEN, min_probability=2)
    with pytest.raises(ServerRefusedError) as caught:
        client.read(SEVEN, model="nonsense")
    assert caught.value.status == 404
    assert caught.value.request_id
    with pytest.raises(OptionError):
        client.read(SEVEN, model="../x")


def test_many_are_read_in_order_and_a_bad_one_does_not_stop_the_others(client):
    found = list(client.read_many([SEVEN, TRUNCATED, BLANK, SEVEN]))
    assert [getattr(one, "text", None) for one in found] == ["7", None, "", "7"]
    assert isinstance(found[1], PictureDamagedError)
    assert found[1].source == f"bytes ({len(TRUNCATED)})"
    assert found[1].problem == "is truncated or damaged"


def test_too_many_are_rejected(client):
    with pytest.raises(ServerRefusedError, match="more than 5 pictures"):
        list(client.read_many([BLANK] * 6))


def test_a_drawing_comes_back(client):
    assert np.asarray(client.draw(SEVEN)).ndim == 3


def test_glyphs_are_classified(client):
    found = client.classify(np.stack([seven(), seven()]), normalize=True)
    assert found.digits == ("7", "7")
    assert found.probabilities.shape == (2, 11)
    with pytest.raises(OptionError):
        client.classify(np.zeros((1, 27, 28)))


def test_the_server_is_described(client):
    assert client.info()["limits"]["files"] == 5
    assert [model["name"] for model in client.models()] == ["default", "characters", "detector", "text"]


def test_readings_are_found_corrected_and_removed(client):
    reading = client.read(SEVEN)
    stored = client.reading(reading.id)
    assert stored["text"] == "7"
    assert next(client.readings())["id"] == reading.id
    correction = client.correct(reading.id, line=0, position=0, label="1", by="me")
    assert next(client.corrections())["id"] == correction["id"]
    client.withdraw(correction["id"])
    client.remove_reading(reading.id)
    with pytest.raises(ServerRefusedError) as caught:
        client.reading(reading.id)
    assert caught.value.status == 404


@pytest.fixture
def stored(tmp_path):
    """A server that cannot read, with a stored reading of 12, and the reading's id."""
    row = tuple(
        NewDigit(label, 0.5, (100 + 30 * place, 10, 120 + 30 * place, 40), (0.1,) * 10, bytes(784), b"")
        for place, label in enumerate("12")
    )
    with serving(reader=never_ready, collect=True, store=f"sqlite:///{tmp_path / 'store.sqlite'}") as running:
        new = NewReading("a.png", 400, 100, "12", "default", "ab" * 32, (row,), None)
        yield running, running.service.store.add_reading(new)


def test_boxes_are_marked_and_rows_are_written(connect, stored):
    server, reading = stored
    with connect(server.url) as client:
        mark = client.mark(reading, box=np.array([300, 10, 320, 40]), label="5", by="me")
        assert (mark["kind"], mark["box"], mark["label"], mark["by"]) == (
            "mark",
            [300, 10, 320, 40],
            "5",
            "me",
        )
        client.withdraw(mark["id"])
        (missed,) = client.correct_line(reading, line=0, text="123", by="me")
        assert (missed["kind"], missed["label"], missed["by"]) == ("mark", "3", "me")
        (wrong,) = client.correct_line(reading, line=0, text="723")
        assert (wrong["kind"], wrong["position"], wrong["label"]) == ("digit", 0, "7")
        assert client.correct_line(reading, line=0, text="723") == []
        assert [one["id"] for one in client.corrections()] == [wrong["id"], missed["id"]]
        with pytest.raises(OptionError, match="is empty or outside the picture"):
            client.mark(reading, box=(0, 0, 401, 10), label="5")
        with pytest.raises(OptionError, match="has invalid characters"):
            client.correct_line(reading, line=0, text="1.2")
        with pytest.raises(ServerRefusedError, match="no such row"):
            client.correct_line(reading, line=1, text="1")


def test_all_pages_are_listed(client):
    ids = [client.read(SEVEN).id for _ in range(55)]
    found = [one["id"] for one in client.readings()]
    assert found[:55] == ids[::-1]


@pytest.fixture(scope="module")
def guarded():
    with answering(api_key="secret") as running:
        yield running


def test_the_key_is_sent(connect, guarded):
    with connect(guarded.url, api_key="secret") as client:
        assert client.read(SEVEN).text == "7"
        assert "secret" not in repr(client)
    with connect(guarded.url) as client, pytest.raises(ServerRefusedError) as caught:
        client.read(SEVEN)
    assert caught.value.status == 401


def test_a_busy_server_is_an_error_that_says_when_to_come_again(connect):
    with (
        held(queue=0) as (server, reader),
        ThreadPoolExecutor() as others,
        connect(server.url) as client,
    ):
        others.submit(server.post, "/v1/read", content=SEVEN)
        reader.wait_for()
        with pytest.raises(ServerBusyError) as caught:
            client.read(SEVEN)
        with pytest.raises(ServerBusyError):
            list(client.read_many([SEVEN]))
        reader.let_go()
    assert caught.value.retry_after == 1


def test_no_server_is_an_error(connect):
    with (
        connect("http://127.0.0.1:9") as client,
        pytest.raises(ServerUnreachableError, match="does not respond"),
    ):
        client.read(SEVEN)


@pytest.mark.parametrize("url", ["127.0.0.1:8000", "", "ftp://x"])
def test_an_invalid_address_is_an_error(connect, url):
    with pytest.raises(OptionError):
        Client(url)


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json={}),
        httpx.Response(502, text="Bad Gateway"),
        httpx.Response(404, json={"detail": "Not Found"}),
    ],
)
def test_another_kind_of_server_is_distinguished_from_ours(answer):
    transport = httpx.MockTransport(lambda request: answer)
    with Client("http://other.example", transport=transport) as client:
        with pytest.raises(ServerUnreachableError, match="is not an inkread server"):
            client.read(SEVEN)
        with pytest.raises(ServerUnreachableError):
            client.info()


def test_an_id_never_changes_the_address():
    asked = []

    def answer(request):
        asked.append(request.url.raw_path)
        return httpx.Response(204, headers={"X-Request-ID": "x"})

    with Client("http://x.example/", transport=httpx.MockTransport(answer)) as client:
        client.withdraw("../readings/1?x=#")
    assert asked == [b"/v1/corrections/..%2Freadings%2F1%3Fx%3D%23"]


def test_both_clients_have_the_same_methods():
    def public(kind):
        return {name for name in dir(kind) if not name.startswith("_")}

    assert public(Client) == public(AsyncClient)


def test_lines_are_given_as_they_come():
    first = json.dumps(
        {"source": "0", "error": {"type": "urn:inkread:problem:x", "detail": "0 is x.", "remedy": "Y."}}
    )

    class Lines(httpx.SyncByteStream):
        def __iter__(self):
            yield first.encode() + b"\n"
            raise httpx.ReadError("the line is cut")

    def answer(request):
        return httpx.Response(200, stream=Lines(), headers={"X-Request-ID": "x"})

    with Client("http://x.example", transport=httpx.MockTransport(answer)) as client:
        found = client.read_many([SEVEN, SEVEN])
        assert str(next(found)) == f"bytes ({len(SEVEN)}): is x; y"
        with pytest.raises(ServerUnreachableError):
            next(found)


@pytest.mark.parametrize("kind", [Client, Awaited])
@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_a_server_on_this_machine_is_asked_without_a_proxy(server, kind, variable, monkeypatch):
    monkeypatch.setenv(variable, "http://127.0.0.1:9")  # an address where no server listens
    with kind(server.url) as client:
        assert client.info()["version"]


@pytest.mark.parametrize("kind", [Client, AsyncClient])
@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("ALL_PROXY", "socks5://10.0.0.1:1080", "httpx\\[socks\\]"),
        ("HTTP_PROXY", "ftp://10.0.0.1", "check HTTP_PROXY"),
        ("SSL_CERT_FILE", "/nonexistent/certificates.pem", "SSL_CERT_FILE"),
    ],
)
def test_a_proxy_that_cannot_be_used_is_an_error_that_says_what_to_do(
    kind, variable, value, words, monkeypatch
):
    monkeypatch.setitem(sys.modules, "socksio", None)
    monkeypatch.setenv(variable, value)
    with pytest.raises(ServerUnreachableError, match=words):
        kind("http://inkread.example")
    for url in ("http://127.0.0.1:8000", "http://localhost:8000", "http://[::1]:8000"):
        kind(url)
