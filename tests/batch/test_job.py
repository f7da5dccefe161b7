"""A job ends with one row per page, whatever its pictures do and whenever it is killed."""

from __future__ import annotations

import csv
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from batch_jobs import BUG, CRASHES, GREEDY, HANGS, HELD, job_of, png, rows_in, write_pictures
from PIL import Image
from pyarrow import parquet

from inkread.batch import LocalEngine, run
from inkread.batch.rows import Row
from inkread.errors import JobError, OptionError, OutputError
from inkread.results import Digit, Line, Reading, table
from inkread.results.outcome import FORMULA, Outcome

MANY = [*range(20, 50), HELD, *range(50, 60)]


@pytest.fixture
def pipe(tmp_path):
    """A named pipe at which a ``HELD`` picture waits."""
    if not hasattr(os, "mkfifo"):
        pytest.skip("this system has no named pipes")
    os.mkfifo(tmp_path / "pipe")
    return tmp_path / "pipe"


def finish(job, workers=2):
    """Runs a job to its end; returns the last progress."""
    *_, last = run(job, LocalEngine(workers))
    return last


def held_then(pipe, action):
    """Calls the function once a picture waits at the pipe, which is removed, so that none waits again."""

    def wait():
        with pipe.open("wb"):  # returns when the picture's process has opened it as well
            pipe.unlink()
            action()

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def texts(rows):
    return [row["text"] for row in rows]


def test_every_picture_is_a_row(tmp_path):
    scans = write_pictures(tmp_path / "scans", MANY)
    progress = finish(job_of(scans, out=tmp_path / "out"))
    rows = rows_in(tmp_path / "out")
    assert texts(rows) == [str(width) for width in MANY]
    assert rows[0] == {
        "source": f"{scans}/0000.png",
        "page": 1,
        "text": "20",
        "written": "20",
        "digits": [
            {"label": "2", "probability": 0.9, "box": [0, 0, 2, 4]},
            {"label": "0", "probability": 0.9, "box": [0, 0, 2, 4]},
        ],
        "models": "0" * 64,
        "error": None,
    }
    assert (progress.done.rows, progress.done.errors, progress.inputs) == (len(MANY), 0, len(MANY))


def test_every_page_of_a_document_is_a_row(tmp_path):
    pages = [Image.new("L", (width, 4), 255) for width in (20, CRASHES, 22)]
    (tmp_path / "scans").mkdir()
    pages[0].save(tmp_path / "scans/a.tiff", save_all=True, append_images=pages[1:])
    finish(job_of(tmp_path / "scans", out=tmp_path / "out"))
    rows = rows_in(tmp_path / "out")
    assert [(row["page"], row["text"]) for row in rows] == [(1, "20"), (2, ""), (3, "22")]


def test_pictures_that_cannot_be_read_are_rows_with_their_errors(tmp_path):
    scans = write_pictures(tmp_path / "scans", [20, 21, BUG, HANGS, CRASHES, GREEDY, 22])
    (scans / "0001.png").write_bytes(png(21)[:40])
    (scans / "broken.pdf").write_bytes(b"%PDF-1.7 nothing")
    (scans / "gone.png").symlink_to(tmp_path / "nowhere")
    progress = finish(job_of(scans, out=tmp_path / "out", max_seconds=5))
    rows = rows_in(tmp_path / "out")
    problems = ["truncated", "wire is loose", "more than 5 seconds", "exit code 3", "more memory"]
    expected = [None, *problems, None, "PDF", "does not exist"]
    assert texts(rows) == ["20", *[""] * 5, "22", "", ""]
    for row, problem in zip(rows, expected, strict=True):
        assert (
            (row["error"] is None) if problem is None else (problem in row["error"] and "; " in row["error"])
        )
    assert (progress.done.rows, progress.done.errors) == (9, 7)


