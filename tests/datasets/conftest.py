"""Mirrors on this machine."""

import pytest
from mirrors import Mirrors


@pytest.fixture
def mirrors(monkeypatch):
    """A file server."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    server = Mirrors()
    yield server
    server.close()
