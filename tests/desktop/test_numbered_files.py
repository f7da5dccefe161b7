"""A picture and its reading are saved together, under free names."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from inkread.desktop.numbered_files import save_numbered
from inkread.errors import OutputError
from inkread.results import Digit, Line, Reading

PIXELS = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)
READING = Reading("camera 0", 6, 4, (Line((Digit("7", 0.9, (0, 0, 3, 4)),)),))


def save_snapshot(folder, pixels, reading):
    return save_numbered(pixels, folder, "camera", reading)


def test_picture_and_reading_are_saved_under_one_name(tmp_path):
    picture = save_snapshot(tmp_path / "new", PIXELS, READING)
    assert picture == tmp_path / "new" / "camera-001.png"
    assert (np.asarray(Image.open(picture)) == PIXELS).all()
    saved = json.loads(picture.with_suffix(".json").read_text())
    assert (saved["source"], saved["text"], saved["width"]) == ("camera-001.png", "7", 6)


def test_nothing_is_ever_written_over(tmp_path):
    (tmp_path / "camera-001.json").write_text("mine")
    (tmp_path / "camera-002.png").write_text("mine too")
    names = [save_snapshot(tmp_path, PIXELS, READING).name for _ in range(2)]
    assert names == ["camera-003.png", "camera-004.png"]
    assert (tmp_path / "camera-001.json").read_text() == "mine"
    assert not (tmp_path / "camera-001.png").exists()
    assert not (tmp_path / "camera-002.json").exists()


def test_a_place_that_cannot_be_written_is_an_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="file"):
        save_snapshot(tmp_path / "file", PIXELS, READING)
