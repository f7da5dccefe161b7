"""Recipes: every setting of a training run, in one place that needs no PyTorch."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self, TypeAlias

from inkread.errors import OptionError, nearest
from inkread.training.architecture import NAMED, POOL, check_layers, convolutions, dense
from inkread.training.settings import Settings, choice, number

NETWORKS = tuple(NAMED)
MATERIALS = ("mnist", "writing", "characters")
PRECISIONS = ("auto", "float32", "bfloat16")
OPTIMIZERS = ("adamw", "adam", "sgd")
SCHEDULES = ("one-cycle", "linear", "constant")
LOSSES = ("cross-entropy", "one-hot")
KERAS_LOSSES = {"sparse-categorical-crossentropy": "cross-entropy", "categorical-crossentropy": "one-hot"}
"""The losses by Keras' names."""
OTHER_NETWORKS = {
    "lenet-5": "lenet5", "lenet": "lenet5", "dnn": "mlp", "logistic": "linear", "softmax": "linear",
}  # fmt: skip
"""Networks as other programs name them."""
DETECTOR, TEXT = "detector", "text"
TUNED = "tuned"
"""The network of a fine-tuned model."""

LOGGERS = ("tensorboard", "mlflow")
"""Programs that draw the figures of each epoch, see ``inkread.training.progress``."""
DEVICES = ("auto", "cpu", "cuda", "mps")


SGD_RATE = 0.05
"""Highest learning rate with which SGD learns ``mlp``, ``lenet5`` and ``linear`` about as well as AdamW with
3e-3; with 3e-3 it hardly starts."""


@dataclass(frozen=True, kw_only=True)
class Augmentation(Settings):
    """How far a training glyph may be changed; all zeros leave it as it is.

    A strength is the largest change unless its text says otherwise: each glyph draws its own amount, evenly,
    from minus that to plus that.
    """

    rotation: float = number(0.0, 0.0, 180.0)
    """Degrees, about the glyph's middle."""

    shear: float = number(0.0, 0.0, 1.0)
    """Horizontal slant, as a share of the height."""

    scale: float = number(0.0, 0.0, 0.9)
    """Change of size, as a share of it; width and height draw theirs apart."""

    shift: float = number(0.0, 0.0, 14.0)
    """Displacement of the glyph as a whole, pixels, along each axis."""

    elastic: float = number(0.0, 0.0, 10.0)
    """Standard deviation of each point's own displacement, pixels (Simard et al. 2003, section 2)."""

    elastic_sigma: float = number(4.0, 2.0, 28.0)
    """Smoothness of that displacement: the Gaussian's standard deviation, pixels."""

    thicken: float = number(0.0, 0.0, 1.0)
    """Blend towards the 3×3 dilation, from 0 (none) to 1 (strokes two pixels wider)."""

    thin: float = number(0.0, 0.0, 1.0)
    """Blend towards the 3×3 erosion, from 0 (none) to 1 (strokes two pixels narrower)."""


@dataclass(frozen=True, kw_only=True)
class TrainingConfig(Settings):
    """The settings that all trainings share."""

    network: str
    """The architecture."""

    batch_size: int = number(256, 2, 65_536)
    """Examples per step."""

    learning_rate: float = number(3e-3, 1e-8, 10.0)
    """The highest learning rate."""

    warmup: float = number(0.15, 0.0, 0.9)
    """Share of the steps during which the learning rate rises."""

    weight_decay: float = number(0.02, 0.0, 10.0)
    """Decoupled weight decay of AdamW (Loshchilov and Hutter 2019); none on biases and batch norms."""

    averaging: float = number(0.99, 0.0, 0.99999)
    """Decay per step of the exponential moving average of the weights, which is what is saved; 0 for none."""

    seed: int = number(0, 0, 2**31 - 1)
    """The seed of everything random."""

    threads: int = number(0, 0, 1_024)
    """CPU threads; 0: PyTorch chooses. The last bits of the weights depend on it."""

    device: str = choice("auto", DEVICES, {"gpu": "cuda"})
    """Where the layers are computed; auto: the first graphics card, or else the CPU."""

    precision: str = choice("auto", PRECISIONS)
    """Of the layers in training; auto: bfloat16 if the device multiplies it in hardware."""

    @property
    def optimizer_decay(self) -> float:
        """The optimizer's own ``weight_decay``."""
        return self.weight_decay

    def flat(self) -> dict[str, Any]:
        """Returns ``to_dict`` without its inner table: ``"augmentation.rotation"`` and the like."""
        settings = self.to_dict()
        inner = settings.pop("augmentation", {})
        return settings | {f"augmentation.{name}": value for name, value in inner.items()}


