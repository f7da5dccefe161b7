from __future__ import annotations

import csv
import io
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from inkread.results import DIGIT_COLUMNS
from inkread.results.table import COLUMNS

FULL = Path("/dev/full")


def test_text_of_one_picture_is_its_rows_alone(run):
    assert run("read", "rows.png") == (0, "12\n3\n", "")


@pytest.mark.parametrize("terminal", [False, True])
def test_text_of_a_blank_picture_says_so(run, terminal):
    assert run("read", "blank.png", terminal=terminal) == (0, "no digit\n", "")


def test_signs_are_printed_where_they_are_wanted(run):
    assert run("read", "amount.png").out == "314\n"
    assert run("read", "amount.png", "--signs").out == "3.14\n"
    assert run("read", "amount.png", "rows.png", "--signs").out == "amount.png\t3.14\nrows.png\t12/3\n"
    assert "3.14" in run("read", "amount.png", "rows.png", "--signs", terminal=True).out
    (record,) = json.loads(run("read", "amount.png", "--format", "json").out)
    assert (record["text"], record["written"]) == ("314", "3.14")


def test_text_of_several_pictures_is_name_tab_rows_in_a_pipe(run):
    assert run("read", "rows.png", "blank.png").out == "rows.png\t12/3\nblank.png\tno digit\n"


def test_text_of_several_pictures_is_a_table_on_a_terminal(run):
    result = run("read", "rows.png", "blank.png", "broken.png", terminal=True)
    assert result.code == 1
    for words in (
        ("Picture", "Digits"),
        ("rows.png", "12", "98%"),
        ("blank.png", "no digit"),
        ("broken.png", "cannot"),
    ):
        assert any(all(word in line for word in words) for line in result.out.splitlines()), words


def test_single_reads_one_digit(run):
    assert run("read", "rows.png", "--single").out == "1\n"


def test_jsonl_has_one_line_a_picture_in_the_order_given(run):
    names = ["seven.png", "broken.png", "rows.png", "blank.png"]
    result = run("read", *names, "--format", "jsonl")
    records = [json.loads(line) for line in result.out.splitlines()]
    assert result.code == 1
    assert [record["source"] for record in records] == names
    assert [record["text"] for record in records] == ["7", "", "12\n3", ""]
    assert {tuple(record) for record in records} == {
        ("source", "width", "height", "text", "written", "lines", "error")
    }
    assert records[1] == {
        "source": "broken.png", "width": None, "height": None, "text": "", "written": "", "lines": [],
        "error": "is truncated; copy it again",
    }  # fmt: skip
    assert [record["error"] for record in records if record["source"] != "broken.png"] == [None] * 3


def test_json_is_an_array_of_the_same_records(run):
    as_json = json.loads(run("read", "seven.png", "broken.png", "--format", "json").out)
    as_lines = run("read", "seven.png", "broken.png", "--format", "jsonl").out
    assert as_json == [json.loads(line) for line in as_lines.splitlines()]


def test_csv_has_a_row_a_picture(run):
    out = run("read", "rows.png", "broken.png", "blank.png", "amount.png", "--format", "csv").out
    rows = list(csv.DictReader(io.StringIO(out)))
    assert tuple(rows[0]) == COLUMNS
    assert list(rows[0].values()) == ["rows.png", "12/3", "12 / 3", "3", "0.987000", "40", "30", ""]
    assert list(rows[1].values()) == ["broken.png", "", "", "", "", "", "", "is truncated; copy it again"]
    assert list(rows[2].values()) == ["blank.png", "", "", "0", "", "40", "30", ""]
    assert (rows[3]["text"], rows[3]["written"]) == ("314", "3.14")


def test_csv_of_digits_has_a_header_a_row_a_digit_and_the_errors(run):
    out = run("read", "rows.png", "broken.png", "blank.png", "--format", "csv-digits").out
    rows = list(csv.DictReader(io.StringIO(out)))
    assert tuple(rows[0]) == DIGIT_COLUMNS
    assert [(row["source"], row["line"], row["label"]) for row in rows] == [
        ("rows.png", "1", "1"), ("rows.png", "1", "2"), ("rows.png", "2", "3"), ("broken.png", "", ""),
        ("blank.png", "", ""),
    ]  # fmt: skip
    assert [row["error"] for row in rows] == ["", "", "", "is truncated; copy it again", ""]


