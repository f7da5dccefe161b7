"""``inkread serve``: the web page and the HTTP API."""

import importlib.util
import os
import signal
import socket
import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from inkread.cli.console import flush, is_terminal, write
from inkread.errors import MissingExtraError, OptionError

if TYPE_CHECKING:
    from inkread.server import ServerSettings

NEEDED = ("fastapi", "uvicorn", "python_multipart", "prometheus_client", "sqlalchemy", "alembic")
"""What the extra ``serve`` installs."""

MOST_CONNECTIONS = 1000
"""Beyond these, further ones are turned away."""

GRACE_SECONDS = 5
"""When the server is told to stop, requests under way may take this long to end; the process has ended within 10 seconds,
on a busy machine too."""


class Level(StrEnum):
    """What is logged at least."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


def serve(
    *,
    host: Annotated[str, typer.Option(help="The address to listen at; 0.0.0.0 is any.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen at; 0 takes any that is free.")] = 8000,
    model: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=FOLDER", help="Offer the model of a training run too; may be repeated."),
    ] = None,
    collect: Annotated[
        bool, typer.Option("--collect", help="Store readings with their pictures, and take corrections.")
    ] = False,
    store: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Where --collect stores: sqlite:///FILE or postgresql+psycopg://…"),
    ] = None,
    api_key: Annotated[
        str | None,
        typer.Option(
            metavar="KEY", help="Demand this key (better: INKREAD_API_KEY, which others do not see)."
        ),
    ] = None,
    cors: Annotated[
        list[str] | None,
        typer.Option(metavar="ORIGIN", help="Let pages of this origin use the API; may be repeated."),
    ] = None,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Answer to this name too, as behind a proxy; may be repeated."),
    ] = None,
    max_bytes: Annotated[int | None, typer.Option(help="Bytes of a request at most.")] = None,
    max_held_bytes: Annotated[int | None, typer.Option(help="Bytes of all requests at a time.")] = None,
    max_pixels: Annotated[int | None, typer.Option(help="Pixels of a picture at most.")] = None,
    max_files: Annotated[int | None, typer.Option(help="Pictures of one request at most.")] = None,
    max_rows: Annotated[int | None, typer.Option(help="Glyphs of one request at most.")] = None,
    max_seconds: Annotated[float | None, typer.Option(help="Seconds for one picture at most.")] = None,
    max_upload_seconds: Annotated[
        float | None, typer.Option(help="Seconds for a request to arrive at most.")
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            help="Processes that read, one picture at a time each; by default one for each core, at most 8."
        ),
    ] = None,
    queue: Annotated[int | None, typer.Option(help="Pictures that may wait.")] = None,
    rate: Annotated[
        float | None, typer.Option(help="Requests a second of one client at most; 0 is no limit.")
    ] = None,
    log_level: Annotated[
        Level | None,
        typer.Option(
            help="What is logged; info has a line for each request. By default warning on a terminal."
        ),
    ] = None,
) -> None:
    """Serve a web page and an HTTP API that read digits.

    The page is at the address that is printed; the API is described at /openapi.json there.

    Only this machine can reach it unless --host says otherwise. Nothing is stored without --collect.
    """
    _require_extra()
    from inkread.server import ServerSettings

    given = {
        "store": store,
        "api_key": api_key,
        "max_bytes": max_bytes,
        "max_held_bytes": max_held_bytes,
        "max_pixels": max_pixels,
        "max_files": max_files,
        "max_rows": max_rows,
        "max_seconds": max_seconds,
        "max_upload_seconds": max_upload_seconds,
        "workers": workers,
        "queue": queue,
        "rate": rate,
    }
    settings = ServerSettings(
        host=host,
        port=port,
        models=_models(model or []),
        collect=collect,
        cors=tuple(cors or ()),
        hosts=tuple(allow_host or ()),
        **{name: value for name, value in given.items() if value is not None},  # type: ignore[arg-type]
    )
    level = log_level or (Level.WARNING if is_terminal(sys.stderr) else Level.INFO)
    with _listen(host, port) as listener:
        _run(settings, listener, level)


def _require_extra() -> None:
    for package in NEEDED:
        if importlib.util.find_spec(package) is None:
            raise MissingExtraError(package, "serve")


def _models(options: list[str]) -> dict[str, str]:
    """The folders of ``NAME=FOLDER`` by their names."""
    models: dict[str, str] = {}
    for option in options:
        name, separator, folder = option.partition("=")
        if not (separator and folder):
            raise OptionError(f"--model {option}", "is no NAME=FOLDER", "give one such as mine=runs/mine")
        if name in models:
            raise OptionError(f"--model {option}", "names a model again", "give each model a name of its own")
        models[name] = folder
    return models


def _listen(host: str, port: int) -> socket.socket:
    """A socket that is bound, before anything else is loaded."""
    if not 0 <= port <= 65535:
        raise OptionError(
            f"--port {port}", "is no port", "give one from 1 to 65535, or 0 for any that is free"
        )
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as error:
        raise OptionError(
            f"--host {host}", "is no address of this machine", "give one such as 127.0.0.1"
        ) from error
    listener = socket.socket(family, kind, protocol)
    try:
        if os.name == "posix":  # elsewhere it would let two servers share a port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen()
    except OSError as error:
        listener.close()
        problem = f"cannot be listened at ({error.strerror or error})"
        raise OptionError(f"{host}:{port}", problem, "choose another address or port: --port 8001") from error
    return listener


def _run(settings: "ServerSettings", listener: socket.socket, level: Level) -> None:
    """Serves until it is told to stop, and then finishes what is under way."""
    import uvicorn

    from inkread.server import create_app
    from inkread.server.logs import log_config
    from inkread.server.protocol import BoundedProtocol

    app = create_app(settings)
    config = uvicorn.Config(
        app,
        log_config=log_config(level.value),
        access_log=False,  # the application's own has no addresses with what was searched for
        server_header=False,
        proxy_headers=False,
        ws="none",
        http=BoundedProtocol,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    _announce(settings, listener.getsockname()[1])
    with _signals_end_quietly():
        uvicorn.Server(config).run(sockets=[listener])


class _signals_end_quietly:  # noqa: N801  # used as a function
    """uvicorn raises the signal that stopped it once more when it has ended: being stopped is no failure."""

    def __enter__(self) -> None:
        self._before = {
            number: signal.signal(number, lambda *_: None) for number in (signal.SIGINT, signal.SIGTERM)
        }

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)


def _announce(settings: "ServerSettings", port: int) -> None:
    """Says where the server is, what it keeps, and whether strangers can reach it."""
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, settings.host)  # noqa: S104
    shown = f"[{shown}]" if ":" in shown and not shown.startswith("[") else shown
    kept = ""
    if settings.collect:
        from inkread.store.address import Address

        kept = f", and stores readings and corrections in {Address.parse(settings.store)}"
    write(f"inkread reads at http://{shown}:{port}{kept} (Ctrl-C stops it)\n")
    flush()
    if not settings.is_local and settings.api_key is None:
        sys.stderr.write(
            f"warning: {settings.host}: everyone who can reach this machine can use the server; "
            "set INKREAD_API_KEY, or leave --host away\n"
        )
