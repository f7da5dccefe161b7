"""Decodes pictures that were sent as text: a data URL (RFC 2397), or JSON with the picture in Base64."""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import TYPE_CHECKING

from inkread.picture.sources import DATA_URL
from inkread.server.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST = 16 * 2**20
"""Maximum bytes of such a body; larger ones delay other requests, and must be sent as they are."""

MARKER = ";base64"
KEYS = {"picture", "name"}
BLANK = b" \t\r\n"
START = re.compile(rb"[ \t\r\n]{0,64}\{")

REMEDY = 'Send the file itself, a data URL, or JSON such as {"picture": "<Base64>", "name": "seven.png"}.'


def is_encoded(body: bytes | bytearray) -> bool:
    """Returns whether a body is text of this kind; no accepted format begins like it."""
    return body[: len(DATA_URL)].lower() == DATA_URL.encode() or START.match(body) is not None


def decoded(body: bytes | bytearray) -> tuple[bytes, str | None]:
    """Returns the picture of such a body, and its name if it has one.

    Raises:
        Problem: ``too-large`` if the body is longer than ``MOST``; ``bad-request`` if it cannot be decoded;
            ``invalid-option`` if its JSON has other keys or types.
    """
    if len(body) > MOST:
        raise Problem("too-large", f"The text has more than {MOST} bytes.", "Send the file itself as body.")
    if START.match(body) is None:
        return _of_text(body.decode("latin-1")), None
    try:
        values = json.loads(body)
    except (ValueError, RecursionError):
        raise Problem("bad-request", "The body is neither a picture nor JSON.", REMEDY) from None
    picture, name = _checked(values)
    return _of_text(picture), name


def _checked(values: Mapping[str, object]) -> tuple[str, str | None]:
    picture, name = values.get("picture"), values.get("name")
    if not isinstance(picture, str) or not isinstance(name, str | None) or not values.keys() <= KEYS:
        raise Problem("invalid-option", "The JSON has no string picture, or other keys than name.", REMEDY)
    return picture, name


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
