"""A row is cut out level and whole, and what is found in it is found again on the page."""

from __future__ import annotations

import numpy as np
import pytest

from inkread.bands import MARGIN, Band, band_of, whole
from inkread.layout import Row, find_rows, find_segments

HEIGHT, PITCH = 40, 60


def page(slope: float, count: int = 8) -> np.ndarray:
    """Upright bars of equal height along a line that falls by ``slope``."""
    ink = np.zeros((400, 640), np.float32)
    for index in range(count):
        x = 60 + PITCH * index
        y = round(150 + slope * x)
        ink[y : y + HEIGHT, x : x + 12] = 1
    return ink


def row_of(ink: np.ndarray) -> Row:
    segments = find_segments(ink)
    (row,) = find_rows(segments, np.ones(len(segments)), ink.shape[::-1])
    return row


@pytest.mark.parametrize("slope", [0.0, 0.15, -0.2])
def test_a_sloping_row_is_cut_out_level(slope: float) -> None:
    ink = page(slope)
    band = band_of(row_of(ink))
    assert band.slope == pytest.approx(slope, abs=0.02)
    assert band.height == pytest.approx(HEIGHT * (1 + 2 * MARGIN), abs=6)
    cut = band.cut(ink)
    assert cut.shape == (band.height, band.width)
    assert cut.sum() == pytest.approx(ink.sum(), rel=0.01)
    rows = np.flatnonzero(cut.max(axis=1) > 0.5)
    assert rows[-1] - rows[0] + 1 <= HEIGHT + 5


@pytest.mark.parametrize("slope", [0.0, 0.15, -0.2])
def test_a_box_in_the_band_lies_on_the_same_ink_of_the_page(slope: float) -> None:
    ink = page(slope)
    band = band_of(row_of(ink))
    cut = band.cut(ink)
    columns = np.flatnonzero(cut.max(axis=0) > 0.5)
    first = columns[: np.argmax(np.diff(columns, append=1e9) > 1) + 1]
    rows = np.flatnonzero(cut[:, first].max(axis=1) > 0.5)
    x0, y0, x1, y1 = band.to_map((first[0], rows[0], first[-1] + 1, rows[-1] + 1), ink.shape[::-1])
    assert (x0, x1) == (60, 72)
    assert abs(y0 - round(150 + slope * 60)) <= 2
    assert abs(y1 - y0 - HEIGHT) <= 4


def test_two_pieces_of_unequal_height_are_no_slope() -> None:
    ink = np.zeros((100, 100), np.float32)
    ink[10:60, 10:20] = 1
    ink[35:60, 50:60] = 1
    assert band_of(row_of(ink)).slope == 0


def test_paper_beyond_the_border_is_blank() -> None:
    cut = Band(-5, -3.0, 20, 16).cut(np.ones((10, 10), np.float32))
    assert cut[:3].max() == 0
    assert cut[:, :5].max() == 0
    assert cut[4, 6] == 1


@pytest.mark.parametrize("box", [(-50, -50, -40, -40), (500, 500, 600, 600), (3, 3, 3, 3)])
def test_a_box_stays_within_the_map_and_has_a_pixel(box: tuple[float, float, float, float]) -> None:
    x0, y0, x1, y1 = whole((30, 20)).to_map(box, (30, 20))
    assert 0 <= x0 < x1 <= 30
    assert 0 <= y0 < y1 <= 20
