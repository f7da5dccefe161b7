"""LabelledDrawings add to a training folder and lose nothing, whatever happens."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from inkread.datasets.pictures import load_labelled_folder
from inkread.desktop.labelling import LabelledDrawings
from inkread.errors import DatasetFormatError, OutputError

PICTURE = np.full((30, 30), 255, np.uint8)


def labels_in(folder: Path) -> list[str]:
    return [picture.label for picture in load_labelled_folder(folder)]


def test_every_digit_comes_up_equally_often_and_in_no_fixed_order(tmp_path) -> None:
    lessons = LabelledDrawings(tmp_path, seed=0)
    asked = []
    for _ in range(30):
        asked.append(lessons.wanted)
        lessons.keep(PICTURE)
    assert all(sorted(asked[start : start + 10]) == list(range(10)) for start in (0, 10, 20))
    assert asked[:10] != asked[10:20]
    assert all(one != other for one, other in pairwise(asked))
    assert labels_in(tmp_path) == [str(digit) for digit in asked]


def test_lessons_go_on_where_they_ended(tmp_path) -> None:
    first = LabelledDrawings(tmp_path, seed=0)
    kept = [first.wanted for _ in range(7) if first.keep(PICTURE)]
    again = LabelledDrawings(tmp_path, seed=1)
    assert sum(again.counts) == 7
    assert again.counts[again.wanted] == 0
    again.keep(PICTURE)
    assert len(labels_in(tmp_path)) == len(kept) + 1


def test_a_digit_can_be_skipped(tmp_path) -> None:
    lessons = LabelledDrawings(tmp_path)
    skipped = lessons.wanted
    lessons.skip()
    assert lessons.wanted != skipped
    assert lessons.counts == [0] * 10


def test_a_drawing_that_is_taken_back_is_gone_and_asked_for_again(tmp_path) -> None:
    lessons = LabelledDrawings(tmp_path)
    lessons.keep(PICTURE)
    wanted = lessons.wanted
    path = lessons.keep(PICTURE)
    assert lessons.take_back() == path
    assert lessons.wanted == wanted
    assert not path.exists()
    assert len(labels_in(tmp_path)) == 1
    lessons.take_back()
    assert lessons.take_back() is None
    assert lessons.counts == [0] * 10
    assert LabelledDrawings(tmp_path).counts == [0] * 10


def test_a_table_with_more_columns_or_tabs_is_kept_as_it_is(tmp_path) -> None:
    (tmp_path / "a.png").write_bytes(b"picture")
    (tmp_path / "labels.tsv").write_bytes("\ufefflabel\tfile\twriter\n4\ta.png\tÖmer\n".encode())
    lessons = LabelledDrawings(tmp_path)
    assert lessons.counts[4] == 1
    wanted = lessons.wanted
    lessons.keep(PICTURE)
    first, second = load_labelled_folder(tmp_path)
    assert (first.label, first.columns) == ("4", {"writer": "Ömer"})
    assert (second.label, second.columns) == (str(wanted), {"writer": ""})
    assert not (tmp_path / "labels.csv").exists()


def test_an_empty_table_is_none_yet(tmp_path) -> None:
    (tmp_path / "labels.csv").touch()
    wanted = [(lessons := LabelledDrawings(tmp_path)).wanted]
    lessons.keep(PICTURE)
    assert labels_in(tmp_path) == [str(digit) for digit in wanted]


def test_a_table_that_was_emptied_or_has_short_rows_meanwhile_does_not_keep_a_drawing_from_being_taken_back(
    tmp_path,
) -> None:
    for table in ("", "file,label\n,\nlonely\n"):
        (tmp_path / "labels.csv").unlink(missing_ok=True)
        lessons = LabelledDrawings(tmp_path)
        path = lessons.keep(PICTURE)
        (tmp_path / "labels.csv").write_text(table)
        assert lessons.take_back() == path
        assert not path.exists()
        assert (tmp_path / "labels.csv").read_text() == table


def test_a_picture_that_cannot_be_removed_is_an_error_and_no_longer_in_the_table(
    tmp_path, monkeypatch
) -> None:
    lessons = LabelledDrawings(tmp_path)
    lessons.keep(PICTURE)
    wanted, path = lessons.wanted, lessons.keep(PICTURE)
    unlink = Path.unlink

    def held(self: Path, **options: bool) -> None:
        if self == path:
            raise PermissionError(13, "is used by another program")
        unlink(self, **options)

    monkeypatch.setattr(Path, "unlink", held)
    with pytest.raises(OutputError, match=r"digit-002.png: .*used by another program"):
        lessons.take_back()
    assert len(labels_in(tmp_path)) == 1
    assert (lessons.wanted, lessons.number_kept) == (wanted, 1)


def test_what_somebody_adds_to_the_table_meanwhile_stays(tmp_path) -> None:
    lessons = LabelledDrawings(tmp_path)
    lessons.keep(PICTURE)
    LabelledDrawings(tmp_path).keep(PICTURE)
    lessons.keep(PICTURE)
    assert len(labels_in(tmp_path)) == 3


@pytest.mark.parametrize(
    "files", [{"labels.csv": "picture,digit\n"}, {"labels.csv": "file,label\nlost.png,3\n"}, {"7/a.png": ""}]
)
def test_a_folder_that_is_in_no_order_is_refused_and_left_alone(tmp_path, files) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    with pytest.raises(DatasetFormatError):
        LabelledDrawings(tmp_path).keep(PICTURE)
    assert {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()} == set(files)


def test_a_folder_that_is_a_file_is_refused(tmp_path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="is not a folder"):
        LabelledDrawings(tmp_path / "file")


def test_a_table_that_cannot_be_written_leaves_neither_picture_nor_row(tmp_path, monkeypatch) -> None:
    lessons = LabelledDrawings(tmp_path)
    lessons.keep(PICTURE)
    wanted, there = lessons.wanted, sorted(tmp_path.iterdir())

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", full)
        with pytest.raises(OutputError, match="No space left"):
            lessons.keep(PICTURE)
    assert sorted(tmp_path.iterdir()) == there
    assert lessons.wanted == wanted
    lessons.keep(PICTURE)
    assert len(labels_in(tmp_path)) == 2


KILLED = """
import os, sys, numpy as np
from pathlib import Path
from inkread.desktop.labelling import LabelledDrawings
lessons = LabelledDrawings(Path(sys.argv[1]))
for _ in range(5):
    lessons.keep(np.zeros((30, 30), np.uint8))
Path.replace = lambda *_: os._exit(9)
lessons.keep(np.zeros((30, 30), np.uint8))
"""


def test_a_program_killed_while_it_writes_leaves_a_folder_in_order(tmp_path) -> None:
    result = subprocess.run([sys.executable, "-c", KILLED, tmp_path], env=os.environ, check=False)
    assert result.returncode == 9
    assert len(labels_in(tmp_path)) == 5
    LabelledDrawings(tmp_path).keep(PICTURE)
    assert len(labels_in(tmp_path)) == 6
