"""Progress bars go to standard error, if it is a terminal, so that standard output has only results."""

from __future__ import annotations

import sys

import pytest

from inkread.cli.console import download_bar, progress_bar


def shown(capsys) -> str:
    """Returns what the bars write to standard error."""
    with download_bar(quiet=False) as progress:
        progress("images.gz", 5, 10)
        progress("images.gz", 10, 10)
    with progress_bar("Reading", 2, shown=True) as advance:
        advance()
    out, err = capsys.readouterr()
    assert out == ""
    return err


def test_bars_are_drawn_on_standard_error(capsys, monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    drawn = shown(capsys)
    assert "images.gz" in drawn
    assert "Reading" in drawn


def test_bars_are_not_drawn_in_a_file(capsys):
    assert shown(capsys) == ""


@pytest.mark.parametrize("quiet", [True, False])
def test_a_download_bar_appears_only_when_a_download_starts(capsys, monkeypatch, quiet):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with download_bar(quiet=quiet):
        pass
    assert capsys.readouterr() == ("", "")
