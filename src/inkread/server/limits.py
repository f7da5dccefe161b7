"""Rejects requests before they are processed and while their bodies arrive.

The checks, in order: a host name that is not this server's, another site's page, a client with too many
requests, a wrong key, and a body that is too large, arrives too slowly, or does not fit into the memory
reserved for all bodies. ``protocol`` limits the part of a request before the body.
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
"""Paths for orchestrators, which know neither the key nor the host name."""

NEEDS_NO_KEY = "/v1/info"
"""The path at which a client learns whether a key is required."""

HARMLESS = ("GET", "HEAD", "OPTIONS")
"""Methods without side effects."""

SMALL = {"/v1/corrections": 64 * 2**10}
"""Maximum bytes of bodies that are parsed on the event loop, where large ones would delay all requests."""

MOST_CLIENTS = 10_000
"""Maximum number of clients whose rates are tracked; beyond it, the least recently seen one is dropped."""

NETWORK_BITS = 64
"""Network prefix length of an IPv6 address; a client can choose the remaining bits at will."""


class AccessControlMiddleware:
    """ASGI middleware that passes on only permitted requests.

    A server that listens on loopback accepts only its own host names. Otherwise, any site could point a
    domain at 127.0.0.1, and its pages could use this server (DNS rebinding).
    """

    def __init__(self, app: ASGIApp, settings: ServerSettings) -> None:
        self.app, self.settings = app, settings
        self._names = {*LOOPBACK, settings.host, *settings.hosts} if settings.is_local else None
        self._key = None if settings.api_key is None else _digest(settings.api_key)
        self._bucket = TokenBucket(settings.rate) if settings.rate else None
        self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Checks a request, and answers or forwards it."""
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
            detail = "The request is for another host name."
            raise Problem("wrong-host", detail, "Use the address that the server printed.")
        origin = headers.get("origin")
        if origin is not None and scope["method"] not in HARMLESS and not self._may_write(origin, name):
            detail = "Pages of this origin may not use the server."
            raise Problem("foreign-origin", detail, "Allow the origin with --cors.")
        path: str = scope["path"]
        if self._bucket is not None and _is_rated(path):  # before the key, so that guesses count
            self._bucket.spend(_client(scope))
        key = self._key if _is_rated(path) and path != NEEDS_NO_KEY else None
        if key is not None and not hmac.compare_digest(key, _sent_key(headers)):
            raise Problem(
                "unauthorized",
                "The request has no valid API key.",
                "Send the key in the header Authorization: Bearer <key>.",
                headers={"WWW-Authenticate": 'Bearer realm="inkread"'},
            )

    def _may_write(self, origin: str, host: str) -> bool:
        own = urlsplit(origin).netloc.lower() == host.lower() if origin != "null" else False
        return own or "*" in self.settings.cors or origin in self.settings.cors

    def _hold(self, size: int) -> None:
        if self._held + size > self.settings.max_held_bytes:
            raise busy("The memory for requests is full.")
        self._held += size


class Body:
    """A request's body, counted and timed as it arrives; ``declared`` is the header ``Content-Length``.

    ``hold`` is called with the size of each part before it is kept. The body has at most ``limit`` bytes, and
    is complete within ``seconds``.
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
        """Returns the next part; raises a ``Problem`` if a limit is exceeded."""
        if self._complete:
            return await self._receive()  # waits for the client to disconnect
        self._check(self._declared)  # before asking the client to continue
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError:
            detail = f"The request did not arrive within {self._seconds:g} seconds."
            raise Problem("upload-too-slow", detail, "Send less data, or send it faster.") from None
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
            raise Problem("too-large", detail, "Reduce the picture, or send fewer pictures at a time.")


class TokenBucket:
    """Limits each client's requests per second: its bucket refills at ``rate``, and holds one second's."""

    def __init__(self, rate: float, now: Callable[[], float] = monotonic) -> None:
        self.rate, self._now = rate, now
        self._most = max(1.0, rate)
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def spend(self, client: str) -> None:
        """Counts one request; raises a ``Problem`` if it exceeds the rate."""
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
                f"This server allows each client {self.rate:g} requests per second.",
                f"Try again in {wait} s.",
                headers={"Retry-After": str(wait)},
            )


def _is_rated(path: str) -> bool:
    return path.startswith("/v1/") or path == "/metrics"


def _sent_key(headers: Headers) -> bytes:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    key = token.strip() if scheme.lower() == "bearer" else headers.get("x-api-key", "")
    return _digest(key)


def _digest(key: str) -> bytes:
    """Returns a hash of fixed length, so that the comparison's time does not reveal the key's length."""
    return hashlib.sha256(key.encode()).digest()


def _host_name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _client(scope: Scope) -> str:
    """Returns the client to count a request for: its address, or for IPv6 its network."""
    host = (scope.get("client") or ("unknown",))[0]
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return str(host)
    if address.version == 6:
        return str(ipaddress.ip_network((address, NETWORK_BITS), strict=False))
    return str(address)
