"""The subject of the plots: a model, the glyphs to show, and its output for them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from inkread.datasets.glyphs import LabelledGlyphs
from inkread.datasets.registry import MNIST, TITLES, load_named
from inkread.errors import DatasetNotFoundError, ModelNotFoundError, OptionError
from inkread.models import DIGIT_CLASSES, bundled, load_model
from inkread.models.card import HELD_OUT_FILE, HISTORY_FILE
from inkread.pipeline.classifier import Classifier
from inkread.training import Recipe
from inkread.training.recipe import DETECTOR

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import nn

    from inkread.datasets.download import Progress
    from inkread.pipeline.trace import Trace
    from inkread.system.files import AnyPath
    from inkread.training import Augmentation


class Inspection:
    """A model and held-out glyphs; everything is loaded and computed once, on first use.

    Args:
        model: the name of a bundled model, or the folder of a run.
        data_dir: where the collections are; their loaders' default folders if not given.
        test: use the collection's test images, which are for a final look only, instead of held-out ones.
        on_download: called as the bytes of a download arrive.

    Raises:
        ModelError: the model does not exist, or does not match its card.
    """

    def __init__(
        self,
        model: AnyPath = "default",
        *,
        data_dir: AnyPath | None = None,
        test: bool = False,
        on_download: Progress | None = None,
    ) -> None:
        self.model = load_model(model)
        self.data_dir, self.test, self._on_download = data_dir, test, on_download

    @property
    def recipe(self) -> dict[str, Any]:
        """The training settings from the card; empty for a model from elsewhere."""
        return self.model.card.recipe

    @property
    def reads_pages(self) -> bool:
        """Whether the model is a page detector, which has neither glyphs nor glyph classes."""
        return self.recipe.get("network") == DETECTOR

    @property
    def augmentation(self) -> Augmentation:
        """The augmentation used in training.

        Raises:
            OptionError: the model's card does not specify it.
        """
        settings = self.recipe.get("augmentation")
        if not isinstance(settings, dict):
            remedy = "use a run that inkread trained"
            raise OptionError(self.model.name, "has no augmentation in its card", remedy)
        return Recipe.from_dict({"augmentation": settings}).augmentation

    @cached_property
    def classifier(self) -> Classifier:
        """The model in ONNX Runtime."""
        return Classifier(self.model)

    @cached_property
    def network(self) -> nn.Sequential:
        """The model's layers in PyTorch."""
        from inkread.evaluation.plots.network import network_of

        return network_of(self.model)

    @cached_property
    def glyphs(self) -> LabelledGlyphs:
        """The glyphs to show: those that the run held out and kept, else the last of MNIST's training images.

        Raises:
            DatasetError: the glyphs are not available.
            OptionError: test images are requested, but the data have none.
        """
        if self.test:
            return load_named(self._collection, "test", data_dir=self.data_dir, progress=self._on_download)
        if self._kept.is_file():
            return LabelledGlyphs.load(self._kept)
        if self.classifier.classes != DIGIT_CLASSES:
            problem = "is missing, and the model was trained on other data than MNIST"
            raise DatasetNotFoundError(str(self._kept), problem, "restore it, or train the model again")
        mnist = load_named(MNIST, "train", data_dir=self.data_dir, progress=self._on_download)
        held_out = int(self.recipe.get("validation", Recipe().validation))
        return mnist.subset(slice(-held_out, None))

    @property
    def described(self) -> str:
        """Which glyphs these are, to be used within a sentence."""
        count, name = len(self.glyphs), self.glyphs.name
        if self.test:
            return f"the {count:,} test images of {name}"
        if self._kept.is_file():
            return f"{count:,} glyphs of {name} that were held out of the training"
        known = "which were held out" if "validation" in self.recipe else "on which it may have been trained"
        return f"the last {count:,} of MNIST's training images, {known}"

    @property
    def _kept(self) -> Path:
        """Path of the run's held-out glyphs."""
        return self.model.path.parent / HELD_OUT_FILE

    @property
    def _collection(self) -> str:
        """The first training collection with test images; MNIST if the card names none."""
        names = [str(entry.get("name")) for entry in self.model.card.data]
        for name in names:
            if name in TITLES:
                return TITLES[name]
        if names:
            problem = "has no test images in the data it was trained on"
            raise OptionError(self.model.name, problem, "omit --test")
        return MNIST

    @cached_property
    def probabilities(self) -> NDArray[np.float32]:
        """N×classes, the model's output for the glyphs; for digits, the ten and "not a digit"."""
        return self.classifier.probabilities(self.glyphs.images)

    @property
    def predicted(self) -> NDArray[np.int64]:
        """N classes, the most probable ones."""
        return self.probabilities.argmax(axis=1)

    @cached_property
    def history(self) -> tuple[dict[str, float], ...]:
        """The metrics of each epoch.

        Raises:
            ModelNotFoundError: the model is not a run.
            MissingExtraError: PyTorch is not installed.
        """
        if self.model.name in bundled():
            problem = "is a bundled model, without a training history"
            raise ModelNotFoundError(self.model.name, problem, "use the folder of a run")
        from inkread.training import load_run

        return load_run(self.model.path.parent).history

    @property
    def has_history(self) -> bool:
        """Whether the model is a run that kept its metrics."""
        return (self.model.path.parent / HISTORY_FILE).is_file()

    def one_of_each(self) -> NDArray[np.int64]:
        """The indices of the first glyph of each class."""
        return np.unique(self.glyphs.labels, return_index=True)[1]

    def trace(self, picture: AnyPath | None) -> Trace:
        """Returns the trace of reading a picture as one digit; of an example if there is no picture.

        Raises:
            PictureError: the picture cannot be read.
        """
        from inkread.evaluation.plots.pipeline_figure import example_photo
        from inkread.reader import Reader

        source = example_photo() if picture is None else picture
        return Reader(self.model.path.parent).trace(source, single=True)
