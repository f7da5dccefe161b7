"""``inkread serve``: serves the web page and the HTTP API."""

import io
import os
import socket
import sys
from dataclasses import replace
from typing import Annotated, Any, Literal

from typer import Option

from inkread.cli.console import flush, on_stop, write
from inkread.cli.options import require
from inkread.cli.settings import with_settings
from inkread.errors import OptionError
from inkread.server.settings import ServerSettings

NEEDED = ("fastapi", "uvicorn", "python_multipart", "prometheus_client", "sqlalchemy", "alembic")
"""Packages that the extra ``serve`` installs."""

MOST_CONNECTIONS = 1000
"""Maximum number of open connections; further ones are rejected."""

GRACE_SECONDS = 5
"""Time for pending requests to finish after a stop signal; the process ends within 10 seconds even on a busy
machine."""


ANY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104
"""Addresses to listen on that other machines can reach."""

ELSEWHERE = ("192.0.2.1", 9)
"""An address for documentation (RFC 5737); nothing is sent to it."""

Level = Literal["info", "warning", "error"]


@with_settings(Options=ServerSettings)
def serve(
    *,
    model: Annotated[
        list[str] | None, Option(metavar="NAME=FOLDER", help="Also offer a training run's model; repeatable.")
    ] = None,
    cors: Annotated[
        list[str] | None,
        Option(metavar="ORIGIN", help="Allow pages of this origin to use the API; repeatable."),
    ] = None,
    allow_host: Annotated[
        list[str] | None,
        Option(metavar="NAME", help="Also accept this host name, e.g. behind a proxy; repeatable."),
    ] = None,
    fd: Annotated[
        int | None,
        Option(metavar="N", help="Serve at this inherited listening socket instead of --host and --port."),
    ] = None,
    log_level: Annotated[
        Level | None,
        Option(
            help="Minimum level to log; info logs every request; default: warning on a terminal, else info."
        ),
    ] = None,
    settings: dict[str, Any],
) -> None:
    """Serve a web page and an HTTP API that read digits.

    The page is at the printed address; /openapi.json there describes the API.

    By default, only this machine can reach the server; with --host 0.0.0.0, phones in its network can too.
    Nothing is stored without --collect.
    """
    require("serve", *NEEDED)
    if settings.get("tls_self_signed"):
        require("phone", "cryptography")
    hosts, origins = tuple(allow_host or ()), tuple(cors or ())
    chosen = ServerSettings(models=_models(model or []), cors=origins, hosts=hosts, **settings)
    level = log_level or ("warning" if sys.stderr.isatty() else "info")
    if fd is not None and settings.keys() & {"host", "port"}:
        raise OptionError("--fd", "cannot be combined with --host or --port", "omit one of them")
    with _listen(chosen.host, chosen.port) if fd is None else _inherit(fd) as listener:
        if fd is not None:
            host, port, *_ = listener.getsockname()
            chosen = replace(chosen, host=host, port=port)
        _run(chosen, listener, level)


def _models(options: list[str]) -> dict[str, str]:
    """Parses ``NAME=FOLDER`` options into folders by name."""
    models: dict[str, str] = {}
    for option in options:
        name, separator, folder = option.partition("=")
        if not (separator and folder):
            raise OptionError(f"--model {option}", "is not NAME=FOLDER", "use e.g. mine=runs/mine")
        if name in models:
            raise OptionError(f"--model {option}", "repeats a name", "give each model a different name")
        models[name] = folder
    return models


def _listen(host: str, port: int) -> socket.socket:
    """Returns a listening socket; it is bound before anything else is loaded."""
    if not 0 <= port <= 65535:
        raise OptionError(f"--port {port}", "is not a port", "use 1 to 65535, or 0 for any free port")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as error:
        raise OptionError(
            f"--host {host}", "is not an address of this machine", "use e.g. 127.0.0.1"
        ) from error
    listener = socket.socket(family, kind, protocol)
    try:
        if os.name == "posix":  # on other systems, it would let two servers share a port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen()
    except OSError as error:
        listener.close()
        problem = f"cannot be used ({error.strerror or error})"
        raise OptionError(
            f"{host}:{port}", problem, "use another address or port, e.g. --port 8001"
        ) from error
    return listener