@dataclass(frozen=True, kw_only=True)
class _WithGlyphs(TrainingConfig):
    """The settings of trainings that learn from glyphs."""

    layers: tuple[dict[str, Any], ...] = ()
    """The layers; none for a network of ``NETWORKS``. See ``inkread.training.architecture``."""

    augmentation: Augmentation = field(default_factory=Augmentation, metadata={"kind": Augmentation})
    """How far each glyph is changed, anew each time."""

    validation: int = number(5_000, 1, 30_000)
    """Glyphs held out from the end of MNIST's training files; of other collections at most a sixth."""

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Inverts ``to_dict``, see ``Settings.from_dict``; augmentation and layers may be as in JSON."""
        if isinstance(nested := values.get("augmentation"), dict):
            values = values | {"augmentation": Augmentation.from_dict(nested)}
        if isinstance(layers := values.get("layers"), list):
            values = values | {"layers": tuple(layers)}
        return super().from_dict(values)


@dataclass(frozen=True, kw_only=True)
class Recipe(_WithGlyphs):
    """Every setting of a training run on glyphs: with the data, enough to repeat it."""

    network: str = "cnn"
    """The architecture: one of ``NETWORKS``, or any name for your own ``layers``."""

    material: str = choice("mnist", MATERIALS)
    """Training data besides --data, or besides MNIST without it: ``writing`` adds other writers and pens, and
    glyphs that are not digits, see ``inkread.datasets.glyph_corpus``; ``characters`` adds letters, as classes
    of their own, see ``inkread.synthetic.characters``."""

    mnist_passes: int = number(1, 1, 100)
    """How often each MNIST glyph, or other --data, is seen in an epoch: its weight among other material."""

    epochs: int = number(20, 1, 10_000)
    """Passes over the training glyphs."""

    patience: int = number(0, 0, 10_000)
    """Epochs without a lower validation loss after which the training stops early; 0: never."""

    keep: str = choice("last", ("last", "best"))
    """Which weights are saved: those of the last epoch, or of the one with the lowest validation loss."""

    batch_size: int = number(256, 2, 65_536)
    """Glyphs per step."""

    optimizer: str = choice("adamw", OPTIMIZERS)
    """AdamW (Loshchilov and Hutter 2019), Adam (Kingma and Ba 2015), or SGD with Nesterov's momentum."""

    learning_rate: float = number(3e-3, 1e-8, 10.0)
    """The highest learning rate; --optimizer sgd sets it to 0.05 unless it is given."""

    schedule: str = choice("one-cycle", SCHEDULES)
    """The learning rate after its warmup: down to zero by half a cosine (Smith 2018) or a line, or
    constant."""

    momentum: float = number(0.9, 0.0, 0.999, of=("sgd",))
    """Momentum of SGD."""

    weight_decay: float = number(0.02, 0.0, 10.0, of=("adamw",))
    """Decoupled weight decay of AdamW; none on biases and batch norms."""

    l2: float = number(0.0, 0.0, 1.0, of=("adam", "sgd"))
    """L2 penalty of Adam and SGD, added to the gradient (5e-4 is usual for SGD); none on biases and batch
    norms."""

    loss: str = choice("cross-entropy", LOSSES, KERAS_LOSSES)
    """Cross-entropy of the classes' numbers, or of their one-hot vectors: the same value, computed
    differently."""

    class_weight: str = choice("none", ("none", "balanced"))
    """Weights of the classes in the loss; balanced: each class counts as much as any other, however rare."""

    label_smoothing: float = number(0.0, 0.0, 0.5)
    """Share of the target spread evenly over the classes (Szegedy et al. 2016, section 7)."""

    dropout: float = number(0.0, 0.0, 0.9)
    """Share of the last hidden layer's units dropped in a step."""

    seed: int = number(0, 0, 2**31 - 1)
    """Of the weights, the order of the glyphs, the augmentation, and the dropout."""

    @property
    def optimizer_decay(self) -> float:
        """The optimizer's own ``weight_decay``: decoupled for AdamW, an L2 penalty for the others."""
        return self.weight_decay if self.optimizer == "adamw" else self.l2

    def by(self, optimizer: str) -> Self:
        """Returns the recipe with another optimizer; a change to or from SGD also sets the usual rate.

        Raises:
            OptionError: the optimizer is unknown.
        """
        rate = self.learning_rate
        if (optimizer == "sgd") != (self.optimizer == "sgd"):
            rate = SGD_RATE if optimizer == "sgd" else type(self)().learning_rate
        return dataclasses.replace(self, optimizer=optimizer, learning_rate=rate)

    def __post_init__(self) -> None:
        super().__post_init__()
        source = f"Recipe.network = {self.network!r}"
        if not isinstance(self.network, str):
            raise OptionError(source, "is not a name", nearest("", NETWORKS))
        if not (self.layers or self.network in NETWORKS):
            remedy = nearest(str(self.network), NETWORKS) + ", or a TOML file of layers"
            raise OptionError(source, "is unknown", remedy)
        if self.layers and self.network in (*NETWORKS, DETECTOR, TEXT, TUNED):
            remedy = "give your layers a name of their own"
            raise OptionError(source, "is the name of another network", remedy)
        object.__setattr__(self, "layers", check_layers(self.layers, source="Recipe.layers"))


