"""Every stage of a reading can be looked at."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inkread import Reader
from inkread.errors import OutputError
from inkread.explain import ENLARGED, save_stages

PICTURE = np.full((60, 90), 255, np.uint8)
PICTURE[15:45, 40:44] = 0


@pytest.mark.parametrize("single", [False, True])
def test_each_stage_becomes_a_picture(tmp_path: Path, single: bool) -> None:
    trace = Reader().trace(PICTURE, single=single)
    paths = save_stages(trace, tmp_path / "steps")
    assert [path.name for path in paths] == [
        "1-upright.png",
        "2-ink.png",
        "3-rows.png",
        "4-glyphs.png",
        "5-reading.png",
    ]
    upright, ink, rows, glyphs, _ = (np.asarray(Image.open(path)) for path in paths)
    np.testing.assert_array_equal(upright, trace.picture.pixels)
    assert ink.min() < 60
    assert rows.shape == ink.shape
    shown = glyphs[19 : 19 + 28 * ENLARGED, 5 : 5 + 28 * ENLARGED, 0]  # the first tile
    np.testing.assert_array_equal(shown[::ENLARGED, ::ENLARGED], 255 - trace.glyphs[0][0])


def test_a_blank_picture_can_be_explained_too(tmp_path: Path) -> None:
    assert len(save_stages(Reader().trace(np.full((40, 50), 255, np.uint8)), tmp_path)) == 5


def test_a_directory_that_cannot_be_made_is_an_output_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="directory"):
        save_stages(Reader().trace(PICTURE), tmp_path / "file")
