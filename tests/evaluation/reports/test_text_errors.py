"""The error page of text shows every wrong picture with its lines, the worst first, and escapes texts."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest
from outline import Outline
from pipeline.test_text_lines import page as written

from inkread.datasets.pictures import LabelledPicture
from inkread.evaluation.reports.page import POLICY
from inkread.evaluation.reports.text_errors import text_error_page
from inkread.evaluation.text import evaluate_text
from inkread.pipeline.text import TextReader

HOSTILE = "<script>alert('x')&\"\u2028.png"


@pytest.fixture(scope="module")
def page() -> Outline:
    reader = TextReader("text", threads=1)
    text = reader.read(written("hello world")).text
    pictures = [
        LabelledPicture(Path("right.png"), text, {}, written("hello world")),
        LabelledPicture(Path("nearly.png"), text + "!", {}, written("hello world")),
        LabelledPicture(Path(HOSTILE), "<b>quite</b> other", {}, written("hello world")),
        LabelledPicture(Path("missing.png"), "x"),
    ]
    return Outline(text_error_page(evaluate_text(pictures, reader), pictures, reader, title=HOSTILE))


def test_every_wrong_picture_is_there_and_the_worst_is_first(page: Outline) -> None:
    headings = re.findall(r"<article><h3>(.*?)</h3>", page.text)
    assert [html.unescape(each) for each in headings] == [HOSTILE, "nearly.png", "missing.png"]
    assert "4 pictures, 3 wrong" in page.text


def test_differences_are_marked_and_the_lines_are_shown(page: Outline) -> None:
    nearly = page.text.split("nearly.png")[1].split("</article>")[0]
    assert "<mark>!</mark>" in nearly
    assert nearly.count("data:image/") == 2
    missing = page.text.split("<h3>missing.png")[1].split("</article>")[0]
    assert "data:image/" not in missing
    assert "<p>missing.png: " in missing


def test_nothing_is_loaded_or_run_and_no_text_is_markup(page: Outline) -> None:
    assert page.open == []
    assert POLICY in page.values("meta", "content")
    assert not {"script", "b"} & {tag for tag, _ in page.tags}
    assert all(str(source).startswith("data:image/") for source in page.values("img", "src"))
