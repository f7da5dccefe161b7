"""The methods of both clients, each written once.

A method of ``Methods`` is a generator: it yields a request, receives the response, and returns its meaning.
Each client sends the request in its own way.
"""

from __future__ import annotations

import io
import ipaddress
from contextlib import contextmanager, suppress
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Protocol, TypeAlias, TypeVar, overload
from urllib.parse import urlsplit

import httpx
from PIL import Image

from inkread.client import protocol
from inkread.errors import OptionError, ServerBusyError, ServerRefusedError, ServerUnreachableError
from inkread.picture import describe_source

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator, Iterator, Sequence

    from numpy.typing import NDArray

    from inkread.client.http import AsyncClient, Client
    from inkread.client.protocol import Classified, ServedReading
    from inkread.picture import Source

DEFAULT_URL = "http://127.0.0.1:8000"

BUSY = (429, 503)

PROBLEM = "application/problem+json"

MARK = "x-request-id"
"""A header in every response of an inkread server."""


P = ParamSpec("P")
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

Exchange: TypeAlias = "Generator[protocol.Request, httpx.Response, T]"
"""Yields a request, receives the response, and returns its meaning."""


class _Method(Protocol[P, T_co]):
    """The type of a method in both clients."""

    @overload
    def __get__(self, client: Client, owner: object) -> Callable[P, T_co]: ...
    @overload
    def __get__(self, client: AsyncClient, owner: object) -> Callable[P, Coroutine[Any, Any, T_co]]: ...


def _method(steps: Callable[Concatenate[Any, P], Exchange[T]]) -> _Method[P, T]:
    """Makes a method of both clients from the exchange that it performs."""

    @wraps(steps)
    def method(self: Any, *arguments: P.args, **options: P.kwargs) -> Any:
        return self._perform(steps(self, *arguments, **options))

    return method  # type: ignore[return-value]  # a function is one, whatever the type of ``self``


def returned(exchange: Exchange[T], answer: httpx.Response) -> T:
    """Finishes an exchange."""
    try:
        exchange.send(answer)
    except StopIteration as end:
        result: T = end.value
        return result
    raise AssertionError("an exchange has one request")