@pytest.mark.parametrize(
    ("name", "more", "first"),
    [
        ("out.csv", [], "source,text,"),
        ("new/out.jsonl", [], '{"source": "rows.png"'),
        ("out.json", [], "["),
        ("out.txt", [], "rows.png\t12/3"),
        ("out.csv", ["-f", "jsonl"], '{"source": "rows.png"'),
    ],
)
def test_the_output_goes_to_a_file_in_the_format_of_its_suffix(run, tmp_path, name, more, first):
    result = run("read", "rows.png", "seven.png", "-o", tmp_path / name, *more)
    assert (result.code, result.out, result.err) == (0, "", "")
    saved = (tmp_path / name).read_text(encoding="utf-8")
    assert saved.startswith(first)
    assert [path.name for path in (tmp_path / name).parent.iterdir() if path.is_file()] == [Path(name).name]


def test_text_is_not_written_to_an_excel_file(run, tmp_path):
    result = run("read", "rows.png", "-o", tmp_path / "out.xlsx")
    assert (result.code, result.out) == (2, "")
    assert f"use --excel {tmp_path / 'out.xlsx'}" in result.err


def test_an_excel_table_keeps_leading_zeros_and_has_no_formulas(run, tmp_path):
    openpyxl = pytest.importorskip("openpyxl", reason="openpyxl is not installed (extra: excel)")
    path = tmp_path / "new" / "out.xlsx"
    names = ["zeros.png", "=1+1/seven.png", "broken.png"]
    assert run("read", *names, "--excel", path, "-q").out == "zeros.png\t007\n=1+1/seven.png\t7\n"
    heading, *rows = openpyxl.load_workbook(path).active.iter_rows()
    assert tuple(cell.value for cell in heading) == COLUMNS
    assert [[cell.value for cell in row[:4]] for row in rows] == [
        ["zeros.png", "007", "007", 3],
        ["=1+1/seven.png", "7", "7", 1],
        ["broken.png", None, None, None],
    ]
    assert {(cell.data_type, cell.number_format) for cell in rows[0][:3]} == {("s", "@")}
    assert {row[0].data_type for row in rows} == {"s"}
    assert rows[2][-1].value == "is truncated; copy it again"


def test_an_excel_table_needs_its_suffix_and_its_package(run, tmp_path, monkeypatch):
    pytest.importorskip("openpyxl", reason="openpyxl is not installed (extra: excel)")
    wrong = run("read", "rows.png", "--excel", tmp_path / "out.xls")
    assert (wrong.code, "use a name that ends in .xlsx" in wrong.err) == (2, True)
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    lacking = run("read", "rows.png", "--excel", tmp_path / "out.xlsx")
    assert (lacking.code, lacking.out) == (1, "")
    assert "openpyxl: is not installed" in lacking.err
    assert ".[excel]" in lacking.err


@pytest.mark.slow
@pytest.mark.parametrize("style", ["text", "jsonl", "csv"])
def test_several_processes_print_the_same_bytes_in_the_same_order(style, tmp_path):
    folder = Path(__file__).parents[2] / "examples"
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    names = [
        *sorted(map(str, folder.glob("*.jpg"))),
        str(tmp_path / "broken.png"),
        str(folder / "drawing.png"),
    ]
    command = [sys.executable, "-m", "inkread", "read", *names, "--format", style]
    one, three = (
        subprocess.run([*command, "--workers", count], capture_output=True, check=False) for count in "13"
    )
    assert one.stdout.count(b"\n") >= len(names) - 1
    assert (three.returncode, three.stdout, three.stderr) == (one.returncode, one.stdout, one.stderr)


