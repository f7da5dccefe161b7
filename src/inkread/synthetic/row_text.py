"""The text of a row: numbers as people write them, and the signs and words next to them.

A text may contain digits, the signs in ``MARKS``, letters, spaces, and ``RAISED``.
"""

from __future__ import annotations

import numpy as np

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
"""Signs next to digits: strokes separated by "|", points "x,y" in hundredths of a digit's height."""
MARK_WOBBLE = 0.02
"""Displacement of a sign's points: standard deviation, in heights of a digit."""

LENGTHS = np.array([3, 10, 14, 16, 17, 14, 11, 6, 3, 3, 1.5, 1.5])
"""Frequency of rows with 1, 2 ... 12 digits, in hundredths."""
WORDS = ("kr", "ChF", "eUr", "Nr", "kn", "FF", "PLN", "Ft", "cm", "kW", "Pay", "Rent", "Tek", "an", "x", "kV")
"""Words in which no letter looks like a digit."""
SAFE_LETTERS = "ACEFHKLMNPRTUVWXYacdefhkmnprtuvwx"
PLAIN_YEARS, MARKED, SECOND_WORD = 0.6, 0.4, 0.4
"""Share of years that are not part of a date, of gaps with a sign in a row with signs, and of words followed
by another."""
SEPARATORS = ".,-/'= +x:"
SUFFIXES = (".", ",", "-", ",-", ".-", "=", "—", "~", "#", "*", "**", " kr", " €", "/")
PREFIXES = ("$", "$ ", "#", "*", "**", "=", "—", "-", "€ ", "Nr ", "~")
SUFFIXED, PREFIXED = 0.5, 0.3
"""Share of amounts with a suffix, and with a prefix."""
STROKES = "-—~.,*#"
"""Signs in places without a number."""
RAISED = "^"
"""In a layout's text, starts small, raised characters."""


def random_text(rng: np.random.Generator) -> str:
    """Returns random text for a row: digits, and signs and letters that must not be read.

    ``^`` starts small, raised digits.
    """
    make = list(KINDS)[int(rng.choice(len(KINDS), p=list(KINDS.values())))]
    count = 1 + int(rng.choice(len(LENGTHS), p=LENGTHS / LENGTHS.sum()))
    return make(random_digits(count, rng), rng)


def random_digits(count: int, rng: np.random.Generator) -> str:
    """Returns this many digits, all equally likely."""
    return "".join(str(digit) for digit in rng.integers(0, 10, count))


def _plain(digits: str, rng: np.random.Generator) -> str:  # noqa: ARG001  all kinds share a signature
    return digits


def _year(digits: str, rng: np.random.Generator) -> str:  # noqa: ARG001
    """Returns a year, or a date that ends in one."""
    year = str(rng.integers(1900, 2040))
    if rng.random() < PLAIN_YEARS:
        return year
    sign = str(rng.choice([".", "-", "/", " "], p=[0.45, 0.3, 0.1, 0.15]))
    return sign.join([str(rng.integers(1, 32)), str(rng.integers(1, 13)), year])


def _phone(digits: str, rng: np.random.Generator) -> str:
    """Splits digits into groups of two or three."""
    sign, step = str(rng.choice([" ", "-", ".", "/", ""])), int(rng.integers(2, 4))
    return sign.join(digits[start : start + step] for start in range(0, len(digits), step))


def _words(digits: str, rng: np.random.Generator) -> str:  # noqa: ARG001
    return " ".join(_word(rng) for _ in range(1 + (rng.random() < SECOND_WORD)))


def _nothing(digits: str, rng: np.random.Generator) -> str:  # noqa: ARG001
    """Returns one or more signs, or a blank row."""
    return "".join(rng.choice([*STROKES], int(rng.integers(0, 4))))


def _marked(digits: str, rng: np.random.Generator) -> str:
    """Inserts signs among the digits, of one kind or several, and sometimes a word next to them."""
    kinds = rng.choice([*SEPARATORS], 1 if rng.random() < 0.5 else len(digits))
    row = "".join(digit + (str(rng.choice(kinds)) if rng.random() < MARKED else "") for digit in digits)
    choice = rng.random()
    return f"{row} {_word(rng)}" if choice < 0.2 else f"{_word(rng)} {row}" if choice < 0.4 else row


def _amount(digits: str, rng: np.random.Generator) -> str:
    """Formats a sum of money.

    It is often round, with separated thousands, with or without cents, and protected by signs on both sides.
    """
    zeros = int(rng.choice([0, 1, 2, 3, 4], p=[0.4, 0.12, 0.18, 0.25, 0.05]))
    whole = (digits[: max(1, min(len(digits), 7) - zeros)].lstrip("0") or "1") + "0" * zeros
    if rng.random() < 0.65:
        sign = str(rng.choice([".", ",", "'", " "], p=[0.7, 0.15, 0.05, 0.1]))
        head = len(whole) % 3
        groups = [whole[:head]] * (head > 0) + [whole[i : i + 3] for i in range(head, len(whole), 3)]
        whole = sign.join(groups)
    cents = "00" if rng.random() < 0.5 else f"{rng.integers(0, 100):02d}"
    choice = rng.random()
    if choice < 0.18:
        whole += str(rng.choice([",", ".", "-", "="])) + cents
    elif choice < 0.24:
        whole += RAISED + cents
    before = str(rng.choice(PREFIXES)) if rng.random() < PREFIXED else ""
    behind = str(rng.choice(SUFFIXES)) if rng.random() < SUFFIXED else ""
    return before + whole + behind


def _word(rng: np.random.Generator) -> str:
    if rng.random() < 0.5:
        return str(rng.choice(WORDS))
    return "".join(rng.choice([*SAFE_LETTERS], int(rng.integers(1, 6))))


KINDS = {_plain: 0.34, _amount: 0.33, _marked: 0.1, _year: 0.05, _phone: 0.05, _words: 0.09, _nothing: 0.04}
"""Share of rows of each kind."""
