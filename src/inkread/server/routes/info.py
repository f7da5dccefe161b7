"""Endpoints that describe the server and its health."""

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse, PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from inkread import __version__
from inkread.models import DEFAULT
from inkread.picture import supported_formats
from inkread.server import schemas
from inkread.server.pool import STUCK_SECONDS
from inkread.server.problems import Problem, not_ready
from inkread.server.routes.openapi import ALWAYS, OF_API, responses, text_of
from inkread.server.service import Parts

router = APIRouter()

REPORT_SECURITY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
"""A report is an untrusted file: it may use inline pictures and styles, but no scripts."""

OK = text_of("Yes.", "ok\n")


@router.get("/v1/models", tags=["about"], summary="List the models", responses=responses(*OF_API))
async def list_models(parts: Parts) -> schemas.Models:
    """Lists the models with their cards; the option `model` accepts those that are `selectable`."""
    entries = [schemas.Model(**entry.to_dict()) for entry in parts.registry.entries.values()]
    return schemas.Models(default=DEFAULT, models=entries)


@router.get(
    "/v1/models/{name}/report",
    tags=["about"],
    summary="Show the report of a run",
    response_class=HTMLResponse,
    responses=responses(*OF_API, "not-found", ok=text_of("The page.", "<!doctype html>…", "text/html")),
)
def get_report(name: str, parts: Parts) -> HTMLResponse:
    """Shows a run's page written by `inkread report`; the page may not load or run anything."""
    entry = parts.registry.entries.get(name)
    path = entry.report if entry else None
    if path is None:
        raise Problem("not-found", "There is no such report.", "Write it with: inkread report RUN")
    return HTMLResponse(path.read_bytes(), headers={"Content-Security-Policy": REPORT_SECURITY})


@router.get(
    "/v1/info",
    tags=["about"],
    summary="Describe this server",
    responses=responses(*ALWAYS, "too-many-requests"),
)
async def info(parts: Parts) -> schemas.Info:
    """Returns the version, the limits, and whether readings are stored; requires no key."""
    settings = parts.settings
    limits = schemas.Limits(
        bytes=settings.max_bytes,
        pixels=settings.max_pixels,
        files=settings.max_files,
        rows=settings.max_rows,
        seconds=settings.max_seconds,
    )
    return schemas.Info(
        version=__version__,
        collect=parts.store is not None,
        limits=limits,
        api_key=settings.api_key is not None,
        formats=supported_formats(),
    )


@router.get(
    "/livez",
    tags=["health"],
    summary="Check whether the server is running",
    response_class=PlainTextResponse,
    responses=responses("internal", ok=OK),
)
async def livez() -> str:
    """Responds as long as the process is running."""
    return "ok\n"


@router.get(
    "/readyz",
    tags=["health"],
    summary="Check whether the server can read",
    response_class=PlainTextResponse,
    responses=responses("internal", "not-ready", ok=OK),
)
async def readyz(parts: Parts) -> str:
    """Returns 200 once a worker has warmed up on a picture, as long as workers become free."""
    if not parts.pool.has_started:
        raise not_ready("The models are loading.")
    if parts.pool.is_stuck:
        raise not_ready(f"No reader has been free for {STUCK_SECONDS:g} seconds.")
    return "ok\n"


@router.get(
    "/metrics",
    tags=["health"],
    summary="Show Prometheus metrics",
    response_class=Response,
    responses=responses(*OF_API, ok=text_of("The metrics.", "inkread_readers_busy 1.0\n")),
)
async def metrics(parts: Parts) -> Response:
    """Returns request counts, times, and the readers' load in Prometheus' text format."""
    return Response(generate_latest(parts.metrics.registry), media_type=CONTENT_TYPE_LATEST)
