"""A picture of digits is read, one without digits is not, and nothing else ever happens."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import multiprocessing
import pickle
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

import inkread
from inkread import InkreadError, PictureError, Reader, Reading
from inkread.errors import OptionError
from inkread.models import load_model
from inkread.picture import PictureLimits

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader()


def written(text: str, *, size: int = 60, paper: int = 255, ink: int = 20) -> np.ndarray:
    """Writes digits side by side in the project's own stroke font, H×W×3."""
    from inkread.datasets.stroke_font import WriterStyle, write_row
    from inkread.datasets.stroke_rendering import draw_strokes

    strokes = write_row(text, WriterStyle.random(np.random.default_rng(3)), np.random.default_rng(0))
    drawn = draw_strokes([stroke[:, :2] for stroke in strokes], height=size, pen_width=size * 0.08)
    coverage = np.pad(drawn, size // 2)[:, :, None]
    return np.repeat(paper * (1 - coverage) + ink * coverage, 3, axis=2).astype(np.uint8)


def overlapping(text: str, overlap: float) -> np.ndarray:
    """Writes digits that overlap by that share of their width, H×W×3."""
    from inkread.datasets.stroke_font import WriterStyle, write_row
    from inkread.datasets.stroke_rendering import draw_strokes

    rng = np.random.default_rng(3)
    style = WriterStyle.random(rng)
    ink, x = np.zeros((120, 60 * (len(text) + 2)), np.float32), 60
    for digit in text:
        strokes = [stroke[:, :2] for stroke in write_row(digit, style, rng)]
        drawn = draw_strokes(strokes, height=60, pen_width=5.0)
        place = ink[30 : 30 + len(drawn), x : x + drawn.shape[1]]
        np.maximum(place, drawn, out=place)
        x += round((1 - overlap) * drawn.shape[1])
    return (255 - 235 * np.repeat(ink[:, : x + 60, None], 3, axis=2)).astype(np.uint8)


def test_the_shipped_examples_are_read_as_labelled(reader: Reader) -> None:
    from inkread.datasets.pictures import load_labelled_folder

    wrong = {
        picture.path.name: (picture.label, read)
        for picture in load_labelled_folder(EXAMPLES)
        if (read := reader.read(picture.path).text.replace("\n", "/")) != picture.label
    }
    assert wrong == {}


@pytest.mark.parametrize("text", ["2504", "5000", "79352"])
@pytest.mark.parametrize("overlap", [0.1, 0.25])
def test_digits_that_overlap_are_read_as_a_row(reader: Reader, text: str, overlap: float) -> None:
    reading = reader.read(overlapping(text, overlap))
    assert reading.text == text
    assert [digit.box[0] for digit in reading.digits] == sorted(digit.box[0] for digit in reading.digits)


def test_the_package_reads_in_one_line() -> None:
    assert inkread.read(written("2407")).text == "2407"


def test_every_kind_of_source_reads_alike(reader: Reader, tmp_path: Path) -> None:
    pixels = written("358")
    image = Image.fromarray(pixels)
    path = tmp_path / "digits.png"
    image.save(path)
    sources: list[Any] = [pixels, image, path, str(path), path.read_bytes(), io.BytesIO(path.read_bytes())]
    assert {reader.read(source).text for source in sources} == {"358"}


def test_light_on_dark_reads_as_dark_on_light(reader: Reader) -> None:
    assert reader.read(written("6209", paper=20, ink=240)).text == "6209"


@pytest.mark.parametrize("size", [16, 30, 120, 500])
def test_small_and_large_writing_reads_alike(reader: Reader, size: int) -> None:
    assert reader.read(written("2075", size=size)).text == "2075"


def test_boxes_match_the_digits_of_the_source_picture(reader: Reader) -> None:
    pixels = cv2.resize(written("25"), None, fx=12, fy=12)
    reading = reader.read(pixels)
    assert (reading.width, reading.height) == pixels.shape[1::-1]
    first, second = reading.digits
    assert first.box[2] <= second.box[0] + 40
    for digit in reading.digits:
        x0, y0, x1, y1 = digit.box
        assert (pixels[y0:y1, x0:x1] < 128).sum() > 0.05 * (x1 - x0) * (y1 - y0)
    outside = pixels.copy()
    for digit in reading.digits:
        x0, y0, x1, y1 = digit.box
        outside[y0:y1, x0:x1] = 255
    assert (outside < 128).mean() < 0.001


@pytest.mark.parametrize("digit", "0123456789")
def test_a_single_digit_is_read(reader: Reader, digit: str) -> None:
    found = reader.read_digit(written(digit))
    assert found is not None
    assert found.label == digit
    assert found.probability > 0.5
    assert digit not in dict(found.alternatives)


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((80, 120, 3), np.uint8),
        np.full((80, 120, 3), 255, np.uint8),
        np.full((1, 1, 3), 9, np.uint8),
        np.full((2, 5000), 200, np.uint8),
        np.tile(np.arange(256, dtype=np.uint8), (64, 1)),
    ],
    ids=["black", "white", "one pixel", "2×5000", "gradient"],
)
def test_a_picture_with_nothing_on_it_has_an_empty_reading(reader: Reader, pixels: np.ndarray) -> None:
    assert reader.read(pixels).text == ""
    assert reader.read_digit(pixels) is None


