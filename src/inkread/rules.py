"""Ink map -> ink map without what was printed to write on: ruled and grid lines, boxes, frames.

A printed line is straight and long. How long is long depends on what it is: a ruled line crosses the picture, the side of a box
is as long as the box. What crosses a removed line is mended.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from inkread.glyph import EDGE

if TYPE_CHECKING:
    from numpy.typing import NDArray

CROSSING = 0.6
"""A ruled line runs straight for at least this share of the picture's side."""

SMALLEST_PICTURE = 32
"""Pixels; in a smaller picture no line can be told from a stroke."""

SMALLEST_BOX = 24
"""Pixels; a smaller piece of ink is no box that one writes into."""

OVERVIEW = 500
"""Longer side, in pixels, of the reduced picture that is searched first."""

THROUGH = 0.97
"""A single line is a ruled one if it runs for at least this share of the picture's side."""

THICKEST_RULE = 0.02
"""Thickness of a ruled line, at most, as a share of the picture's longer side."""

SIDE_OF_BOX = 0.6
"""The sides of a box are straight for at least this share of its width or height."""

THICKEST_SIDE = 0.2
"""Thickness of a box's sides, at most, as a share of its shorter side: a thick 0 is no box."""

NEAR_BORDER = 0.22
"""The sides of a box lie this near to the borders of its piece of ink, as a share of its shorter side."""

CONTENT = 0.25
"""A box holds writing if something at least this share of its height is left when its sides are gone."""

SLACK = 3
"""Pixels by which a line may waver and still count as straight."""

CORNER, LEAST_CORNERS = 0.12, 3
"""Size of a box's corners, as a share of its sides, and how many of them must have ink: an ellipse has none in there."""

SAME_SIZE = 0.2
"""An empty box is one if its sides differ from those of a box with content by no more than this share: else it is a 0."""

OTHER_COLOUR = 0.2
"""Distance of the unit vectors from the paper's colour to the box's and to the pen's from which they are told apart."""

MOST_BOXES = 200
"""Pieces of ink that are looked at for boxes, the largest first."""

_NEIGHBOURS = np.ones((3, 3), np.uint8)


