"""The server: an HTTP API and a web page in one process, which has others read.

===================  ======================================================================
``settings``         ``ServerSettings``: the settings of a server
``app``              ``create_app``: the parts put together
``request_context``  around every request: its id, security headers, a log line, a count
``limits``           what is refused at once: foreign hosts and pages, keys, rates, sizes
``routes``           the addresses of the API
``service``          what the routes work with
``reader_registry``  the models
``pool``             the pool of worker processes in which pictures are read
``work``             what a worker process does
``glyph_bodies``     glyphs out of requests
``uploads``          pictures out of requests, in memory
``serializers``      readings as JSON, and as they are stored
``problems``         errors as RFC 9457 problem details
``schemas``          the shapes of the API
``static_files``     the web page's files, which are in ``static``
``metrics, logs``    what operators see
===================  ======================================================================

Needs the extra ``serve``. Nothing of the core imports this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inkread.server.settings import ServerSettings

if TYPE_CHECKING:
    from inkread.server.app import create_app

__all__ = ["ServerSettings", "create_app"]


def __getattr__(name: str) -> Any:
    """The application, loaded when it is first asked for: whoever only names settings needs no web framework."""
    if name == "create_app":
        from inkread.server.app import create_app

        return create_app
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
