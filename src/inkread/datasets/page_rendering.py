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
    from collections.abc import Sequence

    from inkread.datasets.stroke_font import Strokes

Page = NDArray[np.float32]
"""H×W×3 in 0..1."""
InkMap = NDArray[np.float32]
"""H×W in 0..1."""
Light = NDArray[np.float32]
"""H×W×1, a factor for each pixel of a page."""
Colour = tuple[float, float, float]
"""Red, green, blue in 0..1, sRGB."""
Box = tuple[float, float, float, float]
"""x0, y0, x1, y1."""

GAIN = 1.3
"""Scales cubic interpolation of unit noise back to a standard deviation of about 1."""
SHIFT = 4
"""Fixed-point bits for the coordinates of printed lines."""


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
    """Places strokes of unit height on a page.

    Args:
        strokes: as ``write_row`` returns them.
        at: x and y of the upper left corner.
        height: height of a digit.
        slope: upward slope of the row to the right, degrees.
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


def board(shape: tuple[int, int], rng: np.random.Generator, *, colour: Colour = (0.15, 0.21, 0.19)) -> Page:
    """Makes a blackboard from which chalk was wiped in broad strokes."""
    page = plain_paper(shape, rng, colour=colour, fibre=0.01)
    height, width = shape
    # A wet sponge leaves tilted noise that is much longer than wide.
    streaks = cv2.resize(
        noise((height, max(2, width // 12)), 14, rng), (width, height), interpolation=cv2.INTER_CUBIC
    )
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), float(rng.uniform(8, 20)), 1.0)
    streaks = cv2.warpAffine(streaks, turn, (width, height), borderMode=cv2.BORDER_REFLECT)
    dust = np.clip(0.045 + 0.03 * streaks + 0.012 * noise(shape, 1.5, rng), 0, 1)
    return _page(page + (1 - page) * dust[..., None])


def ruled(page: Page, *, spacing: float, start: float, colour: Colour, margin: float | None = None) -> Page:
    """Prints horizontal lines, and a red margin line at x = ``margin`` if there is one."""
    height, width = page.shape[:2]
    lines = [(0.0, y, float(width), y) for y in np.arange(start, height, spacing)]
    page = printed(page, lines, colour=colour, thickness=1)
    if margin is None:
        return page
    return printed(page, [(margin, 0, margin, height)], colour=(0.86, 0.45, 0.47), thickness=1)


def grid(page: Page, *, spacing: float, start: tuple[float, float], colour: Colour) -> Page:
    """Prints squares."""
    height, width = page.shape[:2]
    lines = [(0.0, y, float(width), y) for y in np.arange(start[1], height, spacing)]
    lines += [(x, 0.0, x, float(height)) for x in np.arange(start[0], width, spacing)]
    return printed(page, lines, colour=colour, thickness=1)


def boxes(page: Page, frames: Sequence[Box], *, colour: Colour, thickness: int = 2) -> Page:
    """Prints frames, like the ones for each digit on a form."""
    lines = [
        side
        for x0, y0, x1, y1 in frames
        for side in ((x0, y0, x1, y0), (x1, y0, x1, y1), (x1, y1, x0, y1), (x0, y1, x0, y0))
    ]
    return printed(page, lines, colour=colour, thickness=thickness)


def printed(page: Page, lines: Sequence[Box], *, colour: Colour, thickness: int) -> Page:
    """Prints straight lines in translucent color: ink and paper multiply."""
    mask = np.zeros(page.shape[:2], np.uint8)
    ends = [np.array(line, np.float64).reshape(2, 1, 2) for line in lines]
    cv2.polylines(
        mask,
        [np.round(end * (1 << SHIFT)).astype(np.int32) for end in ends],
        isClosed=False,
        color=255,
        thickness=thickness,
        lineType=cv2.LINE_AA,
        shift=SHIFT,
    )
    strength = mask.astype(np.float32)[..., None] / 255
    return _page(page * (1 - strength * (1 - np.array(colour))))


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
    """Makes light that falls off in one direction and toward the corners.

    Args:
        shape: shape of the page.
        direction: direction in which it gets darker, degrees clockwise from right.
        fall: share of the light lost from side to side.
        vignette: share lost in the corners.
        level: brightness of the brightest part.
    """
    y, x = np.meshgrid(np.linspace(-1, 1, shape[0]), np.linspace(-1, 1, shape[1]), indexing="ij")
    angle = math.radians(direction)
    along = (x * math.cos(angle) + y * math.sin(angle)) / (abs(math.cos(angle)) + abs(math.sin(angle)))
    light = level * (1 - fall * (along + 1) / 2) * (1 - vignette * ((x**2 + y**2) / 2) ** 1.5)
    return light.astype(np.float32)[..., None]


def soft_shadow(
    shape: tuple[int, int], outline: Sequence[tuple[float, float]], *, depth: float, blur: float
) -> Light:
    """Makes the shadow of an object next to the page.

    Args:
        shape: shape of the page.
        outline: corners of the shadow as shares of the page's width and height; they may be outside the page.
        depth: share of the light that it blocks.
        blur: standard deviation of its edge.
    """
    mask = np.zeros(shape, np.float32)
    corners = np.array(outline) * [shape[1], shape[0]]
    cv2.fillPoly(mask, [np.round(corners).astype(np.int32)], 1.0)
    # OpenCV's kernel grows with the blur, so blur a small copy.
    small = cv2.resize(mask, None, fx=1 / 4, fy=1 / 4, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), blur / 4, borderType=cv2.BORDER_REPLICATE)
    return (1 - depth * cv2.resize(small, shape[::-1], interpolation=cv2.INTER_LINEAR))[..., None]


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
