"""Reports for people: single HTML files, and tables for the docs.

===============  ==================================================================
``errors``       every error of a reader, with its intermediate results
``run``          a training run, with its plots
``comparison``   a comparison of models
``confusions``   a confusion matrix within a page, whose errors are links
``misread``      the glyphs that they link to
``inline``       a plot within a page
``reliability``  a reliability diagram within a page
``markdown``     tables in Markdown files
===============  ==================================================================

The pages with plots need the extra ``plot``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from inkread.errors import MissingExtraError

if TYPE_CHECKING:
    from inkread.evaluation.reports.comparison import comparison_page
    from inkread.evaluation.reports.run import write_report

__all__ = ["comparison_page", "write_report"]

_MODULES = {"comparison_page": "comparison", "write_report": "run"}


def __getattr__(name: str) -> Any:
    """Imports the pages with plots on first use, because they need matplotlib."""
    if name not in _MODULES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    try:
        return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    except ModuleNotFoundError as error:
        if error.name == "matplotlib":
            raise MissingExtraError(error.name, "plot") from error
        raise
