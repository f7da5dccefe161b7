"""Small untrained models, ONNX files as others might make of them, and glyphs to inspect."""

from __future__ import annotations

import numpy as np
import pytest

from inkread.datasets.glyphs import LabelledGlyphs
from inkread.datasets.synthetic_digits import synthetic_digits
from inkread.evaluation.external_onnx import RANGES
from inkread.evaluation.plots import inspection as inspection_module
from inkread.models.card import DIGIT_CLASSES
from inkread.training.recipe import Augmentation, Recipe

HELD_OUT = 200
RECIPE = Recipe(
    network="tiny", epochs=2, validation=HELD_OUT, augmentation=Augmentation(rotation=10.0), threads=1
)


def templates(glyphs):
    """Weights and biases of a linear digit classifier, by least squares: 785×10."""
    flat = glyphs.images.reshape(len(glyphs), -1) / 255
    wanted = np.eye(10)[glyphs.labels] * 16 - 8
    inputs = np.concatenate([flat, np.ones((len(flat), 1))], axis=1)
    return np.linalg.solve(inputs.T @ inputs + 10 * np.eye(785), inputs.T @ wanted).astype(np.float32)


@pytest.fixture(scope="session")
def digits():
    """400 synthetic digits that the model has not seen."""
    return synthetic_digits(400, seed=1)


@pytest.fixture(scope="session")
def foreign_model():
    """Makes an ONNX file of a linear classifier with a given input layout, range and kind of scores."""
    onnx = pytest.importorskip("onnx", reason="onnx is not installed (extra: train)")
    from onnx import TensorProto, helper, numpy_helper

    weights = templates(synthetic_digits(1_000))

    def make(
        *, layout=(28, 28), values="0–1", scores="logits", batch="N", dtype=TensorProto.FLOAT, outputs=10
    ):
        paper, ink = RANGES[values]
        tensors = {
            "paper": np.float32(paper),
            "span": np.float32(ink - paper),
            "flat": np.array([-1, 784]),
            "weights": weights[:784, :outputs],
            "biases": weights[784, :outputs],
        }
        last = {
            "logits": "Identity",
            "probabilities": "Softmax",
            "log-probabilities": "LogSoftmax",
            "sigmoids": "Sigmoid",
        }[scores]
        nodes = [
            helper.make_node("Cast", ["x"], ["float"], to=TensorProto.FLOAT),
            helper.make_node("Sub", ["float", "paper"], ["less"]),
            helper.make_node("Div", ["less", "span"], ["glyphs"]),
            helper.make_node("Reshape", ["glyphs", "flat"], ["rows"]),
            helper.make_node("Gemm", ["rows", "weights", "biases"], ["raw"]),
            helper.make_node(last, ["raw"], ["y"]),
        ]
        graph = helper.make_graph(
            nodes,
            "theirs",
            [helper.make_tensor_value_info("x", dtype, [batch, *layout])],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, [batch, outputs])],
            [numpy_helper.from_array(value, name) for name, value in tensors.items()],
        )
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)

    def save(path, **options):
        onnx.save(make(**options), path)
        return path

    return save


def drawn_glyphs(count: int, *, seed: int = 0, classes: tuple[str, ...] = DIGIT_CLASSES) -> LabelledGlyphs:
    """Draws ten classes, each a bar at its own height, in noise."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 10, count).astype(np.uint8)
    images = rng.integers(0, 60, (count, 28, 28), np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[4 + 2 * label : 6 + 2 * label, 6:22] = 250
    return LabelledGlyphs("bars", images, labels, f"{seed:064x}", "CC0-1.0", "drawn by the test", classes)


@pytest.fixture(scope="session")
def draw_glyphs():
    """The function that draws them."""
    return drawn_glyphs


@pytest.fixture(scope="session")
def glyphs():
    """300 glyphs."""
    return drawn_glyphs(300)


@pytest.fixture(scope="session")
def probabilities(glyphs):
    """Probabilities of a classifier that is right in four of five cases, and more often if more confident."""
    rng = np.random.default_rng(1)
    read = np.where(rng.random(len(glyphs)) < 0.8, glyphs.labels, rng.integers(0, 10, len(glyphs)))
    shares = np.full((len(glyphs), 11), 0.0)
    sure = rng.uniform(0.4, 1.0, len(glyphs))
    shares[:] = ((1 - sure) / 10)[:, None]
    shares[np.arange(len(glyphs)), read] = sure
    return shares


@pytest.fixture(scope="session")
def finish(tmp_path_factory):
    """Makes the folder of a finished run of two epochs from a recipe and its held-out glyphs."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra: train)")
    pytest.importorskip("onnx", reason="ONNX is not installed (extra: train)")
    from inkread.training.digits import Epoch
    from inkread.training.export import export
    from inkread.training.run import Run
    from inkread.training.to_torch import build

    def make(recipe: Recipe, held_out: LabelledGlyphs, data: str = "MNIST"):
        torch.manual_seed(0)
        history = (Epoch(1, 1e-3, 0.9, 0.7, 0.5, 0.85, 2.0), Epoch(2, 1e-4, 0.4, 0.9, 0.3, 0.95, 2.0))
        finished = Run(tmp_path_factory.mktemp("run"), recipe, build(recipe, 10).eval(), history)
        described = [drawn_glyphs(50).describe("train") | {"name": data}]
        export(finished, [held_out], data=described, geometry={"side": 28}, command="inkread <train>")
        return finished.out

    return make


@pytest.fixture(scope="session")
def run(finish):
    """The folder of such a run."""
    return finish(RECIPE, drawn_glyphs(HELD_OUT, seed=2))


@pytest.fixture(scope="module")
def asked():
    """Replaces all collections with 1,000 drawn glyphs, and records the requests."""
    loaded = []

    def load_named(name, split, **_):
        loaded.append((name, split))
        return drawn_glyphs(1_000, seed=3)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inspection_module, "load_named", load_named)
        yield loaded
