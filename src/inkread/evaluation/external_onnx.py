"""Runs an external ONNX model as a glyph classifier, and finds its input and output conventions by probing.

A file declares its input shape, but not which values mean ink. So this module tries every common convention
on labeled digits, and uses the one that reads the most; ``Convention`` describes it in words.
"""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from inkread.errors import MissingExtraError, ModelFormatError, ModelNotFoundError
from inkread.models import LARGEST_MODEL
from inkread.models.onnx_session import cause, start_session
from inkread.pipeline.classifier import BATCH, DIGITS, softmax

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from inkread.datasets.glyphs import LabelledGlyphs

SUFFIX = ".onnx"

KERAS_SUFFIXES = (".keras", ".h5", ".hdf5")

LAYOUTS: tuple[tuple[int, ...], ...] = ((1, 28, 28), (28, 28, 1), (28, 28), (784,))
"""Possible shapes of a glyph: channels first, channels last, plain, flat."""

MEAN, DEVIATION = 0.1307, 0.3081
"""Mean and standard deviation of MNIST's training pixels, 0..1; most PyTorch tutorials normalize by them."""

_BRIGHT = {
    "0–1": (0.0, 1.0),
    "0–255": (0.0, 255.0),
    "−1–1": (-1.0, 1.0),
    f"standardised ({MEAN}, {DEVIATION})": (-MEAN / DEVIATION, (1 - MEAN) / DEVIATION),
}
RANGES = _BRIGHT | {f"{name}, dark ink": (ink, paper) for name, (paper, ink) in _BRIGHT.items()}
"""Values of paper and ink, by the range's name."""

DTYPES: dict[str, type[np.generic]] = {
    "tensor(float)": np.float32,
    "tensor(double)": np.float64,
    "tensor(float16)": np.float16,
    "tensor(uint8)": np.uint8,
}
"""The runtime's names of supported input types."""

Scores = Literal["logits", "probabilities", "log-probabilities", "sigmoids"]

ROUNDING = 0.01
"""Tolerance for the sum of probabilities, large enough for half precision."""

LONGEST_CALL = 30.0
"""Timeout in seconds for a model's first glyphs, because a graph may loop forever."""

DOUBTFUL = 0.5
"""A model that reads a smaller share of the probing digits is probably used in an unintended way."""

DOUBTED = 0.02
"""Share of the labels assumed wrong when weighing conventions, so that overconfidence always has a cost."""

CLIPPED = 0.1
"""Maximum error of a quantized input's range at its ends, as a share of the range it was calibrated on."""

REMEDY = (
    "export it as one file with one input (N, 1, 28, 28), (N, 28, 28, 1), (N, 28, 28) or (N, 784) "
    "and ten scores per glyph"
)


@dataclass(frozen=True, slots=True)
class Convention:
    """A model's input and output conventions.

    Attributes:
        layout: the shape of one glyph, from ``LAYOUTS``.
        values: the values of paper and ink, a name in ``RANGES``.
        scores: the kind of the ten numbers.
        probed: share of the probing digits that it reads correctly, 0..1.
    """

    layout: tuple[int, ...]
    values: str
    scores: Scores
    probed: float

    def __str__(self) -> str:
        words = f"({', '.join(['N', *map(str, self.layout)])}), {self.values}, {self.scores}"
        doubt = f"; doubtful: {self.probed:.0%} of probing digits right" if self.probed < DOUBTFUL else ""
        return words + doubt