def without_rules(ink: NDArray[np.float32], pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The ink map without ruled lines, grids and the sides of boxes.

    Args:
        ink: H×W float32 in 0..1, 0.5 being the edge of a stroke.
        pixels: H×W×3 uint8 RGB, by whose colour a pen is told from print where they overlap.

    Returns:
        H×W float32; ``ink`` itself where there was nothing to remove.
    """
    if min(ink.shape) < SMALLEST_PICTURE:
        return ink
    solid = (ink >= EDGE).astype(np.uint8)
    printed = _ruled_lines(solid)
    remaining = _mended(solid & ~printed, printed, printed) if printed.any() else solid
    boxes, sides = _boxes(remaining, pixels)
    if boxes.any():
        remaining = _mended(remaining & ~boxes, boxes, sides)
    if not (printed.any() or boxes.any()):
        return ink
    # The soft edge of what stays is kept, that of what goes is not; mended gaps are ink in full.
    kept = cv2.dilate(remaining, _NEIGHBOURS) & ~((printed | boxes) & ~remaining)
    return np.maximum(ink * kept, (remaining & ~solid).astype(np.float32))


def _ruled_lines(solid: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """H×W mask of the lines that cross the picture, if there are several, or one that ends at both borders."""
    printed = np.zeros_like(solid)
    # Long runs are slow to look for at full size: a reduced picture tells where there can be none.
    step = max(1, max(solid.shape) // OVERVIEW)
    overview = np.ascontiguousarray(cv2.dilate(solid, np.ones((step, step), np.uint8))[::step, ::step])
    thickest = max(2, int(THICKEST_RULE * max(solid.shape)))
    for vertical in (False, True):
        side = solid.shape[0 if vertical else 1]
        if not _straight(overview, int(CROSSING * side / step) - 1, vertical=vertical).any():
            continue
        lines = _straight(solid, int(CROSSING * side), vertical=vertical)
        if not lines.any():
            continue
        # What is as thick as it is long is a shadow or a table's edge.
        block = cv2.morphologyEx(lines, cv2.MORPH_OPEN, np.ones((thickest + 1, thickest + 1), np.uint8))
        lines &= ~cv2.dilate(block, _NEIGHBOURS)
        count, _, stats, _ = cv2.connectedComponentsWithStats(lines, connectivity=8)
        lengths = stats[1:count, cv2.CC_STAT_HEIGHT if vertical else cv2.CC_STAT_WIDTH]
        # Two upright strokes of tightly cropped digits are as long; ruled paper has level lines first.
        several = (lengths >= CROSSING * side).sum() >= 2 and (printed.any() or not vertical)
        if (several or (lengths >= THROUGH * side).any()) and (solid & ~lines).any():
            printed |= lines
    return printed


def _boxes(
    solid: NDArray[np.uint8], pixels: NDArray[np.uint8]
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """H×W mask of boxes that hold writing and all else that is printed in their colour, and that of the boxes' sides alone."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(solid, connectivity=8)
    order = np.argsort(-stats[1:, cv2.CC_STAT_AREA])[:MOST_BOXES] + 1
    sides, inside, empty = np.zeros_like(solid), np.zeros_like(solid), []
    shapes: list[tuple[int, ...]] = []
    for label in order:
        x, y, width, height = (int(value) for value in stats[label, :4])
        # What fills the picture is its border or its background, and would cost the most time.
        if min(width, height) < SMALLEST_BOX or width * height > solid.size / 2:
            continue
        window = np.s_[y : y + height, x : x + width]
        frame = _frame((labels[window] == label).astype(np.uint8))
        if frame is None:
            continue
        content = solid[window] & ~cv2.dilate(frame, _NEIGHBOURS)
        if _highest_in_the_middle(content) >= CONTENT * height:
            sides[window] |= frame
            inside[window] |= content
            shapes.append(frame.shape)
        else:
            empty.append((window, frame))
    if not sides.any():
        return sides, sides
    for window, frame in empty:
        if any(_alike(frame.shape, shape) for shape in shapes):
            sides[window] |= frame
    return _by_colour(solid, sides, inside, pixels), sides


def _alike(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    """Whether two boxes have the same size, to a fifth."""
    return all(abs(a - b) <= SAME_SIZE * max(a, b) for a, b in zip(one, other, strict=True))


def _frame(own: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
    """The mask of the straight sides of a piece of ink that is framed by them; ``None`` if it is not."""
    height, width = own.shape
    shorter = min(height, width)
    level = _straight(own, int(SIDE_OF_BOX * shorter))
    upright = _straight(own, int(SIDE_OF_BOX * height), vertical=True)
    reach = max(2, int(NEAR_BORDER * shorter))
    lengths = [
        int(level[:reach].any(axis=0).sum()),
        int(level[-reach:].any(axis=0).sum()),
        int(upright[:, :reach].any(axis=1).sum()),
        int(upright[:, -reach:].any(axis=1).sum()),
    ]
    shares = np.array(lengths) / (width, width, height, height)
    frame = level | upright
    if _inked_corners(own) < LEAST_CORNERS:
        return None
    if np.sort(shares)[1] < SIDE_OF_BOX or shares.min() < SIDE_OF_BOX / 2:
        return None
    return frame if frame.sum() <= THICKEST_SIDE * shorter * sum(lengths) else None


def _inked_corners(own: NDArray[np.uint8]) -> int:
    """How many of the four corners have ink: a box has all of them, unless a digit sticks out of it; a 0 has none."""
    height, width = (max(2, round(CORNER * side)) for side in own.shape)
    corners = (own[:height, :width], own[:height, -width:], own[-height:, :width], own[-height:, -width:])
    return sum(bool(corner.any()) for corner in corners)


def _by_colour(
    solid: NDArray[np.uint8], sides: NDArray[np.uint8], inside: NDArray[np.uint8], pixels: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    """The printed ink, told by its colour where that differs from the pen's; else just the sides of the boxes."""
    step = max(1, int((solid.size / 100_000) ** 0.5))
    paper = np.median(pixels[::step, ::step][solid[::step, ::step] == 0], axis=0)
    print_way, pen_way = (_direction(paper - np.median(pixels[mask > 0], axis=0)) for mask in (sides, inside))
    if np.linalg.norm(print_way - pen_way) < OTHER_COLOUR:
        return sides
    rows, columns = np.nonzero(solid)
    ways = paper - pixels[rows, columns]
    printed = np.zeros_like(solid)
    printed[rows, columns] = ways @ print_way > ways @ pen_way
    return printed


def _direction(vector: NDArray[np.float64]) -> NDArray[np.float64]:
    return vector / max(1e-6, float(np.linalg.norm(vector)))


def _highest_in_the_middle(mask: NDArray[np.uint8]) -> int:
    """The height in pixels of the highest connected piece whose centre lies in the middle half of the mask."""
    count, _, stats, centroids = cv2.connectedComponentsWithStats(mask, connectivity=8)
    shape = np.array([mask.shape[1], mask.shape[0]])
    middle = (np.abs(centroids[1:count] / shape - 0.5) < 0.25).all(axis=1)
    return int(stats[1:count, cv2.CC_STAT_HEIGHT][middle].max(initial=0))


def _straight(mask: NDArray[np.uint8], length: int, *, vertical: bool = False) -> NDArray[np.uint8]:
    """The pixels of level (or upright) runs of at least ``length`` pixels, which may waver by ``SLACK``."""
    along = np.ones((1, max(3, length)), np.uint8)
    across = np.ones((SLACK, 1), np.uint8)
    if vertical:
        along, across = along.T, across.T
    return cv2.morphologyEx(cv2.dilate(mask, across), cv2.MORPH_OPEN, along) & mask


def _mended(
    remaining: NDArray[np.uint8], removed: NDArray[np.uint8], lines: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    """Closes the gaps that removed lines left in the strokes that crossed them; ``lines`` are those that tell how thick they are."""
    thickness = 2 * cv2.distanceTransform(np.pad(lines, 1), cv2.DIST_L2, 3)
    gap = int(np.percentile(thickness[thickness > 0], 95)) + 2
    closed = remaining.copy()
    for shape in ((gap, 1), (1, gap)):
        closed |= cv2.morphologyEx(remaining, cv2.MORPH_CLOSE, np.ones(shape, np.uint8)) & removed
    return closed
