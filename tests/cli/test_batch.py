"""``inkread batch`` on the command line, with the real reader."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import cv2
import pytest
from pipeline.test_text_lines import page

import inkread
from inkread.cli import main
from inkread.pipeline.text import TextReader

pytest.importorskip("fsspec", reason="the extra batch is not installed")
pytest.importorskip("pyarrow", reason="the extra batch is not installed")

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def call(capsys):
    def call(*arguments):
        code = main(["batch", *map(str, arguments)])
        return code, *capsys.readouterr()

    return call


def test_it_reads_what_read_reads_and_says_what_it_did(call, tmp_path):
    for name in ("pencil_rows.jpg", "postcode.jpg"):
        shutil.copy(EXAMPLES / name, tmp_path)
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    out = tmp_path / "out"
    arguments = (tmp_path, "--out", out, "--format", "jsonl", "--workers", 1)
    assert call(*arguments) == (0, f"{out}: 3 pages read, 1 of them with an error\n", "")
    (part,) = out.glob("part-*.jsonl")
    rows = {Path(row["source"]).name: row for row in map(json.loads, part.read_text().splitlines())}
    for name in ("pencil_rows.jpg", "postcode.jpg"):
        reading = inkread.read(EXAMPLES / name)
        assert (rows[name]["text"], rows[name]["written"]) == (reading.text, reading.written)
        assert [digit["label"] for digit in rows[name]["digits"]] == [each.label for each in reading.digits]
        assert re.fullmatch("[0-9a-f]{64}", rows[name]["models"])
        assert rows[name]["milliseconds"] > 0
    assert "truncated" in rows["broken.png"]["error"]
    assert call(*arguments) == (0, f"{out}: everything has been read before\n", "")


def test_it_reads_other_alphabets_and_never_mixes_them_in_one_folder(call, tmp_path):
    out = tmp_path / "out"
    arguments = (EXAMPLES / "postcode.jpg", "--out", out, "--format", "jsonl", "--workers", 1, "--quiet")
    assert call(*arguments, "--alphabet", "text") == (0, "", "")
    (part,) = out.glob("part-*.jsonl")
    reading = inkread.read(EXAMPLES / "postcode.jpg", alphabet="text")
    assert json.loads(part.read_text())["text"] == reading.text
    code, _, error = call(*arguments, "--alphabet", "letters")
    assert (code, "alphabet" in error) == (1, True), error


def test_a_lexicon_is_used_and_belongs_to_the_job(call, tmp_path):
    words = tmp_path / "words.txt"
    words.write_text("hello\nworld\n")
    picture = tmp_path / "note.png"
    cv2.imwrite(str(picture), page("hello world"))
    out = tmp_path / "out"
    arguments = (picture, "--out", out, "--format", "jsonl", "--workers", 1, "--quiet", "--alphabet", "text")
    assert call(*arguments, "--lexicon", words) == (0, "", "")
    (part,) = out.glob("part-*.jsonl")
    row = json.loads(part.read_text())
    assert row["models"] == TextReader("text", lexicon=words).fingerprint
    assert row["text"] == "hello world"
    code, _, error = call(*arguments)
    assert (code, "holds a job with other settings (models)" in error) == (1, True), error


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["x.png", "--lexicon", "words.txt", "--single"], 2, "error: --lexicon: has no effect with --single"),
        (["missing"], 1, "error: missing: does not exist; "),
        (["x.png", "--max-seconds", "0"], 2, "error: --max-seconds 0: is out of range; "),
        (["x.png", "--min-probability", "2"], 2, "error: "),
        (["x.png", "--workers", "0"], 2, "error: --workers 0: is out of range; "),
        (["nosuch://x"], 2, "error: nosuch://x: cannot be opened"),
    ],
)
def test_wrong_arguments_are_errors_without_a_traceback(call, tmp_path, arguments, code, message):
    found, out, err = call(*arguments, "--out", tmp_path / "out")
    assert (found, out, err.count("\n")) == (code, "", 1)
    assert err.startswith(message)
