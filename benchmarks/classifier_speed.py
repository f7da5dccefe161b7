"""Speed of the classifier by threads and batch size: ``python benchmarks/classifier_speed.py``.

The default of ``Classifier(threads=...)`` and its batch size were chosen with this table.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from _measure import clock

import inkread.pipeline.classifier
from inkread.pipeline.classifier import Classifier

BATCHES = (1, 16, 64, 256, 1024)
THREADS = (1, 2, 0)
SECONDS = 0.5


def main() -> None:
    """Prints microseconds per call for one glyph, and glyphs per second for larger batches."""
    glyphs = np.random.default_rng(0).integers(0, 256, (max(BATCHES), 28, 28)).astype(np.uint8)
    inkread.pipeline.classifier.BATCH = max(BATCHES)  # makes each batch one call
    print(f"{'threads':>8}" + "".join(f"{f'batch {batch}':>16}" for batch in BATCHES))
    for threads in THREADS:
        classifier = Classifier(threads=threads)
        cells = []
        for batch in BATCHES:
            call = partial(classifier.probabilities, glyphs[:batch])
            each = clock(call, seconds=SECONDS).median / batch
            cells.append(f"{each * 1e6:.0f} µs" if batch == 1 else f"{1 / each:,.0f} /s")
        print(f"{threads or 'auto':>8}" + "".join(f"{cell:>16}" for cell in cells))


if __name__ == "__main__":
    main()