class Methods:
    """The methods of both clients, and their base class."""

    def __init__(self, url: str, api_key: str | None) -> None:
        if not url.startswith(("http://", "https://")):
            raise OptionError(url or "(empty)", "is not a server's URL", f"use e.g. {DEFAULT_URL}")
        self.url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.url!r})"

    @property
    def _is_here(self) -> bool:
        """Whether the server is on this machine, so that the environment's proxies cannot reach it."""
        try:
            host = urlsplit(self.url).hostname or ""
        except ValueError:  # an invalid URL, which the first request reports
            return False
        if host == "localhost" or host.endswith(".localhost"):
            return True
        with suppress(ValueError):  # a host name
            return ipaddress.ip_address(host).is_loopback
        return False

    @contextmanager
    def _configured(self) -> Iterator[None]:
        """Converts errors from a bad environment (``ALL_PROXY``, ``SSL_CERT_FILE``) to ``ServerError``."""
        try:
            yield
        except (ImportError, ValueError, OSError, httpx.InvalidURL) as error:
            problem = f"cannot be reached with this environment's proxy or certificates ({error})"
            remedy = "check HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, and SSL_CERT_FILE"
            if isinstance(error, ImportError):
                remedy = "run pip install 'httpx[socks]', or unset ALL_PROXY"
            raise ServerUnreachableError(self.url, problem, remedy) from error

    @contextmanager
    def _reachable(self) -> Iterator[None]:
        try:
            yield
        except (httpx.InvalidURL, httpx.HTTPError) as error:
            problem = f"does not respond ({type(error).__name__})"
            remedy = "check the URL, and that the server is running"
            raise ServerUnreachableError(self.url, problem, remedy) from error

    def _checked(self, answer: httpx.Response, source: str | None = None) -> httpx.Response:
        """Returns a successful response; raises the error of any other."""
        if (
            not (answer.is_success or answer.headers.get("content-type") == PROBLEM)
            or MARK not in answer.headers
        ):
            problem = f"answered {answer.status_code}, but is not an inkread server"
            raise ServerUnreachableError(self.url, problem, "check the URL")
        if answer.is_success:
            return answer
        problem = answer.json()
        slug = protocol.slug_of(problem)
        words = protocol.clause(problem["detail"]), protocol.clause(problem["remedy"])
        if source is not None and slug in protocol.PICTURE_ERRORS:
            raise protocol.picture_error(problem, source, "picture")
        if slug == "invalid-option":
            raise OptionError(self.url, *words)
        if answer.status_code in BUSY:
            raise ServerBusyError(self.url, *words, protocol.seconds_of(answer.headers.get("Retry-After")))
        raise ServerRefusedError(self.url, *words, answer.status_code, problem.get("instance"))

    @_method
    def read(
        self,
        source: Source,
        *,
        single: bool = False,
        model: str = "default",
        alphabet: str = "digits",
        min_probability: float = 0.0,
    ) -> Exchange[ServedReading]:
        """Reads one picture, see ``inkread.Reader.read``.

        Raises:
            PictureError: the source cannot be read as a picture.
            OptionError: an option is invalid.
        """
        options = {"single": single, "model": model, "alphabet": alphabet}
        request = protocol.read(source, min_probability=min_probability, **options)
        return protocol.reading_of((yield request).json(), describe_source(source))

    @_method
    def draw(
        self, source: Source, *, single: bool = False, model: str = "default", min_probability: float = 0.0
    ) -> Exchange[Image.Image]:
        """Reads one picture, and returns it with its boxes; raises the same errors as ``read``."""
        options = {"single": single, "model": model, "draw": True}
        request = protocol.read(source, min_probability=min_probability, **options)
        return Image.open(io.BytesIO((yield request).content))

    @_method
    def classify(
        self, glyphs: NDArray[Any], *, model: str = "default", normalize: bool = False
    ) -> Exchange[Classified]:
        """Classifies glyphs with only the network.

        Args:
            glyphs: N×28×28, uint8 in 0..255 or floating-point in 0..1, ink bright.
            model: one of ``models()``.
            normalize: convert each glyph to the classifier's geometry first, for drawings.

        Raises:
            OptionError: the glyphs have another shape or other values.
        """
        answer = yield protocol.classify(glyphs, model=model, normalize=normalize)
        return protocol.classified_of(answer.json())

    @_method
    def info(self) -> Exchange[dict[str, Any]]:
        """Returns the server's version, limits, and formats, and whether it stores readings."""
        return dict((yield protocol.get("/v1/info")).json())

    @_method
    def models(self) -> Exchange[list[dict[str, Any]]]:
        """Returns the models with their cards; the other methods accept those that are ``selectable``."""
        return list((yield protocol.get("/v1/models")).json()["models"])

    @_method
    def correct(
        self, reading: str, *, line: int, position: int, label: str, by: str | None = None
    ) -> Exchange[dict[str, Any]]:
        """Stores the correct label of a digit in a stored reading, and returns the correction.

        Rows, and the position of a digit in its row, count from 0. The label is ``"0"`` to ``"9"``, or ``""``
        for no digit; ``by`` is the correction's author. Use the correction's ``id`` to withdraw it.
        """
        answer = yield protocol.correct(reading, line=line, position=position, label=label, by=by)
        return dict(answer.json())

    @_method
    def mark(
        self, reading: str, *, box: Sequence[int], label: str, by: str | None = None
    ) -> Exchange[dict[str, Any]]:
        """Stores the content of a box in a stored picture, a missed digit or nothing, and returns the mark.

        The box is ``(x0, y0, x1, y1)`` in pixels of the upright picture. See ``correct`` for the others.

        Raises:
            OptionError: the box is empty or outside the picture, or the label is not a digit.
        """
        answer = yield protocol.correct(reading, box=[int(value) for value in box], label=label, by=by)
        return dict(answer.json())

    @_method
    def correct_line(
        self, reading: str, *, line: int, text: str, by: str | None = None
    ) -> Exchange[list[dict[str, Any]]]:
        """Stores the correct text of a row in a stored reading, and returns what this changed.

        The changes are corrections of digits (``kind`` is ``"digit"``) and marks of missed ones (``"mark"``).
        Rows count from 0; the text is ``""`` if the row has no digits; ``by`` is the author.

        Raises:
            OptionError: the text has other characters, or a missed digit would be outside the picture.
        """
        answer = yield protocol.correct(reading, line=line, text=text, by=by)
        return list(answer.json()["corrections"])

    @_method
    def withdraw(self, correction: str) -> Exchange[None]:
        """Withdraws a correction or a mark by its id."""
        yield protocol.delete("corrections", correction)

    @_method
    def reading(self, reading: str) -> Exchange[dict[str, Any]]:
        """Returns the stored reading with this id, with its digits."""
        return dict((yield protocol.get(f"/v1/readings/{protocol.quoted(reading)}")).json())

    @_method
    def remove_reading(self, reading: str) -> Exchange[None]:
        """Removes a stored reading with its picture, corrections, and marks."""
        yield protocol.delete("readings", reading)
