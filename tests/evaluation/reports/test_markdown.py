from __future__ import annotations

import pytest

from inkread.errors import OptionError
from inkread.evaluation.reports.markdown import fill, table

BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"


def test_figures_replace_those_before_and_nothing_else():
    document = f"# Title\n\n{BEGIN}\n\nold\n\n{END}\n\nwords\n"
    once = fill(document, "new\n")
    assert once == f"# Title\n\n{BEGIN}\n\nnew\n\n{END}\n\nwords\n"
    assert fill(once, "new") == once


def test_figures_go_into_the_part_that_is_named():
    other = "<!-- speed: begin -->\n<!-- speed: end -->\n"
    document = f"{BEGIN}\nold\n{END}\n{other}"
    assert fill(document, "new", name="speed") == (
        f"{BEGIN}\nold\n{END}\n<!-- speed: begin -->\n\nnew\n\n<!-- speed: end -->\n"
    )


@pytest.mark.parametrize("document", ["", BEGIN, f"{END}{BEGIN}", f"{BEGIN}{END}{END}"])
def test_a_document_without_its_marks_is_rejected(document):
    with pytest.raises(OptionError, match="figures: begin"):
        fill(document, "new")


def test_a_table_has_a_cell_a_value():
    assert table(["set", "right"], [["a|b", "1"]]) == "| set | right |\n| :-- | --: |\n| a\\|b | 1 |\n"
