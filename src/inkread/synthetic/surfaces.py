"""Gray paper, security print, light, and the effects of scanners and cameras.

Pages are float32 H×W, 0 black to 1 white. ``unit`` is the height of a digit in pixels.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import cv2
import numpy as np

from inkread.datasets.page_rendering import noise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Page = NDArray[np.float32]

SECURITY_SHARE, CLEAN_SHARE = 0.16, 0.3
"""Share of pages with security print, and with a uniform tone; the rest are photos or scans of paper."""
PRINT_STRENGTH = (0.1, 0.5)
"""Share of light that the lines absorb."""
CURVE_POINTS = 64
SHIFT = 4


def sheet(shape: tuple[int, int], unit: float, rng: np.random.Generator) -> Page:
    """Makes blank paper."""
    kind = rng.random()
    level = 1.0 if rng.random() < 0.4 else float(rng.uniform(0.55, 1.0))
    page = np.full(shape, level, np.float32)
    if kind < CLEAN_SHARE:
        return page
    if kind < CLEAN_SHARE + SECURITY_SHARE:
        for mask in _security_prints(shape, min(unit, 48.0), rng):
            page *= 1 - mask * np.float32(rng.uniform(0.4, 1.0))
        return page
    page += noise(shape, 1.5, rng) * np.float32(0.02 * rng.random() ** 2)
    page += noise(shape, float(rng.uniform(3, 60)), rng) * np.float32(0.05 * rng.random() ** 2)
    if rng.random() < 0.12:
        page = shown_through(page, unit, rng)
    return page


def shown_through(page: Page, unit: float, rng: np.random.Generator) -> Page:
    """Adds faint, mirrored writing from the back of the paper, as blurred curves without meaning."""
    mask = np.zeros(page.shape, np.uint8)
    for _ in range(int(rng.integers(2, 12))):
        start = rng.uniform(0, 1, 2) * page.shape[::-1]
        steps = rng.normal(0, unit * 0.3, (int(rng.integers(4, 14)), 2)).cumsum(axis=0)
        path = cv2.approxPolyDP((start + steps).astype(np.float32)[:, None], 0.5, False)
        cv2.polylines(mask, [path.astype(np.int32)], False, 255, max(1, round(unit * 0.1)), cv2.LINE_AA)
    faint = cv2.GaussianBlur(mask, (0, 0), 0.6 + unit * 0.03).astype(np.float32) / 255
    return page * (1 - faint * np.float32(rng.uniform(0.04, 0.15)))


def _security_prints(shape: tuple[int, int], unit: float, rng: np.random.Generator) -> list[Page]:
    """Returns one or two patterns as on checks: how much light they absorb, float32 H×W in 0..1."""
    strength = float(rng.uniform(*PRINT_STRENGTH))
    prints = (_waves, _waves, _rosettes, _weave, _weave, _tiny_text)
    chosen = rng.choice(len(prints), int(rng.integers(1, 3)), replace=False)
    parts = [(prints[int(kind)](shape, unit, rng), rng.uniform(0.6, 1.0)) for kind in chosen]
    return [lines * np.float32(strength * share) for lines, share in parts]


def _waves(shape: tuple[int, int], unit: float, rng: np.random.Generator) -> Page:
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
        across = x * np.cos(angle) - y * np.sin(angle) + width / 2
        down = x * np.sin(angle) + y * np.cos(angle) + height / 2
        curves = np.round(np.stack([across, down], axis=-1) * (1 << SHIFT)).astype(np.int32)
        cv2.polylines(mask, list(curves), False, int(rng.integers(120, 256)), 1, cv2.LINE_AA, SHIFT)
    return mask.astype(np.float32) / np.float32(255)


def _rosettes(shape: tuple[int, int], unit: float, rng: np.random.Generator) -> Page:
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


def _weave(shape: tuple[int, int], unit: float, rng: np.random.Generator) -> Page:
    """Repeats a small random motif like a textile or a halftone."""
    rows, columns = (int(side) for side in np.maximum(3, np.round(unit * rng.uniform(0.08, 0.35, 2))))
    dots = (rng.random((rows, columns)) < rng.uniform(0.25, 0.6)).astype(np.float32)
    motif = cv2.GaussianBlur(dots, (0, 0), float(rng.uniform(0.4, 0.8)), borderType=cv2.BORDER_REFLECT)
    height, width = shape
    tiled = np.tile(motif, (height // rows + 2, width // columns + 2))
    if rng.random() < 0.5:
        # Every other row of motifs is shifted by half, like bricks.
        for start in range(0, len(tiled), 2 * rows):
            tiled[start : start + rows] = np.roll(tiled[start : start + rows], columns // 2, axis=1)
    return np.asarray(tiled[:height, :width], np.float32)


def _tiny_text(shape: tuple[int, int], unit: float, rng: np.random.Generator) -> Page:
    """Draws lines of print too small to read."""
    height, width = shape
    size = max(3, round(unit * rng.uniform(0.1, 0.25)))
    mask = np.zeros(shape, np.float32)
    for top in range(int(rng.integers(0, size)), height, int(size * rng.uniform(1.5, 3))):
        marks = (rng.random((min(size - 1, height - top), width)) < 0.45) * (rng.random(width) < 0.8)
        mask[top : top + len(marks)] = marks
    return cv2.GaussianBlur(mask, (0, 0), 0.5)


def lit(page: Page, rng: np.random.Generator) -> Page:
    """Lights the page like a room: a gradient, and sometimes the edge of a shadow, a fold, or a glare."""
    height, width = page.shape
    if rng.random() < 0.4:
        angle, fall = rng.uniform(0, 2 * math.pi), rng.uniform(0.05, 0.6) * rng.random()
        y = np.linspace(-0.5, 0.5, height, dtype=np.float32)[:, None] * np.float32(math.sin(angle))
        x = np.linspace(-0.5, 0.5, width, dtype=np.float32)[None, :] * np.float32(math.cos(angle))
        page = page * np.clip(1 - fall * (0.5 + x + y), 0.2, 1.2).astype(np.float32)
    if rng.random() < 0.12:
        corners = rng.uniform(-0.4, 1.4, (4, 2)) * [width, height]
        shade = np.zeros((height // 4, width // 4), np.float32)
        cv2.fillPoly(shade, [np.round(corners / 4).astype(np.int32)], 1.0)
        shade = cv2.GaussianBlur(shade, (0, 0), float(rng.uniform(0.3, 6)))
        page = page * (1 - np.float32(rng.uniform(0.1, 0.55)) * cv2.resize(shade, (width, height)))
    if rng.random() < 0.06:
        at, angle = rng.uniform(0.1, 0.9, 2) * [width, height], rng.uniform(0, math.pi)
        y, x = np.mgrid[:height, :width].astype(np.float32)
        across = (x - at[0]) * math.sin(angle) - (y - at[1]) * math.cos(angle)
        fold = np.tanh(across / rng.uniform(0.8, 4)) * rng.uniform(0.02, 0.15)
        page = page * (1 + fold.astype(np.float32))
    return page


def captured(page: Page, unit: float, rng: np.random.Generator, *, clean: bool) -> NDArray[np.uint8]:
    """Returns the page as stored in a file: blurred, low-resolution, noisy, compressed, bilevel, or inverted.

    The result is uint8 H×W.
    """
    if not clean:
        if rng.random() < 0.35:
            blur = 0.25 + float(rng.exponential(0.4)) + 0.02 * unit * rng.random()
            page = cv2.GaussianBlur(page, (0, 0), blur)
        if rng.random() < 0.05:
            length = max(2, round(unit * rng.uniform(0.05, 0.2)))
            kernel = np.zeros((length, length), np.float32)
            first, last = (0, length - 1) if rng.random() < 0.5 else (length // 2, length // 2)
            cv2.line(kernel, (0, first), (length - 1, last), 1.0)
            page = cv2.filter2D(page, -1, kernel / kernel.sum())
    if rng.random() < (0.25 if clean else 0.4):
        page = _coarse(page, unit, rng)
    bilevel = rng.random() < 0.06
    if bilevel:
        low, high = np.percentile(page, (2, 98))
        page = (page > low + (high - low) * rng.uniform(0.35, 0.7)).astype(np.float32)
        if rng.random() < 0.3:
            specks = rng.random(page.shape) < 0.003
            page = np.where(specks, 1 - page, page)
    if not clean and not bilevel:
        page = np.clip(page, 0, 1.2) ** np.float32(math.exp(rng.normal(0, 0.25)))
        page = page * np.float32(rng.uniform(0.6, 1.05))
        page = page + np.float32(rng.uniform(0, 0.25) * (rng.random() < 0.25))
    if not clean and rng.random() < 0.6:
        page = page + rng.standard_normal(page.shape, np.float32) * np.float32(0.05 * rng.random() ** 2)
    pixels = cv2.convertScaleAbs(np.clip(page, 0, 1), alpha=255)
    if rng.random() < 0.45:
        pixels = _compressed(pixels, int(rng.integers(12, 95)))
    return np.asarray(pixels, np.uint8)


def _compressed(pixels: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    _, coded = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE), np.uint8)


def _coarse(page: Page, unit: float, rng: np.random.Generator) -> Page:
    """Reduces and enlarges the page again; a digit keeps at least 8 pixels of its height."""
    height, width = page.shape
    share = float(np.clip(math.exp(rng.uniform(math.log(8 / unit), 0)), 0.03, 1)) if unit > 8 else 1.0
    size = max(8, round(width * share)), max(8, round(height * share))
    small = cv2.resize(page, size, interpolation=cv2.INTER_AREA)
    if rng.random() < 0.25:
        pixels = cv2.convertScaleAbs(np.clip(small, 0, 1), alpha=255)
        small = _compressed(np.asarray(pixels, np.uint8), int(rng.integers(20, 95))).astype(np.float32) / 255
    ways = (cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_CUBIC, cv2.INTER_NEAREST, cv2.INTER_LANCZOS4)
    way = ways[int(rng.choice(5, p=(0.42, 0.25, 0.15, 0.1, 0.08)))]
    return np.asarray(cv2.resize(small, (width, height), interpolation=way), np.float32)


def displacements(shape: tuple[int, int], reach: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Returns smooth noise along x and y, 2×H×W, with a standard deviation of about 1.

    Points ``reach`` pixels apart are independent (Simard et al. 2003).
    """
    noise = rng.standard_normal((2, *(2 + side // reach for side in shape)), np.float32)
    return np.stack([cv2.resize(one, shape[::-1], interpolation=cv2.INTER_CUBIC) for one in noise])
