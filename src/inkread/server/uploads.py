"""Parses pictures from a request in memory: nothing is spooled to disk, and no file name is trusted.

A body may also be text: a data URL (RFC 2397), or JSON with the picture in Base64.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool

from inkread.picture.sources import DATA_URL
from inkread.server.problems import Problem

if TYPE_CHECKING:
    from fastapi import Request
    from python_multipart.multipart import MultipartCallbacks

PART = "picture"
"""The required name of a form's parts."""

UNNAMED = "picture"
"""The name of a picture without one."""

LONGEST_NAME = 100
"""Maximum length of a file name; its end is kept, which distinguishes pictures from the same camera."""

UNPRINTED = ("C", "Zl", "Zp")
"""Unicode categories removed from names: control and format characters, which can reverse text, and line
ends."""

MOST_TEXT = 16 * 2**20
"""Maximum bytes of a body that is text; larger ones delay other requests, and must be sent as they are."""

MARKER = ";base64"
KEYS = {"picture", "name"}
BLANK = b" \t\r\n"
START = re.compile(rb"[ \t\r\n]{0,64}\{")

REMEDY = 'Send the file itself, a data URL, or JSON such as {"picture": "<Base64>", "name": "seven.png"}.'


@dataclass(slots=True)
class Upload:
    """A picture as sent, not yet checked, and its file name without folders and control characters."""

    name: str = UNNAMED
    data: bytearray = field(default_factory=bytearray)


async def one_picture(request: Request) -> Upload:
    """Returns the picture of a request: its body, which may also be text, or the only part of its form.

    Raises:
        Problem: ``bad-request`` for an invalid form or text; ``too-large`` for text beyond ``MOST_TEXT``;
            ``invalid-option`` for JSON with other keys or types; or any problem raised while the body is
            received.
    """
    if not _is_form(request):
        upload = Upload()
        async for part in request.stream():
            upload.data += part
        if _is_text(upload.data):
            picture, name = await run_in_threadpool(_decoded, upload.data)
            upload = Upload(safe_name(name or UNNAMED), bytearray(picture))
        return upload
    uploads = await many_pictures(request, limit=1)
    return uploads[0]


async def many_pictures(request: Request, *, limit: int) -> list[Upload]:
    """Returns the pictures of a form in multipart/form-data, in order; all parts are named ``PART``.

    Raises:
        Problem: ``too-large`` if there are more pictures; ``bad-request`` for a missing or invalid form.
    """
    _, options = parse_options_header(request.headers.get("content-type"))
    if not _is_form(request) or not options.get(b"boundary"):
        raise _no_form("The request is not a form with a boundary.")
    form = _Form(limit)
    try:
        parser = MultipartParser(options[b"boundary"], form.callbacks())
        async for chunk in request.stream():
            parser.write(chunk)
        parser.finalize()
    except FormParserError:
        raise _no_form("The form is damaged.") from None
    if not form.complete:
        raise _no_form("The form is truncated.")
    if not form.uploads:
        raise _no_form("The form has no picture.")
    return form.uploads


def safe_name(name: str) -> str:
    """Returns the displayable part of a client's file name: its last component, printable, limited."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    shown = "".join(c for c in last if not unicodedata.category(c).startswith(UNPRINTED))
    return shown.strip()[-LONGEST_NAME:].strip(". ") or UNNAMED


def _is_text(body: bytes | bytearray) -> bool:
    """Returns whether a body is text of this kind; no accepted format begins like it."""
    return body[: len(DATA_URL)].lower() == DATA_URL.encode() or START.match(body) is not None


def _decoded(body: bytes | bytearray) -> tuple[bytes, str | None]:
    if len(body) > MOST_TEXT:
        detail = f"The text has more than {MOST_TEXT} bytes."
        raise Problem("too-large", detail, "Send the file itself as body.")
    if START.match(body) is None:
        return _of_text(body.decode("latin-1")), None
    try:
        values = json.loads(body)
    except (ValueError, RecursionError):
        raise Problem("bad-request", "The body is neither a picture nor JSON.", REMEDY) from None
    picture, name = values.get("picture"), values.get("name")
    if not isinstance(picture, str) or not isinstance(name, str | None) or not values.keys() <= KEYS:
        raise Problem("invalid-option", "The JSON has no string picture, or other keys than name.", REMEDY)
    return _of_text(picture), name


def _of_text(text: str) -> bytes:
    """Decodes Base64, also the alphabet for URLs and without padding, alone or in a data URL."""
    if text[: len(DATA_URL)].lower() == DATA_URL:
        head, comma, text = text.partition(",")
        if not comma or not head.lower().endswith(MARKER):
            raise Problem("bad-request", "The data URL is not in Base64.", REMEDY)
    letters = text.translate({ord("-"): "+", ord("_"): "/", **dict.fromkeys(BLANK)}).rstrip("=")
    try:
        return base64.b64decode(letters + "=" * (-len(letters) % 4), validate=True)
    except (binascii.Error, ValueError):  # also characters outside ASCII
        raise Problem("bad-request", "The picture is not in Base64.", REMEDY) from None


class _Form:
    """Collects the parts of a form as the parser finds them."""

    def __init__(self, limit: int) -> None:
        self.uploads: list[Upload] = []
        self.complete = False
        self._limit = limit
        self._header, self._value = bytearray(), bytearray()
        self._disposition = b""

    def callbacks(self) -> MultipartCallbacks:
        """Returns the parser's callbacks."""
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._on_header,
            "on_header_value": self._on_value,
            "on_header_end": self._on_header_end,
            "on_headers_finished": self._start,
            "on_part_data": self._on_data,
            "on_end": self._end,
        }

    def _begin(self) -> None:
        self._disposition = b""

    def _on_header(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header_end(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = bytes(self._value)
        self._header, self._value = bytearray(), bytearray()

    def _start(self) -> None:
        _, options = parse_options_header(self._disposition)
        if options.get(b"name") != PART.encode():
            raise _no_form(f"The form has a part that is not named {PART}.")
        if len(self.uploads) == self._limit == 1:
            detail = "The form has more than 1 picture."
            raise Problem("too-large", detail, "Send one, or use /v1/read-batch.")
        if len(self.uploads) == self._limit:
            detail = f"The form has more than {self._limit} pictures."
            raise Problem("too-large", detail, "Send them in several requests.")
        self.uploads.append(Upload(safe_name(options.get(b"filename", b"").decode("utf-8", "replace"))))

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        self.uploads[-1].data += memoryview(data)[start:end]

    def _end(self) -> None:
        self.complete = True


def _is_form(request: Request) -> bool:
    return request.headers.get("content-type", "").lower().startswith("multipart/form-data")


def _no_form(detail: str) -> Problem:
    return Problem("bad-request", detail, f"Send multipart/form-data with parts named {PART}.")
