"""Endpoints for stored readings and their corrections, if the server collects them."""

import io
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Body, Query, Response
from PIL import Image

from inkread.server import stored_schemas
from inkread.server.problems import Problem
from inkread.server.routes.openapi import OF_API, WITH_BODY, responses
from inkread.server.service import Parts
from inkread.server.stored_schemas import (
    All,
    AnyCorrection,
    Listed,
    NewCorrection,
    NewMark,
    Searched,
    ThumbnailOptions,
)
from inkread.store import Mark

if TYPE_CHECKING:
    from collections.abc import Iterable

    from inkread.store import Correction, StoredPicture

router = APIRouter(prefix="/v1", tags=["collected"])

OF_STORE = (*OF_API, "not-collecting", "store-unavailable")

JPEG = "image/jpeg"
JPEG_QUALITY = 80
PICTURE = {
    "description": "The picture.",
    "content": {JPEG: {"schema": {"type": "string", "contentMediaType": JPEG}}},
}
NO_PICTURE: dict[int | str, dict[str, Any]] = {204: {"description": "No picture is stored."}}

LIST = responses(*OF_STORE, "invalid-option")
ONE = responses(*OF_STORE, "not-found")
REMOVAL = responses(*OF_STORE, "not-found", "foreign-origin", "store-full")


@router.post(
    "/corrections",
    summary="Correct a digit, a row, or the content of a box",
    status_code=201,
    responses=responses(*OF_STORE, *WITH_BODY, "not-found", "store-full"),
)
def correct(
    correction: Annotated[AnyCorrection, Body()], parts: Parts
) -> stored_schemas.Correction | stored_schemas.Mark | stored_schemas.Stored:
    """Stores a correction of a reading: a digit's label, the content of a box, or the text of a row.

    An older correction of the same digit, or mark at the same place, is withdrawn. A row's new text is
    aligned with its current one by the fewest edits: wrong or superfluous digits are corrected, and missed
    digits become marks between their neighbors.

    When this responds, the correction is on disk, and `inkread train --data corrections` learns from it.
    """
    store = parts.require_store()
    form = dict(correction) | {"reading": str(correction.reading)}
    if isinstance(correction, NewCorrection):
        return stored_schemas.Correction.model_validate(store.add_correction(**form))
    if isinstance(correction, NewMark):
        return stored_schemas.Mark.model_validate(store.add_mark(**form))
    return stored_schemas.Stored(corrections=_stored(store.correct_line(**form)))


@router.get("/corrections", summary="List the corrections", responses=LIST)
def list_corrections(page: Annotated[Listed, Query()], parts: Parts) -> stored_schemas.Corrections:
    """Lists the active corrections of digits and marked boxes, newest first; `kind` distinguishes them."""
    found = parts.require_store().corrections(limit=page.limit, before=page.before)
    return stored_schemas.Corrections(corrections=_stored(found.items), next=found.next)


@router.delete(
    "/corrections/{id}",
    summary="Withdraw a correction",
    status_code=204,
    response_class=Response,
    responses=REMOVAL,
)
def withdraw_correction(id: str, parts: Parts) -> None:  # noqa: A002  # the API's name
    """Withdraws a correction or a mark; the trainer no longer uses it."""
    if not parts.require_store().withdraw(id):
        raise Problem("not-found", "There is no such correction.", "See /v1/corrections.")


@router.get("/readings", summary="List the readings", responses=LIST)
def list_readings(page: Annotated[Searched, Query()], parts: Parts) -> stored_schemas.Readings:
    """Lists the stored readings, newest first."""
    found = parts.require_store().readings(search=page.search, limit=page.limit, before=page.before)
    readings = [stored_schemas.Summary.model_validate(one) for one in found.items]
    return stored_schemas.Readings(readings=readings, next=found.next)


@router.get("/readings/{id}", summary="Show a reading", responses=ONE)
def get_reading(id: str, parts: Parts) -> stored_schemas.StoredReading:  # noqa: A002
    """Shows a stored reading with its digits, and with its active corrections."""
    store = parts.require_store()
    found = store.reading(id)
    if found is None:
        raise _no_reading()
    names = stored_schemas.StoredReading.model_fields.keys() - {"corrected"}
    own = {name: getattr(found, name) for name in names}
    corrected = _stored(store.corrections_of(id))
    return stored_schemas.StoredReading.model_validate(own | {"corrected": corrected})


@router.get(
    "/readings/{id}/picture",
    summary="Show the picture of a reading",
    response_class=Response,
    responses=responses(*OF_STORE, "not-found", "invalid-option", ok=PICTURE) | NO_PICTURE,
)
def get_picture(
    id: str,  # noqa: A002
    options: Annotated[ThumbnailOptions, Query()],
    parts: Parts,
) -> Response:
    """Returns the upright picture of a stored reading as JPEG, reduced to `side` pixels.

    Older stores have readings without a picture; for these, it returns 204.
    """
    store = parts.require_store()
    found = store.picture(id)
    if found is None:
        if store.reading(id) is None:
            raise _no_reading()
        return Response(status_code=204)
    content = found.jpeg if max(found.width, found.height) <= options.side else reduced(found, options.side)
    return Response(content, media_type=JPEG)


@router.delete(
    "/readings/{id}", summary="Remove a reading", status_code=204, response_class=Response, responses=REMOVAL
)
def remove_reading(id: str, parts: Parts) -> None:  # noqa: A002
    """Removes a reading with its picture, corrections, and marks; the trainer no longer uses them."""
    if not parts.require_store().remove_reading(id):
        raise _no_reading()


@router.delete(
    "/readings",
    summary="Remove all readings",
    status_code=204,
    response_class=Response,
    responses=responses(*OF_STORE, "foreign-origin", "store-full", "invalid-option"),
)
def remove_readings(_confirmed: Annotated[All, Query()], parts: Parts) -> None:
    """Removes all readings with their pictures, corrections, and marks."""
    parts.require_store().remove_readings()


def _no_reading() -> Problem:
    return Problem("not-found", "There is no such reading.", "See /v1/readings.")


def reduced(picture: "StoredPicture", side: int) -> bytes:
    """Returns a stored picture as a JPEG whose longer side has at most ``side`` pixels."""
    file = io.BytesIO()
    with Image.open(io.BytesIO(picture.jpeg), formats=["JPEG"]) as image:
        image.draft("RGB", (side, side))  # decodes only as many pixels as needed
        image.thumbnail((side, side))
        image.save(file, "JPEG", quality=JPEG_QUALITY)
    return file.getvalue()


def _stored(found: "Iterable[Correction | Mark]") -> "list[stored_schemas.Correction | stored_schemas.Mark]":
    return [
        (stored_schemas.Mark if isinstance(one, Mark) else stored_schemas.Correction).model_validate(one)
        for one in found
    ]
