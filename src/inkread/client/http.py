"""``Client``, and ``AsyncClient`` with the same methods as coroutines.

``methods`` has all but the methods that iterate, which are written here for each client.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx

from inkread.client import protocol
from inkread.client.methods import DEFAULT_URL, Methods, returned
from inkread.picture import describe_source

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator
    from typing import Self

    from inkread.client.methods import Exchange, T
    from inkread.client.protocol import ServedReading
    from inkread.errors import PictureError
    from inkread.picture import Source

TIMEOUT = 60.0
"""Seconds without data from the server before giving up; the server may wait for 20 and read for 20."""


class Client(Methods):
    """A client of an inkread server. It is thread-safe; close it, or use it in a ``with`` statement.

    Args:
        url: the URL that the server printed.
        api_key: the API key, if the server requires one.
        timeout: seconds without data from the server before giving up.
        transport: sends the requests, for tests and proxies; see httpx.

    Every method raises a ``ServerError`` if the server cannot be reached, is busy, or rejects the request.
    """

    def __init__(
        self,
        url: str = DEFAULT_URL,
        *,
        api_key: str | None = None,
        timeout: float = TIMEOUT,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        super().__init__(url, api_key)
        with self._configured():
            self._http = httpx.Client(
                headers=self._headers, timeout=timeout, transport=transport, trust_env=not self._is_here
            )

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def read_many(
        self,
        sources: Iterable[Source],
        *,
        single: bool = False,
        model: str = "default",
        alphabet: str = "digits",
        min_probability: float = 0.0,
    ) -> Iterator[ServedReading | PictureError]:
        """Reads pictures in one request, in order; yields the error of an unreadable one and continues.

        The server limits the size of one request, see ``info()["limits"]``.
        """
        given = list(sources)
        request = protocol.read_batch(
            given, single=single, model=model, alphabet=alphabet, min_probability=min_probability
        )
        with self._reachable(), self._http.stream(**request.sent_to(self.url)) as answer:
            if not answer.is_success:
                answer.read()
            self._checked(answer)
            yield from map(protocol.outcome_of, answer.iter_lines(), map(describe_source, given))

    def corrections(self) -> Iterator[dict[str, Any]]:
        """Yields the active corrections and marks, newest first; ``kind`` is ``"digit"`` or ``"mark"``."""
        return self._listed("corrections")

    def readings(self, search: str = "") -> Iterator[dict[str, Any]]:
        """Yields the stored readings whose source or text contains ``search``, newest first."""
        return self._listed("readings", search=search)

    def _listed(self, name: str, **options: Any) -> Iterator[dict[str, Any]]:
        while True:
            page = self._send(protocol.get(f"/v1/{name}", **options)).json()
            yield from page[name]
            if page["next"] is None:
                return
            options["before"] = page["next"]

    def _perform(self, exchange: Exchange[T]) -> T:
        return returned(exchange, self._send(next(exchange)))

    def _send(self, request: protocol.Request) -> httpx.Response:
        with self._reachable():
            answer = self._http.request(**request.sent_to(self.url))
        return self._checked(answer, request.source)


class AsyncClient(Methods):
    """An asynchronous client of an inkread server; has the methods of ``Client`` as coroutines."""

    def __init__(
        self,
        url: str = DEFAULT_URL,
        *,
        api_key: str | None = None,
        timeout: float = TIMEOUT,  # enforced by httpx
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        super().__init__(url, api_key)
        with self._configured():
            self._http = httpx.AsyncClient(
                headers=self._headers, timeout=timeout, transport=transport, trust_env=not self._is_here
            )

    async def close(self) -> None:
        """Closes the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def read_many(
        self,
        sources: Iterable[Source],
        *,
        single: bool = False,
        model: str = "default",
        alphabet: str = "digits",
        min_probability: float = 0.0,
    ) -> AsyncIterator[ServedReading | PictureError]:
        """See ``Client.read_many``."""
        given = list(sources)
        request = protocol.read_batch(
            given, single=single, model=model, alphabet=alphabet, min_probability=min_probability
        )
        with self._reachable():
            async with self._http.stream(**request.sent_to(self.url)) as answer:
                if not answer.is_success:
                    await answer.aread()
                self._checked(answer)
                names = map(describe_source, given)
                async for line in answer.aiter_lines():
                    yield protocol.outcome_of(line, next(names))

    def corrections(self) -> AsyncIterator[dict[str, Any]]:
        """See ``Client.corrections``."""
        return self._listed("corrections")

    def readings(self, search: str = "") -> AsyncIterator[dict[str, Any]]:
        """See ``Client.readings``."""
        return self._listed("readings", search=search)

    async def _listed(self, name: str, **options: Any) -> AsyncIterator[dict[str, Any]]:
        while True:
            page = (await self._send(protocol.get(f"/v1/{name}", **options))).json()
            for one in page[name]:
                yield one
            if page["next"] is None:
                return
            options["before"] = page["next"]

    async def _perform(self, exchange: Exchange[T]) -> T:
        return returned(exchange, await self._send(next(exchange)))

    async def _send(self, request: protocol.Request) -> httpx.Response:
        with self._reachable():
            answer = await self._http.request(**request.sent_to(self.url))
        return self._checked(answer, request.source)
