"""Assembles the server's parts into the application."""

from __future__ import annotations

from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Match
from starlette.staticfiles import StaticFiles

from inkread import __version__
from inkread.errors import InkreadError
from inkread.reader import Reader
from inkread.server import schemas
from inkread.server.limits import AccessControlMiddleware
from inkread.server.monitoring import Metrics, log
from inkread.server.pool import Pool
from inkread.server.problems import MEDIA_TYPE, Problem, problem_of, problem_of_http, problem_of_validation
from inkread.server.request_context import RequestContextMiddleware
from inkread.server.routes import history, info, reading
from inkread.server.service import ReaderRegistry, Service
from inkread.server.work import Readers

if TYPE_CHECKING:
    import os
    from collections.abc import AsyncIterator

    from starlette.types import Scope

    from inkread.server.settings import ServerSettings
    from inkread.server.work import MakeReader

ROUTERS = (reading.router, info.router, history.router)

DESCRIPTION = """Reads handwritten digits from any picture, and tells you when there are none.

Errors are problem details (RFC 9457) with a `remedy`; every response has `X-Request-ID`."""

TAGS = [
    {"name": "reading", "description": "Reads digits from pictures and glyphs."},
    {"name": "about", "description": "Describes the server."},
    {
        "name": "collected",
        "description": "Stored readings and corrections, if the server was started with --collect.",
    },
    {"name": "health", "description": "Reports the server's health."},
]

BEYOND_ROUTES = (schemas.Reading, schemas.Problem, schemas.Unread, schemas.GlyphRequest, schemas.Glyphs)
"""Schemas that the OpenAPI document needs although no route's signature contains them."""

GENERATED = ("HTTPValidationError", "ValidationError")
"""Schemas of the framework's own errors, which are answered as problems here."""

FOLDER = Path(__file__).parent / "static"

MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
"""Media types by suffix; the machine's own table may differ, and browsers reject scripts of another type."""

REVALIDATE = "no-cache"
"""Browsers cache the files but revalidate each time by ETag, so that a page never mixes two versions."""


def create_app(settings: ServerSettings, *, reader: MakeReader = Reader) -> FastAPI:
    """Creates the application, verifies its models, and opens its store.

    ``reader`` creates the readers in the worker processes; it is pickled by name.

    Raises:
        ModelError: a model cannot be loaded.
        StoreError: the store cannot be opened.
    """
    registry = ReaderRegistry(settings.models)
    pool = Pool(
        partial(Readers, reader, registry.folders, settings.picture_limits),
        workers=settings.workers,
        queue=settings.queue,
        max_seconds=settings.max_seconds,
        memory=settings.picture_limits.reading_memory,
    )
    store = None
    if settings.collect:
        from inkread.store import Store

        store = Store.open(settings.store)
    service = Service(settings, registry, pool, Metrics(pool), store)
    app = FastAPI(
        title="inkread",
        version=__version__,
        description=DESCRIPTION,
        openapi_tags=TAGS,
        docs_url=None,  # these pages load scripts from other hosts
        redoc_url=None,
        lifespan=_lifespan,
        generate_unique_id_function=lambda route: route.name,
        redirect_slashes=False,
        strict_content_type=False,
    )
    app.state.service = service
    for router in ROUTERS:
        app.include_router(router)
    if settings.static:
        _serve_page(app)
    _answer_errors(app)
    app.add_middleware(AccessControlMiddleware, settings=settings)
    if settings.cors:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(settings.cors),
            allow_methods=["GET", "POST", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "X-API-Key", "X-Request-ID"],
            expose_headers=["X-Request-ID", "Retry-After"],
        )
    app.add_middleware(RequestContextMiddleware, metrics=service.metrics)
    _describe(app)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    service: Service = app.state.service
    service.pool.start()
    yield
    service.pool.close()
    if service.store is not None:
        service.store.close()


class PageFiles(StaticFiles):
    """Serves a folder's files with ETag, Cache-Control, and machine-independent media types."""

    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        """Returns the file, or 304 if the client already has it."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        if response.status_code != 304:
            suffix = PurePath(full_path).suffix
            response.headers["content-type"] = MEDIA_TYPES.get(suffix, "application/octet-stream")
        response.headers["cache-control"] = REVALIDATE
        return response


def _serve_page(app: FastAPI) -> None:
    files = PageFiles(directory=FOLDER, check_dir=False)

    async def page(request: Request) -> Response:
        return await files.get_response("index.html", request.scope)

    app.add_route("/", page, methods=["GET", "HEAD"], include_in_schema=False)
    app.mount("/static", files, name="static")


def _answer_errors(app: FastAPI) -> None:
    """Answers every error with a problem; unexpected ones are left to ``RequestContextMiddleware``."""

    def respond(request: Request, problem: Problem) -> Response:
        return problem.response(request.state.request_id)

    @app.exception_handler(HTTPException)
    async def on_http(request: Request, error: HTTPException) -> Response:
        if error.status_code == 405 and not isinstance(error, Problem):
            # If several routes share an address, the framework lists only the first one's methods.
            error.headers = {"Allow": ", ".join(sorted(_methods(request.scope)))}
        return respond(request, problem_of_http(error))

    @app.exception_handler(RequestValidationError)
    async def on_validation(request: Request, error: RequestValidationError) -> Response:
        return respond(request, problem_of_validation(error.errors()))

    @app.exception_handler(InkreadError)
    async def on_inkread(request: Request, error: InkreadError) -> Response:
        problem = problem_of(error)
        if problem.status_code >= 500:
            log.error("failed", exc_info=error)
        return respond(request, problem)


def _methods(scope: Scope) -> set[str]:
    found = (
        route for router in ROUTERS for route in router.routes if route.matches(scope)[0] is not Match.NONE
    )
    methods = {method for route in found if isinstance(route, APIRoute) for method in route.methods or ()}
    return methods or {"GET", "HEAD"}  # as for the page's files


def _describe(app: FastAPI) -> None:
    """Completes the OpenAPI document: extra schemas, the API key, and the header of every response."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = generate()
            shapes = document.setdefault("components", {}).setdefault("schemas", {})
            for shape in BEYOND_ROUTES:
                schema = shape.model_json_schema(ref_template="#/components/schemas/{model}")
                shapes |= schema.pop("$defs", {}) | {shape.__name__: schema}
            document["components"]["securitySchemes"] = {
                "bearer": {"type": "http", "scheme": "bearer"},
                "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
            }
            for name in GENERATED:
                shapes.pop(name, None)
            for operation in (each for path in document["paths"].values() for each in path.values()):
                if MEDIA_TYPE not in operation["responses"].get("422", {}).get("content", {MEDIA_TYPE: {}}):
                    del operation["responses"]["422"]  # the framework's; nothing can be invalid
                if 401 in map(int, operation["responses"]):
                    operation["security"] = [{}, {"bearer": []}, {"header": []}]
                for answer in operation["responses"].values():
                    answer.setdefault("headers", {})["X-Request-ID"] = {
                        "description": "The request's id, for bug reports.",
                        "schema": {"type": "string"},
                    }
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]
