"""The error page shows all errors with their stages, is one file, and escapes every text."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from outline import Outline
from PIL import Image

from inkread import Reader
from inkread.datasets.pictures import LabelledPicture
from inkread.evaluation.metrics import calibration_bins
from inkread.evaluation.pictures import evaluate_pictures
from inkread.evaluation.reports.errors import error_page
from inkread.evaluation.reports.page import LONGEST, POLICY, reliability_diagram

HOSTILE = "<script>alert('x')</script>&\"\u2028.png"


def cross(size: int = 60) -> np.ndarray:
    """Not a digit."""
    return (np.eye(size) + np.eye(size)[::-1] == 0).astype(np.uint8) * 255


def bar() -> np.ndarray:
    """Something that looks like a 1."""
    pixels = np.full((60, 60), 255, np.uint8)
    pixels[8:52, 27:33] = 0
    return pixels


@pytest.fixture(scope="module")
def page() -> Outline:
    reader = Reader()
    pictures = [
        LabelledPicture(Path("right.png"), "1", {}, bar()),
        LabelledPicture(Path("misread.png"), "7", {"source": HOSTILE, "subtype": "photo"}, bar()),
        LabelledPicture(Path("refused.png"), "3", {}, cross()),
        LabelledPicture(Path("rows.png"), "12/3", {}, bar()),
        LabelledPicture(Path(HOSTILE), "", {}, bar()),
        LabelledPicture(Path("missing.png"), "5"),
    ]
    return Outline(error_page(evaluate_pictures(pictures, reader), pictures, reader, title=HOSTILE))


def test_every_error_is_there_once_under_its_kind(page: Outline) -> None:
    sections = [name for name in page.values("section", "id") if name]
    assert sections == ["misread", "rejected", "multi", "empty", "unreadable"]
    links = page.values("a", "href")
    assert links[: len(sections)] == [f"#{name}" for name in sections]
    cells = [f"#{name}" for name in page.values("h3", "id") if name]
    assert links[len(sections) :] == sorted(cells)  # from the matrix of single digits, row by row
    assert len(cells) == 2
    assert sum(tag == "article" for tag, _ in page.tags) == 5
    assert not page.open


def test_nothing_on_the_page_comes_from_elsewhere(page: Outline) -> None:
    assert all(str(source).startswith("data:image/") for source in page.values("img", "src"))
    assert {tag for tag, _ in page.tags} & {"link", "script", "iframe", "object"} == set()
    assert POLICY in page.values("meta", "content")
    assert not re.search(r"@import|url\(", page.text)


def test_names_and_columns_are_escaped(page: Outline) -> None:
    assert "script" not in {tag for tag, _ in page.tags}


def test_the_stages_are_small_pictures(page: Outline) -> None:
    uris = [str(source) for source in page.values("img", "src")]
    assert len(uris) >= 4 * 4  # of four errors, three stages and the glyphs
    for uri in uris:
        with Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2]))) as image:
            assert max(image.size) <= LONGEST
    assert all(page.values("img", "alt"))


def test_a_page_without_errors_is_a_page() -> None:
    reader = Reader()
    pictures = [LabelledPicture(Path("right.png"), "1", {}, bar())]
    outline = Outline(error_page(evaluate_pictures(pictures, reader), pictures, reader, title="all right"))
    assert "article" not in {tag for tag, _ in outline.tags}
    assert not outline.open


def test_a_perfect_reader_has_its_bars_end_on_the_diagonal() -> None:
    bins = calibration_bins([0.75] * 4 + [0.25] * 4, [1, 1, 1, 0, 1, 0, 0, 0], bins=2)
    drawing = ET.fromstring(reliability_diagram(bins))
    bars = [{k: float(r.get(k)) for k in ("x", "y", "width", "height")} for r in drawing.iter("rect")]
    dots = [(float(c.get("cx")), float(c.get("cy"))) for c in drawing.iter("circle")]
    assert len(bars) == len(dots) == 2
    for bar_, (x, y) in zip(bars, dots, strict=True):
        assert bar_["x"] < x < bar_["x"] + bar_["width"]
        assert bar_["y"] == y
    assert "4 digits at 25.0% confidence, 25.0% right" in drawing.findtext("desc")


def test_a_diagram_of_nothing_says_so() -> None:
    drawing = ET.fromstring(reliability_diagram(calibration_bins([], [])))
    assert drawing.findtext("desc") == "no digit was read"
    assert not list(drawing.iter("rect"))
