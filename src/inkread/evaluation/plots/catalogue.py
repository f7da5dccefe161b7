"""The plots of an ``Inspection`` by name; the command draws single ones, and the report all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from inkread.errors import OptionError, nearest
from inkread.evaluation import plots
from inkread.evaluation.summary import summarize

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
    """An available plot, with its heading, a description, and the names of the options that it takes."""

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


def _embedding(inspection: Inspection, method: Method = "tsne") -> Plot:
    glyphs = inspection.glyphs.subset(slice(EMBEDDED))
    vectors = plots.embedded(inspection.network, glyphs.images)
    return plots.embedding(vectors, glyphs.labels, classes=glyphs.classes, method=method)


def _results(
    inspection: Inspection, chosen: NDArray[np.int64] | slice = slice(None)
) -> tuple[NDArray[Any], NDArray[np.integer], NDArray[np.floating]]:
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
        lambda shown: plots.curves({shown.model.name: shown.history}),
    ),
    "confusion": Entry(
        "Confusion matrix",
        "Labels against readings; errors are darker the more frequent they are.",
        lambda shown: plots.confusion(shown.glyphs.labels, shown.predicted, classes=shown.glyphs.classes),
    ),
    "classes": Entry(
        "Scores of each class",
        "Precision: share of the glyphs read as this digit that are one. Recall: share of this digit's "
        "glyphs that were read as it. F1: their harmonic mean.",
        lambda shown: plots.classes(shown.glyphs.labels, shown.predicted, classes=shown.glyphs.classes),
    ),
    "reliability": Entry(
        "Reliability",
        "Accuracy against the model's confidence. Below: the number of glyphs at each confidence.",
        lambda shown: plots.reliability(shown.glyphs.labels, shown.probabilities),
    ),
    "predictions": Entry(
        "Predictions",
        "Random glyphs with their readings. Errors are orange.",
        lambda shown: plots.predictions(*_results(shown), classes=shown.glyphs.classes),
    ),
    "errors": Entry(
        "Most confident errors",
        "The misread glyphs with the highest confidence. Some labels are arguable.",
        lambda shown: plots.errors(*_results(shown), classes=shown.glyphs.classes),
    ),
    "process": Entry(
        "From picture to digit",
        "From the picture to ink, a glyph of 28×28 pixels, features of the first layer, and probabilities.",
        lambda shown, picture=None: plots.process(shown.trace(picture), shown.network),
        ("picture",),
    ),
    "diagram": Entry(
        "The network",
        "Its layers, as large as their outputs.",
        lambda shown: plots.diagram(summarize(shown.model)),
    ),
    "filters": Entry(
        "First filters",
        "The weights of the first layer.",
        lambda shown: plots.filters(shown.network),
    ),
    "features": Entry(
        "What the layers see",
        "One glyph on its way through the network: where each hidden layer's filters find their patterns.",
        lambda shown, glyph=None: plots.features(
            shown.network, shown.glyphs.images[_chosen(shown, glyph)[-1]]
        ),
        ("glyph",),
    ),
    "saliency": Entry(
        "Saliency",
        "Where more or less ink would change the result most: the smoothed gradient of its logit.",
        lambda shown, glyph=None: plots.saliency(
            shown.network, *_results(shown, _chosen(shown, glyph)), classes=shown.glyphs.classes
        ),
        ("glyph",),
    ),
    "gradcam": Entry(
        "Grad-CAM",
        "Where the last convolution finds evidence for what was read, and for the next most probable class.",
        lambda shown, glyph=None: plots.gradcam(
            shown.network, *_results(shown, _chosen(shown, glyph)), classes=shown.glyphs.classes
        ),
        ("glyph",),
    ),
    "embedding": Entry(
        "Embedding",
        "The last layer's features of each glyph, in the plane: similar glyphs are close. "
        "Glyphs among another class are drawn as digits.",
        _embedding,
        ("method",),
    ),
    "samples": Entry(
        "Samples",
        "The glyphs that this report is about.",
        lambda shown: plots.samples(shown.glyphs.images, shown.glyphs.labels, classes=shown.glyphs.classes),
    ),
    "augmentation": Entry(
        "Augmentation",
        "Each glyph unchanged, and as training may see it.",
        lambda shown: plots.augmentation(shown.glyphs.images[shown.one_of_each()], shown.augmentation),
    ),
}
"""In the order of the report."""
