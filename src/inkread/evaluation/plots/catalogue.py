"""The plots of an ``Inspection`` by name; the command draws single ones, and the report all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from inkread.errors import OptionError, nearest
from inkread.evaluation import plots

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from numpy.typing import NDArray

    from inkread.evaluation.plots.embedding_figure import Method
    from inkread.evaluation.plots.inspection import Inspection
    from inkread.evaluation.plots.style import Plot

EMBEDDED = 1_500
"""Number of glyphs in the embedding: t-SNE takes seconds for them."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An available plot.

    Attributes:
        title: a heading.
        text: a description in a sentence or two.
        draw: draws it; takes the options named in ``options`` too.
        options: names of its options.
    """

    title: str
    text: str
    draw: Callable[..., Plot]
    options: tuple[str, ...] = ()


def draw(name: str, inspection: Inspection, **options: Any) -> Plot:
    """Draws the plot with this name.

    Raises:
        OptionError: there is no such plot, or it has no such option.
        InkreadError: something that it needs is missing.
    """
    return find(name, options).draw(inspection, **options)


def find(name: str, options: Collection[str] = ()) -> Entry:
    """Finds the plot with this name.

    Raises:
        OptionError: there is none, and the message suggests the closest; or it has no such option.
    """
    if name not in PLOTS:
        raise OptionError(name, "is not a plot", nearest(name, PLOTS))
    for option in options:
        if option not in PLOTS[name].options:
            owners = ", ".join(known for known, entry in PLOTS.items() if option in entry.options)
            raise OptionError(f"--{option}", f"is not an option of {name}", f"omit it; it is for {owners}")
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
    return plots.predictions(*_results(inspection), classes=inspection.glyphs.classes)


def _errors(inspection: Inspection) -> Plot:
    return plots.errors(*_results(inspection), classes=inspection.glyphs.classes)


def _process(inspection: Inspection, picture: str | None = None) -> Plot:
    return plots.process(inspection.trace(picture), inspection.network)


def _diagram(inspection: Inspection) -> Plot:
    from inkread.evaluation.summary import summarize

    return plots.diagram(summarize(inspection.model))


def _filters(inspection: Inspection) -> Plot:
    return plots.filters(inspection.network)


def _features(inspection: Inspection, glyph: int | None = None) -> Plot:
    return plots.features(inspection.network, inspection.glyphs.images[_chosen(inspection, glyph)[-1]])


def _saliency(inspection: Inspection, glyph: int | None = None) -> Plot:
    results = _results(inspection, _chosen(inspection, glyph))
    return plots.saliency(inspection.network, *results, classes=inspection.glyphs.classes)


def _gradcam(inspection: Inspection, glyph: int | None = None) -> Plot:
    results = _results(inspection, _chosen(inspection, glyph))
    return plots.gradcam(inspection.network, *results, classes=inspection.glyphs.classes)


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


def _results(
    inspection: Inspection, chosen: NDArray[np.int64] | slice = slice(None)
) -> tuple[NDArray[Any], NDArray[np.integer], NDArray[np.floating]]:
    """Returns the chosen glyphs' images, labels, and probabilities."""
    glyphs = inspection.glyphs
    return glyphs.images[chosen], glyphs.labels[chosen], inspection.probabilities[chosen]


def _chosen(inspection: Inspection, glyph: int | None) -> NDArray[np.int64]:
    """Returns the index of the requested glyph, or one of each class."""
    if glyph is None:
        return inspection.one_of_each()
    if not 0 <= glyph < len(inspection.glyphs):
        raise OptionError(f"--glyph {glyph}", "is out of range", f"use 0 to {len(inspection.glyphs) - 1}")
    return np.array([glyph])


PLOTS = {
    "curves": Entry(
        "Loss and accuracy",
        "Epoch by epoch. Training metrics are computed on augmented glyphs and may be lower.",
        _curves,
    ),
    "confusion": Entry(
        "Confusion matrix",
        "Labels against readings; errors are darker the more frequent they are.",
        _confusion,
    ),
    "classes": Entry(
        "Scores of each class",
        "Precision: share of the glyphs read as this digit that are one. Recall: share of this digit's "
        "glyphs that were read as it. F1: their harmonic mean.",
        _classes,
    ),
    "reliability": Entry(
        "Reliability",
        "Accuracy against the model's confidence. Below: the number of glyphs at each confidence.",
        _reliability,
    ),
    "predictions": Entry(
        "Predictions", "Random glyphs with their readings. Errors are orange.", _predictions
    ),
    "errors": Entry(
        "Most confident errors",
        "The misread glyphs with the highest confidence. Some labels are arguable.",
        _errors,
    ),
    "process": Entry(
        "From picture to digit",
        "From the picture to ink, a glyph of 28×28 pixels, features of the first layer, and probabilities.",
        _process,
        ("picture",),
    ),
    "diagram": Entry("The network", "Its layers, as large as their outputs.", _diagram),
    "filters": Entry("First filters", "The weights of the first layer.", _filters),
    "features": Entry(
        "What the layers see",
        "One glyph on its way through the network: where each hidden layer's filters find their patterns.",
        _features,
        ("glyph",),
    ),
    "saliency": Entry(
        "Saliency",
        "Where more or less ink would change the result most: the smoothed gradient of its logit.",
        _saliency,
        ("glyph",),
    ),
    "gradcam": Entry(
        "Grad-CAM",
        "Where the last convolution finds evidence for what was read, and for the next most probable class.",
        _gradcam,
        ("glyph",),
    ),
    "embedding": Entry(
        "Embedding",
        "The last layer's features of each glyph, in the plane: similar glyphs are close. "
        "Glyphs among another class are drawn as digits.",
        _embedding,
        ("method",),
    ),
    "samples": Entry("Samples", "The glyphs that this report is about.", _samples),
    "augmentation": Entry("Augmentation", "Each glyph unchanged, and as training may see it.", _augmentation),
}
"""In the order of the report."""
