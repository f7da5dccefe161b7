"""One writer's characters, whichever collection they come from, as glyphs of one form.

A glyph is either a pen's path or a picture of ink, in units of the height of a digit: the baseline is y = 0, the top of a
digit y = -1, and x = 0 is the middle. Both are drawn by the same pen: a path by its width, a picture by growing or thinning
its strokes to that width.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import cv2
import numpy as np

from inkread.datasets.bhmsds import load_bhmsds
from inkread.datasets.glyphs import NOT_A_DIGIT_CLASS, digit_classes
from inkread.datasets.handwriting import Hand, write_digit
from inkread.datasets.mnist import load_mnist
from inkread.datasets.synthesis import LOOK_ALIKES
from inkread.datasets.unipen import HELD_OUT_CONTRIBUTORS, load_unipen

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from numpy.typing import NDArray

    from inkread.datasets.glyphs import LabelledGlyphs, SymbolGlyphs
    from inkread.datasets.unipen import PenCharacters
    from inkread.files import AnyPath

HELD_OUT_IMAGES = 5_000
"""MNIST's last training images, as everywhere in this project."""
SUREST, FLATTEST = 0.15, 1.7
"""UNIPEN's digits that look like their label to so many neighbours, and are no wider than so many heights: among few
digits of a row, one that nobody could read spoils it."""
HELD_OUT_SYMBOLS = 20
"""One in so many of BHMSDS's operators is held out."""

KINDS = {"image": 0.45, "pen": 0.4, "hand": 0.15}
"""How often a row is written with MNIST's digits, with UNIPEN's, and by the hand-made alphabet."""
MIXED_SHARE, MIXED_KINDS = 0.5, {"image": 0.35, "pen": 0.3, "hand": 0.35}
"""Rows in which each of the ten digits is of a kind of its own, and how often of which: who writes a 1 as anybody does may
still write a 7 as few do."""
RARE_SHARE = 0.7
"""Hands that may write a digit in any of the alphabet's shapes, not in its common ones only."""
REPEAT_SHARE = 0.5
"""How often a writer repeats a digit of the row in the very same shape."""
STRAIGHTENED = 0.75
"""Share of an MNIST digit's own slant taken away: its digits are not by one writer."""

FINE = 4
"""Pictures are enlarged this many times before their strokes are measured."""
RIDGE = 0.4
"""The middle of a stroke lies between fine pixels, so that their depths vary by this along it."""
EDGE = 127
DESCENDING, LOWER_CASE, LETTER_HEIGHT = frozenset("gjpqy"), frozenset("acemnruvwx"), 0.65
OPERATOR_SYMBOLS = {"+": "plus", "-": "minus", "x": "x"}
OPERATOR_BOXES = {"plus": (0.6, 0.6, -0.2), "minus": (0.5, 0.1, -0.45), "x": (0.5, 0.55, 0.0)}
"""Width, height and lower edge of BHMSDS's operators, whose own aspect and size are lost."""

MARKS = {
    ".": "0,-1 1,1 -1,1 0,-1",
    ",": "2,-5 5,3 0,18",
    "'": "3,-104 0,-86",
    ":": "0,-18 1,-17|0,-62 1,-61",
    "-": "0,-44 18,-45 36,-43",
    "~": "0,-40 30,-50 55,-38 85,-46 120,-42",
    "—": "0,-45 30,-47 70,-42 120,-47 160,-44",
    "=": "0,-58 40,-60|0,-32 40,-34",
    "+": "0,-42 46,-43|23,-66 22,-18",
    "x": "0,-50 36,-4|36,-52 2,-2",
    "/": "0,22 60,-122",
    "#": "18,-95 8,-2|42,-96 32,-3|0,-65 54,-67|-4,-32 50,-34",
    "*": "0,-40 36,-72|36,-40 0,-72|18,-34 18,-78|-3,-56 40,-56",
    "$": "46,-80 34,-90 14,-88 5,-72 16,-56 36,-46 44,-28 34,-8 12,-6 0,-20|24,-108 22,14",
    "€": "54,-80 40,-92 20,-84 10,-50 18,-12 38,-2 54,-14|0,-58 38,-60|-2,-38 34,-40",
}
"""Signs that stand beside digits: strokes parted by "|", points "x,y" in hundredths of a digit's height."""
MARK_WOBBLE = 0.02