def test_a_job_that_was_stopped_continues_and_a_finished_one_does_nothing(tmp_path):
    scans = write_pictures(tmp_path / "scans", MANY)
    job, out = job_of(scans, out=tmp_path / "out", part_size=4), tmp_path / "out"
    others = set(multiprocessing.active_children())
    steps = run(job, LocalEngine(1))
    for _ in range(4):
        next(steps)
    steps.close()
    parts = {part: part.stat().st_mtime_ns for part in out.glob("part-*")}
    assert 3 <= len(parts) < 11
    assert set(multiprocessing.active_children()) <= others
    assert finish(job).before == len(parts)
    assert texts(rows_in(out)) == [str(width) for width in MANY]
    assert {part: part.stat().st_mtime_ns for part in parts} == parts
    (progress,) = run(job, LocalEngine(1))
    assert progress.before == progress.shards


def test_files_that_arrive_later_do_not_move_others_between_parts(tmp_path):
    scans = write_pictures(tmp_path / "scans", MANY)
    job = job_of(scans, out=tmp_path / "out", part_size=4)
    steps = run(job, LocalEngine(1))
    for _ in range(4):
        next(steps)
    steps.close()
    (scans / "0000-early.png").write_bytes(png(99))
    finish(job)
    assert texts(rows_in(tmp_path / "out")) == [str(width) for width in MANY]


def test_a_killed_worker_costs_no_row_and_makes_no_error(tmp_path, pipe):
    scans = write_pictures(tmp_path / "scans", MANY)
    others = set(multiprocessing.active_children())

    def kill():
        for process in set(multiprocessing.active_children()) - others:
            os.kill(process.pid, signal.SIGKILL)

    killer = held_then(pipe, kill)
    finish(job_of(scans, out=tmp_path / "out", pipe=pipe))
    killer.join()
    rows = rows_in(tmp_path / "out")
    assert texts(rows) == [str(width) for width in MANY]
    assert not any(row["error"] for row in rows)