@pytest.mark.slow
def test_several_processes_report_a_model_that_cannot_be_loaded_once():
    picture = Path(__file__).parents[2] / "examples" / "drawing.png"
    command = [sys.executable, "-m", "inkread", "read", str(picture), "--workers", "2", "--model", "nowhere"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: nowhere: is not a model")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("count", ["0", "-1", "two"])
def test_a_number_of_processes_below_1_is_wrong_usage(run, count):
    assert run("read", "seven.png", "--workers", count).code == 2


def test_csv_quotes_names_with_commas_and_line_breaks(run):
    name = 'a,"b"\nc/seven.png'
    (row,) = csv.DictReader(io.StringIO(run("read", name, "--format", "csv").out))
    assert row["source"] == name


def test_errors_name_source_problem_and_remedy_on_standard_error(run):
    assert run("read", "broken.png") == (1, "", "error: broken.png: is truncated; copy it again\n")


def test_names_that_would_break_lines_or_encodings_are_escaped(run):
    name = os.fsdecode(b"a\n\x1b\xff/seven.png")
    assert run("read", name, name).out.splitlines()[0] == "a\\n\\x1b\\udcff/seven.png\t7"
    assert json.loads(run("read", name, "--format", "jsonl").out)["source"] == name


def test_dash_reads_standard_input(run, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"picture")))
    assert json.loads(run("read", "-", "--format", "jsonl").out)["source"] == "-"


def test_standard_input_must_not_be_a_terminal(run, monkeypatch):
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    result = run("read", "-")
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith("error: -: is a terminal, not a picture; pipe a picture in")


def test_draw_saves_one_picture_as_the_file_named(run, tmp_path):
    out = tmp_path / "new" / "out.png"
    assert run("read", "seven.png", "--draw", out).code == 0
    with Image.open(out) as drawing:
        assert (drawing.mode, drawing.format) == ("RGB", "PNG")


def test_draw_saves_several_pictures_in_a_folder_under_unique_names(run, tmp_path):
    result = run(
        "read", "a/seven.png", "b/SEVEN.png", "b/seven.jpg", "broken.png", "--draw", tmp_path / "out"
    )
    assert result.code == 1
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["seven-3.png", "seven.png"]


def test_explain_gives_each_picture_a_folder(run, tmp_path, monkeypatch):

    seen = []
    monkeypatch.setattr(
        "inkread.pipeline.explain.save_stages",
        lambda trace, folder: seen.append((trace.reading.text, folder)),
    )
    run("read", "seven.png", "--explain", tmp_path / "one")
    run("read", "seven.png", "x/seven.png", "--explain", tmp_path / "two")
    assert seen == [("7", tmp_path / "one"), ("7", tmp_path / "two/seven"), ("7", tmp_path / "two/seven-2")]


@pytest.mark.parametrize(
    ("out", "problem"),
    [("file.txt/out.png", "cannot be written"), ("out.nonsense", "does not end in an image format's suffix")],
)
def test_a_drawing_that_cannot_be_saved_is_an_output_error(run, tmp_path, out, problem):
    (tmp_path / "file.txt").touch()
    result = run("read", "seven.png", "--draw", tmp_path / out)
    assert result.code == 1
    assert result.err.startswith(f"error: {tmp_path}")
    assert problem in result.err


def test_no_picture_is_wrong_usage(run):
    assert run("read").code == 2


@pytest.mark.slow
def test_a_reader_that_goes_away_ends_the_command_in_silence():
    program = (
        "import sys; sys.path.insert(0, {tests!r})\n"
        "import inkread.reader, conftest; from inkread.cli import main\n"
        "inkread.reader.Reader = conftest.FakeReader\n"
        "sys.exit(main(['read', *['rows.png'] * 5000, '--format', {style!r}]))"
    )
    tests = str(Path(__file__).parent)
    for style in ("jsonl", "text"):
        read_end, write_end = os.pipe()
        os.close(read_end)
        command = [sys.executable, "-c", program.format(tests=tests, style=style)]
        done = subprocess.run(command, stdout=write_end, stderr=subprocess.PIPE, check=False)
        os.close(write_end)
        assert (done.returncode, done.stderr) == (1, b"")


