"""The settings of a server."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from inkread.errors import OptionError
from inkread.picture import PictureLimits
from inkread.system.cores import usable_cores

if TYPE_CHECKING:
    from collections.abc import Mapping

LOOPBACK = ("127.0.0.1", "localhost", "::1")
"""Addresses that only this machine can reach."""

MODEL_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")

MOST_WORKERS = 8
"""Maximum default number of worker processes; each uses its own memory."""

MOST_KEY = 1024
"""Maximum length of an API key."""


def default_store() -> str:
    """Returns the default store's URL."""
    from inkread.store import default_url

    return default_url()


def default_workers() -> int:
    """Returns one worker per core that this process may use, at most ``MOST_WORKERS``."""
    return min(usable_cores(), MOST_WORKERS)


def _key_of_environment() -> str | None:
    return os.environ.get("INKREAD_API_KEY") or None


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """All settings of a server, including the limits on what a client can request.

    Attributes:
        host: the address to listen on; by default only this machine can reach it.
        port: the port to listen on; 0 for any free port.
        models: additional models: folders of training runs by name.
        collect: store readings and accept corrections.
        store: URL of the store, used only with ``collect``.
        api_key: the key required by ``/v1`` and ``/metrics``, if any; default: the environment's
            ``INKREAD_API_KEY``.
        cors: origins whose pages may use the API, such as ``"https://example.org"``; ``"*"`` for any.
        hosts: additional host names of this server; matters only if it listens on loopback, see
            ``inkread.server.limits``.
        max_bytes: maximum bytes of a request's body.
        max_held_bytes: maximum bytes of all bodies in memory at one time.
        max_pixels: maximum pixels of a picture at full size.
        max_files: maximum pictures per ``/v1/read-batch`` request.
        max_rows: maximum glyphs per ``/v1/glyphs`` request.
        max_seconds: maximum time to read one picture, and maximum time to wait for a worker.
        max_upload_seconds: maximum time for a request's body to arrive.
        workers: number of processes, each reading one picture at a time.
        queue: maximum number of pictures waiting for a worker.
        rate: maximum average requests per second per client; 0 for no limit.
        static: serve the web page.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    models: Mapping[str, str] = field(default_factory=dict)
    collect: bool = False
    store: str = field(default_factory=default_store)
    api_key: str | None = field(default_factory=_key_of_environment, repr=False)
    cors: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    max_bytes: int = 32 * 2**20
    max_held_bytes: int = 256 * 2**20
    max_pixels: int = PictureLimits().max_pixels
    max_files: int = 100
    max_rows: int = 10_000
    max_seconds: float = 20.0
    max_upload_seconds: float = 60.0
    workers: int = field(default_factory=default_workers)
    queue: int = 64
    rate: float = 0.0
    static: bool = True

    def __post_init__(self) -> None:
        for name in ("max_bytes", "max_pixels", "max_files", "max_rows", "workers"):
            self._require(name, "use a number of at least 1", getattr(self, name) >= 1)
        for name in ("max_seconds", "max_upload_seconds"):
            self._require(name, "use seconds above 0", 0 < getattr(self, name) < float("inf"))
        for name in ("queue", "rate"):
            self._require(name, "use 0 or more", 0 <= getattr(self, name) < float("inf"))
        self._require("port", "use a port from 0 to 65535", 0 <= self.port <= 65535)
        remedy = "use at least --max-bytes, the limit of one request"
        self._require("max_held_bytes", remedy, self.max_held_bytes >= self.max_bytes)
        if self.api_key is not None and not _is_key(self.api_key):
            remedy = f"use 1 to {MOST_KEY} printable ASCII characters without spaces"
            raise OptionError("--api-key", "cannot be sent in a header", remedy)
        for name in self.models:
            if not MODEL_NAME.fullmatch(name):
                raise OptionError(
                    f"--model {name}", "is not a valid model name", "use letters, digits, -, _, and ."
                )
        for origin in self.cors:
            if origin != "*" and not re.fullmatch(r"https?://[^/\s]+", origin):
                raise OptionError(
                    f"--cors {origin}", "is not an origin", "use e.g. https://example.org, or *"
                )

    def _require(self, name: str, remedy: str, holds: bool) -> None:
        """Raises an ``OptionError`` that names the command's option."""
        if not holds:
            raise OptionError(f"--{name.replace('_', '-')} {getattr(self, name)}", "is out of range", remedy)

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach the server."""
        return self.host in LOOPBACK

    @property
    def picture_limits(self) -> PictureLimits:
        """The limits for a picture."""
        return PictureLimits(max_bytes=self.max_bytes, max_pixels=self.max_pixels)


def _is_key(key: str) -> bool:
    return 0 < len(key) <= MOST_KEY and key.isascii() and key.isprintable() and " " not in key
