"""The server: one process with an HTTP API and a web page; worker processes do the reading.

===================  ======================================================================
``settings``         ``ServerSettings``: the settings of a server
``app``              ``create_app``: assembles the application, and serves the page from ``static``
``request_context``  wraps every request: id, security headers, log line, metrics
``limits``           checks each request: host, origin, API key, rate, size
``routes``           the endpoints of the API
``service``          the components that the routes use, and the models
``pool``             the pool of worker processes that read pictures
``work``             the tasks of a worker process, and their results as JSON and as stored records
``glyph_bodies``     parses glyphs from request bodies
``uploads``          parses pictures from requests, in memory
``problems``         errors as RFC 9457 problem details
``schemas``          the request and response schemas of the API
``monitoring``       metrics and logs for operators
===================  ======================================================================

Requires the extra ``serve``. The core never imports this package.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from inkread.server.settings import ServerSettings
from inkread.system.lazy import lazy

if TYPE_CHECKING:
    from inkread.server.app import create_app

__all__ = ["ServerSettings", "create_app"]


# Using only the settings needs no web framework.
__getattr__ = lazy(__name__, {"app": ("create_app",)})
