from __future__ import annotations

from pathlib import Path

import pytest
from PIL import ImageFont

from inkread.results import fonts
from inkread.results.fonts import font_for

matplotlib = pytest.importorskip("matplotlib", reason="matplotlib is not installed (extra: plot)")
INSTALLED = str(Path(matplotlib.get_data_path(), "fonts", "ttf", "DejaVuSans.ttf"))


@pytest.fixture
def names(monkeypatch):
    """Sets the fonts that are looked for."""

    def use(*names):
        monkeypatch.setattr(fonts, "NAMES", names)
        fonts._installed.cache_clear()

    yield use
    fonts._installed.cache_clear()


def drawn(text, size=20):
    return bytes(font_for(text, size).getmask(text))


def test_letters_beyond_ascii_are_drawn_and_not_boxes(names):
    names("no such font", INSTALLED)
    assert len({drawn(letter) for letter in "éüßÀœ€"}) == 6


def test_digits_look_the_same_everywhere(names):
    names(INSTALLED)
    assert drawn("7") == bytes(ImageFont.load_default(20).getmask("7"))


def test_a_system_without_fonts_still_draws(names):
    names("no such font")
    assert drawn("é")
