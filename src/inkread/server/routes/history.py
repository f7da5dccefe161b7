"""Endpoints for stored readings and their corrections, if the server collects them."""

import base64
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Body, Query, Response

from inkread.server import schemas
from inkread.server.problems import Problem
from inkread.server.routes.openapi import OF_API, WITH_BODY, responses
from inkread.server.schemas import AnyCorrection, Listed, NewCorrection, NewMark, Searched
from inkread.server.service import Parts
from inkread.store import Correction, Mark

if TYPE_CHECKING:
    from inkread.store import NewDigit, ReadingSummary, StoredReading

router = APIRouter(prefix="/v1", tags=["collected"])

OF_STORE = (*OF_API, "not-collecting", "store-unavailable")

LIST = responses(*OF_STORE, "invalid-option")
ONE = responses(*OF_STORE, "not-found")
REMOVAL = responses(*OF_STORE, "not-found", "foreign-origin", "store-full")


@router.post(
    "/corrections",
    operation_id="correct",
    summary="Correct a digit, a row, or the content of a box",
    status_code=201,
    responses=responses(*OF_STORE, *WITH_BODY, "not-found", "store-full"),
)
def correct(
    correction: Annotated[AnyCorrection, Body()], parts: Parts
) -> schemas.Correction | schemas.Mark | schemas.Stored:
    """Stores a correction of a reading: a digit's label, the content of a box, or the text of a row.

    An older correction of the same digit, or mark at the same place, is withdrawn. A row's new text is
    aligned with its current one by the fewest edits: wrong or superfluous digits are corrected, and missed
    digits become marks between their neighbors.

    When this responds, the correction is on disk, and `inkread train --data corrections` learns from it.
    """
    store, reading = parts.require_store(), str(correction.reading)
    if isinstance(correction, NewCorrection):
        found = store.add_correction(
            reading=reading,
            line=correction.line,
            position=correction.position,
            label=correction.label,
            by=correction.by,
        )
        return _correction(found)
    if isinstance(correction, NewMark):
        return _mark(
            store.add_mark(reading=reading, box=correction.box, label=correction.label, by=correction.by)
        )
    stored = store.correct_line(reading=reading, line=correction.line, text=correction.text, by=correction.by)
    return schemas.Stored(corrections=[_stored(one) for one in stored])


@router.get("/corrections", operation_id="list_corrections", summary="List the corrections", responses=LIST)
def list_corrections(page: Annotated[Listed, Query()], parts: Parts) -> schemas.Corrections:
    """Lists the active corrections of digits and marked boxes, newest first; `kind` distinguishes them."""
    found = parts.require_store().corrections(limit=page.limit, before=page.before)
    return schemas.Corrections(corrections=[_stored(one) for one in found.items], next=found.next)


@router.delete(
    "/corrections/{id}",
    operation_id="withdraw_correction",
    summary="Withdraw a correction",
    status_code=204,
    response_class=Response,
    responses=REMOVAL,
)
def withdraw_correction(id: str, parts: Parts) -> None:  # noqa: A002  # the API's name
    """Withdraws a correction or a mark; the trainer no longer uses it."""
    if not parts.require_store().withdraw(id):
        raise Problem("not-found", "There is no such correction.", "See /v1/corrections.")


@router.get("/readings", operation_id="list_readings", summary="List the readings", responses=LIST)
def list_readings(page: Annotated[Searched, Query()], parts: Parts) -> schemas.Readings:
    """Lists the stored readings, newest first."""
    found = parts.require_store().readings(search=page.search, limit=page.limit, before=page.before)
    return schemas.Readings(
        readings=[schemas.Summary(**_summary(one)) for one in found.items], next=found.next
    )


@router.get("/readings/{id}", operation_id="get_reading", summary="Show a reading", responses=ONE)
def get_reading(id: str, parts: Parts) -> schemas.StoredReading:  # noqa: A002
    """Shows a stored reading with its digits."""
    found = parts.require_store().reading(id)
    if found is None:
        raise _no_reading()
    return _reading(found)


@router.delete(
    "/readings/{id}",
    operation_id="remove_reading",
    summary="Remove a reading",
    status_code=204,
    response_class=Response,
    responses=REMOVAL,
)
def remove_reading(id: str, parts: Parts) -> None:  # noqa: A002
    """Removes a reading with its picture, corrections, and marks; the trainer no longer uses them."""
    if not parts.require_store().remove_reading(id):
        raise _no_reading()


def _no_reading() -> Problem:
    return Problem("not-found", "There is no such reading.", "See /v1/readings.")


def _stored(found: Correction | Mark) -> schemas.Correction | schemas.Mark:
    return _mark(found) if isinstance(found, Mark) else _correction(found)


def _mark(found: Mark) -> schemas.Mark:
    names = ("id", "reading", "label", "created", "by", "model", "model_sha256")
    return schemas.Mark.model_validate(
        {name: getattr(found, name) for name in names} | {"box": list(found.box)}
    )


def _correction(found: Correction) -> schemas.Correction:
    return schemas.Correction.model_validate(
        {
            "id": found.id,
            "reading": found.reading,
            "line": found.line,
            "position": found.position,
            "read_as": found.read_as,
            "label": found.label,
            "created": found.created,
            "by": found.by,
            "model": found.model,
            "model_sha256": found.model_sha256,
            "glyph": base64.b64encode(found.glyph).decode(),
        }
    )


def _summary(found: "ReadingSummary") -> dict[str, Any]:
    names = ("id", "source", "text", "created", "model", "width", "height", "corrections")
    return {name: getattr(found, name) for name in names}


def _reading(found: "StoredReading") -> schemas.StoredReading:
    lines = [
        schemas.StoredLine(
            text="".join(digit.label for digit in row), digits=[_digit(digit) for digit in row]
        )
        for row in found.lines
    ]
    return schemas.StoredReading(**_summary(found), model_sha256=found.model_sha256, lines=lines)


def _digit(digit: "NewDigit") -> schemas.StoredDigit:
    return schemas.StoredDigit.model_validate(
        {
            "label": digit.label,
            "probability": digit.probability,
            "box": list(digit.box),
            "probabilities": list(digit.probabilities),
            "glyph": base64.b64encode(digit.glyph).decode(),
            "crop": f"data:image/png;base64,{base64.b64encode(digit.crop).decode()}",
        }
    )
