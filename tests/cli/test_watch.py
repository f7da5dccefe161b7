"""``inkread watch``: real processes, killed and started again, report each picture exactly once."""

from __future__ import annotations

import csv
import json
import os
import pty
import random
import re
import select
import shutil
import signal
import subprocess
import sys
import threading
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from PIL import Image

import inkread.reader

EXAMPLES = Path(__file__).parents[2] / "examples"

PATIENCE = 300.0
"""Seconds after which an expected event counts as missing."""

ARRIVING, AHEAD = 200, 25
"""Number of pictures, and how many may arrive before they are reported."""

KILLED_AT = (3, 40, 80, 120, 160)
"""Number of pictures reported when the process is killed."""


def rows_of(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


class Screen:
    """The terminal that a process writes its errors to."""

    def __init__(self):
        self._screen, self.terminal = pty.openpty()
        self._shown = ""

    def line(self):
        """Returns the next line as soon as the process has ended it."""
        while "\n" not in self._shown:
            assert select.select([self._screen], [], [], PATIENCE)[0], f"no line after {self._shown!r}"
            self._shown += os.read(self._screen, 10_000).decode()
        line, _, self._shown = self._shown.partition("\n")
        return line.rstrip("\r")

    def close(self):
        os.close(self._screen)
        os.close(self.terminal)


@contextmanager
def started(*arguments, stderr=subprocess.PIPE):
    """Runs the command as a separate process."""
    command = [sys.executable, "-m", "inkread", "watch", "--interval", "0.05", *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def watching(*arguments):
    """Runs the command with a terminal; yields the process, and its terminal."""
    with closing(Screen()) as screen, started(*arguments, stderr=screen.terminal) as process:
        yield process, screen


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Small picture files by the text read from them; "" is blank, and "error" is truncated."""
    folder = tmp_path_factory.mktemp("pictures")
    with Image.open(EXAMPLES / "drawing.png") as five, Image.open(EXAMPLES / "marker_seven.jpg") as seven:
        five.resize((40, 40)).save(folder / "5.png")
        seven.resize((40, 40)).save(folder / "7.png")
    Image.new("L", (40, 40), 255).save(folder / "blank.png")
    found = {"5": folder / "5.png", "7": folder / "7.png", "": folder / "blank.png"}
    return {text: path.read_bytes() for text, path in found.items()} | {
        "error": found["5"].read_bytes()[:500]
    }


@pytest.fixture
def watched(tmp_path):
    folder = tmp_path / "scans"
    folder.mkdir()
    return folder


def fill(folder, *names):
    for name in names:
        (folder / name).touch()


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_killed_again_and_again_it_reports_each_of_200_arriving_pictures_exactly_once(
    watched, tmp_path, pictures, suffix
):
    out = tmp_path / f"out{suffix}"
    drawn = random.Random(0).choices(list(pictures), weights=[45, 45, 7, 3], k=ARRIVING)
    expected = {f"{number:03}.png": text for number, text in enumerate(drawn)}

    ahead, reported = threading.Semaphore(AHEAD), 0

    def arrive():
        for name, text in expected.items():
            assert ahead.acquire(timeout=PATIENCE)
            with (watched / name).open("wb") as file:  # in two pieces, like an upload
                file.write(pictures[text][:300])
                file.flush()
                file.write(pictures[text][300:])

    def follow(screen, count):
        """Returns when so many pictures have been reported."""
        nonlocal reported
        while reported < count:
            line = screen.line()
            if line.startswith("note: "):  # of an incomplete line
                continue
            before = re.search(r"already has (\d+)", line)
            now = int(before[1]) if before else reported + 1
            for _ in range(now - reported):
                ahead.release()
            reported = now

    arriving = threading.Thread(target=arrive, daemon=True)
    arriving.start()
    for killed_at in KILLED_AT:
        with watching(watched, "--out", out, "--single") as (process, screen):
            follow(screen, killed_at)
            os.kill(process.pid, signal.SIGKILL)
            assert process.wait() == -signal.SIGKILL
    with watching(watched, "--out", out, "--single") as (process, screen):
        follow(screen, ARRIVING)
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 0
    arriving.join()
    with started(watched, "--out", out, "--single", "--once") as process:
        assert process.wait(PATIENCE) == 0
    records = (
        rows_of(out) if suffix == ".csv" else [json.loads(line) for line in out.read_text().splitlines()]
    )
    assert len(records) == ARRIVING
    assert {each["source"]: "error" if each["error"] else each["text"] for each in records} == expected


@pytest.mark.slow
def test_on_a_terminal_it_reports_each_picture_and_its_progress(watched, tmp_path, pictures):
    out = tmp_path / "out.csv"
    for name, text in (("a.png", "5"), ("b.png", ""), ("c.png", "error")):
        (watched / name).write_bytes(pictures[text])
    with watching(watched, "--out", out) as (process, screen):
        shown = [screen.line() for _ in range(4)]
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 0
        assert process.stdout.read() == ""
        assert screen.line() == "3 pictures added, of which 1 could not be read"
    assert shown[0] == f"Watching {watched} (Ctrl-C to stop); {out} already has 0 pictures"
    assert sorted(shown[1:3]) == ["a.png: 5 (99%)", "b.png: no digit"]
    assert shown[3].startswith("error: c.png: is truncated or damaged")


@pytest.mark.slow
def test_a_second_one_for_the_same_file_is_rejected(watched, tmp_path):
    out = tmp_path / "out.csv"
    with watching(watched, "--out", out) as (_, screen):
        screen.line()
        with started(watched, "--out", out) as second:
            assert second.wait(PATIENCE) == 1
            assert second.stderr.read() == (
                f"error: {out}: is in use by another inkread watch; stop that one, or use another file\n"
            )


@pytest.mark.slow
def test_a_folder_that_vanishes_ends_it_with_an_error(watched, tmp_path):
    out = tmp_path / "out.csv"
    with watching(watched, "--out", out) as (process, screen):
        screen.line()
        shutil.rmtree(watched)
        assert process.wait(PATIENCE) == 1
        assert "scans: is not a folder, or does not exist" in screen.line()


def test_once_reads_what_is_there_and_ends(run, watched, tmp_path):
    out = tmp_path / "out.csv"
    fill(watched, "seven.png", "rows.png", "blank.png", "notes.txt")
    assert run("watch", watched, "--out", out, "--once", "--interval", 0.001) == (0, "", "")
    assert {row["source"]: row["text"] for row in rows_of(out)} == {
        "seven.png": "7", "rows.png": "12/3", "blank.png": "",
    }  # fmt: skip
    before = out.read_bytes()
    assert run("watch", watched, "--out", out, "--once", "--interval", 0.001).code == 0
    assert out.read_bytes() == before


def test_once_fails_if_a_picture_could_not_be_read_but_only_when_it_is_reported(run, watched, tmp_path):
    fill(watched, "broken.png", "seven.png")
    options = ("watch", watched, "--out", tmp_path / "out.csv", "--once", "--quiet", "--interval", 0.001)
    assert run(*options) == (1, "", "error: broken.png: is truncated; copy it again\n")
    assert run(*options) == (0, "", "")


@pytest.mark.slow
def test_a_document_of_several_pages_is_an_error(run, watched, tmp_path):
    pages = [Image.open(EXAMPLES / name).convert("L") for name in ("marker_seven.jpg", "postcode.jpg")]
    pages[0].save(watched / "two.tif", save_all=True, append_images=pages[1:])
    pages[0].save(watched / "one.tif")
    code, _, err = run("watch", str(watched), "--out", str(tmp_path / "out.csv"), "--once")
    assert code == 1
    assert "two.tif: has 2 pages, not one; read it with inkread read or inkread batch" in err
    rows = {row["source"]: row for row in rows_of(tmp_path / "out.csv")}
    assert "pages" not in rows["one.tif"]["error"]
    assert "has 2 pages" in rows["two.tif"]["error"]


def test_once_interrupted_says_so_by_its_exit_code(watched, tmp_path, pictures):
    (watched / "a.png").write_bytes(pictures["error"])
    out = tmp_path / "out.csv"
    with watching(watched, "--out", out, "--once", "--interval", "60") as (process, screen):
        screen.line()
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 130


@pytest.mark.parametrize(
    ("asked", "code"), [([signal.SIGINT], 0), ([signal.SIGTERM], 0), ([signal.SIGINT] * 2, 130)]
)
def test_asked_to_stop_it_finishes_the_current_picture_unless_asked_twice(
    run, watched, monkeypatch, asked, code
):
    fill(watched, "seven.png", "rows.png")
    reader, out = inkread.reader.Reader, watched.parent / "out.csv"
    trace = reader.trace

    def interrupted(*arguments, **options):
        for number in asked:
            signal.raise_signal(number)
        return trace(*arguments, **options)

    monkeypatch.setattr(reader, "trace", interrupted)
    assert run("watch", watched, "--out", out, "--interval", 0.001).code == code
    assert len(rows_of(out)) == (1 if code == 0 else 0)
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_pictures_are_read_as_the_options_say(run, watched, tmp_path):
    (watched / "within").mkdir()
    fill(watched, "within/rows.png")
    options = ("watch", watched, "--once", "--interval", 0.001, "--recursive")
    for number, (more, text) in enumerate(
        [([], "12/3"), (["--single"], "1"), (["--min-probability", 0.99], "??/?")]
    ):
        out = tmp_path / f"{number}.csv"
        assert run(*options, "--out", out, *more).code == 0
        assert [(row["source"], row["text"]) for row in rows_of(out)] == [("within/rows.png", text)]


def test_words_of_a_lexicon_are_expected(run, watched, tmp_path, monkeypatch):
    fill(watched, "seven.png")
    asked = []

    def opened(*args: object, **options: object) -> object:
        asked.append((args, options))
        return inkread.reader.Reader()

    monkeypatch.setattr(inkread.reader, "open_reader", opened)
    options = ("--alphabet", "text", "--lexicon", "x.txt", "--once", "--interval", 0.001)
    assert run("watch", watched, "--out", tmp_path / "out.csv", *options).code == 0
    assert asked == [(("text",), {"model": "default", "lexicon": Path("x.txt")})]


def test_a_torn_line_is_reported(run, watched, tmp_path):
    out = tmp_path / "out.csv"
    fill(watched, "seven.png")
    options = ("watch", watched, "--out", out, "--once", "--interval", 0.001)
    run(*options)
    out.write_bytes(out.read_bytes()[:-20])
    note = f"note: {out}: removed an incomplete last line; its picture is read again\n"
    assert run(*options) == (0, "", note)
    assert [row["text"] for row in rows_of(out)] == ["7"]


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--out", "out.csv", "--interval", "0"], "interval 0: is out of range"),
        (["--out", "out.csv", "--min-probability", "2"], "0..1"),
        (["--out", "out.txt"], "use .csv or .jsonl"),
        (["--out", "out.csv", "--lexicon", "x.txt"], "has no effect on digits"),
        (["--out", "out.csv", "--lexicon", "x.txt", "--single"], "has no effect with --single"),
    ],
)
def test_wrong_options_are_errors_before_anything_is_written(run, watched, monkeypatch, options, problem):
    monkeypatch.chdir(watched.parent)
    result = run("watch", watched, *options)
    assert (result.code, result.out) == (2, "")
    assert problem in result.err
    assert sorted(path.name for path in Path().iterdir()) == ["scans"]


def test_a_folder_that_is_not_there_is_an_error_before_anything_is_written(run, tmp_path):
    result = run("watch", tmp_path / "absent", "--out", tmp_path / "out.csv")
    assert (result.code, result.out) == (1, "")
    assert "absent: is not a folder, or does not exist; pass a folder of pictures" in result.err
    assert not (tmp_path / "out.csv").exists()
