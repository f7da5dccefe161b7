"""uvicorn's HTTP protocol, with limits on the data before, between, and after the parts of a body.

A server that stops keeps the connections that it has promised to keep open: a request may be on its way.

``limits`` bounds a body as it is received. It never sees the data that the parser itself buffers: the request
line, the header fields, the trailer fields, and the chunk extensions.
"""

from __future__ import annotations

from uuid import uuid4

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from inkread.server.problems import Problem
from inkread.server.request_context import SECURITY_HEADERS

HEAD_BYTES = 16 * 2**10
"""Maximum bytes of a request's line and header fields; browsers send a few hundred."""

HEAD_FIELDS = 100

READ_BYTES = 16 * 2**10
"""Data is parsed in parts of this many bytes, so that the parser buffers at most this beyond
``HEAD_BYTES``."""


LINGER_SECONDS = 1.0
"""Time for which a server that stops keeps idle connections open, for requests that are on their way."""


class _HeadTooLargeError(Exception):
    """The request's head has too many bytes or fields."""


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol with problems as 400 responses; answers 431 and hangs up if a head is too large."""

    _bytes = _fields = 0
    """Size of the head that is being read."""

    _silent = 0
    """Bytes since the parser last reported a complete head, a part of a body, or the body's end."""

    _too_large = False

    _is_stopping = False

    def shutdown(self) -> None:
        """Lets the client know with the next response that the connection ends; without one, waits a moment.

        uvicorn would close idle connections at once, and lose a request that has just been sent.
        """
        self._is_stopping = True
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is None or cycle.response_started:
            self._linger()
        else:
            cycle.keep_alive = False

    def on_response_complete(self) -> None:
        """Handles the end of a response."""
        super().on_response_complete()
        if self._is_stopping:
            self._linger()

    def data_received(self, data: bytes) -> None:
        """Parses received data, part by part."""
        for start in range(0, len(data), READ_BYTES):
            part = data[start : start + READ_BYTES]
            self._silent += len(part)
            super().data_received(part)
            if self._silent > HEAD_BYTES and not self.transport.is_closing():
                self._too_large = True
                self.send_400_response("")
            if self.transport.is_closing():
                return

    def on_message_begin(self) -> None:
        """Handles the start of a request."""
        self._bytes = self._fields = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Handles a part of the request line."""
        self._count(len(url), fields=0)
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Handles a header field, before or after the body."""
        self._count(len(name) + len(value), fields=1)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Handles the end of the head."""
        self._silent = 0
        super().on_headers_complete()
        if self._is_stopping:
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        """Handles a part of the body."""
        self._silent = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Handles the end of the request."""
        self._silent = 0
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  # uvicorn's text is not user-friendly
        """Rejects an unparsable request and closes the connection."""
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is None or cycle.response_complete or not cycle.response_started:
            self.transport.write(self._refusal())
        self.transport.close()

    def _linger(self) -> None:
        self.loop.call_later(LINGER_SECONDS, self._hang_up)

    def _hang_up(self) -> None:
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is None or cycle.response_complete:
            self.transport.close()

    def _count(self, size: int, *, fields: int) -> None:
        self._bytes += size
        self._fields += fields
        if self._bytes > HEAD_BYTES or self._fields > HEAD_FIELDS:
            self._too_large = True
            raise _HeadTooLargeError  # the parser converts it to its own error, which calls send_400_response

    def _refusal(self) -> bytes:
        """Returns the response to a request that never reaches the application, in its format."""
        if self._too_large:
            detail = f"The request's head has more than {HEAD_BYTES} bytes or {HEAD_FIELDS} header fields."
            problem = Problem("head-too-large", detail, "Send fewer and shorter header fields.")
        else:
            problem = Problem("bad-request", "The request is not valid HTTP.", "Send HTTP/1.1.")
        request_id = uuid4().hex
        answer = problem.response(request_id)
        answer.headers.update(SECURITY_HEADERS)
        answer.headers.update(
            {"x-request-id": request_id, "cache-control": "no-store", "connection": "close"}
        )
        fields = b"".join(b"%b: %b\r\n" % field for field in answer.raw_headers)
        return b"%b%b\r\n%b" % (STATUS_LINE[answer.status_code], fields, bytes(answer.body))
