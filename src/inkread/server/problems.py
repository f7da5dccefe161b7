"""Errors as RFC 9457 problem details, for every refusal the server knows, and never with a word of a library's.

A route raises a ``Problem``, or an ``InkreadError`` that ``problem_of`` turns into one; the application answers it.
"""

from __future__ import annotations

import json
from http import HTTPStatus
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
    "foreign-origin": (403, "Another site's page may not do this"),
    "not-found": (404, "There is nothing here"),
    "unknown-model": (404, "There is no such model"),
    "not-collecting": (404, "This server stores nothing"),
    "method-not-allowed": (405, "This cannot be done here"),
    "upload-too-slow": (408, "The request took too long to arrive"),
    "too-large": (413, "The request is too large"),
    "not-a-picture": (415, "This is no picture of an accepted format"),
    "wrong-host": (421, "This server has another name"),
    "damaged-picture": (422, "The picture is damaged"),
    "invalid-option": (422, "An option is not acceptable"),
    "too-many-requests": (429, "Too many requests"),
    "head-too-large": (431, "The request's head is too large"),
    "internal": (500, "The server failed"),
    "busy": (503, "The server is busy"),
    "not-ready": (503, "The server is not ready"),
    "store-unavailable": (503, "The store cannot be used"),
    "too-slow": (504, "Reading took too long"),
    "store-full": (507, "The store's disk is full"),
}
"""Status and title of every problem by its slug; the type of a problem is ``urn:inkread:problem:<slug>``."""

RETRY_SECONDS = 1
"""When a client that found the server busy may try again."""


class Problem(HTTPException):
    """A request that is refused.

    Args:
        slug: which of ``KINDS``.
        detail: what is wrong with this request, one sentence.
        remedy: what to do about it, one sentence.
        headers: of the answer.
        errors: where several things are wrong, one dict each.
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
        """The problem's JSON object."""
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
        """The answer."""
        content = json.dumps(self.to_dict(request_id), ensure_ascii=False).encode()
        return Response(content, self.status_code, self.headers, MEDIA_TYPE)


def busy(detail: str = "All readings that this server does at a time are under way.") -> Problem:
    """Too much is under way; the client shall come again."""
    return Problem("busy", detail, "Try again in a moment.", headers={"Retry-After": str(RETRY_SECONDS)})


def not_ready(detail: str) -> Problem:
    """The server reads nothing yet, or no more; the client shall come again."""
    return Problem("not-ready", detail, "Try again soon.", headers={"Retry-After": str(RETRY_SECONDS)})


def stopping() -> Problem:
    """A request that the server's end cuts short."""
    return not_ready("The server is being stopped.")


def internal() -> Problem:
    """An error of ours, of which the client learns no more than its request's id."""
    remedy = "Try again; if it stays, report it with the request's id."
    return Problem("internal", "Something went wrong that should not.", remedy)


def problem_of(error: InkreadError, name: str = "picture") -> Problem:
    """What an error of the core means to a client; ``name`` stands for the source, which may be a path.

    Only texts that inkread itself wrote are passed on: a damaged picture's reason is the decoder's, and stays here.
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
            detail = "There is no such reading, or no such row or digit in it."
            found = ("not-found", detail, "Check the id.")
        case StoreFullError():
            detail = "There is no space to keep anything more."
            found = ("store-full", detail, "Remove readings, or free some space on the server's disk.")
        case StoreError():
            found = (
                "store-unavailable",
                "What was asked for could not be kept or found.",
                "Try again later.",
            )
        case OptionError():
            found = ("invalid-option", f"{error.source} {error.problem}.", _sentence(error.remedy))
        case _:
            return internal()
    retry = {"Retry-After": str(RETRY_SECONDS)} if found[0] == "store-unavailable" else None
    return Problem(*found, headers=retry)


def problem_of_http(error: HTTPException) -> Problem:
    """What Starlette and FastAPI raise by themselves, in our words."""
    if isinstance(error, Problem):
        return error
    match error.status_code:
        case 404:
            return Problem("not-found", "There is nothing at this address.", "See /openapi.json.")
        case 405:
            detail = "This address does not take this method."
            return Problem("method-not-allowed", detail, "See /openapi.json.", headers=error.headers)
        case 400:
            return Problem("bad-request", "The request's body cannot be understood.", "See /openapi.json.")
        case 413:
            return Problem("too-large", "The request is too large.", "Send less at a time.")
        case _:
            return internal()


FORM = "form of "
"""How the name of one of several forms of a body begins: the library tells it with the place of an error, and clients never sent it."""

REASONS = {
    "missing": "is missing",
    "extra_forbidden": "is not known",
    "bool_parsing": "is neither true nor false",
    "bool_type": "is neither true nor false",
    "int_parsing": "is no whole number",
    "int_type": "is no whole number",
    "int_from_float": "is no whole number",
    "float_parsing": "is no number",
    "float_type": "is no number",
    "finite_number": "is no finite number",
    "string_type": "is no text",
    "string_too_long": "is too long",
    "string_too_short": "is too short",
    "string_pattern_mismatch": "has characters that it may not have",
    "literal_error": "is none of the values it may have",
    "too_short": "has too few items",
    "too_long": "has too many items",
    "greater_than_equal": "is too small",
    "greater_than": "is too small",
    "less_than_equal": "is too large",
    "less_than": "is too large",
    "json_invalid": "is no valid JSON",
    "model_attributes_type": "is no JSON object",
    "dict_type": "is no JSON object",
    "uuid_parsing": "is no id",
    "one_form": (
        "is not exactly one of three forms: line, position and label of a digit; box and label; line and text of a row"
    ),
}
"""What is wrong with a value, by the kind that the validation library gives its error."""


def problem_of_validation(errors: Sequence[Any]) -> Problem:
    """Options or a body that do not have the form they should; says which and why, not what was sent."""
    found = [
        {
            "where": ".".join(_printable(part) for part in error["loc"] if not str(part).startswith(FORM))
            or "request",
            "problem": REASONS.get(error["type"], "is not acceptable"),
        }
        for error in errors[:20]
    ]
    detail = "; ".join(f"{one['where']} {one['problem']}" for one in found[:3])
    return Problem("invalid-option", f"{detail}.", "See /openapi.json for what it may be.", errors=found)


def status_line(status: int) -> str:
    """The standard's phrase of a status."""
    return HTTPStatus(status).phrase


def _printable(part: object) -> str:
    return "".join(c for c in str(part)[:64] if c.isprintable())


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
