"""Lines are found wherever they are, whatever they say, and cut out upright at one height."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from inkread.pipeline.ink import ink_of
from inkread.pipeline.text_lines import FILL, FLATTEST, HEIGHT, MOST_LINES, find_lines, strip_of

WORDS = ("Every good boy", "does fine and", "jumps quickly")


def page(*lines: str, size: float = 1.2, apart: int = 60, paper: int = 240, ink: int = 30) -> np.ndarray:
    """Returns a page with lines of text in one of OpenCV's fonts."""
    picture = np.full((apart * (len(lines) + 1), 640), paper, np.uint8)
    for number, line in enumerate(lines):
        place = (40, apart * (number + 1))
        cv2.putText(picture, line, place, cv2.FONT_HERSHEY_SCRIPT_SIMPLEX, size, ink, 2, cv2.LINE_AA)
    return picture


def turned(picture: np.ndarray, degrees: float) -> np.ndarray:
    height, width = picture.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    return cv2.warpAffine(picture, matrix, (width, height), borderValue=240)


def filled(line: object) -> float:
    """Returns the share of a strip's rows that have ink."""
    dark = line.pixels < 135
    return np.ptp(np.flatnonzero(dark.any(axis=1))) / HEIGHT


@pytest.mark.parametrize(
    "picture",
    [
        page(*WORDS),
        page(*WORDS, paper=30, ink=220),
        turned(page(*WORDS), 3),
        turned(page(*WORDS), -3),
        page(*WORDS, size=3.2, apart=160)[:, :],
        cv2.GaussianBlur(page(*WORDS), (0, 0), 1.2),
    ],
)
def test_each_line_is_found_once_from_top_to_bottom(picture):
    lines = find_lines(picture)
    assert len(lines) == 3
    assert [line.course[1] for line in lines] == sorted(line.course[1] for line in lines)


def test_a_strip_has_one_height_and_its_ink_fills_it():
    for line in find_lines(page(*WORDS)):
        assert line.pixels.shape[0] == HEIGHT
        assert filled(line) == pytest.approx(FILL, abs=0.15)


def test_a_sloping_line_becomes_level():
    (line,) = find_lines(turned(page("level or not"), 4))
    assert line.course[0] == pytest.approx(-np.tan(np.deg2rad(4)), abs=0.02)
    assert filled(line) == pytest.approx(FILL, abs=0.2)


def test_ruled_paper_has_the_same_lines():
    picture = page(*WORDS)
    for y in range(10, picture.shape[0], 60):
        cv2.line(picture, (0, y), (picture.shape[1], y), 150, 1)
    assert len(find_lines(picture)) == 3


