"""The pictures of the documentation can be made again, and a page shows each of them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
MADE = {
    "boxes": ["boxes.jpg", "stages.jpg"],
    "camera_window": ["camera.png"],
    "drawing_window": ["draw.png"],
    "notes": ["text.jpg"],
    "page": ["page.png"],
    "reading": ["reading.gif"],
}
"""The pictures that each module in ``figures/`` makes."""

CHROMIUM = os.environ.get("INKREAD_CHROMIUM", "/usr/bin/chromium")


def needs(figure: str) -> None:
    """Skips the test if what takes the picture is missing."""
    if figure.endswith("_window"):
        pytest.importorskip("pygame", reason="needs the extra desktop")
    if figure == "page":
        pytest.importorskip("fastapi", reason="needs the extra serve")
        pytest.importorskip("playwright", reason="Playwright is not installed")
        if not shutil.which(CHROMIUM):
            pytest.skip("needs Chromium")


def test_every_picture_in_the_documentation_is_made_by_a_command():
    pictures = {path.name for path in DOCS.rglob("*.*") if path.suffix in (".png", ".jpg", ".gif")}
    assert pictures == {name for names in MADE.values() for name in names}
    assert {path.stem for path in (ROOT / "figures").glob("[a-z]*.py")} == set(MADE)


def test_every_picture_is_shown_by_a_page():
    pages = "".join(path.read_text(encoding="utf-8") for path in DOCS.rglob("*.md"))
    shown = set(re.findall(r"!\[[^\]]+\]\(([\w.]+)\)", pages))
    assert shown == {name for names in MADE.values() for name in names}


@pytest.mark.slow
@pytest.mark.parametrize("figure", MADE)
def test_a_picture_can_be_made_again(figure, tmp_path):
    needs(figure)
    command = [sys.executable, str(ROOT / "figures" / f"{figure}.py"), str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True, text=True, timeout=600)
    assert sorted(path.name for path in tmp_path.iterdir()) == MADE[figure]
    for name in MADE[figure]:
        assert size(tmp_path / name) == size(DOCS / name)


def size(path: Path) -> tuple[int, int]:
    with Image.open(path) as picture:
        return picture.size
