"""Exports the network that reads lines of text, in ONNX and LiteRT; compared on drawn lines."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from inkread.errors import OptionError
from inkread.export.formats import module_of
from inkread.export.parity import Parity
from inkread.export.source import finished
from inkread.models.card import TEXT_CLASSES
from inkread.models.onnx_session import start_session
from inkread.models.quantization import in_32_bits
from inkread.pipeline.classifier import softmax
from inkread.pipeline.columns import ANSWERS, COLUMN, unfolded
from inkread.pipeline.decoding import greedy
from inkread.pipeline.strips import planes
from inkread.pipeline.text_lines import HEIGHT, find_lines
from inkread.system.files import whole_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import onnx
    from numpy.typing import NDArray

    from inkread.export.formats import Exported, Format
    from inkread.models import Card, Model

    Columns = list[NDArray[np.float32]]
    Run = Callable[[NDArray[np.float32]], NDArray[np.float32]]

FORMATS = ("onnx", "litert")
LINES, SHOWN = 60, 3
"""Drawn lines on which a file is compared, and how many of them come with it."""
MULTIPLE = ANSWERS * COLUMN
"""The width of a line is a multiple of this."""
WORDS = (
    *("the", "quick", "brown", "fox", "jumps", "over", "a", "lazy", "dog"),
    *("Room", "12", "No.", "407", "Anna", "Berg", "2,50", "und", "wer", "war", "das"),
)
FONTS = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_SCRIPT_SIMPLEX, cv2.FONT_HERSHEY_COMPLEX)

PREPROCESSING = (
    f"One level line of text, {HEIGHT} pixels high, W a multiple of {MULTIPLE}. Its grey values, less their "
    "mean, divided by three standard deviations, limited to -1..1, with bright ink. Channels first in ONNX "
    "(N, 1, H, W), last in LiteRT (1, H, W, 1)."
)
MEANING = {
    "logits": "(N, 2 * labels, 1, W / 4): reshape to (N, 2, labels, W / 4), and transpose to "
    "(N, W / 4, 2, labels) for (N, W / 2, labels); the softmax gives the probability of each label in each "
    "2 pixels.",
    "probabilities": "(1, W / 2, labels): the probability of each label in each 2 pixels.",
}
BLANK = "Take the best label of each column, repeated ones once, and leave out '', the blank."


@dataclasses.dataclass(frozen=True, slots=True)
class Lines:
    """Lines for comparison, uint8 48×W each, and their texts."""

    pixels: list[NDArray[np.uint8]]
    texts: list[str]

    def columns(self, run: Run) -> Columns:
        """Returns the probabilities of each line's columns, (W / 2)×labels."""
        return [run(planes(line[None], np.array([line.shape[1]]))) for line in self.pixels]


def drawn_lines(count: int = LINES) -> Lines:
    """Draws lines of up to three words in OpenCV's pen fonts."""
    rng = np.random.default_rng(0)
    lines = Lines([], [])
    while len(lines.texts) < count:
        text = " ".join(rng.choice(WORDS, int(rng.integers(1, 4))))
        font, size = FONTS[int(rng.integers(len(FONTS)))], float(rng.uniform(1.0, 2.0))
        (width, height), _ = cv2.getTextSize(text, font, size, 2)
        page = np.full((3 * height + 20, width + 40), 255, np.uint8)
        cv2.putText(page, text, (20, 2 * height), font, size, 30, 2)
        found = list(find_lines(page))
        if len(found) == 1:
            pixels = found[0].pixels
            lines.pixels.append(pixels[:, : pixels.shape[1] // MULTIPLE * MULTIPLE])
            lines.texts.append(text)
    return lines


def reads_lines(card: Card) -> bool:
    """Returns whether a model is a network that reads lines of text."""
    return tuple(card.labels) == TEXT_CLASSES


def line_exporter(model: Model, formats: Sequence[Format]) -> Callable[[Format, Path], Exported]:
    """Returns a function that exports the network to one of these formats, into a folder.

    Raises:
        OptionError: a format is only for models of glyphs.
    """
    for each in formats:
        if each.name not in FORMATS:
            problem = f"is a format for models of glyphs, and {model.name} reads lines"
            raise OptionError(f"--to {each.name}", problem, f"use {' or '.join(FORMATS)}")
    plain = in_32_bits(model.content)
    lines = drawn_lines()
    in_use = lines.columns(onnx_run(model.content))
    exact = {"onnx": in_use, "litert": lines.columns(onnx_run(plain.SerializeToString()))}

    def export(format_: Format, folder: Path) -> Exported:
        with whole_folder(folder) as parts:
            found = lines.columns(_written(format_, model, plain, parts / format_.file))
            parity = parity_of_lines(found, exact[format_.name], in_use, lines.texts)
            parity.require(str(folder / format_.file), format_.largest_difference)
            about, vectors = _interface(format_), _vectors(lines, found)
            return finished(format_, model.card, parity, parts, folder, interface=about, vectors=vectors)

    return export


def _written(format_: Format, model: Model, plain: onnx.ModelProto, path: Path) -> Run:
    """Writes the file, and loads it as a function from the planes of a line to its columns' probabilities."""
    if format_.name == "onnx":
        path.write_bytes(model.content)
        return onnx_run(path.read_bytes())
    litert = module_of("to_litert", format_.extra)
    litert.write_lines(dataclasses.replace(model, content=plain.SerializeToString()), path)
    run: Run = litert.load_lines(path)
    return run


def onnx_run(content: bytes) -> Run:
    """Returns a function from the planes of one line, 1×1×48×W, to the probabilities of its columns."""
    session = start_session(content, "the network of lines", threads=0)
    return lambda line: softmax(unfolded(session.run(["columns"], {"lines": line})[0][0, :, 0]))


def parity_of_lines(found: Columns, exact: Columns, in_use: Columns, texts: Sequence[str]) -> Parity:
    """Compares a file with its source in the same arithmetic, and with the network that inkread uses."""
    read, expected, now = ([greedy(each.argmax(axis=1)) for each in part] for part in (found, exact, in_use))
    gap = max(float(np.abs(one - other).max()) for one, other in zip(found, exact, strict=True))
    return Parity(
        on="drawn lines of text",
        count=len(texts),
        largest_difference=gap if np.isfinite(gap) else float("inf"),
        changed=sum(one != other for one, other in zip(read, expected, strict=True)),
        accuracy=_share_right(read, texts),
        accuracy_before=_share_right(now, texts),
    )


def _share_right(read: Sequence[str], texts: Sequence[str]) -> float:
    return sum(one == other for one, other in zip(read, texts, strict=True)) / len(texts)


def _interface(format_: Format) -> dict[str, Any]:
    meaning = f"{MEANING[format_.gives]} {BLANK}"
    return {
        "input": {"name": "lines", "dtype": "float32", "range": [-1, 1], "preprocessing": PREPROCESSING},
        "output": {"name": format_.gives, "dtype": "float32", "meaning": meaning},
    }


def _vectors(lines: Lines, columns: Columns) -> dict[str, Any]:
    arrays: dict[str, Any] = {"texts": np.array(lines.texts[:SHOWN])}
    for index in range(SHOWN):
        arrays |= {f"line_{index}": lines.pixels[index], f"columns_{index}": columns[index]}
    return arrays
