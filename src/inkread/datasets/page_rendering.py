"""Ink on paper, in uneven light, through a camera.

A page is float32 H×W×3 in 0..1, sRGB; an ink map is float32 H×W in 0..1. Every function returns a new array,
and takes all randomness from the given generator. Lengths are in pixels unless a docstring says otherwise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from inkread.datasets.stroke_font import Strokes

Page = NDArray[np.float32]
"""H×W×3 in 0..1."""
InkMap = NDArray[np.float32]
"""H×W in 0..1."""
Light = NDArray[np.float32]
"""H×W×1, a factor for each pixel of a page."""
Colour = tuple[float, float, float]
"""Red, green, blue in 0..1, sRGB."""

GAIN = 1.3
"""Scales cubic interpolation of unit noise back to a standard deviation of about 1."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A writing tool.

    Attributes:
        colour: color of its ink at full strength.
        opacity: opacity of a full stroke, 0 to 1.
        grain: how much of the stroke the paper's tooth leaves bare, 0 (marker) to 1 (chalk).
        flow: how much the strength varies along the stroke, 0 to 1.
        softness: blur of the edge.
    """

    colour: Colour
    opacity: float = 0.95
    grain: float = 0.0
    flow: float = 0.1
    softness: float = 0.5


BLUE_PEN = Tool((0.10, 0.16, 0.50), opacity=0.92, grain=0.16, flow=0.22)
BLACK_PEN = Tool((0.09, 0.09, 0.11), opacity=0.93, grain=0.12, flow=0.18)
PENCIL = Tool((0.24, 0.24, 0.26), opacity=0.78, grain=0.45, flow=0.22, softness=0.7)
MARKER = Tool((0.06, 0.06, 0.08), opacity=0.97, grain=0.0, flow=0.05, softness=0.9)
RED_MARKER = Tool((0.72, 0.08, 0.10), opacity=0.93, grain=0.02, flow=0.1, softness=0.9)
CHALK = Tool((0.93, 0.93, 0.90), opacity=0.88, grain=0.75, flow=0.3, softness=0.7)


@dataclass(frozen=True, slots=True)
class Camera:
    """How a page is photographed.

    Attributes:
        tilt: maximum displacement of a corner by perspective, as a share of the page's sides.
        turn: rotation, degrees.
        blur: standard deviation of the defocus.
        noise: standard deviation of the sensor noise in midtones, 0..1.
        cast: factors for red, green, and blue.
    """

    tilt: float = 0.03
    turn: float = 0.0
    blur: float = 0.8
    noise: float = 0.012
    cast: Colour = (1.0, 1.0, 1.0)


def place(strokes: Strokes, *, at: tuple[float, float], height: float, slope: float = 0.0) -> Strokes:
    """Places strokes as ``write_row`` returns them on a page, the upper left corner at x and y.

    The height is that of a digit; the slope is upward to the right, degrees.
    """
    angle = math.radians(-slope)
    turn = height * np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    return [
        np.column_stack([stroke[:, :2] @ turn + at, stroke[:, 2:]]).astype(np.float32) for stroke in strokes
    ]


def plain_paper(
    shape: tuple[int, int], rng: np.random.Generator, *, colour: Colour, fibre: float = 0.012
) -> Page:
    """Makes blank paper with a slight tooth and cloudiness; ``fibre`` is the standard deviation of both."""
    texture = noise(shape, 1.2, rng) * 0.6 + noise(shape, 6, rng) * 0.4 + noise(shape, 90, rng) * 0.6
    return _page(np.array(colour) + fibre * texture[..., None])


def write(page: Page, ink: InkMap, tool: Tool, rng: np.random.Generator) -> Page:
    """Applies an ink map to a page with a tool."""
    shape = ink.shape
    tooth = noise(shape, 1.4, rng) * 0.8 + noise(shape, 3.0, rng) * 0.6
    # In the middle of a line, the tool presses hard and fills the tooth; at the edge it does not.
    bare = tool.grain * np.clip(0.5 + 0.5 * tooth + (1 - ink) * 0.5, 0, 1)
    strength = cv2.GaussianBlur(ink * (1 - bare), (0, 0), tool.softness)
    strength *= tool.opacity * (1 - tool.flow * np.clip(0.5 + 0.5 * noise(shape, 14, rng), 0, 1))
    strength = np.clip(strength, 0, 1)[..., None]
    return _page(page * (1 - strength) + np.array(tool.colour) * strength)


def uneven_light(
    shape: tuple[int, int],
    *,
    direction: float = 0.0,
    fall: float = 0.2,
    vignette: float = 0.1,
    level: float = 1.0,
) -> Light:
    """Makes light that falls off in one direction and toward the corners; ``level`` is its brightest part.

    The direction is in degrees clockwise from right. Shares of the light are lost from side to side
    (``fall``) and in the corners (``vignette``).
    """
    y, x = np.meshgrid(np.linspace(-1, 1, shape[0]), np.linspace(-1, 1, shape[1]), indexing="ij")
    angle = math.radians(direction)
    along = (x * math.cos(angle) + y * math.sin(angle)) / (abs(math.cos(angle)) + abs(math.sin(angle)))
    light = level * (1 - fall * (along + 1) / 2) * (1 - vignette * ((x**2 + y**2) / 2) ** 1.5)
    return light.astype(np.float32)[..., None]


def photograph(scene: Page, camera: Camera, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Photographs a lit page; returns uint8 H×W×3.

    Corners only move inward, so the frame stays within the page.
    """
    height, width = scene.shape[:2]
    frame = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    inward = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]]) * [width, height]
    seen = frame + inward * rng.uniform(0, camera.tilt, (4, 2))
    angle = math.radians(camera.turn)
    # Shrink a rotated frame until its corners are within the page again.
    room = 1 / (abs(math.cos(angle)) + max(width / height, height / width) * abs(math.sin(angle)))
    turn = room * np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    middle = np.array([width, height]) / 2
    seen = (seen - middle) @ turn + middle
    view = cv2.getPerspectiveTransform(seen.astype(np.float32), frame)
    picture = cv2.warpPerspective(
        scene.astype(np.float32), view, (width, height), borderMode=cv2.BORDER_REFLECT
    )
    picture = cv2.GaussianBlur(picture, (0, 0), camera.blur) * np.array(camera.cast, np.float32)
    # Shot noise grows with the square root of the light; luminance noise is stronger than color noise.
    grain = rng.normal(0, 1, (height, width, 1)) + 0.4 * rng.normal(0, 1, (height, width, 3))
    picture += camera.noise * grain * np.sqrt(np.clip(picture, 0.05, 1) / 0.5)
    return np.round(np.clip(picture, 0, 1) * 255).astype(np.uint8)


def noise(shape: tuple[int, int], scale: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Makes smooth noise, float32 H×W, mean 0, standard deviation about 1, with blotches ``scale`` wide."""
    height, width = shape
    coarse = (max(2, round(height / scale)), max(2, round(width / scale)))
    values = rng.normal(0, 1, coarse).astype(np.float32)
    smooth = np.asarray(cv2.resize(values, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)
    return smooth * np.float32(GAIN)


def _page(values: NDArray[Any]) -> Page:
    return np.asarray(np.clip(values, 0, 1), np.float32)
