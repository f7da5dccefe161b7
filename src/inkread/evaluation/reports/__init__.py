"""Reports for people: single HTML files, and tables for the docs.

The pages with plots, of a run and of a comparison, need the extra ``plot``.
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