@pytest.mark.parametrize("border", [2, 8, 60])
@pytest.mark.parametrize("desk", [0, 60, 110])
def test_a_sheet_on_a_darker_ground_is_read(reader: Reader, border: int, desk: int) -> None:
    sheet = np.pad(written("2407", paper=235), ((40, 40), (60, 60), (0, 0)), constant_values=235)
    assert (
        reader.read(np.pad(sheet, ((border,) * 2, (border,) * 2, (0, 0)), constant_values=desk)).text
        == "2407"
    )


@pytest.mark.parametrize("strip", [20, 60])
def test_a_dark_strip_at_the_edge_is_not_a_digit(reader: Reader, strip: int) -> None:
    pixels = np.pad(written("5"), ((30, 30), (40, 40), (0, 0)), constant_values=255)
    pixels[:, -strip:] = 15
    assert reader.read(pixels).text == "5"


def test_a_heading_twice_as_large_is_read_too(reader: Reader) -> None:
    heading, rows = written("2024", size=150), [written(text, size=56) for text in ("3592", "6083", "7254")]
    width = max(part.shape[1] for part in (heading, *rows))
    parts = [
        np.pad(p, ((20, 20), (0, width - p.shape[1]), (0, 0)), constant_values=255) for p in (heading, *rows)
    ]
    assert reader.read(np.concatenate(parts)).text.split("\n") == ["2024", "3592", "6083", "7254"]


@pytest.mark.parametrize("turns", range(4))
def test_a_large_page_with_small_digits_is_turned_upright(reader: Reader, turns: int) -> None:
    with Image.open(EXAMPLES / "pencil_rows.jpg") as picture:
        small = np.asarray(picture.convert("RGB").resize((346, 300)))
    page = np.full((1600, 1200, 3), np.median(small, axis=(0, 1)), np.uint8)
    page[500:800, 300:646] = small
    assert reader.read(np.rot90(page, turns)).text == "2718\n28459\n0452"


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_turned_page_is_read_and_its_boxes_are_those_of_the_source(reader: Reader, turns: int) -> None:
    rows = [written(text, size=80) for text in ("23567", "90458", "34629")]
    width = max(row.shape[1] for row in rows)
    page = np.concatenate(
        [np.pad(r, ((0, 0), (0, width - r.shape[1]), (0, 0)), constant_values=255) for r in rows]
    )
    pixels = np.ascontiguousarray(np.rot90(page, turns))
    reading = reader.read(pixels)
    assert reading.text.split("\n") == ["23567", "90458", "34629"]
    assert (reading.width, reading.height) == pixels.shape[1::-1]
    rest = pixels.copy()
    for digit in reading.digits:
        x0, y0, x1, y1 = digit.box
        rest[y0:y1, x0:x1] = 255
    assert (rest < 128).mean() < 0.001


