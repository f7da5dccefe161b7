"""Server processes behind one port share a store."""

from __future__ import annotations

import socket

import httpx
import pytest
from processes import PATIENCE
from sqlalchemy import URL, make_url

pytest.importorskip("fastapi", reason="needs the server: pip install '.[serve]'")

from visitors import Visitors, posix, server_at, url_of

from inkread.store import Store


@posix
@pytest.mark.slow
def test_servers_that_share_a_socket_and_a_store_lose_no_reading(url):
    options = ("--collect", "--store", url)
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        server_at(listener, *options) as first,
        server_at(listener, *options) as second,
    ):
        with Visitors(url_of(listener)) as visitors:
            visitors.wait_for(8)
        page = httpx.get(f"{url_of(listener)}/v1/readings?limit=200", timeout=PATIENCE).json()
        for process in (first, second):
            process.terminate()
            assert process.wait(PATIENCE) == 0
    assert (visitors.errors, set(visitors.answers)) == ([], {200})
    assert len(page["readings"]) == visitors.answers.total()


@pytest.mark.slow
def test_the_password_of_postgresql_may_be_in_the_environment_as_the_manifests_have_it(schema, monkeypatch):
    url = make_url(schema)
    monkeypatch.setenv("PGPASSWORD", str(url.password))
    without = URL.create(url.drivername, url.username, host=url.host, database=url.database, query=url.query)
    with Store.open(without.render_as_string()) as store:
        assert store.readings().items == ()
