"""Reading pictures: one, or many with an answer for each as soon as it is there."""

import asyncio
import logging
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from inkread.errors import InkreadError
from inkread.server import answers, schemas
from inkread.server.logs import FIELDS, LOGGER
from inkread.server.problems import Problem, busy, internal, problem_of
from inkread.server.routes.documented import OF_API, WITH_BODY, json_of, picture_body, responses, text_of
from inkread.server.schemas import PictureOptions, ReadOptions
from inkread.server.service import Parts, client_of, to_json
from inkread.server.uploads import Upload, many_pictures, one_picture

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from inkread.server.pool import Pool

log = logging.getLogger(LOGGER)
router = APIRouter(prefix="/v1", tags=["reading"])

LINES = "application/x-ndjson"

REFUSALS = (*OF_API, *WITH_BODY, "unknown-model", "store-unavailable")

READING = json_of(
    schemas.Reading,
    "The reading; with `draw` the picture with its boxes.",
    examples={"seven": {"value": schemas.READING_EXAMPLE}},
)
READING["content"]["image/png"] = {"schema": {"type": "string", "contentMediaType": "image/png"}}


@router.post(
    "/read",
    operation_id="read",
    summary="Read one picture",
    response_class=Response,
    responses=responses(*REFUSALS, "not-a-picture", "damaged-picture", "too-slow", ok=READING),
    openapi_extra=picture_body(several=False),
)
async def read(request: Request, options: Annotated[PictureOptions, Query()], parts: Parts) -> Response:
    """Reads every digit in a picture, row by row.

    The picture is the body, under any content type, or the only part of a form, called `picture`. What it is, is judged by its
    content alone.
    """
    if options.draw and options.stages:
        raise Problem("bad-request", "draw and stages exclude each other.", "Ask for one of them.")
    entry = parts.catalogue.require(options.model)
    upload = await one_picture(request)
    if options.draw:
        drawn = await parts.pool.run(lambda: answers.drawing(parts.trace(upload, entry, options)))
        return Response(drawn, media_type="image/png")
    stages, keep, client = options.stages, options.keep, client_of(request)
    content = await parts.pool.run(
        lambda: to_json(parts.answer(upload, entry, options, client=client, stages=stages, keep=keep))
    )
    return Response(content, media_type="application/json")


@router.post(
    "/read-batch",
    operation_id="read_batch",
    summary="Read many pictures",
    response_class=Response,
    responses=responses(
        *REFUSALS,
        ok=text_of(
            "A JSON object a line for each picture, in the order given: a `Reading`, or an `Unread`.",
            to_json(schemas.READING_EXAMPLE).decode() + "\n",
            LINES,
        ),
    ),
    openapi_extra=picture_body(several=True),
)
async def read_batch(
    request: Request, options: Annotated[ReadOptions, Query()], parts: Parts
) -> StreamingResponse:
    """Reads the pictures of a form, whose parts are all called `picture`.

    Each line is sent as soon as its picture and all before it are read; a picture that cannot be read has `error` set, and stops no
    other.
    """
    entry = parts.catalogue.require(options.model)
    if parts.pool.is_full:
        raise busy()
    uploads = await many_pictures(request, limit=parts.settings.max_files)
    work = partial(parts.answer, entry=entry, options=options, client=client_of(request))
    read_one = partial(_line, parts.pool, work, request_id=request.state.request_id)
    return StreamingResponse(_lines(uploads, read_one, ahead=parts.pool.workers), media_type=LINES)


async def _lines(uploads: list[Upload], read_one: Any, *, ahead: int) -> "AsyncIterator[bytes]":
    """The lines in order; so many pictures are read ahead of the one that is sent."""
    waiting = deque(uploads)
    tasks: deque[asyncio.Task[bytes]] = deque()
    try:
        while waiting or tasks:
            while waiting and len(tasks) <= ahead:
                tasks.append(asyncio.create_task(read_one(waiting.popleft())))
            yield await tasks.popleft()
    finally:
        for task in tasks:  # the client has gone away
            task.cancel()


async def _line(pool: "Pool", work: "Callable[[Upload], Any]", upload: Upload, *, request_id: str) -> bytes:
    """The line of one picture, whatever becomes of it."""
    try:
        answer = await pool.run(partial(work, upload), patiently=True)
    except Problem as found:
        problem = found
    except InkreadError as error:
        problem = problem_of(error, upload.name)
    except Exception:
        log.exception("a picture of a batch failed", extra={FIELDS: {"request": request_id}})
        problem = internal()
    else:
        return to_json(answer) + b"\n"
    return to_json({"source": upload.name, "error": problem.to_dict(request_id)}) + b"\n"
