"""What is refused before a request is looked at, and while its body comes in.

In this order: a host name that is not this server's, a page of another site, a client that asks too often, a wrong key, and a body
that is too large, comes too slowly, or does not fit into the memory set aside for all. What comes before the body is bounded in
``protocol``.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import ipaddress
import math
from collections import OrderedDict
from time import monotonic
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.datastructures import Headers

from inkread.server.problems import Problem, busy
from inkread.server.settings import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from inkread.server.settings import ServerSettings

OPEN = ("/livez", "/readyz")
"""What an orchestrator asks, which knows neither key nor name."""

NEEDS_NO_KEY = "/v1/info"
"""Where a client learns whether there is a key."""

HARMLESS = ("GET", "HEAD", "OPTIONS")
"""Methods that change nothing."""

SMALL = {"/v1/corrections": 64 * 2**10}
"""Bytes of a body that is parsed where all requests are answered, and would hold them up if it were large."""

MOST_CLIENTS = 10_000
"""Clients whose rates are remembered; beyond, the one that was silent for longest is forgotten."""

NETWORK_BITS = 64
"""Of an IPv6 address: what follows, a client may choose at will."""


class AccessControlMiddleware:
    """ASGI middleware that lets through what may be tried at all.

    Where the server listens at loopback, it answers to its own names only: else any site could point a name of its own at
    127.0.0.1 and have its pages use this server as theirs (DNS rebinding).
    """

    def __init__(self, app: ASGIApp, settings: ServerSettings) -> None:
        self.app, self.settings = app, settings
        self._names = {*LOOPBACK, settings.host, *settings.hosts} if settings.is_local else None
        self._key = None if settings.api_key is None else _digest(settings.api_key)
        self._bucket = TokenBucket(settings.rate) if settings.rate else None
        self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        try:
            if scope["path"] not in OPEN:
                self._check(scope, headers)
        except Problem as problem:
            await problem.response(scope["state"]["request_id"])(scope, receive, send)
            return
        limit = min(self.settings.max_bytes, SMALL.get(scope["path"], self.settings.max_bytes))
        seconds = self.settings.max_upload_seconds
        body = Body(receive, self._hold, headers.get("content-length"), limit=limit, seconds=seconds)
        try:
            await self.app(scope, body.receive, send)
        finally:
            self._held -= body.size

    def _check(self, scope: Scope, headers: Headers) -> None:
        name = headers.get("host", "")
        if self._names is not None and _host_name(name) not in self._names:
            raise Problem(
                "wrong-host",
                "The request is for a host of another name.",
                "Use the address the server printed.",
            )
        origin = headers.get("origin")
        if origin is not None and scope["method"] not in HARMLESS and not self._may_write(origin, name):
            raise Problem(
                "foreign-origin",
                "Pages of this origin may not use the server.",
                "Allow the origin with --cors.",
            )
        path: str = scope["path"]
        if self._bucket is not None and _is_rated(path):  # before the key: guesses of it count
            self._bucket.spend(_client(scope))
        if (
            self._key is not None
            and _needs_key(path)
            and not hmac.compare_digest(self._key, _sent_key(headers))
        ):
            raise Problem(
                "unauthorized",
                "The request has no valid API key.",
                "Send the key in the header Authorization: Bearer <key>.",
                headers={"WWW-Authenticate": 'Bearer realm="inkread"'},
            )

    def _may_write(self, origin: str, host: str) -> bool:
        """Whether a page of this origin is the server's own, or one of those that CORS is open to."""
        own = urlsplit(origin).netloc.lower() == host.lower() if origin != "null" else False
        return own or "*" in self.settings.cors or origin in self.settings.cors

    def _hold(self, size: int) -> None:
        """Sets memory aside for a part of a body."""
        if self._held + size > self.settings.max_held_bytes:
            raise busy("The memory for requests is full.")
        self._held += size


class Body:
    """A request's body, counted and timed while it comes in.

    Args:
        receive: gives its parts.
        hold: is told the size of each part, before it is kept.
        declared: the header ``Content-Length``.
        limit: bytes at most.
        seconds: until it must be there.
    """

    def __init__(
        self,
        receive: Receive,
        hold: Callable[[int], None],
        declared: str | None,
        *,
        limit: int,
        seconds: float,
    ) -> None:
        self.size = 0
        self._receive, self._hold, self._limit, self._seconds = receive, hold, limit, seconds
        self._declared = int(declared) if declared and declared.isdecimal() else 0
        self._deadline = asyncio.get_running_loop().time() + seconds
        self._complete = False

    async def receive(self) -> Message:
        """The next part; raises a ``Problem`` once a limit is passed."""
        if self._complete:
            return await self._receive()  # waits for the client to go away
        self._check(self._declared)  # before the client is even asked to go on
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError:
            detail = f"The request did not arrive within {self._seconds:g} seconds."
            raise Problem("upload-too-slow", detail, "Send less, or faster.") from None
        if message["type"] == "http.request":
            part = len(message.get("body", b""))
            self._check(self.size + part)
            self._hold(part)
            self.size += part
            self._complete = not message.get("more_body", False)
        return message

    def _check(self, size: int) -> None:
        if size > self._limit:
            detail = f"The request has more than {self._limit} bytes."
            raise Problem("too-large", detail, "Reduce the picture, or send fewer at a time.")


class TokenBucket:
    """How often each client asks: a bucket that fills with ``rate`` requests a second and holds those of one second.

    Args:
        rate: requests a second, above 0.
        now: a clock in seconds.
    """

    def __init__(self, rate: float, now: Callable[[], float] = monotonic) -> None:
        self.rate, self._now = rate, now
        self._most = max(1.0, rate)
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def spend(self, client: str) -> None:
        """Counts one request; raises a ``Problem`` if it is one too many."""
        now = self._now()
        left, since = self._buckets.pop(client, (self._most, now))
        left = min(self._most, left + (now - since) * self.rate)
        self._buckets[client] = (left - 1 if left >= 1 else left, now)
        while len(self._buckets) > MOST_CLIENTS:
            self._buckets.popitem(last=False)
        if left < 1:
            wait = max(1, math.ceil((1 - left) / self.rate))
            raise Problem(
                "too-many-requests",
                f"This server answers each client {self.rate:g} times a second.",
                f"Try again in {wait} s.",
                headers={"Retry-After": str(wait)},
            )


def _is_rated(path: str) -> bool:
    return path.startswith("/v1/") or path == "/metrics"


def _needs_key(path: str) -> bool:
    return _is_rated(path) and path != NEEDS_NO_KEY


def _sent_key(headers: Headers) -> bytes:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    key = token.strip() if scheme.lower() == "bearer" else headers.get("x-api-key", "")
    return _digest(key)


def _digest(key: str) -> bytes:
    """Of one length for any key, so that not even that can be told from the time of a comparison."""
    return hashlib.sha256(key.encode()).digest()


def _host_name(host: str) -> str:
    """The name in a ``Host`` header, without the port."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _client(scope: Scope) -> str:
    """Whom to count a request to: an address, of IPv6 the network."""
    host = (scope.get("client") or ("unknown",))[0]
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return str(host)
    if address.version == 6:
        return str(ipaddress.ip_network((address, NETWORK_BITS), strict=False))
    return str(address)
