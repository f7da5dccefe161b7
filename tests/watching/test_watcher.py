"""Each picture in a folder is reported exactly once, and only when complete, whatever happens meanwhile."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest

from inkread.errors import OptionError, OutputError, PictureDamagedError
from inkread.results import Digit, Line, Reading
from inkread.watching import DirectoryScanner, Journal, Watcher, require_interval
from inkread.watching.watcher import PATIENCE, SETTLED


class Folder:
    """A watched folder; a file's content is the text read from it, and ``damaged`` cannot be read.

    ``meanwhile`` is called while a picture is read.
    """

    def __init__(self, root: Path) -> None:
        self.path, self.out = root / "watched", root / "out.csv"
        self.path.mkdir()
        self.tick, self.reads = 0, 0
        self.meanwhile = lambda: None
        self.start()

    def start(self) -> None:
        """Starts a watcher as in a new process."""
        self.journal = Journal(self.out)
        self.watcher = Watcher(DirectoryScanner(self.path), self.journal, self.read)

    def restart(self) -> None:
        self.journal.close()
        self.start()

    def put(self, name: str, content: str) -> Path:
        """Writes a file with a given time."""
        path = self.path / name
        path.write_text(content)
        self.touch(path)
        return path

    def touch(self, path: Path) -> None:
        self.tick += 1
        os.utime(path, (self.tick, self.tick))

    def read(self, path: Path) -> Reading | PictureDamagedError:
        self.reads += 1
        content = path.read_text()
        self.meanwhile()
        if content == "damaged":
            return PictureDamagedError(str(path), "is truncated", "copy it again")
        return Reading(str(path), 40, 30, (Line(tuple(Digit(c, 0.9, (2, 2, 20, 20)) for c in content)),))

    def scan(self, times: int = 1) -> list[str]:
        """Returns the reports of a number of scans."""
        return [record.outcome.joined() for _ in range(times) for record in self.watcher.scan()]

    def reported(self) -> list[tuple[str, str]]:
        with self.out.open(newline="") as file:
            return [(row["source"], row["text"] or row["error"]) for row in csv.DictReader(file)]


@pytest.fixture
def folder(tmp_path):
    watched = Folder(tmp_path)
    yield watched
    watched.journal.close()


def test_a_picture_is_reported_once_it_no_longer_changes_and_never_again(folder):
    folder.put("a.png", "7")
    assert folder.scan(SETTLED - 1) == []
    assert folder.scan() == ["7"]
    assert folder.scan(2 * PATIENCE) == []
    folder.restart()
    assert folder.scan(2 * PATIENCE) == []
    assert folder.reads == 1


def test_a_picture_that_grows_is_waited_for(folder):
    for content in ("1", "12", "123"):
        folder.put("a.png", content)
        assert folder.scan() == []
        assert folder.watcher.waiting == 1
    assert folder.scan() == ["123"]
    assert folder.watcher.waiting == 0


def test_a_picture_that_changes_while_it_is_read_is_read_again(folder):
    folder.put("a.png", "1")
    folder.meanwhile = lambda: folder.put("a.png", "2")
    assert folder.scan(SETTLED) == []
    folder.meanwhile = lambda: None
    assert folder.scan(SETTLED) == ["2"]
    assert folder.reported() == [("a.png", "2")]


def test_a_picture_that_vanishes_is_not_reported(folder):
    path = folder.put("a.png", "1")
    folder.meanwhile = path.unlink
    assert folder.scan(2 * PATIENCE) == []
    assert folder.watcher.waiting == 0


def test_a_damaged_picture_is_reported_after_a_while_as_it_may_be_completed(folder):
    folder.put("a.png", "damaged")
    assert folder.scan(PATIENCE - 1) == []
    assert folder.watcher.waiting == 1
    folder.scan(PATIENCE)
    folder.restart()
    folder.scan(2 * PATIENCE)
    assert folder.reported() == [("a.png", "is truncated; copy it again")]


def test_a_copy_that_stalls_is_reported_once_and_as_a_whole(folder):
    folder.put("a.png", "damaged")
    folder.scan(PATIENCE - 1)
    folder.put("a.png", "12")
    folder.scan(2 * PATIENCE)
    assert folder.reported() == [("a.png", "12")]


def test_a_damaged_picture_is_tried_on_as_long_as_that_may_help(folder):
    folder.put("a.png", "damaged")
    folder.meanwhile = lambda: folder.touch(folder.path / "a.png")
    folder.scan(3 * PATIENCE)
    assert folder.reported() == []
    folder.meanwhile = lambda: None
    folder.scan(PATIENCE)
    assert len(folder.reported()) == 1


def test_another_content_under_the_same_name_is_a_new_arrival(folder):
    for content in ("1", "2"):
        folder.put("a.png", content)
        folder.scan(SETTLED)
        folder.restart()
    assert folder.reported() == [("a.png", "1"), ("a.png", "2")]


def test_a_content_that_comes_back_after_another_is_a_new_arrival_too(folder):
    for content in ("1", "2", "1"):
        folder.put("a.png", content)
        folder.scan(SETTLED)
        folder.restart()
    assert folder.reported() == [("a.png", "1"), ("a.png", "2"), ("a.png", "1")]


def test_the_same_content_under_the_same_name_is_not_new_even_with_another_date(folder):
    path = folder.put("a.png", "1")
    folder.scan(SETTLED)
    for _ in range(2):
        folder.touch(path)
        assert folder.scan(SETTLED) == []
        folder.restart()
    assert folder.reads == 1


def test_the_same_content_under_another_name_is_one(folder):
    for name in ("a.png", "b.png"):
        folder.put(name, "1")
    assert folder.scan(SETTLED) == ["1", "1"]


def test_a_picture_that_could_not_be_written_down_is_read_again_after_a_restart(folder):
    folder.put("a.png", "1")
    folder.out.unlink()
    with pytest.raises(OutputError):
        folder.scan(SETTLED)
    folder.restart()
    assert folder.scan(SETTLED) == ["1"]


def test_once_ends_when_all_is_reported(folder):
    folder.put("a.png", "1")
    folder.put("b.png", "damaged")
    texts = [record.outcome.joined() for record in folder.watcher.watch(interval=0.001, once=True)]
    assert texts == ["1", ""]


def test_once_leaves_what_changes_all_the_time(folder):
    changing = folder.put("a.png", "1")

    def wait(seconds: float) -> bool:
        folder.touch(changing)
        return True

    assert list(folder.watcher.watch(once=True, wait=wait)) == []
    assert folder.watcher.waiting == 1


def test_it_ends_when_the_wait_says_so(folder):
    answers = [True, True, False]
    folder.put("a.png", "1")

    def wait(seconds: float) -> bool:
        assert seconds in (0, 7)
        return seconds == 0 or answers.pop(0)

    watching = folder.watcher.watch(interval=7, wait=wait)
    assert [record.outcome.joined() for record in watching] == ["1"]
    assert answers == []


def test_it_ends_before_the_next_picture_even_if_none_can_be_reported(folder):
    for name in "abc":
        folder.put(f"{name}.png", "damaged")
    asked = []

    def wait(seconds: float) -> bool:
        asked.append(seconds)
        return folder.reads == 0

    assert list(folder.watcher.watch(interval=1, wait=wait)) == []
    assert folder.reads == 1
    assert asked == [1, 0, 0, 1]


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf"), 1e9])
def test_an_invalid_time_to_wait_is_an_error(seconds):
    with pytest.raises(OptionError, match="is out of range"):
        require_interval(seconds)