class ExternalNetwork:
    """An ONNX file in the runtime; safe to share between threads.

    Raises:
        ModelNotFoundError: the file cannot be read.
        ModelFormatError: it is not a runnable model of 28×28 glyphs, is too large, or keeps weights outside
            its file.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.content = path, _content(path)
        self._session = start_session(self.content, str(path), threads=0, remedy=REMEDY)
        inputs = self._session.get_inputs()
        if len(inputs) != 1 or inputs[0].type not in DTYPES:
            found = ", ".join(f"{node.name} {node.shape} {node.type}" for node in inputs)
            raise ModelFormatError(str(path), f"takes {found or 'nothing'}, not just glyphs", REMEDY)
        self._input, self._dtype = inputs[0].name, DTYPES[inputs[0].type]
        self.shape: list[int | str | None] = inputs[0].shape
        self.batch = self.shape[0] if self.shape and isinstance(self.shape[0], int) else None
        self.layouts = [layout for layout in LAYOUTS if not self.shape or _fits(self.shape[1:], layout)]
        if not self.layouts:
            shown = ", ".join("N" if axis is None else str(axis) for axis in self.shape)
            raise ModelFormatError(str(path), f"takes ({shown}), not 28×28 glyphs", REMEDY)
        self.layouts, self._output = self._tried()

    def scores(self, glyphs: NDArray[np.uint8], layout: tuple[int, ...], values: str) -> NDArray[np.float32]:
        """Returns the ten scores per glyph, N×10 float32, for N×28×28 uint8 in this layout and range."""
        paper, ink = RANGES[values]
        size = self.batch or BATCH
        parts = [
            self._run(_padded(part, self.batch), layout, paper, ink)[: len(part)]
            for part in (glyphs[start : start + size] for start in range(0, len(glyphs), size))
        ]
        return np.concatenate(parts) if parts else np.zeros((0, len(DIGITS)), np.float32)

    def probabilities(self, convention: Convention, glyphs: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Returns digit probabilities, N×10 float32, rows summing to 1, for N×28×28 uint8 with bright ink."""
        return as_probabilities(self.scores(glyphs, convention.layout, convention.values), convention.scores)

    @property
    def ranges(self) -> list[str]:
        """Lists the ranges that the input supports, by its type or, for an 8-bit model, its rounding step."""
        if self._dtype is np.uint8:
            return [name for name in RANGES if name.startswith("0–255")]
        limits = _quantized_range(self.content, self._input)
        if limits is None:
            return list(RANGES)
        slack = CLIPPED * (limits[1] - limits[0])
        fitting = [name for name, ends in RANGES.items() if np.abs(np.sort(ends) - limits).max() <= slack]
        return fitting or list(RANGES)

    def _run(
        self, glyphs: NDArray[np.uint8], layout: tuple[int, ...], paper: float, ink: float
    ) -> NDArray[np.float32]:
        inputs = (paper + glyphs.astype(np.float32) * np.float32((ink - paper) / 255)).astype(self._dtype)
        try:
            found = self._session.run([self._output], {self._input: inputs.reshape(-1, *layout)})[0]
        except Exception as error:  # the runtime's exceptions have no more specific base class
            problem = f"fails on {len(glyphs)} glyphs ({cause(error)})"
            raise ModelFormatError(str(self.path), problem, REMEDY) from error
        return np.asarray(found, np.float32).reshape(len(glyphs), -1)

    def _tried(self) -> tuple[list[tuple[int, ...]], str]:
        """Returns the layouts in which the model runs, and the first output with ten numbers per glyph."""
        count = self.batch or 2  # two, to distinguish the batch axis from one that happens to be 1
        outputs = [node.name for node in self._session.get_outputs()]
        works: dict[tuple[int, ...], str] = {}
        problem = ""
        for layout in self.layouts:
            blank = np.zeros((count, *layout), self._dtype)
            try:
                given = dict(zip(outputs, self._limited(blank), strict=True))
            except Exception as error:  # noqa: BLE001 - the runtime's exceptions have no other base class
                problem = problem or f"cannot run ({cause(error)})"
                continue
            fitting = [name for name, value in given.items() if _is_ten_each(value, count)]
            if fitting:
                works[layout] = fitting[0]
            else:
                shapes = ", ".join(f"{name} {np.shape(value)}" for name, value in given.items())
                problem = f"outputs {shapes} for {count} glyphs, not ten scores each"
        if not works:
            raise ModelFormatError(str(self.path), problem, REMEDY)
        return list(works), next(iter(works.values()))

    def _limited(self, inputs: NDArray[Any]) -> list[Any]:
        import onnxruntime as ort

        options = ort.RunOptions()
        watch = threading.Timer(LONGEST_CALL, setattr, (options, "terminate", True))
        watch.daemon = True
        watch.start()
        try:
            return list(self._session.run(None, {self._input: inputs}, options))
        finally:
            watch.cancel()


def find_convention(network: ExternalNetwork, probes: LabelledGlyphs) -> Convention:
    """Finds the convention in which a network reads the most probing digits.

    Scaling the inputs only scales the logits of a network without biases, and hardly changes the results of
    many others. So among the conventions within a standard error of the best, this function picks the one
    with the lowest cross-entropy: inputs that are too large make a network overconfident, and too small ones
    underconfident.

    Raises:
        ModelFormatError: no convention yields only finite scores.
    """
    tried = list(_tried(network, probes))
    if not tried:
        problem = "outputs scores that are not numbers"
        raise ModelFormatError(str(network.path), problem, "export it again from weights that read digits")
    best = max(convention.probed for convention, _ in tried)
    error = math.sqrt(best * (1 - best) / len(probes))
    return min((one for one in tried if one[0].probed >= best - error), key=lambda one: one[1])[0]


