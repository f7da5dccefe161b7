"""A reading does not depend on margins, polarity, size, a slight turn, encoding, threads, or processes."""

from __future__ import annotations

import io
import json
import multiprocessing
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pipeline.test_text_lines import page as text_page
from test_reader import EXAMPLES, written

from inkread import Reader
from inkread.evaluation.metrics import edit_distance
from inkread.picture import Picture
from inkread.pipeline.text import TextReader
from inkread.reader import _Frame

if TYPE_CHECKING:
    from inkread import Reading

ROWS = ("24073", "35891", "61204")
PLACE = 0.15
"""Distance of a box's side from where it should be, in heights of its digit, that is tolerated."""
SURE = 0.25
"""Change of a digit's probability that is tolerated."""


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(threads=1)


@pytest.fixture(scope="module")
def page() -> np.ndarray:
    """Three rows of five digits, H×W×3, dark on light."""
    rows = [written(row, size=48) for row in ROWS]
    width = max(row.shape[1] for row in rows)
    return np.concatenate(
        [np.pad(row, ((0, 0), (0, width - row.shape[1]), (0, 0)), constant_values=255) for row in rows]
    )


@pytest.fixture(scope="module")
def expected(reader: Reader, page: np.ndarray) -> Reading:
    reading = reader.read(page)
    assert reading.text == "\n".join(ROWS)
    return reading


def boxes_of(reading: Reading) -> np.ndarray:
    """All boxes in reading order, N×4."""
    return np.array([digit.box for digit in reading.digits], float)


def moved(boxes: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """The smallest upright boxes around boxes that a 2×3 affine map has moved, N×4."""
    corners = boxes[:, [[0, 1], [2, 1], [2, 3], [0, 3]]]
    places = corners @ matrix[:, :2].T + matrix[:, 2]
    return np.concatenate([places.min(axis=1), places.max(axis=1)], axis=1)


def check_same(found: Reading, expected: Reading, matrix: np.ndarray, tolerance: float = PLACE) -> None:
    """Compares the text, the probabilities, and the boxes, which the map has moved."""
    assert found.text == expected.text
    wanted, boxes = moved(boxes_of(expected), matrix), boxes_of(found)
    heights = wanted[:, 3] - wanted[:, 1]
    assert (np.abs(boxes - wanted).max(axis=1) <= np.maximum(2, tolerance * heights)).all()
    for one, other in zip(found.digits, expected.digits, strict=True):
        assert abs(one.probability - other.probability) <= SURE


def scaled(factor: float) -> np.ndarray:
    return np.array([[factor, 0, 0], [0, factor, 0]], float)


def shifted(x: float, y: float) -> np.ndarray:
    return np.array([[1, 0, x], [0, 1, y]], float)


@pytest.mark.parametrize(
    "margins", [(0, 40, 0, 40), (120, 0, 0, 0), (0, 0, 300, 7), (200, 200, 200, 200)], ids=str
)
def test_margins_change_nothing(reader, page, expected, margins):
    top, bottom, left, right = margins
    padded = np.pad(page, ((top, bottom), (left, right), (0, 0)), constant_values=255)
    check_same(reader.read(padded), expected, shifted(left, top))


def test_light_on_dark_is_read_as_dark_on_light(reader, page, expected):
    check_same(reader.read(255 - page), expected, scaled(1))


@pytest.mark.parametrize("factor", [0.5, 0.7, 1.3, 2, 3, 4])
def test_the_size_changes_nothing(reader, page, expected, factor):
    way = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    resized = cv2.resize(page, None, fx=factor, fy=factor, interpolation=way)
    check_same(reader.read(resized), expected, scaled(factor))


@pytest.mark.parametrize("degrees", [-3, -1, 1, 3])
def test_a_slight_turn_changes_nothing(reader, page, expected, degrees):
    height, width = page.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    turned = cv2.warpAffine(page, matrix, (width, height), flags=cv2.INTER_CUBIC, borderValue=(255,) * 3)
    check_same(reader.read(turned), expected, matrix, tolerance=2 * PLACE)  # a turned box is not upright


@pytest.mark.parametrize("shift", [(0.5, 0), (0.3, 0.7), (5, -3), (-4.4, 6.6)], ids=str)
def test_a_small_shift_changes_nothing(reader, page, expected, shift):
    matrix = shifted(*shift)
    size = page.shape[1::-1]
    there = cv2.warpAffine(page, matrix, size, flags=cv2.INTER_LINEAR, borderValue=(255,) * 3)
    check_same(reader.read(there), expected, matrix)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("PNG", {}),
        ("JPEG", {"quality": 90}),
        ("JPEG", {"quality": 60}),
        ("WEBP", {"quality": 75}),
        ("BMP", {}),
    ],
    ids=str,
)
def test_the_encoding_changes_nothing(reader, page, expected, kind, options):
    file = io.BytesIO()
    Image.fromarray(page).save(file, kind, **options)
    found = reader.read(file.getvalue())
    check_same(found, expected, scaled(1))
    if kind in ("PNG", "BMP"):
        assert found.lines == expected.lines


