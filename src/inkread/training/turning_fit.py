"""Fits the model of a page's orientation, on held-out pages in all four."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

from inkread.pipeline.config import DEFAULT_CONFIG, ReaderConfig
from inkread.pipeline.turning import Turning, changes, is_doubtful
from inkread.training.minimizing import minimize

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

UPRIGHT = Turning(0.0, 0.0, 0.0)
"""Turns no page; used before ``fit_turning``."""


def fit_turning(
    pages: Iterable[Sequence[NDArray[np.float32]]], config: ReaderConfig = DEFAULT_CONFIG
) -> Turning:
    """Returns the weights that distinguish the upright orientation of a page from the others.

    Every page is given upright and turned; orientations without doubt are not tried again, and do not count.

    Args:
        pages: for each the confidence in what is read, upright and after one, two, and three turns.
        config: when there is doubt.
    """
    found, turned = [], []
    for looks in pages:
        for given in range(4):
            if not is_doubtful(looks[given], config):
                continue
            others = (1, 2, 3) if given == 0 else (0,)
            found += [changes(looks[given], looks[other]) for other in others]
            turned += [given != 0] * len(others)
    target = torch.tensor(turned, dtype=torch.float64)
    if not turned or not target.any() or target.all():
        return UPRIGHT
    inputs = torch.from_numpy(np.column_stack([np.stack(found), np.ones(len(found))]))
    much = torch.where(target > 0, 0.5 / target.mean(), 0.5 / (1 - target.mean()))
    weights = torch.zeros(3, dtype=torch.float64, requires_grad=True)

    minimize(
        weights,
        lambda: functional.binary_cross_entropy_with_logits(inputs @ weights, target, weight=much),
    )
    return Turning(*weights.tolist())
