"""Training: recipes, networks, augmentation, and one loop for all networks.

Recipes do not need PyTorch; everything else needs the extra ``train``.

::

    from inkread.training import RECIPES, train

    run = train(RECIPES["cnn"], out=Path("runs/cnn"))
    run.card.scores
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inkread.errors import MissingExtraError
from inkread.system.cores import let_idle_threads_sleep
from inkread.training.recipe import RECIPES, Augmentation, DetectorRecipe, FineTuneConfig, Recipe, TextRecipe

if TYPE_CHECKING:
    from inkread.training.detector_fit import DetectorEpoch
    from inkread.training.digits import Epoch
    from inkread.training.fine_tuning import FineTuned
    from inkread.training.run import Run, Trained, load_run
    from inkread.training.workflow import Progress, TextEpoch, fine_tune, train, train_detector, train_text

__all__ = [
    "RECIPES",
    "Augmentation",
    "DetectorEpoch",
    "DetectorRecipe",
    "Epoch",
    "FineTuneConfig",
    "FineTuned",
    "Progress",
    "Recipe",
    "Run",
    "TextEpoch",
    "TextRecipe",
    "Trained",
    "fine_tune",
    "load_run",
    "train",
    "train_detector",
    "train_text",
]

_EXTRA = ("torch", "onnx", "safetensors")

let_idle_threads_sleep()  # PyTorch's library of threads reads the environment when it is loaded


def __getattr__(name: str) -> Any:
    """Imports what needs PyTorch on first use."""
    if name not in __all__:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    try:
        from inkread.training import workflow  # reading a recipe must not load PyTorch
    except ModuleNotFoundError as error:
        if error.name in _EXTRA:
            raise MissingExtraError(error.name, "train") from error
        raise
    return getattr(workflow, name)