@dataclass(frozen=True, slots=True)
class Glyph:
    """A character to be drawn: either ``strokes`` or a ``field``.

    Attributes:
        points: float32 K×2, where its ink is, for spacing; units of a digit's height.
        strokes: float32 M×2 each, the pen's path in the same units.
        field: float32 h×w, distance of each fine pixel to the edge of the ink, positive within.
        to_unit: 2×3, from the field's pixels to units.
    """

    points: NDArray[np.float32]
    strokes: tuple[NDArray[np.float32], ...] = ()
    field: NDArray[np.float32] | None = None
    to_unit: NDArray[np.float64] | None = None


@dataclass(frozen=True, slots=True)
class Material:
    """What rows are written with.

    Attributes:
        images: MNIST's training digits.
        characters: UNIPEN's digits and letters, without doubtful digits and look-alike letters.
        operators: BHMSDS's plus, minus and x.
        image_index: for each digit, which ``images``.
        writer_index: for each writer and character, which ``characters``.
        contributor_index: the same for each contributor, where a writer lacks a character.
        weights: float64, how often each writer of ``writer_index`` is chosen.
    """

    images: LabelledGlyphs
    characters: PenCharacters
    operators: SymbolGlyphs
    image_index: tuple[NDArray[np.intp], ...]
    writer_index: dict[int, dict[str, NDArray[np.intp]]]
    contributor_index: dict[str, dict[str, NDArray[np.intp]]]
    weights: NDArray[np.float64]

    @classmethod
    def of(cls, images: LabelledGlyphs, characters: PenCharacters, operators: SymbolGlyphs) -> Material:
        """Sorts the glyphs by digit, writer and contributor."""
        classes = digit_classes(characters.labels)
        usable = np.where(
            classes < NOT_A_DIGIT_CLASS,
            (characters.agreement >= SUREST) & (_aspects(characters) <= FLATTEST),
            ~np.isin(characters.labels, [*LOOK_ALIKES]),
        )
        characters = characters.subset(usable.astype(bool))
        digits = digit_classes(characters.labels) < NOT_A_DIGIT_CLASS
        writers, counts = np.unique(characters.writers[digits], return_counts=True)
        by_writer = _index(characters.writers, characters.labels)
        return cls(
            images=images,
            characters=characters,
            operators=operators.subset(np.isin(operators.symbols, list(OPERATOR_BOXES))),
            image_index=tuple(np.flatnonzero(images.labels == digit) for digit in range(10)),
            writer_index={int(writer): by_writer[int(writer)] for writer in writers},
            contributor_index=_index(characters.contributors, characters.labels),
            # The square root, so that neither the few who wrote hundreds nor the many who wrote ten prevail.
            weights=np.sqrt(counts) / np.sqrt(counts).sum(),
        )


def load_material(*, data_dir: AnyPath | None = None, held_out: bool) -> Material:
    """Loads MNIST's training files, UNIPEN and BHMSDS.

    Args:
        data_dir: where the collections lie; otherwise where ``INKREAD_DATA`` says.
        held_out: what is kept back for validation (MNIST's last 5,000 training images, four contributors of UNIPEN, a
            twentieth of the operators), or else all the rest.

    Raises:
        DatasetError: a collection cannot be had.
    """
    mnist = load_mnist("train", data_dir=data_dir)
    kept_back = slice(len(mnist) - HELD_OUT_IMAGES, None)
    learned = slice(0, len(mnist) - HELD_OUT_IMAGES)
    characters = load_unipen(data_dir=data_dir)
    of_held_out = np.isin(characters.contributors, HELD_OUT_CONTRIBUTORS)
    operators = load_bhmsds(data_dir=data_dir)
    one_in = np.arange(len(operators)) % HELD_OUT_SYMBOLS == 0
    return Material.of(
        mnist.subset(kept_back if held_out else learned),
        characters.subset(of_held_out == held_out),
        operators.subset(one_in == held_out),
    )


