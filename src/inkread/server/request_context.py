"""Gives every response a request id, security headers, a log line, and metrics, but never a traceback."""

from __future__ import annotations

import asyncio
import logging
import re
from time import perf_counter
from typing import TYPE_CHECKING
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect

from inkread.server.monitoring import FIELDS, log
from inkread.server.problems import internal, not_ready

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from inkread.server.monitoring import Metrics

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
"""Client-supplied ids that are accepted; others are replaced."""

CONTENT_SECURITY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; media-src 'self' blob:; manifest-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
"""The page loads files from this server, shows the user's data, and contacts no other host."""

SECURITY_HEADERS = {
    "content-security-policy": CONTENT_SECURITY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(self), microphone=(), geolocation=(), payment=(), usb=()",
}

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
"""Methods counted by name; a client may send any other word as a method."""


GONE = 499
"""Status counted if the client disconnects before the response (nginx's convention); it is never sent."""


class RequestContextMiddleware:
    """The outermost ASGI middleware."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app, self.metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles a request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        start = perf_counter()
        sent = Headers(scope=scope).get("x-request-id", "")
        request_id = sent if REQUEST_ID.fullmatch(sent) else uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        status = 0

        async def finish(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["x-request-id"] = request_id
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)  # a report has a stricter policy
                headers.setdefault("cache-control", "no-store")
            await send(message)

        try:
            await self.app(scope, receive, finish)
        except ClientDisconnect:
            status = GONE
        except asyncio.CancelledError:
            if status:
                raise  # as in the next handler
            stopping = not_ready("The server is shutting down.")
            await stopping.response(request_id)(scope, receive, finish)
        except Exception:
            log.exception("failed", extra={FIELDS: {"request": request_id}})
            if status:
                raise  # the response is half sent: break the connection so that the client notices
            await internal().response(request_id)(scope, receive, finish)
        finally:
            self._count(scope, status, perf_counter() - start, request_id)

    def _count(self, scope: Scope, status: int, seconds: float, request_id: str) -> None:
        route = _route(scope)
        method = scope["method"] if scope["method"] in METHODS else "other"
        self.metrics.requests.labels(method, route, status).inc()
        self.metrics.request_seconds.labels(route).observe(seconds)
        if log.isEnabledFor(logging.INFO):
            fields = {
                "request": request_id,
                "method": method,
                "route": route,
                "status": status,
                "milliseconds": round(1000 * seconds, 2),
                "client": (scope.get("client") or ("",))[0],
            }
            log.info("request", extra={FIELDS: fields})


def _route(scope: Scope) -> str:
    """Returns the route's pattern, so that the number of label values is bounded for any request."""
    if scope["path"] == "/" or scope["path"].startswith("/static/"):
        return "page"
    return getattr(scope.get("route"), "path", "other")
