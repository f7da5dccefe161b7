"""Reports for people: single HTML files, and tables for the docs.

===============  ==================================================================
``errors``       every error of a reader, with its intermediate results
``run``          a training run, with its plots
``comparison``   a comparison of models
``page``         renders the pages from ``templates``
``confusions``   a confusion matrix within a page, whose errors are links
``misread``      the glyphs that they link to
``inline``       a plot within a page
``reliability``  a reliability diagram within a page
``markdown``     tables in Markdown files
===============  ==================================================================

The pages with plots need the extra ``plot``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from inkread.system.lazy import lazy

if TYPE_CHECKING:
    from inkread.evaluation.reports.comparison import comparison_page
    from inkread.evaluation.reports.run import write_report

__all__ = ["comparison_page", "write_report"]

# The pages with plots need matplotlib.
__getattr__ = lazy(
    __name__, {"comparison": ("comparison_page",), "run": ("write_report",)}, needs={"matplotlib": "plot"}
)
