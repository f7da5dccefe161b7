"""Endpoints to read pictures, and to classify glyphs with only the network.

Of many pictures, each result is streamed as soon as it is ready.
"""

import asyncio
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from inkread.errors import InkreadError
from inkread.server import schemas
from inkread.server.monitoring import FIELDS, log
from inkread.server.problems import Problem, busy, internal, problem_of
from inkread.server.routes.openapi import (
    OF_API,
    WITH_BODY,
    body_of,
    json_of,
    picture_body,
    responses,
    text_of,
)
from inkread.server.schemas import GlyphOptions, PictureOptions, ReadOptions
from inkread.server.service import Entry, Parts, Service, client_of
from inkread.server.uploads import Upload, many_pictures, one_picture
from inkread.server.work import ClassifyGlyphs, to_json

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

router = APIRouter(prefix="/v1", tags=["reading"])

LINES = "application/x-ndjson"

REFUSALS = (*OF_API, *WITH_BODY, "unknown-model", "store-unavailable", "store-full")

READING = json_of(
    schemas.Reading,
    "The reading; with `draw`, the picture with its boxes.",
    examples={"seven": {"value": schemas.READING_EXAMPLE}},
)
READING["content"]["image/png"] = {"schema": {"type": "string", "contentMediaType": "image/png"}}


@router.post(
    "/read",
    summary="Read one picture",
    response_class=Response,
    responses=responses(*REFUSALS, "not-a-picture", "damaged-picture", "too-slow", ok=READING),
    openapi_extra=picture_body(several=False),
)
async def read(request: Request, options: Annotated[PictureOptions, Query()], parts: Parts) -> Response:
    """Reads every digit in a picture, row by row.

    Send the picture as the body, with any content type, or as the only part of a form, named `picture`. Its
    format is detected by content only. The body may also be a data URL, or JSON with the picture in Base64.
    """
    if options.draw and options.stages:
        raise Problem("bad-request", "draw and stages cannot be combined.", "Use only one of them.")
    entry = parts.registry.require(options.model, options.alphabet)
    upload = await one_picture(request)
    content = await parts.read(upload, entry, options, client=client_of(request))
    return Response(content, media_type="image/png" if options.draw else "application/json")


@router.post(
    "/read-batch",
    summary="Read many pictures",
    response_class=Response,
    responses=responses(
        *REFUSALS,
        ok=text_of(
            "One JSON object per line and picture, in the order given: a `Reading` or an `Unread`.",
            to_json(schemas.READING_EXAMPLE).decode() + "\n",
            LINES,
        ),
    ),
    openapi_extra=picture_body(several=True),
)
async def read_batch(
    request: Request, options: Annotated[ReadOptions, Query()], parts: Parts
) -> StreamingResponse:
    """Reads the pictures of a form in which all parts are named `picture`.

    Each line is sent as soon as its picture and all previous ones are read. An unreadable picture has `error`
    set; the others are still read.
    """
    entry = parts.registry.require(options.model, options.alphabet)
    if parts.pool.is_full:
        raise busy()
    uploads = await many_pictures(request, limit=parts.settings.max_files)
    given = PictureOptions(**options.model_dump())
    read_one = partial(
        _line, parts, entry=entry, options=given, client=client_of(request), id=request.state.request_id
    )
    return StreamingResponse(_lines(uploads, read_one, ahead=parts.pool.workers), media_type=LINES)


async def _lines(uploads: list[Upload], read_one: Any, *, ahead: int) -> "AsyncIterator[bytes]":
    """Yields the lines in order, and reads up to ``ahead`` pictures ahead of the one being sent."""
    waiting = deque(uploads)
    tasks: deque[asyncio.Task[bytes]] = deque()
    try:
        while waiting or tasks:
            while waiting and len(tasks) <= ahead:
                tasks.append(asyncio.create_task(read_one(waiting.popleft())))
            yield await tasks.popleft()
    finally:
        for task in tasks:  # the client has disconnected
            task.cancel()


async def _line(
    parts: Service,
    upload: Upload,
    *,
    entry: Entry,
    options: PictureOptions,
    client: str | None,
    id: str,  # noqa: A002  # the request's
) -> bytes:
    try:
        return await parts.read(upload, entry, options, client=client, patiently=True) + b"\n"
    except Problem as found:
        problem = found
    except Exception as error:  # it must not stop the others
        problem = problem_of(error, upload.name) if isinstance(error, InkreadError) else internal()
        if problem.status_code >= 500:
            log.exception("a picture of a batch failed", extra={FIELDS: {"request": id}})
    return to_json({"source": upload.name, "error": problem.to_dict(id)}) + b"\n"


@router.post(
    "/glyphs",
    summary="Classify 28×28 glyphs",
    response_class=Response,
    responses=responses(
        *OF_API,
        *WITH_BODY,
        "unknown-model",
        "too-slow",
        ok=json_of(schemas.Glyphs, "The probabilities of each glyph."),
    ),
    openapi_extra=body_of(
        {
            "application/json": {"schema": {"$ref": "#/components/schemas/GlyphRequest"}},
            "application/octet-stream": {
                "schema": {"type": "string", "contentMediaType": "application/x-npy"}
            },
        }
    ),
)
async def classify_glyphs(
    request: Request, options: Annotated[GlyphOptions, Query()], parts: Parts
) -> Response:
    """Returns the probabilities of the ten digits, and of being no single digit, for each glyph.

    Send the glyphs as JSON or as an .npy file of N×28×28 uint8 or floating-point numbers, ink bright, in
    MNIST's geometry. With `normalize`, drawings are converted to this geometry first.
    """
    entry = parts.registry.require(options.model)
    task = ClassifyGlyphs(
        await request.body(), entry.name, normalize=options.normalize, most=parts.settings.max_rows
    )
    done = await parts.pool.run(task)
    return Response(done.content, media_type="application/json")
