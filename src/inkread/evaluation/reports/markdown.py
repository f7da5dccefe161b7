"""Tables for documents: results replace the text between two marks, and everything around them stays."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from inkread.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"


def table(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Returns a Markdown table, with the first column left-aligned and the others right-aligned."""
    lines = [heading, [":--", *["--:"] * (len(heading) - 1)], *rows]
    return "".join(f"| {' | '.join(map(_cell, line))} |\n" for line in lines)


def fill(document: str, content: str) -> str:
    """Replaces the content between the marks ``BEGIN`` and ``END`` in a document.

    Raises:
        OptionError: the document does not contain each mark once, in this order.
    """
    parts = re.split(f"{re.escape(BEGIN)}|{re.escape(END)}", document)
    if len(parts) != 3 or document.find(BEGIN) > document.find(END):
        raise OptionError(
            "document", f"does not contain {BEGIN} and {END} once each", "add the two lines to it"
        )
    return f"{parts[0]}{BEGIN}\n\n{content.strip()}\n\n{END}{parts[2]}"


def _cell(text: str) -> str:
    return text.replace("|", r"\|")
