"""Recipes: every setting of a training run, in one place that needs no PyTorch."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any, Self

from inkread.errors import OptionError, nearest
from inkread.training.architecture import check_layers

NETWORKS = ("linear", "mlp", "lenet5", "cnn", "small", "tiny")
MATERIALS = ("mnist", "writing")
PRECISIONS = ("auto", "float32", "bfloat16")
OPTIMIZERS = ("adamw", "adam", "sgd")
SCHEDULES = ("one-cycle", "linear", "constant")
LOSSES = ("cross-entropy", "one-hot")
DETECTOR = "detector"
EPOCH = 500
"""Steps of the detector after which it tells its figures."""
TUNED = "tuned"
"""The network of a model that was trained on from another."""

DEVICES = ("auto", "cpu", "cuda", "mps")


SGD_RATE = 0.05
"""Peak learning rate at which SGD does about as well as AdamW at 3e-3: ``mlp``, ``lenet5``, ``linear``; at 3e-3 it hardly starts."""


def _number(default: float, low: float, high: float, *, of: tuple[str, ...] = OPTIMIZERS) -> Any:
    """A numeric setting that must lie between ``low`` and ``high``, both allowed; only the optimizers ``of`` use it."""
    return field(default=default, metadata={"range": (low, high), "of": of})


def _choice(default: str, choices: tuple[str, ...]) -> Any:
    """A setting that must be one of ``choices``."""
    return field(default=default, metadata={"choices": choices})


class _Settings:
    """What both groups of settings share: checks, and the way to a dict and back."""

    def __post_init__(self) -> None:
        for setting in dataclasses.fields(self):  # type: ignore[arg-type]  # every subclass is a dataclass
            _check(type(self).__name__, setting, getattr(self, setting.name))

    def to_dict(self) -> dict[str, Any]:
        """Plain values under the fields' names, as JSON can hold them."""
        return dataclasses.asdict(self)  # type: ignore[call-overload]

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """The inverse of ``to_dict``; a field that is left out keeps its default.

        Raises:
            OptionError: for an unknown name, or a value of the wrong type or out of its range.
        """
        names = [setting.name for setting in dataclasses.fields(cls)]  # type: ignore[arg-type]
        for name in values:
            if name not in names:
                raise OptionError(f"{cls.__name__}.{name}", "is no setting", nearest(name, names))
        return cls(**values)


def _check(group: str, setting: dataclasses.Field[Any], value: object) -> None:
    source = f"{group}.{setting.name} = {value!r}"
    if choices := setting.metadata.get("choices"):
        if value not in choices:
            raise OptionError(source, "is unknown", nearest(str(value), choices))
    elif limits := setting.metadata.get("range"):
        kinds = (int,) if setting.type == "int" else (int, float)
        if isinstance(value, bool) or not isinstance(value, kinds):
            raise OptionError(source, f"is no {setting.type}", "give a number")
        if not limits[0] <= value <= limits[1]:  # NaN fails this, as it should
            raise OptionError(source, "is out of range", f"give a number from {limits[0]} to {limits[1]}")
    elif setting.type == "Augmentation" and not isinstance(value, Augmentation):
        raise OptionError(source, "is no augmentation", "give a table of its settings")


@dataclass(frozen=True, kw_only=True)
class Augmentation(_Settings):
    """How far a training glyph may be changed; all zeros leave it as it is.

    A strength is the largest change unless its text says otherwise: each glyph draws its own amount, evenly,
    from minus that to plus that.
    """

    rotation: float = _number(0.0, 0.0, 180.0)
    """Degrees, about the glyph's middle."""

    shear: float = _number(0.0, 0.0, 1.0)
    """Horizontal slant, as a share of the height."""

    scale: float = _number(0.0, 0.0, 0.9)
    """Change of size, as a share of it; width and height draw theirs apart."""

    shift: float = _number(0.0, 0.0, 14.0)
    """Displacement of the glyph as a whole, pixels, along each axis."""

    elastic: float = _number(0.0, 0.0, 10.0)
    """Standard deviation of each point's own displacement, pixels (Simard et al. 2003, section 2)."""

    elastic_sigma: float = _number(4.0, 2.0, 28.0)
    """Smoothness of that displacement: the Gaussian's standard deviation, pixels."""

    thicken: float = _number(0.0, 0.0, 1.0)
    """Blend towards the 3×3 dilation, from 0 (none) to 1 (strokes two pixels wider)."""

    thin: float = _number(0.0, 0.0, 1.0)
    """Blend towards the 3×3 erosion, from 0 (none) to 1 (strokes two pixels narrower)."""


