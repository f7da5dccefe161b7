"""``inkread site``: writes the web page as static files that need no server."""

from pathlib import Path
from typing import Annotated

from typer import Option

from inkread.cli.console import download_bar, printable, write
from inkread.cli.options import QuietOption


def site(
    *,
    out: Annotated[Path, Option(metavar="DIR", help="The folder to write; new, empty, or an older site.")],
    runtime: Annotated[
        Path | None,
        Option(help="onnxruntime-web as a file of npm pack or a folder; default: download it once."),
    ] = None,
    quiet: QuietOption = False,
) -> None:
    """Write a web page that reads digits in the browser itself, without a server.

    Any static host can publish the folder. Drawings and pictures never leave the visitor's device, and after
    the first visit the page works offline. The networks are the bundled ones, for digits.

    To try it on this machine: python -m http.server --directory DIR
    """
    from inkread.site import load_runtime, write_site

    with download_bar(quiet=quiet) as progress:
        loaded = load_runtime(runtime, progress=progress)
    written = write_site(out, loaded)
    count, megabytes = len(written.sizes), written.size / 1e6
    write(f"{printable(str(out))}: {count} files, {megabytes:.1f} MB\n")
