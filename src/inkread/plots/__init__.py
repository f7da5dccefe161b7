"""Looking: plots of data, of a training, of what a model gets right, and of what it sees; and a report of a run.

Each function takes arrays, or the layers of a network, and returns a matplotlib ``Figure`` that a notebook shows and ``save``
writes as PNG or SVG. ``inkread plot NAME`` draws those of a model under the same names; comparisons and sweeps save their own.

=================  ==================================================================================
``grids``          samples, augmentation, predictions, errors
``scores``         confusion, classes, reliability
``learning``       curves
``layers``         filters, features, saliency
``space``          embedding
``steps``          process
``costs``          against_cost: a comparison              ``sweeps``      trials, settings: a sweep
``network``        a model's layers in PyTorch, and what they make of glyphs
``subject``        a model with the glyphs to look at      ``catalogue``   the plots of one by their names
``report``         all of them on one page                 ``comparison``  a comparison on one page
``style``          colours and type                        ``scales``      accuracies by their errors
``tiles``          glyphs side by side                     ``inline``      a plot within a page
``sparkline``      curves in a line of text
=================  ==================================================================================

Needs the extra ``plot``; what looks into a network needs ``train`` too.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from inkread.errors import MissingExtraError

if TYPE_CHECKING:
    from inkread.plots.comparison import comparison_page
    from inkread.plots.costs import against_cost
    from inkread.plots.grids import augmentation, errors, predictions, samples
    from inkread.plots.layers import features, filters, saliency
    from inkread.plots.learning import curves
    from inkread.plots.network import embedded, network_of
    from inkread.plots.report import write_report
    from inkread.plots.scores import classes, confusion, reliability
    from inkread.plots.space import embedding
    from inkread.plots.steps import process
    from inkread.plots.style import Plot, save
    from inkread.plots.subject import Subject
    from inkread.plots.sweeps import settings, trials

__all__ = [
    "Plot",
    "Subject",
    "against_cost",
    "augmentation",
    "classes",
    "comparison_page",
    "confusion",
    "curves",
    "embedded",
    "embedding",
    "errors",
    "features",
    "filters",
    "network_of",
    "predictions",
    "process",
    "reliability",
    "saliency",
    "samples",
    "save",
    "settings",
    "trials",
    "write_report",
]

_MODULES = {
    "comparison": ("comparison_page",),
    "costs": ("against_cost",),
    "grids": ("augmentation", "errors", "predictions", "samples"),
    "layers": ("features", "filters", "saliency"),
    "learning": ("curves",),
    "network": ("embedded", "network_of"),
    "report": ("write_report",),
    "scores": ("classes", "confusion", "reliability"),
    "space": ("embedding",),
    "steps": ("process",),
    "style": ("Plot", "save"),
    "subject": ("Subject",),
    "sweeps": ("settings", "trials"),
}


def __getattr__(name: str) -> Any:
    """What needs matplotlib, when it is first asked for."""
    for module, names in _MODULES.items():
        if name in names:
            try:
                return getattr(import_module(f"{__name__}.{module}"), name)
            except ModuleNotFoundError as error:
                if error.name == "matplotlib":
                    raise MissingExtraError(error.name, "plot") from error
                raise
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
