"""What the site shows that is not in ``docs/``: the project's own pages, and the cards of the bundled models.

Nothing is stored twice: MkDocs makes these pages while it builds the site, from files of the package and
the repository.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from posixpath import normpath
from typing import TYPE_CHECKING, Any

from mkdocs.structure.files import File

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
BUNDLED = ROOT / "src/inkread/models/bundled"
ICON = ROOT / "src/inkread/server/static/icon.svg"
PAGES = {
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "reporting.md",
    "CODE_OF_CONDUCT.md": "conduct.md",
    "README.md": "index.md",
}
"""Pages beside ``docs/``, and where they are on the site; the README's place is that of the quick start."""

LINK = re.compile(r"(?<!!)\[([^\]]+)\]\((?!https?:|#)([^)\s#]+)(#[^)\s]+)?\)")
RELEASE = re.compile(r"^(## )\[([^\]]+)\](?= - |$)", re.MULTILINE)
"""The heading of a release, which the changelog's format writes in brackets."""

PARTS = ("default", "characters", "detector", "text")
"""The bundled models, in the order in which the page shows them."""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the generated pages and the icon."""
    for source, page in PAGES.items():
        if source != "README.md":
            text = (ROOT / source).read_text(encoding="utf-8")
            files.append(File.generated(config, page, content=RELEASE.sub(r"\1\2", text)))
    files.append(File.generated(config, "models.md", content=model_cards()))
    files.append(File.generated(config, "assets/icon.svg", abs_src_path=str(ICON)))
    return files


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Leads links to files beside ``docs/`` to their pages, and names pages by their titles.

    A link to a file without a page, such as one of the source, becomes its path.
    """
    source = next((name for name, place in PAGES.items() if place == page.file.src_uri), None)
    generated = source not in (None, "README.md")
    folder = "" if generated else f"docs/{page.file.src_uri}".rpartition("/")[0]

    def led(link: re.Match[str]) -> str:
        text, target, section = link[1], normpath(f"{folder}/{link[2]}".lstrip("/")), link[3] or ""
        if target in PAGES or target.startswith("docs/"):
            place = PAGES.get(target) or target.removeprefix("docs/")
            return f"[{_title(text, target)}]({_up(page)}{place}{section})"
        return f"`{target}`" if target.endswith(text.strip("`")) else f"{text} (`{target}`)"

    return LINK.sub(led, markdown)


def on_page_content(html: str, **_: Any) -> str:
    """Removes the colons that announce a literal block in docstrings."""
    return html.replace("<p>::</p>", "")


def _title(text: str, target: str) -> str:
    """Returns the title of a page if the text of its link is the name of its file, and otherwise the text."""
    file = ROOT / target
    if not text.endswith(".md") or not file.is_file():
        return text
    title = re.search(r"^# (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
    return title[1] if title else text


def _up(page: Page) -> str:
    """Returns the relative path from a page's folder to the site's root."""
    return "../" * page.file.src_uri.count("/")


def model_cards() -> str:
    """Returns the page of all bundled models, from their ``card.json`` files."""
    return "\n".join(_cards())


def _cards() -> Iterator[str]:
    yield "# Model cards\n"
    yield "The networks that come with inkread, from the `card.json` beside each of them;"
    yield "`inkread models NAME` prints the whole card."
    yield "[Contributing](contributing.md#retrain-a-bundled-model) explains how to retrain one.\n"
    for name in PARTS:
        yield f"## {name}\n"
        for file in sorted(BUNDLED.glob(f"{name}/**/card.json"), key=lambda path: len(path.parts)):
            part = file.parent.relative_to(BUNDLED).as_posix()
            if part != name:
                yield f"### {part}\n"
            yield from _card(json.loads(file.read_text(encoding="utf-8")))


def _card(card: dict[str, Any]) -> Iterator[str]:
    labels = [label or "none" for label in card["labels"]]
    shown = " ".join(_cell(label) for label in labels) if len(labels) < 20 else f"{len(labels)} characters"
    rows = {
        "created": card["created"],
        "parameters": f"{card['parameters']:,}",
        "classes": shown,
        "temperature": f"{card['temperature']:.4g}",
        "license": card.get("licence", ""),
        "command": f"`{card['command']}`" if card.get("command") else "",
        "SHA-256": f"`{card['sha256']}`",
    }
    yield "| | |\n|---|---|"
    yield from (f"| {name} | {value} |" for name, value in rows.items() if value)
    yield ""
    yield "| learned from | samples | license | credit |\n|---|--:|---|---|"
    for each in card["data"]:
        credit = _linked(_cell(each["attribution"]))
        yield f"| {_cell(each['name'])} | {each['count']:,} | {_cell(each['licence'])} | {credit} |"
    yield ""
    if scores := {
        name: value for name, value in card.get("scores", {}).items() if not isinstance(value, dict | list)
    }:
        yield "| score | |\n|---|--:|"
        yield from (
            f"| `{name}` | {value:.6g} |"
            if isinstance(value, int | float)
            else f"| `{name}` | {_cell(value)} |"
            for name, value in scores.items()
        )
        yield ""


def _cell(value: object) -> str:
    """Escapes a value for a cell of a Markdown table."""
    return re.sub(r"([|*_`<\[\]])", r"\\\1", str(value))


def _linked(text: str) -> str:
    return re.sub(r"https?://[^\s,;)]+", r"<\g<0>>", text)
