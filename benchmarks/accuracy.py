"""What the bundled model reads right: ``python benchmarks/accuracy.py [MODEL]``.

Measures on whatever is in the folder that ``INKREAD_DATA`` names, and says what is missing: MNIST's test files, and
``field``, real pictures that people made to try their own models. The naive pipeline (grey, resize to 28×28, invert) is
measured beside it with the same network.
"""

from __future__ import annotations

import sys

from inkread.classifier import Classifier
from inkread.datasets.mnist import load_mnist
from inkread.datasets.pictures import load_labelled_folder
from inkread.datasets.places import require_file
from inkread.errors import DatasetNotFoundError
from inkread.evaluation.glyphs import evaluate_glyphs
from inkread.evaluation.pictures import PictureReport, evaluate_naively, evaluate_pictures
from inkread.reader import Reader


def main(model: str) -> None:
    """Prints one line a figure."""
    try:
        report = evaluate_glyphs(Classifier(model), load_mnist("test", download=False))
        print(
            f"MNIST test: accuracy {report.accuracy:.2%}; a refused digit counted as wrong "
            f"{report.accuracy_with_refusals:.2%}; calibration error {report.calibration_error:.2%}"
        )
    except DatasetNotFoundError as error:
        print(f"MNIST test: not measured: {error}")
    try:
        folder = require_file("field", "labels.tsv", None, published="see the README").parent
    except DatasetNotFoundError as error:
        print(f"field: not measured: {error}")
        return
    pictures = load_labelled_folder(folder)
    show("inkread", evaluate_pictures(pictures, Reader(model), folder=folder))
    show("naive pipeline, same network", evaluate_naively(pictures, Classifier(model), folder=folder))


def show(name: str, report: PictureReport) -> None:
    """The main figures of a report on labelled pictures."""
    rates = ", ".join(f"{kind} {rate.correct} of {rate.total}" for kind, rate in report.rates.items())
    macro = ", ".join(f"{kind} {share:.1%}" for kind, share in report.macro_average("source").items())
    print(f"field, {name}: {rates}; macro-averaged by source: {macro}")
    print(
        f"  character error rate {report.character_error_rate:.2%}; errors {sum(bool(r.error) for r in report.results)}"
    )


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "default")
