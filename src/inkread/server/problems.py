"""Errors as RFC 9457 problem details, in our own words, never a library's.

A route raises a ``Problem``, or an ``InkreadError``, which ``problem_of`` converts; the application sends it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from starlette.exceptions import HTTPException
from starlette.responses import Response

from inkread.errors import (
    OptionError,
    PictureError,
    PictureFormatError,
    PictureTooLargeError,
    StoreError,
    StoreFullError,
    StoreNotFoundError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from inkread.errors import InkreadError

MEDIA_TYPE = "application/problem+json"

KINDS: dict[str, tuple[int, str]] = {
    "bad-request": (400, "The request cannot be understood"),
    "unauthorized": (401, "The API key is missing or wrong"),
    "foreign-origin": (403, "Pages of other sites may not do this"),
    "not-found": (404, "Not found"),
    "unknown-model": (404, "Unknown model"),
    "not-collecting": (404, "This server does not store readings"),
    "method-not-allowed": (405, "Method not allowed"),
    "upload-too-slow": (408, "The request took too long to arrive"),
    "too-large": (413, "The request is too large"),
    "not-a-picture": (415, "Not a supported image format"),
    "wrong-host": (421, "Wrong host name"),
    "damaged-picture": (422, "The picture is damaged"),
    "invalid-option": (422, "An option is invalid"),
    "too-many-requests": (429, "Too many requests"),
    "head-too-large": (431, "The request's head is too large"),
    "internal": (500, "The server failed"),
    "busy": (503, "The server is busy"),
    "not-ready": (503, "The server is not ready"),
    "store-unavailable": (503, "The store is unavailable"),
    "too-slow": (504, "Reading took too long"),
    "store-full": (507, "The store's disk is full"),
}
"""Status and title of each problem by its slug; a problem's type is ``urn:inkread:problem:<slug>``."""

RETRY_SECONDS = 1
"""Delay after which a client of a busy server may retry."""


class Problem(HTTPException):
    """A rejected request, by a key of ``KINDS``, with one sentence on what is wrong and one on what to do.

    ``headers`` are extra headers of the response; ``errors`` has one dict per error, if there are several.
    """

    def __init__(
        self,
        slug: str,
        detail: str,
        remedy: str,
        *,
        headers: Mapping[str, str] | None = None,
        errors: Sequence[Mapping[str, str]] = (),
    ) -> None:
        status, self.title = KINDS[slug]
        super().__init__(status, detail, headers)
        self.slug, self.remedy, self.errors = slug, remedy, errors

    def to_dict(self, request_id: str) -> dict[str, Any]:
        """Returns the problem's JSON object."""
        found: dict[str, Any] = {
            "type": f"urn:inkread:problem:{self.slug}",
            "title": self.title,
            "status": self.status_code,
            "detail": self.detail,
            "instance": request_id,
            "remedy": self.remedy,
        }
        return found | ({"errors": list(self.errors)} if self.errors else {})

    def response(self, request_id: str) -> Response:
        """Returns the problem as a response."""
        content = json.dumps(self.to_dict(request_id), ensure_ascii=False).encode()
        return Response(content, self.status_code, self.headers, MEDIA_TYPE)


def busy(detail: str = "All readers are busy and the queue is full.") -> Problem:
    """Returns the problem for an overloaded server; the client should retry."""
    return Problem("busy", detail, "Try again in a moment.", headers={"Retry-After": str(RETRY_SECONDS)})


def not_ready(detail: str) -> Problem:
    """Returns the problem for a server that is starting or stopping; the client should retry."""
    return Problem("not-ready", detail, "Try again soon.", headers={"Retry-After": str(RETRY_SECONDS)})


def internal() -> Problem:
    """Returns the problem for a bug of ours; the client sees only the request's id."""
    remedy = "Try again; if the error persists, report it with the request's id."
    return Problem("internal", "An internal error occurred.", remedy)


