"""``inkread site``: writes the web page as static files that need no server."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inkread.cli.console import printable, write
from inkread.cli.options import QuietOption

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from inkread.datasets.download import Progress


def site(
    *,
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="The folder to write; new, empty, or an older site.")
    ],
    runtime: Annotated[
        Path | None,
        typer.Option(help="onnxruntime-web as a file of npm pack or a folder; default: download it once."),
    ] = None,
    quiet: QuietOption = False,
) -> None:
    """Write a web page that reads digits in the browser itself, without a server.

    Any static host can publish the folder. Drawings and pictures never leave the visitor's device, and after
    the first visit the page works offline. The networks are the bundled ones, for digits.

    To try it on this machine: python -m http.server --directory DIR
    """
    from inkread.site import load_runtime, write_site

    with _progress(shown=not quiet) as on_download:
        loaded = load_runtime(runtime, progress=on_download)
    written = write_site(out, loaded)
    count, megabytes = len(written.sizes), written.size / 1e6
    write(f"{printable(str(out))}: {count} files, {megabytes:.1f} MB\n")


def _progress(*, shown: bool) -> "AbstractContextManager[Progress]":
    from contextlib import contextmanager

    from rich import progress

    from inkread.cli.console import error_console

    @contextmanager
    def bar() -> "Iterator[Progress]":
        columns = (progress.TextColumn("{task.description}"), progress.BarColumn(), progress.DownloadColumn())
        console = error_console(quiet=not shown)
        with progress.Progress(*columns, console=console, transient=True, redirect_stdout=False) as shown_bar:
            task = shown_bar.add_task("", total=None, visible=False)
            yield lambda name, done, total: shown_bar.update(
                task, description=f"Downloading {name}", completed=done, total=total, visible=True
            )

    return bar()
