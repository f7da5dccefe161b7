"""The settings of a server."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping  # noqa: TC003 - the command line reads the types of the fields
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from inkread.errors import OptionError
from inkread.system.cores import usable_cores

if TYPE_CHECKING:
    from inkread.picture import PictureLimits

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


def default_pixels() -> int:
    """Returns the limit that the reader has too."""
    from inkread.picture import PictureLimits

    return PictureLimits().max_pixels


def default_workers() -> int:
    """Returns one worker per core that this process may use, at most ``MOST_WORKERS``."""
    return min(usable_cores(), MOST_WORKERS)


def _key_of_environment() -> str | None:
    return os.environ.get("INKREAD_API_KEY") or None


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """All settings of a server, including the limits on what a client can request.

    The texts below the fields are the help of ``inkread serve``.
    """

    host: str = "127.0.0.1"
    """The address to listen on; 0.0.0.0 for any."""

    port: int = 8000
    """The port to listen on; 0 for any free port."""

    tls_self_signed: bool = False
    """Serve HTTPS with a self-signed certificate; phones let a page use the camera only over HTTPS."""

    models: Mapping[str, str] = field(default_factory=dict)
    """Additional models: folders of training runs by name."""

    collect: bool = False
    """Store readings with their pictures, and accept corrections."""

    store: str = field(default_factory=default_store, metadata={"metavar": "URL"})
    """The store for --collect: sqlite:///FILE or postgresql+psycopg://…"""

    api_key: str | None = field(default_factory=_key_of_environment, repr=False, metadata={"metavar": "KEY"})
    """Require this key (better: INKREAD_API_KEY, which other users cannot see)."""

    cors: tuple[str, ...] = ()
    """Origins whose pages may use the API, such as ``"https://example.org"``; ``"*"`` for any."""

    hosts: tuple[str, ...] = ()
    """Additional host names; matters only if the server listens on loopback, see ``server.limits``."""

    max_bytes: int = 32 * 2**20
    """Maximum bytes of a request."""

    max_held_bytes: int = 256 * 2**20
    """Maximum bytes of all requests in memory at one time."""

    max_pixels: int = field(default_factory=default_pixels)
    """Maximum pixels of a picture at full size; default: 120 million."""

    max_files: int = 100
    """Maximum pictures per batch request."""

    max_rows: int = 10_000
    """Maximum glyphs per request."""

    max_seconds: float = 20.0
    """Maximum seconds to read one picture, and to wait for a worker."""

    max_upload_seconds: float = 60.0
    """Maximum seconds for a request to arrive."""

    workers: int = field(default_factory=default_workers)
    """Reader processes, each reading one picture at a time; default: one per core, at most 8."""

    queue: int = 64
    """Maximum pictures waiting for a worker."""

    rate: float = 0.0
    """Maximum average requests per second per client; 0 for no limit."""

    static: bool = True
    """Whether to serve the web page."""

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
        from inkread.picture import PictureLimits

        return PictureLimits(max_bytes=self.max_bytes, max_pixels=self.max_pixels)


def _is_key(key: str) -> bool:
    return 0 < len(key) <= MOST_KEY and key.isascii() and key.isprintable() and " " not in key