def _parsed(values: dict[str, Any]) -> dict[str, Any]:
    """Values as JSON has them, the augmentation and the layers as the settings have them."""
    if isinstance(nested := values.get("augmentation"), dict):
        values = values | {"augmentation": Augmentation.from_dict(nested)}
    if isinstance(layers := values.get("layers"), list):
        values = values | {"layers": tuple(layers)}
    return values


@dataclass(frozen=True, kw_only=True)
class Recipe(_Settings):
    """Every setting of a training run: with the data, enough to repeat it."""

    network: str = "cnn"
    """The architecture: one of ``NETWORKS``, see ``inkread.training.networks``, or any name for one's own ``layers``."""

    layers: tuple[dict[str, Any], ...] = ()
    """An architecture of one's own, see ``inkread.training.architecture``; none for a network of ``NETWORKS``."""

    material: str = _choice("mnist", MATERIALS)
    """What is learned from: the data named alone, which are MNIST unless said otherwise, or also ``inkread.datasets.glyph_corpus``,
    which adds other hands and pens, and what is no digit."""

    mnist_passes: int = _number(1, 1, 100)
    """Times that each MNIST glyph, or whatever else is named, is seen in an epoch, each time changed anew: its weight among
    other material."""

    epochs: int = _number(20, 1, 10_000)
    """Passes over the training glyphs."""

    batch_size: int = _number(256, 2, 65_536)
    """Glyphs a step."""

    optimizer: str = _choice("adamw", OPTIMIZERS)
    """AdamW (Loshchilov and Hutter 2019), Adam (Kingma and Ba 2015), or SGD with Nesterov's momentum."""

    learning_rate: float = _number(3e-3, 1e-8, 10.0)
    """Peak of the schedule; --optimizer sgd sets it to 0.05 unless it is given."""

    schedule: str = _choice("one-cycle", SCHEDULES)
    """How the learning rate goes on after its warmup: down to zero by half a cosine (Smith 2018) or by a line, or not at all."""

    warmup: float = _number(0.15, 0.0, 0.9)
    """Share of the steps in which the learning rate rises to its peak."""

    momentum: float = _number(0.9, 0.0, 0.999, of=("sgd",))
    """Of SGD."""

    weight_decay: float = _number(0.02, 0.0, 10.0, of=("adamw",))
    """Decoupled weight decay of AdamW; none on biases and batch norms."""

    l2: float = _number(0.0, 0.0, 1.0, of=("adam", "sgd"))
    """L2 penalty of Adam and SGD, added to the gradient (5e-4 is usual for SGD); none on biases and batch norms."""

    loss: str = _choice("cross-entropy", LOSSES)
    """Cross-entropy of the classes' numbers, or of their one-hot vectors: the same value by another way."""

    label_smoothing: float = _number(0.0, 0.0, 0.5)
    """Share of the target spread evenly over the classes (Szegedy et al. 2016, section 7)."""

    dropout: float = _number(0.0, 0.0, 0.9)
    """Share of the last hidden layer's units dropped in a step."""

    averaging: float = _number(0.99, 0.0, 0.99999)
    """Decay a step of the exponential moving average of the weights, which is what is saved; 0 is none."""

    augmentation: Augmentation = field(default_factory=Augmentation)
    """How far the glyphs are changed, anew in every epoch."""

    validation: int = _number(5_000, 1, 30_000)
    """Number of glyphs held out from the end of MNIST's training files; of other collections at most a sixth."""

    seed: int = _number(0, 0, 2**31 - 1)
    """Of the weights, the order of the glyphs, the augmentation and the dropout."""

    threads: int = _number(0, 0, 1_024)
    """CPU threads, 0 for PyTorch's choice; sums, and so the last bits of the weights, depend on it."""

    device: str = _choice("auto", DEVICES)
    """Where the layers are computed; auto is the first graphics card, or the CPU."""

    precision: str = _choice("auto", PRECISIONS)
    """Of the layers in training; auto is bfloat16 where the device multiplies it in hardware."""

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """The inverse of ``to_dict``; a field that is left out keeps its default.

        Raises:
            OptionError: for an unknown name, or a value of the wrong type or out of its range.
        """
        return super().from_dict(_parsed(values))

    @property
    def decay(self) -> float:
        """What the optimizer means by its own ``weight_decay``: decoupled for AdamW, an L2 penalty for the others."""
        return self.weight_decay if self.optimizer == "adamw" else self.l2

    def by(self, optimizer: str) -> Self:
        """The recipe with another optimizer; one that changes to or from SGD gets the learning rate usual there.

        Raises:
            OptionError: for an unknown optimizer.
        """
        rate = self.learning_rate
        if (optimizer == "sgd") != (self.optimizer == "sgd"):
            rate = SGD_RATE if optimizer == "sgd" else type(self)().learning_rate
        return dataclasses.replace(self, optimizer=optimizer, learning_rate=rate)

    def __post_init__(self) -> None:
        super().__post_init__()
        source = f"Recipe.network = {self.network!r}"
        if not (self.layers or self.network in NETWORKS):
            remedy = nearest(str(self.network), NETWORKS) + ", or a TOML file of layers"
            raise OptionError(source, "is unknown", remedy)
        if self.layers and self.network in (*NETWORKS, DETECTOR, TUNED):
            raise OptionError(
                source, "is the name of another network", "give your layers a name of their own"
            )
        object.__setattr__(self, "layers", check_layers(self.layers, source="Recipe.layers"))


