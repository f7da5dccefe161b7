"""The files in ``deploy/``, parsed."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DEPLOY = ROOT / "deploy"


@dataclass(frozen=True)
class Containerfile:
    """Its stages, each a list of instructions: the keyword and its text."""

    stages: list[list[tuple[str, str]]]

    @classmethod
    def parse(cls, path: Path) -> Containerfile:
        text = re.sub(r"^#.*\n", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        lines = filter(None, map(str.strip, text.replace("\\\n", " ").splitlines()))
        stages: list[list[tuple[str, str]]] = []
        for keyword, _, rest in (line.partition(" ") for line in lines):
            stages += [[]] if keyword == "FROM" else []
            stages[-1].append((keyword, rest.strip()))
        return cls(stages)

    def last(self, keyword: str) -> list[str]:
        """The texts of an instruction in the last stage, which becomes the image."""
        return [text for each, text in self.stages[-1] if each == keyword]

    @property
    def health_check(self) -> list[str]:
        """The command of the health check."""
        (text,) = self.last("HEALTHCHECK")
        return json.loads(text.partition("CMD ")[2])

    @property
    def entry_point(self) -> list[str]:
        (text,) = self.last("ENTRYPOINT")
        return json.loads(text)
