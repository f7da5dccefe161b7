"""Training: recipes, networks, augmentation, and one loop for all networks.

Recipes do not need PyTorch; everything else needs the extra ``train``.

::

    from inkread.training import RECIPES, train

    run = train(RECIPES["cnn"], out=Path("runs/cnn"))
    run.card.scores
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from inkread.system.cores import let_idle_threads_sleep
from inkread.system.lazy import lazy
from inkread.training.recipe import RECIPES, Augmentation, DetectorRecipe, FineTuneConfig, Recipe, TextRecipe

if TYPE_CHECKING:
    from inkread.training.detector_fit import DetectorEpoch
    from inkread.training.detector_run import train_detector
    from inkread.training.digits import Epoch
    from inkread.training.fine_tuning import FineTuned
    from inkread.training.progress import Progress
    from inkread.training.run import Run, Trained, load_run
    from inkread.training.text_fit import TextEpoch
    from inkread.training.text_run import train_text
    from inkread.training.workflow import fine_tune, train

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

_NAMES = {
    "detector_fit": ("DetectorEpoch",),
    "detector_run": ("train_detector",),
    "digits": ("Epoch",),
    "fine_tuning": ("FineTuned",),
    "progress": ("Progress",),
    "run": ("Run", "Trained", "load_run"),
    "text_fit": ("TextEpoch",),
    "text_run": ("train_text",),
    "workflow": ("fine_tune", "train"),
}

let_idle_threads_sleep()  # PyTorch's library of threads reads the environment when it is loaded

__getattr__ = lazy(__name__, _NAMES, needs=dict.fromkeys(("torch", "onnx", "safetensors"), "train"))
