"""The output formats of ``inkread read``: text, JSON, JSON lines, and CSV; docs/formats.md describes them."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager, redirect_stdout
from typing import TYPE_CHECKING, Literal

from inkread.cli.console import printable, show, table, write
from inkread.errors import OptionError
from inkread.results import DIGIT_COLUMNS
from inkread.results.table import COLUMNS, cells_of, csv_line
from inkread.system.files import whole, writing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from inkread.cli.options import Alphabet
    from inkread.results.outcome import Outcome

NO_DIGIT, NO_TEXT = "no digit", "no text"
"""What text output says of a picture with nothing to read."""


def nothing_in(alphabet: Alphabet) -> str:
    """Returns what text output says of a picture with nothing to read in this alphabet."""
    return NO_DIGIT if alphabet == "digits" else NO_TEXT


Format = Literal["text", "json", "jsonl", "csv", "csv-digits"]

SUFFIXES: dict[str, Format] = {".json": "json", ".jsonl": "jsonl", ".csv": "csv"}
"""The formats of output files, by suffix."""


def style_of(style: Format | None, out: Path | None) -> Format:
    """Returns the chosen format, or that of the output file's suffix, or text.

    Raises:
        OptionError: the output file has the suffix of Excel, which is not a text format.
    """
    suffix = out.suffix.lower() if out else ""
    if suffix == ".xlsx":
        raise OptionError(f"--out {out}", "is an Excel file", f"use --excel {out}")
    return style or SUFFIXES.get(suffix, "text")


@contextmanager
def redirected(out: Path) -> Iterator[None]:
    """Sends standard output to a file, which appears when it is complete.

    Raises:
        OutputError: the file cannot be written.
    """
    with writing(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        with (
            whole(out) as partial,
            partial.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file,
            redirect_stdout(file),
        ):
            yield


def print_outcomes(
    outcomes: Iterable[Outcome], style: Format, *, several: bool, signs: bool, nothing: str
) -> None:
    """Prints the outcomes in order, each as soon as it is available unless the format needs all at once.

    Args:
        outcomes: one per picture.
        style: the format.
        several: whether more than one picture was given, so that text output must name them.
        signs: also print signs in text output; JSON and CSV always include them.
        nothing: what text output says of a picture with nothing to read.
    """
    match style:
        case "text" if several and sys.stdout.isatty():
            _print_table(outcomes, signs=signs, nothing=nothing)
        case "text":
            for outcome in (outcome for outcome in outcomes if outcome.reading):
                name = f"{printable(outcome.name)}\t" if several else ""
                rows = outcome.joined(signs=signs) if several else outcome.text(signs=signs)
                write(f"{name}{rows or nothing}\n")
        case "json":
            readings = [outcome.to_dict() for outcome in outcomes]
            write(json.dumps(readings, ensure_ascii=False, indent=2) + "\n")
        case "jsonl":
            for outcome in outcomes:
                write(json.dumps(outcome.to_dict(), ensure_ascii=False) + "\n")
        case "csv":
            write(csv_line(COLUMNS))
            for outcome in outcomes:
                write(csv_line(cells_of(outcome)))
        case "csv-digits":
            write(csv_line(DIGIT_COLUMNS))
            for row in (row for outcome in outcomes for row in outcome.to_rows()):
                write(csv_line(map(str, row.values())))


def streams(style: Format, *, several: bool) -> bool:
    """Returns whether the format prints results before the last picture is read."""
    if style == "text":
        return several and not sys.stdout.isatty()
    return style != "json"


def _print_table(outcomes: Iterable[Outcome], *, signs: bool, nothing: str) -> None:
    from rich.text import Text

    rows = table("Picture", "Digits", ">Least certain")
    for outcome in outcomes:
        name, reading, least = Text(printable(outcome.name)), outcome.reading, outcome.least_probability
        if reading is None:
            rows.add_row(name, Text("cannot be read", style="red"), "")
        elif least is None:
            rows.add_row(name, Text(nothing, style="dim"), "")
        else:
            rows.add_row(name, Text(outcome.text(signs=signs), style="bold"), f"{int(100 * least)}%")
    show(rows)
