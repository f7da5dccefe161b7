"""Checks the tags of an HTML page."""

from __future__ import annotations

from html.parser import HTMLParser

VOID = {"meta", "img"}


class Outline(HTMLParser):
    """Checks that tags close in order, and collects them with their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.text = page
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def values(self, tag: str, name: str) -> list[str | None]:
        return [attributes.get(name) for found, attributes in self.tags if found == tag]
