"""What a row of digits is written on, and what a scanner or a camera makes of it.

Everything is sized by ``unit``, the height of a digit in pixels, as rows come at any resolution. Pages, colours and lengths are as in
``paper``; all that is random comes from the generator given.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from inkread.datasets import paper

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inkread.datasets.paper import Page

WHITE_SHARE, SECURITY_SHARE = 0.3, 0.33
"""Of all rows, those on clean white and on security print; the rest lie on tinted or photographed paper."""
GREY_SHARE = 0.5
"""Of security print, what comes as a grey scan."""
DARKEST_TINT = 0.5
"""How much darker than white paper may be."""
PRINT_STRENGTH = (0.1, 0.5)
"""How much light the lines of security print take."""
CURVE_POINTS = 64
SHIFT = 4

SHADOW_SHARE, LIGHT_SHARE = 0.12, 0.4
BLUR = (0.3, 0.025)
"""Standard deviation of the blur: at least so many pixels, at most such a share of a digit's height more."""
GREY_PICTURE_SHARE = 0.2
COARSE_SHARE, COARSEST = 0.2, 0.45
"""Pictures enlarged from fewer pixels, and the smallest share of pixels they had."""
JPEG_SHARE, JPEG_QUALITY = 0.75, (30, 95)
NOISE = 0.03


def sheet(shape: tuple[int, int], unit: float, rng: np.random.Generator) -> Page:
    """A piece of paper without writing: white, tinted, or printed against forgery."""
    kind = rng.random()
    if kind < WHITE_SHARE:
        level = 1.0 if rng.random() < 0.5 else float(rng.uniform(0.9, 1.0))
        return np.full((*shape, 3), level, np.float32)
    if kind < WHITE_SHARE + SECURITY_SHARE:
        return security(shape, unit, rng)
    tint = (1 - DARKEST_TINT * rng.random() ** 2) * (1 - rng.uniform(0, 0.12) * rng.random(3))
    red, green, blue = (float(value) for value in tint)
    return paper.plain_paper(shape, rng, colour=(red, green, blue), fibre=float(rng.uniform(0, 0.02)))


def security(shape: tuple[int, int], unit: float, rng: np.random.Generator) -> Page:
    """The print of cheques: fine waves, rosettes, woven dots or tiny letters, on a tint that changes along the row."""
    tint = 1 - rng.uniform(0, 0.3) * rng.random((2, 3))
    colour = rng.uniform(0, 0.6) * rng.random(3)
    if rng.random() < GREY_SHARE:
        tint, colour = tint.mean(axis=1, keepdims=True).repeat(3, axis=1), np.full(3, colour.mean())
    level = rng.uniform(0.65, 1.0)
    along = np.linspace(0, 1, shape[1], dtype=np.float32)[None, :, None]
    page = level * (tint[0] * (1 - along) + tint[1] * along)
    page = np.repeat(page, shape[0], axis=0).astype(np.float32)
    for mask in security_prints(shape, unit, rng):
        page *= 1 - mask[..., None] * (1 - colour.astype(np.float32))
    page += np.float32(rng.uniform(0, 0.025)) * rng.standard_normal((*shape, 1), np.float32)
    return np.clip(page, 0, 1)


def security_prints(
    shape: tuple[int, int], unit: float, rng: np.random.Generator
) -> list[NDArray[np.float32]]:
    """One or two patterns of security print, float32 H×W in 0..1 each: how much light they take."""
    strength = float(rng.uniform(*PRINT_STRENGTH))
    prints = (_waves, _waves, _rosettes, _weave, _weave, _tiny_text)
    chosen = rng.choice(len(prints), int(rng.integers(1, 3)), replace=False)
    return [
        prints[int(kind)](shape, unit, rng) * np.float32(strength * rng.uniform(0.6, 1.0)) for kind in chosen
    ]


def _waves(shape: tuple[int, int], unit: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Guilloche: one to three families of parallel fine curves, each the sum of two sines."""
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
    """Rings of petals around a few points."""
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
    """A small random motif repeated like a textile or a halftone."""
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
        # Every other row of motifs is shifted by half, as bricks are.
        for start in range(0, len(tiled), 2 * rows):
            tiled[start : start + rows] = np.roll(tiled[start : start + rows], columns // 2, axis=1)
    return np.asarray(tiled[:height, :width], np.float32)


def _tiny_text(shape: tuple[int, int], unit: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Lines of print too small to be read."""
    height, width = shape
    size = max(3, round(unit * rng.uniform(0.1, 0.25)))
    mask = np.zeros(shape, np.float32)
    for top in range(int(rng.integers(0, size)), height, int(size * rng.uniform(1.5, 3))):
        marks = (rng.random((min(size - 1, height - top), width)) < 0.45) * (rng.random(width) < 0.8)
        mask[top : top + len(marks)] = marks
    return cv2.GaussianBlur(mask, (0, 0), 0.5)


def lit(page: Page, rng: np.random.Generator) -> Page:
    """The page in the light of a room, more often than not an even one."""
    shape = page.shape[:2]
    if rng.random() < LIGHT_SHARE:
        page = page * paper.uneven_light(
            shape,
            direction=float(rng.uniform(0, 360)),
            fall=float(rng.uniform(0, 0.45)),
            vignette=float(rng.uniform(0, 0.25)),
            level=float(rng.uniform(0.7, 1.0)),
        )
    if rng.random() < SHADOW_SHARE:
        left, right = np.sort(rng.uniform(-0.3, 1.3, 2))
        lean = rng.uniform(-0.2, 0.2)
        outline = [(left, -0.2), (right, -0.2), (right + lean, 1.2), (left + lean, 1.2)]
        depth, blur = float(rng.uniform(0.1, 0.5)), float(rng.uniform(0.02, 0.15)) * shape[0] + 2
        page = page * paper.soft_shadow(shape, outline, depth=depth, blur=blur)
    return page


def captured(page: Page, unit: float, rng: np.random.Generator) -> NDArray[np.uint8]:
    """The page as a file has it: blurred, noisy, short of pixels, compressed; uint8 H×W×3."""
    height, width = page.shape[:2]
    blur = BLUR[0] + BLUR[1] * unit * float(rng.random()) ** 2
    picture = cv2.GaussianBlur(page, (0, 0), blur)
    if rng.random() < COARSE_SHARE:
        share = float(rng.uniform(max(COARSEST, min(0.95, 18 / unit)), 1))
        small = cv2.resize(
            picture,
            (max(4, round(width * share)), max(4, round(height * share))),
            interpolation=cv2.INTER_AREA,
        )
        picture = cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
    if rng.random() < 0.7:
        grain = rng.standard_normal((height, width, 1), np.float32)
        if rng.random() < 0.5:
            grain = grain + np.float32(0.4) * rng.standard_normal((height, width, 3), np.float32)
        picture = picture + np.float32(NOISE * rng.random() ** 2) * grain
    pixels = cv2.convertScaleAbs(np.maximum(picture, 0), alpha=255)
    if rng.random() < GREY_PICTURE_SHARE:
        pixels = cv2.cvtColor(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    if rng.random() >= JPEG_SHARE:
        return pixels
    quality = int(rng.integers(*JPEG_QUALITY))
    _, coded = cv2.imencode(
        ".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality]
    )
    return cv2.cvtColor(cv2.imdecode(coded, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
