"""The security print of checks: fine waves, rosettes, woven dots, and tiny letters.

All sizes are relative to ``unit``, the height of a digit in pixels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

PRINT_STRENGTH = (0.1, 0.5)
"""Share of light that the lines absorb."""
CURVE_POINTS = 64
SHIFT = 4


def security_prints(
    shape: tuple[int, int], unit: float, rng: np.random.Generator
) -> list[NDArray[np.float32]]:
    """Returns one or two security patterns, float32 H×W in 0..1 each: how much light they absorb."""
    strength = float(rng.uniform(*PRINT_STRENGTH))
    prints = (_waves, _waves, _rosettes, _weave, _weave, _tiny_text)
    chosen = rng.choice(len(prints), int(rng.integers(1, 3)), replace=False)
    return [
        prints[int(kind)](shape, unit, rng) * np.float32(strength * rng.uniform(0.6, 1.0)) for kind in chosen
    ]


def _waves(shape: tuple[int, int], unit: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Draws a guilloche: one to three families of parallel fine curves, each the sum of two sines."""
    height, width = shape
    mask = np.zeros(shape, np.uint8)
    reach = float(np.hypot(height, width))
    x = np.linspace(-reach / 2, reach / 2, CURVE_POINTS)
    for _ in range(int(rng.integers(1, 4))):
        lengths = unit * rng.uniform(0.7, 6, 2)
        heights = unit * rng.uniform(0.02, 0.5) * rng.random(2)
        phases = rng.uniform(0, 2 * np.pi, 2)
        drift = rng.normal(0, 0.8)
        spacing = max(3.0, unit * rng.uniform(0.1, 0.35))
        offsets = np.arange(-reach / 2, reach / 2, spacing)
        waves = heights[:, None, None] * np.sin(
            2 * np.pi * x / lengths[:, None, None] + phases[:, None, None] + drift * offsets[:, None] / unit
        )
        y = waves.sum(axis=0) + offsets[:, None]
        angle = rng.uniform(-0.7, 0.7)
        turned = np.stack(
            [
                x * np.cos(angle) - y * np.sin(angle) + width / 2,
                x * np.sin(angle) + y * np.cos(angle) + height / 2,
            ],
            axis=-1,
        )
        curves = np.round(turned * (1 << SHIFT)).astype(np.int32)
        cv2.polylines(mask, list(curves), False, int(rng.integers(120, 256)), 1, cv2.LINE_AA, SHIFT)
    return mask.astype(np.float32) / np.float32(255)


def _rosettes(shape: tuple[int, int], unit: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Draws rings of petals around a few points."""
    height, width = shape
    mask = np.zeros(shape, np.uint8)
    angle = np.linspace(0, 2 * np.pi, 3 * CURVE_POINTS)
    for _ in range(int(rng.integers(1, 1 + max(2, width // max(1, int(3 * unit)))))):
        centre = rng.uniform(0, 1, 2) * [width, height]
        petals, size = int(rng.integers(5, 24)), unit * rng.uniform(0.4, 1.4)
        curves = []
        for ring in np.linspace(0.2, 1, int(rng.integers(3, 8))):
            radius = size * ring * (1 + 0.25 * np.sin(petals * angle + 6 * ring))
            curve = centre + radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
            curves.append(np.round(curve * (1 << SHIFT)).astype(np.int32))
        cv2.polylines(mask, curves, True, 255, 1, cv2.LINE_AA, SHIFT)
    return mask.astype(np.float32) / np.float32(255)


def _weave(shape: tuple[int, int], unit: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Repeats a small random motif like a textile or a halftone."""
    rows, columns = (int(side) for side in np.maximum(3, np.round(unit * rng.uniform(0.08, 0.35, 2))))
    motif = cv2.GaussianBlur(
        (rng.random((rows, columns)) < rng.uniform(0.25, 0.6)).astype(np.float32),
        (0, 0),
        float(rng.uniform(0.4, 0.8)),
        borderType=cv2.BORDER_REFLECT,
    )
    height, width = shape
    tiled = np.tile(motif, (height // rows + 2, width // columns + 2))
    if rng.random() < 0.5:
        # Every other row of motifs is shifted by half, like bricks.
        for start in range(0, len(tiled), 2 * rows):
            tiled[start : start + rows] = np.roll(tiled[start : start + rows], columns // 2, axis=1)
    return np.asarray(tiled[:height, :width], np.float32)


def _tiny_text(shape: tuple[int, int], unit: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Draws lines of print too small to read."""
    height, width = shape
    size = max(3, round(unit * rng.uniform(0.1, 0.25)))
    mask = np.zeros(shape, np.float32)
    for top in range(int(rng.integers(0, size)), height, int(size * rng.uniform(1.5, 3))):
        marks = (rng.random((min(size - 1, height - top), width)) < 0.45) * (rng.random(width) < 0.8)
        mask[top : top + len(marks)] = marks
    return cv2.GaussianBlur(mask, (0, 0), 0.5)
