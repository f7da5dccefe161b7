"""A client of ``inkread serve``: reads pictures on another machine, with the results of a local reader.

>>> with inkread.Client("http://127.0.0.1:8000") as client:      # doctest: +SKIP
...     client.read("photo.jpg").text
'0123456789'

``AsyncClient`` has the same methods as coroutines. Both require httpx, which the extra ``client`` installs.

============  ==================================================================
``http``      ``Client`` and ``AsyncClient``: how each sends requests
``methods``   their methods, each written once
``protocol``  builds requests and parses responses
============  ==================================================================
"""

from __future__ import annotations

from inkread.errors import MissingExtraError

try:
    from inkread.client.http import AsyncClient, Client
    from inkread.client.protocol import Classified, ServedReading
except ModuleNotFoundError as error:
    if error.name == "httpx":
        raise MissingExtraError("httpx", "client") from error
    raise

__all__ = ["AsyncClient", "Classified", "Client", "ServedReading"]
