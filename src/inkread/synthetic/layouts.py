"""Page layouts, each of which writes on a sheet."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from inkread.synthetic.distractors import (
    SAFE,
    bitmap,
    foreign_glyph,
    label,
    random_rule,
    sentence,
    sketch,
    texture,
    word,
)
from inkread.synthetic.row_text import random_digits, random_text
from inkread.synthetic.vectors import VectorGlyph

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inkread.synthetic.sheet import Sheet


TEXTURED = 0.4
"""Share of pages without digits that show photo-like clutter."""


def _text(rng: np.random.Generator) -> str:
    choice = rng.random()
    if choice < 0.3:
        digits = random_digits(int(rng.integers(1, 9)), rng)
        if choice < 0.06:
            minus = "-" if rng.random() < 0.4 else ""
            return f"{minus}{digits[:3]}{rng.choice(['.', ',', '.'])}{digits[3:5]}"
        return digits
    if choice < 0.38:
        day, month, year = rng.integers(1, 32), rng.integers(1, 13), rng.integers(1850, 2040)
        sign = str(rng.choice(["/", "-", ".", " "]))
        return sign.join([str(day), str(month), str(year) if rng.random() < 0.6 else f"{year % 100:02}"])
    if choice < 0.42:
        return f"{rng.integers(0, 24)}:{rng.integers(0, 60):02}"
    return random_text(rng)


def _number(rng: np.random.Generator, most: int = 6) -> str:
    count = int(rng.integers(1, most + 1))
    digits = random_digits(count, rng)
    if rng.random() < 0.12:
        digits = digits[: max(1, count - 2)] + str(rng.choice([".", ","])) + digits[max(1, count - 2) :]
    return digits


def rows(sheet: Sheet) -> None:
    """Writes rows of numbers and words, one below the other."""
    rng, size = sheet.rng, sheet.shape[0]
    pitch = sheet.unit * rng.uniform(1.2, 2.3)
    y = rng.uniform(-0.5, 2.0) * sheet.unit + sheet.unit * 0.5
    most = int(rng.choice([1, 2, 3, 20], p=[0.15, 0.15, 0.15, 0.55]))
    if most == 1:
        y = rng.uniform(0.3, 0.9) * size
    while y < size + 0.5 * sheet.unit and most > 0:
        x = rng.uniform(-0.1, 0.35) * size if rng.random() < 0.6 else rng.uniform(0, 0.5) * size
        while x < size:
            x = sheet.write(_text(rng), x, y) + sheet.unit * rng.uniform(0.8, 3)
            if rng.random() < 0.15:
                break
        y, most = y + pitch * math.exp(rng.normal(0, 0.05)), most - 1


def column(sheet: Sheet) -> None:
    """Writes numbers in a column, aligned left or right, sometimes with a rule and a sum."""
    rng, size = sheet.rng, sheet.shape[0]
    pitch = sheet.unit * rng.uniform(1.15, 2.0)
    for edge in np.arange(rng.uniform(0.1, 0.5), 1.1, rng.uniform(0.3, 0.8)) * size:
        anchor, y = float(rng.random() < 0.7), rng.uniform(0.5, 2) * sheet.unit
        while y < size + sheet.unit:
            sheet.write(_number(rng, 5), edge + rng.normal(0, 0.1) * sheet.unit, y, anchor=anchor)
            if rng.random() < 0.1:
                y += 0.3 * sheet.unit
                sheet.line(edge - 3 * sheet.unit, y, edge + 0.5 * sheet.unit, y, sheet.pen_width)
            y += pitch


def table(sheet: Sheet) -> None:
    """Writes the cells of a table or form, most with a number, some empty or with a word or a dash."""
    rng, size = sheet.rng, sheet.shape[0]
    tall = sheet.unit * rng.uniform(1.2, 2.4)
    wide = sheet.unit * rng.uniform(1.0, 5.5)
    x0, y0 = rng.uniform(-0.3, 0.3, 2) * size
    right, below = np.arange(x0, size + wide, wide), np.arange(y0, size + tall, tall)
    if rng.random() < 0.3:
        right = right + rng.normal(0, 0.15 * wide, len(right))
    if rng.random() < 0.4:
        right, below = right[: int(rng.integers(2, 6))], below[: int(rng.integers(2, 6))]
    width, dashes = random_rule(sheet)
    for x in right:
        if rng.random() < 0.95:
            sheet.line(float(x), float(below[0]), float(x), float(below[-1]), width, dashes=dashes)
    for y in below:
        if rng.random() < 0.95:
            sheet.line(float(right[0]), float(y), float(right[-1]), float(y), width, dashes=dashes)
    font = str(rng.choice(sheet.writer.stock.print_fonts))
    fits = max(1, int((wide / sheet.unit - 0.2) / 0.75))
    low = rng.uniform(-0.15, 0.35)
    for left, end in pairwise(right):
        printed = rng.random() < 0.12
        for top, foot in pairwise(below):
            y = foot - (foot - top - sheet.unit) * (0.5 + low * rng.normal(0.6, 0.5))
            choice = rng.random()
            if printed:
                sheet.typeset(label(rng)[: fits * 2], left + 0.2 * sheet.unit, y, sheet.unit * 0.7, font)
            elif choice < 0.68:
                text = random_digits(int(rng.integers(1, fits + 1)), rng)
                sheet.write(text, (left + end) / 2 + rng.normal(0, 0.1) * sheet.unit, float(y), anchor=0.5)
            elif choice < 0.76:
                sign = str(rng.choice(["-", "—", "~", "x", "="]))
                sheet.write(sign, (left + end) / 2, float(y), anchor=0.5)
            elif choice < 0.82 and wide > 3 * sheet.unit:
                word(sheet, float(left) + 0.1 * sheet.unit, float(y))


def boxes(sheet: Sheet) -> None:
    """Writes in a comb or a row of boxes, one digit each; digits may touch or cross the sides."""
    rng, size = sheet.rng, sheet.shape[0]
    y = rng.uniform(0.5, 2.5) * sheet.unit
    while y < size + sheet.unit:
        side = sheet.unit * rng.uniform(0.85, 2.0)
        tall = max(sheet.unit * rng.uniform(0.9, 1.6), 0.6 * side)
        gap = 0.0 if rng.random() < 0.6 else side * rng.uniform(0.05, 0.5)
        count, x = int(rng.integers(1, 13)), rng.uniform(-0.2, 0.5) * size
        width, dashes = random_rule(sheet)
        kind = rng.choice(["box", "comb", "circle"], p=[0.68, 0.27, 0.05])
        filled = rng.random() < 0.9
        style = sheet.style()
        for i in range(count):
            left = x + i * (side + gap)
            if kind == "box":
                end, top = left + side, y - tall
                for a, b in pairwise([(left, top), (end, top), (end, y), (left, y), (left, top)]):
                    sheet.line(*a, *b, width, dashes=dashes)
            elif kind == "circle":
                t = np.linspace(0, 2 * math.pi, 40)
                circle = np.stack([np.cos(t), np.sin(t)], 1) * max(side, tall) / 2
                sheet.rule(circle + np.array([left + side / 2, y - tall / 2]), width)
            else:
                sheet.line(left, y, left + side, y, width, dashes=dashes)
                teeth = tall * (1.0 if dashes else 0.4)
                sheet.line(left, y, left, y - teeth, width)
                sheet.line(left + side, y, left + side, y - teeth, width)
            if filled and rng.random() < 0.92:
                digit = str(rng.integers(0, 10))
                foot = y - (tall - sheet.unit) / 2 + rng.normal(0, 0.06) * sheet.unit
                middle = left + side / 2 + rng.normal(0, 0.08) * side
                sheet.write(digit, middle, foot, anchor=0.5, style=style)
        if rng.random() < 0.5:
            font = str(rng.choice(sheet.writer.stock.print_fonts))
            above = rng.random() < 0.6
            at = (x, y - tall - 0.3 * sheet.unit) if above else (x + count * (side + gap) + 4, y)
            sheet.typeset(label(rng), *at, sheet.unit * rng.uniform(0.25, 0.6), font)
        y += tall + sheet.unit * rng.uniform(0.5, 2.5)


def form(sheet: Sheet) -> None:
    """Writes printed labels, lines to write on (solid, dotted, dashed), and handwriting on them."""
    rng, size = sheet.rng, sheet.shape[0]
    font = str(rng.choice(sheet.writer.stock.print_fonts))
    small = sheet.unit * rng.uniform(0.4, 1.0)
    width, dashes = random_rule(sheet)
    dashes = dashes or (rng.random() < 0.5) * sheet.unit * rng.uniform(0.08, 0.25)
    y = rng.uniform(0.5, 2) * sheet.unit
    while y < size + sheet.unit:
        x = rng.uniform(-0.4, 0.3) * size
        x = sheet.typeset(label(rng), x, y, small, font) + small * 0.5
        end = x + sheet.unit * rng.uniform(2, 8)
        sheet.line(x, y + 1, end, y + 1 + rng.normal(0, 1), width, dashes=dashes)
        if rng.random() < 0.8:
            text = str(rng.integers(1850, 2040)) if rng.random() < 0.3 else _text(rng)
            sheet.write(text, x + rng.uniform(0, 0.6) * sheet.unit, y + rng.normal(0, 0.12) * sheet.unit)
        if rng.random() < 0.5:
            sheet.typeset(label(rng), end + small, y, small, font)
        if rng.random() < 0.3:
            sheet.typeset(sentence(rng), rng.uniform(-0.3, 0.2) * size, y - 1.3 * sheet.unit, small, font)
        y += sheet.unit * rng.uniform(1.4, 3)


def single(sheet: Sheet) -> None:
    """Writes one digit, as in a drawing, a crop, or a 28×28 bitmap."""
    rng, size = sheet.rng, sheet.shape[0]
    x, y = size / 2 + rng.normal(0, 0.12, 2) * max(size - sheet.unit, 20)
    digit = str(rng.integers(0, 10))
    glyph = _bent(sheet.writer.glyph(digit), rng)
    sheet.glyph_at(glyph, x, y + sheet.unit / 2, sheet.unit, digit, turn=rng.normal(0, 0.08))


def letter(sheet: Sheet) -> None:
    """Writes one letter, mark, or scribble, as large as a digit would be: nothing to read."""
    rng, size = sheet.rng, sheet.shape[0]
    x, y = size / 2 + rng.normal(0, 0.12, 2) * max(size - sheet.unit, 20)
    choice = rng.random()
    if choice < 0.3:
        bitmap(sheet, x, y + sheet.unit / 2)
        return
    if choice < 0.75:
        glyph = sheet.writer.glyph(str(rng.choice([*SAFE])))
    else:
        glyph = foreign_glyph(str(rng.choice(sheet.writer.stock.print_fonts)), rng) or VectorGlyph()
    sheet.glyph_at(_bent(glyph, rng), x, y + sheet.unit / 2, sheet.unit, "", turn=rng.normal(0, 0.1))


def scatter(sheet: Sheet) -> None:
    """Writes digits of several sizes anywhere, as on a canvas or blackboard, with letters among them."""
    rng, size = sheet.rng, sheet.shape[0]
    taken: list[tuple[float, float, float]] = []
    for _ in range(int(rng.integers(2, 40))):
        height = sheet.unit * math.exp(rng.normal(0, 0.3))
        x, y = rng.uniform(0, size, 2)
        if any(abs(x - a) < 0.45 * (height + h) and abs(y - b) < 0.62 * (height + h) for a, b, h in taken):
            continue
        taken.append((x, y, height))
        character = str(rng.integers(0, 10) if rng.random() < 0.75 else rng.choice([*SAFE, "+", "=", "x"]))
        glyph = _bent(sheet.writer.glyph(character), rng)
        sheet.glyph_at(glyph, x, y + height / 2, height, character, turn=rng.normal(0, 0.1))


def text(sheet: Sheet) -> None:
    """Writes words by hand, sometimes with a number among them."""
    rng, size = sheet.rng, sheet.shape[0]
    y = rng.uniform(0.2, 1.5) * sheet.unit
    real = sheet.writer.stock.lines if rng.random() < 0.45 else ()
    while y < size + sheet.unit:
        if real:
            line = real[int(rng.integers(len(real)))]
            scale = sheet.unit * rng.uniform(1.4, 2.2) / line.shape[0]
            x = -rng.uniform(0, 1) * max(0.0, line.shape[1] * scale - size * 0.5)
            sheet.patches.append((line, np.array([[scale, 0, x], [0, scale, y - 1.3 * sheet.unit]])))
            y += sheet.unit * rng.uniform(1.6, 2.6)
            continue
        x = rng.uniform(-0.4, 0.2) * size
        while x < size:
            x = sheet.write(_text(rng), x, y) if rng.random() < 0.2 else word(sheet, x, y)
            x += sheet.unit * rng.uniform(0.4, 1.2)
        y += sheet.unit * rng.uniform(1.5, 2.8)


def printed(sheet: Sheet) -> None:
    """Prints a page, sometimes with a handwritten number."""
    rng, size = sheet.rng, sheet.shape[0]
    font = str(rng.choice(sheet.writer.stock.print_fonts))
    height = sheet.unit * rng.uniform(0.5, 1.2)
    y = rng.uniform(0, 1.5) * height
    while y < size + height:
        if rng.random() < 0.15:
            sheet.write(_text(rng), rng.uniform(-0.1, 0.6) * size, y + sheet.unit * 0.8)
            y += sheet.unit * 1.2
        else:
            x = rng.uniform(-0.5, 0.2) * size
            while x < size:
                x = sheet.typeset(sentence(rng), x, y, height, font) + height * rng.uniform(0.3, 4)
        y += height * rng.uniform(1.3, 2.2)
        if rng.random() < 0.1:
            sheet.line(0, y, size, y, max(0.6, 0.05 * height))


def strip(sheet: Sheet) -> None:
    """Writes one row that fills the height, as in crops of amounts and years; its neighbors are cut off."""
    rng, size = sheet.rng, sheet.shape[0]
    y = rng.uniform(0.3, 0.9) * size
    band = sheet.unit * rng.uniform(1.05, 1.9)
    x = rng.uniform(-0.1, 0.3) * size
    for _ in range(2):
        x = sheet.write(_text(rng), x, y) + sheet.unit * rng.uniform(0.6, 3)
        if x > size:
            break
    middle = y - sheet.unit / 2
    for foot in (middle - band / 2, middle + band / 2 + 1.2 * sheet.unit):
        if rng.random() < 0.4:
            sheet.write(_text(rng), rng.uniform(-0.2, 0.4) * size, foot)
    if rng.random() < 0.5:
        width, dashes = random_rule(sheet)
        level = y + rng.normal(0.05, 0.12) * sheet.unit
        sheet.line(-5, level, size + 5, level + rng.normal(0, 2), width, dashes=dashes)


def nothing(sheet: Sheet) -> None:
    """Draws no digits: letters, operators, scribbles, shapes, marks, or a blank page."""
    rng, size = sheet.rng, sheet.shape[0]
    if rng.random() < TEXTURED:
        texture(sheet)
    for _ in range(int(rng.choice([0, 1, 2, 6, 12]))):
        choice = rng.random()
        x, y = rng.uniform(0, size, 2)
        if choice < 0.3:
            letter = str(rng.choice([*SAFE]))
            sheet.glyph_at(_bent(sheet.writer.glyph(letter), rng), x, y, sheet.unit, letter)
        elif choice < 0.45:
            bitmap(sheet, x, y)
        elif choice < 0.6:
            word(sheet, x - 0.3 * size, y)
        elif choice < 0.7:
            mark = str(rng.choice(["+", "=", "*", "#", "x", "€", "$"]))
            sheet.glyph_at(sheet.writer.glyph(mark), x, y, sheet.unit, mark)
        else:
            sketch(sheet)


def _bent(glyph: VectorGlyph, rng: np.random.Generator) -> VectorGlyph:
    """Returns the glyph slightly sheared, stretched, and bent."""
    shear, wide = rng.normal(0, 0.12), math.exp(rng.normal(0, 0.14))
    bend, phase = rng.normal(0, 0.03, 2), rng.uniform(0, 2 * math.pi, 2)

    def moved(path: NDArray[np.float32]) -> NDArray[np.float32]:
        x, y = path[:, 0], path[:, 1]
        wave_x, wave_y = bend[0] * np.sin(4 * y + phase[0]), bend[1] * np.sin(4 * x + phase[1])
        return np.stack([wide * (x + wave_x) - shear * (y + 0.5), y + wave_y], axis=1).astype(np.float32)

    return VectorGlyph(tuple(map(moved, glyph.strokes)), tuple(map(moved, glyph.outlines)))


SHARES = {
    rows: 0.2, column: 0.06, table: 0.13, boxes: 0.11, form: 0.1, single: 0.05, letter: 0.04, scatter: 0.08,
    text: 0.07, printed: 0.04, strip: 0.1, nothing: 0.06,
}  # fmt: skip
"""Share of scenes with each layout."""
LAYOUTS = {layout.__name__: layout for layout in SHARES}