@pytest.mark.slow
@pytest.mark.skipif(not FULL.exists(), reason="needs the device /dev/full")
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("arguments", [["--version"], ["models"], ["read", "nowhere.png"]])
def test_a_full_disk_is_an_output_error(arguments, unbuffered, tmp_path):
    with FULL.open("w") as full:
        command = [
            sys.executable,
            "-c",
            f"import sys; from inkread.cli import main; sys.exit(main({arguments}))",
        ]
        environment = os.environ | {"PYTHONUNBUFFERED": unbuffered}
        done = subprocess.run(
            command,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            env=environment,
            cwd=tmp_path,
        )
    assert done.returncode == 1
    unwritten = "error: standard output: cannot be written"
    assert done.stderr.startswith("error: nowhere.png" if "nowhere.png" in arguments else unwritten)
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("more", [[], ["--single"], ["blank.png"]])
def test_doubtful_digits_are_printed_as_question_marks(run, more):
    out = run("read", "rows.png", *more, "--min-probability", 0.99, "--format", "csv-digits").out
    labels = {row["label"] for row in csv.DictReader(io.StringIO(out))}
    assert labels - {""} == {"?"}
    assert "?" not in run("read", "rows.png", *more, "--min-probability", 0.9).out


def test_a_lexicon_has_no_effect_on_one_character(run):
    result = run("read", "rows.png", "--single", "--alphabet", "letters", "--lexicon", "words.txt")
    assert (result.code, result.out) == (2, "")
    assert result.err == "error: --lexicon: has no effect with --single; leave out one of them\n"


def test_doubtful_digits_are_drawn(run, tmp_path):
    assert run("read", "rows.png", "--min-probability", 1, "--draw", tmp_path / "out.png").out == "??\n?\n"
    assert (tmp_path / "out.png").is_file()


@pytest.mark.parametrize("least", ["-0.5", "1.5", "nan"])
def test_a_least_probability_outside_0_to_1_is_an_error_before_anything_is_printed(run, least):
    result = run("read", "rows.png", "--min-probability", least, "--format", "csv")
    assert (result.code, result.out) == (2, "")
    assert "0..1" in result.err


@pytest.fixture
def scans(tmp_path, monkeypatch):
    """A folder as left by scanners, macOS and LibreOffice; the current folder is its parent."""
    for name in (
        "rows.png",
        "seven.JPG",
        "._seven.JPG",
        ".hidden.png",
        "~rows.png",
        "notes.txt",
        "in/blank.png",
    ):
        (tmp_path / "scans" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "scans" / name).touch()
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path / "scans"


def sources(result):
    return [Path(json.loads(line)["source"]).as_posix() for line in result.out.splitlines()]


def test_a_folder_is_its_pictures_sorted_without_hidden_ones(run, scans):
    assert sources(run("read", "scans", "--format", "jsonl")) == ["scans/rows.png", "scans/seven.JPG"]
    for option in ("-r", "--recursive"):
        found = sources(run("read", "scans", option, "--format", "jsonl"))
        assert found == ["scans/in/blank.png", "scans/rows.png", "scans/seven.JPG"]
    assert run("read", "scans").out == "scans/rows.png\t12/3\nscans/seven.JPG\t7\n".replace(
        "/rows", f"{os.sep}rows"
    )


def test_the_picture_of_a_folder_is_named_even_if_it_is_the_only_one(run, scans):
    assert run("read", scans / "in").out == f"{scans / 'in' / 'blank.png'}\tno digit\n"


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("scans/*.png", ["scans/rows.png"]),
        ("scans/*", ["scans/notes.txt", "scans/rows.png", "scans/seven.JPG"]),
        ("**/*.png", ["scans/in/blank.png", "scans/rows.png"]),
    ],
)
def test_a_quoted_pattern_is_the_files_that_it_matches(run, scans, pattern, found):
    assert sources(run("read", pattern, "--format", "jsonl")) == found


def test_a_file_whose_name_is_a_pattern_is_that_file(run, scans):
    (scans / "rows[1]").mkdir()
    (scans / "rows[1]" / "seven.png").touch()
    assert sources(run("read", "scans/rows[1]/seven.png", "--format", "jsonl")) == ["scans/rows[1]/seven.png"]


