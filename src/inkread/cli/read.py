"""``inkread read``: reads the digits in pictures."""

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Exit, Option

from inkread.cli.console import progress_bar, report
from inkread.cli.formats import Format, nothing_in, print_outcomes, redirected, streams, style_of
from inkread.cli.options import (
    AlphabetOption,
    DetectorOption,
    LexiconOption,
    MinProbabilityOption,
    ModelOption,
    QuietOption,
    SingleOption,
    require,
    require_use,
)
from inkread.models import DETECTOR

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from inkread.results.outcome import Outcome


def read(
    pictures: Annotated[
        list[str],
        Argument(
            metavar="PICTURE",
            help="Pictures, PDF documents, folders of them, or quoted patterns such as 'scans/*.png'; "
            "- is standard input.",
        ),
    ],
    *,
    recursive: Annotated[bool, Option("-r", "--recursive", help="Also read subfolders.")] = False,
    single: SingleOption = False,
    alphabet: AlphabetOption = "digits",
    lexicon: LexiconOption = None,
    min_probability: MinProbabilityOption = 0.0,
    model: ModelOption = "default",
    detector: DetectorOption = DETECTOR,
    workers: Annotated[int, Option(min=1, help="Processes that read; worth it for many pictures.")] = 1,
    style: Annotated[
        Format | None,
        Option(
            "--format",
            help="The output format; default: that of --out's suffix, or text.",
            case_sensitive=False,
        ),
    ] = None,
    out: Annotated[
        Path | None, Option(metavar="FILE", help="Save the output instead of printing it.")
    ] = None,
    excel: Annotated[
        Path | None,
        Option(
            metavar="FILE",
            help="Also save an Excel table (.xlsx), in which numbers keep their leading zeros.",
        ),
    ] = None,
    draw: Annotated[
        Path | None, Option(metavar="OUT", help="Save the picture with boxes, digits and probabilities.")
    ] = None,
    explain: Annotated[
        Path | None, Option(metavar="DIR", help="Save a picture of each stage of the pipeline.")
    ] = None,
    signs: Annotated[
        bool, Option("--signs", help="Print numbers as written, such as -3.14 or 12/05.")
    ] = False,
    quiet: QuietOption = False,
) -> None:
    """Print the digits in pictures, row by row; with --alphabet, letters, words, and lines.

    text prints only the rows of a single picture. For several pictures, it prints a table on a terminal, and
    in a pipe one line per picture: its name, a tab, and its rows joined by "/". For a picture without digits,
    it prints "no digit".

    jsonl prints one JSON object per picture, in the order given; json prints an array of them; csv prints one
    line per picture, csv-digits one line per digit. Text output has only digits; --signs adds points, commas,
    minus signs, slashes, and colons. JSON and csv always have both.

    Each page of a PDF or TIFF document is read by itself, and named scan.pdf#3.

    With several pictures, --draw and --explain name a folder, which gets a file or subfolder for each
    picture. In a folder, files with an image format's suffix are read, sorted by name; hidden files are
    skipped.

    An unreadable picture is reported on standard error and sets the exit code to 1; the others are still
    read.
    """
    from inkread.cli.inputs import expanded, pages_of
    from inkread.cli.outputs import with_outputs
    from inkread.cli.page_reading import ReaderOptions, open_readers
    from inkread.results import require_probability

    require_use(lexicon, single=single)
    require_probability(min_probability)
    chosen = style_of(style, out)
    with ExitStack() as stack:
        add_row = None
        if excel:
            require("excel", "openpyxl")
            from inkread.cli.excel import excel_table

            add_row = stack.enter_context(excel_table(excel))
        options = ReaderOptions(alphabet, model, detector, lexicon, single, min_probability)
        read_all = open_readers(options, workers, stack)
        names = expanded(pictures, recursive=recursive)
        pages = [page for name in names for page in pages_of(name)]
        several = len(pages) > 1 or names != pictures
        outcomes = read_all(with_outputs(pages, draw=draw, explain=explain))
        if out:
            stack.enter_context(redirected(out))
        collides = sys.stdout.isatty() and streams(chosen, several=several)
        shown = several and not quiet and not collides
        failed: list[str] = []
        watched = _watched(outcomes, len(pages), failed, shown=shown, add_row=add_row)
        print_outcomes(watched, chosen, several=several, signs=signs, nothing=nothing_in(alphabet))
    if failed:
        raise Exit(1)


def _watched(
    outcomes: "Iterable[Outcome]",
    count: int,
    failed: list[str],
    *,
    shown: bool,
    add_row: "Callable[[Outcome], None] | None",
) -> "Iterator[Outcome]":
    """Passes outcomes on; shows the progress, reports errors, and adds the failed names to ``failed``."""
    with progress_bar("Reading", count, shown=shown) as advance:
        for outcome in outcomes:
            if isinstance(outcome.result, Exception):
                failed.append(outcome.name)
                report(outcome.result, outcome.name)
            if add_row:
                add_row(outcome)
            yield outcome
            advance()
