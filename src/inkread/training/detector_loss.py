"""The detector's targets for a scene, and its loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from inkread.training.detector_network import BOX_UNIT, STRIDE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from inkread.synthetic.scenes import Scene

SPREAD, LEAST_SPREAD = 0.14, 0.55
"""Standard deviation of the hill around a center: a share of the box's sides, and a minimum in places."""
NEAR = 0.5
"""Places at least this high on a hill also learn the box."""
BOX_WEIGHT = 1.0


@dataclass(frozen=True, slots=True)
class Targets:
    """The targets for a batch of N scenes.

    Attributes:
        heat: N×classes×h×w, 1 at the center of each object, falling off around it.
        center: N×classes×h×w bool, true at the centers.
        counted: N×1×h×w bool, false where objects may be found or not.
        box: N×4×h×w, distances to the sides in ``BOX_UNIT``.
        near: N×1×h×w, weight of the box there, 0 away from centers.
    """

    heat: Tensor
    center: Tensor
    counted: Tensor
    box: Tensor
    near: Tensor


def targets_of(scenes: Sequence[Scene], classes: int, device: torch.device) -> Targets:
    """Returns the targets for scenes of one size."""
    size_y, size_x = (side // STRIDE for side in scenes[0].pixels.shape)
    most = max(1, *(len(scene.boxes) for scene in scenes))
    boxes = torch.zeros(len(scenes), most, 4)
    labels = torch.full((len(scenes), most), -2, dtype=torch.long)
    for row, scene in enumerate(scenes):
        boxes[row, : len(scene.boxes)] = torch.from_numpy(scene.boxes)
        labels[row, : len(scene.boxes)] = torch.from_numpy(scene.classes)
    return _targets(boxes.to(device), labels.to(device), classes, size_y, size_x)


def _targets(boxes: Tensor, labels: Tensor, classes: int, size_y: int, size_x: int) -> Targets:
    count, device = len(boxes), boxes.device
    middle = (boxes[..., :2] + boxes[..., 2:]) / (2 * STRIDE) - 0.5
    spread = ((boxes[..., 2:] - boxes[..., :2]) * (SPREAD / STRIDE)).clamp(min=LEAST_SPREAD)
    cell = middle.round().long()
    cell[..., 0].clamp_(0, size_x - 1)
    cell[..., 1].clamp_(0, size_y - 1)
    x = torch.arange(size_x, device=device)
    y = torch.arange(size_y, device=device)
    # Each hill is centered on a place, so that every object has a place with the target 1.
    hill_x = torch.exp(-((x - cell[..., :1]) ** 2) / (2 * spread[..., :1] ** 2))
    hill_y = torch.exp(-((y - cell[..., 1:]) ** 2) / (2 * spread[..., 1:] ** 2))
    heat = torch.zeros(count, classes, size_y, size_x, device=device)
    center = torch.zeros_like(heat, dtype=torch.bool)
    counted = torch.ones(count, 1, size_y, size_x, dtype=torch.bool, device=device)
    box = torch.zeros(count, 4, size_y, size_x, device=device)
    near = torch.zeros(count, 1, size_y, size_x, device=device)
    centers_x, centers_y = (x + 0.5) * STRIDE, (y + 0.5) * STRIDE
    for row, index in (labels != -2).nonzero().tolist():
        label = int(labels[row, index])
        x0, y0, x1, y1 = boxes[row, index].tolist()
        if label < 0:
            left, top = int(x0 // STRIDE), int(y0 // STRIDE)
            counted[row, 0, top : int(y1 // STRIDE) + 1, left : int(x1 // STRIDE) + 1] = False
            continue
        hill = hill_y[row, index][:, None] * hill_x[row, index][None, :]
        torch.maximum(heat[row, label], hill, out=heat[row, label])
        center[row, label, cell[row, index, 1], cell[row, index, 0]] = True
        closer = (hill > near[row, 0]) & (hill >= NEAR)
        near[row, 0] = torch.where(closer, hill, near[row, 0])
        sides = (
            (centers_x - x0)[None, :].expand(size_y, -1),
            (centers_y - y0)[:, None].expand(-1, size_x),
            (x1 - centers_x)[None, :].expand(size_y, -1),
            (y1 - centers_y)[:, None].expand(-1, size_x),
        )
        box[row] = torch.where(closer, torch.stack(sides) / BOX_UNIT, box[row])
    return Targets(heat, center, counted | center.any(1, keepdim=True), box, near)


def loss_of(output: Tensor, targets: Targets) -> tuple[Tensor, Tensor]:
    """Returns the loss of places, which forgives near misses (Law & Deng 2018), and that of boxes."""
    classes = targets.heat.shape[1]
    logits = output[:, :classes].float()
    positive, negative = functional.logsigmoid(logits), functional.logsigmoid(-logits)
    probability = logits.sigmoid()
    at_center = positive * (1 - probability) ** 2 * targets.center
    elsewhere = negative * probability**2 * (1 - targets.heat) ** 4 * (~targets.center & targets.counted)
    count = targets.center.sum().clamp(min=1)
    places = -(at_center.sum() + elsewhere.sum()) / count
    distance = (output[:, classes:].float() - targets.box).abs()
    # Relative to the size of the box, so that small ones count as much.
    size = (targets.box[:, 1:2] + targets.box[:, 3:4]).clamp(min=0.25)
    sides = (distance / size * targets.near).sum() / (4 * targets.near.sum()).clamp(min=1)
    return places, BOX_WEIGHT * 4 * sides