def test_a_pattern_without_a_match_and_a_folder_without_pictures_are_errors(run, scans):
    result = run("read", "scans/*.bmp")
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith("error: scans/*.bmp: ")
    result = run("read", "empty")
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith("error: empty: has no pictures; ")


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="needs named pipes")
@pytest.mark.parametrize(
    "way", ["cat {0} | {1} /dev/stdin", "{1} /dev/stdin < {0}", "{1} <(cat {0})", "{1} - < {0}"]
)
def test_a_picture_may_come_through_a_pipe_by_any_name(way, tmp_path):
    picture = Path(__file__).parents[2] / "examples" / "pencil_rows.jpg"
    command = way.format(shlex.quote(str(picture)), f"{shlex.quote(sys.executable)} -m inkread read")
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "2718\n28459\n0452\n"


@pytest.mark.parametrize("begin", ["=1+1", "+1", "-1", "@sum", "\t=1", "\r=1"])
def test_no_name_in_a_csv_is_a_formula(run, begin):
    for folder in ("seven.png", "broken.png"):
        name = f"{begin}/{folder}"
        (row,) = csv.DictReader(io.StringIO(run("read", "--format", "csv", "--", name).out, newline=""))
        assert row["source"] == f"./{name}"
    assert [json.loads(run("read", "--format", "jsonl", "--", name).out)["source"]] == [name]


def test_a_name_that_is_not_a_formula_stays_as_it_is_in_a_csv(run):
    rows = csv.DictReader(io.StringIO(run("read", "a=1/seven.png", "/x/rows.png", "--format", "csv").out))
    assert {row["source"] for row in rows} == {"a=1/seven.png", "/x/rows.png"}


@pytest.fixture
def document(tmp_path):
    """A document of three pages; the fake reader reads one character of each: "1", "2", a line end."""
    path = tmp_path / "rows.tif"
    pages = [Image.new("L", (40, 30), tone) for tone in (10, 20, 30)]
    pages[0].save(path, save_all=True, append_images=pages[1:])
    return path


def test_every_page_of_a_document_has_a_line_and_a_name_of_its_own(run, document):
    lines = run("read", document, "seven.png", "--format", "jsonl").out.splitlines()
    names = [json.loads(line)["source"] for line in lines]
    assert names == [f"{document}#1", f"{document}#2", f"{document}#3", "seven.png"]
    assert run("read", document).out.splitlines()[1] == f"{document}#2\t2"


def test_the_pages_of_a_document_are_drawn_into_files_of_their_own(run, document, tmp_path):
    assert run("read", document, "--draw", tmp_path / "drawn").code == 0
    names = sorted(path.name for path in (tmp_path / "drawn").iterdir())
    assert names == ["rows-2.png", "rows-3.png", "rows.png"]


def test_a_damaged_document_does_not_stop_the_others(run, tmp_path):
    pytest.importorskip("pypdfium2", reason="PDFium is not installed (extra: pdf)")
    broken = tmp_path / "scan.pdf"
    broken.write_bytes(b"%PDF-1.7\n")
    result = run("read", broken, "seven.png")
    assert result.code == 1
    assert result.out == "seven.png\t7\n"
    assert f"{broken}: is not a readable PDF file" in result.err


def test_a_document_on_standard_input_has_pages_too(run, document, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(document.read_bytes())))
    records = json.loads(run("read", "-", "--format", "json").out)
    assert [record["source"] for record in records] == ["-#1", "-#2", "-#3"]


def test_text_options_that_do_not_fit_are_errors(run):
    wrong = run("read", "seven.png", "--alphabet", "runes")
    assert (wrong.code, "'runes' is not one of" in wrong.err) == (2, True)
    useless = run("read", "seven.png", "--lexicon", "words.txt")
    assert (useless.code, "has no effect on digits" in useless.err) == (2, True)
    both = run("read", "seven.png", "--alphabet", "text", "--detector", "runs/mine")
    assert (both.code, "finds digits, not text" in both.err) == (2, True)
    absent = run("read", "seven.png", "--alphabet", "text", "--model", "runs/mine")
    assert (absent.code, "runs/mine: is not a model" in absent.err) == (1, True)
