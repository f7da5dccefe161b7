"""Benefit of fine-tuning on a few pictures.

``python benchmarks/fine_tuning.py [MODEL ...] [--source NAME | --collection NAME]``

One source of ``field``, or another collection, represents a person: half of the pictures of each digit are
used for fine-tuning, like ``inkread train --init-from``, and the other half is read before and after. The
collections are in the folder that ``INKREAD_DATA`` names. The tuned models are discarded, and nothing else is
trained on these pictures.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from inkread import Reader
from inkread.datasets.benchmarks import BENCHMARKS
from inkread.errors import InkreadError
from inkread.evaluation.reports.markdown import table
from inkread.training import FineTuneConfig, fine_tune
from inkread.training.fine_tuning import folds_of

if TYPE_CHECKING:
    from inkread.datasets.pictures import LabelledPicture

SOURCE = "ogvie__Digit-Recognition-Attempt-2"
"""The source with the most single digits."""

MOST = 100
"""Maximum training pictures."""


def main() -> None:
    """Prints a table in Markdown."""
    parser = argparse.ArgumentParser(description="Measure the benefit of fine-tuning on a few pictures.")
    parser.add_argument("models", nargs="*", default=["default"], help="bundled models, or folders of runs")
    parser.add_argument("--source", default=SOURCE, help="the source of field that represents the person")
    parser.add_argument("--collection", choices=BENCHMARKS, help="use another whole collection instead")
    options = parser.parse_args()
    person = options.collection or options.source
    pictures = [
        picture
        for picture in BENCHMARKS[options.collection or "field"](None)
        if len(picture.label) == 1 and (options.collection or picture.columns["source"] == options.source)
    ]
    if len(pictures) < 10:
        sys.exit(f"error: {person}: has {len(pictures)} single digits; name one with ten or more")
    labels = np.array([int(picture.label) for picture in pictures], np.uint8)
    halves = folds_of(labels, 2, np.random.default_rng(0))
    learned, kept = ([pictures[i] for i in np.flatnonzero(halves == half)] for half in (0, 1))
    if len(learned) > MOST:
        learned = [learned[i] for i in sorted(np.random.default_rng(0).permutation(len(learned))[:MOST])]
    rows = [measured(model, learned, kept) for model in options.models]
    head = [
        "model",
        "other half, before",
        "after",
        "MNIST, before",
        "after",
        "no digit rejected, before",
        "after",
        "verdict",
    ]
    sys.stdout.write(f"{person}: {len(learned)} training pictures, {len(kept)} read\n\n{table(head, rows)}\n")


def measured(model: str, learned: list[LabelledPicture], kept: list[LabelledPicture]) -> list[str]:
    """Fine-tunes a model and returns a row of the table."""
    with tempfile.TemporaryDirectory() as folder:
        own, out = Path(folder) / "own", Path(folder) / "run"
        own.mkdir()
        lines = ["file,label"]
        for number, picture in enumerate(learned):
            name = f"{number}.png" if picture.pixels is not None else f"{number}{picture.path.suffix}"
            if picture.pixels is not None:
                Image.fromarray(picture.pixels).save(own / name)
            else:
                (own / name).write_bytes(picture.path.read_bytes())
            lines.append(f"{name},{picture.label}")
        (own / "labels.csv").write_text("\n".join(lines) + "\n")
        before = right(model, kept)
        tuned = fine_tune(FineTuneConfig(), start=model, data=[str(own)], out=out)
        after = right(str(out), kept)
    of = f"of {len(kept)}"
    rejected = [f"{share:.2%}" for share in tuned.rejected] if tuned.rejected else ["", ""]
    mnist = [f"{share:.2%}" for share in tuned.mnist]
    return [
        model,
        f"{before} {of}",
        f"{after} {of}",
        *mnist,
        *rejected,
        "better" if tuned.is_better else "not better",
    ]


def right(model: str, pictures: list[LabelledPicture]) -> int:
    """Counts the pictures that the model reads correctly."""
    reader = Reader(model)
    read = [reader.read_digit(picture.source) for picture in pictures]
    return sum(
        digit is not None and digit.label == one.label for digit, one in zip(read, pictures, strict=True)
    )


if __name__ == "__main__":
    try:
        main()
    except InkreadError as error:
        sys.exit(f"error: {error}")
