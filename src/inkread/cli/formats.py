"""The output formats of ``inkread read``: text, JSON, JSON lines, and CSV; docs/formats.md describes them."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager, redirect_stdout
from enum import StrEnum
from typing import TYPE_CHECKING

from inkread.cli.console import is_terminal, printable, show, table, write
from inkread.cli.options import Alphabet
from inkread.errors import OptionError
from inkread.results import DIGIT_COLUMNS
from inkread.results.table import COLUMNS, cells_of, csv_line
from inkread.system.files import whole, writing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from inkread.results.outcome import Outcome

NO_DIGIT, NO_TEXT = "no digit", "no text"
"""What text output says of a picture with nothing to read."""


def nothing_in(alphabet: Alphabet) -> str:
    """Returns what text output says of a picture with nothing to read in this alphabet."""
    return NO_DIGIT if alphabet is Alphabet.DIGITS else NO_TEXT


class Format(StrEnum):
    """The output format of readings."""

    TEXT = "text"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    CSV_DIGITS = "csv-digits"


SUFFIXES = {".json": Format.JSON, ".jsonl": Format.JSONL, ".csv": Format.CSV}
"""The formats of output files, by suffix."""


def style_of(style: Format | None, out: Path | None) -> Format:
    """Returns the chosen format, or that of the output file's suffix, or text.

    Raises:
        OptionError: the output file has the suffix of Excel, which is not a text format.
    """
    suffix = out.suffix.lower() if out else ""
    if suffix == ".xlsx":
        raise OptionError(f"--out {out}", "is an Excel file", f"use --excel {out}")
    return style or SUFFIXES.get(suffix, Format.TEXT)


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
    outcomes: Iterable[Outcome],
    style: Format,
    *,
    several: bool,
    signs: bool = False,
    nothing: str = NO_DIGIT,
) -> None:
    """Prints the outcomes in order, each as soon as it is available unless the format needs all at once.

    Args:
        outcomes: one per picture.
        style: the format.
        several: whether more than one picture was given, so that text output must name them.
        signs: also print signs in text output; JSON and CSV always include them.
        nothing: what text output says of a picture with nothing to read.
    """
    if style is Format.TEXT:
        way = _print_text if not several else _print_table if is_terminal(sys.stdout) else _print_tabbed
        way(outcomes, signs=signs, nothing=nothing)
        return
    printers: dict[Format, Callable[[Iterable[Outcome]], None]] = {
        Format.JSON: _print_json,
        Format.JSONL: _print_json_lines,
        Format.CSV: _print_csv,
        Format.CSV_DIGITS: _print_csv_of_digits,
    }
    printers[style](outcomes)


def streams(style: Format, *, several: bool) -> bool:
    """Returns whether the format prints results before the last picture is read."""
    return style in (Format.JSONL, Format.CSV, Format.CSV_DIGITS) or (
        several and style is Format.TEXT and not is_terminal(sys.stdout)
    )


def _print_text(outcomes: Iterable[Outcome], *, signs: bool, nothing: str) -> None:
    """Prints only the rows."""
    for outcome in outcomes:
        if outcome.reading:
            write(f"{outcome.text(signs=signs) or nothing}\n")


def _print_tabbed(outcomes: Iterable[Outcome], *, signs: bool, nothing: str) -> None:
    """Prints one line per picture: its name, a tab, its rows joined by ``/``; skips unreadable pictures."""
    for outcome in outcomes:
        if outcome.reading:
            write(f"{printable(outcome.name)}\t{outcome.joined(signs=signs) or nothing}\n")


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


def _print_json(outcomes: Iterable[Outcome]) -> None:
    write(json.dumps([outcome.to_dict() for outcome in outcomes], ensure_ascii=False, indent=2) + "\n")


def _print_json_lines(outcomes: Iterable[Outcome]) -> None:
    for outcome in outcomes:
        write(json.dumps(outcome.to_dict(), ensure_ascii=False) + "\n")


def _print_csv(outcomes: Iterable[Outcome]) -> None:
    write(csv_line(COLUMNS))
    for outcome in outcomes:
        write(csv_line(cells_of(outcome)))


def _print_csv_of_digits(outcomes: Iterable[Outcome]) -> None:
    write(csv_line(DIGIT_COLUMNS))
    for outcome in outcomes:
        for row in outcome.to_rows():
            write(csv_line(map(str, row.values())))
