"""The documentation's site builds without a warning, and loads nothing from elsewhere."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("material", reason="Material for MkDocs is not installed (dependency group docs)")
pytest.importorskip("mkdocstrings", reason="mkdocstrings is not installed (dependency group docs)")

ROOT = Path(__file__).resolve().parents[1]
LOADED = re.compile(r"<(?:script|img|iframe|source)\b[^>]*\bsrc=\"([^\"]+)|<link\b[^>]*\bhref=\"([^\"]+)")
"""What a browser loads with a page; other links lead elsewhere only if the reader follows them."""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    return folder


def test_no_page_loads_anything_from_elsewhere(site):
    pages = list(site.rglob("*.html"))
    assert len(pages) > 25
    for page in pages:
        loaded = [src or href for src, href in LOADED.findall(page.read_text(encoding="utf-8"))]
        assert [each for each in loaded if re.match(r"(?:https?:)?//", each)] == [], page
    for sheet in site.rglob("*.css"):
        assert re.findall(r"url\([\"']?(?:https?:)?//", sheet.read_text(encoding="utf-8")) == [], sheet


def test_the_cards_of_all_bundled_models_are_shown(site):
    text = (site / "models.html").read_text(encoding="utf-8")
    cards = list((ROOT / "src/inkread/models/bundled").rglob("card.json"))
    assert len(cards) >= 9
    for card in cards:
        assert json.loads(card.read_text(encoding="utf-8"))["sha256"] in text, card


@pytest.mark.parametrize(
    ("page", "names"),
    [
        ("reading", ["inkread.read", "inkread.reader.Reader.read_many", "inkread.pipeline.text.TextReader"]),
        ("errors", ["inkread.errors.PictureError", "inkread.errors.MissingExtraError"]),
        ("client", ["inkread.client.Client.read", "inkread.client.Client.correct"]),
    ],
)
def test_the_reference_shows_what_a_user_calls(site, page, names):
    text = (site / "reference" / f"{page}.html").read_text(encoding="utf-8")
    assert [name for name in names if f'id="{name}"' not in text] == []
