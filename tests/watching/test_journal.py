"""The report file neither loses a picture nor lists one twice, whatever happens to it or its writers."""

from __future__ import annotations

import csv
import io
import json
import resource
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inkread.errors import OptionError, OutputError, PictureDamagedError
from inkread.results import Digit, Line, Reading
from inkread.results.outcome import Outcome
from inkread.watching import Journal, Record, Stamp
from inkread.watching.directory_scanner import name_below
from inkread.watching.journal import COLUMNS, LAYOUTS

SUFFIXES = pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
SAME_FOLDER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
DAMAGED = PictureDamagedError("b.png", "is truncated\nor damaged", "copy it again")


def reading(*rows: str) -> Reading:
    lines = (Line(tuple(Digit(c, 0.9 + int(c) / 100, (2, 2, 20, 20)) for c in row)) for row in rows)
    return Reading("", 40, 30, tuple(lines))


def record(source: str, result: Reading | PictureDamagedError, sha256: str = "ab" * 32) -> Record:
    return Record(
        Outcome(source, result),
        Stamp(source, 100, 1_700_000_000_123_456_789),
        sha256,
        "2026-01-01T00:00:00+00:00",
    )


RECORDS = [
    record("a, \"7\".png", reading("12", "3")),
    record("b.png", DAMAGED, "cd" * 32),
    record("Größe/c.png", reading()),
    record("d.png", DAMAGED, ""),
    record("e.png", reading("4")),
]  # fmt: skip


def content(suffix: str, records: list[Record]) -> bytes:
    """Makes a file with these records."""
    layout = LAYOUTS[suffix]
    return layout.header + b"".join(layout.encode(each) for each in records)


def written(path: Path, records: list[Record]) -> bytes:
    path.unlink(missing_ok=True)
    with Journal(path) as journal:
        for each in records:
            journal.append(each)
    return path.read_bytes()


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))


