"""Plots of data, of training, of a model's scores, and of its inner workings.

Each function takes arrays, or the layers of a network, and returns a matplotlib ``Figure``, which a notebook
shows and ``save`` writes as PNG or SVG. ``inkread plot NAME`` draws a model's plots under the same names;
comparisons and sweeps save their own.

``catalogue`` has a model's plots by name, ``inspection`` a model with the glyphs to show, and ``network`` its
layers in PyTorch. Needs the extra ``plot``; plots that look inside a network need ``train`` too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from inkread.system.lazy import lazy

if TYPE_CHECKING:
    from inkread.evaluation.plots.costs import against_cost
    from inkread.evaluation.plots.diagram_figure import diagram
    from inkread.evaluation.plots.embedding_figure import embedding
    from inkread.evaluation.plots.grids import augmentation, errors, predictions, samples
    from inkread.evaluation.plots.inspection import Inspection
    from inkread.evaluation.plots.layers import features, filters, gradcam, saliency
    from inkread.evaluation.plots.learning import curves
    from inkread.evaluation.plots.network import embedded, network_of
    from inkread.evaluation.plots.pipeline_figure import process
    from inkread.evaluation.plots.scores import classes, confusion, reliability
    from inkread.evaluation.plots.style import Plot, save
    from inkread.evaluation.plots.sweeps import settings, trials

__all__ = [
    "Inspection",
    "Plot",
    "against_cost",
    "augmentation",
    "classes",
    "confusion",
    "curves",
    "diagram",
    "embedded",
    "embedding",
    "errors",
    "features",
    "filters",
    "gradcam",
    "network_of",
    "predictions",
    "process",
    "reliability",
    "saliency",
    "samples",
    "save",
    "settings",
    "trials",
]

__getattr__ = lazy(
    __name__,
    {
        "costs": ("against_cost",),
        "grids": ("augmentation", "errors", "predictions", "samples"),
        "layers": ("features", "filters", "gradcam", "saliency"),
        "learning": ("curves",),
        "network": ("embedded", "network_of"),
        "scores": ("classes", "confusion", "reliability"),
        "diagram_figure": ("diagram",),
        "embedding_figure": ("embedding",),
        "pipeline_figure": ("process",),
        "style": ("Plot", "save"),
        "inspection": ("Inspection",),
        "sweeps": ("settings", "trials"),
    },
    needs={"matplotlib": "plot"},
)
