"""inkread's calls, timed in a process like the peers': ``python _inkread_script.py serve FILES.json``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from _calls import serve

from inkread import Reader
from inkread.pipeline.classifier import Classifier


def main(files: str) -> None:
    """Times calls, see ``_calls``."""
    given, reader = json.loads(Path(files).read_text("utf-8")), Reader()
    glyphs, classifier = np.load(given["glyphs"]), Classifier()
    digits = sorted(map(str, Path(given["digits"]).iterdir()))
    pages = sorted(map(str, Path(given["pages"]).iterdir()))
    serve(
        {
            "glyph": lambda: classifier.probabilities(glyphs[:1]),
            "glyphs": lambda: classifier.probabilities(glyphs),
            "digit": lambda: reader.read_digit(given["digit"]),
            "photo": lambda: reader.read(given["photo"]),
            "form": lambda: reader.read(given["form"]),
            "digits": lambda: [reader.read_digit(each) for each in digits],
            "some pages": lambda: [reader.read(each) for each in pages[: given["some"]]],
        }
    )


if __name__ == "__main__":
    main(sys.argv[2])
