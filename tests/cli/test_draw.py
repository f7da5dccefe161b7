"""``inkread draw`` opens a window, or says in one line why it cannot."""

from __future__ import annotations

import importlib.util

import pytest

from inkread.cli import main
from inkread.models import TEXT, load_model

needs_pygame = pytest.mark.skipif(
    importlib.util.find_spec("pygame") is None, reason="needs the extra desktop"
)


@pytest.fixture(autouse=True)
def no_display(monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER"):
        monkeypatch.delenv(name, raising=False)


def test_without_pygame_it_says_what_to_install(run, monkeypatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    result = run("draw")
    assert result.code == 1
    assert "pygame-ce: is not installed; run this in inkread's folder: pip install '.[desktop]'" in result.err


@needs_pygame
def test_without_a_display_it_says_so_and_ends(run) -> None:
    result = run("draw")
    assert result.code == 1
    assert result.err.startswith("error: display: ")
    assert "Traceback" not in result.err


@needs_pygame
@pytest.mark.parametrize(
    ("options", "told", "code"),
    [
        (["--min-probability", "2"], "not a number in 0..1", 2),
        (["--teach", "FILE"], "is not a folder", 1),
    ],
)
def test_an_option_that_cannot_be_followed_is_reported_before_a_window_opens(
    run, tmp_path, options, told, code
) -> None:
    (tmp_path / "file").write_text("")
    result = run("draw", *(str(tmp_path / "file") if option == "FILE" else option for option in options))
    assert result.code == code
    assert told in result.err


@needs_pygame
def test_a_network_of_lines_reads_text_only(capsys) -> None:
    folder = str(load_model(TEXT).path.parent)
    assert main(["draw", "--alphabet", "text", "--model", folder]) == 1
    assert capsys.readouterr().err.startswith("error: display: ")  # the network was accepted
    assert main(["draw", "--model", folder]) == 1
    assert "reads lines of text" in capsys.readouterr().err
    assert main(["draw", "--alphabet", "text", "--model", str(load_model().path.parent)]) == 2
    assert "does not read lines of text" in capsys.readouterr().err


@needs_pygame
@pytest.mark.parametrize("model", ["detector", "no-such-model"])
def test_a_model_that_does_not_read_glyphs_is_rejected(capsys, model) -> None:
    assert main(["draw", "--model", model]) == 1
    err = capsys.readouterr().err
    assert err.startswith("error: ")
    assert model in err
    assert "internal" not in err