@dataclass(slots=True)
class Scribe:
    """Somebody who writes a row; the same digit often comes out the same.

    Attributes:
        material: what there is to write with.
        rng: all that is random comes from it.
        kinds: of each of the ten digits, where it is from, see ``KINDS``; signs are as the 0 is.
        writer: of UNIPEN's.
        hand: of the hand-made alphabet's.
        known: what was written so far.
    """

    material: Material
    rng: np.random.Generator
    kinds: tuple[str, ...]
    writer: int
    hand: Hand
    known: dict[str, Glyph] = field(default_factory=dict)

    @classmethod
    def random(cls, material: Material, rng: np.random.Generator) -> Scribe:
        """Anybody."""
        if rng.random() < MIXED_SHARE:
            kinds = rng.choice(list(MIXED_KINDS), 10, p=list(MIXED_KINDS.values()))
        else:
            kinds = np.repeat(rng.choice(list(KINDS), p=list(KINDS.values())), 10)
        writer = int(rng.choice(list(material.writer_index), p=material.weights))
        hand = Hand.random(rng, rare=rng.random() < RARE_SHARE)
        return cls(material, rng, tuple(kinds.tolist()), writer, hand)

    def glyph(self, character: str) -> Glyph:
        """A digit, a letter that UNIPEN has, or one of ``MARKS``."""
        if character in self.known and self.rng.random() < REPEAT_SHARE:
            return self.known[character]
        glyph = self._digit(character) if character.isdigit() else self._sign(character)
        self.known[character] = glyph
        return glyph

    def _digit(self, character: str) -> Glyph:
        kind = self.kinds[int(character)]
        if kind == "image":
            return from_image(self.material.images.images[self._pick(int(character))])
        if kind == "hand":
            return from_strokes([stroke[:, :2] for stroke in write_digit(character, self.hand, self.rng)])
        return self._by_pen(character)

    def _pick(self, digit: int) -> int:
        return int(self.rng.choice(self.material.image_index[digit]))

    def _sign(self, character: str) -> Glyph:
        if self.kinds[0] == "image" and character in OPERATOR_SYMBOLS:
            symbol = OPERATOR_SYMBOLS[character]
            chosen = np.flatnonzero(self.material.operators.symbols == symbol)
            image = self.material.operators.images[self.rng.choice(chosen)]
            return from_image(image, box=OPERATOR_BOXES[symbol])
        return self._mark(character) if character in MARKS else self._by_pen(character)

    def _mark(self, mark: str) -> Glyph:
        strokes = []
        for stroke in MARKS[mark].split("|"):
            points = np.array([point.split(",") for point in stroke.split()], np.float32) / 100
            shift = self.rng.normal(0, MARK_WOBBLE, points.shape) if mark != "." else 0
            strokes.append(_rounded((points + shift).astype(np.float32)))
        middle = np.float32(np.concatenate(strokes)[:, 0].mean())
        moved = tuple(stroke - np.array([middle, 0], np.float32) for stroke in strokes)
        return Glyph(np.concatenate(moved), moved)

    def _by_pen(self, character: str) -> Glyph:
        """As the writer wrote it, or somebody of the same contributor, or anybody."""
        material = self.material
        own = material.writer_index[self.writer]
        found = own.get(character)
        if found is None:
            contributor = str(material.characters.contributors[next(iter(own.values()))[0]])
            found = material.contributor_index[contributor].get(character)
        if found is None:
            found = np.flatnonzero(material.characters.labels == character)
        strokes = material.characters.strokes(int(self.rng.choice(found)))
        if character in LOWER_CASE:
            return from_strokes(strokes, height=LETTER_HEIGHT)
        return from_strokes(strokes, foot=0.3 if character in DESCENDING else 0.0)


def from_strokes(strokes: Sequence[NDArray[np.float32]], *, height: float = 1.0, foot: float = 0.0) -> Glyph:
    """A glyph of a pen's path, brought to ``height``, its lower end ``foot`` below the baseline."""
    points = np.concatenate([np.asarray(stroke, np.float32) for stroke in strokes])
    low, high = points.min(axis=0), points.max(axis=0)
    size = max(float(high[1] - low[1]), float(high[0] - low[0]) / 2, 1e-6)
    scale, origin = np.float32(height / size), np.array([(low[0] + high[0]) / 2, high[1]], np.float32)
    down = np.array([0, foot], np.float32)
    return Glyph(
        (points - origin) * scale + down, tuple((stroke - origin) * scale + down for stroke in strokes)
    )


