"""Reads a picture in a serverless function: bytes in, JSON out.

``read`` is a plain function. ``handler`` takes the events of AWS Lambda: of function URLs and HTTP APIs
(version 2.0), and of REST APIs and load balancers (version 1.0). Options are in the query:
``?single=true&min_probability=0.9&page=2``. Nothing is stored.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING, Any

from inkread import Reader
from inkread.errors import (
    InkreadError,
    OptionError,
    PictureError,
    PictureFormatError,
    PictureTooLargeError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

READER = Reader()
"""Loaded once, while the function starts; later calls use it again."""

PICTURE = "picture"
"""What answers call the picture, which has no name."""

SWITCH = {"true": True, "1": True, "false": False, "0": False}

PROBLEMS: dict[type[InkreadError], tuple[int, str]] = {
    PictureTooLargeError: (413, "too-large"),
    PictureFormatError: (415, "not-a-picture"),
    PictureError: (422, "damaged-picture"),
    OptionError: (422, "invalid-option"),
}
"""Status and type of each error, the same as those of ``inkread serve``."""


def read(data: bytes, *, single: bool = False, min_probability: float = 0.0, page: int = 1) -> dict[str, Any]:
    """Reads the digits in a picture.

    Args:
        data: the content of an image file or a document.
        single: read the picture as one digit, or none.
        min_probability: 0..1; less probable digits are labelled ``"?"``.
        page: the page of a document, from 1.

    Returns:
        What ``POST /v1/read`` answers: width, height, text, written, and lines with their digits.

    Raises:
        PictureError: the picture cannot be read.
        OptionError: an option is out of range.
    """
    reading = READER.trace(data, single=single, min_probability=min_probability, page=page).reading
    return reading.to_dict() | {"source": PICTURE}


def handler(event: Mapping[str, Any], context: object = None) -> dict[str, Any]:  # noqa: ARG001  # Lambda's
    """Answers an HTTP request: the picture is its body, in any format, or in Base64 if the event says so."""
    try:
        return _answer(200, read(_body_of(event), **_options_of(event.get("queryStringParameters") or {})))
    except (PictureError, OptionError) as error:
        status, slug = next(PROBLEMS[kind] for kind in PROBLEMS if isinstance(error, kind))
        problem = {
            "type": f"urn:inkread:problem:{slug}",
            "status": status,
            "detail": f"{error.source if isinstance(error, OptionError) else PICTURE} {error.problem}",
            "remedy": error.remedy,
        }
        return _answer(status, problem, "application/problem+json")


def _body_of(event: Mapping[str, Any]) -> bytes:
    body = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return str(body).encode("utf-8", "replace")
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError) as error:
        raise PictureFormatError(PICTURE, "is not Base64", "send the picture as it is") from error


def _options_of(query: Mapping[str, str]) -> dict[str, Any]:
    parse: dict[str, Callable[[str], Any]] = {
        "single": SWITCH.__getitem__,
        "min_probability": float,
        "page": int,
    }
    options: dict[str, Any] = {}
    for name, value in query.items():
        if name not in parse:
            raise OptionError(name, "is not an option", f"use {', '.join(parse)}")
        try:
            options[name] = parse[name](value)
        except (KeyError, ValueError) as error:
            raise OptionError(f"{name}={value}", "is not valid", "use e.g. single=true or page=2") from error
    return options


def _answer(status: int, content: Mapping[str, Any], kind: str = "application/json") -> dict[str, Any]:
    headers = {"content-type": kind, "cache-control": "no-store", "x-content-type-options": "nosniff"}
    body = json.dumps(content, ensure_ascii=False)
    return {"statusCode": status, "headers": headers, "body": body, "isBase64Encoded": False}
