"""Runs the page in a real Chromium against a real server; skips, with the reason, if something is missing."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("playwright.sync_api", reason="needs Playwright: pip install playwright")
pytest.importorskip("fastapi", reason="needs the extra: pip install '.[serve]'")

from browser.visit import Visit
from playwright.sync_api import expect, sync_playwright

from inkread.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser

FLAGS = [
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")

expect.set_options(timeout=120_000)


@pytest.fixture(scope="session")
def chromium() -> str:
    """Returns the path of the browser: INKREAD_CHROMIUM, or an installed one."""
    found = os.environ.get("INKREAD_CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip("needs Chromium: apt-get install chromium, or name one in INKREAD_CHROMIUM")
    return found


@contextmanager
def serving(*options: str) -> Iterator[str]:
    """Starts a server in its own process and yields its address."""
    command = [sys.executable, "-m", "inkread", "serve", "--port", "0", "--log-level", "error", *options]
    environment = {name: value for name, value in os.environ.items() if name != "INKREAD_API_KEY"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stdout is not None
            announced = process.stdout.readline()
            address = re.search(r"http://\S+:\d+", announced)
            assert address, f"the server did not start: {announced!r}"
            yield address[0]
        finally:
            process.terminate()


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """A server with default settings, which stores nothing."""
    with serving() as address:
        yield address


@pytest.fixture(scope="session")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The address of a server that stores readings and corrections, and the URL of its store."""
    store = f"sqlite:///{tmp_path_factory.mktemp('store') / 'store.sqlite'}"
    with serving("--collect", "--store", store) as address:
        yield address, store


@pytest.fixture
def store(collector: tuple[str, str]) -> str:
    """The store of ``collecting``, empty."""
    with Store.open(collector[1]) as opened:
        opened.remove_readings()
    return collector[1]


@pytest.fixture
def collecting(collector: tuple[str, str], store: str) -> str:
    """A server that stores readings and corrections; it has none yet."""
    return collector[0]


@pytest.fixture(scope="session")
def guarded() -> Iterator[str]:
    """A server that requires the key "open-sesame"."""
    with serving("--api-key", "open-sesame") as address:
        yield address


@pytest.fixture(scope="module")
def flags() -> list[str]:
    """Extra browser flags; a module can override them."""
    return []


@pytest.fixture(scope="module")
def browser(chromium: str, flags: list[str]) -> Iterator[Browser]:
    # Run as root, Chromium needs its sandbox off; it opens only our own page.
    root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=[*FLAGS, *root, *flags])
        yield browser
        browser.close()


@pytest.fixture
def visit(browser: Browser, server: str) -> Iterator[Callable[..., Visit]]:
    """Opens the page; at the end of the test, no unexpected error may have occurred.

    Tests request their own server before this fixture, so that it ends after the page that still uses it.
    """
    visits: list[Visit] = []

    def open_page(where: str = "", *, address: str = server, **context: object) -> Visit:
        visits.append(
            Visit(browser.new_context(**{"viewport": {"width": 1280, "height": 860}, **context}), address)
        )
        return visits[-1].open(where)

    yield open_page
    faults = [fault for each in visits for fault in each.close()]
    assert faults == []


@pytest.fixture
def uploaded(visit: Callable[..., Visit]) -> Callable[..., Visit]:
    """Opens the page and uploads an example picture; returns when it has been read."""

    def upload(name: str, **options: object) -> Visit:
        person = visit("#upload", **options)
        person.upload_example(name)
        return person

    return upload
