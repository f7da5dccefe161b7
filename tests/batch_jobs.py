"""Batch jobs with pictures whose width says what happens; light, because each worker imports it."""

from __future__ import annotations

import io
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image
from processes import hang, take_memory

from inkread.batch import Job, LocalEngine, ReadingSettings, run
from inkread.picture import load_picture
from inkread.results import Digit, Line, Reading

HANGS, CRASHES, GREEDY, BUG, HELD = 201, 202, 203, 204, 205
"""Widths of pictures with which reading never ends, ends its process, and so on."""


def png(width: int) -> bytes:
    """A picture of this width."""
    buffer = io.BytesIO()
    Image.new("L", (width, 4), 255).save(buffer, "PNG")
    return buffer.getvalue()


def write_pictures(folder: Path, widths: list[int]) -> Path:
    """Writes a picture for each width, named in this order."""
    folder.mkdir(parents=True)
    for number, width in enumerate(widths):
        (folder / f"{number:04d}.png").write_bytes(png(width))
    return folder


class WidthReader:
    """Reads a picture's width, unless it is one of those above."""

    fingerprint = "0" * 64

    def __init__(self, pipe: str) -> None:
        self.pipe = Path(pipe)

    def trace(self, source: Any, *, single: bool = False, page: int = 1, min_probability: float = 0.0) -> Any:
        picture = load_picture(source, page=page)
        match picture.width:
            case 201:
                hang()
            case 202:
                os._exit(3)
            case 203:
                take_memory()
            case 204:
                raise RuntimeError("a wire is loose")
            case 205 if self.pipe.exists():
                self.pipe.with_suffix(".parent").write_text(str(os.getppid()))
                self.pipe.open("rb").read()  # until the test has opened and closed it
        digits = tuple(Digit(each, 0.9, (0, 0, 2, 4)) for each in str(picture.width))
        self.reading = Reading("", picture.width, picture.height, (Line(digits),))
        return self


@dataclass(frozen=True, kw_only=True)
class WidthSettings(ReadingSettings):
    """Settings with that reader; ``pipe`` is a named pipe at which ``HELD`` pictures wait if it exists."""

    pipe: str = "/nowhere"

    def reader(self) -> Any:
        return WidthReader(self.pipe)


def job_of(*inputs: Any, out: Any, pipe: Any = "/nowhere", max_seconds: float = 100, **options: Any) -> Job:
    """A job with that reader; its parts are JSON lines."""
    return Job(
        inputs=tuple(map(str, inputs)),
        out=str(out),
        settings=WidthSettings(pipe=str(pipe), max_seconds=max_seconds),
        **{"style": "jsonl"} | options,
    )


def rows_in(out: Path) -> list[dict[str, Any]]:
    """All rows of a job with JSON lines, by source and page, without their times."""
    rows = [json.loads(line) for part in out.glob("part-*.jsonl") for line in part.read_text().splitlines()]
    for row in rows:
        del row["milliseconds"]
    return sorted(rows, key=lambda row: (row["source"], row["page"]))


if __name__ == "__main__":  # a driver that can be killed: folder, out, pipe
    for _ in run(job_of(*sys.argv[1:2], out=sys.argv[2], pipe=sys.argv[3]), LocalEngine(1)):
        pass
