from __future__ import annotations

import pytest

from inkread.errors import OptionError
from inkread.evaluation.reports.markdown import BEGIN, END, fill, table


def test_figures_replace_those_before_and_nothing_else():
    document = f"# Title\n\n{BEGIN}\n\nold\n\n{END}\n\nwords\n"
    once = fill(document, "new\n")
    assert once == f"# Title\n\n{BEGIN}\n\nnew\n\n{END}\n\nwords\n"
    assert fill(once, "new") == once


@pytest.mark.parametrize("document", ["", BEGIN, f"{END}{BEGIN}", f"{BEGIN}{END}{END}"])
def test_a_document_without_its_marks_is_rejected(document):
    with pytest.raises(OptionError, match="figures: begin"):
        fill(document, "new")


def test_a_table_has_a_cell_a_value():
    assert table(["set", "right"], [["a|b", "1"]]) == "| set | right |\n| :-- | --: |\n| a\\|b | 1 |\n"