def test_another_model_decides_which_digit_it_is_and_the_bundled_ones_whether(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx", reason="needs onnx, of the extra 'train'")
    weights = onnx.numpy_helper.from_array(np.zeros((784, 10), np.float32), "w")
    favour = onnx.numpy_helper.from_array(np.eye(10, dtype=np.float32)[4] * 9, "b")  # always 4
    make = onnx.helper.make_tensor_value_info
    nodes = [
        onnx.helper.make_node("Flatten", ["glyphs"], ["flat"]),
        onnx.helper.make_node("Gemm", ["flat", "w", "b"], ["logits"]),
    ]
    graph = onnx.helper.make_graph(
        nodes, "fours", [make("glyphs", 1, ["N", 28, 28])], [make("logits", 1, ["N", 10])], [weights, favour]
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
    content = model.SerializeToString()
    (tmp_path / "model.onnx").write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    card = dataclasses.replace(load_model().card, labels=tuple("0123456789"), sha256=digest, temperature=1.0)
    (tmp_path / "card.json").write_text(card.to_json(), encoding="utf-8")
    fours = Reader(tmp_path)
    assert fours.read(written("2407")).text == "4444"
    blot = np.full((200, 200), 255, np.uint8)
    cv2.circle(blot, (100, 100), 40, 0, -1)
    assert fours.read_digit(blot) is None


def number(text: str, *, point: str) -> np.ndarray:
    """Writes a number with a sign between its two halves in pen strokes, H×W×3."""
    left, right = (written(half) for half in text.split(point))
    gap = np.full((left.shape[0], 40, 3), 255, np.uint8)
    foot = left.shape[0] - 30
    if point == ".":
        cv2.circle(gap, (20, foot - 3), 4, (20, 20, 20), -1, cv2.LINE_AA)
    elif point == "/":
        cv2.line(gap, (2, foot + 13), (38, foot - 73), (20, 20, 20), 5, cv2.LINE_AA)
    elif point == "-":
        cv2.line(gap, (6, foot - 30), (34, foot - 30), (20, 20, 20), 5, cv2.LINE_AA)
    return np.concatenate([left[:, :-30], gap, right[:, 30:]], axis=1)


@pytest.mark.parametrize(("text", "point"), [("3.14", "."), ("12/05", "/"), ("27-36", "-")])
def test_signs_are_read_beside_the_digits_and_not_as_digits(reader: Reader, text: str, point: str) -> None:
    reading = reader.read(number(text, point=point))
    assert reading.text == text.replace(point, "")
    assert reading.written == text
    (sign,) = reading.lines[0].signs
    assert sign.label == point
    assert 0.5 < sign.probability <= 1


def test_one_bad_picture_does_not_stop_the_others(reader: Reader, tmp_path: Path) -> None:
    results = list(reader.read_many([written("12"), tmp_path / "missing.png", b"no picture", written("34")]))
    assert [type(result).__name__ for result in results] == [
        "Reading",
        "PictureNotFoundError",
        "PictureFormatError",
        "Reading",
    ]


def test_threads_share_a_reader(reader: Reader) -> None:
    texts = ["2468", "1357", "9035"]
    pictures = [written(text) for text in texts]
    found: dict[int, list[str]] = {}

    def read(number: int) -> None:
        found[number] = [reader.read(picture).text for picture in pictures]

    threads = [threading.Thread(target=read, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[number] for number in range(4)] == [[reader.read(p).text for p in pictures]] * 4


def test_a_trace_keeps_every_stage(reader: Reader) -> None:
    pixels = written("47")
    trace = reader.trace(pixels)
    count = len(trace.opinions.found)
    assert trace.grey.shape == trace.picture.pixels.shape[:2]
    assert trace.opinions.glyphs.shape == (count, 28, 28)
    assert trace.choice.probabilities.shape == (count, 11)
    assert trace.choice.probabilities.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert [[int(row.argmax()) for row in rows] for rows in trace.digits] == [[4, 7]]
    assert trace.opinions.heat.max() > 0.5


def outcome(reader: Reader, source: Any) -> str:
    try:
        result = reader.read(source)
    except InkreadError:
        return "error"
    assert isinstance(result, Reading)
    return "reading"


@settings(max_examples=60)
@given(st.binary(max_size=300))
def test_any_bytes_give_a_reading_or_an_inkread_error(reader: Reader, content: bytes) -> None:
    assert outcome(reader, content) in {"reading", "error"}


@settings(max_examples=120)
@given(
    hnp.arrays(
        st.one_of(
            hnp.boolean_dtypes(), hnp.integer_dtypes(), hnp.floating_dtypes(), hnp.complex_number_dtypes()
        ),
        hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=12),
    )
)
def test_any_array_gives_a_reading_or_an_inkread_error(reader: Reader, array: np.ndarray) -> None:
    assert outcome(reader, array) in {"reading", "error"}


@settings(max_examples=15)
@given(
    hnp.arrays(
        np.uint8, st.tuples(st.integers(20, 90), st.integers(20, 90)), elements=st.sampled_from([0, 90, 255])
    )
)
def test_any_texture_gives_a_reading(reader: Reader, array: np.ndarray) -> None:
    assert outcome(reader, array) == "reading"


@pytest.mark.parametrize(
    "array",
    [np.array([[np.nan, 1.0]]), np.zeros((3, 3, 2)), np.zeros((0, 5)), np.zeros(4), np.array([["a"]])],
    ids=["NaN", "two channels", "no rows", "one dimension", "text"],
)
def test_arrays_that_are_not_pictures_are_rejected_by_name(reader: Reader, array: np.ndarray) -> None:
    with pytest.raises(PictureError, match="array"):
        reader.read(array)


def test_uncertain_digits_are_question_marks_in_every_reader_method(reader: Reader) -> None:
    pixels = written("47")
    sure = reader.read(pixels)
    doubted = reader.read(pixels, min_probability=1.0)
    assert doubted.text == "??"
    assert [digit.alternatives[0][0] for digit in doubted.digits] == ["4", "7"]
    assert [digit.probability for digit in doubted.digits] == [digit.probability for digit in sure.digits]
    assert (
        doubted
        == next(reader.read_many([pixels], min_probability=1.0))
        == inkread.read(pixels, min_probability=1)
    )
    found = reader.read_digit(written("4"), min_probability=1.0)
    assert found is not None
    assert found.label == "?"


@pytest.mark.parametrize("least", [-1, 2, float("nan")])
def test_a_minimum_probability_outside_0_to_1_is_rejected_at_once(reader: Reader, least: float) -> None:
    for read in (reader.read, reader.read_digit, reader.read_many, reader.trace):
        with pytest.raises(inkread.InkreadError, match=r"0\.\.1"):
            read([], min_probability=least)


def test_the_score_of_one_digit_includes_rejections(reader: Reader) -> None:
    blank = np.full((80, 80, 3), 255, np.uint8)
    cross = blank.copy()
    cv2.line(cross, (10, 10), (70, 70), (0, 0, 0), 5)
    cv2.line(cross, (70, 10), (10, 70), (0, 0, 0), 5)
    assert reader.digit_score(blank) == 0.0
    assert reader.read_digit(cross) is None
    assert reader.digit_score(cross) < 0.5 < reader.digit_score(written("3")) <= 1.0


RATES = {
    "field": {"single": 233, "multi": 35, "empty": 36},
    "forms": {"single": 76, "multi": 30, "empty": 20},
    "years_dev": {"multi": 57},
    "cheque_dev": {"multi": 71},
}
"""Slightly below the measured counts, so that no later change loses pictures unnoticed."""


@pytest.mark.slow
@pytest.mark.parametrize("name", RATES)
def test_reading_real_pictures_never_raises_and_keeps_its_rate(
    reader: Reader, data_dir: Path, name: str
) -> None:
    from inkread.datasets.benchmarks import BENCHMARKS
    from inkread.evaluation.pictures import evaluate_pictures

    if not (data_dir / name).is_dir():
        pytest.skip(f"no {name} in INKREAD_DATA")
    report = evaluate_pictures(BENCHMARKS[name](data_dir), reader)
    assert not [result.file for result in report.results if result.error]
    for kind, least in RATES[name].items():
        assert report.rates[kind].correct >= least, kind


POOLED = """
import multiprocessing, pickle, sys
import inkread

def text(reader, path):
    return reader.read(path).text

if __name__ == "__main__":
    way, path = sys.argv[1:]
    reader = inkread.Reader(threads=1)
    assert reader.read(path).text  # every model is loaded before the pool is made
    with multiprocessing.get_context(way).Pool(1) as pool:
        print(pool.apply(text, (reader, path)).replace("\\n", "/"))
"""


@pytest.mark.slow
@pytest.mark.parametrize("way", sorted({"spawn", "fork"} & {*multiprocessing.get_all_start_methods()}))
def test_a_loaded_reader_goes_into_the_processes_of_a_pool(way, tmp_path):
    program, picture = tmp_path / "pooled.py", Path(__file__).parents[1] / "examples" / "pencil_rows.jpg"
    program.write_text(POOLED, encoding="utf-8")
    command = [sys.executable, "-W", "ignore::DeprecationWarning", str(program), way, str(picture)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    assert done.stdout == "2718/28459/0452\n"


def test_a_reader_pickles_as_its_arguments():
    limits = PictureLimits(max_bytes=10_000, max_pixels=1_000_000)
    reader = Reader("default", limits=limits, threads=1)
    content = pickle.dumps(reader)
    assert len(content) < 1_000
    twin = pickle.loads(content)
    assert twin.limits == limits
    seven = np.zeros((40, 40), np.uint8)
    assert twin.read(seven) == reader.read(seven)


@pytest.mark.parametrize("least", [None, "a", "0.5", float("nan"), -0.1, 1.1, [0.5], np.array([0.1, 0.2])])
def test_a_minimum_probability_that_is_not_a_number_in_0_to_1_is_an_option_error(reader, least):
    blank = np.zeros((40, 40), np.uint8)
    for use in (
        lambda: inkread.read(blank, min_probability=least),
        lambda: reader.read_many([blank], min_probability=least),
        lambda: reader.read_digit(blank, min_probability=least),
        lambda: inkread.read(blank).with_min_probability(least),
    ):
        with pytest.raises(OptionError, match=r"not a number in 0\.\.1"):
            use()
