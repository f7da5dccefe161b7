"""No picture takes long to read: the networks' input is bounded for any page."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from worst_pictures import WORST, worst

from inkread import Reader
from inkread.models.onnx_session import Network
from inkread.pipeline.closeups import CloseupClassifier
from inkread.pipeline.config import DEFAULT_CONFIG
from inkread.pipeline.detector import Detector
from inkread.pipeline.strip_reader import StripReader

if TYPE_CHECKING:
    import numpy as np

LOOKS = 4
"""A page is read upright, and in at most three other orientations."""


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader()


@pytest.mark.parametrize("name", WORST)
def test_the_networks_input_is_bounded_for_any_page(
    name: str, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    count: Counter[str] = Counter()
    logits, columns, probabilities = (
        CloseupClassifier.logits,
        StripReader.probabilities_of,
        reader.classifier.probabilities,
    )

    def counted_closeups(self: CloseupClassifier, grey: np.ndarray, boxes: np.ndarray) -> Any:
        count["closeups"] += len(boxes)
        return logits(self, grey, boxes)

    def counted_pixels(self: Detector, inputs: np.ndarray, **options: Any) -> Any:
        count["pixels"] += inputs[0, 0].size
        return Network._run(self, inputs, **options)

    def counted_columns(self: StripReader, strips: list[Any]) -> Any:
        count["columns"] += sum(strip.shape[1] for strip in strips)
        return columns(self, strips)

    def counted_glyphs(glyphs: np.ndarray, **options: Any) -> np.ndarray:
        count["glyphs"] += len(glyphs)
        return probabilities(glyphs, **options)

    monkeypatch.setattr(Detector, "_run", counted_pixels)
    monkeypatch.setattr(CloseupClassifier, "logits", counted_closeups)
    monkeypatch.setattr(StripReader, "probabilities_of", counted_columns)
    monkeypatch.setattr(reader.classifier, "probabilities", counted_glyphs)
    reader.trace(worst(name, share=0.15))
    most = DEFAULT_CONFIG.most_candidates
    assert count["pixels"] <= 2 * DEFAULT_CONFIG.most_pixels  # all scales and orientations together
    assert count["closeups"] <= LOOKS * most
    assert count["glyphs"] <= LOOKS * (most + 1)
    assert count["columns"] <= LOOKS * most * 100  # a strip is as long as its boxes and the gaps between them
