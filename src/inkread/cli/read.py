"""``inkread read``: reads the digits in pictures."""

import glob
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inkread.cli.console import is_terminal, progress_bar, report
from inkread.cli.formats import Format, print_outcomes, streams
from inkread.cli.options import (
    AlphabetOption,
    DetectorOption,
    MinProbabilityOption,
    ModelOption,
    SingleOption,
)
from inkread.errors import FolderError, PictureError
from inkread.models import DETECTOR
from inkread.results.outcome import STANDARD_INPUT, Outcome

if TYPE_CHECKING:
    from inkread.pipeline.symbols import SymbolReader
    from inkread.pipeline.text import TextReader
    from inkread.reader import Reader


@dataclass(frozen=True, slots=True)
class _How:
    """The options for reading every picture, see ``Reader.trace``."""

    single: bool
    min_probability: float


def read(
    pictures: Annotated[
        list[str],
        typer.Argument(
            metavar="PICTURE",
            help="Pictures, PDF documents, folders of them, or quoted patterns such as 'scans/*.png'; "
            "- is standard input.",
        ),
    ],
    *,
    recursive: Annotated[bool, typer.Option("-r", "--recursive", help="Also read subfolders.")] = False,
    single: SingleOption = False,
    style: Annotated[
        Format, typer.Option("--format", help="The output format.", case_sensitive=False)
    ] = Format.TEXT,
    draw: Annotated[
        Path | None,
        typer.Option(metavar="OUT", help="Save the picture with boxes, digits and probabilities."),
    ] = None,
    explain: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Save a picture of each stage of the pipeline.")
    ] = None,
    min_probability: MinProbabilityOption = 0.0,
    model: ModelOption = "default",
    detector: DetectorOption = DETECTOR,
    alphabet: AlphabetOption = "digits",
    lexicon: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Words that text probably consists of, one per line."),
    ] = None,
    signs: Annotated[
        bool, typer.Option("--signs", help="Print numbers as written, such as -3.14 or 12/05.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show no progress bar.")] = False,
) -> None:
    """Print the digits in pictures, row by row; with --alphabet, letters, words, and lines.

    text prints only the rows of a single picture. For several pictures, it prints a table on a terminal, and
    in a pipe one line per picture: its name, a tab, and its rows joined by "/". A picture without digits has
    no rows.

    jsonl prints one JSON object per picture, in the order given; json prints an array of them; csv prints one
    line per digit. Text output has only digits; --signs adds points, commas, minus signs, slashes, and
    colons. JSON always has both.

    Each page of a PDF or TIFF document is read by itself, and named scan.pdf#3.

    With several pictures, --draw and --explain name a folder, which gets a file or subfolder for each
    picture. In a folder, files with an image format's suffix are read, sorted by name; hidden files are
    skipped.

    An unreadable picture is reported on standard error and sets the exit code to 1; the others are still
    read.
    """
    from inkread.reader import open_reader
    from inkread.results import require_probability

    require_probability(min_probability)
    reader = open_reader(alphabet, model=model, detector=detector, lexicon=lexicon)
    names = _expanded(pictures, recursive=recursive)
    pages = [page for name in names for page in _pages(name)]
    several = len(pages) > 1 or names != pictures
    how = _How(single, min_probability)
    outcomes = _read_all(reader, pages, how, draw=draw, explain=explain)
    collides = is_terminal(sys.stdout) and streams(style, several=several)
    failed: list[str] = []

    def watched() -> Iterator[Outcome]:
        shown = several and not quiet and not collides and is_terminal(sys.stderr)
        with progress_bar("Reading", len(pages), shown=shown) as advance:
            for outcome in outcomes:
                if isinstance(outcome.result, Exception):
                    failed.append(outcome.name)
                    report(outcome.result, outcome.name)
                yield outcome
                advance()

    print_outcomes(watched(), style, several=several, signs=signs)
    if failed:
        raise typer.Exit(1)


@dataclass(frozen=True, slots=True)
class _Page:
    """A page to read.

    Attributes:
        name: the picture's name; in a document of several pages with ``#`` and the page's number.
        source: the picture or document, or why it cannot be opened.
        number: the page's number, from 1.
    """

    name: str
    source: "str | BytesIO | PictureError"
    number: int


def _pages(name: str) -> list[_Page]:
    """Returns the pages of a picture or document."""
    from inkread.picture import is_document, page_count

    source: str | BytesIO = name
    try:
        if name == STANDARD_INPUT or _is(Path.is_fifo, name):
            source = _stream(name)
        content = name if isinstance(source, str) else source.getvalue()
        count = page_count(source) if is_document(content) else 1
    except PictureError as error:
        return [_Page(name, error, 1)]
    if count == 1:
        return [_Page(name, source, 1)]
    return [_Page(f"{name}#{number}", source, number) for number in range(1, count + 1)]


def _stream(name: str) -> BytesIO:
    """Reads standard input or a pipe (``<(command)``), as far as a picture may be long."""
    from inkread.picture import PictureLimits

    with nullcontext(sys.stdin.buffer) if name == STANDARD_INPUT else Path(name).open("rb") as stream:
        content = BytesIO(stream.read(PictureLimits().max_bytes + 1))
    content.name = name
    return content


def _read_all(
    reader: "Reader | TextReader | SymbolReader",
    pages: Sequence[_Page],
    how: "_How",
    *,
    draw: Path | None,
    explain: Path | None,
) -> Iterator[Outcome]:
    """Yields one outcome per page, in order, after saving its drawing and stages if requested."""
    from inkread.cli import outputs

    names = [page.name for page in pages]
    drawings = outputs.drawing_paths(names, draw) if draw else [None] * len(names)
    folders = outputs.stage_folders(names, explain) if explain else [None] * len(names)
    for page, drawing, folder in zip(pages, drawings, folders, strict=True):
        try:
            if isinstance(page.source, PictureError):
                raise page.source
            trace = reader.trace(
                page.source, page=page.number, single=how.single, min_probability=how.min_probability
            )
        except PictureError as error:
            yield Outcome(page.name, error)
            continue
        if drawing:
            outputs.save_drawing(trace, drawing)
        if folder:
            from inkread.pipeline.explain import save_stages

            save_stages(trace, folder)
        yield Outcome(page.name, trace.reading)


def _expanded(pictures: Sequence[str], *, recursive: bool) -> list[str]:
    """Returns the pictures' names, with folders replaced by their pictures and patterns by their matches.

    Patterns are expanded here if the shell has not done so, for example on Windows.

    Raises:
        FolderError: a folder has no pictures or cannot be listed.
    """
    from inkread.picture.folders import HIDDEN, pictures_in

    names: list[str] = []
    for picture in pictures:
        if _is(Path.is_dir, picture):
            found = sorted(
                str(path) for path in pictures_in(Path(picture), recursive=recursive) if path.is_file()
            )
            if not found:
                remedy = "use a folder with pictures, or add --recursive to include subfolders"
                raise FolderError(picture, "has no pictures", remedy)
        elif glob.has_magic(picture) and not _is(Path.exists, picture):
            matches = map(Path, glob.glob(picture, recursive=True))  # noqa: PTH207 - it may be absolute
            found = sorted(
                str(path) for path in matches if path.is_file() and not path.name.startswith(HIDDEN)
            )
        else:
            found = [picture]
        names += found or [picture]
    return names


def _is(question: Callable[[Path], bool], name: str) -> bool:
    """Asks a question about a path; returns false if the name is not a valid path."""
    try:
        return question(Path(name))
    except (OSError, ValueError):
        return False