def problem_of(error: InkreadError, name: str = "picture") -> Problem:
    """Converts an error of the core to a problem; ``name`` replaces the source, which may be a path.

    Only inkread's own texts are passed on. The reason for a damaged picture comes from the decoder and is
    omitted.
    """
    match error:
        case PictureTooLargeError():
            found = ("too-large", f"{name} {error.problem}.", "Reduce the picture.")
        case PictureFormatError():
            found = ("not-a-picture", f"{name} {error.problem}.", _sentence(error.remedy))
        case PictureError():
            found = (
                "damaged-picture",
                f"{name} is truncated or damaged.",
                "Copy or export the picture again.",
            )
        case StoreNotFoundError():
            detail = "There is no such reading, or it has no such row or digit."
            found = ("not-found", detail, "Check the id.")
        case StoreFullError():
            detail = "There is no space left to store anything."
            found = ("store-full", detail, "Remove readings, or free some space on the server's disk.")
        case StoreError():
            found = (
                "store-unavailable",
                "The store could not save or find the data.",
                "Try again later.",
            )
        case OptionError():
            found = ("invalid-option", f"{error.source} {error.problem}.", _sentence(error.remedy))
        case _:
            return internal()
    retry = {"Retry-After": str(RETRY_SECONDS)} if found[0] == "store-unavailable" else None
    return Problem(*found, headers=retry)


def problem_of_http(error: HTTPException) -> Problem:
    """Converts the errors that Starlette and FastAPI raise themselves."""
    if isinstance(error, Problem):
        return error
    match error.status_code:
        case 404:
            return Problem("not-found", "There is nothing at this address.", "See /openapi.json.")
        case 405:
            detail = "This address does not support this method."
            return Problem("method-not-allowed", detail, "See /openapi.json.", headers=error.headers)
        case 400:
            return Problem("bad-request", "The request's body cannot be parsed.", "See /openapi.json.")
        case 413:
            return Problem("too-large", "The request is too large.", "Send less at a time.")
        case _:
            return internal()


FORM = "form of "
"""Prefix of the names of a body's forms. The library adds these names to an error's location, but clients
never sent them."""

REASONS = {
    "missing": "is missing",
    "extra_forbidden": "is unknown",
    **dict.fromkeys(("bool_parsing", "bool_type"), "is neither true nor false"),
    **dict.fromkeys(("int_parsing", "int_type", "int_from_float"), "is not a whole number"),
    **dict.fromkeys(("float_parsing", "float_type"), "is not a number"),
    "finite_number": "is not a finite number",
    "string_type": "is not a string",
    "string_too_long": "is too long",
    "string_too_short": "is too short",
    "string_pattern_mismatch": "has invalid characters",
    "literal_error": "is not one of the allowed values",
    "too_short": "has too few items",
    "too_long": "has too many items",
    **dict.fromkeys(("greater_than", "greater_than_equal"), "is too small"),
    **dict.fromkeys(("less_than", "less_than_equal"), "is too large"),
    "json_invalid": "is not valid JSON",
    **dict.fromkeys(("model_attributes_type", "dict_type"), "is not a JSON object"),
    "uuid_parsing": "is not an id",
    "one_form": (
        "must have exactly one of three forms: "
        "line, position, and label of a digit; box and label; line and text of a row"
    ),
}
"""Descriptions of invalid values by the validation library's error type."""


def problem_of_validation(errors: Sequence[Any]) -> Problem:
    """Converts validation errors; names the invalid parts and the reasons, but never the values sent."""
    found = [
        {
            "where": ".".join(_printable(part) for part in error["loc"] if not str(part).startswith(FORM))
            or "request",
            "problem": REASONS.get(error["type"], "is not acceptable"),
        }
        for error in errors[:20]
    ]
    detail = "; ".join(f"{one['where']} {one['problem']}" for one in found[:3])
    return Problem("invalid-option", f"{detail}.", "See /openapi.json for allowed values.", errors=found)


def _printable(part: object) -> str:
    return "".join(c for c in str(part)[:64] if c.isprintable())


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
