from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import pytest

import inkread.reader
from inkread.cli import main
from inkread.errors import PictureDamagedError, PictureError, PictureNotFoundError
from inkread.results import Digit, Line, Reading, Sign

TEXTS = {"seven": "7", "rows": "12\n3", "blank": "", "-": "4", "amount": "3.14", "zeros": "007"}


class Result(NamedTuple):
    code: int
    out: str
    err: str


def reading_of(text: str, source: str) -> Reading:
    return Reading(source, 40, 30, tuple(line_of(row) for row in text.splitlines()))


def line_of(row: str) -> Line:
    placed = [(character, (20 * index + 2, 2, 20 * index + 20, 20)) for index, character in enumerate(row)]
    digits = tuple(Digit(character, 0.987, box) for character, box in placed if character.isdigit())
    return Line(
        digits, tuple(Sign(character, 0.9, box) for character, box in placed if not character.isdigit())
    )


class FakeReader:
    """Reads a picture's text from its name."""

    def __init__(self, model: str = "default", *, detector: str = "detector", **_: object) -> None:
        self.model, self.detector = model, detector

    def trace(
        self, source: object, *, single: bool = False, page: int = 1, min_probability: float = 0.0
    ) -> SimpleNamespace:
        name = "-" if hasattr(source, "read") else Path(source).stem
        if name == "bug":
            raise RuntimeError("a wire is loose")
        if name == "interrupt":
            raise KeyboardInterrupt
        if name == "broken":
            raise PictureDamagedError("broken.png", "is truncated", "copy it again")
        if name not in TEXTS:
            raise PictureNotFoundError(str(source), "is not a file", "check the path")
        text = "".join(TEXTS[name][page - 1 : page]) if page > 1 or single else TEXTS[name]
        reading = reading_of(text, str(source))
        return SimpleNamespace(
            picture=SimpleNamespace(pixels=np.full((30, 40, 3), 255, np.uint8)),
            reading=reading.with_min_probability(min_probability),
            digit_score=0.9 if reading.digits else 0.2,
        )

    def digit_score(self, source: object) -> float:
        return self.trace(source, single=True).digit_score

    def read_many(self, sources: object, *, single: bool = False, min_probability: float = 0.0) -> object:
        for source in sources:
            try:
                yield self.trace(source, single=single, min_probability=min_probability).reading
            except PictureError as error:
                yield error


@pytest.fixture
def run(monkeypatch, capsys):
    """Runs the command with a fake reader; returns exit code, standard output and standard error.

    With ``terminal``, standard output is a terminal of 100 columns without colors.
    """
    monkeypatch.setattr(inkread.reader, "Reader", FakeReader)
    monkeypatch.delenv("INKREAD_DEBUG", raising=False)

    def call(*arguments: object, terminal: bool = False) -> Result:
        with monkeypatch.context() as patch:
            if terminal:
                patch.setenv("TERM", "dumb")
                patch.setenv("COLUMNS", "100")
                patch.setattr(sys.stdout, "isatty", lambda: True)
            code = main([str(argument) for argument in arguments])
        return Result(code, *capsys.readouterr())

    return call
