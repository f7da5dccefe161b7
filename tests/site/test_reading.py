"""The reader in JavaScript reads what the reader in Python reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from inkread.datasets.stroke_font import WriterStyle, write_digit, write_row
from inkread.datasets.stroke_rendering import draw_strokes
from inkread.picture import load_picture
from inkread.pipeline.glyph import normalize
from inkread.reader import Reader
from inkread.site.build import networks, settings_of

EXAMPLES = Path(__file__).parents[2] / "examples"
PICTURES = ["drawing.png", "marker_seven.jpg", "column_sum.jpg", "sideways.jpg", "postcode.jpg"]
NEAR = 0.02
"""Largest difference in probability: sums in other orders round otherwise, and 8-bit values then step."""


def written(text: str, seed: int, height: int) -> np.ndarray:
    """A row of digits, dark on light."""
    rng = np.random.default_rng(seed)
    strokes = [stroke[:, :2] for stroke in write_row(text, WriterStyle((0,) * 10, slant=0.1), rng)]
    ink = draw_strokes(strokes, height=height, pen_width=5)
    page = np.full((height + 90, ink.shape[1] + 80), 235, np.float32)
    page[40 : 40 + height, 30 : 30 + ink.shape[1]] -= 190 * ink
    return np.rint(page + rng.normal(0, 3, page.shape)).clip(0, 255).astype(np.uint8)


def grey_of(name: str) -> np.ndarray:
    """Returns one of the examples."""
    return np.asarray(cv2.cvtColor(load_picture(EXAMPLES / name).pixels, cv2.COLOR_RGB2GRAY), np.uint8)


def on_a_large_page(grey: np.ndarray) -> np.ndarray:
    """Returns a large page with a small picture on it, upside down; only that shows which way up it is."""
    small = cv2.resize(grey, None, fx=0.33, fy=0.33, interpolation=cv2.INTER_AREA)
    page = np.full((900, 1300), int(np.median(small)), np.uint8)
    page[400 : 400 + small.shape[0], 700 : 700 + small.shape[1]] = small
    return np.ascontiguousarray(page[::-1, ::-1])


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(threads=1)


@pytest.fixture
def read(node, modules, runtime, tmp_path):
    """Reads pictures and classifies drawings in JavaScript."""
    (modules / "onnxruntime.js").write_bytes(runtime.script)
    (tmp_path / "runtime.wasm").write_bytes(runtime.binary)
    for name, model in networks().items():
        (tmp_path / f"{name}.onnx").write_bytes(model.content)

    def run(pages: list[tuple[np.ndarray, dict[str, Any]]], drawings: list[np.ndarray]) -> Any:
        arrays = {f"{index}.grey": grey for index, (grey, _) in enumerate(pages)}
        arrays |= {f"{index}.drawing": drawing for index, drawing in enumerate(drawings)}
        value = {
            "settings": settings_of({}),
            "wasm": str(tmp_path / "runtime.wasm"),
            "networks": {name: str(tmp_path / f"{name}.onnx") for name in networks()},
            "pages": [
                {"file": f"{index}.grey", "width": grey.shape[1], "height": grey.shape[0], **options}
                for index, (grey, options) in enumerate(pages)
            ],
            "drawings": [f"{index}.drawing" for index in range(len(drawings))],
        }
        return node("read.mjs", value, arrays)

    return run


def test_pictures_are_read_as_in_python(read, reader):
    greys = [grey_of(name) for name in PICTURES]
    pointed = written("314", 1, 60)
    cv2.circle(pointed, (pointed.shape[1] // 2 - 18, 98), 4, 45, -1)
    greys += [pointed, written("2007", 2, 90), written("8675309", 3, 30)]
    greys += [np.full((40, 60), 200, np.uint8), np.zeros((1, 1), np.uint8), np.full((3, 700), 9, np.uint8)]
    pages = [(grey, {"single": single}) for grey in greys for single in (False, True)]
    pages.append((on_a_large_page(grey_of("pencil_rows.jpg")), {"single": False}))
    pages.append((greys[0], {"single": False, "size": [greys[0].shape[1] * 3, greys[0].shape[0] * 3]}))
    found = read(pages, [])["readings"]
    for (grey, options), reading in zip(pages[:-1], found, strict=False):
        expected = reader.trace(grey, single=options["single"]).reading.to_dict()
        assert (reading["text"], reading["written"]) == (expected["text"], expected["written"])
        for line, same in zip(reading["lines"], expected["lines"], strict=True):
            for digit, other in zip(line["digits"], same["digits"], strict=True):
                assert digit["box"] == other["box"]
                assert digit["probability"] == pytest.approx(other["probability"], abs=NEAR)
                assert len(digit["probabilities"]) == 10
            assert [sign["label"] for sign in line["signs"]] == [sign["label"] for sign in same["signs"]]
    assert sum(len(line["digits"]) for reading in found for line in reading["lines"]) > 40
    assert found[-2]["text"] == "2718\n28459\n0452"
    assert found[-1]["width"] == 3 * found[0]["width"], "boxes are in pixels of the source picture"
    (box,), (larger,) = ([line["digits"][0]["box"] for line in found[at]["lines"]][:1] for at in (0, -1))
    assert np.abs(3 * np.array(box) - larger).max() <= 3


def test_drawings_of_28_by_28_pixels_are_classified_as_by_the_server(read, reader):
    rng = np.random.default_rng(8)
    inks = [
        draw_strokes([stroke[:, :2] for stroke in strokes], height=28, pen_width=2.5)[:, :28]
        for strokes in (write_digit(digit, WriterStyle((0,) * 10), rng) for digit in "0123456789")
    ]
    drawings = [np.zeros((28, 28), np.uint8) for _ in inks]
    for drawing, ink in zip(drawings, inks, strict=True):
        drawing[:, : ink.shape[1]] = np.rint(255 * ink)
    found = read([], drawings)["classified"]
    glyphs = np.stack([normalize(drawing.astype(np.float32) / np.float32(255)) for drawing in drawings])
    expected = reader.classifier.probabilities(glyphs)
    for answer, probabilities in zip(found, expected, strict=True):
        np.testing.assert_allclose(answer["probabilities"][0], probabilities, atol=NEAR)
    assert [answer["digits"][0] for answer in found] == [
        answer["labels"][int(probabilities.argmax())]
        for answer, probabilities in zip(found, expected, strict=True)
    ]


def test_settings_are_those_of_the_reader_in_python(reader):
    settings = json.loads(json.dumps(settings_of({})))
    assert settings["config"]["first_side"] == reader.config.first_side
    assert settings["fusion"]["page"]["bias"] == reader.detector.fusion.page.bias
    assert settings["temperature"] == reader.classifier.model.card.temperature
