"""Which files in a folder count as pictures, their names, and for how long they have not changed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inkread.errors import FolderError
from inkread.watching import DirectoryScanner
from inkread.watching.directory_scanner import name_below

NAMES = st.text(st.characters(exclude_characters="/\0"), min_size=1).filter(
    lambda name: name not in (".", "..")
)


def put(path: Path, content: bytes = b"ink", modified: int = 1_000) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, (modified, modified))
    return path


def sources(scanner: DirectoryScanner) -> list[str]:
    return [arrival.stamp.source for arrival in scanner.scan()]


def test_pictures_are_recognized_by_their_suffixes(tmp_path):
    for name in (
        "a.png",
        "b.JPG",
        "c.heic",
        "d.png.part",
        "e.tmp",
        "f.png~",
        ".g.png",
        "~$h.png",
        "digits.csv",
        "i",
    ):
        put(tmp_path / name)
    assert sources(DirectoryScanner(tmp_path)) == ["a.png", "b.JPG", "c.heic"]


def test_a_folder_or_pipe_is_not_a_picture(tmp_path):
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "nowhere.png").symlink_to("absent.png")
    (tmp_path / "round.png").symlink_to("round.png")
    os.mkfifo(tmp_path / "pipe.png")
    assert sources(DirectoryScanner(tmp_path)) == []


def test_folders_in_it_are_looked_through_if_asked_but_not_hidden_or_linked_ones(tmp_path):
    for name in ("a.png", "one/two/b.png", ".hidden/c.png"):
        put(tmp_path / "watched" / name)
    put(tmp_path / "elsewhere/d.png")
    (tmp_path / "watched/link").symlink_to(tmp_path / "elsewhere")
    assert sources(DirectoryScanner(tmp_path / "watched")) == ["a.png"]
    assert sources(DirectoryScanner(tmp_path / "watched", recursive=True)) == ["a.png", "one/two/b.png"]


def test_the_oldest_come_first(tmp_path):
    for name, modified in (("a.png", 3_000), ("b.png", 1_000), ("c.png", 2_000)):
        put(tmp_path / name, modified=modified)
    assert sources(DirectoryScanner(tmp_path)) == ["b.png", "c.png", "a.png"]


def test_looks_are_counted_while_a_picture_stands_still(tmp_path):
    scanner, path = DirectoryScanner(tmp_path), put(tmp_path / "a.png")
    assert [scanner.scan()[0].looks for _ in range(3)] == [1, 2, 3]
    put(path, b"more ink")
    assert [scanner.scan()[0].looks for _ in range(2)] == [1, 2]
    put(path, b"less ink", modified=1_001)
    assert scanner.scan()[0].looks == 1
    path.unlink()
    assert scanner.scan() == []
    put(path, b"less ink", modified=1_001)
    assert scanner.scan()[0].looks == 1


def test_a_folder_that_is_not_there_is_an_error_at_once(tmp_path):
    for folder in (tmp_path / "absent", put(tmp_path / "file")):
        with pytest.raises(FolderError, match="is not a folder, or does not exist"):
            DirectoryScanner(folder)


def test_a_folder_that_vanishes_is_an_error(tmp_path):
    folder = tmp_path / "watched"
    folder.mkdir()
    scanner = DirectoryScanner(folder)
    folder.rmdir()
    with pytest.raises(FolderError, match="does not exist"):
        scanner.scan()


@pytest.mark.parametrize(("error", "refused"), [(PermissionError, True), (FileNotFoundError, False)])
def test_a_folder_within_may_vanish_but_must_not_be_closed(tmp_path, monkeypatch, error, refused):
    put(tmp_path / "a.png")
    put(tmp_path / "within/b.png")
    scanner, scandir = DirectoryScanner(tmp_path, recursive=True), os.scandir

    def failing(path):
        if Path(path).name == "within":
            raise error(13, "Permission denied", os.fspath(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", failing)
    if refused:
        with pytest.raises(FolderError, match=r"within: cannot be read \(Permission denied\)"):
            scanner.scan()
    else:
        assert sources(scanner) == ["a.png"]


@given(NAMES, NAMES)
def test_names_in_reports_are_one_line_of_text_and_differ_if_the_names_do(one, other):
    folder = Path("watched")
    name, second = (name_below(folder, folder / each) for each in (one, other))
    assert (name == second) == (one == other)
    assert len(name.encode("utf-8").splitlines()) == 1
    assert name[0] not in "=+-@"


def test_usual_names_are_left_as_they_are(tmp_path):
    for name in ("Beleg 7.png", "Größe/ñ.jpg", "Screenshot 6.28\u202fPM.png", "手書き.png"):
        assert name_below(tmp_path, tmp_path / name) == name
