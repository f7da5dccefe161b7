"""Augmentation: varies glyphs as other writers and other pens would.

Geometry comes first (an affine and an elastic map in a single resampling), then stroke width. Every glyph
draws its own amounts from the given generator, so that equal seeds give equal glyphs.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from torch import Tensor

    from inkread.training.recipe import Augmentation

SIZE = 28
ELASTIC_POINTS = 14
"""Control points per side of the elastic field: every other pixel, plenty for a sigma of two pixels or
more."""


def augment(glyphs: Tensor, strengths: Augmentation, generator: torch.Generator) -> Tensor:
    """Changes each glyph by its own random amounts: N×28×28 float32, 0..1, ink bright, to the same.

    If all strengths are zero, the glyphs are returned unchanged.
    """
    if any((strengths.rotation, strengths.shear, strengths.scale, strengths.shift, strengths.elastic)):
        grid = sampling_grid(len(glyphs), strengths, generator)
        glyphs = functional.grid_sample(glyphs[:, None], grid, align_corners=False)[:, 0]
    if strengths.thicken or strengths.thin:
        glyphs = change_stroke_width(glyphs, strengths, generator)
    return glyphs


def sampling_grid(count: int, strengths: Augmentation, generator: torch.Generator) -> Tensor:
    """Returns the source of each pixel's value: N×28×28×2 (x, y), with -1 and 1 at the glyph's edges."""
    per_pixel = 2 / SIZE
    grid = functional.affine_grid(
        affine_maps(count, strengths, generator), [count, 1, SIZE, SIZE], align_corners=False
    )
    if strengths.elastic:
        noise = torch.randn(count, 2, ELASTIC_POINTS, ELASTIC_POINTS, generator=generator)
        smooth = smoothing_matrix(strengths.elastic_sigma)
        field = smooth @ noise @ smooth.T
        grid = grid + (strengths.elastic * per_pixel) * field.permute(0, 2, 3, 1)
    return grid


def affine_maps(count: int, strengths: Augmentation, generator: torch.Generator) -> Tensor:
    """Returns N×2×3 maps from output to input coordinates: size, then slant, then rotation, then shift."""
    x_scale, y_scale, slant, angle, x_shift, y_shift = 2 * torch.rand(6, count, generator=generator) - 1
    x_scale, y_scale = 1 + strengths.scale * x_scale, 1 + strengths.scale * y_scale
    angle = math.radians(strengths.rotation) * angle
    slant = strengths.shear * slant
    cos, sin = angle.cos(), angle.sin()
    per_pixel = strengths.shift * 2 / SIZE
    rows = [
        torch.stack([cos / x_scale, (slant * cos - sin) / y_scale, per_pixel * x_shift], dim=1),
        torch.stack([sin / x_scale, (slant * sin + cos) / y_scale, per_pixel * y_shift], dim=1),
    ]
    return torch.stack(rows, dim=1)


def smoothing_matrix(sigma: float) -> Tensor:
    """Returns 28×14 Gaussian weights from control points to pixels, whose squares sum to one for each pixel.

    Applied on both sides, they turn independent noise of unit variance into a smooth field of unit variance.
    (In Simard et al. 2003, each pixel has noise, and the variance for a given alpha depends on sigma.)
    """
    pixels = torch.arange(SIZE) + 0.5
    points = (torch.arange(ELASTIC_POINTS) + 0.5) * (SIZE / ELASTIC_POINTS)
    weights = torch.exp(-((pixels[:, None] - points) ** 2) / (2 * sigma**2))
    return weights / weights.square().sum(dim=1, keepdim=True).sqrt()


def change_stroke_width(glyphs: Tensor, strengths: Augmentation, generator: torch.Generator) -> Tensor:
    """Blends each glyph with its dilation or its erosion by a 3×3 square."""
    amount = torch.empty(len(glyphs), 1, 1).uniform_(-strengths.thin, strengths.thicken, generator=generator)
    wider, narrower = dilate(glyphs), 1 - dilate(1 - glyphs)
    return torch.lerp(glyphs, torch.where(amount > 0, wider, narrower), amount.abs())


def dilate(glyphs: Tensor) -> Tensor:
    """Returns the largest of each 3×3 neighborhood; slices are ten times as fast as max_pool2d on a CPU."""
    padded = functional.pad(glyphs, (1, 1, 1, 1))
    columns = torch.maximum(torch.maximum(padded[:, :, :-2], padded[:, :, 2:]), padded[:, :, 1:-1])
    return torch.maximum(torch.maximum(columns[:, :-2], columns[:, 2:]), columns[:, 1:-1])
