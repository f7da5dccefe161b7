from __future__ import annotations

import pytest
from serving import serving


@pytest.fixture(autouse=True)
def no_key_of_the_environment(monkeypatch):
    monkeypatch.delenv("INKREAD_API_KEY", raising=False)


@pytest.fixture(scope="session")
def server():
    """A server with default settings; tests do not change it."""
    with serving(workers=2) as client:
        yield client


@pytest.fixture(scope="session")
def collecting(tmp_path_factory):
    """A server that stores readings."""
    store = tmp_path_factory.mktemp("store") / "store.sqlite"
    with serving(collect=True, store=f"sqlite:///{store}") as client:
        yield client