@pytest.mark.parametrize("change", ["margins", "polarity", "half", "double", "JPEG"])
def test_a_line_of_text_is_read_alike_too(change):
    reader = TextReader("text", threads=1)
    page = text_page("hello world", "second line")
    file = io.BytesIO()
    Image.fromarray(page).save(file, "JPEG", quality=80)
    changed = {
        "margins": np.pad(page, ((90, 10), (5, 200)) + ((0, 0),) * (page.ndim - 2), constant_values=255),
        "polarity": 255 - page,
        "half": cv2.resize(page, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA),
        "double": cv2.resize(page, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC),
        "JPEG": file.getvalue(),
    }[change]
    assert edit_distance(reader.read(changed).text, reader.read(page).text) <= 2


@given(
    size=st.tuples(st.integers(1, 90), st.integers(1, 90)),
    scale=st.tuples(st.floats(1, 8), st.floats(1, 8)),
    turns=st.integers(0, 3),
    data=st.data(),
)
def test_a_box_on_a_turned_and_reduced_page_leads_back_to_its_pixels(size, scale, turns, data):
    width, height = size
    picture = Picture(
        "x", np.zeros((height, width, 3), np.uint8), round(width * scale[0]), round(height * scale[1])
    )
    x0, y0 = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    x1, y1 = data.draw(st.integers(x0 + 1, width)), data.draw(st.integers(y0 + 1, height))
    picture.pixels[y0:y1, x0:x1] = 1
    rows, columns = np.nonzero(np.rot90(picture.pixels[..., 0], turns))
    box = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1], np.float32)
    left, top, right, bottom = _Frame(picture, turns).box(box)
    across, down = picture.scale
    assert 0 <= left < right <= picture.width
    assert 0 <= top < bottom <= picture.height
    assert (left, top, right, bottom) == pytest.approx(
        (x0 * across, y0 * down, x1 * across, y1 * down), abs=1
    )
    assert left <= x0 * across + 1e-3
    assert right >= min(picture.width, x1 * across - 1e-3)


# Determinism


def test_a_picture_is_always_read_the_same(reader, page, expected):
    assert [reader.read(page) for _ in range(3)] == [expected] * 3
    assert Reader(threads=1).read(page) == expected
    assert [*reader.read_many([page, 255 - page, page])][::2] == [expected] * 2


def test_sixteen_threads_read_the_same_as_one(reader):
    files = [EXAMPLES / f"{name}.jpg" for name in ("marker_seven", "pencil_rows", "postcode", "sideways")]
    alone = [reader.read(file) for file in files]
    with ThreadPoolExecutor(16) as pool:
        together = [*pool.map(reader.read, files * 8)]
    assert together == alone * 8


PROCESSES = """
import json, multiprocessing, sys
from inkread import Reader

def read(file):
    return Reader(threads=1).read(file).to_dict()

def read_shared(file):
    return shared.read(file).to_dict()

if __name__ == "__main__":
    way, *files = sys.argv[1:]
    if way == "fork":
        shared = Reader(threads=1)
        shared.read(files[0])  # before the fork
    with multiprocessing.get_context(way).Pool(2) as pool:
        print(json.dumps(pool.map(read_shared if way == "fork" else read, files)))
"""


@pytest.mark.slow
@pytest.mark.parametrize("way", sorted({"spawn", "fork"} & {*multiprocessing.get_all_start_methods()}))
def test_other_processes_read_the_same(reader, tmp_path, way):
    files = [str(EXAMPLES / f"{name}.jpg") for name in ("marker_seven", "pencil_rows", "postcode")]
    program = tmp_path / "program.py"
    program.write_text(PROCESSES, encoding="utf-8")
    command = [sys.executable, "-W", "ignore::DeprecationWarning", str(program), way, *files]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    assert json.loads(done.stdout) == json.loads(json.dumps([reader.read(file).to_dict() for file in files]))