def grainy(picture: np.ndarray, deviation: float, size: float) -> np.ndarray:
    """Returns the picture on paper with grain: noise blurred to grains of some size."""
    grain = np.random.default_rng(4).standard_normal(picture.shape).astype(np.float32)
    grain = cv2.GaussianBlur(grain, (0, 0), size) if size else grain
    return np.clip(picture + deviation * grain / grain.std(), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("size", [0, 0.8, 1.5])
@pytest.mark.parametrize("deviation", [3, 6, 10])
def test_the_grain_of_paper_is_not_ink(deviation, size):
    picture = grainy(
        cv2.copyMakeBorder(page(*WORDS), 200, 200, 100, 100, cv2.BORDER_REPLICATE), deviation, size
    )
    assert len(find_lines(picture)) == 3


def test_paper_with_grain_alone_has_no_lines():
    assert find_lines(grainy(np.full((700, 900), 200, np.uint8), 6, 0.8)) == []


@pytest.mark.parametrize("slope", [-0.05, -0.02, 0.01, 0.04])
def test_sloping_rules_are_not_lines(slope):
    picture = cv2.copyMakeBorder(page(*WORDS), 60, 60, 60, 60, cv2.BORDER_REPLICATE)
    for y in range(-60, picture.shape[0] + 60, 45):
        cv2.line(
            picture, (0, y), (picture.shape[1], round(y + slope * picture.shape[1])), 140, 1, cv2.LINE_AA
        )
    assert len(find_lines(picture)) == 3


def capitals(text: str, *, frames: bool, shared: bool = False, grey: int = 150, thick: int = 2) -> np.ndarray:
    """Returns a page with a row of capitals, each in a frame, or in one frame that is divided."""
    step = 60 if shared else 72
    picture = np.full((220, step * len(text) + 80), 240, np.uint8)
    for number, letter in enumerate(text):
        x = 40 + step * number
        cv2.putText(picture, letter, (x + 12, 132), cv2.FONT_HERSHEY_SIMPLEX, 1.8, 30, 3, cv2.LINE_AA)
        if frames:
            cv2.rectangle(picture, (x, 76), (x + 60, 148), grey, thick, cv2.LINE_AA)
    return picture


@pytest.mark.parametrize("degrees", [0, 2, -2])
@pytest.mark.parametrize(
    "frame", [{}, {"shared": True}, {"grey": 200}, {"grey": 40, "thick": 4}, {"shared": True, "thick": 4}]
)
def test_frames_around_characters_are_not_ink(frame, degrees):
    shared = frame.get("shared", False)
    framed = ink_of(turned(capitals("OCHD2B", frames=True, **frame), degrees)).mask
    plain = ink_of(turned(capitals("OCHD2B", frames=False, shared=shared), degrees)).mask
    around = cv2.dilate(plain.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    assert (framed & ~around).sum() < 0.05 * plain.sum()
    assert (framed & plain).sum() > 0.9 * plain.sum()


def test_round_and_angular_letters_are_no_frames():
    mask = ink_of(capitals("ODQ0B8", frames=False)).mask
    assert len(find_lines(capitals("ODQ0B8", frames=False))) == 1
    assert cv2.connectedComponents(mask.astype(np.uint8))[0] == 7


def test_a_broad_stroke_is_no_frame():
    picture = np.full((300, 300), 240, np.uint8)
    cv2.rectangle(picture, (140, 60), (164, 220), 30, -1)
    assert ink_of(picture).mask.any()
    assert len(find_lines(picture)) == 1


def test_numbers_close_below_each_other_are_lines_of_their_own():
    assert len(find_lines(page("384", "1207", "96", "1687", size=1.6, apart=52))) == 4


def test_a_dot_belongs_to_its_line():
    picture = page("minimum")
    cv2.circle(picture, (66, 26), 3, 30, -1)
    assert len(find_lines(picture)) == 1


def test_a_box_leads_back_to_the_page():
    (line,) = find_lines(page("where is it"))
    x0, y0, x1, y1 = line.box(0, line.pixels.shape[1])
    assert x0 < 60
    assert y0 < 40
    assert x1 > 200
    assert y1 > 55


@pytest.mark.parametrize("picture", [np.full((80, 90), 255, np.uint8), np.zeros((1, 1), np.uint8)])
def test_blank_pictures_have_no_lines(picture):
    assert find_lines(picture) == []
    assert ink_of(picture).box is None


def test_textures_have_a_bounded_number_of_lines():
    noise = np.random.default_rng(0).integers(0, 256, (900, 900)).astype(np.uint8)
    assert len(find_lines(noise)) <= MOST_LINES


def test_two_columns_are_not_one_line():
    picture = np.hstack(
        [page("left side")[:, :340], np.full((120, 300), 240, np.uint8), page("right")[:, :340]]
    )
    assert len(find_lines(picture)) == 2


@pytest.mark.parametrize(("height", "width"), [(90, 40), (9, 4), (1, 1), (4, 300), (300, 4), (700, 700)])
def test_a_character_alone_is_drawn_as_a_line_of_its_height(height: int, width: int):
    ink = np.zeros((height + 6, width + 8), np.float32)
    ink[3 : 3 + height, 4 : 4 + width] = 1
    strip = strip_of(ink)
    dark = np.argwhere(strip < 128)
    tall, wide = np.ptp(dark, axis=0) + 1
    assert strip.shape[0] == HEIGHT
    assert strip.max() == 255
    assert strip.shape[1] < 4 * HEIGHT
    assert tall == pytest.approx(FILL * HEIGHT * min(1, FLATTEST * height / width), abs=1)
    assert wide == pytest.approx(tall * width / height, abs=1 + 0.5 * width / height)
    assert abs(dark.mean(axis=0) - (np.array(strip.shape) - 1) / 2).max() <= 1
