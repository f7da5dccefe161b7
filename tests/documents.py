"""The code blocks of the documents, and which commands in them are not run, with the reasons."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]

SHELL = ("sh", "console")
DATA = {"json", "toml"}
SHOWN = {
    "": "output, a drawing, or a list of files",
    "groovy": "needs Android's build system",
    "kotlin": "needs Android's SDK",
    "swift": "needs Apple's tools",
    "ini": "needs systemd",
}
"""Languages of blocks that nothing here can run, with the reason."""

ELSEWHERE = {
    ("docs/api.md", "python"): "tests/server/test_docs.py",
    ("docs/api.md", "sh"): "tests/server/test_docs.py",
    ("docs/export.md", "python"): "tests/export/test_docs.py",
}
"""Blocks that another test runs."""

NOT_RUN = {
    r"pip install|python3 -m venv|\. \.venv/bin/activate": "would change the environment of the tests",
    r"(\w+=\S+ )*make ": "sets up an environment, then tests, trains, or measures for minutes",
    r"\.venv/bin/python -m pytest": "is a test itself",
    r"INKREAD_DATA=\S+ python benchmarks/": "needs the development data, and hours",
    r"inkread (serve|draw|camera)\b": "runs until it is closed: tests/server, tests/desktop, tests/cli",
    r"inkread watch (?!.*--once)": "runs until it is stopped: tests/cli/test_watch.py",
    r"inkread (train|sweep)\b|torchrun": "trains, for seconds to hours: tests/cli, tests/training",
    r"inkread evaluate .*(usps|fashion-mnist)": "downloads a collection: tests/cli/test_evaluate.py",
    r"inkread (export|compare) ": "takes minutes: tests/cli and tests/export run all formats",
    r"inkread import |inkread read --model old": "needs a Keras file: tests/cli/test_export.py",
    r"inkread site |npm pack|python -m http\.server": "downloads onnxruntime-web, or serves: tests/site",
    r"inkread batch .*s3:": "needs an object store: tests/batch",
    r"podman|kubectl|caddy": "needs a container engine, a cluster, or a domain",
}
"""Commands that are not run, as patterns of their beginnings, with the reasons.

Their words are checked all the same: ``test_commands`` parses every ``inkread`` command that is shown, and
``test_documents`` looks up extras, targets, files, and folders.
"""


@dataclass(frozen=True)
class Block:
    """A code block.

    Attributes:
        document: path of the document, relative to the repository.
        line: the line of its first fence, from 1.
        language: the word after the fence; may be empty.
        text: its content.
    """

    document: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.document}:{self.line}"

    @property
    def elsewhere(self) -> bool:
        """Whether another test runs it."""
        return (self.document, self.language) in ELSEWHERE


def blocks_in(text: str, document: str = "") -> list[Block]:
    """Finds the code blocks of a document."""
    found = re.finditer(r"^```(\w*)[^\n]*\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return [Block(document, text.count("\n", 0, each.start()) + 1, each[1], each[2]) for each in found]


BLOCKS = [
    block
    for path in DOCUMENTS
    for block in blocks_in(path.read_text(encoding="utf-8"), path.relative_to(ROOT).as_posix())
]


def commands_in(block: Block) -> list[tuple[str, str]]:
    """Returns the commands of a shell block, and for ``console`` the output shown after each."""
    if block.language == "console":
        parts = re.findall(r"^\$ ([^\n]*)\n((?:(?!\$ )[^\n]*\n)*)", block.text, re.MULTILINE)
        return [(command, output) for command, output in parts]
    lines = re.sub(r"\\\n\s*", " ", re.sub(r"\|\n\s*", "| ", block.text)).splitlines()
    return [(line.strip(), "") for line in lines if line.strip()]


def reason_not_to_run(command: str) -> str:
    """Returns why a command is not run, or ``""``."""
    return next((reason for start, reason in NOT_RUN.items() if re.match(start, command)), "")


def matches(output: str, shown: str) -> bool:
    """Whether an output is the one that is shown, in which ``…`` stands for anything."""
    pattern = ".*".join(re.escape(part) for part in shown.split("…"))
    return re.fullmatch(pattern, output, re.DOTALL) is not None