@dataclass(frozen=True, kw_only=True)
class _WithSteps(TrainingConfig):
    """The settings of trainings whose examples are made during training, and which are counted in steps."""

    epoch_steps: ClassVar[int] = 500
    """Steps of an epoch."""

    free: ClassVar[frozenset[str]] = frozenset(
        {"steps", "decay", "warmup", "threads", "workers", "device", "precision"}
    )
    """Settings that may differ when a run is resumed."""

    steps: int = number(40_000, 1, 10_000_000)
    """Steps in all."""

    learning_rate: float = number(1.2e-3, 1e-8, 10.0)
    """Of AdamW, while it is constant."""

    decay: float = number(0.5, 0.0, 1.0)
    """Share of the steps, at the end, during which the learning rate falls to zero (Hägele et al. 2024)."""

    threads: int = number(1, 0, 1_024)
    """CPU threads; 0: PyTorch chooses. One by default, because examples are made at the same time."""

    workers: int = number(1, 0, 256)
    """Processes that make examples."""

    @property
    def epochs(self) -> int:
        """How many epochs there are."""
        return -(-self.steps // self.epoch_steps)

    def identity(self) -> dict[str, Any]:
        """Returns the settings that a run and the one that resumes it share."""
        return {name: value for name, value in self.to_dict().items() if name not in self.free}


@dataclass(frozen=True, kw_only=True)
class DetectorRecipe(_WithSteps):
    """Every setting of the training of the networks that find and read the digits on a page."""

    free: ClassVar[frozenset[str]] = _WithSteps.free | {
        "closeup_pages", "closeup_steps", "strip_pages", "strip_steps", "judged_pages",
    }  # fmt: skip

    network: str = choice(DETECTOR, (DETECTOR,))
    """The architecture, see ``inkread.training.detector_fit``."""

    steps: int = number(32_000, 1, 10_000_000)
    """Steps of the detector in all."""

    decay: float = number(0.25, 0.0, 1.0)

    batch_size: int = number(8, 1, 4_096)
    """Scenes per step."""

    warmup: float = number(0.015, 0.0, 0.9)

    averaging: float = number(0.9985, 0.0, 0.99999)

    echo: int = number(2, 1, 100)
    """How often a scene is used, each time in other light (Choi et al., "Faster neural network training with
    data echoing", 2019)."""

    scene_side: int = number(256, 64, 2_048)
    """Side of the scenes in pixels, a multiple of 16."""

    weights: str = choice("bundled", ("bundled", "random"))
    """The weights that the networks start from: bundled with the package, or random."""

    closeup_pages: int = number(4_000, 1, 1_000_000)
    """Pages on which the detector finds the close-ups to learn from."""

    closeup_steps: int = number(15_000, 1, 10_000_000)
    """Steps of the network for close-ups."""

    strip_pages: int = number(4_000, 1, 1_000_000)
    """Pages on which the detector finds the strips to learn from, besides all real numbers."""

    strip_steps: int = number(32_000, 1, 10_000_000)
    """Steps of the network for strips."""

    judged_pages: int = number(3_600, 10, 1_000_000)
    """Held-out pages on which the opinions are weighed; half as many others measure the result."""

    seed: int = number(0, 0, 2**31 - 1)
    """Of the weights, the scenes, and their order."""


@dataclass(frozen=True, kw_only=True)
class TextRecipe(_WithSteps):
    """Every setting of the training of the network that reads text lines."""

    network: str = choice(TEXT, (TEXT,))
    """The architecture, see ``inkread.training.strip_network``."""

    batch_size: int = number(5_000, 100, 1_000_000)
    """Pixels of text line per step, along the lines."""

    warmup: float = number(0.02, 0.0, 0.9)

    averaging: float = number(0.999, 0.0, 0.99999)

    weights: str = choice("bundled", ("bundled", "strip", "random"))
    """The weights that the network starts from: bundled with the package, those of the network that reads
    strips of digits as far as they fit, or random."""

    blend: float = number(0.0, 0.0, 1.0)
    """Share of the weights at the start in the saved ones: the mean of a training's start and end may read
    better than either (Wortsman et al., "Robust fine-tuning of zero-shot models", 2022)."""


@dataclass(frozen=True, kw_only=True)
class FineTuneConfig(_WithGlyphs):
    """Every setting of the fine-tuning of a model on a person's own glyphs."""

    network: str = choice(TUNED, (TUNED,))
    """Distinguishes these settings from those of other trainings."""

    steps: int = number(200, 1, 100_000)
    """Steps per fold, and of the whole."""

    folds: int = number(4, 2, 20)
    """Parts into which your glyphs are divided; each is held out once, to test a training without it."""

    rehearsal: int = number(6_000, 100, 55_000)
    """Glyphs of MNIST learned with yours so that nothing is forgotten; half as many that are not digits are
    added for a model that knows them."""

    own_share: float = number(0.25, 0.01, 0.99)
    """Share of your glyphs in a step."""

    batch_size: int = number(128, 4, 65_536)
    """Glyphs per step."""

    learning_rate: float = number(5e-4, 1e-8, 10.0)
    """Peak of the one-cycle schedule (Smith 2018)."""

    warmup: float = number(0.1, 0.0, 0.9)

    weight_decay: float = number(0.01, 0.0, 10.0)

    averaging: float = number(0.0, 0.0, 0.99999)

    augmentation: Augmentation = field(
        default_factory=lambda: Augmentation(rotation=10.0, shear=0.15, scale=0.1, shift=1.0, elastic=0.7),
        metadata={"kind": Augmentation},
    )
    """How far each glyph is changed, anew each time."""

    seed: int = number(0, 0, 2**31 - 1)
    """Of the folds, the order of the glyphs, and the augmentation."""


_AUGMENTATION = Augmentation(
    rotation=12.0, shear=0.2, scale=0.12, shift=1.5, elastic=0.9, elastic_sigma=4.0, thicken=0.5, thin=0.4
)

_SMALL = Recipe(
    network="small",
    epochs=30,
    learning_rate=4e-3,
    weight_decay=0.05,
    label_smoothing=0.05,
    dropout=0.3,
    averaging=0.998,
    augmentation=_AUGMENTATION,
)

_FAST = Recipe(
    network="fast",
    layers=(
        *convolutions(16, size=5, stride=2, batch_norm=False),
        *[*convolutions(32, batch_norm=False), POOL],
        *[*convolutions(64), POOL],
        *dense(64),
    ),
    epochs=1,
    batch_size=128,
    learning_rate=8e-3,
    warmup=0.2,
    label_smoothing=0.02,
    averaging=0.98,
)
"""On large planes, a batch norm costs more than the convolution before it, so only the last one has it."""

AnyRecipe: TypeAlias = Recipe | DetectorRecipe | TextRecipe

RECIPES: dict[str, AnyRecipe] = {
    "default": dataclasses.replace(_SMALL, material="writing", mnist_passes=2, epochs=22, averaging=0.999),
    "small": _SMALL,
    "cnn": dataclasses.replace(_SMALL, network="cnn", epochs=20, dropout=0.4),
    "lenet5": dataclasses.replace(_SMALL, network="lenet5", epochs=50, dropout=0.1, label_smoothing=0.02),
    "tiny": dataclasses.replace(_SMALL, network="tiny", epochs=50, dropout=0.05, label_smoothing=0.02),
    "fast": _FAST,
    "brisk": dataclasses.replace(
        _FAST, epochs=3, batch_size=192, augmentation=Augmentation(rotation=5.0, scale=0.05, shift=1.0)
    ),
    "linear": Recipe(
        network="linear", epochs=20, learning_rate=2e-3, weight_decay=0.01, threads=1, precision="float32"
    ),
    "mlp": Recipe(
        network="mlp",
        epochs=60,
        learning_rate=3e-3,
        weight_decay=0.02,
        label_smoothing=0.02,
        averaging=0.998,
        augmentation=Augmentation(
            rotation=7.0, shear=0.1, scale=0.06, shift=0.5, elastic=0.5, elastic_sigma=4.0
        ),
        threads=1,  # too small to gain from more
        precision="float32",
    ),
    "characters": dataclasses.replace(
        _SMALL,
        network="characters",
        layers=(
            *[*convolutions(24, 24), POOL],
            *[*convolutions(56, 56), POOL],
            *[*convolutions(128, 128), POOL],
            *[*dense(256), {"type": "dropout", "rate": 0.3}],
        ),
        material="characters",
        epochs=12,
        averaging=0.999,
    ),
    DETECTOR: DetectorRecipe(),
    TEXT: TextRecipe(),
    "corrections": DetectorRecipe(
        steps=400,
        decay=0.5,
        learning_rate=3e-4,
        closeup_pages=200,
        closeup_steps=400,
        strip_pages=200,
        strip_steps=300,
        judged_pages=200,
    ),
}
"""One recipe per network, among them those of the bundled models; ``fast`` and ``brisk``, which take seconds;
and ``corrections``, with which the bundled networks that read pages learn from pages that a person
corrected."""


def recipe_from(values: dict[str, Any]) -> AnyRecipe | FineTuneConfig:
    """Inverts ``to_dict`` of any kind of settings; their network says which kind.

    Raises:
        OptionError: a name is unknown, or a value is of the wrong type or out of range.
    """
    kinds: dict[Any, type[DetectorRecipe | TextRecipe | FineTuneConfig]] = {
        DETECTOR: DetectorRecipe,
        TEXT: TextRecipe,
        TUNED: FineTuneConfig,
    }
    return kinds.get(str(values.get("network")), Recipe).from_dict(values)
