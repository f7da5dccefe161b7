"""The plots by their names, each of a ``Inspection``: what the command draws one by one, and the report all together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from inkread.errors import OptionError, nearest
from inkread.evaluation import plots

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from inkread.evaluation.plots.embedding_figure import Method
    from inkread.evaluation.plots.inspection import Inspection
    from inkread.evaluation.plots.style import Plot

EMBEDDED = 1_500
"""Glyphs in the plane: t-SNE takes seconds for them."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A plot that can be asked for.

    Attributes:
        title: a heading.
        text: what one sees, in a sentence or two.
        draw: makes it; takes the options that are named in ``options`` too.
        options: names of them.
    """

    title: str
    text: str
    draw: Callable[..., Plot]
    options: tuple[str, ...] = ()


def draw(name: str, inspection: Inspection, **options: Any) -> Plot:
    """The plot of that name.

    Raises:
        OptionError: there is no such plot, or it has no such option.
        InkreadError: what it needs is not there.
    """
    return find(name, options).draw(inspection, **options)


def find(name: str, options: Collection[str] = ()) -> Entry:
    """The entry of that name.

    Raises:
        OptionError: there is none, and the nearest is suggested; or it has no such option.
    """
    if name not in PLOTS:
        raise OptionError(name, "is no plot", nearest(name, PLOTS))
    for option in options:
        if option not in PLOTS[name].options:
            owners = ", ".join(known for known, entry in PLOTS.items() if option in entry.options)
            raise OptionError(f"--{option}", f"is no option of {name}", f"leave it out; it is for {owners}")
    return PLOTS[name]


def _curves(inspection: Inspection) -> Plot:
    return plots.curves({inspection.model.name: inspection.history})


def _confusion(inspection: Inspection) -> Plot:
    return plots.confusion(inspection.glyphs.labels, inspection.predicted, classes=inspection.glyphs.classes)


def _classes(inspection: Inspection) -> Plot:
    return plots.classes(inspection.glyphs.labels, inspection.predicted, classes=inspection.glyphs.classes)


def _reliability(inspection: Inspection) -> Plot:
    return plots.reliability(inspection.glyphs.labels, inspection.probabilities)


def _predictions(inspection: Inspection) -> Plot:
    return plots.predictions(
        inspection.glyphs.images,
        inspection.glyphs.labels,
        inspection.probabilities,
        classes=inspection.glyphs.classes,
    )


def _errors(inspection: Inspection) -> Plot:
    return plots.errors(
        inspection.glyphs.images,
        inspection.glyphs.labels,
        inspection.probabilities,
        classes=inspection.glyphs.classes,
    )


def _process(inspection: Inspection, picture: str | None = None) -> Plot:
    return plots.process(inspection.trace(picture), inspection.network)


def _filters(inspection: Inspection) -> Plot:
    return plots.filters(inspection.network)


def _features(inspection: Inspection, glyph: int | None = None) -> Plot:
    return plots.features(inspection.network, inspection.glyphs.images[_chosen(inspection, glyph)[-1]])


def _saliency(inspection: Inspection, glyph: int | None = None) -> Plot:
    chosen, glyphs = _chosen(inspection, glyph), inspection.glyphs
    return plots.saliency(
        inspection.network, glyphs.images[chosen], glyphs.labels[chosen], inspection.probabilities[chosen],
        classes=glyphs.classes,
    )  # fmt: skip


def _embedding(inspection: Inspection, method: Method = "tsne") -> Plot:
    glyphs = inspection.glyphs.subset(slice(EMBEDDED))
    return plots.embedding(
        plots.embedded(inspection.network, glyphs.images),
        glyphs.labels,
        classes=glyphs.classes,
        method=method,
    )


def _samples(inspection: Inspection) -> Plot:
    return plots.samples(
        inspection.glyphs.images, inspection.glyphs.labels, classes=inspection.glyphs.classes
    )


def _augmentation(inspection: Inspection) -> Plot:
    return plots.augmentation(inspection.glyphs.images[inspection.one_of_each()], inspection.augmentation)


def _chosen(inspection: Inspection, glyph: int | None) -> np.ndarray[Any, np.dtype[np.int64]]:
    """The glyph of that number, or one of each class."""
    if glyph is None:
        return inspection.one_of_each()
    if not 0 <= glyph < len(inspection.glyphs):
        raise OptionError(f"--glyph {glyph}", "is out of range", f"give 0 to {len(inspection.glyphs) - 1}")
    return np.array([glyph])


PLOTS = {
    "curves": Entry(
        "Loss and accuracy",
        "Epoch by epoch. Training figures are of glyphs that were changed at random, and may so be the worse ones.",
        _curves,
    ),
    "confusion": Entry(
        "Confusion matrix",
        "What each glyph is, and what it was read as; errors are stronger the more there are of a kind.",
        _confusion,
    ),
    "classes": Entry(
        "Scores of each class",
        "Precision: how many of those read as this digit are one. Recall: how many of this digit were found. F1: their "
        "harmonic mean.",
        _classes,
    ),
    "reliability": Entry(
        "Reliability",
        "How often the model is right, against how sure it says it is. Below: how many glyphs it is so sure of.",
        _reliability,
    ),
    "predictions": Entry(
        "Predictions", "Glyphs chosen at random, as they were read. Errors are orange.", _predictions
    ),
    "errors": Entry(
        "Most confident errors", "What was misread, and least doubted. Some labels are arguable.", _errors
    ),
    "process": Entry(
        "From picture to digit",
        "How a picture becomes ink, a glyph of 28×28 pixels, features of the first layer, and probabilities.",
        _process,
        ("picture",),
    ),
    "filters": Entry("First filters", "The weights that meet the glyph first.", _filters),
    "features": Entry(
        "What the layers see",
        "One glyph on its way through the network: of each hidden layer, where its filters find what they look for.",
        _features,
        ("glyph",),
    ),
    "saliency": Entry(
        "Saliency",
        "Where more or less ink would change the answer most: the smoothed gradient of its logit.",
        _saliency,
        ("glyph",),
    ),
    "embedding": Entry(
        "Embedding",
        "What the last layer sees of each glyph, in the plane: alike is near. What is drawn as a digit lies among others.",
        _embedding,
        ("method",),
    ),
    "samples": Entry("Samples", "The glyphs that all of this is about.", _samples),
    "augmentation": Entry("Augmentation", "Each glyph as it is, and as training may see it.", _augmentation),
}
"""In the order of the report."""
