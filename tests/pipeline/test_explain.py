"""Every stage of a reading can be shown."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFont

from inkread import Reader
from inkread.errors import OutputError
from inkread.pipeline.explain import ENLARGED, meaning_of, opinions_on, save_stages, shown_candidates

PICTURE = np.full((60, 90), 255, np.uint8)
PICTURE[15:45, 40:44] = 0


@pytest.mark.parametrize("single", [False, True])
def test_each_stage_becomes_a_picture(tmp_path: Path, single: bool) -> None:
    trace = Reader().trace(PICTURE, single=single)
    paths = save_stages(trace, tmp_path / "steps")
    assert [path.name for path in paths] == [
        "1-upright.png",
        "2-heat.png",
        "3-candidates.png",
        "4-glyphs.png",
        "5-reading.png",
    ]
    upright, heat, candidates, glyphs, _ = (np.asarray(Image.open(path)) for path in paths)
    np.testing.assert_array_equal(upright, trace.picture.pixels)
    red, _, blue = (heat[30, 42].astype(int) - heat[5, 5]).tolist()
    assert red - blue > 30  # orange at the bar
    assert candidates.shape == heat.shape
    shown = glyphs[5 : 5 + 28 * ENLARGED, 5 : 5 + 28 * ENLARGED, 0]  # the first tile
    first = shown_candidates(trace)[0]
    np.testing.assert_array_equal(shown[::ENLARGED, ::ENLARGED], 255 - trace.opinions.glyphs[first])


def test_each_opinion_on_a_candidate_is_reported() -> None:
    trace = Reader().trace(PICTURE)
    first = shown_candidates(trace)[0]
    assert [name for name, _ in opinions_on(trace, first)] == ["", "detector", "closeup", "strip", "glyph"]
    assert all(meaning.endswith("%") for _, meaning in opinions_on(trace, first))


def test_a_blank_picture_can_be_explained_too(tmp_path: Path) -> None:
    assert len(save_stages(Reader().trace(np.full((40, 50), 255, np.uint8)), tmp_path)) == 5


def test_a_directory_that_cannot_be_made_is_an_output_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="directory"):
        save_stages(Reader().trace(PICTURE), tmp_path / "file")


@pytest.mark.parametrize("probabilities", [np.full(11, 1 / 11), np.eye(11)[3], np.eye(11)[10]])
def test_what_a_network_says_can_be_drawn_in_the_font_of_the_stages(probabilities):
    font = ImageFont.load_default(12)
    unknown = bytes(font.getmask("\uffff"))
    assert [sign for sign in meaning_of(probabilities) if bytes(font.getmask(sign)) == unknown] == []
