"""Serves the web page's files from the package."""

from __future__ import annotations

from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from starlette.staticfiles import StaticFiles

if TYPE_CHECKING:
    import os

    from starlette.responses import Response
    from starlette.types import Scope

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