@dataclass(frozen=True, kw_only=True)
class DetectorRecipe(_Settings):
    """Every setting of the training of the networks that find and read the digits of a page."""

    network: str = _choice(DETECTOR, (DETECTOR,))
    """The architecture, see ``inkread.training.detector_network``."""

    steps: int = _number(24_000, 1, 10_000_000)
    """Steps of the detector in all."""

    decay: float = _number(0.25, 0.0, 1.0)
    """Share of the steps, at the end, over which the learning rate falls to nothing (Hägele et al. 2024)."""

    batch_size: int = _number(8, 1, 4_096)
    """Scenes a step."""

    learning_rate: float = _number(1.2e-3, 1e-8, 10.0)
    """Of AdamW, while it is constant."""

    warmup: float = _number(0.015, 0.0, 0.9)
    """Share of the steps in which the learning rate rises."""

    weight_decay: float = _number(0.02, 0.0, 10.0)
    """Decoupled weight decay of AdamW (Loshchilov and Hutter 2019); none on biases and batch norms."""

    averaging: float = _number(0.9985, 0.0, 0.99999)
    """Decay a step of the exponential moving average of the weights, which is what is saved."""

    echo: int = _number(2, 1, 100)
    """Times that a scene is used, each time in other light (Choi et al., "Faster neural network training with data echoing", 2019)."""

    scene_side: int = _number(256, 64, 2_048)
    """Of the scenes, pixels, a multiple of 16."""

    weights: str = _choice("bundled", ("bundled", "random"))
    """What the networks start from: the weights that come with the package, or nothing."""

    closeup_pages: int = _number(4_000, 1, 1_000_000)
    """Pages on which the detector finds what the network for close-ups learns from."""

    closeup_steps: int = _number(15_000, 1, 10_000_000)
    """Steps of that network."""

    strip_pages: int = _number(4_000, 1, 1_000_000)
    """Pages on which the detector finds the runs that the network for strips learns from, beside all real numbers."""

    strip_steps: int = _number(24_000, 1, 10_000_000)
    """Steps of that network."""

    judged_pages: int = _number(3_600, 10, 1_000_000)
    """Held-out pages on which the opinions are weighed; half as many others measure the result."""

    seed: int = _number(0, 0, 2**31 - 1)
    """Of the weights, the scenes and their order."""

    threads: int = _number(1, 0, 1_024)
    """CPU threads, 0 for PyTorch's choice: one, as scenes are made beside."""

    workers: int = _number(1, 0, 256)
    """Processes that make scenes."""

    @property
    def epochs(self) -> int:
        """How many figures the training tells: one every ``EPOCH`` steps."""
        return -(-self.steps // EPOCH)


@dataclass(frozen=True, kw_only=True)
class FineTuneConfig(_Settings):
    """Every setting of a training that goes on from a model, with a person's own glyphs."""

    network: str = _choice(TUNED, (TUNED,))
    """What tells these settings from those of a training from nothing."""

    layers: tuple[dict[str, Any], ...] = ()
    """The layers of the model that it starts from, see ``inkread.training.onnx_to_torch``."""

    steps: int = _number(200, 1, 100_000)
    """Steps of a fold, and of the whole."""

    folds: int = _number(4, 2, 20)
    """Parts into which one's own glyphs are divided; each is held out once, to see what a training without it makes of it."""

    rehearsal: int = _number(6_000, 100, 55_000)
    """Glyphs of MNIST that are learned with them, so that nothing is forgotten, and for a model that knows it half as many of no
    digit."""

    own_share: float = _number(0.25, 0.01, 0.99)
    """Share of one's own glyphs in a step."""

    batch_size: int = _number(128, 4, 65_536)
    """Glyphs a step."""

    learning_rate: float = _number(5e-4, 1e-8, 10.0)
    """Peak of the one-cycle schedule (Smith 2018)."""

    warmup: float = _number(0.1, 0.0, 0.9)
    """Share of the steps in which the learning rate rises to its peak."""

    weight_decay: float = _number(0.01, 0.0, 10.0)
    """Decoupled weight decay of AdamW (Loshchilov and Hutter 2019); none on biases."""

    augmentation: Augmentation = field(
        default_factory=lambda: Augmentation(rotation=10.0, shear=0.15, scale=0.1, shift=1.0, elastic=0.7)
    )
    """How far the glyphs are changed, anew in every step."""

    validation: int = _number(5_000, 1, 30_000)
    """Number of glyphs held out from the end of MNIST's training files."""

    seed: int = _number(0, 0, 2**31 - 1)
    """Of the folds, the order of the glyphs and the augmentation."""

    threads: int = _number(0, 0, 1_024)
    """CPU threads, 0 for PyTorch's choice; sums, and so the last bits of the weights, depend on it."""

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """The inverse of ``to_dict``; a field that is left out keeps its default.

        Raises:
            OptionError: for an unknown name, or a value of the wrong type or out of its range.
        """
        return super().from_dict(_parsed(values))


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
        {"type": "conv", "filters": 16, "size": 5, "stride": 2, "batch_norm": False},
        {"type": "conv", "filters": 32, "batch_norm": False},
        {"type": "pool"},
        {"type": "conv", "filters": 64},
        {"type": "pool"},
        {"type": "dense", "units": 64},
    ),
    epochs=1,
    batch_size=128,
    learning_rate=8e-3,
    warmup=0.2,
    label_smoothing=0.02,
    averaging=0.98,
)
"""Where pictures are large, a batch norm costs more than the convolution before it: only the last one has it."""

