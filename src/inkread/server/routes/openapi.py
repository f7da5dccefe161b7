"""Responses and request bodies of the routes in the OpenAPI document."""

from __future__ import annotations

from collections import defaultdict
from http import HTTPStatus
from typing import Any

from inkread.server import schemas
from inkread.server.problems import KINDS, MEDIA_TYPE

ALWAYS = ("wrong-host", "internal")
"""Problems that any request can return."""

OF_API = (*ALWAYS, "unauthorized", "too-many-requests")
"""Problems that any request to ``/v1`` can return."""

WITH_BODY = ("bad-request", "foreign-origin", "upload-too-slow", "too-large", "invalid-option", "busy")
"""Additional problems that a request with a body can return."""

RETRYABLE = (429, 503)

RETRY_AFTER = {"Retry-After": {"description": "Seconds until a retry.", "schema": {"type": "integer"}}}


def responses(*slugs: str, ok: dict[str, Any] | None = None) -> dict[int | str, dict[str, Any]]:
    """Returns FastAPI's ``responses``: the response with 200, and these problems with an example each."""
    by_status: defaultdict[int, list[str]] = defaultdict(list)
    for slug in dict.fromkeys(slugs):
        by_status[KINDS[slug][0]].append(slug)
    found: dict[int | str, dict[str, Any]] = {200: ok} if ok else {}
    return found | {status: _problem(status, of_status) for status, of_status in sorted(by_status.items())}


def _problem(status: int, slugs: list[str]) -> dict[str, Any]:
    titles = "; ".join(KINDS[slug][1] for slug in slugs)
    content = {
        "schema": {"$ref": "#/components/schemas/Problem"},
        "examples": {slug: {"value": schemas.problem_example(slug)} for slug in slugs},
    }
    answer: dict[str, Any] = {
        "description": f"{HTTPStatus(status).phrase}: {titles}.",
        "content": {MEDIA_TYPE: content},
    }
    return answer | ({"headers": RETRY_AFTER} if status in RETRYABLE else {})


def picture_body(*, several: bool) -> dict[str, Any]:
    """Returns FastAPI's ``openapi_extra`` for a body that is a picture or a form with pictures."""
    binary = {"type": "string", "contentMediaType": "application/octet-stream"}
    if several:
        form = _form({"picture": {"type": "array", "items": binary, "minItems": 1}})
        return body_of({"multipart/form-data": form})
    encoded = _form(
        {
            "picture": {"type": "string", "description": "The picture in Base64, or a data URL."},
            "name": {"type": "string", "description": "Its file name."},
        }
    )
    content = {
        **{kind: {"schema": binary} for kind in ("application/octet-stream", "image/*")},
        "application/json": encoded | {"examples": {"seven": {"value": schemas.ENCODED_EXAMPLE}}},
        "multipart/form-data": _form({"picture": binary}),
    }
    return body_of(content)


def _form(properties: dict[str, Any]) -> dict[str, Any]:
    rest = {"required": ["picture"], "additionalProperties": False}
    return {"schema": {"type": "object", "properties": properties} | rest}


def body_of(content: dict[str, Any]) -> dict[str, Any]:
    """Returns FastAPI's ``openapi_extra`` for a body of these media types."""
    return {"requestBody": {"required": True, "content": content}}


def json_of(shape: type[schemas.Shape], meaning: str, **more: Any) -> dict[str, Any]:
    """Returns a JSON response with this schema; ``more`` is added to its media type."""
    schema = {"$ref": f"#/components/schemas/{shape.__name__}"}
    return {"description": meaning, "content": {"application/json": {"schema": schema} | more}}


def text_of(meaning: str, example: str, kind: str = "text/plain") -> dict[str, Any]:
    """Returns a text response."""
    content = {"schema": {"type": "string"}, "examples": {"one": {"value": example}}}
    return {"description": meaning, "content": {kind: content}}