def _tried(network: ExternalNetwork, probes: LabelledGlyphs) -> Iterator[tuple[Convention, float]]:
    """Yields every convention with its mean cross-entropy on the probing digits."""
    rows = np.arange(len(probes))
    for layout in network.layouts:
        for values in network.ranges:
            scores = network.scores(probes.images, layout, values)
            if not np.isfinite(scores).all():
                continue
            kind = kind_of(scores)
            shares = as_probabilities(scores, kind)
            right = float((shares.argmax(axis=1) == probes.labels).mean())
            losses = -np.log(np.maximum(shares, np.finfo(np.float32).tiny))
            loss = (1 - DOUBTED) * losses[rows, probes.labels] + DOUBTED * losses.mean(axis=1)
            yield Convention(layout, values, kind, right), float(loss.mean())


def kind_of(scores: NDArray[np.float32]) -> Scores:
    """Detects the kind of scores N×10 from their values."""
    if scores.min() >= 0 and scores.max() <= 1 + ROUNDING:
        sums = scores.sum(axis=1)
        return "probabilities" if np.abs(sums - 1).max() <= ROUNDING else "sigmoids"
    if scores.max() <= ROUNDING and np.abs(np.exp(scores).sum(axis=1) - 1).max() <= ROUNDING:
        return "log-probabilities"
    return "logits"


def as_probabilities(scores: NDArray[np.float32], kind: Scores) -> NDArray[np.float32]:
    """Converts scores N×10 to probabilities, rows summing to 1; a row of zero sigmoids becomes uniform."""
    if kind in ("logits", "log-probabilities"):
        return softmax(scores)
    positive = np.maximum(scores, np.finfo(np.float32).tiny)
    return np.asarray(positive / positive.sum(axis=1, keepdims=True), np.float32)


def _content(path: Path) -> bytes:
    if path.suffix.lower() in KERAS_SUFFIXES:
        remedy = f"if you trust it, run: inkread import {path} --trust --out DIR, and compare DIR"
        raise ModelFormatError(str(path), "is a Keras file, which may contain code", remedy)
    if path.suffix.lower() != SUFFIX:
        raise ModelFormatError(str(path), "is not a model that can be compared", "export it as ONNX")
    try:
        if path.stat().st_size > LARGEST_MODEL:
            raise ModelFormatError(str(path), "is too large for a glyph model", "use one of at most 256 MiB")
        return path.read_bytes()
    except OSError as error:
        problem = f"cannot be read ({error.strerror or error})"
        raise ModelNotFoundError(str(path), problem, "check the path") from error


def _quantized_range(content: bytes, name: str) -> tuple[float, float] | None:
    """Returns the minimum and maximum of an input after 8-bit rounding, if the model begins with that.

    Values beyond are clipped, so a model reads inputs of too large a range nearly as well: they look like
    thicker ink.
    """
    try:
        import onnx
    except ModuleNotFoundError as error:
        raise MissingExtraError("onnx", "train") from error
    graph = onnx.load_model_from_string(content).graph
    rounding = [node for node in graph.node if node.op_type == "QuantizeLinear" and node.input[0] == name]
    weights = {each.name: each for each in graph.initializer}
    if len(rounding) != 1 or not {*rounding[0].input[1:]} <= {*weights}:
        return None
    scale, *zero = (onnx.numpy_helper.to_array(weights[each]) for each in rounding[0].input[1:])
    point = zero[0] if zero else np.zeros((), np.uint8)
    if scale.size != 1 or point.dtype not in (np.uint8, np.int8):
        return None
    ends = np.iinfo(point.dtype)
    low, high = ((end - float(point)) * float(scale) for end in (ends.min, ends.max))
    return low, high


def _fits(shape: list[int | str | None], layout: tuple[int, ...]) -> bool:
    """Returns whether the input accepts glyphs of this layout; a dynamic axis may have any size."""
    return len(shape) == len(layout) and all(
        not isinstance(one, int) or one == other for one, other in zip(shape, layout, strict=True)
    )


def _is_ten_each(value: object, count: int) -> bool:
    return (
        isinstance(value, np.ndarray)
        and np.issubdtype(value.dtype, np.floating)
        and value.shape[:1] == (count,)
        and value.size == count * len(DIGITS)
    )


def _padded(glyphs: NDArray[np.uint8], batch: int | None) -> NDArray[np.uint8]:
    """Pads the glyphs with blank ones to the model's fixed batch size."""
    missing = max(0, (batch or 0) - len(glyphs))
    return np.pad(glyphs, [(0, missing), (0, 0), (0, 0)])