def from_image(image: NDArray[np.uint8], *, box: tuple[float, float, float] | None = None) -> Glyph:
    """A glyph of a picture with bright ink.

    Args:
        image: uint8 28×28.
        box: width, height and lower edge in units of a digit's height; without it, the picture is a digit: it
            becomes 1 high, and most of its slant is taken away.
    """
    fine = cv2.resize(image, None, fx=FINE, fy=FINE, interpolation=cv2.INTER_CUBIC)
    inside = (fine > EDGE).astype(np.uint8)
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    if rows.size == 0:
        return Glyph(np.zeros((1, 2), np.float32))
    x0, x1, y0, y1 = columns[0], columns[-1] + 1, rows[0], rows[-1] + 1
    inside = np.pad(inside[y0:y1, x0:x1], 2 * FINE)
    width, height = float(x1 - x0), float(y1 - y0)
    distance = cv2.distanceTransform(inside, cv2.DIST_L2, cv2.DIST_MASK_5)
    distance -= cv2.distanceTransform(1 - inside, cv2.DIST_L2, cv2.DIST_MASK_5)
    if box is None:
        scale_x = scale_y = 1 / height
        moments = cv2.moments(inside, binaryImage=True)
        lean, foot = STRAIGHTENED * moments["mu11"] / max(moments["mu02"], 1e-6), 0.0
    else:
        scale_x, scale_y, lean, foot = box[0] / width, box[1] / height, 0.0, box[2]
    border = 2 * FINE - 0.5
    shear = -lean * scale_x
    middle = np.array([width / 2 + border, height / 2 + border])
    to_unit = np.array(
        [
            [scale_x, shear, -scale_x * middle[0] - shear * middle[1]],
            [0, scale_y, foot - scale_y * (height + border)],
        ]
    )
    y, x = np.nonzero(inside[:: FINE // 2, :: FINE // 2])
    points = np.column_stack([x, y]) * (FINE // 2) @ to_unit[:, :2].T + to_unit[:, 2]
    return Glyph(points.astype(np.float32), (), distance, to_unit)


def inked(
    distance: NDArray[np.float32], matrix: NDArray[np.float64], pen_width: float, shape: tuple[int, int]
) -> NDArray[np.float32]:
    """Draws a glyph's field as if by a pen of that width.

    Strokes wider than the pen are worn down evenly toward their middle, where each point's depth is compared with the deepest
    around it, so that none breaks; thinner ones grow.

    Args:
        distance: the field of a ``Glyph``.
        matrix: 2×3, from the field's pixels to those of the result.
        pen_width: in pixels of the result.
        shape: of the result.

    Returns:
        Ink coverage, float32 H×W in 0..1.
    """
    scale = math.sqrt(abs(float(np.linalg.det(matrix[:, :2]))))
    target = pen_width / scale / 2
    # In a strip the mean depth is a quarter of its width.
    present = 2 * float(distance[distance > 0].mean()) if (distance > 0).any() else target
    if target < present:
        reach = math.ceil(target + 0.6 / scale)
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
        excess = np.maximum(cv2.dilate(distance, disc) - (target + RIDGE), 0)
        distance = distance - excess
    else:
        distance = distance + np.float32(target - present)
    distance = cv2.GaussianBlur(distance, (5, 5), 0)
    # The unknown beyond the field is paper.
    warped = cv2.warpAffine(distance, matrix, shape[::-1], flags=cv2.INTER_LINEAR, borderValue=-2 * FINE)
    return np.clip(warped * np.float32(scale) + np.float32(0.5), 0, 1)


def _rounded(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """A path with each inner corner cut twice (Chaikin 1974)."""
    for _ in range(2):
        if len(points) < 3:
            break
        cut = np.empty((2 * len(points) - 2, 2), np.float32)
        cut[0::2] = 0.75 * points[:-1] + 0.25 * points[1:]
        cut[1::2] = 0.25 * points[:-1] + 0.75 * points[1:]
        cut[0], cut[-1] = points[0], points[-1]
        points = cut
    return points


def _aspects(characters: PenCharacters) -> NDArray[np.float32]:
    """Width divided by height of each character."""
    starts = characters.stroke_starts[:-1]
    low = np.minimum.reduceat(characters.points, starts, axis=0)
    high = np.maximum.reduceat(characters.points, starts, axis=0)
    bounds = np.stack([characters.first_strokes, characters.end_strokes], axis=1)
    size = np.array(
        [high[first:end].max(axis=0) - low[first:end].min(axis=0) for first, end in bounds], np.float32
    ).reshape(-1, 2)
    return np.asarray(size[:, 0] / np.maximum(size[:, 1], 1), np.float32)


def _index(owners: NDArray[Any], labels: NDArray[np.str_]) -> dict[Any, dict[str, NDArray[np.intp]]]:
    """Owner -> character -> positions."""
    result: dict[Any, dict[str, NDArray[np.intp]]] = {}
    order = np.lexsort((labels, owners))
    keys = np.stack([owners[order].astype(str), labels[order]])
    starts = np.flatnonzero(np.append(True, (keys[:, 1:] != keys[:, :-1]).any(axis=0)))
    for group in np.split(order, starts[1:]):
        if len(group):
            owner = owners[group[0]].item()
            result.setdefault(owner, {})[str(labels[group[0]])] = group
    return result
