"""HTTP as the server speaks it: uvicorn's, with a bound on what comes before, between and after the parts of a body.

A body is bounded where it is received, see ``limits``. What the parser collects by itself never gets there: the request's line, its
header fields, the fields that may follow a body, and the extensions of its chunks.
"""

from __future__ import annotations

from uuid import uuid4

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from inkread.server.problems import Problem
from inkread.server.request_context import SECURITY_HEADERS

HEAD_BYTES = 16 * 2**10
"""Of the line and the header fields of a request; browsers send a few hundred."""

HEAD_FIELDS = 100

READ_BYTES = 16 * 2**10
"""What arrived is parsed in parts of so many bytes, so that the parser never holds more than this beyond ``HEAD_BYTES``."""


class _HeadTooLargeError(Exception):
    """More bytes or fields than a request may have."""


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol, which answers 431 and closes the connection once a head is too large, and any 400 as a problem."""

    _bytes = _fields = 0
    """Of the head that is being read."""

    _silent = 0
    """Bytes since the parser had something to say: a complete head, a part of a body, or its end."""

    _too_large = False

    def data_received(self, data: bytes) -> None:
        """Parses what arrived, part by part."""
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
        """Another request begins."""
        self._bytes = self._fields = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """A part of the request's line."""
        self._count(len(url), fields=0)
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A field, before or after the body."""
        self._count(len(name) + len(value), fields=1)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is complete."""
        self._silent = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A part of the body."""
        self._silent = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is complete."""
        self._silent = 0
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  # uvicorn's words, which are not for people
        """Refuses what cannot be parsed, and closes the connection."""
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is None or cycle.response_complete or not cycle.response_started:
            self.transport.write(self._refusal())
        self.transport.close()

    def _count(self, size: int, *, fields: int) -> None:
        self._bytes += size
        self._fields += fields
        if self._bytes > HEAD_BYTES or self._fields > HEAD_FIELDS:
            self._too_large = True
            raise _HeadTooLargeError  # the parser makes it an error of its own, which ends in send_400_response

    def _refusal(self) -> bytes:
        """The answer to what never reaches the application, as that would give it."""
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