@contextmanager
def disk_of(size: int):
    """Limits the size of files in bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_csv_has_a_header_and_a_line_a_picture(tmp_path):
    written(tmp_path / "out.csv", RECORDS)
    rows = rows_of(tmp_path / "out.csv")
    assert tuple(rows[0]) == COLUMNS
    assert [(row["source"], row["text"], row["probability"]) for row in rows] == [
        ('a, "7".png', "12/3", "0.910000"), ("b.png", "", ""), ("Größe/c.png", "", ""), ("d.png", "", ""),
        ("e.png", "4", "0.940000"),
    ]  # fmt: skip
    assert [row["error"] for row in rows] == ["", *["is truncated or damaged; copy it again", ""] * 2]
    assert (rows[0]["width"], rows[0]["height"], rows[1]["width"]) == ("40", "30", "")
    assert (rows[0]["size"], rows[0]["modified_ns"]) == ("100", "1700000000123456789")


def test_jsonl_has_what_inkread_read_prints_and_the_file(tmp_path):
    written(tmp_path / "out.jsonl", RECORDS)
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["source"] for line in lines] == [each.outcome.name for each in RECORDS]
    for line, each in zip(lines, RECORDS, strict=True):
        more = {key: line.pop(key) for key in ("time", "size", "modified_ns", "sha256")}
        assert line == each.outcome.to_dict()
        assert more == {
            "time": each.time,
            "size": 100,
            "modified_ns": each.stamp.modified_ns,
            "sha256": each.sha256,
        }


@SUFFIXES
def test_reported_pictures_are_known_when_it_is_opened_again(tmp_path, suffix):
    path = tmp_path / f"new/out{suffix}"
    written(path, RECORDS)
    with Journal(path) as journal:
        assert len(journal) == len(RECORDS)
        assert all(journal.knows(each.stamp) for each in RECORDS)
        assert not journal.knows(Stamp("e.png", 100, 7))


@SUFFIXES
def test_a_file_with_another_date_is_recognised_by_its_content(tmp_path, suffix):
    path, touched = tmp_path / f"out{suffix}", Stamp("e.png", 100, 7)
    written(path, RECORDS)
    with Journal(path) as journal:
        assert not journal.recognises(touched, "00" * 32)
        assert not journal.recognises(Stamp("f.png", 100, 7), "ab" * 32)
        assert not journal.recognises(Stamp("d.png", 100, 7), "")
        assert journal.recognises(touched, "ab" * 32)
        assert journal.knows(touched)


@SUFFIXES
@given(name=st.text(st.characters(exclude_characters="/\0"), min_size=1), problem=st.text(), data=st.data())
def test_a_picture_of_any_name_has_one_line_of_which_no_part_passes_for_it(suffix, name, problem, data):
    layout, error = LAYOUTS[suffix], PictureDamagedError(name, problem, "copy it again")
    each = record(name_below(Path(), Path(name)), error)
    line = layout.encode(each)
    assert line.count(b"\n") == 1
    assert layout.decode(line) == layout.decode(line[:-1]) == (each.stamp, each.sha256)
    with pytest.raises(ValueError):  # noqa: PT011 - what a line is torn into may be wrong in any way
        layout.decode(line[: data.draw(st.integers(0, len(line) - 2))])


@SUFFIXES
@SAME_FOLDER
@given(data=st.data())
def test_cut_off_anywhere_it_continues_as_if_uninterrupted(tmp_path, suffix, data):
    path = tmp_path / f"out{suffix}"
    whole = content(suffix, RECORDS)
    cut = data.draw(st.integers(0, len(whole)))
    path.write_bytes(whole[:cut])
    with Journal(path) as journal:
        assert len(journal) >= whole[:cut].count(b"\n") - (suffix == ".csv")
        for each in RECORDS:
            if not journal.knows(each.stamp):
                journal.append(each)
    assert path.read_bytes() == whole


@SUFFIXES
def test_a_torn_line_is_reported_and_cut_off_but_a_missing_line_end_is_put_back(tmp_path, suffix):
    path = tmp_path / f"out{suffix}"
    whole = written(path, RECORDS)
    for lost, torn, known in ((0, False, 5), (1, False, 5), (2, True, 4)):
        path.write_bytes(whole[: len(whole) - lost])
        with Journal(path) as journal:
            assert (journal.was_torn, len(journal)) == (torn, known)
        assert path.read_bytes().endswith(b"\n")


@SUFFIXES
@SAME_FOLDER
@given(data=st.data())
def test_a_full_disk_is_an_error_after_which_the_file_is_as_before(tmp_path, suffix, data):
    path = tmp_path / f"out{suffix}"
    whole, before = content(suffix, RECORDS), content(suffix, RECORDS[:-1])
    path.write_bytes(before)
    with Journal(path) as journal:
        room = disk_of(data.draw(st.integers(len(before), len(whole) - 1)))
        with room, pytest.raises(OutputError, match=r"cannot be written \(File too large\)"):
            journal.append(RECORDS[-1])
        assert path.read_bytes() == before
        journal.append(RECORDS[-1])
    assert path.read_bytes() == whole


@SUFFIXES
@pytest.mark.parametrize(
    "foreign",
    [
        b"name,age\nAnn,7\n",
        b"source,line,position,label,probability,x0,y0,x1,y1,error\n",
        b'{"a": 1}\n',
        b'{"source": "a.png", "width": 1}\n',
        b'{"source": "a.png", "width": 1}',
        b"seven\n",
        b"\x89PNG\r\n",
        b"\n",
        b"[" * 100_000 + b"\n",
    ],
)
def test_a_foreign_file_is_an_error_and_is_left_alone(tmp_path, suffix, foreign):
    path = tmp_path / f"out{suffix}"
    path.write_bytes(foreign)
    with pytest.raises(OutputError, match=r"is not an output of inkread watch, or was changed: line \d"):
        Journal(path)
    assert path.read_bytes() == foreign


@SUFFIXES
def test_a_line_that_was_changed_is_named_and_left_alone(tmp_path, suffix):
    path = tmp_path / f"out{suffix}"
    lines = written(path, RECORDS).splitlines(keepends=True)
    lines[-2] = lines[-2][:20] + b"\n"
    path.write_bytes(b"".join(lines))
    with pytest.raises(OutputError, match=f"line {len(lines) - 1} is invalid"):
        Journal(path)
    assert path.read_bytes() == b"".join(lines)


@SUFFIXES
def test_a_second_process_is_rejected_until_the_first_ends(tmp_path, suffix):
    path = tmp_path / f"out{suffix}"
    with Journal(path), pytest.raises(OutputError, match="is in use by another inkread watch"):
        Journal(path)
    with Journal(path) as journal:
        assert len(journal) == 0


@SUFFIXES
def test_a_file_that_others_change_meanwhile_is_an_error(tmp_path, suffix):
    path = tmp_path / f"out{suffix}"

    def replace() -> None:
        (tmp_path / "other").write_bytes(path.read_bytes())
        (tmp_path / "other").replace(path)

    def lengthen() -> None:
        with path.open("ab") as file:
            file.write(b"more\n")

    for change in (path.unlink, replace, lengthen):
        written(path, RECORDS[:1])
        with Journal(path) as journal:
            change()
            with pytest.raises(OutputError, match="was changed, replaced, or removed"):
                journal.append(RECORDS[1])


@pytest.mark.parametrize("name", ["out.txt", "out", "out.csv.gz"])
def test_a_suffix_that_names_no_format_is_an_error(tmp_path, name):
    with pytest.raises(OptionError, match=r"use \.csv or \.jsonl"):
        Journal(tmp_path / name)
    assert not (tmp_path / name).exists()


def test_a_place_that_cannot_be_written_is_an_error(tmp_path):
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "file").touch()
    for place in (tmp_path / "folder.csv", tmp_path / "file/out.csv"):
        with pytest.raises(OutputError, match="cannot be written"):
            Journal(place)
