"""RapidOCR with its defaults; the benchmarks run it in an environment of its own.

::

    python _rapidocr_script.py read LIST.json     finds the words in pictures
    python _rapidocr_script.py serve FILES.json   times calls for the benchmark

``LIST.json`` holds file names, each with whether it is a page; other pictures are one line, and go to the
recognizer as a whole.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from rapidocr import RapidOCR


def words(engine: RapidOCR, picture: str, *, page: bool) -> list[tuple[float, float, float, str]]:
    """Returns left, top, bottom, and text of each word; of a line, only its text is known."""
    result: Any = engine(picture, use_det=page)
    boxes, texts = getattr(result, "boxes", None), list(result.txts or ())
    if boxes is None or len(boxes) != len(texts):
        return [(0.0, float(row), row + 1.0, text) for row, text in enumerate(texts)]
    return [
        (float(box[:, 0].min()), float(box[:, 1].min()), float(box[:, 1].max()), text)
        for box, text in zip(np.asarray(boxes), texts, strict=True)
    ]


def read(pictures: str) -> list[list[tuple[float, float, float, str]]]:
    """Returns the words of each picture."""
    engine = RapidOCR()
    return [words(engine, name, page=page) for name, page in json.loads(Path(pictures).read_text("utf-8"))]


def serve(files: str) -> None:
    """Times calls, see ``_calls``."""
    from _calls import serve as answer

    engine, given = RapidOCR(), json.loads(Path(files).read_text("utf-8"))
    digits = sorted(map(str, Path(given["digits"]).iterdir()))
    pages = sorted(map(str, Path(given["pages"]).iterdir()))
    cases = {
        "digit": lambda: words(engine, given["digit"], page=False),
        "photo": lambda: words(engine, given["photo"], page=True),
        "form": lambda: words(engine, given["form"], page=True),
        "some digits": lambda: [words(engine, each, page=False) for each in digits[: given["some"]]],
        "some pages": lambda: [words(engine, each, page=True) for each in pages[: given["some"]]],
    }
    answer(cases)


if __name__ == "__main__":
    result = {"read": read, "serve": serve}[sys.argv[1]](sys.argv[2])
    if result is not None:
        sys.stdout.write("\n" + json.dumps(result) + "\n")