RECIPES: dict[str, Recipe | DetectorRecipe] = {
    "default": dataclasses.replace(_SMALL, material="writing", mnist_passes=2, epochs=22, averaging=0.999),
    "small": _SMALL,
    "cnn": dataclasses.replace(_SMALL, network="cnn", epochs=20, dropout=0.4),
    "lenet5": dataclasses.replace(_SMALL, network="lenet5", epochs=50, dropout=0.1, label_smoothing=0.02),
    "tiny": dataclasses.replace(_SMALL, network="tiny", epochs=50, dropout=0.05, label_smoothing=0.02),
    "fast": _FAST,
    "brisk": dataclasses.replace(
        _FAST,
        epochs=3,
        batch_size=192,
        augmentation=Augmentation(rotation=5.0, scale=0.05, shift=1.0),
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
    DETECTOR: DetectorRecipe(),
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
"""The recipes of the bundled models, one for each network; two to be done in seconds, ``fast`` and ``brisk``; and ``corrections``, by which the
bundled networks that read pages go on from their weights, with pages that a person corrected."""


def recipe_from(values: dict[str, Any]) -> Recipe | DetectorRecipe | FineTuneConfig:
    """The settings that ``to_dict`` of any kind gave; which, their network tells.

    Raises:
        OptionError: for an unknown name, or a value of the wrong type or out of its range.
    """
    kinds: dict[Any, type[DetectorRecipe | FineTuneConfig]] = {
        DETECTOR: DetectorRecipe,
        TUNED: FineTuneConfig,
    }
    return kinds.get(str(values.get("network")), Recipe).from_dict(values)