def test_a_killed_driver_leaves_no_half_part_and_the_job_continues(tmp_path, pipe):
    scans = write_pictures(tmp_path / "scans", MANY)
    out = tmp_path / "out"
    with subprocess.Popen(
        [sys.executable, "-m", "batch_jobs", str(scans), str(out), str(pipe)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    ) as driver:
        held_then(pipe, driver.kill).join()
    before = rows_in(out)
    assert 0 < len(before) < len(MANY)
    assert any(path.name.startswith(".part-") for path in out.iterdir())
    finish(job_of(scans, out=out))
    assert texts(rows_in(out)) == [str(width) for width in MANY]
    assert all(path.name.startswith(("part-", "_manifest")) for path in out.iterdir())


def test_two_drivers_do_not_run_the_same_job(tmp_path):
    job = job_of(write_pictures(tmp_path / "scans", MANY), out=tmp_path / "out")
    steps = run(job, LocalEngine(1))
    next(steps)
    with pytest.raises(OutputError, match="in use"):
        finish(job)
    steps.close()


@pytest.mark.parametrize(
    "change",
    [{"column": "scan"}, {"style": "csv"}, {"inputs": ("/",)}],
    ids=lambda change: next(iter(change)),
)
def test_another_job_in_the_same_folder_is_an_error(tmp_path, change):
    scans = write_pictures(tmp_path / "scans", [20])
    finish(job_of(scans, out=tmp_path / "out"))
    inputs = change.pop("inputs", (scans,))
    with pytest.raises(JobError, match="holds a job with other settings"):
        finish(job_of(*inputs, out=tmp_path / "out", **change))


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize("line", ["", "{", "[" * 100_000, "[1]", "7", '{"kind": "none"}', '{"a": 2}'])
def test_a_manifest_that_was_changed_is_an_error(tmp_path, number, line):
    scans = write_pictures(tmp_path / "scans", MANY[:1])
    finish(job_of(scans, out=tmp_path / "out"))
    manifest = tmp_path / "out" / "_manifest.jsonl"
    lines = manifest.read_text().splitlines()
    lines[number] = line
    manifest.write_text("\n".join(lines) + "\n")
    with pytest.raises(JobError, match=r"cannot be read|other settings"):
        finish(job_of(scans, out=tmp_path / "out"))


def test_a_job_without_inputs_leaves_no_folder(tmp_path):
    with pytest.raises(JobError, match="does not exist"):
        finish(job_of(tmp_path / "missing", out=tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_machines_with_other_models_are_an_error(tmp_path, monkeypatch):
    scans = write_pictures(tmp_path / "scans", [20])
    monkeypatch.setattr("batch_jobs.WidthReader.fingerprint", "1" * 64)  # here, not in the worker
    with pytest.raises(JobError, match="has other models than the job"):
        finish(job_of(scans, out=tmp_path / "out"))


@pytest.mark.parametrize("style", ["parquet", "csv", "jsonl"])
def test_every_format_has_the_same_rows(tmp_path, style):
    scans = write_pictures(tmp_path / "scans", [20, 21])
    (scans / "0001.png").write_bytes(b"")
    finish(job_of(scans, out=tmp_path / "out", style=style))
    (part,) = (tmp_path / "out").glob(f"part-*.{style}")
    if style == "parquet":
        rows = parquet.read_table(tmp_path / "out").to_pylist()  # the folder: the manifest is skipped
    elif style == "csv":
        rows = list(csv.DictReader(part.read_text().splitlines()))
        rows = [row | {"page": int(row["page"]), "digits": json.loads(row["digits_json"])} for row in rows]
    else:
        rows = [json.loads(line) for line in part.read_text().splitlines()]
    first, second = rows
    assert (first["source"], first["page"], first["text"]) == (f"{scans}/0000.png", 1, "20")
    assert [digit["label"] for digit in first["digits"]] == ["2", "0"]
    assert first["digits"][0]["probability"] == pytest.approx(0.9)
    assert second["error"] == "is empty; check that it was written or sent completely"


def csv_rows(out):
    """All rows of a job with CSV parts."""
    lines = [line for part in sorted(out.glob("part-*.csv")) for line in part.read_text().splitlines()]
    return list(csv.DictReader(lines))


def test_csv_begins_with_the_columns_of_every_table_of_readings(tmp_path):
    pages = [Image.new("L", (width, 4), 255) for width in (20, 21)]
    scans = write_pictures(tmp_path / "scans", [22])
    pages[0].save(scans / "a.tiff", save_all=True, append_images=pages[1:])
    (scans / "b.png").write_bytes(b"")
    finish(job_of(scans, out=tmp_path / "out", style="csv"))
    (part,) = (tmp_path / "out").glob("part-*.csv")
    assert part.read_text().splitlines()[0] == ",".join(
        [*table.COLUMNS, "page", "digits_json", "models", "milliseconds"]
    )
    first, second, third, empty = csv_rows(tmp_path / "out")
    assert [row["source"] for row in (first, second, third)] == [
        f"{scans}/0000.png",
        f"{scans}/a.tiff#1",
        f"{scans}/a.tiff#2",
    ]
    assert (third["text"], third["written"], third["digits"], third["page"]) == ("21", "21", "2", "2")
    assert (third["probability"], third["width"], third["height"]) == ("0.900000", "21", "4")
    assert (empty["text"], empty["digits"], empty["probability"], empty["width"]) == ("", "", "", "")
    assert empty["error"].startswith("is empty; ")


def test_a_row_of_several_lines_is_one_cell_as_in_every_table():
    line = Line((Digit("1", 0.75, (0, 0, 2, 4)),))
    row = Row.of("a.png", 1, Reading("", 9, 9, (line, line)), "", 1.0)
    record = table.record_of(Outcome("a.png", Reading("", 9, 9, (line, line))))
    cells = next(csv.reader([row.to_csv()]))
    assert cells[: len(table.COLUMNS)] == table.cells_of(Outcome("a.png", Reading("", 9, 9, (line, line))))
    assert (cells[1], cells[2]) == (record["text"], record["written"]) == ("1/1", "1 / 1")


@pytest.mark.parametrize(
    ("row", "cell"),
    [
        (Row("=HYPERLINK(1).jpg", 1), "./=HYPERLINK(1).jpg"),
        (Row("@SUM(A1).pdf", 2, pages=3), "./@SUM(A1).pdf#2"),
        (Row("a.png", 1, text="=1+1"), "'=1+1"),
        (Row("a.png", 1, written="+A1"), "'+A1"),
        (Row("a.png", 1, written="-3.14"), "-3.14"),
    ],
)
def test_no_cell_of_a_csv_part_is_a_formula(row, cell):
    assert cell in next(csv.reader([row.to_csv()]))


def test_a_picture_whose_name_is_a_formula_is_guarded_in_the_parts(tmp_path):
    scans = write_pictures(tmp_path / "scans", [])
    (scans / "=HYPERLINK(1).jpg").write_bytes(png(20))
    finish(job_of(scans, out=tmp_path / "out", style="csv"))
    (row,) = csv_rows(tmp_path / "out")
    assert row["source"].endswith("=HYPERLINK(1).jpg")
    assert not any(cell.startswith(FORMULA) for cell in row.values())


def test_a_job_with_other_csv_columns_is_not_continued(tmp_path, monkeypatch):
    scans = write_pictures(tmp_path / "scans", [20])
    finish(job_of(scans, out=tmp_path / "out", style="csv"))
    finish(job_of(scans, out=tmp_path / "jsonl"))
    monkeypatch.setattr("inkread.batch.job.CSV_VERSION", "next")
    with pytest.raises(JobError, match=r"other settings \(csv-columns\)"):
        finish(job_of(scans, out=tmp_path / "out", style="csv"))
    finish(job_of(scans, out=tmp_path / "jsonl"))  # no matter to other formats


@pytest.mark.skipif(sys.platform in ("darwin", "win32"), reason="names there are Unicode")
def test_a_name_may_be_any_bytes(tmp_path):
    scans = write_pictures(tmp_path / "scans", [])
    Path(os.fsdecode(os.fsencode(scans) + b"/\xff.png")).write_bytes(png(20))
    finish(job_of(scans, out=tmp_path / "out", style="parquet"))
    (row,) = parquet.read_table(tmp_path / "out").to_pylist()
    assert (row["source"], row["text"]) == (f"{scans}/\\udcff.png", "20")


@pytest.mark.parametrize("options", [{"part_size": 0}, {"style": "xml"}, {"max_seconds": 0}])
def test_an_impossible_job_is_an_error(options):
    with pytest.raises(OptionError, match="--"):
        job_of("x", out="y", **options)


def test_the_local_engine_needs_a_worker():
    with pytest.raises(OptionError, match="--workers 0"):
        LocalEngine(0)


def test_memory_does_not_grow_with_the_number_of_inputs(tmp_path):
    """The driver holds no more shards than there are workers: it takes the next only when one has ended."""
    scans = write_pictures(tmp_path / "scans", MANY)
    taken, ended = [], []

    class Watched(LocalEngine):
        def read(self, shards, *arguments):
            def watched():
                for shard in shards:
                    taken.append(shard)
                    assert (
                        len(taken) - len(ended) <= self.workers + 2
                    )  # the next one, and one that is just ending
                    yield shard

            for done in super().read(watched(), *arguments):
                ended.append(done)
                yield done

    for _ in run(job_of(scans, out=tmp_path / "out", part_size=2), Watched(2)):
        pass
    assert len(taken) == len(ended) > 15


def test_several_jobs_run_in_one_program(tmp_path):
    folders = [write_pictures(tmp_path / name, [20, 21]) for name in "ab"]
    with ThreadPoolExecutor() as threads:
        list(threads.map(lambda each: finish(job_of(each, out=f"{each}-out"), workers=1), folders))
    assert [texts(rows_in(tmp_path / f"{name}-out")) for name in "ab"] == [["20", "21"]] * 2
