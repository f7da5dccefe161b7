"""Endpoint to classify glyphs: only the network, without the pipeline from picture to glyphs."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from inkread.server import schemas
from inkread.server.routes.openapi import OF_API, WITH_BODY, json_of, responses
from inkread.server.schemas import GlyphOptions
from inkread.server.service import Parts
from inkread.server.work import ClassifyGlyphs

router = APIRouter(prefix="/v1", tags=["reading"])


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
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": {"$ref": "#/components/schemas/GlyphRequest"}},
                "application/octet-stream": {
                    "schema": {"type": "string", "contentMediaType": "application/x-npy"}
                },
            },
        }
    },
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
