"""``inkread watch``: reads pictures as they arrive in a folder."""

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Exit, Option

from inkread.cli.console import INTERRUPTED, on_stop, printable, report
from inkread.cli.formats import nothing_in
from inkread.cli.options import (
    AlphabetOption,
    LexiconOption,
    MinProbabilityOption,
    ModelOption,
    SingleOption,
    require_use,
)

if TYPE_CHECKING:
    from inkread.results import Reading
    from inkread.results.outcome import Outcome

FAILED = 1
ATTENTION = 0.1
"""Maximum seconds until Ctrl-C is noticed."""


def watch(
    folder: Annotated[Path, Argument(metavar="DIR", help="The folder to watch for pictures.")],
    *,
    out: Annotated[Path, Option(metavar="FILE", help="The .csv or .jsonl file to append readings to.")],
    recursive: Annotated[bool, Option("-r", "--recursive", help="Also watch subfolders of DIR.")] = False,
    once: Annotated[bool, Option("--once", help="Read the pictures not yet in FILE, then exit.")] = False,
    interval: Annotated[
        float, Option(metavar="S", help="Seconds between scans; a file unchanged for this long is complete.")
    ] = 1.0,
    single: SingleOption = False,
    min_probability: MinProbabilityOption = 0.0,
    model: ModelOption = "default",
    alphabet: AlphabetOption = "digits",
    lexicon: LexiconOption = None,
    quiet: Annotated[bool, Option("--quiet", help="Show errors only.")] = False,
) -> None:
    """Read pictures as they arrive in a folder, and append a line for each to a CSV or JSONL file.

    Press Ctrl-C to stop. After a restart, even after a crash, it reads the pictures it has missed and none
    twice. FILE records which pictures have been read, so use one FILE per DIR. A picture whose content
    changes is read again and gets another line.

    csv has the same columns as inkread read --format csv, jsonl the same object. Both add the time and the
    file's size, date, and SHA-256.

    A document of several pages is an error; inkread read and inkread batch read each page.

    Hidden files and files without an image format's suffix (e.g. .part and .tmp) are ignored. Errors are also
    printed on standard error.
    """
    from inkread.errors import PictureError, PictureFormatError
    from inkread.picture import is_document, page_count
    from inkread.reader import open_reader
    from inkread.results import require_probability
    from inkread.watching import DirectoryScanner, Journal, Watcher, require_interval

    require_use(lexicon, single=single)
    require_probability(min_probability)
    require_interval(interval)
    scanner = DirectoryScanner(folder, recursive=recursive)
    reader = open_reader(alphabet, model=model, lexicon=lexicon)

    def read(path: Path) -> "Reading | PictureError":
        try:
            count = page_count(path) if is_document(path) else 1
        except PictureError as error:
            return error
        if count > 1:
            remedy = "read it with inkread read or inkread batch, page by page"
            return PictureFormatError(str(path), f"has {count} pages, not one", remedy)
        (result,) = reader.read_many([path], single=single, min_probability=min_probability)
        return result

    stop = _Stop()
    with on_stop(stop.ask), Journal(out) as journal:
        watcher, shown = Watcher(scanner, journal, read), not quiet and sys.stderr.isatty()
        before, failed = len(journal), 0
        if journal.was_torn:
            _tell(f"note: {out}: removed an incomplete last line; its picture is read again")
        if shown:
            doing = f"Reading the pictures in {folder}" if once else f"Watching {folder} (Ctrl-C to stop)"
            _tell(f"{doing}; {out} already has {_pictures(before)}")
        for record in watcher.watch(interval=interval, once=once, wait=stop.wait):
            failed += _show(record.outcome, nothing_in(alphabet), shown=shown)
        if shown:
            _tell(_summary(len(journal) - before, failed, watcher.waiting))
    if once and (stop.asked or failed):
        raise Exit(INTERRUPTED if stop.asked else FAILED)


class _Stop:
    """Lets Ctrl-C or SIGTERM finish the current picture first; a second signal stops at once."""

    asked = False

    def ask(self) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True

    def wait(self, seconds: float) -> bool:
        """Waits until the time is up or a stop is requested; returns whether to continue."""
        end = time.monotonic() + seconds
        while not self.asked and (left := end - time.monotonic()) > 0:
            time.sleep(min(left, ATTENTION))
        return not self.asked


def _show(outcome: "Outcome", nothing: str, *, shown: bool) -> bool:
    """Reports the outcome of a picture; returns whether it could not be read."""
    if isinstance(outcome.result, Exception):
        report(outcome.result, outcome.name)
        return True
    if shown:
        least = outcome.least_probability
        _tell(
            f"{outcome.name}: " + (nothing if least is None else f"{outcome.joined()} ({int(100 * least)}%)")
        )
    return False


def _tell(text: str) -> None:
    sys.stderr.write(f"{printable(text)}\n")


def _summary(count: int, failed: int, waiting: int) -> str:
    text = f"{_pictures(count)} added"
    if failed:
        text += f", of which {failed} could not be read"
    return f"{text}; {_pictures(waiting)} not yet complete" if waiting else text


def _pictures(count: int) -> str:
    return f"{count:,} picture{'' if count == 1 else 's'}"