def _inherit(fd: int) -> socket.socket:
    """Returns the listening socket with a file descriptor, which another process may share."""
    problem = OptionError(
        f"--fd {fd}", "is not a listening TCP socket", "pass on the number of one, e.g. 3 from systemd"
    )
    try:
        listener = socket.socket(fileno=fd)
    except (OSError, ValueError) as error:
        raise problem from error
    try:
        listens = listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    except OSError:
        listens = 0
    if not listens or listener.family not in (socket.AF_INET, socket.AF_INET6):
        listener.detach()
        raise problem
    listener.set_inheritable(False)  # not for the readers
    return listener


def _run(settings: ServerSettings, listener: socket.socket, level: Level) -> None:
    """Serves until stopped, then finishes pending requests."""
    import uvicorn

    from inkread.server import create_app
    from inkread.server.monitoring import log_config
    from inkread.server.protocol import BoundedProtocol

    app = create_app(settings)
    config = uvicorn.Config(
        app,
        log_config=log_config(level),
        access_log=False,  # uvicorn's would contain URLs with search terms; the application has its own log
        server_header=False,
        proxy_headers=False,
        ws="none",
        http=BoundedProtocol,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_graceful_shutdown=GRACE_SECONDS,
        **_certificate(settings),
    )
    _announce(settings, listener.getsockname()[1])
    # uvicorn raises the signal again after it has stopped, but stopping is not a failure.
    with on_stop(lambda: None):
        uvicorn.Server(config).run(sockets=[listener])


def _certificate(settings: ServerSettings) -> dict[str, Any]:
    """Returns uvicorn's options for HTTPS, if it is wanted."""
    if not settings.tls_self_signed:
        return {}
    from inkread.server.certificates import certificate_in
    from inkread.system.user_folders import user_folder

    names = {"localhost", "127.0.0.1", "::1", socket.gethostname(), network_address() or "127.0.0.1"}
    folder = user_folder("XDG_DATA_HOME", ".local/share") / "tls"
    certificate, key = certificate_in(folder, names | set(settings.hosts))
    return {"ssl_certfile": certificate, "ssl_keyfile": key}


def _announce(settings: ServerSettings, port: int) -> None:
    """Prints the server's addresses and what it stores, and warns if it is open to other machines."""
    scheme = "https" if settings.tls_self_signed else "http"
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, settings.host)  # noqa: S104
    shown = f"[{shown}]" if ":" in shown and not shown.startswith("[") else shown
    kept = ""
    if settings.collect:
        from inkread.store.database import Address

        kept = f", and stores readings and corrections in {Address.parse(settings.store)}"
    write(f"inkread is running at {scheme}://{shown}:{port}{kept} (Ctrl-C to stop)\n")
    if settings.host in ANY_ADDRESS:
        _announce_network(scheme, port)
    flush()
    if not settings.is_local and settings.api_key is None:
        sys.stderr.write(
            f"warning: {settings.host}: anyone who can reach this machine can use the server; "
            "set INKREAD_API_KEY, or omit --host\n"
        )


def _announce_network(scheme: str, port: int) -> None:
    """Prints the address for phones and other machines, on a terminal also as a QR code."""
    address = network_address()
    if address is None:
        return
    url = f"{scheme}://{address}:{port}"
    write(f"in this network: {url}\n")
    if sys.stdout.isatty():
        write(qr_code(url) or "")
    if scheme == "http":
        write("phones need --tls-self-signed for the camera; everything else works without it\n")
    else:
        write("browsers warn of the certificate, which this server signed itself; continue to the page\n")


def network_address() -> str | None:
    """Returns this machine's IPv4 address in its network; None if it is in none.

    Connecting a UDP socket sends nothing; it only chooses the interface.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(ELSEWHERE)
        except OSError:
            return None
        address = str(probe.getsockname()[0])
    return None if address.startswith("127.") or address == "0.0.0.0" else address  # noqa: S104


def qr_code(text: str) -> str | None:
    """Returns a QR code for terminals; None if the optional package segno is not installed."""
    try:
        import segno
    except ImportError:
        return None
    drawn = io.StringIO()
    segno.make(text, micro=False).terminal(drawn, compact=True, border=2)
    return drawn.getvalue()
